package profile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// told are the lines of the audit log in short, the oldest first.
func told(b *membertest.Bench) string {
	b.Helper()
	page, _, err := b.Process.Audit.List(b.Context(), audit.Query{Kind: audit.KindProfile, From: membertest.Noon.Add(-time.Hour)}, 200, "")
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
			b := membertest.Start(t)
			b.Whole()
			b.Hire()
			ann := string(profile.Identifier{Kind: profile.UserID, Value: "ann"}.ID())
			owner, err := b.Profiles.Load(t.Context(), profile.ID(ann))
			b.Must(err)
			owner.Attach(membertest.Device("own"))
			b.Must(b.Profiles.Save(t.Context(), owner))
			var want []string
			for _, role := range access.Roles() {
				status, body := b.As(role, c.method, c.path)
				if let := status < 300; let != role.May(c.least) || !let && status != 403 {
					t.Errorf("%s is answered %d", role, status)
				}
				if masked := body["masked"] == true; masked != (c.action == "" && role.May(c.least)) {
					t.Errorf("%s is shown them masked: %v", role, masked)
				}
				if role.May(c.least) && c.action != "" {
					want = append(want, fmt.Sprintf("%s#id-%d by the %s from 192.0.2.1 of profile %s as  for %q", c.action, len(want)+1, role, ann, c.reason))
				}
				b.Pass(time.Millisecond)
			}
			if w := b.Call(c.method, c.path, ""); w.Code >= 300 || strings.Contains(w.Body.String(), "masked") {
				t.Errorf("the server key is answered %d %s", w.Code, w.Body)
			}
			if c.action != "reveal" && c.action != "" {
				want = append(want, fmt.Sprintf("%s#id-%d by server key from 192.0.2.1 of profile %s as  for %q", c.action, len(want)+1, ann, c.reason))
			}
			if got := told(b); got != strings.Join(want, "; ") {
				t.Errorf("the log tells\n%s\nwant\n%s", got, strings.Join(want, "; "))
			}
			if c.action == "" {
				return
			}
			// Without the log nothing is shown or done, and of one that failed to answer a line may stand.
			for _, fault := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
				lines, jobs := strings.Count(told(b), c.action+"#"), len(b.Jobs())
				b.DB.Fail("TransactWriteItems", 1, fault)
				if w := b.Anybody(c.method, c.path, "", "Authorization", "Bearer owner"); w.Code != 503 || strings.Contains(w.Body.String(), "ann") || len(b.Jobs()) != jobs {
					t.Errorf("without a log: %d %s", w.Code, w.Body)
				}
				if n := strings.Count(told(b), c.action+"#") - lines; n != map[dynamotest.How]int{dynamotest.Persisted: 1}[fault] {
					t.Errorf("%v: %d more lines", fault, n)
				}
				b.Pass(time.Millisecond)
			}
		})
	}
}

// TestARevealTakesAReason refuses what says nothing, and writes nothing of it.
func TestARevealTakesAReason(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	b.Hire()
	for _, bad := range []string{"", "%20", "a&reason=b", "line%0Abreak", "%ff", strings.Repeat("a", 201)} {
		b.Want(b.Anybody("GET", "/v1/profiles/ann?reason="+bad, "", "Authorization", "Bearer owner"), 400, "reason")
	}
	if told := told(b); told != "" {
		t.Errorf("the log tells %s", told)
	}
	for _, good := range []string{strings.Repeat("%E5%AE%A2", 200), "%20a%20"} {
		if status, body := b.As(access.Editor, "GET", "/v1/profiles/ann?reason="+good); status != 200 || body["masked"] != nil {
			t.Errorf("%s: %d %v", good, status, body)
		}
		b.Pass(time.Millisecond)
	}
	if told := told(b); !strings.HasSuffix(told, `for "a"`) || !strings.Contains(told, strings.Repeat("客", 200)) {
		t.Errorf("the log tells %s", told)
	}
}

// TestARevealOfNobody is answered once, with what is wrong, and writes no line.
func TestARevealOfNobody(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	w := b.Anybody("GET", "/v1/profiles/-?reason=why", "", "Authorization", "Bearer owner")
	b.Want(w, 400, "asks for one of userId, anonymousId and profileId")
	if told := told(b); told != "" {
		t.Errorf("the log tells %s", told)
	}
}

// TestMaskedAnswers holds what is shown of a person field by field.
func TestMaskedAnswers(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	b.Save("ann@example.com", func(p *profile.Profile) {
		p.Traits = profile.Traits{}
		for name, value := range map[string]any{"name": "Mei Li", "email": "ann@example.com", "phone": "13812341234", "gender": "female", "plan": "tea", "age": 34.0, "13812341234": true} {
			p.Traits[name] = profile.Trait{Value: value, At: membertest.Noon}
		}
		p.Claims = map[string]profile.Claim{"claimed-device": {At: membertest.Noon}}
	})
	_, body := b.As(access.Viewer, "GET", "/v1/profiles/-?userId=ann%40example.com")
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

// TestTitlesAreMasked: what a page is called is free text, and shares its field with the names of what people do.
func TestTitlesAreMasked(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	ann := b.Save("ann", nil)
	kinds := []event.Kind{event.Track, event.Page, event.Screen}
	pack(b, ann.ID, len(kinds), func(i int) event.Event { return event.Event{Kind: kinds[i], UserID: "ann", Name: "Order Completed"} })
	names := func(items []any) (all string) {
		for _, item := range items {
			one := item.(map[string]any)
			all += fmt.Sprint(one["type"], " ", one["event"], one["name"], "; ")
		}
		return all
	}
	_, masked := b.As(access.Viewer, "GET", "/v1/profiles/ann/events")
	_, shown := b.As(access.Owner, "GET", "/v1/profiles/ann/events?reason=why")
	for _, kind := range kinds {
		if got, hidden := names(masked["items"].([]any)), kind != event.Track; strings.Contains(got, string(kind)+" Order Completed") == hidden {
			t.Errorf("masked: %s", got)
		}
		if got := names(shown["items"].([]any)); !strings.Contains(got, string(kind)) || strings.Count(got, "Order Completed") != len(kinds) {
			t.Errorf("revealed: %s", got)
		}
	}
}

// TestWhoWasErasedIsNamedByKeyAlone erases by an anonymous id of somebody who is known by another key.
func TestWhoWasErasedIsNamedByKeyAlone(t *testing.T) {
	b := membertest.Start(t)
	b.Whole()
	b.Hire()
	receipt := b.Want(b.Anybody("DELETE", "/v1/profiles/-?anonymousId=ann%20of%20mail", "", "Authorization", "Bearer owner"), 202)["receipt"]
	key := profile.Identifier{Kind: profile.AnonymousID, Value: "ann of mail"}.ID()
	if got, want := told(b), fmt.Sprintf("erase#%s by the owner from 192.0.2.1 of profile %s as  for \"\"", receipt, key); got != want {
		t.Errorf("the log tells %s, want %s", got, want)
	}
	if strings.Contains(told(b), "ann") {
		t.Error("the log names the person")
	}
}
