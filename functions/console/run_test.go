package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
)

func TestStartingARun(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		status int
		asOf   string
		want   string // a part of the errors
	}{
		"today":         {``, 202, "", ""},
		"empty object":  {`{}`, 202, "", ""},
		"this day":      {`{"asOf":"2026-11-21"}`, 202, "2026-11-21", ""},
		"a past day":    {`{"asOf":"2025-01-31"}`, 202, "2025-01-31", ""},
		"tomorrow":      {`{"asOf":"2026-11-22"}`, 422, "", "asOf 2026-11-22 is yet to come"},
		"no date":       {`{"asOf":"last week"}`, 422, "", `asOf "last week" is not a date such as 2026-11-21`},
		"another field": {`{"as_of":"2026-11-21"}`, 422, "", "as_of is not known here"},
		"twice":         {`{"asOf":"2026-11-21","asOf":"2026-11-20"}`, 422, "", "asOf is there twice"},
		"no JSON":       {`{"asOf":"2026-11-20"} x`, 400, "", ""},
		"too large":     {`{"asOf":"` + strings.Repeat("1", maxRunBody) + `"}`, 413, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			body := b.must(c.status, "POST", "/v1/runs", c.body)
			if c.status != 202 {
				if got := errorsOf(t, body); !strings.Contains(got, c.want) || len(b.asked()) != 0 {
					t.Errorf("errors are %q, want %q; jobs %v", got, c.want, b.asked())
				}
				return
			}
			if strings.TrimSpace(body) != `{"runId":"run-1"}` {
				t.Errorf("answer is %s", body)
			}
			want := job.Segmentation{Kind: job.Plan, RunID: "run-1", AsOf: c.asOf}
			if len(b.asked()) != 1 || !reflect.DeepEqual(b.asked()[0], want) {
				t.Errorf("jobs are %+v, want %+v", b.asked(), want)
			}
			if shown := b.must(200, "GET", "/v1/runs/run-1", ""); !strings.Contains(shown, `"state":"planned"`) {
				t.Errorf("the run is shown as %s", shown)
			}
		})
	}
}

func TestARunWithAnIdempotencyKeyStartsOnce(t *testing.T) {
	b := newBench(t)
	post := func(status int, body string) string {
		return strings.TrimSpace(b.must(status, "POST", "/v1/runs", body, "Idempotency-Key", "k1"))
	}
	if got := post(202, `{}`); got != `{"runId":"run-1"}` {
		t.Fatalf("answer is %s", got)
	}
	b.Set(start.Add(idempotency.Life - time.Second))
	if got := post(202, `{}`); got != `{"runId":"run-1"}` {
		t.Errorf("the same call just within 24 h is answered %s", got)
	}
	if got := post(422, `{"asOf":"2026-11-01"}`); !strings.Contains(got, "another body") {
		t.Errorf("another body is answered %s", got)
	}
	for _, one := range b.asked() {
		if one.RunID != "run-1" {
			t.Errorf("a job asks for %s", one.RunID)
		}
	}
	before := len(b.asked())
	_, err := b.process.Runs.Create(t.Context(), score.Run{ID: "run-1", CreatedAt: b.Now()})
	b.Must(err)
	post(202, `{}`)
	if len(b.asked()) != before {
		t.Error("a run that has begun was asked for again")
	}
	b.Set(start.Add(idempotency.Life))
	if got := post(202, `{}`); got == `{"runId":"run-1"}` {
		t.Errorf("after 24 h the key gives the old run: %s", got)
	}
}

func TestARunWhoseJobWasNotSentIsSentByTheNextTry(t *testing.T) {
	b := newBench(t)
	b.jobs.Break(errors.New("the queue is away"))
	b.must(503, "POST", "/v1/runs", `{}`, "Idempotency-Key", "k1")
	b.jobs.Heal()
	b.must(202, "POST", "/v1/runs", `{}`, "Idempotency-Key", "k1")
	if len(b.asked()) != 1 || b.asked()[0].RunID != "run-1" {
		t.Errorf("jobs are %+v, want one for run-1", b.asked())
	}
}

