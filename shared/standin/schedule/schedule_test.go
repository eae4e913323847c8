package schedule

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/standin/sam"
)

func clock(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		name, expression, zone, after string
		want                          []string
	}{
		{"rate", "rate(5 minutes)", "UTC", "2026-01-01T00:07:00Z", []string{"2026-01-01T00:10:00Z", "2026-01-01T00:15:00Z"}},
		{"rate at its origin", "rate(1 day)", "UTC", "2025-12-31T00:00:00Z", []string{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}},
		{"rate on the dot", "rate(2 hours)", "UTC", "2026-01-01T02:00:00Z", []string{"2026-01-01T04:00:00Z"}},
		{"at", "at(2026-11-21T09:00:00)", "Asia/Shanghai", "2026-01-01T00:00:00Z", []string{"2026-11-21T01:00:00Z", ""}},
		{"at in the past", "at(2026-11-21T09:00:00)", "UTC", "2026-11-21T09:00:00Z", []string{""}},
		{"every minute", "cron(* * * * ? *)", "UTC", "2026-01-01T00:00:30Z", []string{"2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"}},
		{"daily in a zone", "cron(0 3 * * ? *)", "Asia/Shanghai", "2026-01-01T00:00:00Z", []string{"2026-01-01T19:00:00Z", "2026-01-02T19:00:00Z"}},
		{"day of week", "cron(0 12 ? * MON-FRI *)", "UTC", "2026-01-02T12:00:00Z", []string{"2026-01-05T12:00:00Z"}},
		{"Sunday is one", "cron(0 12 ? * 1 *)", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-04T12:00:00Z"}},
		{"last day", "cron(0 0 L * ? *)", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"}},
		{"third day before the last", "cron(0 0 L-3 * ? *)", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-25T00:00:00Z"}},
		{"nearest weekday", "cron(0 0 15W * ? *)", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-16T00:00:00Z"}},
		{"last Friday", "cron(0 0 ? * 6L *)", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-27T00:00:00Z"}},
		{"second Tuesday", "cron(0 0 ? * 3#2 *)", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-10T00:00:00Z"}},
		{"steps", "cron(0/20 8-9 * * ? *)", "UTC", "2026-01-01T08:40:00Z", []string{"2026-01-01T09:00:00Z", "2026-01-01T09:20:00Z", "2026-01-01T09:40:00Z", "2026-01-02T08:00:00Z"}},
		{"a year", "cron(0 0 1 1 ? 2028)", "UTC", "2026-01-01T08:40:00Z", []string{"2028-01-01T00:00:00Z", ""}},
		{"leap day", "cron(0 0 29 2 ? *)", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
		{"never", "cron(0 0 31 2 ? *)", "UTC", "2026-01-01T00:00:00Z", []string{""}},
		// New York leaps from 02:00 to 03:00 on 8 March 2026 and back from 02:00 to 01:00 on 1 November.
		{"skipped in spring", "cron(30 2 * * ? *)", "America/New_York", "2026-03-07T12:00:00Z", []string{"2026-03-09T06:30:00Z"}},
		{"hourly in spring", "cron(0 * * * ? *)", "America/New_York", "2026-03-08T06:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}},
		{"once in autumn", "cron(30 1 * * ? *)", "America/New_York", "2026-11-01T00:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		{"begun in the second hour", "cron(45 1 * * ? *)", "America/New_York", "2026-11-01T06:10:00Z", []string{"2026-11-02T06:45:00Z"}},
		{"every half hour in autumn", "cron(0/30 * * * ? *)", "America/New_York", "2026-11-01T05:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z"}},
		{"a gap of half an hour", "cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", []string{"2026-10-04T15:15:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Parse(c.expression, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			after := clock(t, c.after)
			for _, want := range c.want {
				next := e.Next(after, clock(t, "2026-01-01T00:00:00Z"))
				got := ""
				if !next.IsZero() {
					got = next.UTC().Format(time.RFC3339)
				}
				if got != want {
					t.Fatalf("after %v: %s, want %s", after, got, want)
				}
				after = next
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ expression, zone, want string }{
		{"every 5 minutes", "UTC", "is not rate"},
		{"rate(5 minute)", "UTC", "singular"},
		{"rate(1 minutes)", "UTC", "singular"},
		{"rate(0 minutes)", "UTC", "rate(5 minutes)"},
		{"rate(5 seconds)", "UTC", "rate(5 minutes)"},
		{"cron(0 3 * * *)", "UTC", "5 fields"},
		{"cron(0 25 * * ? *)", "UTC", "hour"},
		{"cron(60 3 * * ? *)", "UTC", "minute"},
		{"at(2026-11-21)", "UTC", "at(2026-11-21T09:00:00)"},
		{"rate(1 hour)", "Mars/Olympus", "time zone"},
		{"rate(1 hour)", "", "time zone"},
	} {
		if _, err := Parse(c.expression, c.zone); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s in %q: %v, want %q", c.expression, c.zone, err, c.want)
		}
	}
}

type inbox struct {
	payloads []string
	refuse   int
}

func (i *inbox) Enqueue(_ string, payload []byte) error {
	if i.refuse > 0 {
		i.refuse--
		return errors.New("throttled")
	}
	i.payloads = append(i.payloads, string(payload))
	return nil
}

func minutely(input string) sam.Schedule {
	return sam.Schedule{Name: "s", Group: "default", Expression: "rate(1 minute)", Timezone: "UTC", Input: input, Enabled: true, MaximumRetries: 185, MaximumEventAge: 24 * time.Hour}
}

func TestTick(t *testing.T) {
	begin := clock(t, "2026-01-01T00:00:00Z")
	target := &inbox{}
	s := New(Options{Region: "us-east-1", AccountID: "000000000000", Target: target})
	if err := s.Add(minutely(`{"at":"<aws.scheduler.scheduled-time>","n":<aws.scheduler.attempt-number>,"arn":"<aws.scheduler.schedule-arn>"}`), "f", begin, begin); err != nil {
		t.Fatal(err)
	}
	off := minutely("")
	off.Enabled = false
	if err := s.Add(off, "f", begin, begin); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {0, 0}, {59 * time.Second, 0}, {time.Minute, 1}, {5*time.Minute + 1, 4}, {5 * time.Minute, 0}} {
		if got := s.Tick(begin.Add(step.at)); got != step.want {
			t.Errorf("step %d at %v: %d fired, want %d", i, step.at, got, step.want)
		}
	}
	if want := `{"at":"2026-01-01T00:01:00Z","n":1,"arn":"arn:aws:scheduler:us-east-1:000000000000:schedule/default/s"}`; target.payloads[1] != want {
		t.Errorf("the event is %s, want %s", target.payloads[1], want)
	}
	if next := s.Next()["s"]; !next.Equal(begin.Add(6 * time.Minute)) {
		t.Errorf("next is %v", next)
	}
}

func TestStartAndEnd(t *testing.T) {
	begin := clock(t, "2026-01-01T00:00:00Z")
	target := &inbox{}
	s := New(Options{Target: target})
	bounded := minutely("{}")
	bounded.Start, bounded.End = begin.Add(90*time.Second), begin.Add(4*time.Minute)
	if err := s.Add(bounded, "f", begin, begin); err != nil {
		t.Fatal(err)
	}
	// A rate counts from its start date: 1:30, 2:30, 3:30.
	if got := s.Tick(begin.Add(time.Hour)); got != 3 {
		t.Errorf("%d fired, want 3", got)
	}
}

func TestDefaultEvents(t *testing.T) {
	begin := clock(t, "2026-01-01T00:00:00Z")
	for _, c := range []struct {
		rule   bool
		source string
		detail any
	}{{false, "aws.scheduler", "{}"}, {true, "aws.events", map[string]any{}}} {
		target := &inbox{}
		s := New(Options{Region: "us-east-1", AccountID: "000000000000", Target: target})
		plain := minutely("")
		plain.Rule = c.rule
		if err := s.Add(plain, "f", begin, begin); err != nil {
			t.Fatal(err)
		}
		s.Tick(begin)
		var got map[string]any
		if err := json.Unmarshal([]byte(target.payloads[0]), &got); err != nil {
			t.Fatal(err)
		}
		if got["source"] != c.source || !reflect.DeepEqual(got["detail"], c.detail) || got["time"] != "2026-01-01T00:00:00Z" || got["detail-type"] != "Scheduled Event" {
			t.Errorf("the event is %v", got)
		}
	}
}

func TestRetriesAndDeadLetter(t *testing.T) {
	begin := clock(t, "2026-01-01T00:00:00Z")
	once := sam.Schedule{Name: "s", Group: "g", Expression: "at(2026-01-01T00:00:00)", Timezone: "UTC", Input: "{}", Enabled: true, DeadLetterARN: "arn:dead"}
	for _, c := range []struct {
		name             string
		refuse, retries  int
		age              time.Duration
		delivered        int
		reason, attempts string
	}{
		{"taken on the second retry", 2, 2, time.Hour, 1, "", ""},
		{"no retry left", 3, 2, time.Hour, 0, "MaximumRetryAttempts", "2"},
		{"no retries", 1, 0, time.Hour, 0, "MaximumRetryAttempts", "0"},
		// Waits of 1, 2, 4, 8, 16 and 32 s: the seventh attempt would come 63 s late.
		{"too old", 100, 185, time.Minute, 0, "MaximumEventAgeInSeconds", "5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := &inbox{refuse: c.refuse}
			var letter map[string]string
			s := New(Options{Region: "r", AccountID: "a", Target: target, DeadLetter: func(arn string, attributes map[string]string, payload []byte) error {
				if arn != "arn:dead" || string(payload) != "{}" {
					t.Errorf("%s to %s", payload, arn)
				}
				letter = attributes
				return nil
			}})
			once.MaximumRetries, once.MaximumEventAge = c.retries, c.age
			if err := s.Add(once, "f", begin, begin); err != nil {
				t.Fatal(err)
			}
			for i := range 600 {
				s.Tick(begin.Add(time.Duration(i) * time.Second))
			}
			if len(target.payloads) != c.delivered || letter["EXHAUSTED_RETRY_CONDITION"] != c.reason || letter["RETRY_ATTEMPTS"] != c.attempts {
				t.Errorf("%d delivered, letter %v", len(target.payloads), letter)
			}
		})
	}
}
