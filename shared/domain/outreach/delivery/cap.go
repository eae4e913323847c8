package delivery

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
)

const (
	maxCaps    = 10
	maxCapDays = 30
)

// AnyChannel stands for all channels together in a Cap.
const AnyChannel Channel = "any"

// Unit is the unit of a cap's window.
type Unit string

// The units. Minutes count back from now; days and weeks are calendar days in the person's zone, today included.
const (
	Minutes Unit = "minutes"
	Days    Unit = "days"
	Weeks   Unit = "weeks"
)

// Over says what happens to a notification over the cap.
type Over string

// SkipOver is the default. A deferred notification waits until the window has room, as long as it does not expire.
const (
	SkipOver  Over = "skip"
	DeferOver Over = "defer"
)

// Cap is one rule: no more than Limit of Channel, with Tag if it is set, per Per Units.
type Cap struct {
	Limit   int     `json:"limit"`
	Channel Channel `json:"channel,omitempty"` // empty means any
	Tag     string  `json:"tag,omitempty"`
	Per     int     `json:"per"`
	Unit    Unit    `json:"unit"`
	Over    Over    `json:"over,omitempty"` // empty means skip
}

func (c Cap) faults() fault.Faults {
	var f fault.Faults
	if c.Limit < 1 || c.Limit > maxIntents {
		f.Addf("limit", "must be from 1 to %d", maxIntents)
	}
	if c.Channel != "" && c.Channel != AnyChannel && !slices.Contains(Channels(), c.Channel) {
		f.Addf("channel", "is neither any nor a channel: %v", Channels())
	}
	most := map[Unit]int{Minutes: maxCapDays * 24 * 60, Days: maxCapDays, Weeks: maxCapDays / 7}[c.Unit]
	switch {
	case most == 0:
		f.Add("unit", "must be minutes, days or weeks")
	case c.Per < 1 || c.Per > most:
		f.Addf("per", "must be from 1 to %d %s: a window has at most %d days", most, c.Unit, maxCapDays)
	}
	if c.Over != "" && c.Over != SkipOver && c.Over != DeferOver {
		f.Add("over", "must be skip or defer")
	}
	return f
}

// String is the rule for a decision's detail: "3 email #promo per 1 days".
func (c Cap) String() string {
	channel, tag := c.Channel, ""
	if channel == "" {
		channel = AnyChannel
	}
	if c.Tag != "" {
		tag = " #" + c.Tag
	}
	return fmt.Sprintf("%d %s%s per %d %s", c.Limit, channel, tag, c.Per, c.Unit)
}

func (c Cap) concerns(channel Channel, tags []string) bool {
	if c.Channel != "" && c.Channel != AnyChannel && c.Channel != channel {
		return false
	}
	return c.Tag == "" || slices.Contains(tags, c.Tag) || slices.Contains(tags, TagMark(c.Tag))
}

// TagMark stands for a tag where tags take too much room: seven bytes, the first of which no tag that somebody wrote begins with.
func TagMark(tag string) string {
	if strings.HasPrefix(tag, "\x00") {
		return tag
	}
	sum := sha256.Sum256([]byte(tag))
	return "\x00" + string(sum[:6])
}

// room says when the rule has room for one more: now, or later when the times of what was sent fill its window.
func (c Cap) room(sent []time.Time, now time.Time, zone *time.Location) time.Time {
	slices.SortFunc(sent, time.Time.Compare)
	first := slices.IndexFunc(sent, func(at time.Time) bool { return c.leaves(at, zone).After(now) })
	if first < 0 || len(sent)-first < c.Limit {
		return now
	}
	// So many must leave the window that one place is free.
	return c.leaves(sent[len(sent)-c.Limit], zone)
}

// leaves is the instant at which something sent at a time no longer counts.
func (c Cap) leaves(at time.Time, zone *time.Location) time.Time {
	days := c.Per
	switch c.Unit {
	case Minutes:
		return at.Add(time.Duration(c.Per) * time.Minute)
	case Weeks:
		days *= 7
	}
	return dayStart(at, days, zone)
}

// dayStart is the first instant of the local day that comes days after the one of t.
func dayStart(t time.Time, days int, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	noon := time.Date(y, m, d+days, 12, 0, 0, 0, zone)
	start := time.Date(y, m, d+days, 0, 0, 0, 0, zone)
	// Where the clock leaps over midnight, the day begins with the leap.
	for range 3 * 60 {
		if start.Day() == noon.Day() {
			break
		}
		start = start.Add(time.Minute)
	}
	return start
}

// judgeCaps asks every rule that concerns the notification; one rule that skips outweighs those that defer.
func judgeCaps(caps []Cap, channel Channel, tags []string, intents []Intent, now time.Time, zone *time.Location) Verdict {
	verdict := Verdict{Action: Proceed}
	for _, c := range caps {
		if !c.concerns(channel, tags) {
			continue
		}
		var sent []time.Time
		for _, i := range intents {
			if i.Counted && c.concerns(i.Channel, i.Tags) {
				sent = append(sent, i.At)
			}
		}
		free := c.room(sent, now, zone)
		if !free.After(now) {
			continue
		}
		if c.Over != DeferOver {
			return skip(FrequencyCap, c.String())
		}
		if free.After(verdict.Until) {
			verdict = Verdict{Action: Defer, Reason: FrequencyCap, Detail: c.String(), Until: free}
		}
	}
	return verdict
}
