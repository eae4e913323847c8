package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// offline is an app that goes through a tunnel: it did not hear that its first events were taken, and sends them once more after a long
// session. Sometimes the phone's clock was set meanwhile.
func offline(w *world, d *dice, p *human) {
	device := p.device(d)
	first := browsing(w, d, device, p.user, d.between(1, 3))
	set := d.happens(0.4)
	if set {
		for _, s := range first {
			s.Original, s.Moves = time.Now().UTC().Add(-d.pause(50*time.Hour, 200*time.Hour)).Format(time.RFC3339Nano), false
		}
	}
	if !w.post(d, publicKey, first...) {
		return
	}
	for range d.between(4, 8) {
		w.sleep(d.pause(time.Second, 4*time.Minute))
		w.post(d, publicKey, browsing(w, d, device, p.user, d.between(15, 30))...)
	}
	w.sleep(d.pause(time.Minute, 2*time.Hour))
	if set {
		for _, s := range first {
			s.Original = time.Now().UTC().Format(time.RFC3339Nano)
		}
	}
	w.post(d, publicKey, first...)
}

// privateWindows are a person whose browser forgets its cookies: each visit is a new device until they sign in on it.
func privateWindows(w *world, d *dice, p *human) {
	for range d.between(2, 4) {
		device := fmt.Sprintf("canaryprivate-%d", d.below(1<<30))
		p.devices = append(p.devices, device)
		w.post(d, publicKey, browsing(w, d, device, "", d.between(1, 3))...)
		w.sleep(d.pause(time.Second, 10*time.Minute))
		s := w.event(d, "identify", "")
		s.User, s.Anon = p.user, device
		w.post(d, serverKey, s)
	}
}

// leaveInTheMiddle is an app that goes on while the shop erases its user's account.
func leaveInTheMiddle(w *world, d *dice, p *human) {
	device := p.device(d)
	for range d.between(2, 6) {
		go w.post(&dice{d.next()}, publicKey, browsing(w, d, device, p.user, d.between(1, 4))...)
		w.sleep(d.pause(10*time.Millisecond, 3*time.Second))
	}
	go erase(w, &dice{d.next()}, p)
	for range d.between(2, 6) {
		w.sleep(d.pause(10*time.Millisecond, 3*time.Second))
		go w.post(&dice{d.next()}, publicKey, browsing(w, d, device, p.user, d.between(1, 4))...)
	}
}

// foreignRefund is a refund that the bank tells in the money of the card.
func foreignRefund(w *world, d *dice, p *human) {
	id := fmt.Sprintf("card-%d", d.below(1<<30))
	_, total := d.sum()
	s := w.event(d, "track", "Order Completed")
	s.User, s.Original, s.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": id, "total": total, "currency": "CNY"}
	w.post(d, serverKey, s)
	w.sleep(d.pause(time.Second, 20*time.Minute))
	r := w.event(d, "track", "Order Refunded")
	r.User, r.Original, r.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	r.Properties = map[string]any{"order_id": id, "total": float64(d.between(100, 400)) / 100, "currency": "EUR", "refund_id": "card"}
	w.post(d, serverKey, r)
}

// secondAccount is a person who invites an account of their own, with the same telephone, whose number is written as one does from abroad.
func secondAccount(w *world, d *dice, p *human) {
	number := fmt.Sprintf("13%09d", d.below(1_000_000_000))
	advocate, friend := fmt.Sprintf("canaryfirst-%s", number), fmt.Sprintf("canarysecond-%s", number)
	for _, account := range [][2]string{{advocate, number}, {friend, one(d, "0086", "+86", "0086 ") + number}} {
		s := w.event(d, "identify", "")
		s.User, s.Traits = account[0], map[string]any{"phone": account[1]}
		w.post(d, serverKey, s)
	}
	w.sleep(d.pause(time.Minute, 20*time.Minute))
	for _, user := range []string{advocate, friend} { // what is not known yet nobody can go by
		status, body := w.ask(d, "GET", "/v1/profiles/"+user, serverKey, "")
		var v struct{ Traits map[string]any }
		if status != 200 || json.Unmarshal(body, &v) != nil || v.Traits["phone"] == nil {
			return
		}
	}
	if code := w.codeOf(d, "ladder", advocate); code != "" && w.claim(d, "ladder", code, advocate, friend) == 201 {
		w.violate(noSelfInvitation, friend, "claims the code of %s, who has the same telephone", advocate)
	}
}

// pays sends the report of an order that is paid now, by a user or a device, and answers its id.
func (w *world) pays(d *dice, user, device string) (order string) {
	order = fmt.Sprintf("paid-%d", d.below(1<<30))
	_, total := d.sum()
	s := w.event(d, "track", "Order Completed")
	s.User, s.Anon, s.Original, s.Moves = user, device, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": order, "total": total, "currency": "CNY"}
	w.post(d, serverKey, s)
	return order
}

