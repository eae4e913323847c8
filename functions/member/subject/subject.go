// Package subject is what the resources of member have in common: whom a request is about, who calls for them, and the form in which each hands over what it
// holds of them. It shows nothing and does nothing. The surprising thing: whom a request is about need not exist. Events may be on their way, so only what
// reads a profile or its history asks whether it Exists.
package subject

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// byQuery stands in a path for an id that the query names. It means nobody as a userId, so it hides none.
const byQuery = "-"

// What an id in a path begins with that is no userId.
const (
	byAnonymousID = "anonymous:"
	byProfileID   = "profile:"
)

// named are the query parameters that may name a person, and what their values are. A gateway decodes a path before it looks for a
// route and cuts it at a question mark, so only a query carries every id that ingest takes.
var named = map[string]func(value string) (whom, bool){
	"userId":      founded(profile.UserID),
	"anonymousId": founded(profile.AnonymousID),
	"profileId":   profileID,
}

// whom is the key that a request names, and the device whose first key it is.
type whom struct {
	key    profile.ID
	device profile.Identifier // zero for others
}

// founded reads an identifier's value. Placeholders are read too: who was stored under one before they meant nobody must be erasable.
func founded(kind profile.IdentifierKind) func(string) (whom, bool) {
	return func(value string) (whom, bool) {
		i := profile.Identifier{Kind: kind, Value: value}
		named := whom{key: i.ID()}
		if kind == profile.AnonymousID {
			named.device = i
		}
		return named, strings.TrimSpace(value) != ""
	}
}

// profileID is a profile's id if the text can be one at all.
func profileID(text string) (whom, bool) {
	id := profile.ID(text)
	return whom{key: id}, id.Valid()
}

// ofPath reads an {id} in a path: a userId, anonymous:<anonymousId> or profile:<profileId>.
func ofPath(id string) (whom, bool) {
	if anonymous, ok := strings.CutPrefix(id, byAnonymousID); ok {
		return founded(profile.AnonymousID)(anonymous)
	}
	if known, ok := strings.CutPrefix(id, byProfileID); ok {
		return profileID(known)
	}
	return founded(profile.UserID)(id)
}

// key is whom a request is about. Where that is not clear, fault says why.
func key(id string, query url.Values) (who whom, fault *httpapi.FieldError) {
	var by []string
	for name := range named {
		if query.Has(name) {
			by = append(by, name)
		}
	}
	switch {
	case id != byQuery && len(by) > 0:
		return whom{}, &httpapi.FieldError{Field: by[0], Reason: "names a person beside the one in the path; put - into the path"}
	case id == byQuery && (len(by) != 1 || len(query[by[0]]) != 1):
		return whom{}, &httpapi.FieldError{Field: "id", Reason: "is -, which asks for one of userId, anonymousId and profileId in the query"}
	}
	read, text, field := ofPath, id, "id"
	if id == byQuery {
		field, text, read = by[0], query.Get(by[0]), named[by[0]]
	}
	who, ok := read(text)
	if !ok {
		return whom{}, &httpapi.FieldError{Field: field, Reason: "means nobody"}
	}
	return who, nil
}

// personStore reads who a profile id stands for by now, consistently: the present profile, of version 0 where there is none, and all keys of the person.
type personStore interface {
	Person(ctx context.Context, id profile.ID) (people.Person, error)
}

// Finder finds whom requests are about.
type Finder struct {
	People personStore
	Now    func() time.Time
}

// Find reads whom a request speaks of by its {id}, also without a profile; where it cannot, the request is answered.
func (f Finder) Find(w http.ResponseWriter, r *http.Request) (person people.Person, ok bool) {
	who, fault := key(r.PathValue("id"), r.URL.Query())
	if fault != nil {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", *fault)
		return people.Person{}, false
	}
	person, err := f.holder(r.Context(), who)
	if err != nil {
		httpapi.Failed(w, r, err)
		return people.Person{}, false
	}
	if id := r.PathValue("id"); prefixed(id) {
		other, err := f.People.Person(r.Context(), UserKey(id))
		switch {
		case err != nil:
			httpapi.Failed(w, r, err)
			return people.Person{}, false
		case len(other.Profile.Identifiers) > 0:
			// Whose name begins so would else show, or erase, somebody else.
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the query tells one from the other: /v1/profiles/-?userId=",
				httpapi.FieldError{Field: "id", Reason: "is also the whole userId of somebody"})
			return people.Person{}, false
		}
	}
	return person, true
}

// Holder is whose an identifier is, also without a profile.
func (f Finder) Holder(ctx context.Context, i profile.Identifier) (people.Person, error) {
	who := whom{key: i.ID()}
	if i.Kind == profile.AnonymousID {
		who.device = i
	}
	return f.holder(ctx, who)
}

func (f Finder) holder(ctx context.Context, who whom) (people.Person, error) {
	person, err := f.People.Person(ctx, who.key)
	// A device that was taken off somebody is known by another key since.
	for err == nil && who.device.Kind != "" && person.Profile.Left(who.key, f.Now()) {
		who.device = who.device.Next()
		who.key = who.device.ID()
		person, err = f.People.Person(ctx, who.key)
	}
	return person, err
}

// prefixed says whether an id in a path names somebody by another kind of id than a userId.
func prefixed(id string) bool {
	return strings.HasPrefix(id, byAnonymousID) || strings.HasPrefix(id, byProfileID)
}

// Exists tells whether there is a profile; where there is none, the request is answered.
func Exists(w http.ResponseWriter, person people.Person) bool {
	if first, _ := person.Profile.Seen(); first.IsZero() {
		httpapi.Problem(w, http.StatusNotFound, "", "there is no profile with this id")
		return false
	}
	return true
}

// Asked is the key by which a request asks for whom it is about, empty where that is not clear.
func Asked(r *http.Request) profile.ID {
	who, _ := key(r.PathValue("id"), r.URL.Query())
	return who.key
}

// Whole refuses a request to erase whose query has more than the person: what follows a question mark within an id ends up there.
func Whole(w http.ResponseWriter, query url.Values) bool {
	for name := range query {
		if named[name] == nil {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "nothing but the person may stand in this query; an id with a question mark is written %3F, into the query: /v1/profiles/-?userId=a%3Fb",
				httpapi.FieldError{Field: name, Reason: "is not userId, anonymousId or profileId"})
			return false
		}
	}
	return true
}

// UserKey is the profile id that a userId founds.
func UserKey(userID string) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: userID}.ID()
}
