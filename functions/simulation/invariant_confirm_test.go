package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// checkConfirmations holds that an address which only a page has named is asked to be confirmed once a week at most, whoever names it and however often, and
// only where a device gave consent.
func checkConfirmations(w *world, s *state, broken func(string, string, ...any)) {
	last := map[string]sending{}
	for _, x := range slices.SortedFunc(slices.Values(w.sendings), func(a, b sending) int { return a.Begun.Compare(b.Begun) }) {
		if x.Campaign != confirmation {
			continue
		}
		if !slices.ContainsFunc(w.model.forms, func(f *form) bool { return f.Granted && f.Address == x.Address && f.Begun.Before(x.Begun) }) {
			broken("profile:"+x.Profile, "%s was asked to be confirmed, and no form named it with consent", x.Address)
		}
		if x.Answer == refused || x.Answer == notNow {
			continue // certainly not delivered
		}
		if before, again := last[x.Address]; again && x.Begun.Sub(before.Begun) < 7*24*time.Hour-slack {
			broken("profile:"+x.Profile, "%s was asked to be confirmed at %s, and at %s once more", x.Address, clock(before.Begun), clock(x.Begun))
		}
		last[x.Address] = x
	}
}

// checkOnlyConfirmed holds that nothing else is sent to such an address before somebody there has pressed the button of a confirmation, and then only what is for
// whoever's device that was.
func checkOnlyConfirmed(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		if x.Campaign == confirmation || !strings.HasPrefix(x.Address, "canaryform") {
			continue
		}
		if !slices.ContainsFunc(w.model.clicks, func(c *click) bool {
			return c.Address == x.Address && c.Begun.Before(x.Begun) && w.watch.person(c.Profile, x.Begun) == w.watch.person(x.Profile, x.Begun)
		}) {
			broken("profile:"+x.Profile, "%s of %s was sent to %s, and nobody there had confirmed it", x.Notification, x.Campaign, x.Address)
		}
	}
}

// checkConfirmationsDecided holds that every form with consent comes to an end that is on record, and that who has confirmed is reached.
func checkConfirmationsDecided(w *world, s *state, broken func(string, string, ...any)) {
	for _, f := range w.model.forms {
		id := "anonymous:" + f.Device
		if f.Joined || s.of[id] == "" {
			continue
		}
		decided := slices.ContainsFunc(s.decisions[s.of[id]], func(x decision) bool { return x.CampaignID == confirmation && x.Outcome != "deferred" })
		if f.Accepted && f.Granted && !decided {
			broken(id, "named %s with consent, and there is no decision about a confirmation", f.Address)
		}
		if !f.Granted && decided {
			broken(id, "named %s without consent, and there is a decision about a confirmation", f.Address)
		}
	}
	for _, c := range w.model.clicks {
		v := s.profiles[s.person(c.Profile)]
		if !c.Accepted || v == nil || slices.ContainsFunc(v.IDs, func(i identifier) bool { return i.Kind == "user" }) {
			continue
		}
		if have := v.Addresses["email"].Address; have != c.Address {
			broken("profile:"+c.Profile, "confirmed %s at %s and is reached at %q; %v", c.Address, clock(c.Ended), have, slices.Sorted(maps.Keys(v.Addresses)))
		}
	}
}
