package simulation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// trusted says whether an event is one that speaks for its person: the shop's own, or the person's with the proof. What a page says by itself is
// kept apart.
func (s *said) trusted() bool { return s.Key == serverKey || s.own }

// level is who says an event.
func (s *said) level() string {
	switch {
	case s.Key == serverKey:
		return "shop"
	case s.own:
		return "person"
	}
	return "public"
}

// known is what the API says of a person beside the view.
type known struct {
	Traits    map[string]any
	Addresses map[string]struct{ Address string }
	Tokens    []struct{ Token string } `json:"pushTokens"`
	Unproven  struct {
		Traits, Segments []string
		Devices          []struct{ AnonymousID string } `json:"claimedDevices"`
		Address          map[string]string              `json:"addresses"`
	}
}

// evilOwn says whether somebody is one of the attacker's own accounts or devices, or the guest of one of their orders.
func (v *view) evilOwn() bool {
	return !slices.ContainsFunc(v.IDs, func(id identifier) bool {
		return id.Kind == "user" && !strings.HasPrefix(id.Value, "canaryeve")
	})
}

// names says whether some trusted word has given an address or number to whoever an id is of.
func (w *world) names(s *state, joined map[string]string, profile, user, address string) bool {
	same := func(id string) bool {
		return s.of[id] == profile && profile != "" || joined[id] == joined[user] && user != ""
	}
	for _, e := range w.model.said {
		if !e.trusted() || !same(e.id()) {
			continue
		}
		for _, trait := range []string{"email", "phone"} {
			if said, _ := e.Traits[trait].(string); said != "" && (said == address || trait == "phone" && subscriber(said) == subscriber(address)) {
				return true
			}
		}
	}
	if slices.ContainsFunc(w.model.clicks, func(c *click) bool { return c.Address == address }) {
		return true // of whom, checkOnlyConfirmed asks
	}
	for id := range s.of {
		if number, has := w.cast.numberOf(id); has && same(id) && (address == w.cast.people[number].email() || address == w.cast.people[number].phone()) {
			return true
		}
	}
	return false
}

// subscriber is a phone number without its country, in whichever form.
func subscriber(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	return digits[max(0, len(digits)-11):]
}

// checkNobodyElseSpeaks holds that nothing which counts of somebody was said by another: traits, addresses, tokens, devices, and memberships that
// are proven.
func checkNobodyElseSpeaks(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	d := dice{hash(w.seed, "trust")}
	for profile, v := range s.profiles {
		if v.evilOwn() {
			continue
		}
		who := "profile:" + profile
		_, body := w.ask(&d, "GET", "/v1/profiles/"+who, serverKey, "")
		var k known
		check(json.Unmarshal(body, &k))
		user := ""
		for _, id := range v.IDs {
			switch id.Kind {
			case "user":
				user = id.Value
			case "anonymous":
				if !w.model.lent(s, profile, id.Value) {
					broken(who, "goes by the device %q, and nobody has said so who may", id.Value)
				}
			case "device", "openid", "unionid":
				broken(who, "goes by the %s %q of the attacker", id.Kind, id.Value)
			}
		}
		for name, value := range k.Traits {
			if text, _ := value.(string); !slices.Contains(k.Unproven.Traits, name) && strings.Contains(strings.ToLower(text), evil) {
				broken(who, "the trait %s says %q", name, text)
			}
		}
		for channel, a := range k.Addresses {
			if (channel == "email" || channel == "sms") && !w.names(s, joined, profile, user, a.Address) {
				broken(who, "is reached over %s at %q, and nobody has said so who may", channel, a.Address)
			}
		}
		for _, t := range k.Tokens {
			broken(who, "has the push token %q of the attacker", t.Token)
		}
		for _, a := range k.Unproven.Address {
			if slices.ContainsFunc(w.model.forms, func(f *form) bool { return f.Joined && f.Address == a }) {
				continue
			}
			broken(who, "has the address %q to be confirmed, which no device of theirs has named", a)
		}
		if slices.Contains(v.Segments, "regulars") && !slices.Contains(k.Unproven.Segments, "regulars") {
			if n := w.model.visits(s, profile); n < regularVisits {
				broken(who, "is a proven regular by %d visits", n)
			}
		}
	}
}

// lent says whether a trusted word has given a device to a person, or the device is the whole of the person.
func (m *model) lent(s *state, profile, device string) bool {
	return slices.ContainsFunc(m.said, func(e *said) bool {
		switch {
		case s.of[e.id()] != profile && s.of[e.User] != profile:
			return false
		case e.trusted() && e.User != "":
			return e.Anon == device || e.Prev == device
		}
		return e.User == "" && e.Anon == device && len(s.profiles[profile].IDs) == 1 || e.hook && e.Anon == device
	})
}

// visits are the most that somebody may have made by words that are trusted.
func (m *model) visits(s *state, profile string) (n int) {
	for _, e := range m.said {
		if e.Name == "Store Visited" && e.trusted() && !e.Refused && s.of[e.id()] == profile {
			n++
		}
	}
	return n
}

// regularVisits make a regular: see open.
const regularVisits = 3

