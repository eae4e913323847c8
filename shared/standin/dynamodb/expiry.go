package dynamodb

import (
	"strconv"
	"time"
)

// An expired item is invisible from its time to live plus the lag on, to the second, whatever the clock. Taking it out of
// the file, its indexes and into the stream is the sweep's work, a little every second.

// expiryHorizon is how far in the past a time to live may be to count, as on the service.
const expiryHorizon = 5 * 365 * 24 * time.Hour

// expired says whether the item's time to live, plus the lag, is over.
func (t *table) expired(it item, now time.Time, e *Engine) bool {
	if t.TimeToLiveAttribute == "" {
		return false
	}
	at, ok := t.expiry(it)
	if !ok || now.Sub(at) > expiryHorizon {
		return false
	}
	return !now.Before(at.Add(max(e.options.TTLLag, 0)))
}

// expiry is the item's time to live, if it has one.
func (t *table) expiry(it item) (time.Time, bool) {
	v := it.attr(t.TimeToLiveAttribute)
	if v == nil || v[0] != tagNumber || !plainInteger(content(v)) || len(content(v)) > 12 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(string(content(v)), 10, 64)
	return time.Unix(seconds, 0), err == nil
}
