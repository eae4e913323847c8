package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// erase asks for a person to be forgotten. Nothing else is said of the person for a little while before and after, so that nobody can
// argue about what came first; what is under way in queues is.
func erase(w *world, d *dice, p *human) {
	status, body := w.ask(d, "GET", "/v1/profiles/"+escape(p.user), serverKey, "")
	if status != 200 {
		return
	}
	var v view
	check(json.Unmarshal(body, &v))
	e := &erasure{Who: p.number, ID: p.user, Profile: v.ProfileID, Begun: time.Now()}
	for _, id := range v.IDs {
		e.Keys = append(e.Keys, id.Kind+":"+id.Value)
	}
	w.model.erasures = append(w.model.erasures, e)
	status, _ = w.ask(d, "DELETE", "/v1/profiles/"+escape(p.user), serverKey, "")
	e.Ended = time.Now()
	e.Accepted = status == 202
	w.tell("back end: erase %s: %d", p.user, status)
}

// codeOf asks for the code of an advocate; empty where there is no such program.
func (w *world) codeOf(d *dice, program, advocate string) string {
	status, body := w.ask(d, "POST", "/v1/referrals/codes", serverKey, fmt.Sprintf(`{"programId":%q,"userId":%q}`, program, advocate))
	if status != 200 {
		return ""
	}
	var code struct{ Code string }
	check(json.Unmarshal(body, &code))
	return code.Code
}

