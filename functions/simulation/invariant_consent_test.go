package simulation

import (
	"cmp"
	"slices"
	"time"
)

// compare orders two words about a channel as ADR 12 does: by receipt, then by the time that is claimed, then the stricter is the greater.
func (a spoken) compare(b spoken) int {
	stricter := 0
	if a.granted != b.granted {
		stricter = 1
		if a.granted {
			stricter = -1
		}
	}
	return cmp.Or(a.received.Compare(b.received), a.claimed.Compare(b.claimed), stricter)
}

// lastWord is the word that held for whoever a key led to at a time: of what was committed by then to any part of the person, and not erased
// since, the one that was received last. ok is false if there was none.
func (c *consents) lastWord(key, about string, at time.Time) (last spoken, ok bool) {
	watch := c.w.watch
	head := watch.person(key, at)
	for _, word := range c.words {
		if word.about != about || word.committed.After(at) || watch.person(word.of, at) != head || watch.erased(word.of, word.committed, at) {
			continue
		}
		if !ok || word.compare(last) > 0 {
			last, ok = word, true
		}
	}
	return last, ok
}

// spoke tells whether a word with such a proof holds beside the last one: of two of the same moment nobody knows which stands.
func (c *consents) spoke(last spoken, shown proof, at time.Time) bool {
	return slices.ContainsFunc(c.words, func(word spoken) bool {
		return word.about == last.about && word.compare(last) == 0 && c.w.watch.person(word.of, at) == c.w.watch.person(last.of, at) && (word.proof == proof{} || word.proof == shown)
	})
}

// of says whether a withdrawal by link was of whoever a key led to: at the time of the answer, or at another one.
func (x *withdrawal) of(w *world, key string, at time.Time) bool {
	together := func(at time.Time) bool { return w.watch.person(x.Profile, at) == w.watch.person(key, at) }
	return together(at) || together(x.Ended)
}

// forgotten says whether a withdrawal by link may have gone with an erasure by a time: one that was asked for after it, or while it was made.
func (x *withdrawal) forgotten(w *world, at time.Time) bool {
	who := w.watch.people[x.Profile]
	return who != nil && slices.ContainsFunc(who.stands, func(s stand) bool {
		return s.erased && !s.at.After(at) && !s.asked.Before(x.Last.Truncate(time.Millisecond))
	})
}

// barred says why nothing may be sent over a channel after a look, empty if something may: the person's last word, or a withdrawal by link
// that was answered before and after which no grant was received.
func (c *consents) barred(channel string, seen sight) string {
	word, spoke := c.lastWord(seen.profile, channel, seen.profileAt)
	switch {
	case spoke && !word.granted:
		return "withdrawn by " + word.id + ", received at " + clock(word.received) + " and committed at " + clock(word.committed)
	case !spoke && channel == "email":
		return "nobody consented"
	}
	for _, x := range c.w.model.withdrawals {
		if x.Channel != channel || !x.Accepted || !x.Ended.Before(seen.recordAt) || !x.of(c.w, seen.profile, seen.profileAt) || x.forgotten(c.w, seen.recordAt) {
			continue
		}
		if !spoke || word.received.Before(x.Last.Truncate(time.Millisecond)) {
			return "withdrawn by the link of " + x.Profile + ", answered at " + clock(x.Ended)
		}
	}
	return ""
}

// checkConsentHolds holds that nothing is sent against what a person said: no event that was committed before the profile was read, and no
// link that was answered before the record was read or written. What was under way meanwhile may count or not.
func checkConsentHolds(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		if x.Look.profile == "" {
			continue
		}
		if transactional(x.Campaign) {
			if word, spoke := w.consents.lastWord(x.Look.profile, x.Channel+"/service", x.Look.profileAt); spoke && !word.granted && x.Campaign != confirmation {
				broken("profile:"+x.Profile, "%s was sent over %s at %s, and %s refused service, committed at %s", x.Notification, x.Channel, clock(x.Begun), word.id, clock(word.committed))
			}
			continue
		}
		if why := w.consents.barred(x.Channel, x.Look); why != "" {
			broken("profile:"+x.Profile, "%s was sent over %s at %s after a look at %s: %s", x.Notification, x.Channel, clock(x.Begun), clock(x.Look.profileAt), why)
		}
	}
}

