package console

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audit"
)

// FuzzAuditQuery reads any query: refused with fields and reasons, or a question that asks for what the query names, and for nothing wider.
func FuzzAuditQuery(f *testing.F) {
	for _, query := range []string{
		"operator=ann", "kind=segment&id=vip", "id=vip", "userId=u-1", "userId=%20", "userId=a&anonymousId=b", "profileId=gbOBfCNI2WeriD7lUXFExQ", "profileId=x", "action=reveal&limit=5&cursor=x",
		"from=2026-11-21T08:00:00Z&to=2026-11-22T08:00:00Z", "from=now", "operator=", "operator=a&operator=b", "operater=ann", "userId=u&kind=segment", "=", "a=1&b=2",
	} {
		f.Add(query)
	}
	known := []string{"limit", "cursor", "operator", "kind", "id", "action", "from", "to", "userId", "anonymousId", "profileId"}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		asked := map[string][]string{}
		for name, all := range values {
			asked[name] = slices.Clone(all)
		}
		q, faults := auditQuery(values)
		for _, fault := range faults {
			if fault.Reason == "" {
				t.Fatalf("%q is refused without a reason for %q", query, fault.Field)
			}
		}
		if len(faults) > 0 {
			return
		}
		get := func(name string) string {
			if len(asked[name]) == 0 {
				return ""
			}
			return asked[name][0]
		}
		for name, all := range asked {
			if !slices.Contains(known, name) || name != "limit" && name != "cursor" && (len(all) != 1 || all[0] == "") {
				t.Fatalf("%q is taken with %s=%q", query, name, all)
			}
		}
		person := get("userId") + get("anonymousId") + get("profileId")
		if q.Operator != get("operator") || string(q.Action) != get("action") || person == "" && (q.Kind != get("kind") || q.Of != get("id")) || person != "" && (q.Kind != audit.KindProfile || len(q.Of) != 22) ||
			q.Of != "" && q.Kind == "" {
			t.Fatalf("%q asks for %+v", query, q)
		}
		for name, at := range map[string]time.Time{"from": q.From, "to": q.To} {
			if at.IsZero() && get(name) != "" && !zeroTime(get(name)) {
				t.Fatalf("%q forgets %s", query, name)
			}
		}
	})
}

// zeroTime says whether a text is the time that stands for none.
func zeroTime(text string) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.IsZero()
}
