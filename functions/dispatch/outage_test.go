package dispatch

import (
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/job"
)

// TestALongOutageOfAChannelIsNotAskedAboutEveryMinute: a day of it costs a notification some sixty decisions, the last of which says that it is too late.
func TestALongOutageOfAChannelIsNotAskedAboutEveryMinute(t *testing.T) {
	b := start(t, welcome)
	delete(b.process.Senders, delivery.Email)
	b.process.Lacking = map[delivery.Channel]string{delivery.Email: "MAIL_FROM is not an e-mail address"}
	n, before := b.ask("s1"), time.Duration(0)
	for deferred := 1; ; deferred++ {
		settle(b, b.process, n)
		waiting := b.waiting()
		if len(waiting) < deferred {
			break
		}
		next := slices.MaxFunc(waiting, func(x, y job.Notification) int { return x.Deferred - y.Deferred })
		pause := next.At.Sub(n.At)
		if last := next.At.Equal(n.NotAfter); pause > 30*time.Minute || pause < before && !last {
			t.Fatalf("deferral %d lasts %v, the one before %v", deferred, pause, before)
		}
		if before = pause; deferred > 100 {
			t.Fatalf("%d deferrals by %v", deferred, next.At)
		}
		b.Set(next.At)
		n = next
	}
	made := b.decisions()
	if len(made) < 48 || len(made) > 72 || made[len(made)-1] != "skipped expired" {
		t.Errorf("%d decisions, the last one %s", len(made), made[len(made)-1])
	}
}
