package profile

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/spelling"
	"github.com/userops/userops/shared/httpapi"
)

// What a question begins with that is not answered by an identifier: an order's owner, and who is listed under a name or the last digits of a number.
const (
	byOrder  = "order"
	byName   = "name"
	byDigits = "digits"
)

// askable are what a question may begin with: the kinds of identifiers that people are found by, and the others.
var askable = []string{"email", "phone", "user", "anonymous", byOrder, byName, byDigits}

var kindAsked = map[string]profile.IdentifierKind{
	"email": profile.Email, "phone": profile.Phone, "user": profile.UserID, "anonymous": profile.AnonymousID,
}

// forms are the forms of a question.
const forms = "email:, phone:, user:, anonymous: or order:, and the whole of it; name: and a name or its beginning; digits: and the last digits of a number"

// question is what somebody is looked for by.
type question struct {
	by     string // one of askable
	order  string
	of     []profile.Identifier // the spellings of one
	listed search.Question      // of kind "" where no list is asked
	cursor string
}

// readQuestion reads the parameters.
func readQuestion(query url.Values) (asked question, fault *httpapi.FieldError) {
	bad := func(field, reason string) (question, *httpapi.FieldError) {
		return question{}, &httpapi.FieldError{Field: field, Reason: reason}
	}
	known := []string{"q", "reason", "limit", "cursor"}
	for name := range query {
		if !slices.Contains(known, name) {
			return bad(name, "is not known here"+spelling.Hint(name, known...))
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
	}
	asked = question{by: by, cursor: query.Get("cursor")}
	if reason := asked.read(value); reason != "" {
		return bad("q", reason)
	}
	if asked.cursor != "" && asked.listed.Kind == "" {
		return bad("cursor", "is none of this question, which has one page")
	}
	return asked, nil
}

// read reads what is behind the colon, and answers what is wrong with it.
func (q *question) read(value string) (reason string) {
	ok := false
	switch q.by {
	case byOrder:
		q.order, ok = value, strings.TrimSpace(value) != ""
	case byName:
		if q.listed, ok = search.ByName(value); !ok {
			return fmt.Sprintf("needs a character, or %d letters of a name", search.MinLetters)
		}
	case byDigits:
		if q.listed, ok = search.ByDigits(value); !ok {
			return fmt.Sprintf("needs the last %d digits of a number at least, and %d at most", search.MinDigits, search.MaxDigits)
		}
	default:
		var i profile.Identifier
		if i, ok = profile.Written(kindAsked[q.by], value); ok {
			q.of = i.Spellings()
			q.listed = listedAs(q.of)
		}
	}
	if !ok {
		return "means nobody"
	}
	return ""
}

// listedAs asks for those who are listed under an address in one of its spellings: of a number the shortest, with which the others end.
func listedAs(spellings []profile.Identifier) (q search.Question) {
	shortest := slices.MinFunc(spellings, func(a, b profile.Identifier) int { return len(a.Value) - len(b.Value) })
	switch shortest.Kind {
	case profile.Email:
		return search.ByEmail(shortest.Value)
	case profile.Phone:
		if listed, enough := search.ByDigits(shortest.Value); enough {
			return listed
		}
	}
	return search.Question{}
}

// met says how far what was asked for is somebody's, who is listed under it, and whether it is still.
func (q question) met(p *profile.Profile) (proof search.Proof, still bool) {
	switch q.listed.Kind {
	case search.OfName:
		return search.ProofOfName(p), true
	case search.OfPhone:
		if len(q.of) == 0 {
			return search.ProofOfDigits(p, q.listed), true
		}
	}
	proof = search.ProofOf(p, q.of)
	return proof, proof != ""
}
