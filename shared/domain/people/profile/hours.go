package profile

import (
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// Hours counts what a person did by the hour of the week, from Sunday midnight UTC. The zone comes in when it is asked, since it may
// become known later than the events. It has no length where nothing was counted: a profile has two, and a run holds many profiles.
type Hours []uint32

// HoursOfWeek is the length of Hours that count something.
const HoursOfWeek = 7 * 24

// Count adds to the counter of an hour of the week.
func (h *Hours) Count(hour int, n uint32) {
	if len(*h) == 0 {
		*h = slices.Grow(*h, HoursOfWeek)[:HoursOfWeek]
		clear(*h)
	}
	(*h)[hour] = uint32(min(uint64((*h)[hour])+uint64(n), 1<<32-1))
}

func (h *Hours) add(at time.Time) {
	u := at.UTC()
	h.Count(int(u.Weekday())*24+u.Hour(), 1)
}

func (h *Hours) absorb(q Hours) {
	for i, n := range q {
		h.Count(i, n)
	}
}

// In gives the counters by hour of the day and by weekday in a zone, with its offset as of a time, to the whole hour.
func (h Hours) In(zone *time.Location, asOf time.Time) (hours [24]int64, weekdays [7]int64) {
	_, offset := asOf.In(zone).Zone()
	shift := (offset + 7*86400) / 3600
	for i, n := range h {
		local := (i + shift) % len(h)
		hours[local%24] += int64(n)
		weekdays[local/24] += int64(n)
	}
	return hours, weekdays
}

// passive events are the shop's doing, not the person's: they say nothing of when somebody is active.
var passive = map[string]bool{
	"Email Delivered": true, event.EmailBounced: true, "Points Expired": true, "Tier Changed": true, event.OrderUpdated: true, event.OrderRefunded: true,
	event.OrderCancelled: true, "Referral Qualified": true, "Referral Settled": true, "Group Expired": true, event.SegmentEntered: true, event.SegmentExited: true, event.ProfilesMerged: true, event.TagsChanged: true, event.ListChanged: true,
}

func active(e *event.Event) bool {
	switch e.Kind {
	case event.Page, event.Screen:
		return true
	case event.Track:
		return !passive[e.Name] && !strings.HasPrefix(e.Name, "Notification ")
	}
	return false
}
