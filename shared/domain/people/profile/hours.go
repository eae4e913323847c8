package profile

import (
	"slices"
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

// passive events are told of somebody: they are the shop's doing, or a friend's, and nobody is active by them.
var passive = map[string]bool{
	"Email Delivered": true, event.EmailBounced: true, "Points Expired": true, "Tier Changed": true, event.OrderUpdated: true, event.OrderRefunded: true,
	event.OrderCancelled: true, "Referral Qualified": true, "Referral Settled": true, "Group Expired": true, event.SegmentEntered: true, event.SegmentExited: true, event.ProfilesMerged: true, event.TagsChanged: true, event.ListChanged: true,
	"Points Earned": true, "Badge Earned": true, "Invite Accepted": true, "Group Completed": true, "Bargain Completed": true,
	"Notification Sent": true, "Notification Delivered": true, "Notification Suppressed": true, "Notification Bounced": true, "Notification Failed": true, "Notification Complained": true,
}

// Told says that an event is told of somebody who has done nothing for it. It is counted by its name, and is no activity: neither a day nor an hour, no way to the shop, no first and no last time that somebody was seen.
func Told(e *event.Event) bool { return e.Kind == event.Track && passive[e.Name] }

func active(e *event.Event) bool {
	switch e.Kind {
	case event.Page, event.Screen:
		return true
	case event.Track:
		return !passive[e.Name]
	}
	return false
}
