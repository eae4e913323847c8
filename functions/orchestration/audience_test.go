package orchestration

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

func TestAudience(t *testing.T) {
	b := start(t, toAll)
	b.Pass(-time.Minute)
	b.Must(b.tick())
	if len(b.segmentation.Bodies()) != 0 {
		t.Fatal("asked before its time")
	}
	b.Pass(time.Minute)
	for range 2 {
		b.Must(b.tick())
	}
	var asked job.Segmentation
	if len(b.segmentation.Bodies()) != 1 || json.Unmarshal([]byte(b.segmentation.Bodies()[0]), &asked) != nil {
		t.Fatalf("asked %d times", len(b.segmentation.Bodies()))
	}
	want := job.Segmentation{Kind: job.Audience, RunID: "audience-c-1795262400", SegmentID: "vip", CampaignID: "c"}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
	list := &job.AudienceList{ID: "l", CampaignID: "c", RunID: asked.RunID, SegmentID: "vip", Profiles: []profile.ID{b.ann.ID, "nobody"}}
	for i := range 25 {
		who := b.Person(fmt.Sprint("u", i), join)
		list.Profiles = append(list.Profiles, who.ID)
	}
	b.change(join)
	for range 2 {
		if b.hear(job.Orchestration{Audience: list}) {
			t.Error("the list comes again")
		}
	}
	b.expect(26)
	n := b.asked()[0]
	if n.Step != "audience@2026-11-21T12:00:00Z" || !n.NotAfter.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("asked for %+v", n)
	}
	other := *list
	other.RunID = "audience-c-1"
	other.Profiles = []profile.ID{b.Person("late", join).ID}
	b.hear(job.Orchestration{Audience: &other})
	b.expect(26)
}

func TestAudienceIsNotAskedForTooLateOrWhenStopped(t *testing.T) {
	for _, c := range []struct {
		name string
		body string
		late time.Duration
		want int
	}{
		{"in time", toAll, 24 * time.Hour, 1},
		{"too late", toAll, 24*time.Hour + time.Second, 0},
		{"running", strings.Replace(toAll, "scheduled", "running", 1), 0, 1},
		{"cancelled", strings.Replace(toAll, "scheduled", "cancelled", 1), 0, 0},
		{"draft", strings.Replace(toAll, "scheduled", "draft", 1), 0, 0},
	} {
		b := start(t, c.body)
		b.Pass(c.late)
		b.Must(b.process.askAudiences(t.Context()))
		if got := len(b.segmentation.Bodies()); got != c.want {
			t.Errorf("%s: asked %d times", c.name, got)
		}
	}
}
