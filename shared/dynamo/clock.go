package dynamo

import "time"

// Clock tells a store what time it is; the nil Clock is the machine's. Stores filter by it what has expired, since the service deletes days later, and count
// times to live from it.
type Clock func() time.Time

// Time is the present time.
func (c Clock) Time() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}