// checkNothingSentOnPublicWords holds that no notification has a word of an event that only the public key stands for, or goes to an address that
// only such an event has named, confirmations of it apart, and that nothing which somebody must have asked for is sent without their asking.
func checkNothingSentOnPublicWords(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	receipts := map[string]int{}
	for _, x := range w.sendings {
		if x.Campaign == confirmation || strings.HasPrefix(x.UserID, "canaryeve") {
			continue
		}
		who := "profile:" + x.Profile
		if strings.Contains(strings.ToLower(x.Text+x.Address), evil) {
			broken(who, "%s of %s was sent to %q and says %q", x.Notification, x.Campaign, x.Address, x.Text)
		}
		if x.Channel == "email" && !w.names(s, joined, s.person(x.Profile), x.UserID, x.Address) {
			broken(who, "%s of %s was sent to %q, an address that nobody has named who may", x.Notification, x.Campaign, x.Address)
		}
		if x.Campaign == "receipt" && x.Answer != refused && x.Answer != notNow {
			receipts[s.person(x.Profile)]++
		}
	}
	for person, n := range receipts {
		orders := 0
		for _, e := range w.model.said {
			if e.Name == "Order Completed" && !e.Refused && (e.Key == serverKey || e.Key == hookKey) && s.of[e.id()] == person {
				orders++
			}
		}
		if person != "" && n > orders && !w.model.everErased(s, person) {
			broken("profile:"+person, "has %d receipts for %d orders of the shop", n, orders)
		}
	}
}

// checkPlacesStayOpen holds that nobody takes the place in a campaign that somebody's own act asks for, nor ends what it has started.
func checkPlacesStayOpen(w *world, s *state, broken func(string, string, ...any)) {
	for person, list := range s.decisions {
		if w.model.everErased(s, person) || len(s.profiles[person].Parts) > 0 {
			continue
		}
		proven := map[string][]told{} // by name
		public := map[time.Time]bool{}
		for _, e := range s.timeline[person] {
			if said := w.model.find(e.MessageID); said == nil || said.trusted() {
				proven[e.Event] = append(proven[e.Event], e)
			} else {
				public[e.happened()] = true
			}
		}
		sent := map[string]bool{}
		for _, x := range w.sendings {
			sent[x.Campaign] = sent[x.Campaign] || s.person(x.Profile) == person
		}
		for _, x := range list {
			switch {
			case x.CampaignID == "welcome" && x.Reason == "taken" && !sent["welcome"] && len(proven["Signed Up"]) == 1 && proven["Signed Up"][0].happened().Equal(x.Asked):
				broken("profile:"+person, "signed up once, and campaign welcome had enrolled them for others before")
			case x.CampaignID == "later" && x.Reason == "cancelled" && x.Detail == "Order Completed":
				since := x.Asked.Add(-20 * time.Minute)
				started := slices.ContainsFunc(proven["Product Added"], func(e told) bool { return e.happened().Equal(since) })
				ordered := slices.ContainsFunc(proven["Order Completed"], func(e told) bool { return e.happened().After(since) })
				if started && !ordered && !public[since] {
					broken("profile:"+person, "what %s has in the cart since %s was ended by an order that the shop knows nothing of", person, since.Format(time.RFC3339Nano))
				}
			}
		}
	}
}

// happened is when an event was, as far as its receiver believes it.
func (e told) happened() time.Time {
	at := e.Timestamp
	if at.After(e.ReceivedAt) {
		at = e.ReceivedAt
	}
	return at.Truncate(time.Millisecond)
}

// checkSelvesUnpaid holds that nobody is paid for having invited a second account of their own.
func checkSelvesUnpaid(w *world, s *state, broken func(string, string, ...any)) {
	paid := map[string]int64{}
	for _, p := range s.payments() {
		paid[p.account[2:]] += p.amount
	}
	for _, pair := range w.model.selves {
		for _, user := range pair {
			if v := s.profiles[s.of[user]]; v != nil {
				for _, id := range append([]string{v.ProfileID}, v.Parts...) {
					if paid[id] > 0 {
						broken(user, "%s has invited %s, who is the same person by all that the shop was told, and is paid %d points", pair[0], pair[1], paid[id])
					}
				}
			}
		}
	}
}

// provenOf says whether anything is known of somebody that is proven.
func (m *model) provenOf(s *state, profile string) bool {
	return slices.ContainsFunc(s.timeline[profile], func(e told) bool {
		return m.find(e.MessageID) == nil || slices.ContainsFunc(m.said, func(x *said) bool { return x.ID == e.MessageID && (x.trusted() || x.hook) })
	})
}

// checkStrangersGo holds that a device of which nothing else is known, and a userId that only pages have named, goes with the last of its events, and
// nobody else ever.
func checkStrangersGo(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers know of no end
	}
	for _, i := range s.raw["Profiles"] {
		id, isProfile := strings.CutPrefix(i.text("pk"), "p#")
		v := s.profiles[id]
		if !isProfile || v == nil {
			if i.has("ttl") && !i.has("b") {
				broken("profile:"+id, "a pointer or a tombstone ends at %d", i.number("ttl"))
			}
			continue
		}
		stranger := len(v.IDs) == 1 && (v.IDs[0].Kind == "anonymous" || !w.model.provenOf(s, id)) && len(v.Parts) == 0 && v.Orders.Count == 0 && len(v.Consent) == 0 && len(v.Tags) == 0
		if stranger != i.has("ttl") {
			broken("profile:"+id, "goes by %v, has %d orders and the consents %v, and its end is %d", v.IDs, v.Orders.Count, v.Consent, i.number("ttl"))
		}
		for _, e := range s.timeline[id] {
			last := e.ReceivedAt
			if e.Timestamp.After(last) {
				last = e.Timestamp
			}
			if ends := time.Unix(i.number("ttl"), 0); stranger && !ends.After(last.AddDate(0, 13, 0)) {
				broken("profile:"+id, "ends at %s, before %s does, of %s", ends, e.MessageID, last)
			}
		}
	}
}
