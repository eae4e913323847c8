package score

import (
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	// rhythmDays are looked at for somebody's rhythm: the mean of the days from one active day to the next. With fewer than rhythmLeast active days in them it is taken to be rhythmUsual.
	rhythmDays  = 180
	rhythmLeast = 3
	rhythmUsual = 14
	// goneAfter rhythms without activity nothing is left for being recent.
	goneAfter = 4

	// often is how many active days of the last recentDays are as often as counts, deep how many points of depth are as deep.
	recentDays = 30
	often      = 10
	deep       = 30
)

// depths are the points of what somebody did, by how far it goes towards an order or beyond.
var depths = [...]struct {
	event  string
	points int
}{
	{event.ProductViewed, 1}, {event.ProductAdded, 3}, {event.ProductWishlisted, 3}, {"Checkout Started", 5},
	{event.OrderCompleted, 10}, {"Product Reviewed", 5}, {"Product Shared", 5},
}

// Activity is how lively somebody is on a day, 0 to 100: 50 for a last activity that is no longer ago than their own rhythm, falling to nothing at four rhythms; 30 for ten active days of the last 30, or
// the part that there is; 20 for what they did on them, by depths, up to 30 points. It is computed in thousandths, and rounded once.
func Activity(p *profile.Profile, today profile.Day) int {
	return int(5*recency(p.Active, today)+3*frequency(p.Active, today)+2*depth(p, today)+50) / 100
}

// recency is in thousandths, as frequency and depth are.
func recency(active profile.Days, today profile.Day) int64 {
	last, ok := newestActive(active, today)
	if !ok {
		return 0
	}
	first, newest, n := active.Within(today-rhythmDays+1, today)
	span, gaps := int64(newest-first), int64(n-1) // the rhythm is span/gaps days
	if n < rhythmLeast {
		span, gaps = rhythmUsual, 1
	}
	since := int64(today - last)
	return min(max(1000*(goneAfter*span-since*gaps)/((goneAfter-1)*span), 0), 1000)
}

func frequency(active profile.Days, today profile.Day) int64 {
	_, _, days := active.Within(today-recentDays+1, today)
	return min(1000*int64(days)/often, 1000)
}

func depth(p *profile.Profile, today profile.Day) int64 {
	points := int64(0)
	for _, one := range depths {
		for _, on := range p.Counters[one.event].Recent {
			if on.Day <= today && on.Day > today-recentDays {
				points += int64(on.Count) * int64(one.points)
			}
		}
	}
	return min(1000*points/deep, 1000)
}

// The bands of activity. Who falls into the last one is about to be lost.
const (
	Lively  = "lively"
	Fading  = "fading"
	Warning = "warning"
)

// ActivityBands lists them, best first.
func ActivityBands() []string { return []string{Lively, Fading, Warning} }

// activityBand is where a score lies by the settings.
func activityBand(activity int, s Scoring) string {
	switch {
	case activity >= s.LivelyFrom:
		return Lively
	case activity >= s.FadingFrom:
		return Fading
	}
	return Warning
}

// newestActive is the newest active day up to a day.
func newestActive(active profile.Days, upTo profile.Day) (profile.Day, bool) {
	_, last, n := active.Within(active.Last-profile.MaxActiveDays, upTo)
	return last, n > 0
}
