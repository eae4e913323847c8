package segment

import (
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Date is a calendar date in the shop's time zone, counted in days since 1970-01-01. The difference of two is the number of
// whole days between them, whatever the clocks did in between. Its text is 2006-01-02.
type Date int32

// DateOf is the date that a calendar in the zone shows at t.
func DateOf(t time.Time, zone *time.Location) Date {
	return Date(profile.Shop{Zone: zone}.Day(t))
}

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%.32q is not a date such as 2026-11-21", s)
	}
	return DateOf(t, time.UTC), nil
}

// Start is the date's first instant in the zone. Where clocks skip midnight, that is the first instant after the gap.
func (d Date) Start(zone *time.Location) time.Time {
	year, month, day := time.Unix(int64(d)*86400, 0).UTC().Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if DateOf(start, zone) == d {
		return start
	}
	return time.Date(year, month, day, 1, 0, 0, 0, zone)
}

// String is the date as 2006-01-02.
func (d Date) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
