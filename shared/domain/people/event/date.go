package event

import (
	"strings"
	"time"
)

// MaxAhead is how far in the future an event may lie: clocks differ, and some clients do not send theirs.
const MaxAhead = 24 * time.Hour

// layouts are the ways in which clients write a time; the local ones have no zone, and are the shop's.
var layouts = [...]struct {
	text  string
	local bool
}{{time.RFC3339, false}, {"2006-01-02T15:04:05Z0700", false}, {"2006-01-02T15:04:05", true}, {"2006-01-02 15:04:05Z07:00", false}, {"2006-01-02 15:04:05", true}, {"2006-01-02", true},
	{"2006-01-02T15:04Z07:00", false}, {"2006-01-02T15:04", true}, {"2006-01-02 15:04Z07:00", false}, {"2006-01-02 15:04", true}}

// notATime lists what is taken. Of other forms, such as 29/11/2026 and 11/12/2026, nobody can tell which number is the month.
const notATime = "is not a time such as 2026-11-21T08:00:00.000Z or 2026-11-21T16:00:00+08:00; also taken, in the shop's zone: 2026-11-21T16:00:00, 2026-11-21T16:00, 2026-11-21 16:00:00, 2026-11-21 16:00, 2026-11-21"

// capitals writes a time's letters as layouts has them; RFC 3339 allows both cases.
var capitals = strings.NewReplacer("t", "T", "z", "Z")

// time reads a field; null, an empty string and no value are the zero time. Times are cut to milliseconds. doubt says of one without a zone that it is
// read in the shop's, which is nil for UTC: a back end in China that writes no zone means China's, and its clocks are eight hours from UTC's.
func (s *scanner) time(at span, zone *time.Location) (t time.Time, doubt, reason string) {
	text, reason := s.string(at)
	if reason != "" {
		return time.Time{}, "", notATime
	}
	if text == "" {
		return time.Time{}, "", ""
	}
	if zone == nil {
		zone = time.UTC
	}
	text = capitals.Replace(text)
	for _, layout := range layouts {
		t, err := time.ParseInLocation(layout.text, text, zone)
		if err != nil {
			continue
		}
		// A zone can push the last day of 9999 or the first of 0000 beyond what RFC 3339 can write.
		if t = t.UTC().Truncate(time.Millisecond); t.Year() < 0 || t.Year() > 9999 {
			return time.Time{}, "", notATime
		}
		if layout.local {
			doubt = "has no zone and is read in the shop's, " + zone.String() + ": end it in Z or +08:00"
		}
		return t, doubt, ""
	}
	return time.Time{}, "", notATime
}

// date sets the event's times. What the client's clock said is shifted by how far that clock was off when it sent.
func (s *scanner) date(e *Event, b *Batch, d *draft, batchSentAt time.Time, arrival *Arrival) {
	read := func(f field) time.Time {
		t, doubt, reason := s.time(d.at[f], arrival.Zone)
		d.refuse(f.String(), reason)
		b.Warn(d.place, f.String(), doubt)
		return t
	}
	e.ReceivedAt = arrival.ReceivedAt.UTC().Truncate(time.Millisecond)
	if e.SentAt = read(fieldSentAt); e.SentAt.IsZero() {
		e.SentAt = batchSentAt
	}
	plain := read(fieldTimestamp)
	if e.OriginalTimestamp = read(fieldOriginalTimestamp); e.OriginalTimestamp.IsZero() {
		e.OriginalTimestamp = plain
	}
	e.Timestamp = Corrected(e.OriginalTimestamp, e.SentAt, e.ReceivedAt)
	sent := e.SentAt
	if sent.IsZero() {
		sent = e.ReceivedAt
	}
	if e.OriginalTimestamp.Sub(sent) > MaxAhead {
		b.Warn(d.place, "timestamp", "is more than 24 hours ahead and counts as now")
	}
	if e.Timestamp.Before(time.Unix(0, 0)) {
		d.refuse("timestamp", "is before 1970")
	}
}

// MonthsBehind is how long ago a device may say that something happened: nothing is kept for longer, and each day of long ago would cost a file of the archive.
const MonthsBehind = 13

// Now counts an event as happening when it was received that its device says happened more than MonthsBehind ago, and tells so. What the device said is still its OriginalTimestamp.
func (e *Event) Now() (reason string) {
	if !e.Timestamp.Before(e.ReceivedAt.AddDate(0, -MonthsBehind, 0)) {
		return ""
	}
	e.Timestamp = e.ReceivedAt
	return "is more than 13 months ago and counts as now: history comes with the server key"
}

// Latest is the later of two times; of equal times the first, in its zone.
func Latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Corrected is when an event happened: receivedAt - (sentAt - original), which takes out a wrong client clock; original itself
// when the client did not say when it sent; receivedAt when it did not say when it happened, or when the result is more than a
// day in the future.
func Corrected(original, sentAt, receivedAt time.Time) time.Time {
	if original.IsZero() {
		return receivedAt
	}
	t := original
	if !sentAt.IsZero() {
		t = receivedAt.Add(original.Sub(sentAt)) // Sub stops at 292 years
	}
	if t.Sub(receivedAt) > MaxAhead {
		return receivedAt
	}
	return t
}
