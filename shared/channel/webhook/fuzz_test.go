package webhook

import (
	"net/http"
	"regexp"
	"testing"
	"time"
)

// FuzzRetryAfter reads any text as when a provider wants to be asked again: in so many seconds, at a time to come, or it does not say.
func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"", "0", "120", "-1", "+1", "1e3", "2147483647", "2147483648", "99999999999999999999", "Sat, 21 Nov 2026 10:01:00 GMT", "Sat, 21 Nov 1926 10:01:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Saturday, 21-Nov-26 10:01:00 GMT", " 5"} {
		f.Add(header)
	}
	digits := regexp.MustCompile(`^[0-9]+$`)
	s := sender("http://provider.example")
	f.Fuzz(func(t *testing.T, header string) {
		got := s.retryAfter(header)
		if digits.MatchString(header) {
			var seconds time.Duration
			for _, digit := range header {
				if seconds = seconds*10 + time.Duration(digit-'0'); seconds > 1<<31-1 {
					seconds = 0
					break
				}
			}
			if got != seconds*time.Second {
				t.Fatalf("%q is %s", header, got)
			}
			return
		}
		if at, err := http.ParseTime(header); got < 0 || err != nil && got != 0 || err == nil && at.Before(now) && got != 0 {
			t.Fatalf("%q is %s", header, got)
		}
	})
}
