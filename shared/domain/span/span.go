// Package span is a length of time as operators write it in a definition: "30m", "36h", "14d", "1d12h", "0s". It is no period of a calendar: a day is
// 24 hours, whatever the clocks do that night. The surprising thing: it reads more than it writes. "90m", "1.5h" and "1h30m0s" are all read, and are
// written "1h30m".
package span

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time, 0 to Max where it was read.
type Span time.Duration

const (
	Minute = Span(time.Minute)
	Hour   = Span(time.Hour)
	Day    = 24 * Hour
	// Max bounds what is read, in whatever units it is written.
	Max = 10_000 * Day
)

var (
	errUnreadable = errors.New("is not a length of time such as 30m, 36h, 14d or 1d12h")
	errTooLong    = errors.New("is longer than 10000d")
)

// Parse reads whole days, what time.ParseDuration reads, or both in that sequence. What is negative or over Max is an error.
func Parse(text string) (Span, error) {
	var sum Span
	if days, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 64)
		switch {
		case errors.Is(err, strconv.ErrRange) || err == nil && n > uint64(Max/Day):
			return 0, errTooLong
		case err != nil || strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-"):
			return 0, errUnreadable
		}
		sum, text = Span(n)*Day, rest
		if rest == "" {
			return sum, nil
		}
	}
	rest, err := time.ParseDuration(text)
	switch {
	case err != nil || rest < 0:
		return 0, errUnreadable
	case Span(rest) > Max-sum:
		return 0, errTooLong
	}
	return sum + Span(rest), nil
}

// String writes days, hours, minutes and seconds, each where there are any: "36h" comes back as "1d12h", nothing as "0s".
func (s Span) String() string {
	var text strings.Builder
	for _, unit := range []struct {
		name   string
		length Span
	}{{"d", Day}, {"h", Hour}, {"m", Minute}} {
		if n := s / unit.length; n != 0 {
			text.WriteString(strconv.FormatInt(int64(n), 10) + unit.name)
			s %= unit.length
		}
	}
	if s != 0 || text.Len() == 0 {
		text.WriteString(time.Duration(s).String())
	}
	return text.String()
}

// MarshalText writes the span as String does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what Parse reads.
func (s *Span) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}
