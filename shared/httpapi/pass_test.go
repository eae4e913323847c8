package httpapi

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/session"
)

// signed knows the keys of passes, or does not.
type signed struct {
	keys *session.Keys
	err  error
}

func (s signed) Sessions(context.Context) (*session.Keys, error) { return s.keys, s.err }

// TestPasses: the pages' word for an operator opens what the operator's own key would, from where the operator called, for as long as the key is there in that role.
func TestPasses(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	keys := session.New("secret")
	ann := access.Caller{Name: "ann", Role: access.Viewer, Key: hashOf("ann")[:8]}
	pass := func(who access.Caller, issuer string) string {
		return keys.Issue(session.Begin("id", who, issuer, now).Pass("198.51.100.7", now))
	}
	for name, c := range map[string]struct {
		token         string
		change        func(*Auth)
		viewer, owner int
		by            access.Caller
	}{
		"a viewer's":           {pass(ann, ""), nil, 200, 403, ann},
		"the one key's":        {pass(access.Caller{Name: "operator key", Role: access.Owner, Key: "06e55b63"}, ""), nil, 200, 200, access.Caller{Name: "operator key", Role: access.Owner, Key: "06e55b63"}},
		"of an issuer":         {pass(access.Caller{Name: "bo", Role: access.Owner, Key: "12345678"}, "https://login.example/"), nil, 200, 200, access.Caller{Name: "bo", Role: access.Owner, Key: "12345678"}},
		"of no issuer more":    {pass(access.Caller{Name: "bo", Role: access.Owner, Key: "12345678"}, "https://login.example/"), func(a *Auth) { a.Claims.Role = "" }, 401, 401, access.Caller{}},
		"in a greater role":    {pass(access.Caller{Name: "ann", Role: access.Owner, Key: ann.Key}, ""), nil, 401, 401, access.Caller{}},
		"in another name":      {pass(access.Caller{Name: "bob", Role: access.Viewer, Key: ann.Key}, ""), nil, 401, 401, access.Caller{}},
		"of another key":       {pass(access.Caller{Name: "ann", Role: access.Viewer, Key: "00000000"}, ""), nil, 401, 401, access.Caller{}},
		"of a key that went":   {pass(ann, ""), func(a *Auth) { a.Operators = nil }, 401, 401, access.Caller{}},
		"of the server key":    {pass(access.Caller{Name: "server key", Role: access.ServerKey, Key: "b3eacd33"}, ""), nil, 401, 401, access.Caller{}},
		"of no key at all":     {pass(access.Caller{Name: "operator key", Role: access.Owner}, ""), func(a *Auth) { a.OperatorKeyHash = "" }, 401, 401, access.Caller{}},
		"of a minute ago":      {pass(ann, ""), func(a *Auth) { a.Now = func() time.Time { return now.Add(time.Minute) } }, 401, 401, access.Caller{}},
		"signed elsewhere":     {pass(ann, ""), func(a *Auth) { a.Passes = signed{keys: session.New("another")} }, 401, 401, access.Caller{}},
		"where nobody signs":   {pass(ann, ""), func(a *Auth) { a.Passes = nil }, 401, 401, access.Caller{}},
		"while it is not told": {pass(ann, ""), func(a *Auth) { a.Passes = signed{err: errors.New("away")} }, 503, 503, access.Caller{}},
		"a cookie":             {keys.Seal(session.Begin("id", ann, "", now)), nil, 401, 401, access.Caller{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := auth()
			a.Passes, a.Now = signed{keys: keys}, func() time.Time { return now }
			if c.change != nil {
				c.change(&a)
			}
			for route, want := range map[string]int{viewerRoute: c.viewer, ownerRoute: c.owner} {
				status, by := asked(t, a, route, "Bearer "+c.token, nil)
				if status != want || status == 200 && by != c.by {
					t.Errorf("%s: %d by %+v, want %d by %+v", route, status, by, want, c.by)
				}
			}
			if status, _ := asked(t, a, serverRoute, "Bearer "+c.token, nil); status == 200 {
				t.Error("it opens the shop's back end")
			}
		})
	}
	// A key is asked as ever, also while passes cannot be.
	a := auth()
	a.Passes, a.Now = signed{err: errors.New("away")}, func() time.Time { return now }
	if status, by := asked(t, a, viewerRoute, "Bearer ann", nil); status != 200 || by != ann {
		t.Errorf("a key: %d by %+v", status, by)
	}
	from := ""
	in := gateway("GET", "/")
	in.Headers["authorization"] = "Bearer " + pass(ann, "")
	a.Passes = signed{keys: keys}
	call(t, a.Require(viewerRoute, func(_ http.ResponseWriter, r *http.Request) { from = From(r.Context()) }), in)
	if from != "198.51.100.7" {
		t.Errorf("it comes from %q", from)
	}
}
