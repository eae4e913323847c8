package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/order"
)

// slack is how long after an operator's or a person's word an invocation may still be under way that began before it.
const slack = 65 * time.Second

func transactional(campaign string) bool { return campaign == "receipt" || campaign == confirmation }

// checkAtMostOneSend holds that nobody has one notification twice, nor two of a campaign that enrols everybody once. Who comes back after an
// erasure is somebody new, and known by the same keys: such a campaign enrols them once more, also when they are part of somebody else by then.
func checkAtMostOneSend(w *world, s *state, broken func(string, string, ...any)) {
	list := w.handedOver()
	for n, x := range list {
		oncePerPerson := x.Campaign == "welcome" || strings.HasPrefix(x.Campaign, "audience-")
		for _, before := range list[:n] {
			same, again := x.Notification == before.Notification, oncePerPerson && x.Campaign == before.Campaign && x.Profile == before.Profile
			switch {
			case !same && !again || oncePerPerson && w.watch.left(before.Profile, before.Invoked, x.Begun):
			case same:
				broken("profile:"+x.Profile, "notification %s of %s was handed over again at %s with the answer %v, after %s", x.Notification, x.Campaign, x.Begun.Format(time.RFC3339Nano), x.Answer, before.Begun.Format(time.RFC3339Nano))
			default:
				broken("profile:"+x.Profile, "campaign %s, once per person, was sent at %s and again at %s", x.Campaign, before.Begun.Format(time.RFC3339Nano), x.Begun.Format(time.RFC3339Nano))
			}
		}
	}
}

func checkKillSwitch(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		stopped := w.model.always("settings", "messaging", x.Invoked, x.Begun, func(doc map[string]any) bool {
			on, _ := doc["killSwitch"].(bool)
			return on
		})
		if stopped {
			broken("profile:"+x.Profile, "%s of %s was sent at %s, by an invocation that began after everything was stopped", x.Notification, x.Campaign, x.Begun.Format(time.RFC3339))
		}
	}
}

func checkPaused(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		paused := w.model.always("campaigns", x.Campaign, x.Invoked, x.Begun, func(doc map[string]any) bool {
			return doc != nil && doc["state"] == "paused"
		})
		if paused {
			broken("profile:"+x.Profile, "%s was sent at %s by an invocation that began after %s was paused", x.Notification, x.Begun.Format(time.RFC3339), x.Campaign)
		}
	}
}

// shanghai is the shop's zone.
var shanghai = time.FixedZone("CST", 8*3600)

func checkCaps(w *world, s *state, broken func(string, string, ...any)) {
	count := map[string]int{}
	for _, x := range w.sendings {
		if transactional(x.Campaign) || x.Answer == refused || x.Answer == notNow {
			continue
		}
		if person := s.person(x.Profile); person == "" || w.model.everErased(s, person) {
			continue // with who was erased, the count is forgotten too
		}
		day := x.Begun.In(shanghai)
		begin := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, shanghai)
		most, daily := w.dailyCap(begin, x.Begun)
		key := x.Profile + begin.Format(" 2006-01-02")
		if count[key]++; daily && count[key] > most {
			broken("profile:"+x.Profile, "%d notifications on %s, at most %d are allowed", count[key], begin.Format("2006-01-02"), most)
		}
	}
}

func checkQuietHours(w *world, s *state, broken func(string, string, ...any)) {
	for _, x := range w.sendings {
		local := x.Begun.In(shanghai)
		hour := local.Format("15:04:05")
		if transactional(x.Campaign) || hour < "22:02:00" && hour > "06:58:00" {
			continue
		}
		quiet := w.model.always("settings", "messaging", x.Invoked, x.Begun, func(doc map[string]any) bool { return doc["quietHours"] != nil })
		if quiet {
			broken("profile:"+x.Profile, "%s was sent at %s of the person's night", x.Notification, hour)
		}
	}
}

