package projection

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenInvocations hands over what AWS does, to a shop that knows nobody yet, and asks what it then knows of mei.
func TestGoldenInvocations(t *testing.T) {
	const first = "3f0c2a51-6b7d-4e02-9a55-7c1d0b9e0000"
	type wanted struct {
		before   string   // the file that was handed over earlier
		again    []string // messages that come again
		timeline []string // mei's, newest first
		revenue  int64
		told     []string // what settlement hears, without the person
	}
	want := map[string]wanted{
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
	functiontest.Golden(t, "projection", want, func(t *testing.T, name string, raw []byte, want wanted) {
		s := newShop(t)
		hand := func(raw []byte) events.SQSEventResponse {
			var in events.SQSEvent
			s.Must(json.Unmarshal(raw, &in))
			out, err := s.worker().Handle(t.Context(), in)
			s.Must(err)
			return out
		}
		if want.before != "" {
			before, err := os.ReadFile("../../events/projection/" + want.before + ".json")
			s.Must(err)
			hand(before)
		}
		out := hand(raw)
		var again []string
		for _, f := range out.BatchItemFailures {
			again = append(again, f.ItemIdentifier)
		}
		if !slices.Equal(again, want.again) || s.postponed != len(want.again) {
			t.Errorf("%v come again, %d of them later; want %v", again, s.postponed, want.again)
		}
		mei := s.knows(user("mei"))
		if !slices.Equal(mei.Timeline, want.timeline) {
			t.Errorf("the timeline is %v, want %v", mei.Timeline, want.timeline)
		}
		var revenue int64
		for _, m := range mei.Profile.Orders.Revenue() {
			revenue += m.Minor
		}
		if revenue != want.revenue {
			t.Errorf("revenue %d, want %d", revenue, want.revenue)
		}
		var told []string
		for _, f := range s.settlement.follows(t) {
			told = append(told, strings.TrimSuffix(f, " "+string(mei.Profile.ID)))
		}
		if !slices.Equal(told, want.told) {
			t.Errorf("settlement heard %q, want %q", told, want.told)
		}
	})
}
