package console

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/source"
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

// FuzzDocument reads any body and If-Match as what is to be saved: answered with an error, or the document that was sent, with the id of its address and without what only the
// store says, and the version that was named.
func FuzzDocument(f *testing.F) {
	for _, c := range [][2]string{
		{`{"name":"VIP","id":"vip","version":3,"updatedAt":"x","updatedBy":{}}`, ""}, {`{"id":"other"}`, ""}, {`{"version":-1}`, ""}, {`{"version":1.0}`, `"7"`}, {`{"version":null}`, `W/"7"`},
		{`{}`, "*"}, {`{"a":1}`, "0"}, {`{"a":1}`, "+1"}, {`null`, ""}, {`[]`, ""}, {`{"Version":2,"ID":"x"}`, ""}, {`{`, ""}, {`{"a":1,"a":2}`, ""}, {`{"a":"\ud800"}`, ""},
	} {
		f.Add([]byte(c[0]), c[1])
	}
	f.Fuzz(func(t *testing.T, sent []byte, match string) {
		r := httptest.NewRequest("PUT", "/v1/segments/vip", bytes.NewReader(sent))
		if match != "" {
			r.Header["If-Match"] = []string{match}
		}
		w := httptest.NewRecorder()
		body, expected, ok := readDocument(w, r, documents["segments"], "vip")
		if !ok {
			if w.Code < 400 || w.Code > 499 || body != nil || expected != nil {
				t.Fatalf("%s is answered %d with %s, %v", sent, w.Code, body, expected)
			}
			return
		}
		var was, is map[string]any
		if json.Unmarshal(sent, &was) != nil || json.Unmarshal(body, &is) != nil || is["id"] != "vip" {
			t.Fatalf("%s is kept as %s", sent, body)
		}
		version, stated := was["version"].(float64)
		switch text := strings.Trim(strings.TrimPrefix(match, "W/"), `"`); {
		case text != "" && text != "*":
			if n, err := strconv.Atoi(text); err != nil || expected == nil || *expected != n || n < 1 {
				t.Fatalf("If-Match %q is %v", match, expected)
			}
		case stated && (expected == nil || float64(*expected) != version):
			t.Fatalf("%s names the version %v", sent, expected)
		}
		for _, name := range []string{"id", "version", "updatedAt", "updatedBy"} {
			delete(was, name)
			if _, kept := is[name]; kept && name != "id" {
				t.Fatalf("%s is kept as %s", sent, body)
			}
		}
		delete(is, "id")
		one, _ := json.Marshal(was)
		other, _ := json.Marshal(is)
		if !bytes.Equal(one, other) {
			t.Fatalf("%s is kept as %s", sent, body)
		}
	})
}

// FuzzSeal: whatever stands in a source that may be saved, its secret is taken out of it, is the one that is signed with, and is in nothing that is shown.
func FuzzSeal(f *testing.F) {
	for _, body := range []string{
		`{"id":"till","kind":"till","hookSecret":"the-secret-of-the-webhooks"}`, `{"id":"a","kind":"server","hookSecret":"\u0074he-secret-of-it","hookSecretSet":false}`, `{"id":"a","kind":"server","HookSecret":"the-secret-of-it"}`,
		`{"id":"a","kind":"server","hookSecretSet":true}`, `{"id":"a","kind":"server","hookSecret":"","hookSecretSet":true}`, `{"id":"a","kind":"browser","hookSecret":null}`,
	} {
		f.Add([]byte(body))
	}
	former := json.RawMessage(`{"id":"a","kind":"server","hookSecret":"the-former-secret"}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		var s source.Source
		if fault.Decode(body, &s).And(s.Validate()) != nil {
			return
		}
		out, err := sealSource(t.Context(), &Process{}, "a", former, body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if want := s.HookSecret; out.secret != want && (want != "" || out.secret != "the-former-secret") {
			t.Fatalf("%s is signed with %q", body, out.secret)
		}
		shown, kept := fields{}, source.Source{}
		if json.Unmarshal(out.body, &shown) != nil || len(fault.Decode(out.body, &kept)) > 0 || kept.HookSecret != "" || (string(shown[fieldHookSecretSet]) == "true") != (out.secret != "") {
			t.Fatalf("%s is kept as %s", body, out.body)
		}
		if json.Unmarshal(body, &shown) != nil {
			t.Fatal("a source that is no object")
		}
		hide(definition.Source, shown)
		text, err := json.Marshal(shown)
		if err != nil || len(fault.Decode(text, &kept)) > 0 || kept.HookSecret != "" {
			t.Fatalf("%s is shown as %s, %v", body, text, err)
		}
	})
}
