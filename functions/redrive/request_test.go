package redrive

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
)

// hire gives each role an operator, whose key is the name of the role.
func (b *bench) hire() {
	for _, role := range access.Roles() {
		b.process.Auth.Operators = append(b.process.Auth.Operators, access.Key{Name: "the " + string(role), Role: role, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(role)))})
	}
}

// as calls as the operator of a role, with the headers that are given.
func (b *bench) as(role access.Role, method, path, body string, headers ...string) (int, string) {
	b.Helper()
	w := functiontest.Call(b, b.process.Handler(), method, path, body, append(headers, "Authorization", "Bearer "+string(role))...)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// report is the answer to a redrive.
type report struct {
	ID, Queue string
	Before    time.Time
	Letters   []string
	Sent      int
	Failed    int
	Left      bool
}

// asks redrives the events as an approver, under a key.
func (b *bench) asks(key, body string) (status int, r report) {
	b.Helper()
	status, answer := b.as(access.Approver, "POST", "/v1/queues/events/redrive", body, "Idempotency-Key", key)
	b.Must(json.Unmarshal([]byte(answer), &r))
	return status, r
}

// page is a page of dead letters, each as <id> <job>.
func (b *bench) page(queue, query string) (letters []string, next string) {
	b.Helper()
	status, answer := b.as(access.Viewer, "GET", "/v1/queues/"+queue+"/letters"+query, "")
	var list struct {
		Items []struct {
			ID  string
			Job json.RawMessage
		}
		Next string
	}
	if b.Must(json.Unmarshal([]byte(answer), &list)); status != 200 {
		b.Fatalf("%d %s", status, answer)
	}
	for _, l := range list.Items {
		letters = append(letters, l.ID+" "+string(l.Job))
	}
	return letters, list.Next
}

// lines are those of the audit log about queues, as <who> <id> of <queue>.
func (b *bench) lines() (all []string) {
	b.Helper()
	lines, _, err := b.process.Audit.List(b.Context(), audit.Query{Kind: audit.KindQueue}, 100, "")
	b.Must(err)
	for _, l := range lines {
		all = append(all, l.By.Name+" "+l.ID+" of "+l.Of)
	}
	return all
}

// TestLettersAreTold to whoever may look, the newest first, page by page, without anything that somebody has sent.
func TestLettersAreTold(t *testing.T) {
	b := newBench(t)
	b.hire()
	sent := noon.Add(-time.Hour)
	b.keep(
		letter("dead-events", "m1", `{"source":"web","events":[{"type":"identify","userId":"secret-of-ann","traits":{"email":"ann@shop.example"}},{"type":"page"}]}`, sent),
		letter("dead-events", "m2", `{"command":{"id":"i","kind":"erase","profileId":"PROFILE","at":"2026-11-21T08:00:00Z"}}`, sent.Add(time.Second)),
		letter("dead-events", "m3", `ann@shop.example`, sent.Add(2*time.Second)),
		letter("dead-settlement", "m4", `{"follows":[{"id":"f","profileId":"PROFILE","kind":"order","ref":"secret-order"},{"id":"g","profileId":"PROFILE","kind":"order"}]}`, sent),
	)
	at := sent.UnixMilli()
	want := []string{fmt.Sprint(at+2000, `.m3 {"kind":"unreadable"}`), fmt.Sprint(at+1000, `.m2 {"kind":"erase","profileId":"PROFILE"}`), fmt.Sprint(at, `.m1 {"kind":"events","count":2,"source":"web"}`)}
	all, next := b.page("events", "")
	if !slices.Equal(all, want) || next != "" {
		t.Errorf("shown are %q, then %q; want %q", all, next, want)
	}
	one, next := b.page("events", "?limit=2")
	two, end := b.page("events", "?limit=2&cursor="+next)
	if !slices.Equal(slices.Concat(one, two), want) || len(one) != 2 || end != "" {
		t.Errorf("by pages %q, %q, then %q", one, two, end)
	}
	if got, _ := b.page("settlement", ""); !slices.Equal(got, []string{fmt.Sprint(at, `.m4 {"kind":"order","count":2,"profileId":"PROFILE"}`)}) {
		t.Errorf("of settlement are shown %q", got)
	}
	for _, path := range []string{"events", "settlement"} {
		if _, answer := b.as(access.Owner, "GET", "/v1/queues/"+path+"/letters", ""); strings.Contains(answer, "secret") || strings.Contains(answer, "ann@") {
			t.Errorf("personal data is shown: %s", answer)
		}
	}
	// One that is torn, and one that a redrive was cut off behind, are there still, and so is what becomes of them.
	b.Item("DeadLetters", map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "b#events#m1"}, "sk": &types.AttributeValueMemberS{Value: "00000"}, "b": &types.AttributeValueMemberB{Value: []byte("torn")}})
	b.DB.Fail("DeleteItem", 2, dynamotest.NotPersisted)
	if status, r := b.asks("k", `{"letters":["`+fmt.Sprint(at+1000)+`.m2"]}`); status != 200 || r.Sent != 1 || r.Failed != 1 {
		t.Errorf("%d %+v", status, r)
	}
	want = []string{want[0], fmt.Sprint(at+1000, `.m2 {"kind":"sentAgain"}`), fmt.Sprint(at, `.m1 {"kind":"unreadable"}`)}
	if got, _ := b.page("events", ""); !slices.Equal(got, want) {
		t.Errorf("shown are %q, want %q", got, want)
	}
	for path, want := range map[string]int{"nothing/letters": 404, "Events/letters": 404, "events/letters?limit=101": 400, "events/letters?cursor=x": 400, "events/letters?cursor=bTE": 400} {
		if status, answer := b.as(access.Viewer, "GET", "/v1/queues/"+path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	if status, _ := b.as(access.Viewer, "GET", "/v1/queues/events/letters", ""); status != 503 {
		t.Errorf("while the table is away: %d", status)
	}
}

// TestARedriveThatIsAskedFor sends what was dead then, once, whoever may; the same call again goes on with that and sends nothing that has failed since.
func TestARedriveThatIsAskedFor(t *testing.T) {
	b := newBench(t)
	b.hire()
	b.keep(letter("dead-events", "m1", "one", noon.Add(-time.Hour)), letter("dead-events", "m2", "two", noon.Add(-time.Minute)), letter("dead-settlement", "m3", "three", noon.Add(-time.Hour)))
	for _, role := range []access.Role{access.Viewer, access.Editor, "nobody"} {
		if status, answer := b.as(role, "POST", "/v1/queues/events/redrive", "{}"); status != http.StatusForbidden && (role != "nobody" || status != http.StatusUnauthorized) {
			t.Errorf("%s: %d %s", role, status, answer)
		}
	}
	if len(b.events.Bodies()) != 0 || len(b.lines()) != 0 {
		t.Fatal("whoever may not has sent something")
	}
	status, first := b.asks("k", "{}")
	if got := b.events.Bodies(); status != 200 || first.Queue != "events" || !first.Before.Equal(noon) || first.Sent != 2 || first.Failed != 0 || first.Left || !slices.Equal(slices.Sorted(slices.Values(got)), []string{"one", "two"}) {
		t.Errorf("%d %+v, sent %q", status, first, got)
	}
	if got, want := b.lines(), []string{"the approver redrive#" + first.ID + " of events"}; !slices.Equal(got, want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	// It has failed again meanwhile, and so has another.
	b.Set(noon.Add(time.Hour))
	b.keep(letter("dead-events", "m4", "one", noon.Add(time.Second)), letter("dead-events", "m5", "five", noon.Add(time.Minute)))
	if status, r := b.asks("k", "{}"); status != 200 || r.ID != first.ID || r.Sent != 0 || r.Left || len(b.events.Bodies()) != 2 || b.count("events") != 2 || len(b.lines()) != 1 {
		t.Errorf("again: %d %+v, %d sent", status, r, len(b.events.Bodies()))
	}
	if status, _ := b.asks("k", `{"letters":["1.m"]}`); status != http.StatusUnprocessableEntity {
		t.Errorf("the same key for another request: %d", status)
	}
	// Somebody else's key is another one, and without one each call is one of its own.
	if status, _ := b.as(access.Owner, "POST", "/v1/queues/events/redrive", "{}", "Idempotency-Key", "k"); status != 200 || b.count("events") != 0 || len(b.lines()) != 2 {
		t.Errorf("the owner: %d, %d left", status, b.count("events"))
	}
	if status, answer := b.as(access.Owner, "POST", "/v1/queues/settlement/redrive", "{}"); status != 200 || !strings.Contains(answer, `"sent":1,"left":false`) || len(b.lines()) != 3 {
		t.Errorf("without a key: %d %s", status, answer)
	}
}

// TestLettersThatAreNamed go alone; one that is gone was sent before.
func TestLettersThatAreNamed(t *testing.T) {
	b := newBench(t)
	b.hire()
	for i := range 3 {
		b.keep(letter("dead-events", fmt.Sprint("m", i), fmt.Sprint("body ", i), noon.Add(-time.Hour)))
	}
	id := func(message string) string { return fmt.Sprintf("%d.%s", noon.Add(-time.Hour).UnixMilli(), message) }
	body := fmt.Sprintf(`{"letters":[%q,%q,%q,%q]}`, id("m2"), id("m0"), id("m2"), id("gone"))
	for again := range 2 {
		status, r := b.asks("k", body)
		if status != 200 || r.Sent != 2-2*again || r.Left || !slices.Equal(r.Letters, []string{id("gone"), id("m0"), id("m2")}) || b.count("events") != 1 || len(b.events.Bodies()) != 2 {
			t.Errorf("call %d: %d %+v", again, status, r)
		}
	}
	for body, says := range map[string]string{
		"": "the body is empty", "{": "JSON", `{"letter":[]}`: "letter", `{"letters":[]}`: "is empty: without it all are sent",
		`{"letters":["m2"]}`: "is no id of a dead letter", `{"letters":["01.m"]}`: "letters[0]", `{"letters":["-1.m"]}`: "is no id", `{"letters":["1."]}`: "is no id", `{"letters":["1.` + strings.Repeat("m", 101) + `"]}`: "is no id",
		`{"letters":[` + strings.Repeat(`"1.m",`, 100) + `"1.m"]}`: "has more than 100",
	} {
		status, answer := b.as(access.Approver, "POST", "/v1/queues/events/redrive", body)
		if (status != 400 && status != 422) || !strings.Contains(answer, says) {
			t.Errorf("%.60s: %d %s", body, status, answer)
		}
	}
	if status, _ := b.as(access.Approver, "POST", "/v1/queues/nothing/redrive", "{}"); status != 404 {
		t.Errorf("of no queue: %d", status)
	}
	if len(b.lines()) != 1 || b.count("events") != 1 {
		t.Errorf("what was refused has done something: %q", b.lines())
	}
}

// TestAskingSurvivesEveryFailure: each write and each send is broken both ways, and the same call again ends the work: nothing is lost, one line tells of it, and a letter goes twice only where an answer was lost.
func TestAskingSurvivesEveryFailure(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, named := range []bool{false, true} {
			broken := 0
			for nth := 0; ; nth++ {
				b := newBench(t)
				b.hire()
				b.keep(letter("dead-events", "m1", "one", noon.Add(-time.Hour)), letter("dead-events", "m2", "two", noon.Add(-time.Minute)))
				if nth == 0 {
					b.events.Fail(1, how)
				} else {
					b.DB.Fail(dynamotest.AnyWrite, nth, how)
				}
				body := "{}"
				if named {
					body = fmt.Sprintf(`{"letters":["%d.m1","%d.m2"]}`, noon.Add(-time.Hour).UnixMilli(), noon.Add(-time.Minute).UnixMilli())
				}
				status, first := b.asks("k", body)
				if status == 200 && first.Sent == 2 && first.Failed == 0 {
					if broken < 6 {
						t.Errorf("only %d steps", broken)
					}
					break
				}
				broken++
				b.DB.Heal()
				b.Set(noon.Add(time.Minute))
				if status, r := b.asks("k", body); status != 200 || r.Failed != 0 || r.Left {
					t.Errorf("%s, step %d: then %d %+v", how, nth, status, r)
				}
				one, two := strings.Count(strings.Join(b.events.Bodies(), " "), "one"), strings.Count(strings.Join(b.events.Bodies(), " "), "two")
				if one < 1 || two < 1 || one+two > 3 || b.count("events") != 0 || len(b.lines()) != 1 {
					t.Errorf("%s, step %d: sent %q, %d left, lines %q", how, nth, b.events.Bodies(), b.count("events"), b.lines())
				}
			}
		}
	}
}