func TestRunsAreShown(t *testing.T) {
	b := newBench(t)
	b.must(404, "GET", "/v1/runs/run-9", "")
	for i := range 3 {
		run := score.Run{ID: fmt.Sprintf("run-%d", i), CreatedAt: start.Add(time.Duration(i) * time.Hour), Shards: 4}
		_, err := b.process.Runs.Create(t.Context(), run)
		b.Must(err)
	}
	b.Must(b.process.Runs.SaveFindings(t.Context(), "run-0", score.Findings{Profiles: 7, Counts: score.Counts{"class8": {"111": 2}}}))
	b.Must(b.process.Runs.SaveOutcome(t.Context(), "run-0", score.Outcome{Changed: 5, FinishedAt: start}))
	shown := b.must(200, "GET", "/v1/runs/run-0", "")
	for _, want := range []string{`"state":"finished"`, `"shards":4`, `"profiles":7`, `"changed":5`, `"counts":{"class8":{"111":2}}`, `"breakpoints":`} {
		if !strings.Contains(shown, want) {
			t.Errorf("the run lacks %s: %s", want, shown)
		}
	}
	list := b.must(200, "GET", "/v1/runs?limit=2", "")
	if !strings.Contains(list, "run-2") || !strings.Contains(list, "run-1") || strings.Contains(list, "run-0") || !strings.Contains(list, `"next":`) {
		t.Errorf("the list is %s, want the newest two", list)
	}
	b.must(400, "GET", "/v1/runs?cursor=%25", "")
}

// crowd makes n people of whom the first k are buyers of three orders.
func crowd(n, k int) []*profile.Profile {
	page := make([]*profile.Profile, n)
	for i := range page {
		page[i] = &profile.Profile{ID: profile.ID(fmt.Sprint(i)), Memory: profile.Memory{FirstSeen: start, LastSeen: start}}
		if i < k {
			entry := profile.OrderEntry{At: start, Net: 100, Currency: "CNY"}
			page[i].Orders = profile.Orders{Count: 3, Entries: []profile.OrderEntry{entry, entry, entry}}
			page[i].Scores.Class8 = "111"
		}
	}
	return page
}

func TestPreviewOfEverybodyIsExact(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(30, 3)}, 5: {crowd(10, 1)}}
	want := `{"segment":"vip","sampled":40,"matched":4,"exact":true,"share":{"estimate":0.1,"low":0.1,"high":0.1},"profiles":40,"audience":{"estimate":4,"low":4,"high":4},"reach":[`
	if got := b.must(200, "POST", "/v1/segments/vip/preview", ""); !strings.HasPrefix(got, want) || !strings.HasSuffix(strings.TrimSpace(got), `,"people":["0","1","2","0"]}`) {
		t.Errorf("preview is %s\nwant %s", got, want)
	}
	b.process.Profiles = population{0: {crowd(30, 9)}}
	if got := b.must(200, "POST", "/v1/segments/vip/preview", ""); !strings.HasSuffix(strings.TrimSpace(got), `,"people":["0","1","2","3","4"]}`) {
		t.Errorf("nine who match are shown as %s, want five of them", got)
	}
	b.process.Profiles = population{0: {crowd(30, 0)}}
	if got := b.must(200, "POST", "/v1/segments/vip/preview", ""); strings.Contains(got, "people") {
		t.Errorf("nobody matches, and the preview is %s", got)
	}
}

// TestPreviewOfStoredPeople samples the real store: who came back after an erasure is among the people, who cannot be read is counted.
func TestPreviewOfStoredPeople(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = b.Profiles
	for i, one := range crowd(5, 2) {
		if one.ID = (profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint(i)}).ID(); i%2 == 1 {
			one.ErasedAt = start.Add(-time.Hour)
		}
		b.Must(b.Profiles.Save(t.Context(), one))
	}
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	for id, rest := range map[string]map[string]types.AttributeValue{
		"torn": {"b": &types.AttributeValueMemberB{Value: []byte{1, 200, 1}}}, "gone": {"erased": &types.AttributeValueMemberN{Value: "1"}}, "pointer": {"to": text("x")},
	} {
		rest["pk"], rest["sk"] = text("p#"+id), text("p")
		b.Item("Profiles", rest)
	}
	want := `{"segment":"vip","sampled":5,"matched":2,"unreadable":1,"exact":true,"share":{"estimate":0.4,"low":0.4,"high":0.4},"profiles":5,"audience":{"estimate":2,"low":2,"high":2},"reach":[`
	if got := b.must(200, "POST", "/v1/segments/vip/preview", ""); !strings.HasPrefix(got, want) {
		t.Errorf("preview is %s\nwant %s", got, want)
	}
}

