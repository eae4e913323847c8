package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// taggedPerson is somebody whom operators and the shop's back end tag under two ids, which are one person from some time on.
type taggedPerson struct {
	User, Device string
	Joined       bool
	Unsure       bool // nobody knows whether something was carried out
	Changes      []tagChange
}

// tagChange is a change that the API has taken, at the time that it answered.
type tagChange struct {
	ID, Receipt string
	Add, Remove []string
	At          time.Time
}

// tagSomebody gives and takes tags in turns, under a userId and under a device; with some the two become one meanwhile, and some are erased and come back.
func tagSomebody(w *world, d *dice, _ *human) {
	name := fmt.Sprintf("%08x", d.name())
	x := &taggedPerson{User: "canarytagged-" + name, Device: "canarytagged-device-" + name}
	w.model.tagged = append(w.model.tagged, x)
	say := func(key, kind, user, anon string) bool {
		s := w.event(d, kind, "")
		s.User, s.Anon, s.moved = user, anon, true
		return w.post(d, key, s)
	}
	known := func(id string, want int) bool {
		for range 30 {
			if status, _ := w.ask(d, "GET", "/v1/profiles/"+id, serverKey, ""); status == want {
				return true
			}
			w.sleep(d.pause(time.Second, time.Minute))
		}
		return false
	}
	if !say(serverKey, "identify", x.User, "") || !say(publicKey, "page", "", x.Device) || !known(x.User, 200) || !known("anonymous:"+x.Device, 200) {
		x.Unsure = true
		return
	}
	joins, erased := d.below(6), d.below(20)
	for n := range d.between(2, 7) {
		w.sleep(2*maxSkew + d.pause(0, 3*time.Minute)) // what is answered later is of a later time, by any clock
		if n == joins {
			if !say(serverKey, "identify", x.User, x.Device) {
				x.Unsure = true
				return
			}
			x.Joined = true
		}
		if n == erased {
			erase(w, d, &human{number: 4000 + d.below(1000), user: x.User})
			if !known(x.User, 404) || !say(serverKey, "identify", x.User, "") || !known(x.User, 200) {
				x.Unsure = true
				return
			}
			x.Changes, x.Joined = nil, false // what was to join them may be of before the erasure
			w.sleep(2 * maxSkew)
		}
		if !w.tags(d, x) {
			x.Unsure = true
			return
		}
	}
}

// tags is one change of somebody's tags. It tells whether the API has taken it.
func (w *world) tags(d *dice, x *taggedPerson) bool {
	id := x.User
	if d.happens(0.4) {
		id = "anonymous:" + x.Device
	}
	names := []string{"vip", "老客", "tea", "new"}
	change := map[string][]string{}
	for _, name := range names {
		switch {
		case d.happens(0.35):
			change["add"] = append(change["add"], name)
		case d.happens(0.35):
			change["remove"] = append(change["remove"], name)
		}
	}
	key := serverKey
	if d.happens(0.5) {
		key = operatorKey
	}
	if len(change) == 0 {
		change["tags"] = []string{"only"}
	}
	body, err := json.Marshal(change)
	check(err)
	status, answer := w.ask(d, "PUT", "/v1/profiles/"+id+"/tags", key, string(body))
	w.tell("tags of %s: %s: %d %.300s", id, body, status, answer)
	var told struct {
		Receipt     string
		At          time.Time
		Add, Remove []string
	}
	switch {
	case status == 202:
		check(json.Unmarshal(answer, &told))
		if told.Receipt != "" {
			x.Changes = append(x.Changes, tagChange{id, told.Receipt, told.Add, told.Remove, told.At})
		}
		return true
	case status == 404 && id != x.User: // the device was erased with whoever had it
		return true
	case status >= 400 && status < 500 && status != 429:
		w.surprise("tags of %s: %d %s", id, status, answer)
	}
	return false
}

// checkTags holds that of each tag the last word counts, by the time of its answer, whoever the two ids are, and that each change stands once in the timeline.
func checkTags(w *world, s *state, broken func(string, string, ...any)) {
	judged := 0
	for _, x := range w.model.tagged {
		user, device := s.of[x.User], s.of["anonymous:"+x.Device]
		if x.Unsure || s.profiles[user] == nil {
			continue
		}
		together := x.Joined || user == device
		on, at, seen := map[string]bool{}, map[string]time.Time{}, map[string]int{}
		for _, t := range s.timeline[user] {
			seen[t.MessageID]++
		}
		for _, c := range x.Changes {
			if c.ID != x.User && !together {
				continue
			}
			if n := seen["tags-"+c.Receipt]; n != 1 {
				broken(x.User, "the change of tags %s stands %d times in the timeline", c.Receipt, n)
			}
			for i, list := range [][]string{c.Remove, c.Add} {
				for _, tag := range list {
					if !c.At.Before(at[tag]) {
						on[tag], at[tag] = i == 1, c.At
					}
				}
			}
		}
		maps.DeleteFunc(on, func(_ string, is bool) bool { return !is })
		want := slices.Sorted(maps.Keys(on))
		if got := s.profiles[user].Tags; !slices.Equal(got, want) {
			broken(x.User, "is tagged %v, want %v", got, want)
		}
		judged++
	}
	w.tell("judge: %d people were tagged, of %d the tags are known", len(w.model.tagged), judged)
}
