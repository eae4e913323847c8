package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// taggedPerson is somebody whom operators and the shop's back end tag under two ids, which are one person from some time on.
type taggedPerson struct {
	User, Device string
	Joined       bool
	Unsure       bool // nobody knows whether something was carried out
	Changes      []tagChange
	Listed       []string // all that a system of the shop tagged them with last
	Words        []listWord
}

// listWord is an upload that put somebody on the list of a fair, or took them off.
type listWord struct {
	Off bool
	At  time.Time
}

// fair is the list, and the segment of those who are on it.
const fair = "fair"

// askedTags are those that a segment of every seed asks for: one that the segment of the buyers gives, and one that is given by hand, by a system and by other segments.
var askedTags = []string{"buyer", "vip"}

// tagChange is a change that the API has taken, at the time that it answered.
type tagChange struct {
	ID, Receipt string
	Add, Remove []string
	Only        []string // all that the person is to have by hand, in place of the two; nil where they count
	At          time.Time
}

// tagSomebody gives and takes tags in turns, by hand under a userId and under a device, and by the lists of a system; with some the two become one meanwhile, and some are erased and come back.
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
			x.Changes, x.Listed, x.Words, x.Joined = nil, nil, nil, false // what was to join them may be of before the erasure
			w.sleep(2 * maxSkew)
		}
		if d.happens(0.25) {
			s := w.event(d, "track", "Tags Changed")
			x.Listed = d.some("vip", "wholesale", "tea")
			s.User, s.moved, s.Original, s.Moves, s.Properties = x.User, true, time.Now().UTC().Format(time.RFC3339Nano), false, map[string]any{"all": x.Listed, "by": "erp"}
			if !w.post(d, serverKey, s) {
				x.Unsure = true
				return
			}
			continue
		}
		if d.happens(0.3) && !havePrevious && !w.uploads(d, x) {
			x.Unsure = true
			return
		}
		if !w.tags(d, x) {
			x.Unsure = true
			return
		}
		if d.happens(0.3) && !w.tags(d, x) { // before the change is carried out
			x.Unsure = true
			return
		}
	}
}

// some are as many of the values as it happens, none too.
func (d *dice) some(values ...string) []string {
	list := []string{}
	for _, v := range values {
		if d.happens(0.5) {
			list = append(list, v)
		}
	}
	return list
}

// tags is one change of somebody's tags. It tells whether the API has taken it.
func (w *world) tags(d *dice, x *taggedPerson) bool {
	id := x.User
	if d.happens(0.4) {
		id = "anonymous:" + x.Device
	}
	names := []string{"vip", "老客", "tea", "new"}
	change := map[string][]string{}
	only := d.happens(0.4) && !havePrevious // which adds and takes away instead
	if only {
		names, change["tags"] = nil, d.some(names...)
	}
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
		change["add"] = []string{"only"}
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
			x.Changes = append(x.Changes, tagChange{id, told.Receipt, told.Add, told.Remove, change["tags"], told.At})
		}
		return true
	case status == 422 && strings.Contains(string(answer), "is given by"): // no word takes away what a system gives
		return true
	case status == 404 && id != x.User: // the device was erased with whoever had it
		return true
	case status >= 400 && status < 500 && status != 429:
		w.surprise("tags of %s: %d %s", id, status, answer)
	}
	return false
}

// uploads puts somebody on the list of the fair, or takes them off. It tells whether the API has taken it.
func (w *world) uploads(d *dice, x *taggedPerson) bool {
	mode := one(d, "add", "add", "remove")
	status, answer := w.ask(d, "PUT", "/v1/lists/"+fair+"?mode="+mode, one(d, serverKey, operatorKey), "userId\n"+x.User+"\nnobody\n"+x.User+"\n", "Content-Type", "text/csv")
	w.tell("upload of %s: %s: %d %.300s", x.User, mode, status, answer)
	var told struct {
		At               time.Time
		Lines, Matched   int
		Twice, Unmatched []any
	}
	if status != 202 {
		return false
	}
	if check(json.Unmarshal(answer, &told)); told.Lines != 3 || told.Matched != 1 || len(told.Twice) != 1 || len(told.Unmatched) != 1 {
		w.surprise("upload of %s: %s", x.User, answer)
	}
	x.Words = append(x.Words, listWord{mode == "remove", told.At})
	return true
}

