package segmentation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func TestAudience(t *testing.T) {
	const people = 5000
	listing := "audience-" + strings.Repeat("c", 64) + "-1795374000"
	w := newWorld(t, 1, 3, nil)
	w.profiles.page = 700
	var want []profile.ID
	for i := range people {
		p := w.visitor(1)
		switch {
		case i%10 > 0:
			p.Members = map[string]profile.Membership{"vip": {}}
			p.Scores.Class8 = "100"
			want = append(want, p.ID)
		default:
			p.Members = map[string]profile.Membership{"other": {}}
			p.Scores.Class8 = "111"
		}
	}
	slices.Sort(want)
	for name, c := range map[string]struct {
		segment string
		late    float64
		want    int
	}{
		"defined":                 {"vip", 0, people * 9 / 10},
		"defined, handed over":    {"vip", 0.5, people * 9 / 10},
		"derived":                 {"class8:111", 0, people / 10},
		"nobody is in it":         {"none", 0, 0},
		"a derived one of nobody": {"class8:000", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w.process.Late = func(context.Context) bool { return w.random.Float64() < c.late }
			list := func() (ids []profile.ID, lists map[string]int) {
				w.orchestration.Take()
				body := functiontest.Body(t, job.Segmentation{Kind: job.Audience, RunID: listing, SegmentID: c.segment, CampaignID: "c1"})
				w.jobs.Put(body)
				w.drain(0)
				lists = map[string]int{}
				for _, body := range w.orchestration.Bodies() {
					var o job.Orchestration
					if err := json.Unmarshal([]byte(body), &o); err != nil {
						t.Fatal(err)
					}
					l := o.Audience
					if l == nil || l.CampaignID != "c1" || l.RunID != listing || l.SegmentID != c.segment || len(l.Profiles) > 2000 || len(body) > 64<<10 {
						t.Fatalf("a list of %d bytes: %.200s", len(body), body)
					}
					ids = append(ids, l.Profiles...)
					lists[l.ID] = len(l.Profiles)
				}
				slices.Sort(ids)
				return ids, lists
			}
			ids, lists := list()
			if len(ids) != c.want || len(slices.Compact(slices.Clone(ids))) != c.want {
				t.Errorf("%d listed, want %d", len(ids), c.want)
			}
			if c.segment == "vip" && !slices.Equal(ids, want) {
				t.Error("others are listed than the members")
			}
			if c.late == 0 {
				if _, again := list(); fmt.Sprint(again) != fmt.Sprint(lists) {
					t.Errorf("listed again, the lists are %v, before %v", again, lists)
				}
			}
		})
	}
}

func TestTheSettingsOfTheShopCount(t *testing.T) {
	w := newWorld(t, 1, 2, shelf{}.with(definition.Settings, "other", `{}`).with(definition.Settings, score.ScoringSetting, `{"activeDays":50,"quietDays":200,"class8":"median"}`))
	smallShop(w)
	run := w.run(job.Segmentation{RunID: "r"}, 0)
	if run.Outcome == nil || run.Scoring.ActiveDays != 50 || run.Scoring.CoolingDays != 90 {
		t.Fatalf("the run: %+v", run)
	}
	if got := run.Counts["class15"]; got["active-11"] != 1 || got["active-00"] != 1 || got["cooling-00"] != 0 {
		t.Errorf("class15: %v", got)
	}
	if got := run.Counts["lifecycle"]; got["silent"]+got["dormant"]+got["churned"] != 0 {
		t.Errorf("lifecycle: %v", got)
	}
	if run.Lines.M.Float() == run.Means.M.Float() {
		t.Errorf("class8 goes by %v, the mean", run.Lines.M)
	}

	bad := newWorld(t, 1, 2, shelf{}.with(definition.Settings, score.ScoringSetting, `{"activeDays":-1}`))
	if !bad.invoke(`{"kind":"plan","runId":"r"}`) {
		t.Error("a plan with faulty settings does not come again")
	}
	if len(bad.runs.runs) > 0 {
		t.Error("a run was made with faulty settings")
	}
}

func TestTodayIsTheShopsDate(t *testing.T) {
	w := newWorld(t, 1, 1, nil) // 2026-11-22 03:00 in Shanghai
	for asOf, want := range map[string]string{"": "2026-11-22", "2026-11-22": "2026-11-22", "2026-11-21": "2026-11-21 reports", "2026-11-23": "none", "today": "none"} {
		run := w.run(job.Segmentation{RunID: "r" + asOf, AsOf: asOf}, 0)
		got := "none"
		if run.ID != "" {
			if got = run.AsOf.String(); run.ReportOnly {
				got += " reports"
			}
		}
		if got != want {
			t.Errorf("as of %q: %s, want %s", asOf, got, want)
		}
	}
}

