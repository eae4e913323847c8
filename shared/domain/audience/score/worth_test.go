package score

import (
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestPortrait is of four buyers and somebody who is none, worked out by hand.
func TestPortrait(t *testing.T) {
	var p Portrait
	vip := profile.Scores{Class8: "111", Lifecycle: Active}
	low := profile.Scores{Class8: "000", Lifecycle: Active}
	p.Add(Facts{F: 3, M: 900, Buys: Buys{Repeats: 2, First: 50, Last: 9}}, vip, low) // 41 days over 2 gaps: 21
	p.Add(Facts{F: 2, M: 400, Buys: Buys{Repeats: 1, First: 40, Last: 10}}, vip, vip)
	p.Add(Facts{F: 1, M: 100, Buys: Buys{First: 3, Last: 3}}, vip, profile.Scores{Lifecycle: New})
	p.Add(Facts{F: 5, M: 50, Buys: Buys{Repeats: 4, First: 4000, Last: 0}}, low, low)
	p.Add(Facts{}, profile.Scores{Lifecycle: Churned}, profile.Scores{Lifecycle: Dormant})
	p.Add(Facts{}, profile.Scores{}, profile.Scores{Lifecycle: Dormant})
	want := Worths{
		"class8":    {"111": {Buyers: 3, Orders: 6, Net: 1400, Repeaters: 2, Cycle: 21}, "000": {Buyers: 1, Orders: 5, Net: 50, Repeaters: 1, Cycle: longestCycle}},
		"lifecycle": {"active": {Buyers: 4, Orders: 11, Net: 1450, Repeaters: 3, Cycle: 30}},
		"all":       {"all": {Buyers: 4, Orders: 11, Net: 1450, Repeaters: 3, Cycle: 30}},
	}
	if got := p.Worths(); !reflect.DeepEqual(got, want) {
		for group, classes := range got {
			for class, w := range classes {
				t.Errorf("%s %s: %+v", group, class, *w)
			}
		}
	}
	moves := map[string][]Move{
		"class8":    {{From: "", To: "111", People: 1}, {From: "000", To: "111", People: 1}},
		"lifecycle": {{From: "dormant", To: "", People: 1}, {From: "dormant", To: "churned", People: 1}, {From: "new", To: "active", People: 1}},
	}
	if got := p.Moves(); !reflect.DeepEqual(got, moves) {
		t.Errorf("%v, want %v", got, moves)
	}
}
