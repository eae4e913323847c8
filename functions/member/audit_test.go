package member

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// hire makes operators of every role, whose keys are the roles' names, and gives each receipt a number of its own.
func (b *bench) hire() {
	for _, role := range access.Roles() {
		b.process.Auth.Operators = append(b.process.Auth.Operators, access.Key{Name: "the " + string(role), Role: role, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(role)))})
	}
	n := 0
	b.process.NewID = func() string { n++; return fmt.Sprint("id-", n) }
	b.handler = b.process.Handler()
}

func (b *bench) as(role access.Role, method, path string) (status int, body map[string]any) {
	b.Helper()
	w := b.anybody(method, path, "", "Authorization", "Bearer "+string(role))
	if w.Code < 300 {
		body = b.want(w, w.Code)
	}
	return w.Code, body
}

// told are the lines of the audit log in short, the oldest first.
func (b *bench) told() string {
	b.Helper()
	page, _, err := b.process.Audit.List(b.Context(), audit.Query{Kind: audit.KindProfile, From: noon.Add(-time.Hour)}, 200, "")
	if err != nil {
		b.Fatal(err)
	}
	text := ""
	for _, l := range page {
		text = fmt.Sprintf("%s by %s from %s of %s %s as %s for %q; ", l.ID, l.By.Name, l.From, l.Kind, l.Of, l.Asked, l.Reason) + text
	}
	return strings.TrimSuffix(text, "; ")
}

// TestPeopleAreShownToOperatorsByRoleAndWrittenDown asks each route of a person as each role and as the shop's back end.
func TestPeopleAreShownToOperatorsByRoleAndWrittenDown(t *testing.T) {
	const why = "?reason=ticket%207"
	for _, c := range []struct {
		method, path string
		least        access.Role
		action       string // that an operator's call is written down as; the shop's is where it is not a reading
		reason       string
	}{
		{"GET", "/v1/profiles/ann" + why, access.Editor, "reveal", "ticket 7"}, {"GET", "/v1/profiles/ann/events" + why, access.Editor, "reveal", "ticket 7"},
		{"GET", "/v1/profiles/ann/decisions" + why, access.Editor, "reveal", "ticket 7"}, {"GET", "/v1/profiles/ann/ledger" + why, access.Editor, "reveal", "ticket 7"},
		{"GET", "/v1/profiles/ann/devices" + why, access.Editor, "reveal", "ticket 7"},
		{"GET", "/v1/profiles/ann", access.Viewer, "", ""}, {"GET", "/v1/profiles/ann/events", access.Viewer, "", ""}, {"GET", "/v1/profiles/ann/decisions", access.Viewer, "", ""},
		{"GET", "/v1/profiles/ann/ledger", access.Viewer, "", ""}, {"GET", "/v1/profiles/ann/devices", access.Viewer, "", ""},
		{"GET", "/v1/profiles/ann/export", access.Approver, "export", ""}, {"DELETE", "/v1/profiles/ann", access.Owner, "erase", ""},
		{"DELETE", "/v1/profiles/ann/devices?device=own", access.Approver, "takeOff", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			b := start(t)
			b.whole()
			b.hire()
			ann := string(profile.Identifier{Kind: profile.UserID, Value: "ann"}.ID())
			owner, err := b.process.Referrals.Profiles.Load(t.Context(), profile.ID(ann))
			if err != nil {
				t.Fatal(err)
			}
			owner.Attach(phone("own"))
			if err := b.process.Referrals.Profiles.Save(t.Context(), owner); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, role := range access.Roles() {
				status, body := b.as(role, c.method, c.path)
				if let := status < 300; let != role.May(c.least) || !let && status != 403 {
					t.Errorf("%s is answered %d", role, status)
				}
				if masked := body["masked"] == true; masked != (c.action == "" && role.May(c.least)) {
					t.Errorf("%s is shown them masked: %v", role, masked)
				}
				if role.May(c.least) && c.action != "" {
					want = append(want, fmt.Sprintf("%s#id-%d by the %s from 192.0.2.1 of profile %s as  for %q", c.action, len(want)+1, role, ann, c.reason))
				}
				b.pass(time.Millisecond)
			}
			if w := b.call(c.method, c.path, ""); w.Code >= 300 || strings.Contains(w.Body.String(), "masked") {
				t.Errorf("the server key is answered %d %s", w.Code, w.Body)
			}
			if c.action != "reveal" && c.action != "" {
				want = append(want, fmt.Sprintf("%s#id-%d by server key from 192.0.2.1 of profile %s as  for %q", c.action, len(want)+1, ann, c.reason))
			}
			if got := b.told(); got != strings.Join(want, "; ") {
				t.Errorf("the log tells\n%s\nwant\n%s", got, strings.Join(want, "; "))
			}
			if c.action == "" {
				return
			}
			// Without the log nothing is shown or done, and of one that failed to answer a line may stand.
			for _, fault := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
				lines, jobs := strings.Count(b.told(), c.action+"#"), len(b.sent.jobs)
				b.db.Fail("TransactWriteItems", 1, fault)
				if w := b.anybody(c.method, c.path, "", "Authorization", "Bearer owner"); w.Code != 503 || strings.Contains(w.Body.String(), "ann") || len(b.sent.jobs) != jobs {
					t.Errorf("without a log: %d %s", w.Code, w.Body)
				}
				if n := strings.Count(b.told(), c.action+"#") - lines; n != map[dynamotest.How]int{dynamotest.Persisted: 1}[fault] {
					t.Errorf("%v: %d more lines", fault, n)
				}
				b.pass(time.Millisecond)
			}
		})
	}
}

