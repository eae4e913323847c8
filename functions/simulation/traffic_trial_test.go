package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ownAddress is the shop's, to which operators may send a template to look at it, while the settings say so.
const ownAddress = "canaryops@example.com"

// tryATemplate is an operator who sends a template to the shop's address, and now and then to somebody else's, while others change the settings.
func tryATemplate(w *world, d *dice, p *human) {
	for range d.between(1, 3) {
		to := ownAddress
		if d.happens(0.2) {
			to = p.user + "@example.com"
		}
		status, answer := w.ask(d, "POST", "/v1/templates/mail/test", operatorKey, fmt.Sprintf(`{"to":%q}`, to), "Idempotency-Key", fmt.Sprintf("try-%016x", d.next()))
		w.tell("operator: tries a template: %d %.200s", status, answer)
		var asked struct{ TrialID string }
		switch {
		case status == 202 && json.Unmarshal(answer, &asked) == nil && asked.TrialID != "":
			w.mu.Lock()
			if w.trials == nil {
				w.trials = map[string]bool{}
			}
			w.trials[asked.TrialID] = true
			w.mu.Unlock()
			if to != ownAddress {
				w.surprise("a template was tried at %s: %s", to, answer)
			}
		case status >= 400 && status < 500 && status != 422 && status != 429:
			w.surprise("a template is tried: %d %s", status, answer)
		}
		w.sleep(d.pause(0, 20*time.Minute))
	}
}

// checkTrials holds that what operators send to themselves goes to an address that the settings may have named, once at most, unless it was stopped; and that each that the API has taken is on record, with its
// end where its provider has answered.
func checkTrials(w *world, s *state, broken func(string, string, ...any)) {
	seen := map[string]int{}
	for _, x := range w.tried {
		if seen[x.Notification]++; seen[x.Notification] > 1 {
			broken(x.Notification, "a trial was handed over %d times", seen[x.Notification])
		}
		lacks := func(doc map[string]any) bool {
			own, _ := doc["testAddresses"].([]any)
			return !slices.Contains(own, any(x.Address))
		}
		if x.Address != ownAddress || w.model.always("settings", "messaging", x.Invoked, x.Begun, lacks) {
			broken(x.Notification, "a trial went to %s, which was no address of the shop's", x.Address)
		}
		if w.model.always("settings", "messaging", x.Invoked, x.Begun, func(doc map[string]any) bool { return doc["killSwitch"] == true }) {
			broken(x.Notification, "a trial went at %s, when everything was stopped", clock(x.Begun))
		}
		for _, scope := range []string{"everything", "channel-email"} {
			if w.model.always("stops", scope, x.Invoked, x.Begun, func(doc map[string]any) bool { return doc != nil }) {
				broken(x.Notification, "a trial went at %s, when %s was stopped", clock(x.Begun), scope)
			}
		}
	}
	state := map[string]string{}
	for _, i := range s.raw["Results"] {
		if strings.HasPrefix(i.text("pk"), "t#") {
			_, id, _ := strings.Cut(i.text("sk"), "#")
			state[id] = i.text("s")
		}
	}
	for id := range w.trials {
		if state[id] == "" {
			broken(id, "a trial that was taken is not on record")
		}
	}
	for _, x := range w.tried {
		if state[x.Notification] == "asked" || state[x.Notification] == "skipped" {
			broken(x.Notification, "a trial was handed over, and is on record as %s", state[x.Notification])
		}
	}
	w.tell("judge: %d trials are on record, %d were handed over", len(state), len(w.tried))
}
