package score

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Date is a day as operators read and write it: 2006-01-02.
type Date profile.Day

// ParseDate reads 2006-01-02.
func ParseDate(text string) (Date, error) {
	day, err := profile.ParseDay(text)
	return Date(day), err
}

// String is the date as 2006-01-02.
func (d Date) String() string { return profile.Day(d).Time().Format(time.DateOnly) }

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}
