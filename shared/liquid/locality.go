package liquid

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/osteele/tuesday"

	"github.com/userops/userops/shared/domain/money"
)

// locality is what times and sums mean to who reads them.
type locality struct {
	zone     *time.Location // nil is UTC
	currency money.Currency // of sums that name none
}

// filtersKey is the place of the reader's filters among the bindings; no template can name it.
const filtersKey = ""

func (l locality) location() *time.Location {
	if l.zone == nil {
		return time.UTC
	}
	return l.zone
}

// instant is what filters take as a time, for those who read their types: one, or a text or number that is one.
type instant any

var (
	errDate   = errors.New("the format of a date is too long or too wide")
	errTime   = errors.New("it is not a time")
	errZone   = errors.New("it is not the name of a time zone such as Asia/Shanghai")
	errAmount = errors.New("it is not a whole number of minor units")

	wideDate = regexp.MustCompile(`%[^a-zA-Z%]*\d{3}`)
)

// date writes a time as a clock in the reader's zone shows it, or one in the zone that is named. A text that names no zone is taken
// for what that clock showed.
func (l locality) date(v instant, layout, in func(string) string) (string, error) {
	f := layout("%Y-%m-%d")
	if err := checkLayout(f); err != nil {
		return "", err
	}
	zone := l.location()
	if name := in(""); name != "" {
		named, err := zoneNamed(name)
		if err != nil {
			return "", err
		}
		zone = named
	}
	at, err := timeOf(v, zone)
	if err != nil || at.IsZero() {
		return "", err
	}
	return tuesday.Strftime(f, at.In(zone))
}

func checkLayout(f string) error {
	if len(f) > 100 || wideDate.MatchString(string(f)) {
		return errDate
	}
	return nil
}

func zoneNamed(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, errZone
	}
	return zone, nil
}

// layouts are the forms of a time in a text, those of the shops that were seen and those of Liquid elsewhere.
var layouts = []string{
	time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", "20060102T150405Z0700", "2006/01/02", "02 January 2006", "02 Jan 2006",
	"January 2, 2006", "January 2 2006", "Jan 2, 2006", "Jan 2 2006",
	time.ANSIC, time.UnixDate, time.RubyDate, time.RFC822, time.RFC822Z, time.RFC850, time.RFC1123, time.RFC1123Z,
}

// maxSeconds tells a time in seconds from one in milliseconds: it is in the year 5138.
const maxSeconds = 100_000_000_000

func timeOf(v any, zone *time.Location) (time.Time, error) {
	switch v := unmarked(v).(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v, nil
	case int:
		if v >= maxSeconds {
			return time.UnixMilli(int64(v)), nil
		}
		return time.Unix(int64(v), 0), nil
	case float64:
		if v > 0 && v < maxExact {
			return timeOf(int(v), zone) // parts of a second are not shown
		}
	case string:
		switch v {
		case "":
			return time.Time{}, nil
		case "now", "today":
			return time.Now(), nil
		}
		for _, layout := range layouts {
			if at, err := time.ParseInLocation(layout, v, zone); err == nil {
				return at, nil
			}
		}
		// Ten digits are seconds and thirteen milliseconds, as of 2001; a date without signs has eight, twelve or fourteen.
		if n, err := strconv.Atoi(v); err == nil && (len(v) == 10 || len(v) == 13) {
			return timeOf(n, zone)
		}
	}
	return time.Time{}, errTime
}

// money writes minor units as a decimal, and a sum that names another currency than is asked for with that currency behind it. Nothing stays nothing, so that a default can follow; what is no whole number is an
// error: nobody knows what it was meant to be.
func (l locality) money(minor any, of func(string) string) (any, error) {
	currency := l.currency
	if currency == "" {
		currency = "CNY"
	}
	c, err := money.ParseCurrency(of(string(currency)))
	if err != nil {
		return nil, err
	}
	switch v := unmarked(minor).(type) {
	case nil:
		return nil, nil
	case amount:
		s := v.of()
		if s.Currency != c {
			return s.Decimal() + " " + string(s.Currency), nil
		}
		return s.Decimal(), nil
	case int:
		return money.Amount{Minor: int64(v), Currency: c}.Decimal(), nil
	case float64:
		// Some clients write every number with a point: 12850.0 is whole.
		if v == math.Trunc(v) && math.Abs(v) < maxExact {
			return money.Amount{Minor: int64(v), Currency: c}.Decimal(), nil
		}
	case string:
		if v == "" {
			return nil, nil
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return money.Amount{Minor: n, Currency: c}.Decimal(), nil
		}
	}
	return nil, errAmount
}
