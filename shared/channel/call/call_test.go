package call

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
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		got := RetryAfter(header, now)
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

// TestCode keeps what may stand on record, and nothing that could name somebody.
func TestCode(t *testing.T) {
	for word, want := range map[string]string{
		"isv.MOBILE_NUMBER_ILLEGAL": "isv.MOBILE_NUMBER_ILLEGAL", "BadDeviceToken": "BadDeviceToken", "a-1": "a-1", "": "",
		"ann@example.com": "", "two words": "", "用户": "", "line\nbreak": "",
		"0123456789012345678901234567890123456789012345678901234567890123":  "0123456789012345678901234567890123456789012345678901234567890123",
		"01234567890123456789012345678901234567890123456789012345678901234": "",
	} {
		if got := Code(word); got != want {
			t.Errorf("%q is kept as %q, want %q", word, got, want)
		}
	}
}