// claim lets a friend use the code of an advocate.
func (w *world) claim(d *dice, program, code, advocate, friend string) (status int) {
	headers := []string{}
	if d.happens(0.5) {
		headers = []string{"Idempotency-Key", fmt.Sprintf("claim-%d", d.below(1<<30))}
	}
	status, _ = w.ask(d, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":%q}`, code, friend), headers...)
	w.model.claims = append(w.model.claims, &claim{Program: program, Code: code, Friend: friend, Advocate: advocate, Status: status, At: time.Now()})
	w.tell("back end: %s claims the code of %s in %s: %d", friend, advocate, program, status)
	return status
}

// claimCode lets a person use the code of another.
func claimCode(w *world, d *dice, p *human) {
	advocate := w.cast.people[d.below(min(3, len(w.cast.people)))]
	program := one(d, "invite", "ladder")
	code := w.codeOf(d, program, advocate.user)
	if code == "" {
		return
	}
	friend := p.user
	if d.happens(0.3) { // somebody whom nobody knows yet
		friend = fmt.Sprintf("canaryfriend%d", d.below(10))
	}
	status := w.claim(d, program, code, advocate.user, friend)
	if (status == 201 || status == 409) && d.happens(0.8) {
		w.sleep(d.pause(time.Second, 10*time.Minute))
		h := &human{number: 1000 + d.below(100), user: friend, devices: []string{"canarydevice-" + friend}}
		if friend == p.user {
			h = p
		}
		buy(w, d, h)
		if d.happens(0.25) {
			w.sleep(d.pause(time.Second, 2*time.Hour))
			refund(w, d, h)
		}
	}
}

// unsubscribe presses the button of a mail that came.
func unsubscribe(w *world, d *dice, p *human) {
	w.mu.Lock()
	var links []sending
	for _, s := range w.sendings {
		if s.Unsubscribe != "" && s.Delivered {
			links = append(links, s)
		}
	}
	w.mu.Unlock()
	if len(links) == 0 {
		return
	}
	s := links[d.below(len(links))]
	path := s.Unsubscribe[len("http://shop.sim"):]
	x := &withdrawal{Profile: s.Profile, Channel: s.Channel, Begun: time.Now()}
	w.model.withdrawals = append(w.model.withdrawals, x)
	status, _, last := w.insist(d, "POST", path, "", "")
	x.Last, x.Ended = last, time.Now()
	x.Accepted = status == 200
	w.tell("person: unsubscribes from %s (profile %s): %d", s.Channel, s.Profile, status)
}

// inviteDoc is the program of a seed that rewards both sides.
func inviteDoc(w *world) map[string]any {
	d := dice{hash(w.seed, "invite")}
	return map[string]any{"name": "Invite", "state": "running", "hold": one(&d, "0s", "1h", "2h"), "attributionWindow": "30d",
		"rewards": map[string]any{"advocate": []any{map[string]any{"points": 500}}, "friend": []any{map[string]any{"points": 200}}},
		"budget":  []any{map[string]any{"points": one(&d, 1400, 3500, 100000)}}}
}

// campaigns are those that every seed begins with.
var campaigns = map[string]map[string]any{
	"welcome": {"name": "Welcome", "channel": "email", "templateId": "mail", "oncePerPerson": true,
		"trigger": map[string]any{"event": map[string]any{"name": "Signed Up"}}},
	"visit": {"name": "Visit", "channel": "email", "templateId": "mail",
		"trigger": map[string]any{"event": map[string]any{"name": "Store Visited"}}},
	"later": {"name": "Later", "channel": "social", "templateId": "hook", "wait": "20m", "cancelOn": []string{"Order Completed"},
		"trigger": map[string]any{"event": map[string]any{"name": "Product Added"}}},
	"receipt": {"name": "Receipt", "channel": "social", "templateId": "hook", "transactional": true,
		"trigger": map[string]any{"event": map[string]any{"name": "Order Completed"}}},
	"first-order": {"name": "First order", "channel": "email", "templateId": "mail", "tags": []string{"promo"},
		"trigger": map[string]any{"enteredSegment": "buyers"}},
}

func campaignDoc(id, state string) map[string]any {
	doc := map[string]any{"state": state}
	for k, v := range campaigns[id] {
		doc[k] = v
	}
	return doc
}

// messaging are settings that operators change between.
func messaging(w *world, d *dice) map[string]any {
	m := w.allowances()
	if d.happens(0.9) {
		m["testAddresses"] = []any{ownAddress}
	}
	if d.happens(0.3) {
		m["quietHours"] = map[string]any{"start": "22:00", "end": one(d, "07:00", "08:30")}
	}
	switch d.below(3) {
	case 0:
		m["caps"] = []any{map[string]any{"limit": d.between(1, 3), "channel": "any", "per": 1, "unit": "days", "over": one(d, "skip", "defer")}}
	case 1:
		m["caps"] = []any{map[string]any{"limit": 2, "channel": "email", "per": 60, "unit": "minutes"}}
	}
	return m
}

// open saves what a shop begins with.
func (w *world) open(d *dice) {
	must := func(kind, id string, doc map[string]any) {
		for range 5 {
			if w.define(d, kind, id, doc) {
				return
			}
		}
	}
	must("segments", "buyers", map[string]any{"name": "Buyers", "tag": "buyer", "rule": map[string]any{"field": "orders.count", "op": "gte", "value": 1}})
	if !havePrevious { // to which no such field is known
		must("segments", fair, map[string]any{"name": "Fair", "rule": map[string]any{"field": "onList." + fair, "op": "exists", "value": true}})
	}
	for _, tag := range askedTags {
		must("segments", "tagged-"+tag, map[string]any{"name": "Tagged", "rule": map[string]any{"field": "tags", "op": "contains", "value": tag}})
	}
	must("segments", "spenders", map[string]any{"name": "Spenders", "rule": map[string]any{"field": "orders.revenue", "op": "gte", "value": 20000}})
	must("segments", "readers", map[string]any{"name": "Readers", "rule": map[string]any{"field": "consent.email", "op": "eq", "value": true}})
	must("segments", "top", map[string]any{"name": "Top", "rule": map[string]any{"field": "rfm.m", "op": "gte", "value": 4}})
	must("segments", "regulars", map[string]any{"name": "Regulars", "rule": map[string]any{"field": "events.Store Visited.count", "op": "gte", "value": regularVisits}})
	must("templates", "mail", map[string]any{"name": "Mail", "channel": "email", "locales": map[string]any{"default": map[string]any{
		"subject": "Hello", "text": "Dear {{ profile.name | default: 'friend' }} of {{ event.properties.plan | default: 'no plan' }}. {{ unsubscribeUrl }}"}}})
	must("templates", "hook", map[string]any{"name": "Hook", "channel": "social", "locales": map[string]any{"default": map[string]any{
		"payload": `{"campaign":"{{ campaign.id }}","name":"{{ profile.firstName }}","product":"{{ event.properties.name }}"}`}}})
	must("settings", "messaging", messaging(w, d))
	for _, id := range []string{"welcome", "visit", "later", "receipt", "first-order"} {
		must("campaigns", id, campaignDoc(id, "running"))
	}
	for _, system := range []string{"shopify", "woocommerce"} {
		must("sources", system, map[string]any{"name": system, "kind": "server", "hookSecret": hookSecret})
	}
	if d.happens(0.6) { // or later
		must("programs", "invite", inviteDoc(w))
	}
	must("programs", "ladder", map[string]any{"name": "Ladder", "state": "running", "hold": "0s", "attributionWindow": "30d",
		"rewards": map[string]any{"advocate": []any{map[string]any{"points": 5}}},
		"ladder":  []any{map[string]any{"friends": 2, "advocate": []any{map[string]any{"points": 1000}}}}})
	for _, id := range slices.Sorted(maps.Keys(recollections)) {
		must("segments", id, map[string]any{"name": "Asks the archive", "rule": recollections[id].rule})
	}
}

// edit is an operator at work.
func edit(w *world, d *dice, _ *human) {
	switch d.below(7) {
	case 0, 1: // a pause of some minutes
		id := one(d, "welcome", "visit", "later", "first-order")
		w.define(d, "campaigns", id, campaignDoc(id, "paused"))
		w.sleep(d.pause(30*time.Second, 40*time.Minute))
		w.define(d, "campaigns", id, campaignDoc(id, "running"))
	case 2, 3: // everything stops
		m := messaging(w, d)
		m["killSwitch"] = true
		w.define(d, "settings", "messaging", m)
		w.sleep(d.pause(time.Minute, 40*time.Minute))
		w.define(d, "settings", "messaging", messaging(w, d))
	case 4:
		w.define(d, "settings", "messaging", messaging(w, d))
	case 5: // an audience
		id := fmt.Sprintf("audience-%d", d.below(1000))
		doc := map[string]any{"name": "Audience", "state": "scheduled", "channel": one(d, "email", "social"), "oncePerPerson": true,
			"trigger": map[string]any{"audience": map[string]any{"segmentId": one(d, "buyers", "readers", "lifecycle:new"),
				"at": time.Now().UTC().Add(d.pause(time.Minute, 20*time.Minute)).Truncate(time.Second).Format(time.RFC3339)}}}
		doc["templateId"] = map[any]string{"email": "mail", "social": "hook"}[doc["channel"]]
		w.define(d, "campaigns", id, doc)
		if d.happens(0.4) { // somebody has second thoughts for two minutes
			w.sleep(d.pause(time.Minute, 25*time.Minute))
			doc["state"] = "paused"
			w.define(d, "campaigns", id, doc)
			w.sleep(d.pause(time.Minute, 4*time.Minute))
			doc["state"] = "running"
			w.define(d, "campaigns", id, doc)
		}
	case 6:
		editSegment(w, d)
	}
}

// editSegment saves one of three segments anew, with another rule, or takes it away.
func editSegment(w *world, d *dice) {
	id := fmt.Sprintf("extra-%d", d.below(3))
	if len(w.model.history("segments", id)) > 0 && d.happens(0.2) {
		w.undefine(d, "segments", id)
		return
	}
	rule := map[string]any{"field": "orders.count", "op": "gte", "value": d.between(1, 3)}
	switch d.below(3) {
	case 0:
		rule = map[string]any{"field": "orders.revenue", "op": "gte", "value": d.between(1, 6) * 5000}
	case 1:
		rule = map[string]any{"field": "consent." + one(d, "email", "social"), "op": "eq", "value": true}
	}
	doc := map[string]any{"name": "Extra", "rule": rule}
	if tag := one(d, "", "vip", "extra"); tag != "" {
		doc["tag"] = tag
	}
	w.define(d, "segments", id, doc)
}

// friendsAtOnce are three people who used one code and whose orders come at the same moment: two workers meet at the advocate's step of the
// ladder, or at the end of the budget.
func friendsAtOnce(w *world, d *dice, p *human) {
	program := one(d, "ladder", "invite")
	code := w.codeOf(d, program, p.user)
	if code == "" {
		return
	}
	var friends []*human
	for k := range 3 {
		f := &human{number: 2000 + k, user: fmt.Sprintf("canarytrio%08x-%d", d.name(), k), devices: []string{fmt.Sprintf("canarytrio-device%08x-%d", d.name(), k)}}
		w.claim(d, program, code, p.user, f.user)
		friends = append(friends, f)
	}
	w.sleep(d.pause(15*time.Second, 5*time.Minute))
	for _, f := range friends {
		go buy(w, &dice{d.next()}, f)
	}
}
