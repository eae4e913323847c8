package projection

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// TestGoldenInvocations hands over what AWS does, to a shop that knows nobody yet, and asks what it then knows of mei.
func TestGoldenInvocations(t *testing.T) {
	const folder = "../../events/projection"
	const first = "3f0c2a51-6b7d-4e02-9a55-7c1d0b9e0000"
	want := map[string]struct {
		before   string   // the file that was handed over earlier
		again    []string // messages that come again
		timeline []string // mei's, newest first
		revenue  int64
		told     []string // what settlement hears, without the person
	}{
		"batch":           {timeline: []string{"o-1", "s-1", "i-1", "b-1"}, revenue: 12050, told: []string{"order A-1", "signup "}},
		"two-jobs":        {timeline: []string{"r-1", "o-1", "i-1", "b-1"}, revenue: 10000, told: []string{"order A-1"}},
		"twice":           {timeline: []string{"o-1"}, revenue: 12050, told: []string{"order A-1"}},
		"refund-first":    {timeline: []string{"r-1", "o-1"}, revenue: 10000, told: []string{"order A-1"}},
		"no-money":        {timeline: []string{"o-1"}},
		"nobody":          {},
		"newer-version":   {timeline: []string{"l-1", "o-1"}, revenue: 12050, told: []string{"order A-1"}},
		"not-a-job":       {again: []string{first}},
		"one-bad":         {again: []string{first}, timeline: []string{"o-1"}, revenue: 12050, told: []string{"order A-1"}},
		"erase":           {before: "batch", told: []string{"order A-1", "signup "}},
		"report-missing":  {again: []string{first}},
		"report-nothing":  {again: []string{first}},
		"unknown-command": {again: []string{first}},
		"empty":           {},
	}
	files, err := filepath.Glob(folder + "/*.json")
	if err != nil || len(files) != len(want) {
		t.Errorf("%d files in %s, %d expected", len(files), folder, len(want))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			hand := func(file string) events.SQSEventResponse {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var in events.SQSEvent
				if err := json.Unmarshal(raw, &in); err != nil {
					t.Fatal(err)
				}
				out, err := s.worker().Handle(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			w := want[name]
			if w.before != "" {
				hand(filepath.Join(folder, w.before+".json"))
			}
			out := hand(file)
			var again []string
			for _, f := range out.BatchItemFailures {
				again = append(again, f.ItemIdentifier)
			}
			if !slices.Equal(again, w.again) || s.postponed != len(w.again) {
				t.Errorf("%v come again, %d of them later; want %v", again, s.postponed, w.again)
			}
			mei := s.knows(user("mei"))
			if !slices.Equal(mei.Timeline, w.timeline) {
				t.Errorf("the timeline is %v, want %v", mei.Timeline, w.timeline)
			}
			var revenue int64
			for _, m := range mei.Profile.Orders.Revenue() {
				revenue += m.Minor
			}
			if revenue != w.revenue {
				t.Errorf("revenue %d, want %d", revenue, w.revenue)
			}
			var told []string
			for _, f := range s.settlement.follows(t) {
				told = append(told, strings.TrimSuffix(f, " "+string(mei.Profile.ID)))
			}
			if !slices.Equal(told, w.told) {
				t.Errorf("settlement heard %q, want %q", told, w.told)
			}
		})
	}
}
