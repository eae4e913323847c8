package projection

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/telemetry/telemetrytest"
)

// counted is what a metric comes to by source while do runs.
func counted(t *testing.T, metric string, do func()) map[string]int {
	t.Helper()
	sums := map[string]int{}
	for _, line := range telemetrytest.Lines(t, metric, do) {
		source, _ := line["source"].(string)
		sums[source] += int(line[metric].(float64))
	}
	return sums
}

func TestDuplicatesWithOtherContentAreCountedBySource(t *testing.T) {
	first := with(track("m", "mei", "Product Viewed", t0, `{"product_id":"p1"}`), `{"locale":"zh-CN"}`)
	change := func(f func(*event.Event)) event.Event {
		e := first
		f(&e)
		return e
	}
	for name, c := range map[string]struct {
		again event.Event
		other bool
	}{
		"the same":                           {first, false},
		"sent later, received later":         {change(func(e *event.Event) { e.SentAt, e.ReceivedAt = t0.Add(time.Minute), t0.Add(time.Minute) }), false},
		"another clock of the client's":      {change(func(e *event.Event) { e.Timestamp = t0.Add(time.Second) }), false},
		"another retry count in the context": {change(func(e *event.Event) { e.Context = json.RawMessage(`{"retry":2}`) }), false},
		"white space":                        {change(func(e *event.Event) { e.Properties = json.RawMessage(`{ "product_id" : "p1" }`) }), false},
		"other properties":                   {change(func(e *event.Event) { e.Properties = json.RawMessage(`{"product_id":"p2"}`) }), true},
		"another name":                       {change(func(e *event.Event) { e.Name = "Product Clicked" }), true},
		"another call":                       {change(func(e *event.Event) { e.Kind = event.Page }), true},
	} {
		want := map[string]int{}
		if c.other {
			want["web"] = 1
		}
		for _, way := range []string{"in one batch", "a moment later", "after a merge"} {
			t.Run(name+", "+way, func(t *testing.T) {
				s := newShop(t)
				one, two := envelope(t, "web", first), envelope(t, "web", c.again)
				got := counted(t, "duplicate_with_other_content", func() {
					switch way {
					case "in one batch":
						s.settle(one, two)
					case "a moment later":
						s.settle(one)
						s.settle(two)
					case "after a merge":
						s.settle(one)
						s.settle(envelope(t, "server", track("n", "li", "x", t0.Add(-time.Hour), "")))
						s.settle(envelope(t, "server", alias("a", "li", "mei")))
						s.settle(two)
					}
				})
				if !maps.Equal(got, want) {
					t.Errorf("counted %v, want %v", got, want)
				}
				if k := s.knows(user("mei")); k.Profile.Counters["Product Viewed"].Total != 1 {
					t.Errorf("views %d, want 1", k.Profile.Counters["Product Viewed"].Total)
				}
			})
		}
	}
}

// TestComparingDuplicatesIsBounded sends a person's whole window again: a few reads, no write.
func TestComparingDuplicatesIsBounded(t *testing.T) {
	s := newShop(t)
	var all []events.SQSMessage
	for i := range 20 {
		all = append(all, envelope(t, "web", track(string(rune('a'+i)), "mei", "Product Viewed", t0.Add(time.Duration(i)*time.Second), "")))
		s.settle(all[i])
	}
	p := s.worker()
	deliver(t, p, all...)
	queries, writes := s.DB.Calls("Query"), s.DB.Calls(dynamotest.AnyWrite)
	if again := deliver(t, p, all...); len(again) > 0 {
		t.Fatal("jobs came back")
	}
	if q, w := s.DB.Calls("Query")-queries, s.DB.Calls(dynamotest.AnyWrite)-writes; q > comparedCommits+1 || w != 0 {
		t.Errorf("%d queries, %d writes for twenty duplicates; want %d to compare, one for a debt, and none", q, w, comparedCommits)
	}
}

// TestComparingIsNoReasonToComeBack breaks the reading of the pack.
func TestComparingIsNoReasonToComeBack(t *testing.T) {
	s := newShop(t)
	p := s.worker()
	one := envelope(t, "web", track("m", "mei", "Product Viewed", t0, ""))
	deliver(t, p, one)
	queries := s.DB.Calls("Query")
	s.DB.Fail("Query", 1, dynamotest.NotPersisted)
	if again := deliver(t, p, one); len(again) > 0 {
		t.Error("the job came back")
	}
	if s.DB.Calls("Query") == queries {
		t.Error("nothing was read: the test shows nothing")
	}
}
