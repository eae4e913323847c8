package referral

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
)

// place is a line of the leaderboard.
type place struct {
	Rank    int       `json:"rank"`
	Name    string    `json:"name"` // masked
	Settled int       `json:"settled"`
	At      time.Time `json:"at"` // when the last friend was settled
	// These two are for the server key and operators. To an operator who gives no reason the userId is masked; who has none has none.
	ProfileID profile.ID `json:"profileId,omitempty"`
	UserID    string     `json:"userId,omitempty"`
}

// board is the answer.
type board struct {
	Items []place `json:"items"`
	// Masked says that an operator is shown people masked.
	Masked bool `json:"masked,omitempty"`
}

const (
	// contenders is how many of the best standings are looked at, or twice the places where that is more: those of one person under
	// several ids are united before they are ranked. Somebody of whose ids none is among them is not on the board.
	contenders = 50
	// maxPlaces bounds a leaderboard.
	maxPlaces = 100
	// readsAtOnce is how many people are read side by side.
	readsAtOnce = 16
)

// leaderboard shows the advocates with the most settled friends of a program.
func (h *Handler) leaderboard(w http.ResponseWriter, r *http.Request, scope string) {
	reason := ""
	if scope == subject.Operator {
		var ok bool
		if reason, ok = httpapi.Revealing(w, r); !ok {
			return
		}
	}
	page, ok := httpapi.ParsePage(w, r, 20, maxPlaces)
	if !ok {
		return
	}
	id := r.PathValue("id")
	program, err := h.Programs.Program(r.Context(), id)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if program == nil {
		httpapi.Problem(w, http.StatusNotFound, "", "there is no program with this id")
		return
	}
	best := max(contenders, 2*page.Limit)
	places, err := h.board(r.Context(), id, best)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	shown := board{Items: append([]place{}, places[:min(len(places), page.Limit)]...)}
	switch {
	case scope == subject.Operator && reason == "":
		shown.Masked = true
		for i := range shown.Items {
			shown.Items[i].UserID = masked(shown.Items[i].UserID)
		}
	case scope == subject.Operator:
		if err := h.reveal(r, shown.Items, reason); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
	case scope != subject.Server:
		for i := range shown.Items {
			shown.Items[i].ProfileID, shown.Items[i].UserID = "", ""
		}
	}
	httpapi.JSON(w, http.StatusOK, shown)
}

// masked is a userId as operators are shown it; nothing stays nothing.
func masked(userID string) string {
	if userID == "" {
		return ""
	}
	return mask.Identifier(userID)
}

// reveal writes down that an operator is shown who stands on a board, a line for each. Nobody is shown before all lines stand.
func (h *Handler) reveal(r *http.Request, places []place, reason string) error {
	return h.Audit.Write(r.Context(), httpapi.Reveals(r, h.Now(), reason, h.NewID, places, func(p place) string { return string(p.ProfileID) })...)
}

// board ranks the people behind the best standings of a program. Who was erased is left out.
func (h *Handler) board(ctx context.Context, program string, best int) ([]place, error) {
	found, err := h.Standings.Best(ctx, program, best)
	if err != nil {
		return nil, err
	}
	behind := make([]people.Person, len(found))
	err = sideBySide(len(found), func(i int) (err error) {
		behind[i], err = h.People.Person(ctx, found[i].Advocate)
		return err
	})
	if err != nil {
		return nil, err
	}
	names, users, owner := map[profile.ID]string{}, map[profile.ID]string{}, map[profile.ID]profile.ID{}
	var present []people.Person
	for _, person := range behind {
		id := person.Profile.ID
		if _, known := names[id]; known || referral.PersonOf(person.Profile, person.Keys).Gone {
			continue
		}
		names[id], users[id] = name(person.Profile), person.Profile.UserID()
		present = append(present, person)
		for _, key := range person.Keys {
			owner[key] = id
		}
	}
	standings := make([][]reward.Standing, len(present))
	err = sideBySide(len(present), func(i int) (err error) {
		standings[i], err = h.Standings.StandingsOf(ctx, present[i].Keys, program)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []referral.Standing
	for _, of := range standings {
		for _, standing := range of {
			all = append(all, standing.Standing)
		}
	}
	var places []place
	for i, s := range referral.Rank(all, func(id profile.ID) profile.ID { return owner[id] }) {
		places = append(places, place{Rank: i + 1, Name: referral.Mask(names[s.Advocate]), Settled: s.Settled, At: s.At, ProfileID: s.Advocate, UserID: users[s.Advocate]})
	}
	return places, nil
}

func sideBySide(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(readsAtOnce)
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}

// name is what a person goes by, as far as the traits say.
func name(p *profile.Profile) string {
	text := func(trait string) string {
		s, _ := p.Traits[trait].Value.(string)
		return s
	}
	return cmp.Or(text("name"), text("firstName"), text("nickname"), text("username"))
}
