package simulation

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// handedOver are the sendings of which it is not certain that nobody has them.
func (w *world) handedOver() []sending {
	var list []sending
	for _, x := range w.sendings {
		if x.Answer != refused && x.Answer != notNow {
			list = append(list, x)
		}
	}
	return list
}

// checkOneSendOfMerged holds that what a person has had under one id is not sent under another, once they were known as one.
func checkOneSendOfMerged(w *world, s *state, broken func(string, string, ...any)) {
	list := w.handedOver()
	for n, x := range list {
		for _, before := range list[:n] {
			once := x.Campaign == "welcome" || strings.HasPrefix(x.Campaign, "audience-")
			if once && before.Campaign == x.Campaign && before.Profile != x.Profile && w.watch.together(before.Profile, x.Profile, before.Begun, x.Begun.Add(-slack)) {
				broken("profile:"+x.Profile, "campaign %s, once per person, was sent at %s to a part and again at %s", x.Campaign, before.Begun.Format(time.RFC3339), x.Begun.Format(time.RFC3339))
			}
		}
	}
}

// checkCapsOfMerged counts what was sent to all ids of a person, from when they were known as one.
func checkCapsOfMerged(w *world, s *state, broken func(string, string, ...any)) {
	list := w.handedOver()
	for n, x := range list {
		if transactional(x.Campaign) {
			continue
		}
		day := x.Begun.In(shanghai)
		begin := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, shanghai)
		most, daily := w.dailyCap(begin, x.Begun)
		count, parts := 1, false
		for _, before := range list[:n] {
			if !before.Begun.Before(begin) && !transactional(before.Campaign) && w.watch.together(before.Profile, x.Profile, before.Begun, x.Begun.Add(-slack)) {
				count++
				parts = parts || before.Profile != x.Profile
			}
		}
		if parts && daily && count > most {
			broken("profile:"+x.Profile, "%d notifications on %s to all ids of the person, at most %d are allowed", count, begin.Format("2006-01-02"), most)
		}
	}
}

// dailyCap is the most that the settings have allowed in a day, if all of them had a cap by day.
func (w *world) dailyCap(from, to time.Time) (most int, daily bool) {
	daily = true
	w.model.always("settings", "messaging", from, to, func(doc map[string]any) bool {
		caps, given := doc["caps"].([]any)
		if !given {
			most = max(most, 3)
			return true
		}
		rule := caps[0].(map[string]any)
		if rule["unit"] != "days" {
			daily = false
		} else {
			most = max(most, rule["limit"].(int))
		}
		return true
	})
	return most, daily
}

// checkTombstones holds that nothing of who was erased stands in the timeline: packs of versions up to a tombstone's.
func checkTombstones(w *world, s *state, broken func(string, string, ...any)) {
	for _, i := range s.raw["Timeline"] {
		who := w.watch.people[i.text("pk")]
		parts := strings.Split(i.text("sk"), "#")
		if who == nil || len(parts) < 2 {
			continue
		}
		version, err := strconv.ParseInt(parts[1], 10, 64)
		for _, t := range who.stands {
			if err == nil && t.erased && version <= t.version {
				broken("profile:"+i.text("pk"), "pack %s is older than the tombstone %d", i.text("sk"), t.version)
			}
		}
	}
}

// checkContactRecords holds that the intents of a person stand in one record: a pointer has none.
func checkContactRecords(w *world, s *state, broken func(string, string, ...any)) {
	for _, i := range s.raw["Deliveries"] {
		if i.text("sk") == "contact" && i.has("to") && i.has("b") {
			broken("profile:"+i.text("pk"), "the contact record points to %s and holds something", i.text("to"))
		}
	}
}

// checkStandings holds that the standings of a program count its settled referrals, and that the board lists each by what it is.
func checkStandings(w *world, s *state, broken func(string, string, ...any)) {
	settled, standing, listed := map[string]int64{}, map[string]int64{}, map[string]int64{}
	place, shown := map[string]int64{}, map[string]int64{}
	for _, i := range s.raw["Referrals"] {
		parts := strings.Split(i.text("pk"), "#")
		switch {
		case parts[0] == "f" && i.text("state") == "settled" && i.text("settledFor") != "":
			settled[i.text("program")]++
		case parts[0] == "l" && len(parts) == 3:
			standing[parts[1]] += i.number("settled")
			if n := i.number("settled"); n > 0 {
				place[parts[1]+" "+i.text("sk")] = n
			}
		case parts[0] == "t" && len(parts) == 3:
			listed[parts[1]] += i.number("settled")
			shown[parts[1]+" "+i.text("advocate")] += i.number("settled")
		}
	}
	for program, n := range standing {
		if settled[program] != n {
			broken("", "the standings of %s count %d, settled are %d", program, n, settled[program])
		}
	}
	if havePrevious {
		return // its workers list nothing; the board is put right a day later, by the next friends that are settled
	}
	for who, n := range place {
		if shown[who] != n {
			broken("", "%s is listed with %d and stands at %d", who, shown[who], n)
		}
	}
	for program, n := range listed {
		if standing[program] != n {
			broken("", "the board of %s lists %d, the standings count %d", program, n, standing[program])
		}
	}
}

// checkErasedUnpaid holds that nobody is paid while nobody stands under the id, clocks that differ by seconds apart.
func checkErasedUnpaid(w *world, s *state, broken func(string, string, ...any)) {
	for _, p := range s.payments() {
		key := p.account[2:]
		if p.amount > 0 && w.watch.stood(key, p.at.Add(-5*time.Second)).erased && w.watch.stood(key, p.at.Add(5*time.Second)).erased && !w.model.invitesAnew(key, p.at) {
			broken("profile:"+key, "was erased and is paid %d points by %s at %s", p.amount, p.program, p.at.Format(time.RFC3339))
		}
	}
}

// invitesAnew says whether the code of somebody who was erased was asked for and used since: to the shop's back end that is a customer anew.
func (m *model) invitesAnew(profile string, at time.Time) bool {
	return slices.ContainsFunc(m.erasures, func(e *erasure) bool {
		return e.Profile == profile && slices.ContainsFunc(m.claims, func(c *claim) bool {
			return c.Advocate == e.ID && c.Status == 201 && c.At.After(e.Ended) && c.At.Before(at)
		})
	})
}