func TestPreviewOfASampleHasAnInterval(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(100, 10), crowd(100, 100)}}
	if got := b.must(200, "POST", "/v1/segments/vip/preview", ""); strings.Contains(got, `"audience":`) || !strings.Contains(got, `"exact":false`) {
		t.Errorf("without a run the preview is %s, want no audience", got)
	}
	_, err := b.process.Runs.Create(t.Context(), score.Run{ID: "r", CreatedAt: start})
	b.Must(err)
	b.Must(errors.Join(b.process.Runs.SaveFindings(t.Context(), "r", score.Findings{Profiles: 200}), b.process.Runs.SaveOutcome(t.Context(), "r", score.Outcome{})))
	got := b.must(200, "POST", "/v1/segments/vip/preview", "")
	for _, want := range []string{`"sampled":100,"matched":10`, `"estimate":0.1,`, `"profiles":200`, `"audience":{"estimate":20,"low":11,"high":35}`} {
		if !strings.Contains(got, want) {
			t.Errorf("preview is %s, want %s", got, want)
		}
	}
}

func TestPreviewOfACampaignIsThatOfItsTriggersSegment(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.process.Profiles = population{0: {crowd(10, 4)}}
	for name, c := range map[string]struct {
		trigger, body string
		status        int
		want          string
	}{
		"who enters":   {`{"enteredSegment":"vip"}`, "", 200, `"segment":"vip","sampled":10,"matched":4`},
		"who leaves":   {`{"exitedSegment":"class8:111"}`, "{}", 200, `"segment":"class8:111","sampled":10,"matched":4`},
		"an audience":  {`{"audience":{"segmentId":"vip","at":"2026-11-27T02:00:00Z"}}`, "", 200, `"audience":{"estimate":4,"low":4,"high":4}`},
		"an event":     {`{"event":{"name":"Signed Up"}}`, "", 422, `"field":"trigger","reason":"is an event, which has no audience: it takes each person when they do it"`},
		"a body":       {`{"enteredSegment":"vip"}`, `{"rule":{}}`, 400, `"field":"rule","reason":"is not known here"`},
		"no such one":  {"", "", 404, `"detail":"there is no campaign \"c\""`},
		"a broken one": {"", "{", 400, "it ends too early at byte 1"},
	} {
		t.Run(name, func(t *testing.T) {
			b.call("DELETE", "/v1/campaigns/c", "")
			if c.trigger != "" {
				b.must(201, "PUT", "/v1/campaigns/c", strings.Replace(thanks, `{"enteredSegment":"vip"}`, c.trigger, 1))
			}
			if got := b.must(c.status, "POST", "/v1/campaigns/c/preview", c.body); !strings.Contains(got, c.want) {
				t.Errorf("answer is %s, want %s", got, c.want)
			}
		})
	}
	b.call("PUT", "/v1/campaigns/c", thanks)
	first := b.must(200, "POST", "/v1/campaigns/c/preview", "", "Idempotency-Key", "k1")
	b.process.Profiles = population{0: {crowd(10, 5)}}
	if again := b.must(200, "POST", "/v1/campaigns/c/preview", "", "Idempotency-Key", "k1"); again != first {
		t.Errorf("the same call is answered %s, before %s", again, first)
	}
}

func TestPreviewAsksWhatItIsGiven(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(10, 4)}}
	for name, c := range map[string]struct {
		id, body string
		status   int
		want     string
	}{
		"a saved segment":         {"vip", "", 200, `"matched":4`},
		"a derived segment":       {"class8:111", "", 200, `"matched":4`},
		"an unsaved rule":         {"new", `{"rule":{"not":{"segment":"vip"}}}`, 200, `"matched":6`},
		"an unsaved other rule":   {"vip", `{"rule":{"field":"orders.paid","op":"eq","value":0}}`, 200, `"matched":6`},
		"no such segment":         {"new", "", 404, "there is no segment"},
		"no such derived segment": {"class8:222", "", 404, "there is no segment"},
		"a bad rule":              {"new", `{"rule":{"segment":"nobody"}}`, 422, "nobody is not a segment"},
		"a misspelt body":         {"new", `{"rules":{}}`, 400, "is not known here"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.must(c.status, "POST", "/v1/segments/"+c.id+"/preview", c.body); !strings.Contains(got, c.want) {
				t.Errorf("answer is %s, want %s", got, c.want)
			}
		})
	}
}

func TestPreviewWithAnIdempotencyKeyIsAnsweredAlike(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(10, 4)}}
	first := b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1")
	b.process.Profiles = population{0: {crowd(10, 5)}}
	if again := b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1"); again != first {
		t.Errorf("the same call is answered %s, then %s", first, again)
	}
	if other := b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k2"); !strings.Contains(other, `"matched":5`) {
		t.Errorf("another key is answered %s", other)
	}
	b.must(422, "POST", "/v1/segments/vip/preview", `{"rule":{"field":"orders.paid","op":"gte","value":1}}`, "Idempotency-Key", "k1")
	b.must(400, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", strings.Repeat("k", httpapi.MaxKey+1))
	b.Set(start.Add(idempotency.Life))
	if later := b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1"); !strings.Contains(later, `"matched":5`) {
		t.Errorf("after 24 h the key is answered %s", later)
	}
}

