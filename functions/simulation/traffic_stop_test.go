package simulation

import (
	"encoding/json"
	"fmt"
	"time"
)

// stopAndResume is an operator who stops everything, a channel or a campaign for a while and lets it go on.
func stopAndResume(w *world, d *dice, _ *human) {
	what := map[string]any{}
	switch d.below(3) {
	case 0:
		what["channel"] = one(d, "email", "social")
	case 1:
		what["campaign"] = one(d, "welcome", "visit", "later", "receipt", "first-order")
	}
	keep := d.happens(0.4)
	w.stops(d, what, keep, true)
	w.sleep(d.pause(time.Minute, 90*time.Minute))
	if d.happens(0.3) { // somebody changes their mind about the transactional ones
		w.stops(d, what, !keep, true)
		w.sleep(d.pause(time.Minute, 30*time.Minute))
	}
	if id := w.stops(d, what, false, false); id != "" && d.happens(0.75) {
		w.reenter(d, id)
	}
}

// reenter is an operator who lets those enter again whom a stop has skipped: all of them or those of a campaign, at once or later, and now and then a second time, or together with somebody else.
func (w *world) reenter(d *dice, id string) {
	w.sleep(d.pause(0, 40*time.Minute))
	for range d.between(1, 3) {
		body := "{}"
		if d.happens(0.3) {
			body = fmt.Sprintf(`{"campaign":%q}`, one(d, "welcome", "visit", "later", "receipt", "first-order"))
		}
		path := "/v1/stops/" + id + "/reenter"
		status, answer := w.ask(d, "POST", path, operatorKey, body, "Idempotency-Key", fmt.Sprintf("again-%016x", d.next()))
		w.tell("operator: %s %s: %d %.200s", path, body, status, answer)
		if status >= 400 && status < 500 && (status != 422 || body == "{}") {
			w.surprise("%s %s: %d %s", path, body, status, answer)
		}
		w.sleep(d.pause(0, 10*time.Minute))
	}
}

// stops stops something or lets it go on, and notes from when to when that was in force. It gives the id of the stop that has ended, as far as the answer tells.
func (w *world) stops(d *dice, what map[string]any, keep, begins bool) (ended string) {
	doc, path := map[string]any{}, "/v1/resume"
	for name, value := range what {
		doc[name] = value
	}
	if begins {
		path = "/v1/stop"
		doc["keepTransactional"] = keep
	}
	body, err := json.Marshal(doc)
	check(err)
	begun := time.Now()
	status, answer := w.ask(d, "POST", path, operatorKey, string(body), "Idempotency-Key", fmt.Sprintf("stop-%016x", d.next()))
	w.tell("operator: %s %s: %d %.200s", path, body, status, answer)
	if status >= 400 && status < 500 {
		w.surprise("%s %s: %d %s", path, body, status, answer)
		return ""
	}
	var told struct{ Resumed struct{ ID string } }
	_ = json.Unmarshal(answer, &told)
	if !begins {
		doc = nil
	}
	w.model.defined("stops", scopeOf(what), doc, begun, time.Now(), status != 0 && status < 500)
	return told.Resumed.ID
}

// scopeOf is what a stop is of, as it is filed.
func scopeOf(what map[string]any) string {
	for _, name := range []string{"channel", "campaign"} {
		if of, _ := what[name].(string); of != "" {
			return name + "-" + of
		}
	}
	return "everything"
}

// stopsOf are the scopes that hold a notification.
func stopsOf(channel, campaign string) []string {
	return []string{"everything", "channel-" + channel, "campaign-" + campaign}
}

// checkStops holds that nothing is sent by an invocation which began while it was stopped.
func checkStops(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		for _, scope := range stopsOf(x.Channel, x.Campaign) {
			stopped := w.model.always("stops", scope, x.Invoked, x.Begun, func(doc map[string]any) bool {
				return doc != nil && !(doc["keepTransactional"] == true && transactional(x.Campaign))
			})
			if stopped {
				broken("profile:"+x.Profile, "%s of %s was sent at %s, by an invocation that began at %s, when %s was stopped", x.Notification, x.Campaign, clock(x.Begun), clock(x.Invoked), scope)
			}
		}
	}
}

// mayBeStopped says whether a stop may have held a notification at a time.
func (m *model) mayBeStopped(channel, campaign string, from, to time.Time) bool {
	for _, scope := range stopsOf(channel, campaign) {
		if !m.always("stops", scope, from, to, func(doc map[string]any) bool {
			return doc == nil || doc["keepTransactional"] == true && transactional(campaign)
		}) {
			return true
		}
	}
	return false
}
