package dispatch

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/dynamo/live"
)

// TestWhatIsSentIsCountedOnce: neither another delivery of the job nor another worker counts it again, and what was not sent is not counted.
func TestWhatIsSentIsCountedOnce(t *testing.T) {
	b := start(t, welcome)
	sent := func() (n int64) {
		hours, _, err := live.Live{DB: b.DB, Table: "Live"}.Between(t.Context(), b.Now().Add(-time.Hour), b.Now().Add(time.Hour))
		b.Must(err)
		for i := range hours {
			n += hours[i].Sum().Sent
		}
		return n
	}
	settle(b, b.process, b.ask("one"))
	settle(b, b.process, b.ask("one"), b.ask("two"))
	settle(b, b.another(), b.ask("one"), b.ask("two"))
	if n := sent(); n != 2 || len(b.provider.taken) != 2 {
		t.Errorf("%d are counted, %d were sent", n, len(b.provider.taken))
	}
	late := b.ask("late")
	late.NotAfter = b.Now().Add(-time.Minute)
	settle(b, b.process, late)
	if n := sent(); n != 2 {
		t.Errorf("with one that was too late %d are counted", n)
	}
}
