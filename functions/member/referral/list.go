package referral

import (
	"context"
	"net/http"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// Sizes of pages: as usual, and at most.
const (
	usualPage = 50
	mostPage  = 100
)

// invitation is a referral as one of its sides sees it. Rewards are that side's own.
type invitation struct {
	ProgramID   string            `json:"programId"`
	Code        string            `json:"code"`
	Friend      profile.ID        `json:"friendProfileId,omitempty"`   // to the server key and operators
	Advocate    profile.ID        `json:"advocateProfileId,omitempty"` // to operators, and the server key where it asks as they do
	Flags       []referral.Flag   `json:"flags,omitempty"`             // to the server key and operators
	State       referral.State    `json:"state"`
	Reason      referral.Reason   `json:"reason,omitempty"`
	ClaimedAt   time.Time         `json:"claimedAt"`
	ExpiresAt   time.Time         `json:"expiresAt"`
	QualifiedAt time.Time         `json:"qualifiedAt,omitzero"`
	HeldUntil   time.Time         `json:"heldUntil,omitzero"`
	SettledAt   time.Time         `json:"settledAt,omitzero"`
	EndedAt     time.Time         `json:"endedAt,omitzero"`
	Rewards     []ledger.Quantity `json:"rewards"`
}

func asFriend(found []referral.Referral) []invitation {
	out := make([]invitation, len(found))
	for i, r := range found {
		out[i] = invite(r, r.Rewards.Friend)
	}
	return out
}

func asAdvocate(found []referral.Referral, friends bool) []invitation {
	out := make([]invitation, len(found))
	for i, r := range found {
		out[i] = invite(r, r.Rewards.Advocate)
		if friends {
			out[i].Friend, out[i].Flags = r.Friend, r.Flags
		}
	}
	return out
}

func invite(r referral.Referral, rewards []ledger.Quantity) invitation {
	return invitation{
		ProgramID: r.Program, Code: r.Code, State: r.State, Reason: r.Reason, ClaimedAt: r.ClaimedAt, ExpiresAt: r.ExpiresAt,
		QualifiedAt: r.QualifiedAt, HeldUntil: r.HeldUntil, SettledAt: r.SettledAt, EndedAt: r.EndedAt,
		Rewards: append([]ledger.Quantity{}, rewards...), // never null
	}
}

// referrals shows a person's referrals on both sides; next goes on with those as advocate.
func (h *Handler) referrals(w http.ResponseWriter, r *http.Request) {
	userID, scope, ok := h.Callers.Named(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	person, err := h.People.Person(r.Context(), subject.UserKey(userID))
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	made, next, err := h.Referrals.OfAdvocate(r.Context(), person.Keys, page.Limit, page.Cursor)
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	taken, err := h.Referrals.OfFriend(r.Context(), person.Keys)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, sides{asAdvocate(made, scope == subject.Server), asFriend(taken), next})
}

// sides are a person's referrals on both.
type sides struct {
	AsAdvocate []invitation `json:"asAdvocate"`
	AsFriend   []invitation `json:"asFriend"`
	Next       string       `json:"next,omitempty"`
}

// Between is what operators are shown of a person's referrals: with who is on the other side. A cursor goes on with those as advocate.
func (h *Handler) Between(ctx context.Context, person people.Person, limit int, cursor string) (any, error) {
	made, next, err := h.Referrals.OfAdvocate(ctx, person.Keys, limit, cursor)
	if err != nil {
		return nil, err
	}
	taken, err := h.Referrals.OfFriend(ctx, person.Keys)
	if err != nil {
		return nil, err
	}
	out := sides{asAdvocate(made, true), asFriend(taken), next}
	for i, r := range taken {
		out.AsFriend[i].Advocate, out.AsFriend[i].Flags = r.Advocate, r.Flags
	}
	return out, nil
}

// Held are the sections of an export: a person's referrals as friend and as advocate, as the person is shown them.
func (h *Handler) Held() [2]subject.Section {
	return [2]subject.Section{
		func(ctx context.Context, person people.Person, _ int, _ string) ([]subject.Record, string, error) {
			found, err := h.Referrals.OfFriend(ctx, person.Keys)
			return subject.Records("referralAsFriend", asFriend(found)), "", err
		},
		func(ctx context.Context, person people.Person, limit int, cursor string) ([]subject.Record, string, error) {
			found, next, err := h.Referrals.OfAdvocate(ctx, person.Keys, limit, cursor)
			return subject.Records("referralAsAdvocate", asAdvocate(found, false)), next, err
		},
	}
}
