package delivery

import "time"

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
