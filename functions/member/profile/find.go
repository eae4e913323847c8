package profile

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// found is somebody who was found, as far as it tells one from another.
type found struct {
	ProfileID profile.ID           `json:"profileId"`
	IDs       []profile.Identifier `json:"ids"`
	Name      string               `json:"name,omitempty"`
	Addresses map[string]address   `json:"addresses"` // by channel
	FirstSeen time.Time            `json:"firstSeen"`
	LastSeen  time.Time            `json:"lastSeen"`
	Orders    orders               `json:"orders"`
	// Proof says how far what was asked for is proven to be theirs: of an address and a number who says so, of a name who says the name that is shown.
	Proof search.Proof `json:"proof,omitempty"`
}

// match is somebody who was found, with how far what was asked for is theirs.
type match struct {
	people.Person
	proof search.Proof
}

// people answers an operator who looks for somebody. That they look is written down first, whoever is found.
func (h *Handler) people(w http.ResponseWriter, r *http.Request) {
	page, ok := httpapi.ParsePage(w, r, people.MaxHits, people.MaxHits)
	if !ok {
		return
	}
	asked, fault := readQuestion(r.URL.Query())
	if fault != nil {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", *fault)
		return
	}
	reason, ok := httpapi.Revealing(w, r)
	if !ok {
		return
	}
	who, next, err := h.meant(r.Context(), asked, page.Limit)
	if errors.Is(err, dynamo.ErrCursor) {
		// Whether somebody's place is in the list of a question tells of them, be it that it is not.
		if err := h.looked(r, asked, reason, nil); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "cursor", Reason: "is not one that this question gave"})
		return
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if len(who) > 0 && reason != "" {
		r = reveal(r)
	}
	if err := h.looked(r, asked, reason, who); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	all := httpapi.List[found]{Items: []found{}, Next: next}
	for _, m := range who {
		one := h.show(m.Profile, nil).found(m.Profile)
		one.Proof = m.proof
		all.Items = append(all.Items, one)
	}
	answer(w, r, peopleMask, all)
}

// looked writes down that an operator looks for somebody, with a line for each who was found, or one for nobody. What they were looked for by stays out of
// the log: whoever has it could try all phone numbers on a hash.
func (h *Handler) looked(r *http.Request, asked question, reason string, who []match) error {
	l := httpapi.Line(r, h.Now(), reason)
	l.Fields = []string{asked.by}
	var all []audit.Line
	// Whoever the cursor names stood on a page before, or the caller has made it up to ask whether they would.
	if id, named := h.Search.After(asked.cursor); named {
		all = append(all, l.Done(audit.Find, audit.KindProfile, string(id), h.NewID()))
	}
	if len(who)+len(all) == 0 {
		all = append(all, l.Done(audit.Find, audit.KindProfile, audit.Nobody, h.NewID()))
	}
	action := audit.Find
	if revealed(r.Context()) {
		action = audit.Reveal
	}
	for _, m := range who {
		all = append(all, l.Done(action, audit.KindProfile, string(m.Keys[0]), h.NewID()))
	}
	return h.Audit.Write(r.Context(), all...)
}

// meant is whom a question means, each once, the best proven first where it is an address or a number; several where two people have spellings of one number, or say that one address
// is theirs. There are at most so many of them, or one more where so many stand on the first page already.
func (h *Handler) meant(ctx context.Context, asked question, most int) (who []match, next string, err error) {
	add := func(person people.Person, proof search.Proof) {
		first, _ := person.Profile.Seen()
		if !first.IsZero() && !slices.ContainsFunc(who, func(m match) bool { return m.Profile.ID == person.Profile.ID }) {
			who = append(who, match{person, proof})
		}
	}
	if asked.by == byOrder {
		o, err := h.Orders.Load(ctx, asked.order)
		if err != nil || o.Owner == "" {
			return nil, "", err
		}
		person, err := h.People.Person(ctx, o.Owner)
		if err != nil {
			return nil, "", err
		}
		add(person, "")
	}
	for _, i := range asked.of {
		if asked.cursor != "" {
			break // they stood on the first page
		}
		person, err := h.Holder(ctx, i)
		if err != nil {
			return nil, "", err
		}
		add(person, search.ProofOf(person.Profile, asked.of))
	}
	if asked.listed.Kind == "" {
		return who, "", nil
	}
	hits, next, err := h.Search.Find(ctx, asked.listed, asked.cursor, max(1, most-len(who)))
	if err != nil {
		return nil, "", err
	}
	for _, hit := range hits {
		person, err := h.present(ctx, hit)
		if err != nil {
			return nil, "", err
		}
		if proof, still := asked.met(person.Profile); still {
			add(person, proof)
		}
	}
	if len(asked.of) > 0 {
		slices.SortStableFunc(who, func(a, b match) int { return a.proof.Compare(b.proof) })
	}
	return who, next, nil
}

// present is who a hit stands for by now: nobody, if it is of somebody who was erased since, whoever came back under the key.
func (h *Handler) present(ctx context.Context, hit people.Hit) (people.Person, error) {
	person, err := h.People.Person(ctx, hit.ID)
	if err != nil {
		return people.Person{}, err
	}
	erased, err := h.Stands.Outlived(ctx, person.Profile, hit.ID, hit.Of)
	if err != nil || erased {
		return people.Person{Profile: &profile.Profile{}}, err
	}
	return person, nil
}

func (v view) found(p *profile.Profile) found {
	return found{
		ProfileID: v.ProfileID, IDs: v.IDs, Name: nameOf(p), Addresses: v.Addresses, FirstSeen: v.FirstSeen, LastSeen: v.LastSeen, Orders: v.Orders,
	}
}

// nameOf is what somebody is called, who says so if anybody does who is trusted.
func nameOf(p *profile.Profile) string {
	return cmp.Or(search.NameOf(&p.Memory), search.NameOf(&p.Unproven))
}
