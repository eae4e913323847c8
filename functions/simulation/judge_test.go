package simulation

import (
	"testing"
	"time"
)

// TestSentAgain asks the judge of a second mail: whether somebody was erased in between tells whose it is.
func TestSentAgain(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC) }
	here := func(minute int) stand { return stand{at: at(minute)} }
	gone := func(minute int) stand { return stand{at: at(minute), erased: true} }
	moved := func(minute int, to string) stand { return stand{at: at(minute), to: to} }
	sent := func(minute int, to, campaign, id string) sending {
		return sending{Profile: to, Campaign: campaign, Notification: id, Begun: at(minute), Invoked: at(minute), Answer: tookIt}
	}
	a10 := sent(10, "a", "welcome", "of a")
	for _, c := range []struct {
		what   string
		a, b   []stand
		again  sending
		broken int
	}{
		{"twice", []stand{here(0)}, nil, sent(30, "a", "welcome", "of a"), 1},
		{"twice under two ids", []stand{here(0)}, nil, sent(30, "a", "welcome", "another"), 1},
		{"another campaign", []stand{here(0)}, nil, sent(30, "a", "cart", "of a cart"), 0},
		{"erased before both", []stand{gone(5), here(6)}, nil, sent(30, "a", "welcome", "of a"), 1},
		{"erased in between", []stand{here(0), gone(20), here(21)}, nil, sent(30, "a", "welcome", "of a"), 0},
		{"erased in between, and merged", []stand{here(0), gone(20), here(21), moved(25, "b")}, []stand{here(0)}, sent(30, "b", "welcome", "of a"), 0},
		{"merged", []stand{here(0), moved(25, "b")}, []stand{here(0)}, sent(30, "b", "welcome", "of a"), 1},
		{"erased earlier, and merged", []stand{gone(5), here(6), moved(25, "b")}, []stand{here(0)}, sent(30, "b", "welcome", "of a"), 1},
		{"merged into who came back", []stand{here(0), moved(25, "b")}, []stand{here(0), gone(20), here(21)}, sent(30, "b", "welcome", "of a"), 1},
		{"merged, and erased as a part", []stand{here(0), moved(15, "b")}, []stand{here(0), gone(20), here(21)}, sent(30, "b", "welcome", "of a"), 0},
		{"refused", []stand{here(0)}, nil, sending{Profile: "a", Campaign: "welcome", Notification: "of a", Begun: at(30), Answer: refused}, 0},
	} {
		w := &world{sendings: []sending{a10, c.again}, watch: &watch{people: map[string]*identity{"a": {stands: c.a}, "b": {stands: c.b}}}}
		n := 0
		checkAtMostOneSend(w, nil, func(string, string, ...any) { n++ })
		if n != c.broken {
			t.Errorf("%s: %d promises broken, not %d", c.what, n, c.broken)
		}
	}
	cart := sent(10, "a", "cart", "of a cart")
	w := &world{sendings: []sending{cart, sent(30, "a", "cart", "of a cart")}, watch: &watch{people: map[string]*identity{"a": {stands: []stand{here(0), gone(20), here(21)}}}}}
	n := 0
	checkAtMostOneSend(w, nil, func(string, string, ...any) { n++ })
	if n != 1 {
		t.Errorf("one of an event's, after an erasure: %d promises broken, not 1", n)
	}
}