// TestGoldenInvocations hands the function what the files of events/segmentation say that AWS hands it.
func TestGoldenInvocations(t *testing.T) {
	type wanted struct {
		jobs int    // that are sent on the function's own queue
		err  string // part of the invocation's error
	}
	want := map[string]wanted{
		"nightly":          {jobs: 2},
		"plan":             {jobs: 2},
		"plan-past":        {jobs: 2},
		"plan-future":      {},
		"audience":         {jobs: 2},
		"audiences":        {jobs: 2},
		"members":          {}, // no list waits
		"ask-no-run":       {},
		"collect-no-run":   {},
		"unknown-kind":     {},
		"not-a-job":        {},
		"unknown-schedule": {err: `schedule "hourly"`},
	}
	functiontest.Golden(t, "segmentation", want, func(t *testing.T, name string, raw []byte, want wanted) {
		w := newWorld(t, 1, 2, nil)
		answer, err := w.process.Handle(t.Context(), raw)
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("answers %v, want an error with %s", err, want.err)
			}
			return
		}
		w.Must(err)
		if batch, ok := answer.(events.SQSEventResponse); ok && (len(batch.BatchItemFailures) > 0) != (name == "not-a-job") {
			t.Errorf("%d records come again", len(batch.BatchItemFailures))
		}
		if len(w.jobs.Bodies()) != want.jobs {
			t.Errorf("%d jobs are sent, want %d", len(w.jobs.Bodies()), want.jobs)
		}
	})
}

func TestNewIsWiredToTheSettings(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	p := New(Settings{ProfilesTable: "P", RunsTable: "R", CatalogTable: "C", Zone: zone, Currency: money.Currency("EUR"), Bucket: "B", DueTable: "D"}, nil, nil, nil, time.Now)
	if p.Shards != 1 || p.Shop != (profile.Shop{Zone: zone, Currency: "EUR"}) || p.Profiles.(people.Profiles).Table != "P" ||
		p.Runs.(runs.Runs).Table != "R" || p.Catalog.(catalog.Catalog).Table != "C" || p.Objects.(bucket.Bucket).Name != "B" || p.Waiting.(due.Due).Table != "D" {
		t.Errorf("wired as %+v", p)
	}
	soon, cancel := context.WithTimeout(context.Background(), reserve/2)
	defer cancel()
	far, cancelFar := context.WithTimeout(context.Background(), 10*reserve)
	defer cancelFar()
	if !p.Late(soon) || p.Late(far) || p.Late(context.Background()) {
		t.Error("late is not near the deadline")
	}
}

func TestARunForAPastDateOnlyReports(t *testing.T) {
	w := newWorld(t, 1, 3, defined)
	smallShop(w)
	versions := w.versions()
	today := score.Date(w.process.Shop.Day(w.Now()))
	run := w.run(job.Segmentation{RunID: "past", AsOf: (today - 30).String()}, 0)
	if run.Outcome == nil || !run.ReportOnly || run.Changed != 0 || len(run.Segments) != 0 {
		t.Fatalf("the run: %+v", run)
	}
	// Thirty days ago the buyer of yesterday, the one of 5 days ago and the visitor of 3 days ago were not there.
	if run.Profiles != 4 || run.Buyers != 3 || run.Counts["class15"]["idle"] != 1 || run.Counts["class15"]["active-00"] != 1 {
		t.Errorf("%d profiles, %d buyers, counts %v", run.Profiles, run.Buyers, run.Counts)
	}
	// Their last orders were 10, 70 and 95 days before.
	if got := run.Means.R; got != (score.Line{Total: 175, Count: 3}) {
		t.Errorf("the mean of R is %+v", got)
	}
	for id, p := range w.profiles.all {
		if p.Version != versions[id] {
			t.Errorf("profile %s was written", id)
		}
	}
	if len(w.orchestration.Bodies())+len(w.settlement.Bodies()) > 0 {
		t.Error("a report told somebody something")
	}
	body := functiontest.Body(t, job.Segmentation{Kind: job.Score, RunID: "past"})
	if w.invoke(body) {
		t.Error("a score job of a report comes again")
	}
	for id, p := range w.profiles.all {
		if p.Version != versions[id] {
			t.Errorf("profile %s was written by a score job", id)
		}
	}
}
