package profile

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// Sizes of pages: as usual, and at most.
const (
	usualPage = 50
	mostPage  = 500
)

// listed is whose list is asked for, and which page of it; where that is none, the request is answered.
func (h *Handler) listed(w http.ResponseWriter, r *http.Request) (person people.Person, page httpapi.Page, ok bool) {
	if person, ok = h.Find(w, r); !ok || !subject.Exists(w, person) {
		return person, page, false
	}
	page, ok = httpapi.ParsePage(w, r, usualPage, mostPage)
	return person, page, ok
}

func (h *Handler) events(w http.ResponseWriter, r *http.Request) {
	person, page, ok := h.listed(w, r)
	if !ok {
		return
	}
	items, next, err := h.timeline(r.Context(), person, page.Limit, page.Cursor)
	if !revealed(r.Context()) {
		for i := range items {
			hideTitle(&items[i].Event)
		}
	}
	respond(w, r, eventsMask, items, next, err)
}

// told is an event as the timeline and the export show it. One that speaks of consent has its proof: in the profile a later word takes its place.
// proven is an event of a timeline with the proof of the consent that it gave or took back.
type proven struct {
	event.Event
	Proof *profile.Proof `json:"proof,omitempty"`
}

func (h *Handler) timeline(ctx context.Context, person people.Person, limit int, cursor string) ([]proven, string, error) {
	events, next, err := h.Timeline.Events(ctx, person.Keys, limit, cursor)
	items := make([]proven, len(events))
	for i, e := range events {
		items[i] = proven{e, profile.ProofOf(&e)}
	}
	return items, next, err
}

func (h *Handler) decisions(w http.ResponseWriter, r *http.Request) {
	person, page, ok := h.listed(w, r)
	if !ok {
		return
	}
	items, next, err := h.Deliveries.Decisions(r.Context(), person.Keys, page.Limit, page.Cursor)
	respond(w, r, decisionsMask, items, next, err)
}

func respond[T any](w http.ResponseWriter, r *http.Request, rules mask.Rules, items []T, next string, err error) {
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	answer(w, r, rules, httpapi.List[T]{Items: items, Next: next})
}

// book is a person's ledger as the API shows it. Lots that are used up are left out; entries go on with next.
type book struct {
	Balance  []ledger.Quantity `json:"balance"`
	Owed     []ledger.Quantity `json:"owed"`
	Lifetime []ledger.Quantity `json:"lifetime"`
	Lots     []lot             `json:"lots"`
	Entries  []entry           `json:"entries"`
	Next     string            `json:"next,omitempty"`
}

type lot struct {
	ID        string          `json:"lotId"`
	Granted   ledger.Quantity `json:"granted"`
	Remaining ledger.Quantity `json:"remaining"`
	At        time.Time       `json:"at"`
	ExpiresAt *time.Time      `json:"expiresAt,omitempty"`
}

type entry struct {
	ID     string          `json:"entryId"`
	Kind   ledger.Kind     `json:"kind"`
	Amount ledger.Quantity `json:"amount"`
	LotID  string          `json:"lotId,omitempty"`
	At     time.Time       `json:"at"`
	Effect ledger.Effect   `json:"effect"`
}

func (h *Handler) ledger(w http.ResponseWriter, r *http.Request) {
	person, ok := h.Find(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	b, err := h.sums(r.Context(), person.Keys)
	if err == nil {
		b.Entries, b.Next, err = h.entries(r.Context(), person.Keys, page.Limit, page.Cursor)
	}
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	answer(w, r, ledgerMask, b)
}

// invitations shows who invited the person, and whom the person has invited.
func (h *Handler) invitations(w http.ResponseWriter, r *http.Request) {
	person, page, ok := h.listed(w, r)
	if !ok {
		return
	}
	found, err := h.Invitations(r.Context(), person, min(page.Limit, usualPage), page.Cursor)
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	answer(w, r, referralsMask, found)
}

func accounts(keys []profile.ID) []ledger.Account {
	out := make([]ledger.Account, len(keys))
	for i, id := range keys {
		out[i] = ledger.Person(id)
	}
	return out
}

// sums adds up the accounts of all keys of a person.
func (h *Handler) sums(ctx context.Context, keys []profile.ID) (book, error) {
	b := book{Lots: []lot{}}
	sums := map[ledger.Unit]ledger.Balance{}
	for _, account := range accounts(keys) {
		balances, err := h.Ledger.Balances(ctx, account)
		if err != nil {
			return book{}, err
		}
		if len(balances) == 0 {
			continue // an account without a balance has no lots either
		}
		for unit, one := range balances {
			sum := sums[unit]
			sum.Amount, sum.Owed, sum.Lifetime = sum.Amount+one.Amount, sum.Owed+one.Owed, sum.Lifetime+one.Lifetime
			sums[unit] = sum
		}
		lots, err := h.Ledger.Lots(ctx, account)
		if err != nil {
			return book{}, err
		}
		for _, l := range lots {
			if l.Remaining > 0 {
				b.Lots = append(b.Lots, lot{
					ID: l.ID, Granted: ledger.Quantity{Unit: l.Unit, Amount: l.Amount}, Remaining: ledger.Quantity{Unit: l.Unit, Amount: l.Remaining},
					At: l.At, ExpiresAt: instant(l.ExpiresAt),
				})
			}
		}
	}
	b.Balance, b.Owed, b.Lifetime = []ledger.Quantity{}, []ledger.Quantity{}, []ledger.Quantity{}
	for unit, sum := range sums {
		b.Balance = append(b.Balance, ledger.Quantity{Unit: unit, Amount: sum.Amount})
		b.Lifetime = append(b.Lifetime, ledger.Quantity{Unit: unit, Amount: sum.Lifetime})
		if sum.Owed != 0 {
			b.Owed = append(b.Owed, ledger.Quantity{Unit: unit, Amount: sum.Owed})
		}
	}
	for _, quantities := range [][]ledger.Quantity{b.Balance, b.Owed, b.Lifetime} {
		slices.SortFunc(quantities, func(a, b ledger.Quantity) int { return strings.Compare(string(a.Unit), string(b.Unit)) })
	}
	return b, nil
}

func (h *Handler) entries(ctx context.Context, keys []profile.ID, limit int, cursor string) ([]entry, string, error) {
	found, next, err := h.Ledger.Entries(ctx, accounts(keys), limit, cursor)
	items := make([]entry, len(found))
	for i, e := range found {
		items[i] = entry{ID: e.ID, Kind: e.Kind, Amount: ledger.Quantity{Unit: e.Unit, Amount: e.Amount}, LotID: e.Lot, At: e.At, Effect: e.Effect}
	}
	return items, next, err
}