// reasons are those that the judge can answer for: each says whether there was anything that gives it.
var reasons = map[string]func(w *world, s *state, d denial) bool{
	"noConsent": func(w *world, s *state, d denial) bool {
		if d.Detail == "service" {
			return len(d.looks) == 0 || slices.ContainsFunc(d.looks, func(seen sight) bool {
				word, spoke := w.consents.lastWord(seen.profile, d.Channel+"/service", seen.profileAt)
				return spoke && !word.granted
			})
		}
		return len(d.looks) == 0 || slices.ContainsFunc(d.looks, func(seen sight) bool { return w.consents.mayBar(s, d.Channel, seen) })
	},
	"suppressed": func(w *world, s *state, d denial) bool {
		return slices.ContainsFunc(w.sendings, func(x sending) bool { return x.Bounced && x.Channel == d.Channel && x.Begun.Before(d.at) })
	},
	"killSwitch": func(w *world, s *state, d denial) bool {
		return !w.model.always("settings", "messaging", d.at.Add(-slack), d.at, func(doc map[string]any) bool {
			on, _ := doc["killSwitch"].(bool)
			return !on
		}) || w.model.mayBeStopped(d.Channel, d.CampaignID, d.at.Add(-slack), d.at)
	},
	"notRunning": func(w *world, s *state, d denial) bool {
		return !w.model.always("campaigns", d.CampaignID, d.at.Add(-slack), d.at, func(doc map[string]any) bool { return doc != nil && doc["state"] != "paused" })
	},
}

// checkReasons holds that whoever is not written to has a reason that was there: who has consent is not turned away for want of it.
func checkReasons(w *world, s *state, broken func(string, string, ...any)) {
	for _, d := range w.consents.denials {
		if holds := reasons[d.Reason]; holds != nil && !holds(w, s, d) {
			broken("profile:"+d.ProfileID, "%s of %s was %s at %s for %s (%s), and nothing gives that reason", d.NotificationID, d.CampaignID, d.Outcome, clock(d.at), d.Reason, d.Detail)
		}
	}
}

// mayBar says whether anything that was said may bar a channel after a look.
func (c *consents) mayBar(s *state, channel string, seen sight) bool {
	word, spoke := c.lastWord(seen.profile, channel, seen.profileAt)
	if spoke && !word.granted || !spoke && channel == "email" {
		return true
	}
	for _, x := range c.w.model.withdrawals {
		if x.Channel != channel || x.Begun.After(seen.recordAt) || spoke && x.Ended.Before(word.received) {
			continue
		}
		// Over e-mail it bars the address, whoever has it.
		if x.of(c.w, seen.profile, seen.recordAt) || channel == "email" && c.mayShare(s, x.Profile, seen.profile) {
			return true
		}
	}
	return channel == "email" && c.refusedByOthers(s, word, seen)
}

// refusedByOthers says whether somebody who may have the same address has withdrawn by an event after a grant.
func (c *consents) refusedByOthers(s *state, grant spoken, seen sight) bool {
	for _, e := range c.w.model.said {
		if e.forged || e.Name != "Consent Revoked" && e.Name != "Unsubscribed" || e.First.After(seen.recordAt) || len(e.Tries) == 0 || e.Tries[len(e.Tries)-1].to.Before(grant.received) {
			continue
		}
		if s.of[e.id()] == "" || c.mayShare(s, s.of[e.id()], seen.profile) {
			return true
		}
	}
	return false
}

// mayShare says whether two people may have an address together, as far as their ids tell: each number of the cast has one, under the userId
// and as a customer of each shop system. Of who is gone nobody knows.
func (c *consents) mayShare(s *state, a, b string) bool {
	now := time.Now()
	numbers := func(key string) map[int]bool {
		of := map[int]bool{}
		for id, profile := range s.of {
			if number, has := c.w.cast.numberOf(id); has && profile != "" && profile == c.w.watch.person(key, now) {
				of[number] = true
			}
		}
		return of
	}
	first, second := numbers(a), numbers(b)
	for n := range first {
		if second[n] {
			return true
		}
	}
	return len(first) == 0 || len(second) == 0
}