// checkDecisions holds that every trigger of a campaign that ran all the time has one final decision on record.
func checkDecisions(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	for id, doc := range campaigns {
		trigger, _ := doc["trigger"].(map[string]any)["event"].(map[string]any)
		history := w.model.history("campaigns", id)
		if trigger == nil || len(history) != 1 || !history[0].Saved {
			continue
		}
		entries, unsure := map[string]map[string]bool{}, map[string]bool{}
		for _, e := range w.model.said {
			if e.Name != trigger["name"] || e.Kind != "track" || e.Refused || e.anybodysOrder() && !havePrevious {
				continue
			}
			person := s.of[e.id()]
			if e.anybodysOrder() || w.model.fateOf(e, joined) != mustStand || e.First.Before(history[0].Sure.Add(slack)) {
				unsure[person] = true
				continue
			}
			if entries[person] == nil {
				entries[person] = map[string]bool{}
			}
			entries[person][e.Source+e.ID] = true
		}
		for person, list := range entries {
			if person == "" || unsure[person] || w.model.everErased(s, person) {
				continue
			}
			final, open := map[string]bool{}, map[string]bool{}
			for _, d := range s.decisions[person] {
				if _, is := again(d.Step); is || d.CampaignID != id {
					continue
				}
				if d.Outcome == "deferred" {
					open[d.NotificationID] = true
				} else {
					final[d.NotificationID] = true
				}
			}
			for n := range final {
				delete(open, n)
			}
			if len(open) > 0 {
				broken("profile:"+person, "%d notifications of %s were deferred and never decided", len(open), id)
			}
			least, most := len(list), len(list)
			if doc["oncePerPerson"] != nil {
				// One notification, whatever takes the person; what comes later is the same. Two who are one person now were two people.
				least, most = 1, min(len(list), 1+len(s.profiles[person].Parts))
			}
			if len(final) < least || len(final) > most {
				broken("profile:"+person, "campaign %s was triggered %d times and has %d decisions", id, len(list), len(final))
			}
		}
	}
}

// checkAudiences holds that whoever was in the segment of an audience for certain has a decision on record.
func checkAudiences(w *world, s *state, broken func(string, string, ...any)) {
	joined, orders := w.model.joins(), w.model.orders()
	for _, def := range w.model.definitions {
		trigger, _ := def.Doc["trigger"].(map[string]any)
		audience, _ := trigger["audience"].(map[string]any)
		segment, _ := audience["segmentId"].(string)
		due, _ := audience["at"].(string)
		at, err := time.Parse(time.RFC3339, due)
		if err != nil {
			continue // no audience's
		}
		known := at.Add(-2 * time.Hour) // what was answered or committed by then is in every run that the audience may go by
		member := map[string]func(*said) bool{
			"buyers": func(e *said) bool {
				return w.model.bought(orders, e) && (w.redrivenAt.Before(e.Answered) || w.redrivenAt.Before(known)) // or it may have been a dead letter meanwhile
			},
			"readers": func(e *said) bool { return w.reads(s, e, known) },
		}[segment]
		if member == nil || !def.Saved || len(w.model.history("segments", segment)) != 1 {
			continue
		}
		if at.Before(def.Sure.Add(time.Minute)) || len(w.model.history("campaigns", def.ID)) > 3 || w.faults.of[outage] > 0 {
			continue
		}
		heard := map[string]bool{}
		for person, list := range s.decisions {
			heard[person] = slices.ContainsFunc(list, func(x decision) bool { return x.CampaignID == def.ID })
		}
		for _, e := range w.model.said {
			person := s.of[e.id()]
			if person == "" || heard[person] || !e.Accepted || e.Answered.After(known) || !member(e) ||
				w.model.erasedNear(joined, e.User) || len(s.profiles[person].Parts) > 0 {
				continue
			}
			heard[person] = true // told once
			broken("profile:"+person, "was in the audience of %s at %s and has no decision", def.ID, at.Format(time.RFC3339))
		}
	}
}

