package orchestration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestEveryReadOfAJobFails: the job comes again, and then all is as if nothing had been. Of somebody who was part of another the tombstone is
// asked as well.
func TestEveryReadOfAJobFails(t *testing.T) {
	for name, c := range map[string]struct {
		campaign string
		job      func(b *bench) job.Orchestration
	}{
		"of a part": {onEvent, func(b *bench) job.Orchestration {
			f := b.signUp(1)
			f.Part = "part"
			return job.Orchestration{Follows: []job.Follow{f}}
		}},
		"of an audience": {toAll, func(b *bench) job.Orchestration {
			return job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip", Profiles: []profile.ID{b.ann.ID}}}
		}},
	} {
		reads := 0
		for _, op := range []string{"GetItem", "Query"} {
			for nth := 1; ; nth++ {
				b := start(t, c.campaign)
				b.change(join)
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, dynamotest.NotPersisted)
				again := b.hear(c.job(b))
				if b.DB.Calls(op)-before < nth {
					break
				}
				reads++
				if !again {
					t.Errorf("%s, %s %d: the job does not come again", name, op, nth)
				}
				if b.expect(0); b.hear(c.job(b)) {
					t.Errorf("%s, %s %d: it comes again for ever", name, op, nth)
				}
				b.expect(1)
			}
		}
		if reads < 2 {
			t.Errorf("%s: %d reads", name, reads)
		}
	}
}

// TestEveryReadOfAMinuteFails: a wait, what dispatch has put off, and an audience whose time has come, at the same minute. Whichever read fails,
// everything has been told some minutes later, and what could be told at once was.
func TestEveryReadOfAMinuteFails(t *testing.T) {
	reads := 0
	for _, op := range []string{"GetItem", "Query"} {
		for nth := 1; ; nth++ {
			b := start(t, with(onEvent, `"wait":"10m"`))
			b.define(definition.Campaign, "d", strings.Replace(toAll, "12:00:00Z", "12:10:00Z", 1))
			b.define(definition.Campaign, "e", strings.Replace(toAll, "12:00:00Z", "12:10:00Z", 1))
			b.Must(b.tick())
			b.heard(b.signUp(1))
			body := functiontest.Body(b, job.Notification{ID: "put off", ProfileID: b.ann.ID, CampaignID: "c", CampaignVersion: 1, At: noon, Since: noon, Deferred: 1})
			b.Must(b.process.Due.Wait(t.Context(), due.OwnerOrchestration, b.ann.ID, noon.Add(10*time.Minute), "put off.1", []byte(body)))
			b.Pass(10 * time.Minute)
			before := b.DB.Calls(op)
			b.DB.Fail(op, nth, dynamotest.NotPersisted)
			failed := b.tick()
			if b.DB.Calls(op)-before < nth {
				if failed != nil {
					t.Errorf("without a fault: %v", failed)
				}
				break
			}
			reads++
			b.DB.Heal()
			told := len(b.asked())
			if failed == nil && told == 2 && len(b.segmentation.Bodies()) == 1 {
				t.Errorf("%s %d: the failure is nowhere to be seen", op, nth)
			}
			if failed == nil && told == 0 {
				t.Errorf("%s %d: one failure held up all others", op, nth)
			}
			for range 4 {
				b.Pass(time.Minute)
				b.Must(b.tick())
			}
			b.expect(2)
			asked := map[string]bool{}
			for _, body := range b.segmentation.Bodies() {
				for _, campaign := range []string{"d", "e"} {
					if strings.Contains(body, `"`+campaign+`"`) {
						asked[campaign] = true
					}
				}
			}
			if len(asked) != 2 {
				t.Errorf("%s %d: audiences of %v were asked for", op, nth, asked)
			}
		}
	}
	if reads < 6 {
		t.Errorf("only %d reads", reads)
	}
}

// TestWhatCannotBeHandedOnStays: a kept part of an audience becomes a job, and is looked at again while it cannot.
func TestWhatCannotBeHandedOnStays(t *testing.T) {
	b := start(t, strings.Replace(toAll, "scheduled", "paused", 1))
	b.Must(b.tick())
	list := &job.AudienceList{ID: "l", CampaignID: "c", RunID: "audience-c-1795262400", SegmentID: "vip", Profiles: []profile.ID{b.ann.ID}}
	if b.hear(job.Orchestration{Audience: list}) {
		t.Fatal("the list comes again")
	}
	b.Pass(time.Minute)
	b.self.Fail(1, dynamotest.NotPersisted)
	b.Must(b.tick())
	if n := len(b.self.Take()); n != 0 {
		t.Fatalf("%d were handed on", n)
	}
	b.Pass(retryAfter - time.Second)
	b.Must(b.tick())
	if n := len(b.self.Take()); n != 0 {
		t.Errorf("%d were handed on before the time was over", n)
	}
	b.Pass(time.Minute)
	b.Must(b.tick())
	var j job.Orchestration
	if got := b.self.Take(); len(got) != 1 || json.Unmarshal([]byte(got[0]), &j) != nil || j.Audience == nil || j.Audience.ID != "l" {
		t.Errorf("handed on %s", got)
	}
}

// TestAListOfNoName is of no use: nobody can tell which audience it was.
func TestAListOfNoName(t *testing.T) {
	for _, run := range []string{"", "audience-c-", "audience-c-x", "audience-other-1795262400", "run-1"} {
		b := start(t, toAll)
		b.change(join)
		if b.hear(job.Orchestration{Audience: &job.AudienceList{ID: "l", CampaignID: "c", RunID: run, SegmentID: "vip", Profiles: []profile.ID{b.ann.ID}}}) {
			t.Errorf("%q comes again", run)
		}
		b.expect(0)
		if got := fmt.Sprint(b.decisions(b.ann)); got != "[]" {
			t.Errorf("%q: %s", run, got)
		}
	}
	if got := campaign.ListedAt("audience-c-1795262400", "c"); !got.Equal(noon) || got.Location() != time.UTC {
		t.Errorf("listed at %v", got)
	}
}

// TestWhenAPauseIsAskedAbout: a quarter of how long it lasts, within a minute and half an hour, and right when it is too late.
func TestWhenAPauseIsAskedAbout(t *testing.T) {
	for _, c := range []struct{ late, left, want time.Duration }{
		{0, time.Hour, time.Minute}, {4 * time.Minute, time.Hour, time.Minute}, {40 * time.Minute, time.Hour, 10 * time.Minute}, {9 * time.Hour, time.Hour, 30 * time.Minute},
		{9 * time.Hour, 20 * time.Minute, 20*time.Minute + time.Millisecond}, {9 * time.Hour, 30*time.Minute - time.Millisecond, 30 * time.Minute}, {0, 0, time.Millisecond},
	} {
		if got := again(noon.Add(c.late), noon, noon.Add(c.late+c.left)).Sub(noon.Add(c.late)); got != c.want {
			t.Errorf("%v late, %v left: after %v, want %v", c.late, c.left, got, c.want)
		}
	}
	if got := again(noon.Add(9*time.Hour), noon, time.Time{}); !got.Equal(noon.Add(9*time.Hour + 30*time.Minute)) {
		t.Errorf("without an end: %v", got)
	}
}
