//go:build unix

package functions

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/play"
)

// TestTheDemo plays the shop of `make demo` on a whole stack. What is printed of the archive is what a recount of the script has, and whoever is named behind a number has done just that.
func TestTheDemo(t *testing.T) {
	m := newMachine(t, t.TempDir())
	at := shop.New()
	at.Base, at.ServerKey, at.OperatorKey = m.base, serverKey, operatorKey
	at.Sleep = func(ctx context.Context, d time.Duration) error {
		function, input := "test-Settlement", `{"schedule":"minute"}`
		if d > time.Second { // it waits for the archive
			function, input = "test-Archive", `{"schedule":"archive"}`
		}
		result, err := m.stack.Host().Invoke(ctx, function, []byte(input))
		if err == nil {
			err = result.Err()
		}
		<-time.After(min(d, 200*time.Millisecond)) // asking is work too
		return err
	}
	var out bytes.Buffer
	now := time.Now()
	p := &play.Play{Client: at, Progress: &shop.Progress{Out: io.Discard, Now: time.Now}, Out: &out, Seed: play.Seed, Now: func() time.Time { return now }}
	if err := p.Perform(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	reached, dropped := funnelOf(play.Write(play.Seed, now.UTC().Truncate(time.Hour)))
	for n, want := range []string{"1. Product Viewed", "2. Product Added", "3. Order Completed"} {
		if line := lineWith(out.String(), want); !strings.Contains(line, fmt.Sprintf(" %d people ", reached[n])) {
			t.Errorf("%q, and a recount has %d", line, reached[n])
		}
	}
	const behind = " of them put something into the cart and did not buy; some of those:"
	if line := lineWith(out.String(), behind); strings.TrimSpace(line) != fmt.Sprint(len(dropped))+behind {
		t.Errorf("%q, and a recount has %d", line, len(dropped))
	}
	_, rest, _ := strings.Cut(out.String(), behind+"\n")
	rest, _, _ = strings.Cut(rest, "\n\n")
	names := strings.Fields(rest)
	for _, name := range names {
		if !slices.Contains(dropped, name) {
			t.Errorf("%s is behind the number, and not in the recount", name)
		}
	}
	if len(names) != 5 {
		t.Errorf("behind the number are %q", names)
	}
	if !strings.Contains(out.String(), "\n  month 1  ") {
		t.Errorf("no retention:\n%s", out.String())
	}
}

// lineWith is the first line that has something in it.
func lineWith(text, what string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			return line
		}
	}
	return ""
}

// funnelOf counts, person by person, how many get how far within seven days of a first step, and names those who get to the second and no further.
func funnelOf(script *play.Script) (reached [3]int, dropped []string) {
	steps := []string{"Product Viewed", "Product Added", "Order Completed"}
	byPerson := map[string][]play.Event{}
	for _, events := range script.Events {
		for _, e := range events {
			who := e.UserID
			if who == "" {
				who = strings.TrimPrefix(e.AnonymousID, "anon-")
			}
			byPerson[who] = append(byPerson[who], e)
		}
	}
	for who, events := range byPerson {
		slices.SortStableFunc(events, func(a, b play.Event) int { return a.Timestamp.Compare(b.Timestamp) })
		best := 0
		for i, begin := range events {
			n := 0
			for _, e := range events[i:] {
				if n < len(steps) && e.Event == steps[n] && !e.Timestamp.After(begin.Timestamp.Add(7*24*time.Hour)) {
					n++
				}
			}
			if begin.Event == steps[0] {
				best = max(best, n)
			}
		}
		for n := range best {
			reached[n]++
		}
		if best == 2 {
			dropped = append(dropped, who)
		}
	}
	return reached, dropped
}
