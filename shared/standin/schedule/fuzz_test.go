package schedule

import (
	"testing"
	"time"
)

// Whatever is written as a schedule is refused or has a next time after the one asked about; nothing panics or hangs.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"rate(5 minutes)", "at(2026-11-21T09:00:00)", "cron(0 3 * * ? *)", "cron(0/20 8-9 L-3 JAN,3 ? 2026-2030)", "cron(0 0 ? * 3#2 *)", "cron(0 0 15W * ? *)", "cron(* * ? * 6L *)"} {
		f.Add(text, int64(1795249800))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		e, err := Parse(text, "America/New_York")
		if err != nil {
			return
		}
		after := time.Unix(unix%7_000_000_000, 0)
		if next := e.Next(after, after); !next.IsZero() && !next.After(after) {
			t.Errorf("%s after %v is %v", text, after, next)
		}
	})
}
