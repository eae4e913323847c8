package profile

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/spelling"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// byOrder is what a question begins with that is answered by an order's owner.
const byOrder = "order"

// askable are what a question may begin with: order, and the kinds of identifiers that people are found by.
var askable = []string{"email", "phone", "user", "anonymous", byOrder}

var kindAsked = map[string]profile.IdentifierKind{
	"email": profile.Email, "phone": profile.Phone, "user": profile.UserID, "anonymous": profile.AnonymousID,
}

// question is what somebody is looked for by.
type question struct {
	by    string // one of askable
	order string
	of    []profile.Identifier // the spellings of one
}

// found is somebody who was found, as far as it tells one from another.
type found struct {
	ProfileID profile.ID           `json:"profileId"`
	IDs       []profile.Identifier `json:"ids"`
	Name      string               `json:"name,omitempty"`
	Addresses map[string]address   `json:"addresses"` // by channel
	FirstSeen time.Time            `json:"firstSeen"`
	LastSeen  time.Time            `json:"lastSeen"`
	Orders    orders               `json:"orders"`
}

// people answers an operator who looks for somebody by something that is exactly theirs. That they look is written down first, whoever is found.
func (h *Handler) people(w http.ResponseWriter, r *http.Request) {
	asked, fault := readQuestion(r.URL.Query())
	if fault != nil {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", *fault)
		return
	}
	reason, ok := subject.Revealing(w, r)
	if !ok {
		return
	}
	who, err := h.meant(r.Context(), asked)
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
	all := httpapi.List[found]{Items: []found{}}
	for _, person := range who {
		all.Items = append(all.Items, show(person.Profile, h.Now()).found(person.Profile))
	}
	answer(w, r, peopleMask, all)
}

// looked writes down that an operator looks for somebody, with a line for each who was found, or one for nobody. What they were looked for by stays out of
// the log: whoever has it could try all phone numbers on a hash.
func (h *Handler) looked(r *http.Request, asked question, reason string, who []people.Person) error {
	l := subject.Line(r, h.Now(), reason)
	l.Fields = []string{asked.by}
	if len(who) == 0 {
		return h.Audit.Write(r.Context(), l.Done(audit.Find, audit.KindProfile, audit.Nobody, h.NewID()))
	}
	action := audit.Find
	if revealed(r.Context()) {
		action = audit.Reveal
	}
	for _, person := range who {
		if err := h.Audit.Write(r.Context(), l.Done(action, audit.KindProfile, string(person.Keys[0]), h.NewID())); err != nil {
			return err
		}
	}
	return nil
}

// meant is whom a question means, each once; several where two people have spellings of one number.
func (h *Handler) meant(ctx context.Context, asked question) (who []people.Person, err error) {
	add := func(person people.Person) {
		first, _ := person.Profile.Seen()
		if !first.IsZero() && !slices.ContainsFunc(who, func(p people.Person) bool { return p.Profile.ID == person.Profile.ID }) {
			who = append(who, person)
		}
	}
	if asked.by == byOrder {
		o, err := h.Orders.Load(ctx, asked.order)
		if err != nil || o.Owner == "" {
			return nil, err
		}
		person, err := h.People.Person(ctx, o.Owner)
		if err != nil {
			return nil, err
		}
		add(person)
	}
	for _, i := range asked.of {
		person, err := h.Holder(ctx, i)
		if err != nil {
			return nil, err
		}
		add(person)
	}
	return who, nil
}

// readQuestion reads the parameter q.
func readQuestion(query url.Values) (asked question, fault *httpapi.FieldError) {
	bad := func(field, reason string) (question, *httpapi.FieldError) {
		return question{}, &httpapi.FieldError{Field: field, Reason: reason}
	}
	for name := range query {
		if name != "q" && name != "reason" {
			return bad(name, "is not known here"+spelling.Hint(name, "q", "reason"))
		}
	}
	if len(query["q"]) != 1 {
		return bad("q", "must be there once: "+forms)
	}
	by, value, said := strings.Cut(query.Get("q"), ":")
	switch {
	case !said:
		return bad("q", "does not say what it is: "+forms)
	case !slices.Contains(askable, by):
		return bad("q", "begins with none of those that people are found by: "+forms+spelling.Hint(by, askable...))
	case len(value) > httpapi.MaxParameter:
		return bad("q", fmt.Sprintf("has more than %d bytes", httpapi.MaxParameter))
	case by == byOrder && strings.TrimSpace(value) != "":
		return question{by: by, order: value}, nil
	}
	if i, means := profile.Written(kindAsked[by], value); means && by != byOrder {
		return question{by: by, of: i.Spellings()}, nil
	}
	return bad("q", "means nobody")
}

// forms are the forms of a question.
const forms = "email:, phone:, user:, anonymous: or order:, and the whole of it"

func (v view) found(p *profile.Profile) found {
	return found{
		ProfileID: v.ProfileID, IDs: v.IDs, Name: nameOf(p), Addresses: v.Addresses, FirstSeen: v.FirstSeen, LastSeen: v.LastSeen, Orders: v.Orders,
	}
}

// nameOf is what somebody is called: the trait name, or the first and the last name.
func nameOf(p *profile.Profile) string {
	if name := p.TraitText("name"); name != "" {
		return name
	}
	return strings.TrimSpace(p.TraitText("firstName") + " " + p.TraitText("lastName"))
}
