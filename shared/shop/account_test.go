package shop

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

func TestAccountPrintsRefusalsAndFigures(t *testing.T) {
	a := &Account{Lines: 75000, Events: 47243, Repeated: 5, Requests: 473, Retries: 2, Sent: 47243, Accepted: 47240, Sending: 10 * time.Second, Projected: 20 * time.Second}
	for i := range maxShown + 2 {
		a.refuse(format.Refusal{Line: 100 - i, Row: 99 - i, Reason: "is torn"})
	}
	var out bytes.Buffer
	a.Print(&out)
	for _, want := range []string{
		"lines      75,000\n", "events     47,243, 47,238 distinct\n", "sent       47,243 in 473 requests, 2 of them tried again\n",
		"refused    22\n           line 81 (row 80 below the header): is torn\n", "and 2 more. All by reason:\n           22: is torn\n",
		"time       10.0 s to send (4,724 events/s), projected after 20.0 s (2,362 events/s)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the account lacks %q:\n%s", want, out.String())
		}
	}
	if !strings.HasSuffix(out.String(), "\nnot all    22 refused, for the reasons above; the rest is in\n") {
		t.Errorf("the last line says nothing of what was refused:\n%s", out.String())
	}
	out.Reset()
	(&Account{Lines: 1, Events: 1, Sent: 1, Accepted: 1}).Print(&out)
	if strings.Contains(out.String(), "not all") {
		t.Errorf("nothing was refused:\n%s", out.String())
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestNoticesDoNotCrowd(t *testing.T) {
	at := time.Unix(100, 0)
	var out bytes.Buffer
	p := &Progress{Out: &out, Now: func() time.Time { return at }}
	p.Notice("one")
	at = at.Add(noticeEvery - 1)
	p.Notice("two")
	at = at.Add(1)
	p.Notice("three")
	if out.String() != "one\nthree\n" {
		t.Errorf("printed %q", out.String())
	}
}

func TestSpeed(t *testing.T) {
	for name, c := range map[string]struct {
		from, n, total int
		taken          time.Duration
		want           string
	}{
		"the first second":      {0, 600_000, 1_000_000, time.Second - 1, ""},
		"after a second":        {0, 250, 1000, time.Second, ", 250/s, 3s left"},
		"what was there before": {100, 300, 1000, 2 * time.Second, ", 100/s, 7s left"},
		"nothing moved":         {5, 5, 10, time.Minute, ""},
		"slower than one":       {0, 2, 4, 10 * time.Second, ", 10s left"},
		"nearly done":           {0, 999, 1000, time.Second, ", 999/s, 1s left"},
		"a twentieth":           {0, 50, 1000, time.Second, ", 50/s, 19s left"},
		"less than one":         {0, 49, 1000, time.Second, ", 49/s"},
		"done":                  {0, 1000, 1000, 4 * time.Second, ", 250/s"},
	} {
		if got := (&Progress{from: c.from}).speed(c.n, c.total, c.taken); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	p := &Progress{Out: &out, Now: func() time.Time { return now }}
	p.Show("sending", 0, 1000, "events")
	now = now.Add(plainRedraw - 1)
	p.Show("sending", 400, 1000, "events")
	now = now.Add(1)
	p.Show("sending", 500, 1000, "events")
	p.Show("sending", 1000, 1000, "events")
	p.Show("sending", 1000, 1000, "events")
	p.End()
	want := "sending  50% 500 of 1,000 events, 100/s, 5s left\nsending 100% 1,000 of 1,000 events, 200/s\n"
	if out.String() != want {
		t.Errorf("plain:\n%s\nwant:\n%s", out.String(), want)
	}
	out.Reset()
	bar := &Progress{Out: &out, Terminal: true, Now: func() time.Time { return now }}
	bar.Show("reading", 1, 0, "lines")
	now = now.Add(redraw)
	bar.Show("reading", 10, 0, "lines")
	bar.Show("sending", 1, 2, "events")
	bar.End()
	if want := "\rreading 10 lines\n\r[###############---------------] sending  50% 1 of 2 events\n"; out.String() != want {
		t.Errorf("bar:\n%q\nwant:\n%q", out.String(), want)
	}
}
