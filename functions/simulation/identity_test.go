package simulation

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// identity is what stood under the key of a profile, and when.
type identity struct {
	version int64
	stands  []stand
	writes  map[int64]time.Time // when each version was written
}

// stand is one state of a key: a pointer to another, a tombstone, or a profile.
type stand struct {
	at      time.Time
	to      string
	erased  bool
	asked   time.Time // when the erasure was asked for, to the millisecond
	version int64
}

// identities notes every write of a profile's key.
func (x *watch) identities(q request) {
	if q.document == nil || !bytes.Contains(q.body, []byte(`"p#`)) {
		return
	}
	d := q.document
	x.stand(d.Item)
	for _, action := range d.TransactItems {
		for _, a := range action {
			x.stand(a.Item)
		}
	}
}

func (x *watch) stand(item map[string]attribute) {
	key, ok := strings.CutPrefix(item["pk"].S, "p#")
	if !ok || item["sk"].S != "p" {
		return
	}
	version, _ := strconv.ParseInt(item["v"].N, 10, 64) // a pointer has none
	who := x.people[key]
	if who == nil {
		who = &identity{writes: map[int64]time.Time{}}
		x.people[key] = who
	}
	if version <= who.version && item["to"].S == "" {
		x.w.violate(versionsGrow, "profile:"+key, "version %d was written over version %d", version, who.version)
	}
	if version > who.version {
		who.version = version
	}
	if who.writes[version].IsZero() {
		who.writes[version] = time.Now()
	}
	_, body := item["b"]
	now := stand{at: time.Now(), to: item["to"].S, erased: item["erased"].N != "" && item["to"].S == "" && !body, version: version}
	if ms, err := strconv.ParseInt(item["erased"].N, 10, 64); err == nil {
		now.asked = time.UnixMilli(ms).UTC()
	}
	if n := len(who.stands); n == 0 || who.stands[n-1].to != now.to || who.stands[n-1].erased != now.erased || now.erased {
		who.stands = append(who.stands, now)
	}
}

// written is when a version of a profile was written, now if nobody saw it.
func (x *watch) written(key string, version int64) time.Time {
	if who := x.people[key]; who != nil && !who.writes[version].IsZero() {
		return who.writes[version]
	}
	return time.Now()
}

// stood is what stood under a key at a time.
func (x *watch) stood(key string, at time.Time) (now stand) {
	if who := x.people[key]; who != nil {
		for _, s := range who.stands {
			if !s.at.After(at) {
				now = s
			}
		}
	}
	return now
}

// person is whom a key led to at a time.
func (x *watch) person(key string, at time.Time) string {
	for range 100 {
		now := x.stood(key, at)
		if now.to == "" {
			break
		}
		key = now.to
	}
	return key
}

// erased says whether somebody was erased under a key between two times.
func (x *watch) erased(key string, from, to time.Time) bool {
	who := x.people[key]
	return who != nil && slices.ContainsFunc(who.stands, func(s stand) bool { return s.erased && s.at.After(from) && !s.at.After(to) })
}

// left says whether who stood under a key was erased between two times, there or as part of whom the key led to.
func (x *watch) left(key string, from, to time.Time) bool {
	for at, who := range x.people {
		for _, s := range who.stands {
			if s.erased && s.at.After(from) && !s.at.After(to) && (at == key || x.person(key, s.at.Add(-time.Nanosecond)) == at) {
				return true
			}
		}
	}
	return false
}

// together says whether two keys were known as one person at a time, and nobody was erased under either since another.
func (x *watch) together(a, b string, since, at time.Time) bool {
	return x.person(a, at) == x.person(b, at) && !x.erased(a, since, at.Add(slack)) && !x.erased(b, since, at.Add(slack)) && !x.erased(x.person(a, at), since, at.Add(slack))
}