// onList tells whether the last word about the list put somebody on it: of one time what takes them off.
func (x *taggedPerson) onList() (on bool) {
	var last time.Time
	for _, word := range x.Words {
		if word.At.After(last) || word.At.Equal(last) && word.Off {
			on, last = !word.Off, word.At
		}
	}
	return on
}

// checkTags holds that of each tag the last word counts, by the time of its answer, whoever the two ids are, and that each change stands once in the timeline; that the last list of a system stands
// beside them; and that everybody has the tags of the segments that they are in.
func checkTags(w *world, s *state, broken func(string, string, ...any)) {
	judged, by := 0, map[string]*taggedPerson{}
	for _, x := range w.model.tagged {
		for _, id := range []string{s.of[x.User], s.of["anonymous:"+x.Device]} {
			by[id] = x
		}
	}
	for id, v := range s.profiles {
		x, want := by[id], map[string]bool{}
		if x != nil && (x.Unsure || id != s.of[x.User]) {
			continue
		}
		if !w.givenTags(v, want) {
			continue
		}
		if x != nil {
			together := x.Joined || id == s.of["anonymous:"+x.Device]
			for tag := range x.byHand(together) {
				want[tag] = true
			}
			for _, tag := range x.Listed {
				want[tag] = true
			}
			seen := map[string]int{}
			for _, t := range s.timeline[id] {
				seen[t.MessageID]++
			}
			for _, c := range x.Changes {
				if n := seen["tags-"+c.Receipt]; n != 1 && (c.ID == x.User || together) {
					broken(x.User, "the change of tags %s stands %d times in the timeline", c.Receipt, n)
				}
			}
			if on := slices.Contains(v.Segments, fair); on != x.onList() {
				broken("profile:"+id, "is in the segment of the list: %v, want %v by %v", on, x.onList(), x.Words)
			}
			judged++
		} else if slices.Contains(v.Segments, fair) {
			broken("profile:"+id, "is in the segment of a list on which nobody put them")
		}
		if want := slices.Sorted(maps.Keys(want)); !slices.Equal(v.Tags, want) {
			broken("profile:"+id, "is tagged %v, want %v, in the segments %v", v.Tags, want, v.Segments)
		}
	}
	w.tell("judge: %d people were tagged, of %d the tags are known", len(w.model.tagged), judged)
}

// givenTags adds what the segments of somebody give. It tells whether that is known.
func (w *world) givenTags(v *view, tags map[string]bool) bool {
	for _, segment := range v.Segments {
		if strings.Contains(segment, ":") {
			continue
		}
		last, sure := w.model.last("segments", segment)
		if !sure {
			return false
		}
		if tag, _ := last.Doc["tag"].(string); tag != "" {
			tags[tag] = true
		}
	}
	return true
}

// byHand are the tags that the changes leave, of a device too where it is the person's.
func (x *taggedPerson) byHand(together bool) map[string]bool {
	on, at := map[string]bool{}, map[string]time.Time{}
	var only time.Time
	byTime := slices.Clone(x.Changes)
	slices.SortStableFunc(byTime, func(a, b tagChange) int { return a.At.Compare(b.At) })
	for _, c := range byTime {
		if c.ID != x.User && !together || c.At.Before(only) {
			continue
		}
		if c.Only != nil {
			maps.DeleteFunc(on, func(tag string, _ bool) bool { return at[tag].Before(c.At) })
			only, c.Add, c.Remove = c.At, c.Only, nil
		}
		for i, list := range [][]string{c.Remove, c.Add} {
			for _, tag := range list {
				if c.At.After(at[tag]) || i == 0 { // of one time what takes it away holds
					on[tag], at[tag] = i == 1, c.At
				}
			}
		}
	}
	maps.DeleteFunc(on, func(_ string, is bool) bool { return !is })
	return on
}
