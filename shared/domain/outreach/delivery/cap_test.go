package delivery

import (
	"testing"
	"time"
)

func at(zone, text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, mustZone(zone))
	if err != nil {
		panic(err)
	}
	return t
}

func TestCapWindows(t *testing.T) {
	const sh, berlin = "Asia/Shanghai", "Europe/Berlin"
	for _, c := range []struct {
		name string
		cap  Cap
		zone string
		sent []string
		now  string
		free string // empty: now
	}{
		{"below the limit", Cap{Limit: 2, Per: 1, Unit: Days}, sh, []string{"2026-11-21 08:00:00"}, "2026-11-21 12:00:00", ""},
		{"at the limit", Cap{Limit: 1, Per: 1, Unit: Days}, sh, []string{"2026-11-21 00:00:00"}, "2026-11-21 23:59:59", "2026-11-22 00:00:00"},
		{"yesterday's last second", Cap{Limit: 1, Per: 1, Unit: Days}, sh, []string{"2026-11-20 23:59:59"}, "2026-11-21 00:00:00", ""},
		{"two days count today", Cap{Limit: 1, Per: 2, Unit: Days}, sh, []string{"2026-11-20 00:00:00"}, "2026-11-21 23:59:59", "2026-11-22 00:00:00"},
		{"two days do not count the third", Cap{Limit: 1, Per: 2, Unit: Days}, sh, []string{"2026-11-19 23:59:59"}, "2026-11-21 00:00:00", ""},
		{"a week is seven calendar days", Cap{Limit: 1, Per: 1, Unit: Weeks}, sh, []string{"2026-11-14 23:00:00"}, "2026-11-20 12:00:00", "2026-11-21 00:00:00"},
		{"the eighth day of a week", Cap{Limit: 1, Per: 1, Unit: Weeks}, sh, []string{"2026-11-14 23:00:00"}, "2026-11-21 00:00:00", ""},
		{"minutes, just within", Cap{Limit: 1, Per: 60, Unit: Minutes}, sh, []string{"2026-11-21 11:00:01"}, "2026-11-21 12:00:00", "2026-11-21 12:00:01"},
		{"minutes, just out", Cap{Limit: 1, Per: 60, Unit: Minutes}, sh, []string{"2026-11-21 11:00:00"}, "2026-11-21 12:00:00", ""},
		{"the second oldest frees the place", Cap{Limit: 2, Per: 60, Unit: Minutes}, sh,
			[]string{"2026-11-21 11:50:00", "2026-11-21 11:30:00", "2026-11-21 11:40:00"}, "2026-11-21 12:00:00", "2026-11-21 12:40:00"},
		{"a day of 25 hours", Cap{Limit: 1, Per: 1, Unit: Days}, berlin, []string{"2026-10-25 00:30:00"}, "2026-10-25 23:30:00", "2026-10-26 00:00:00"},
		{"a day without midnight", Cap{Limit: 1, Per: 1, Unit: Days}, "Asia/Beirut", []string{"2026-03-28 12:00:00"}, "2026-03-28 23:00:00", "2026-03-29 01:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent []time.Time
			for _, s := range c.sent {
				sent = append(sent, at(c.zone, s))
			}
			want := at(c.zone, c.now)
			if c.free != "" {
				want = at(c.zone, c.free)
			}
			if got := c.cap.room(sent, at(c.zone, c.now), mustZone(c.zone)); !got.Equal(want) {
				t.Errorf("room at %v, want %v", got.In(mustZone(c.zone)), want)
			}
		})
	}
}

