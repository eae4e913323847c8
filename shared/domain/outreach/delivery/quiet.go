package delivery

import (
	"errors"
	"fmt"
	"time"
)

// QuietHours are the local hours, from Start up to but not including End, in which nothing is sent. The window may cross
// midnight; Start equal to End means that there is none.
type QuietHours struct {
	Start Clock `json:"start"`
	End   Clock `json:"end"`
}

// covers says whether the window holds a wall-clock minute.
func (q QuietHours) covers(c Clock) bool {
	if q.Start <= q.End {
		return q.Start <= c && c < q.End
	}
	return c >= q.Start || c < q.End
}

// Until is the first instant from now on that is not quiet in the zone; it is now itself when now is not. The wall clock rules:
// an hour that the clock shows twice is quiet twice, and one that it leaps over ends with the leap.
func (q QuietHours) Until(now time.Time, zone *time.Location) time.Time {
	if !q.covers(wallClock(now, zone)) {
		return now
	}
	// Walking minute by minute asks the zone itself, so no rule about its leaps has to be known here. Two days bound it.
	t := now.Truncate(time.Minute)
	for range 2 * 24 * 60 {
		t = t.Add(time.Minute)
		if !q.covers(wallClock(t, zone)) {
			return t
		}
	}
	return t
}

func wallClock(t time.Time, zone *time.Location) Clock {
	local := t.In(zone)
	return Clock(local.Hour()*60 + local.Minute())
}

// Clock is a wall-clock time of a day in minutes since midnight; its JSON is "HH:MM".
type Clock int

// MarshalText writes HH:MM.
func (c Clock) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", c/60, c%60), nil }

// UnmarshalText reads HH:MM, from 00:00 to 23:59.
func (c *Clock) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil || len(b) != 5 {
		return errors.New("is not a time of day such as 21:30")
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}
