package settlement

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/telemetry/telemetrytest"
)

func TestHandleRefuses(t *testing.T) {
	b := start(t, atOnce)
	for name, raw := range map[string]string{"neither": `{}`, "no JSON": `{`, "records of another shape": `{"Records":5}`} {
		if _, err := b.process.Handle(t.Context(), json.RawMessage(raw)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	again := functiontest.Deliver(t.Context(), t, b.process.Handle, `{`, `{"follows":[{"kind":"signup"},{"kind":"order","ref":"none"}]}`)
	if !slices.Equal(again, []int{0}) {
		t.Errorf("a broken job must come again, a sign-up and an unknown order must not: %v", again)
	}
}

// While no program was ever saved nothing is looked for, and nothing of the batch is even read.
func TestWithoutAProgramNothingIsLookedFor(t *testing.T) {
	b := open(t)
	batch := []string{`{`, `{"follows":[{"kind":"order","ref":"o1"}]}`}
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, batch...); len(again) != 0 || b.meddled.reads != 1 {
		t.Errorf("%v come again after %d reads", again, b.meddled.reads)
	}
	// Where that cannot be told, all of it comes again.
	b.meddled.fails = b.meddled.reads + 1
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, batch...); len(again) != 2 || b.meddled.reads != 2 {
		t.Errorf("%v come again after %d reads", again, b.meddled.reads)
	}
}

// moved are the referrals that reached each state while do ran, as the metrics say.
func moved(t *testing.T, do func()) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for _, line := range telemetrytest.Lines(t, "referrals", do) {
		sums[line["state"].(string)] += line["referrals"].(float64)
	}
	return sums
}

// Each step is counted once, when it is written, and told of by the invocation that took it.
func TestWhatIsCounted(t *testing.T) {
	b := start(t, strings.Replace(twoHours, `"rewards"`, `"budget":[{"points":150}],"rewards"`, 1))
	for _, friend := range []string{"bob", "cid", "dan", "eve"} {
		b.claim(friend, "ann of "+friend)
	}
	for _, friend := range []string{"bob", "cid"} {
		b.paid("of "+friend, friend, 10000)
	}
	expect := func(what string, want map[string]float64, do func()) {
		t.Helper()
		if got := moved(t, do); !maps.Equal(got, want) {
			t.Errorf("%s: counted %v, want %v", what, got, want)
		}
	}
	expect("orders", map[string]float64{"qualified": 2, "held": 2}, func() { b.delivered("of bob", "of cid") })
	expect("nothing new", map[string]float64{}, func() { b.delivered("of bob", "of cid") })
	b.Pass(3 * time.Hour)
	// The budget is enough for one of the two.
	expect("holds", map[string]float64{"settled": 1, "rejected": 1}, func() { b.Must(b.tick()) })
	for _, friend := range []string{"bob", "cid"} {
		b.refunded("of "+friend, friend)
	}
	expect("refunds", map[string]float64{"reversed": 1}, func() { b.delivered("of bob", "of cid") })
	b.Pass(3 * time.Hour)
	expect("windows", map[string]float64{"expired": 2}, func() { b.Must(b.tick()) })
}

// Those that lost races are done once more, one after the other; no other error is; and one that panics is an error among others.
func TestSideBySide(t *testing.T) {
	var mu sync.Mutex
	calls := map[int]int{}
	var running, most atomic.Int64
	errOther := errors.New("other")
	const many = 64
	errs := sideBySide(many, func(i int) error {
		now := running.Add(1)
		defer running.Add(-1)
		mu.Lock()
		calls[i]++
		n := calls[i]
		most.Store(max(most.Load(), now))
		mu.Unlock()
		runtime.Gosched() // lets the others come in
		switch {
		case i == 3 && n == 1, i == 5:
			return fmt.Errorf("look %d: %w", i, dynamo.ErrConflict)
		case i == 7:
			return errOther
		case i == 9:
			panic("nine")
		}
		return nil
	})
	for i, err := range errs {
		want := 1
		if i == 3 || i == 5 {
			want = 2
		}
		if calls[i] != want {
			t.Errorf("%d was done %d times", i, calls[i])
		}
		switch i {
		case 5:
			if !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("5: %v", err)
			}
		case 7:
			if err != errOther {
				t.Errorf("7: %v", err)
			}
		case 9:
			if err == nil || !strings.HasPrefix(err.Error(), "panic") {
				t.Errorf("9: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
	if len(errs) != many || most.Load() > looksAtOnce {
		t.Errorf("%d errors, %d at once", len(errs), most.Load())
	}
}
