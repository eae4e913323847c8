package allowance

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// TestABucket is spent at once, fills with time and with what is earned, and never holds more than its burst.
func TestABucket(t *testing.T) {
	b := Full(3, 20*time.Second, t0)
	spent := func(at time.Time) (n int) {
		for b.Spend(at) {
			n++
		}
		return n
	}
	for i, c := range []struct {
		at   time.Duration
		earn float64
		want int
	}{{0, 0, 3}, {19 * time.Second, 0, 0}, {20 * time.Second, 0, 1}, {10 * time.Second, 0, 0}, {20 * time.Second, 2.5, 2}, {21 * time.Second, 0.45, 1}, {time.Hour, 5, 3}} {
		b.Earn(c.earn)
		if n := spent(t0.Add(c.at)); n != c.want {
			t.Errorf("%d: %d are spent, want %d", i, n, c.want)
		}
	}
	// A debt is paid before anything is spent.
	b.Tokens -= 2
	if n := spent(t0.Add(time.Hour + 40*time.Second)); n != 0 {
		t.Errorf("%d are spent on a debt", n)
	}
	if n := spent(t0.Add(time.Hour + 60*time.Second)); n != 1 {
		t.Errorf("%d are spent after the debt", n)
	}
}