// bought says whether an event makes a buyer of its person for good.
func (m *model) bought(orders map[string]*settledOrder, e *said) bool {
	id, _ := e.Properties["order_id"].(string)
	if e.Name != "Order Completed" || e.Key != serverKey {
		return false
	}
	net, paid := orders[id].net()
	return paid && net > 0 && orders[id].sure && orders[id].cancelled.IsZero()
}

// reads says whether an event has made a reader of its person by a time, and for good: it was committed by then, and nobody ever took a word about the channel back.
func (w *world) reads(s *state, e *said, by time.Time) bool {
	person := s.of[e.id()]
	purpose := e.Properties["purpose"]
	return e.Name == "Consent Granted" && e.Key == serverKey && e.Properties["channel"] == "email" && (purpose == nil || purpose == "marketing") &&
		slices.ContainsFunc(w.consents.words, func(word spoken) bool { return word.id == e.ID && !word.committed.After(by) }) &&
		!slices.ContainsFunc(w.consents.words, func(word spoken) bool {
			return word.about == "email" && !word.granted && s.person(word.of) == person
		})
}

// anybodysOrder says whether an order was told by a page: that somebody has ordered starts something on the shop's word alone. In the version
// before a page's did too.
func (s *said) anybodysOrder() bool { return s.Key == publicKey && order.Reports(s.Name) }

func checkNewsOnce(w *world, s *state, broken func(string, string, ...any)) {
	for person, list := range s.decisions {
		if w.model.everErased(s, person) {
			continue
		}
		seen := map[string]bool{}
		for _, d := range list {
			if _, is := again(d.Step); d.CampaignID == "first-order" && !is {
				seen[d.Step] = true
			}
		}
		if n := len(seen); n > 1+len(s.profiles[person].Parts) {
			broken("profile:"+person, "heard %d times that the first order was made", n)
		}
	}
}

func checkDeadLetters(w *world, s *state, broken func(string, string, ...any)) {
	for _, l := range w.watch.dead {
		broken("", "a message of %s is a dead letter after %d receives, %d of which no fault had struck", l.Queue, l.Receives, l.clean)
	}
	for _, q := range w.template.Queues {
		if q.DeadLetter == "" {
			continue
		}
		dead, _ := w.template.Queue(q.DeadLetter)
		if n := w.depth(dead); n > 0 {
			broken("", "%d messages of %s stay dead letters without any fault", n, q.LogicalID)
		}
	}
}

// checkLetters holds that no dead letter is left when all have been sent again. What operators were answered is remembered for a while.
func checkLetters(w *world, s *state, broken func(string, string, ...any)) {
	for _, i := range s.raw["DeadLetters"] {
		if strings.HasPrefix(i.text("pk"), "i#") {
			continue
		}
		broken("", "the table of dead letters still holds %s / %s", i.text("pk"), i.text("sk"))
	}
}

func checkItemSizes(w *world, s *state, broken func(string, string, ...any)) {
	for table, items := range s.raw {
		for _, i := range items {
			if n := i.size(); n > 300<<10 {
				broken("", "%s holds an item of %d KB: %s / %s", table, n>>10, i.text("pk"), i.text("sk"))
			}
		}
	}
}

// checkSettled holds that of no event it was left open whether it is a duplicate: nobody here has thousands of events a day.
func checkSettled(w *world, s *state, broken func(string, string, ...any)) {
	for line := range strings.Lines(string(w.counted())) {
		if strings.Contains(line, `"duplicate_unsettled"`) {
			broken("", "it was left open whether an event is a duplicate: %s", strings.TrimSpace(line))
		}
	}
}

func checkLogs(w *world, s *state, broken func(string, string, ...any)) {
	for line := range strings.Lines(w.log.String() + string(w.counted())) {
		if lower := strings.ToLower(line); strings.Contains(lower, "canary") || strings.Contains(lower, "1395555") || strings.Contains(lower, evil) {
			broken("", "a log line holds personal data: %s", fmt.Sprintf("%.300s", line))
			return
		}
	}
}
