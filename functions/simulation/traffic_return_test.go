package simulation

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// backAndMerged is somebody who was erased, comes back with the same userId and the same browser, each by itself, and is merged while the wipe of who they
// were is under way: it looks again after a quarter of an hour. Some turn out to be another account's. Later they do once more what a campaign takes
// each person for once.
func backAndMerged(w *world, d *dice, _ *human) {
	tag := fmt.Sprintf("%08x", d.name())
	p := &human{number: 3000 + d.below(1000), user: "canaryback-" + tag, devices: []string{"canaryback-device-" + tag}}
	device, other := p.devices[0], "canaryback-other-"+tag
	say := func(key, kind, name, user, anon string) {
		s := w.event(d, kind, name)
		if s.User, s.Anon = user, anon; name == "Consent Granted" {
			s.Properties = map[string]any{"channel": "email"}
		}
		if kind == "identify" && user != "" {
			s.Traits = map[string]any{"email": p.email()}
		}
		w.post(d, key, s)
	}
	signUp := func() {
		say(serverKey, "identify", "", p.user, "")
		say(serverKey, "track", "Consent Granted", p.user, "")
		say(serverKey, "track", "Signed Up", p.user, "")
	}
	elsewhere := d.happens(0.5)
	if elsewhere {
		say(serverKey, "identify", "", other, "")
	}
	say(serverKey, "identify", "", p.user, device)
	say(publicKey, "track", "Store Visited", "", device)
	signUp()
	w.sleep(d.pause(time.Second, 5*time.Minute))
	erase(w, d, p)
	if d.happens(0.5) { // at once, or when the tombstones stand
		w.sleep(d.pause(10*time.Second, 2*time.Minute))
	}
	say(publicKey, "track", "Store Visited", "", device)
	if d.happens(0.7) {
		signUp()
	}
	w.sleep(d.pause(time.Second, 6*time.Minute))
	if d.happens(0.7) {
		say(serverKey, "identify", "", p.user, device)
	}
	if elsewhere {
		s := w.event(d, "alias", "")
		s.User, s.Prev = other, p.user
		if d.happens(0.3) {
			s.User, s.Prev = p.user, other
		}
		w.post(d, serverKey, s)
	}
	w.sleep(d.pause(16*time.Minute, 50*time.Minute))
	say(serverKey, "track", "Signed Up", p.user, "")
}

// trace is something that a worker noted under a key of somebody: that a campaign has enrolled them, or what was decided.
type trace struct {
	at      time.Time
	version int64 // of the profile that was judged, 0 where none is named
	until   int64 // when it may be forgotten, seconds since 1970; 0 for never
}

// noted remembers what is written under the key of a person.
func (x *watch) noted(q request) {
	if q.document == nil || q.where != "Deliveries" && q.where != "Due" {
		return
	}
	note := func(i map[string]attribute) {
		pk, sk := i["pk"].S, i["sk"].S
		if q.where == "Deliveries" && strings.HasPrefix(sk, "d#") || strings.HasPrefix(pk, enrolmentPrefix) {
			version, _ := strconv.ParseInt(i["v"].N, 10, 64)
			until, _ := strconv.ParseInt(i["ttl"].N, 10, 64)
			x.traces[pk+" "+sk] = trace{time.Now(), version, until}
		}
	}
	note(q.document.Item)
	for _, action := range q.document.TransactItems {
		for _, a := range action {
			note(a.Item)
		}
	}
}

const enrolmentPrefix = "orchestration#taken#"

// checkReturnedKeep holds that what was decided about somebody and which campaigns have enrolled them is forgotten with an erasure that came later, and with
// nothing else: whoever comes back keeps what was noted of them since, also when they are part of somebody by now.
func checkReturnedKeep(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers take it away
	}
	there := map[string]bool{}
	for _, table := range []string{"Deliveries", "Due"} {
		for _, i := range s.raw[table] {
			there[i.text("pk")+" "+i.text("sk")] = true
		}
	}
	for name, t := range w.watch.traces {
		if there[name] || t.until != 0 && t.until <= time.Now().Unix() {
			continue
		}
		key, what, _ := strings.Cut(name, " ")
		key = strings.TrimPrefix(key, enrolmentPrefix)
		if !w.watch.buriedSince(key, t) {
			broken("profile:"+key, "what was noted at %s of version %d is gone, and nobody was erased there since: %s", clock(t.at), t.version, what)
		}
	}
}

// buriedSince says whether somebody of whom a trace may be was erased under a key.
func (x *watch) buriedSince(key string, t trace) bool {
	who := x.people[key]
	if who == nil {
		return false
	}
	for _, s := range who.stands {
		if s.erased && (t.version > 0 && t.version <= s.version || t.version == 0 && t.at.Before(s.at.Add(2*maxSkew+slack))) {
			return true
		}
	}
	return false
}