func TestCapsConcernChannelAndTag(t *testing.T) {
	email := Intent{Channel: Email, Tags: []string{"promo"}, At: noon, Counted: true}
	social := Intent{Channel: Social, At: noon, Counted: true}
	for _, c := range []struct {
		name    string
		cap     Cap
		channel Channel
		tags    []string
		over    bool
	}{
		{"any counts both", Cap{Limit: 2, Per: 1, Unit: Days}, Email, nil, true},
		{"the word any", Cap{Limit: 2, Channel: AnyChannel, Per: 1, Unit: Days}, Email, nil, true},
		{"a channel counts its own", Cap{Limit: 2, Channel: Email, Per: 1, Unit: Days}, Email, nil, false},
		{"a channel at its limit", Cap{Limit: 1, Channel: Email, Per: 1, Unit: Days}, Email, nil, true},
		{"another channel's rule", Cap{Limit: 1, Channel: Social, Per: 1, Unit: Days}, Email, nil, false},
		{"a tag's rule, tagged", Cap{Limit: 1, Tag: "promo", Per: 1, Unit: Days}, Social, []string{"promo"}, true},
		{"a tag's rule, not tagged", Cap{Limit: 1, Tag: "promo", Per: 1, Unit: Days}, Social, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judgeCaps([]Cap{c.cap}, c.channel, c.tags, []Intent{email, social}, noon, shanghai)
			if (got.Action == Skip) != c.over {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestOneSkippingCapOutweighsDeferringOnes(t *testing.T) {
	sent := []Intent{{Channel: Email, At: noon, Counted: true}}
	hour := Cap{Limit: 1, Per: 60, Unit: Minutes, Over: DeferOver}
	day := Cap{Limit: 1, Per: 1, Unit: Days, Over: DeferOver}
	got := judgeCaps([]Cap{day, hour}, Email, nil, sent, noon, shanghai)
	if want := time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai); got.Action != Defer || !got.Until.Equal(want) {
		t.Errorf("two deferring rules: %+v, want until %v", got, want)
	}
	got = judgeCaps([]Cap{day, {Limit: 1, Per: 1, Unit: Days}}, Email, nil, sent, noon, shanghai)
	if got.Action != Skip {
		t.Errorf("a deferring and a skipping rule: %+v", got)
	}
}

func TestQuietHours(t *testing.T) {
	const sh, berlin = "Asia/Shanghai", "Europe/Berlin"
	night := QuietHours{22 * 60, 8 * 60}
	for _, c := range []struct {
		name  string
		hours QuietHours
		zone  string
		now   string
		until string // empty: now
	}{
		{"off", QuietHours{8 * 60, 8 * 60}, sh, "2026-11-21 08:00:00", ""},
		{"a minute before", night, sh, "2026-11-21 21:59:59", ""},
		{"at the start", night, sh, "2026-11-21 22:00:00", "2026-11-22 08:00:00"},
		{"after midnight", night, sh, "2026-11-22 03:30:30", "2026-11-22 08:00:00"},
		{"the last second", night, sh, "2026-11-22 07:59:59", "2026-11-22 08:00:00"},
		{"at the end", night, sh, "2026-11-22 08:00:00", ""},
		{"within a day", QuietHours{12 * 60, 14 * 60}, sh, "2026-11-21 13:00:00", "2026-11-21 14:00:00"},
		{"within a day, before", QuietHours{12 * 60, 14 * 60}, sh, "2026-11-21 11:59:00", ""},
		{"the night of 25 hours", night, berlin, "2026-10-24 22:00:00", "2026-10-25 08:00:00"},
		{"the night of 23 hours", night, berlin, "2026-03-28 22:00:00", "2026-03-29 08:00:00"},
		{"an end that the clock leaps over", QuietHours{22 * 60, 2*60 + 30}, berlin, "2026-03-29 01:00:00", "2026-03-29 03:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := at(c.zone, c.now)
			if c.until != "" {
				want = at(c.zone, c.until)
			}
			if got := c.hours.Until(at(c.zone, c.now), mustZone(c.zone)); !got.Equal(want) {
				t.Errorf("until %v, want %v", got.In(mustZone(c.zone)), want)
			}
		})
	}
}

func TestQuietHoursThatTheClockShowsTwice(t *testing.T) {
	// On 2026-10-25 Berlin shows 02:00 to 03:00 twice; a window that ends at 02:30 comes back for the second 02:00.
	hours := QuietHours{2 * 60, 2*60 + 30}
	first := time.Date(2026, 10, 25, 0, 45, 0, 0, time.UTC)  // 02:45 for the first time
	second := time.Date(2026, 10, 25, 1, 10, 0, 0, time.UTC) // 02:10 for the second time
	if got := hours.Until(first, mustZone("Europe/Berlin")); !got.Equal(first) {
		t.Errorf("02:45 is held until %v", got)
	}
	if got, want := hours.Until(second, mustZone("Europe/Berlin")), second.Add(20*time.Minute); !got.Equal(want) {
		t.Errorf("the second 02:10 is held until %v, want %v", got, want)
	}
}

func TestZone(t *testing.T) {
	for _, c := range []struct{ name, zone, country, phone, want string }{
		{"named", "Europe/Berlin", "CN", "+8613800000000", "Europe/Berlin"},
		{"of the country", "", "jp", "+8613800000000", "Asia/Tokyo"},
		{"of the phone, two digits", "", "", "+81 90 0000", "Asia/Tokyo"},
		{"of the phone, three digits", "", "", "+85290000000", "Asia/Hong_Kong"},
		{"of the phone, behind zeros", "", "", "0081 90 0000 0000", "Asia/Tokyo"},
		{"of the phone, in full width", "", "", "＋８１　９００００００００", "Asia/Tokyo"},
		{"of the shop", "", "", "13800000000", "Asia/Shanghai"},
		{"a country of many zones", "", "US", "+12025550100", "Asia/Shanghai"},
		{"a name that is no zone", "Mars/Base", "", "", "Asia/Shanghai"},
		{"a name that is a path", "../../etc/passwd", "", "", "Asia/Shanghai"},
		{"the machine's zone is nobody's", "Local", "", "", "Asia/Shanghai"},
		{"a short phone", "", "", "+8", "Asia/Shanghai"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Zone(c.zone, c.country, c.phone, shanghai).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestEveryZoneOfTheTablesExists(t *testing.T) {
	for country, zone := range zoneOfCountry {
		if location(zone) == nil {
			t.Errorf("%s: %s is no zone", country, zone)
		}
	}
	for code, country := range countryOfCode {
		if zoneOfCountry[country] == "" {
			t.Errorf("+%s: %s has no zone", code, country)
		}
		for other := range countryOfCode {
			if other != code && len(other) > len(code) && other[:len(code)] == code {
				t.Errorf("+%s begins +%s", code, other)
			}
		}
	}
}