// TestAQuestionOfOnesOwnHasALine: a rule that only one person meets tells of that person, so that whoever asks it is written down first, with the fields.
func TestAQuestionOfOnesOwnHasALine(t *testing.T) {
	b := newBench(t)
	b.hire(access.Editor)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(10, 4)}}
	const question = `{"rule":{"all":[{"field":"traits.email","op":"eq","value":"mei@shop.example"},{"performed":{"event":"Signed In"}},{"not":{"field":"traits.email","op":"exists"}}]}}`
	before := len(b.lines())
	for _, body := range []string{"", `{}`} {
		if status, answer := b.as(access.Editor, "POST", "/v1/segments/vip/preview", body); status != 200 || len(b.lines()) != before {
			t.Errorf("%q is answered %d %s, with %d lines", body, status, answer, len(b.lines())-before)
		}
	}
	if status, answer := b.as(access.Editor, "POST", "/v1/segments/who/preview", question); status != 200 {
		t.Fatalf("answered %d %s", status, answer)
	}
	lines := b.lines()
	if len(lines) != before+1 {
		t.Fatalf("%d lines", len(lines)-before)
	}
	l := lines[slices.IndexFunc(lines, func(l audit.Line) bool { return l.Action != audit.Save })]
	if l.Action != audit.Ask || l.Kind != "segment" || l.Of != "who" || l.By.Name != "the editor" || !slices.Equal(l.Fields, []string{"events.Signed In", "traits.email"}) {
		t.Errorf("the line is %+v", l)
	}
	if text, err := json.Marshal(l); err != nil || strings.Contains(string(text), "mei@") {
		t.Errorf("the line holds what was asked for: %s", text)
	}
	b.DB.Fail("TransactWriteItems", 1, dynamotest.NotPersisted)
	if status, answer := b.as(access.Editor, "POST", "/v1/segments/who/preview", question); status != 503 || strings.Contains(answer, "matched") {
		t.Errorf("without a line the answer is %d %s", status, answer)
	}
}

// TestAnIdempotencyKeyIsItsCallers: what an editor may ask is not told to a viewer who has the editor's key and question, and two who use one key start two runs.
func TestAnIdempotencyKeyIsItsCallers(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor, access.Approver)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {crowd(10, 4)}}
	const question = `{"rule":{"field":"orders.paid","op":"gte","value":1}}`
	for range 2 {
		if status, body := b.as(access.Editor, "POST", "/v1/segments/vip/preview", question, "Idempotency-Key", "k1"); status != 200 {
			t.Fatalf("the editor is answered %d %s", status, body)
		}
	}
	if status, body := b.as(access.Viewer, "POST", "/v1/segments/vip/preview", question, "Idempotency-Key", "k1"); status != 403 || strings.Contains(body, "matched") {
		t.Errorf("the viewer is answered %d %s", status, body)
	}
	for _, role := range []access.Role{access.Editor, access.Approver, access.Editor, access.Approver} {
		if status, body := b.as(role, "POST", "/v1/runs", `{}`, "Idempotency-Key", "k1"); status != 202 {
			t.Fatalf("%s is answered %d %s", role, status, body)
		}
	}
	runs := map[string]bool{}
	for _, j := range b.asked() {
		runs[j.RunID] = true
	}
	if len(runs) != 2 {
		t.Errorf("%d runs are started by two", len(runs))
	}
}

// The bounds are those of the closed formula, computed by hand for z = 1.96.
func TestWilson(t *testing.T) {
	for name, c := range map[string]struct {
		k, n                int
		estimate, low, high float64
	}{
		"ten of a hundred": {10, 100, 0.1, 0.0552, 0.1744},
		"half of twenty":   {10, 20, 0.5, 0.2993, 0.7007},
		"none of ten":      {0, 10, 0, 0, 0.2775},
		"all of ten":       {10, 10, 1, 0.7225, 1},
		"none of none":     {0, 0, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := wilson(c.k, c.n)
			for _, pair := range [][2]float64{{got.Estimate, c.estimate}, {got.Low, c.low}, {got.High, c.high}} {
				if math.Abs(pair[0]-pair[1]) > 0.00005 {
					t.Errorf("wilson(%d, %d) = %+v, want %v %v %v", c.k, c.n, got, c.estimate, c.low, c.high)
				}
			}
		})
	}
}
