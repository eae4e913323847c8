package archive

import (
	"encoding/json"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// part is a day and a shard.
type part struct {
	day   profile.Day
	shard int
}

// intake is what a step's objects hold, sorted by day and shard.
type intake struct {
	shop   profile.Shop
	shards func(profile.Day) int
	events map[part][]columns.Event
	made   map[part][]string // the objects that they come from
	merges []job.Follow
}

func newIntake(shop profile.Shop, shards func(profile.Day) int) *intake {
	return &intake{shop: shop, shards: shards, events: map[part][]columns.Event{}, made: map[part][]string{}}
}

// opened reads an object.
func opened(body []byte) (all job.Archive, err error) {
	if err := json.Unmarshal(body, &all); err != nil {
		return all, err
	}
	return all, readable(all)
}

// add takes an object that was opened.
func (in *intake) add(name string, all job.Archive) error {
	seen := map[part]bool{}
	for _, pack := range all.Packs {
		who, err := columns.PersonOf(pack.ProfileID)
		if err != nil {
			return err
		}
		list, err := people.EventsOf(pack.Body)
		if err != nil {
			return err
		}
		for _, e := range list {
			if tellsOfMerge(e) {
				continue // a list, not an event
			}
			e.Event.Source = e.Source
			at := part{day: in.day(pack.Day, e.Event.Happened())}
			at.shard = who.Shard(in.shards(at.day))
			in.events[at] = append(in.events[at], columns.Event{Person: who, Event: e.Event})
			if !seen[at] {
				seen[at] = true
				in.made[at] = append(in.made[at], name)
			}
		}
	}
	in.merges = append(in.merges, all.Merges...)
	return nil
}

// day is the shop's day of an event. A retry that claims another day than the first one is filed where that is, or beside it, so that copies meet.
func (in *intake) day(packed profile.Day, happened time.Time) profile.Day {
	if profile.DayOf(happened) != packed {
		happened = packed.Time().Add(12 * time.Hour)
	}
	return in.shop.Day(happened)
}
