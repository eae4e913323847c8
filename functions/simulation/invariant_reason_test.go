package simulation

import (
	"maps"
	"slices"
	"time"
)

// account is what became of all entries of a campaign, as the API tells it.
type account struct {
	entries int
	by      map[string]int // "sent", or the outcome with its reason
}

// checkReasonSums holds that of each campaign all that entered were sent or left out for a reason, each once, and that the providers say the
// same of those that were sent.
func checkReasonSums(w *world, s *state, broken func(string, string, ...any)) {
	accounts := map[string]*account{}
	asked := map[string][]sending{}
	for _, x := range w.sendings {
		asked[x.Notification] = append(asked[x.Notification], x)
	}
	ended := map[string]string{} // outcome by notification
	for _, person := range slices.Sorted(maps.Keys(s.decisions)) {
		finals, of := map[string][]decision{}, map[string]string{}
		for _, d := range s.decisions[person] {
			of[d.NotificationID] = d.CampaignID
			if _, is := again(d.Step); is {
				of[d.NotificationID] += ", again" // nobody has triggered it
			}
			if d.Outcome != "deferred" {
				finals[d.NotificationID] = append(finals[d.NotificationID], d)
			}
		}
		for n := range finals {
			// An entry again follows each asking.
			if first, _ := again(finals[n][0].Step); first == "once" && w.model.signedUpByPages(s, person) {
				finals[n] = askedAnew(finals[n])
			}
		}
		for _, n := range slices.Sorted(maps.Keys(of)) {
			a := accounts[of[n]]
			if a == nil {
				a = &account{by: map[string]int{}}
				accounts[of[n]] = a
			}
			ends := 0
			for _, d := range finals[n] {
				// Whoever was taken before is left out each time anew, and what is too late takes nobody.
				if d.Reason != "taken" && !(d.Step == "once" && d.Reason == "expired") {
					ends++
					ended[n] = d.Outcome
				}
				if d.Outcome == "sent" {
					a.by["sent"]++
				} else {
					a.by[d.Outcome+" "+d.Reason]++
				}
				if (d.Outcome == "sent") != (d.Reason == "") {
					broken("profile:"+person, "notification %s of %s is %s with the reason %q", n, of[n], d.Outcome, d.Reason)
				}
			}
			a.entries += max(1, len(finals[n]))
			if ends > 1 || len(finals[n]) == 0 {
				broken("profile:"+person, "notification %s of %s has these ends: %v", n, of[n], finals[n])
			}
			if ended[n] == "sent" && !slices.ContainsFunc(asked[n], func(x sending) bool { return x.Answer == tookIt || x.Answer == silent }) {
				broken("profile:"+person, "notification %s of %s is recorded as sent, and no provider was asked", n, of[n])
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		sum := 0
		for _, n := range accounts[id].by {
			sum += n
		}
		if sum != accounts[id].entries {
			broken("", "%d entered %s, and what became of them sums up to %d: %v", accounts[id].entries, id, sum, accounts[id].by)
		}
		if least, most, known := w.model.entered(s, id); known && (sum < least || sum > most) {
			broken("", "%d to %d entered %s, and what became of them sums up to %d: %v", least, most, id, sum, accounts[id].by)
		}
	}
	for _, x := range w.sendings {
		person := s.person(x.Profile)
		if person == "" || w.model.everErased(s, person) || x.Answer != tookIt {
			continue
		}
		if end := ended[x.Notification]; end != "sent" && end != "unknown" {
			broken("profile:"+x.Profile, "the provider took %s of %s at %s, and it is recorded as %q", x.Notification, x.Campaign, x.Begun.Format(time.RFC3339), end)
		}
	}
}

// askedAnew keeps one end of a notification that a page has asked for in vain and then the person's own act: what it came to if it was not skipped.
func askedAnew(ends []decision) []decision {
	ended := slices.ContainsFunc(ends, func(d decision) bool { return d.Outcome != "skipped" })
	return slices.DeleteFunc(slices.Clone(ends), func(d decision) bool {
		if d.Outcome != "skipped" || d.Reason == "taken" {
			return false
		}
		drop := ended
		ended = true
		return drop
	})
}

// signedUpByPages says whether a page may have signed somebody up before they did.
func (m *model) signedUpByPages(s *state, person string) bool {
	return slices.ContainsFunc(m.said, func(e *said) bool { return e.Name == "Signed Up" && !e.trusted() && s.of[e.id()] == person })
}

// entered recounts how many entries a campaign has that an event starts: those that are certain, and those that may be. A campaign that is
// paused takes nobody in; of what was said before a change or within a minute after it nobody can know, for it may be projected later.
func (m *model) entered(s *state, campaign string) (least, most int, known bool) {
	doc := campaigns[campaign]
	trigger, _ := doc["trigger"].(map[string]any)
	event, _ := trigger["event"].(map[string]any)
	if event == nil {
		return 0, 0, false
	}
	joined := m.joins()
	took := map[string]bool{}
	for _, e := range m.said {
		if e.Name != event["name"] || e.Kind != "track" || e.Refused || e.anybodysOrder() && !havePrevious {
			continue
		}
		person := s.of[e.id()]
		if person == "" {
			continue // with whom was erased the decisions are
		}
		most++
		if e.anybodysOrder() {
			continue
		}
		running := func(doc map[string]any) bool { return doc != nil && doc["state"] == "running" }
		sure := m.fateOf(e, joined) == mustStand && m.always("campaigns", campaign, e.First.Add(-slack), time.Now(), running)
		if sure && !(doc["oncePerPerson"] != nil && took[person]) && !m.everErased(s, person) {
			least++
		}
		took[person] = took[person] || sure
	}
	return least, most, true
}
