package campaign

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Duration is a span as operators write it: "30m", "24h", "3d", "1h30m". A day is 24 hours.
type Duration time.Duration

const day = Duration(24 * time.Hour)

// maxDays bounds what is read, in days or in any other unit.
const maxDays = 10_000

// MarshalText writes whole days as 3d and anything else as Go does.
func (d Duration) MarshalText() ([]byte, error) {
	if d != 0 && d%day == 0 {
		return []byte(strconv.FormatInt(int64(d/day), 10) + "d"), nil
	}
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads what MarshalText writes. Negative spans and those over 10,000 days are an error.
func (d *Duration) UnmarshalText(b []byte) error {
	if days, ok := strings.CutSuffix(string(b), "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil || n > maxDays {
			return errDuration
		}
		*d = Duration(n) * day
		return nil
	}
	span, err := time.ParseDuration(string(b))
	if err != nil || span < 0 || Duration(span) > maxDays*day {
		return errDuration
	}
	*d = Duration(span)
	return nil
}

var errDuration = errors.New("is not a duration such as 30m, 24h or 3d")