// takesBack refunds the whole of an order.
func (w *world) takesBack(d *dice, user, order string) {
	s := w.event(d, "track", "Order Refunded")
	s.User, s.Original, s.Moves = user, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": order}
	w.post(d, serverKey, s)
}

// guestOrder is a person who buys without signing in, and signs in afterwards.
func guestOrder(w *world, d *dice, p *human) {
	device := fmt.Sprintf("canaryguest-%d", d.below(1<<30))
	w.post(d, publicKey, browsing(w, d, device, "", d.between(1, 3))...)
	w.pays(d, "", device)
	w.sleep(d.pause(time.Second, 30*time.Minute))
	s := w.event(d, "identify", "")
	s.User, s.Anon = p.user, device
	w.post(d, serverKey, s)
	p.devices = append(p.devices, device)
}

// popular is an advocate whose friends come one after the other. Some give back what they bought.
func popular(w *world, d *dice, p *human) {
	program := one(d, "invite", "ladder", "ladder")
	advocate := fmt.Sprintf("canarypopular-%d", d.below(1<<30))
	code := w.codeOf(d, program, advocate)
	if code == "" {
		return
	}
	for n := range d.between(3, 5) {
		friend := fmt.Sprintf("%s-friend-%d", advocate, n)
		if w.claim(d, program, code, advocate, friend) != 201 {
			continue
		}
		w.sleep(d.pause(time.Second, 5*time.Minute))
		order := w.pays(d, friend, "")
		w.sleep(d.pause(10*time.Second, 10*time.Minute))
		if d.happens(0.4) {
			w.takesBack(d, friend, order)
			w.sleep(d.pause(10*time.Second, 10*time.Minute))
		}
	}
}

// twoAccounts is a person with two accounts who is invited with both, before the shop finds out and makes them one.
func twoAccounts(w *world, d *dice, p *human) {
	number := d.below(1 << 30)
	first, second := fmt.Sprintf("canaryaccount-%d-a", number), fmt.Sprintf("canaryaccount-%d-b", number)
	for n, account := range []string{first, second} {
		s := w.event(d, "identify", "")
		s.User, s.Traits = account, map[string]any{"name": fmt.Sprintf("Canaryname%d", number)}
		w.post(d, serverKey, s)
		advocate := w.cast.people[n].user
		if code := w.codeOf(d, "invite", advocate); code != "" {
			w.claim(d, "invite", code, advocate, account)
		}
	}
	steps := []func(){
		func() { w.pays(d, first, "") },
		func() {
			s := w.event(d, "alias", "")
			s.User, s.Prev = first, second
			w.post(d, serverKey, s)
		},
		func() { w.pays(d, second, "") },
	}
	if d.happens(0.4) { // they are one from the beginning
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		w.sleep(d.pause(100*time.Millisecond, 10*time.Minute))
		step()
	}
}

// newsletter is a list of readers that the shop brings from elsewhere, and writes to some hours later.
func newsletter(w *world, d *dice, p *human) {
	list := d.below(1 << 30)
	people := one(d, 30, 60, 200)
	for n := 0; n < people; n += 25 {
		var events []*said
		for i := n; i < min(n+25, people); i++ {
			user := fmt.Sprintf("canaryreader-%d-%03d", list, i)
			known, granted := w.event(d, "identify", ""), w.event(d, "track", "Consent Granted")
			known.User, known.Traits = user, map[string]any{"email": fmt.Sprintf("canary%d.%d@canary.example", list, i)}
			granted.User, granted.Properties = user, map[string]any{"channel": "email"}
			events = append(events, known, granted)
		}
		w.post(d, serverKey, events...)
	}
	w.sleep(d.pause(130*time.Minute, 3*time.Hour))
	id := fmt.Sprintf("audience-%d", list)
	at := time.Now().UTC().Add(d.pause(70*time.Second, 5*time.Minute)).Truncate(time.Second)
	doc := map[string]any{"name": "Newsletter", "state": "scheduled", "channel": "email", "templateId": "mail", "oncePerPerson": true,
		"trigger": map[string]any{"audience": map[string]any{"segmentId": "readers", "at": at.Format(time.RFC3339)}}}
	if !w.define(d, "campaigns", id, doc) || d.happens(0.4) {
		return
	}
	w.sleep(time.Until(at) + d.pause(time.Second, 2*time.Minute)) // second thoughts in the middle of it
	paused, running := maps.Clone(doc), maps.Clone(doc)
	paused["state"], running["state"] = "paused", "running"
	w.define(d, "campaigns", id, paused)
	w.sleep(d.pause(time.Minute, 8*time.Minute))
	w.define(d, "campaigns", id, running)
}
