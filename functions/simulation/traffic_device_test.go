package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// removal is a device that a shop has taken off a person.
type removal struct {
	User, Device  string
	Begun         time.Time // of the call
	Accepted      bool
	Proven        bool    // somebody has proved since that the device is the person's
	Before, After []*said // what the device did alone, before the call and after the list showed that it was carried out
}

// takeOff is a person who has sold a phone, and the shop that takes it off them. Some buy it back.
func takeOff(w *world, d *dice, p *human) {
	x := &removal{User: fmt.Sprintf("canaryseller-%08x", d.name()), Device: fmt.Sprintf("canarysold-%08x", d.name())}
	w.model.removals = append(w.model.removals, x)
	alone := func(n int) (list []*said) {
		for range n {
			s := w.event(d, "page", one(d, pages_...))
			s.Anon, s.moved = x.Device, true
			list = append(list, s)
		}
		return list
	}
	if d.happens(0.5) {
		x.Before = alone(d.between(1, 3))
		w.post(d, publicKey, x.Before...)
	}
	prove := func() {
		s := w.event(d, "identify", "")
		s.User, s.Anon = x.User, x.Device
		w.post(d, serverKey, s)
	}
	prove()
	late := alone(d.between(1, 3))
	x.Before = append(x.Before, late...)
	w.post(d, publicKey, late...)
	if !w.until(d, x, "joined") {
		return
	}
	x.Begun = time.Now()
	status, _ := w.ask(d, "DELETE", "/v1/profiles/"+x.User+"/devices?device="+x.Device, serverKey, "")
	x.Accepted = status == 202
	w.tell("back end: takes %s off %s: %d", x.Device, x.User, status)
	if d.happens(0.5) {
		go w.post(&dice{d.next()}, publicKey, alone(2)...) // meanwhile
	}
	if !x.Accepted || !w.until(d, x, "takenOff") {
		return
	}
	w.sleep(maxSkew) // it counts from when it was carried out, by the clock of whoever did
	x.After = alone(d.between(1, 3))
	w.post(d, publicKey, x.After...)
	claim := browsing(w, d, x.Device, x.User, 1)
	w.post(d, publicKey, claim...)
	if d.happens(0.4) {
		w.sleep(d.pause(time.Second, 5*time.Minute))
		x.Proven = true
		prove()
	}
}

// until waits for a device to be in a state, as the shop is told; not for ever.
func (w *world) until(d *dice, x *removal, state string) bool {
	for range 40 {
		status, body := w.ask(d, "GET", "/v1/profiles/"+x.User+"/devices", serverKey, "")
		var list struct {
			Items []struct{ AnonymousID, State string }
		}
		if status == 200 {
			check(json.Unmarshal(body, &list))
		}
		for _, i := range list.Items {
			if i.AnonymousID == x.Device && i.State == state {
				return true
			}
		}
		w.sleep(d.pause(time.Second, time.Minute))
	}
	return false
}

// checkTakenOff holds that what a device did before it was taken off somebody is theirs, and what it does later is its own until it is proven to be
// theirs again; and that nothing of it is lost or there twice.
func checkTakenOff(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.model.removals {
		person, device := s.of[x.User], s.of["anonymous:"+x.Device]
		count := func(profile string, e *said) (n int) {
			for _, t := range s.timeline[profile] {
				if t.MessageID == e.ID {
					n++
				}
			}
			return n
		}
		for _, e := range x.Before {
			if e.Accepted && (x.Begun.IsZero() || e.Answered.Before(x.Begun)) && count(person, e)+count(device, e) == 0 {
				broken(x.User, "%s of %s was answered at %s and is nobody's", e.ID, x.Device, clock(e.Answered))
			}
			if !x.Begun.IsZero() && e.Accepted && count(person, e) != 1 {
				broken(x.User, "%s of %s, answered at %s before it was taken off at %s, is theirs %d times", e.ID, x.Device, clock(e.Answered), clock(x.Begun), count(person, e))
			}
		}
		for _, e := range x.After {
			owner, other := device, person
			if x.Proven {
				owner, other = person, ""
			}
			if e.Accepted && (count(owner, e) != 1 || other != "" && count(other, e) != 0) {
				broken(x.User, "%s of %s, sent at %s after it was taken off, stands %d times with the person and %d times with the device; proven again %v", e.ID, x.Device, clock(e.First), count(person, e), count(device, e), x.Proven)
			}
		}
		if len(x.After) == 0 || s.profiles[person] == nil {
			continue
		}
		if has := slices.Contains(s.profiles[person].IDs, identifier{"anonymous", x.Device}); has != x.Proven || x.Proven != (person == device) {
			broken(x.User, "has %s among the ids: %v, proven again %v; %s and %s", x.Device, has, x.Proven, person, device)
		}
	}
}
