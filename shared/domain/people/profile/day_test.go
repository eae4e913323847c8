package profile

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestDaysOfAZone: a day is the one that a calendar in the zone shows, and begins with its first instant there.
func TestDaysOfAZone(t *testing.T) {
	shanghai := location(t, "Asia/Shanghai")
	paulo := location(t, "America/Sao_Paulo") // clocks skipped midnight of 2018-11-04
	for name, c := range map[string]struct {
		at   string
		zone *time.Location
		want string
	}{
		"last instant of a day":  {"2026-11-21T15:59:59.999999999Z", shanghai, "2026-11-21"},
		"first instant of a day": {"2026-11-21T16:00:00Z", shanghai, "2026-11-22"},
		"before 1970":            {"1969-12-31T23:59:59Z", time.UTC, "1969-12-31"},
		"before the gap":         {"2018-11-04T02:59:59Z", paulo, "2018-11-03"},
		"after the gap":          {"2018-11-04T03:00:00Z", paulo, "2018-11-04"},
	} {
		if got := (Shop{Zone: c.zone}).Day(instant(t, c.at)).Time().Format(time.DateOnly); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for _, c := range []struct {
		date string
		zone *time.Location
		want string
	}{{"2026-11-22", shanghai, "2026-11-21T16:00:00Z"}, {"2018-11-04", paulo, "2018-11-04T03:00:00Z"}, {"2018-11-05", paulo, "2018-11-05T02:00:00Z"}} {
		d, err := ParseDay(c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Start(c.zone).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s begins at %s, want %s", c.date, got, c.want)
		}
	}
	for _, bad := range []string{"", "2026-02-30", "2026-11-21T00:00:00Z", "tomorrow"} {
		if d, err := ParseDay(bad); err == nil {
			t.Errorf("ParseDay(%q) = %s, want an error", bad, d)
		}
	}
}

// FuzzDay: a day is a day of the calendar, the same once written and read again, and begins on that day in every zone.
func FuzzDay(f *testing.F) {
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Asia/Shanghai", "America/Sao_Paulo", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			f.Fatal(err)
		}
		zones = append(zones, zone)
	}
	for _, text := range []string{"2026-11-21", "2011-12-30", "2018-11-04", "0000-01-01", "9999-12-31", "2026-02-29", "2026-2-1", "", "2026-11-21T00:00:00Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDay(text)
		if err != nil {
			if d != 0 {
				t.Fatalf("%q is %d and %v", text, d, err)
			}
			return
		}
		if again, err := ParseDay(d.Time().Format(time.DateOnly)); err != nil || again != d || d.Time().Format(time.DateOnly) != text {
			t.Fatalf("%q is %d, written %q, read %d, %v", text, d, d, again, err)
		}
		for _, zone := range zones {
			if start := d.Start(zone); (Shop{Zone: zone}).Day(start) != d && text != "2011-12-30" {
				t.Fatalf("%s begins in %s at %s", text, zone, start)
			}
		}
	})
}

// TestWithin counts as a walk over every day does.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Days
		for range rapid.IntRange(0, 20).Draw(t, "days") {
			d.Add(Day(rapid.IntRange(1000, 1450).Draw(t, "day")))
		}
		from := Day(rapid.IntRange(980, 1470).Draw(t, "from"))
		to := Day(rapid.IntRange(980, 1470).Draw(t, "to"))
		var first, last Day
		n := 0
		for day := from; day <= to; day++ {
			if d.Has(day) {
				if n == 0 {
					first = day
				}
				last, n = day, n+1
			}
		}
		gotFirst, gotLast, got := d.Within(from, to)
		if got != n || n > 0 && (gotFirst != first || gotLast != last) {
			t.Errorf("%+v from %d to %d: %d, %d, %d, want %d, %d, %d", d, from, to, gotFirst, gotLast, got, first, last, n)
		}
	})
}