// checkConsentByLastReceipt holds that a profile says what was received last, and that a receipt lies within an attempt of the client.
func checkConsentByLastReceipt(w *world, s *state, broken func(string, string, ...any)) {
	now := time.Now()
	for profile, v := range s.profiles {
		for _, about := range []string{"email", "social", "email/service", "social/service", "profiling"} {
			word, spoke := w.consents.lastWord(profile, about, now)
			have, has := v.Consent[about]
			if have.Granted != (spoke && word.granted) || has != spoke && about != "email" && about != "social" {
				broken("profile:"+profile, "the last word on %s, %q received at %s, was granted=%v; the profile says %v", about, word.id, clock(word.received), word.granted, have.Granted)
			}
		}
	}
	for _, word := range w.consents.words {
		if e := w.model.find(word.id); e != nil && !slices.ContainsFunc(e.Tries, func(t span) bool {
			return !word.received.Before(t.from.Truncate(time.Millisecond)) && !word.received.After(t.to)
		}) {
			broken("profile:"+word.of, "%s is said to be received at %s, and no attempt was under way then", word.id, clock(word.received))
		}
	}
}

// checkConsentProof holds that a profile says of every consent by whom it was said, where and to which text.
func checkConsentProof(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers keep no proofs
	}
	now := time.Now()
	for profile, v := range s.profiles {
		for about, have := range v.Consent {
			word, spoke := w.consents.lastWord(profile, about, now)
			if spoke && !w.consents.spoke(word, have.proof, now) {
				broken("profile:"+profile, "the last word on %s was %s, %+v; the profile says %+v", about, word.id, word.proof, have.proof)
			}
		}
	}
}

// checkWordsHaveProofs holds that the timeline says of every word about consent by whom, where and to which text it was said, whatever later words have taken
// its place.
func checkWordsHaveProofs(w *world, s *state, broken func(string, string, ...any)) {
	for profile, list := range s.timeline {
		for _, e := range list {
			said := w.model.find(e.MessageID)
			if said == nil || said.hook || said.Kind != "track" || !slices.Contains([]string{"Consent Granted", "Consent Revoked", "Unsubscribed"}, said.Name) {
				continue
			}
			text, _ := said.Properties["textVersion"].(string)
			if want := (proof{said.level(), said.Source, text}); e.Proof == nil || *e.Proof != want {
				broken("profile:"+profile, "the word %s was said as %+v; the timeline says %+v", e.MessageID, want, e.Proof)
			}
		}
	}
}

// checkRefusedIsNotProfiled holds that who has refused profiling is in no class and in no segment that asks what they like, and is sent nothing for having been
// in one or for having left it.
func checkRefusedIsNotProfiled(w *world, s *state, broken func(string, string, ...any)) {
	refused := func(profile string, at time.Time) (spoken, bool) {
		word, spoke := w.consents.lastWord(profile, "profiling", at)
		return word, spoke && !word.granted
	}
	for profile, v := range s.profiles {
		word, refuses := refused(profile, time.Now())
		if !refuses {
			continue
		}
		if v.RFM != nil || v.Lifecycle != nil {
			broken("profile:"+profile, "refuses profiling by %s, and has classes", word.id)
		}
		for _, segment := range []string{"top", "tea-lovers", "no-tea-lovers"} {
			if slices.Contains(v.Segments, segment) {
				broken("profile:"+profile, "refuses profiling by %s, and is in segment %s", word.id, segment)
			}
		}
	}
	for _, x := range w.sendings {
		if word, refuses := refused(x.Look.profile, x.Look.profileAt); refuses && (x.Campaign == "tea-offer" || x.Campaign == "tea-left") {
			broken("profile:"+x.Profile, "%s of %s was sent at %s after a look at %s, and %s refused profiling, committed at %s", x.Notification, x.Campaign, clock(x.Begun), clock(x.Look.profileAt), word.id, clock(word.committed))
		}
	}
}