// TestARevealTakesAReason refuses what says nothing, and writes nothing of it.
func TestARevealTakesAReason(t *testing.T) {
	b := start(t)
	b.whole()
	b.hire()
	for _, bad := range []string{"", "%20", "a&reason=b", "line%0Abreak", "%ff", strings.Repeat("a", 201)} {
		b.want(b.anybody("GET", "/v1/profiles/ann?reason="+bad, "", "Authorization", "Bearer owner"), 400, "reason")
	}
	if told := b.told(); told != "" {
		t.Errorf("the log tells %s", told)
	}
	for _, good := range []string{strings.Repeat("%E5%AE%A2", 200), "%20a%20"} {
		if status, body := b.as(access.Editor, "GET", "/v1/profiles/ann?reason="+good); status != 200 || body["masked"] != nil {
			t.Errorf("%s: %d %v", good, status, body)
		}
		b.pass(time.Millisecond)
	}
	if told := b.told(); !strings.HasSuffix(told, `for "a"`) || !strings.Contains(told, strings.Repeat("客", 200)) {
		t.Errorf("the log tells %s", told)
	}
}

// TestMaskedAnswers holds what is shown of a person field by field.
func TestMaskedAnswers(t *testing.T) {
	b := start(t)
	b.hire()
	b.save("ann@example.com", func(p *profile.Profile) {
		p.Traits = profile.Traits{}
		for name, value := range map[string]any{"name": "Mei Li", "email": "ann@example.com", "phone": "13812341234", "gender": "female", "plan": "tea", "age": 34.0, "13812341234": true} {
			p.Traits[name] = profile.Trait{Value: value, At: noon}
		}
		p.Claims = map[string]profile.Claim{"claimed-device": {At: noon}}
	})
	_, body := b.as(access.Viewer, "GET", "/v1/profiles/-?userId=ann%40example.com")
	got := func(path string) any {
		var at any = body
		for step := range strings.SplitSeq(path, ".") {
			switch v := at.(type) {
			case map[string]any:
				at = v[step]
			case []any:
				at = v[0].(map[string]any)[step]
			}
		}
		return at
	}
	for path, want := range map[string]any{
		"ids.kind": "user", "ids.value": "a***@example.com", "traits.name": "M***", "traits.email": "a***@example.com", "traits.phone": "138****1234", "traits.plan": "***", "traits.age": "***",
		"traits.***": "***", "traits.13812341234": nil, "demographics.gender": "***", "unproven.claimedDevices.anonymousId": "***", "unproven.claimedDevices.at": "2026-11-21T12:00:00Z", "orders.count": 0.0, "masked": true,
	} {
		if got(path) != want {
			t.Errorf("%s is %v, want %v", path, got(path), want)
		}
	}
	if body["profileId"] != string(profile.Identifier{Kind: profile.UserID, Value: "ann@example.com"}.ID()) {
		t.Errorf("the profile is %v", body["profileId"])
	}
}

// TestAnExportHasOneLine goes through all pages, and tries to have pages without a line.
func TestAnExportHasOneLine(t *testing.T) {
	b := start(t)
	b.whole()
	b.save("bea", nil)
	b.hire()
	path := "/v1/profiles/ann/export?limit=2&cursor="
	count := func(what string, want int) {
		t.Helper()
		if n := strings.Count(b.told(), "export#"); n != want {
			t.Errorf("%s: %d lines, want %d", what, n, want)
		}
	}
	cursor, second, pages := "", "", 0
	for ; pages < 40; pages++ {
		body := b.want(b.call("GET", path+cursor, ""), 200)
		if cursor, _ = body["next"].(string); cursor == "" {
			break
		}
		if pages == 0 {
			second = cursor
		}
		b.pass(time.Minute)
	}
	if pages < 8 {
		t.Fatalf("%d pages", pages)
	}
	count("all pages", 1)
	b.want(b.call("GET", path+second, ""), 200)
	count("a page once more", 1)
	if status, body := b.as(access.Approver, "GET", path+second); status != 200 || body["next"] == "" {
		t.Fatalf("another caller: %d", status)
	}
	count("another caller's page", 2)
	b.pass(time.Millisecond)
	b.want(b.call("GET", path+"1:", ""), 200) // as the version before gave it
	count("a cursor without a session", 3)
	b.pass(time.Millisecond)
	b.want(b.call("GET", path+"x1.id-1:1:", ""), 200)
	b.pass(time.Millisecond)
	b.want(b.call("GET", path+"x1."+strings.Repeat("i", 1100)+":1:", ""), 200) // no key is that long
	count("made-up sessions", 5)
	b.want(b.call("GET", "/v1/profiles/bea/export?cursor="+second, ""), 200)
	count("another person's page", 6)
	b.pass(25 * time.Hour)
	b.want(b.call("GET", path+second, ""), 200)
	count("a day later", 7)
	for _, bad := range []string{"x", "x:", "xa.b:1:", strings.Replace(second, ":1:", ":9:", 1)} {
		b.want(b.call("GET", path+bad, ""), 400, "cursor")
	}
}

// TestWhoWasErasedIsNamedByKeyAlone erases by an anonymous id of somebody who is known by another key.
func TestWhoWasErasedIsNamedByKeyAlone(t *testing.T) {
	b := start(t)
	b.whole()
	b.hire()
	receipt := b.want(b.anybody("DELETE", "/v1/profiles/-?anonymousId=ann%20of%20mail", "", "Authorization", "Bearer owner"), 202)["receipt"]
	key := profile.Identifier{Kind: profile.AnonymousID, Value: "ann of mail"}.ID()
	if got, want := b.told(), fmt.Sprintf("erase#%s by the owner from 192.0.2.1 of profile %s as  for \"\"", receipt, key); got != want {
		t.Errorf("the log tells %s, want %s", got, want)
	}
	if strings.Contains(b.told(), "ann") {
		t.Error("the log names the person")
	}
}
