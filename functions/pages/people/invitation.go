package people

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// invitation is a referral as the API tells it of somebody, with who is on the other side.
type invitation struct {
	ProgramID, Code, State, Reason     string
	FriendProfileID, AdvocateProfileID string
	Flags                              []string
	ClaimedAt                          time.Time
	QualifiedAt, HeldUntil, SettledAt  *time.Time
	Rewards                            []ledger.Quantity
}

// sides are somebody's referrals on both sides.
type sides struct {
	AsAdvocate, AsFriend []invitation
	Next                 string
}

// branch is somebody whom the person has invited, and whom they invited in turn.
type branch struct {
	invitation
	Name    string
	Further []invitation
	More    bool
}

// tree is the page of a person's invitations: through whom they came, the nearest first, and who came through them.
type tree struct {
	person
	Above    []branch
	Branches []branch
	Next     string
}

const (
	// highest is how many generations are followed upwards, and inTurn how many of those who were invited are asked whom they invited.
	highest = 5
	inTurn  = 20
)

func showInvitations(v *view.Visit) error {
	p, q := head(v)
	t := tree{person: p}
	var own sides
	more := who(p.ID, p.Reason)
	if cursor := v.Query("cursor"); cursor != "" {
		more.Set("cursor", cursor)
	}
	if err := v.Together(v.Read(&t.Known, q, "profiles", "-"), v.Read(&own, more, "profiles", "-", "referrals")); err != nil {
		return err
	}
	t.Next = own.Next
	for _, made := range own.AsAdvocate {
		t.Branches = append(t.Branches, branch{invitation: made})
	}
	if err := t.above(v, own.AsFriend); err != nil {
		return err
	}
	if err := t.below(v); err != nil {
		return err
	}
	return t.show(v, "referrals", t)
}

// above follows through whom the person came. Others than the person are read as they are shown to everybody.
func (t *tree) above(v *view.Visit, came []invitation) error {
	seen := []string{t.ID}
	for range highest {
		if len(came) == 0 || came[0].AdvocateProfileID == "" || slices.Contains(seen, came[0].AdvocateProfileID) {
			return nil
		}
		for _, one := range came {
			t.Above = append(t.Above, branch{invitation: one})
		}
		next := came[0].AdvocateProfileID
		seen = append(seen, next)
		var of sides
		if err := gone(v.API.Get(v.Context(), api.Path("profiles", "-", "referrals"), who(next, ""), &of)); err != nil {
			return err
		}
		came = of.AsFriend
	}
	return nil
}

// below reads what everybody on the page is called, and whom those have invited whom the person has invited.
func (t *tree) below(v *view.Visit) error {
	var asked []func(context.Context) error
	for i := range t.Above {
		asked = append(asked, named(v, t.Above[i].AdvocateProfileID, &t.Above[i].Name))
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		asked = append(asked, named(v, b.FriendProfileID, &b.Name))
		if i >= inTurn {
			b.More = true
			continue
		}
		asked = append(asked, func(ctx context.Context) error {
			var of sides
			err := gone(v.API.Get(ctx, api.Path("profiles", "-", "referrals"), who(b.FriendProfileID, ""), &of))
			b.Further, b.More = of.AsAdvocate, of.Next != ""
			return err
		})
	}
	return v.Together(asked...)
}

// named reads what somebody is called, as the visitor is shown it; nothing of who was erased.
func named(v *view.Visit, id string, into *string) func(context.Context) error {
	return func(ctx context.Context) error {
		var p person
		err := gone(v.API.Get(ctx, api.Path("profiles", "-"), url.Values{"profileId": {id}}, &p.Known))
		*into = p.Name()
		return err
	}
}

// gone takes it for nothing that the API has nobody, or shows nobody.
func gone(err error) error {
	if f, said := api.FaultOf(err); said && f.Status < 500 {
		return nil
	}
	return err
}

// Brought is how many of those whom the person has invited were rewarded for.
func (t tree) Brought() (n int) {
	for _, b := range t.Branches {
		if b.State == "settled" {
			n++
		}
	}
	return n
}
