package span

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestWhatIsReadAndHowItIsWritten(t *testing.T) {
	for text, want := range map[string]struct {
		is      time.Duration
		written string
	}{
		"0s": {0, "0s"}, "0": {0, "0s"}, "0d": {0, "0s"}, "-0s": {0, "0s"},
		"30m": {30 * time.Minute, "30m"}, "90m": {90 * time.Minute, "1h30m"}, "1h30m0s": {90 * time.Minute, "1h30m"}, "1.5h": {90 * time.Minute, "1h30m"},
		"24h": {day, "1d"}, "25h": {25 * time.Hour, "1d1h"}, "36h": {36 * time.Hour, "1d12h"}, "1d12h": {36 * time.Hour, "1d12h"}, "03d": {3 * day, "3d"},
		"14d": {14 * day, "14d"}, "1d1h1m1s": {day + time.Hour + time.Minute + time.Second, "1d1h1m1s"}, "1d1s": {day + time.Second, "1d1s"},
		"1h1s": {time.Hour + time.Second, "1h1s"}, "10m": {10 * time.Minute, "10m"}, "20h0m": {20 * time.Hour, "20h"}, "1m1h": {61 * time.Minute, "1h1m"},
		"100ms": {time.Second / 10, "100ms"}, "1m1.5s": {61*time.Second + time.Second/2, "1m1.5s"}, "+2h": {2 * time.Hour, "2h"},
		"10000d": {10_000 * day, "10000d"}, "240000h": {10_000 * day, "10000d"}, "9999d24h": {10_000 * day, "10000d"},
	} {
		s, err := Parse(text)
		if err != nil || time.Duration(s) != want.is || s.String() != want.written {
			t.Errorf("%q: %v, %v, written %q; want %v, %q", text, time.Duration(s), err, s, want.is, want.written)
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("%q comes back as %v, %v", s, again, err)
		}
	}
}

func TestWhatIsNoSpan(t *testing.T) {
	for text, want := range map[string]error{
		"": errUnreadable, "d": errUnreadable, "14": errUnreadable, "soon": errUnreadable, "1w": errUnreadable, " 1d": errUnreadable, "1d ": errUnreadable,
		"-1d": errUnreadable, "+1d": errUnreadable, "1.5d": errUnreadable, "-1s": errUnreadable, "1d-1h": errUnreadable, "1d+1h": errUnreadable, "1d-0s": errUnreadable,
		"1h1d": errUnreadable, "1d1d": errUnreadable, "1dd": errUnreadable, "0x1d": errUnreadable,
		"10001d": errTooLong, "10000d1s": errTooLong, "9999d25h": errTooLong, "240001h": errTooLong, "18446744073709551616d": errTooLong, "18446744073709551615d": errTooLong,
	} {
		if s, err := Parse(text); !errors.Is(err, want) || s != 0 {
			t.Errorf("%q: %v, %v; want %v", text, s, err, want)
		}
	}
}

func TestInADocument(t *testing.T) {
	var d struct {
		Wait Span `json:"wait,omitzero"`
		Hold Span `json:"hold"`
	}
	if err := json.Unmarshal([]byte(`{"wait":"36h","hold":"0s"}`), &d); err != nil || d.Wait != 36*Hour {
		t.Fatalf("%v, %v", d, err)
	}
	if text, err := json.Marshal(d); err != nil || string(text) != `{"wait":"1d12h","hold":"0s"}` {
		t.Errorf("%s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"wait":"soon"}`), &d); !errors.Is(err, errUnreadable) {
		t.Errorf("read with %v", err)
	}
}

// FuzzSpan: what is read is written so that it is read as the same, and what definitions could say before they had one grammar is read as it was.
func FuzzSpan(f *testing.F) {
	for _, text := range []string{"30m", "24h", "3d", "1h30m", "1d12h", "0s", "10000d", "10001d", "240024h", "2562047h47m16.854775807s", "-1s", "1.5h", "d", "", "1dd", "0x1d", "1h1d", "366d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if was, ok := ofCampaign(text); ok && (err != nil || time.Duration(s) != was) {
			t.Fatalf("%q was %v to a campaign, and is %v, %v", text, was, s, err)
		}
		if was, ok := ofProgram(text); ok && (err != nil || time.Duration(s) != was) {
			t.Fatalf("%q was %v to a program, and is %v, %v", text, was, s, err)
		}
		if err != nil {
			if s != 0 {
				t.Fatalf("%q is %v, %v", text, s, err)
			}
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s || s < 0 || s > Max {
			t.Fatalf("%q is %d, written %q, read %d, %v", text, s, s, again, err)
		}
	})
}

// ofCampaign reads a span as campaigns did: whole days, or what Go reads.
func ofCampaign(text string) (time.Duration, bool) {
	if n := len(text) - 1; n >= 0 && text[n] == 'd' {
		days, err := strconv.ParseUint(text[:n], 10, 16)
		return time.Duration(days) * day, err == nil && days <= 10_000
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0 && d <= 10_000*day
}

var programs = regexp.MustCompile(`^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$`)

// ofProgram reads a span as referral programs did: up to 366 days in days, hours, minutes and seconds.
func ofProgram(text string) (sum time.Duration, ok bool) {
	found := programs.FindStringSubmatch(text)
	if found == nil || text == "" {
		return 0, false
	}
	seconds := 0
	for i, unit := range []int{86400, 3600, 60, 1} {
		n, _ := strconv.Atoi("0" + found[i+1])
		seconds += n * unit
	}
	return time.Duration(seconds) * time.Second, seconds <= 366*86400
}
