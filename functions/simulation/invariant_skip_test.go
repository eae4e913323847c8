package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ofStop is the id of a stop that a call has begun; the setting has none.
var ofStop = regexp.MustCompile(`^\d{8}T\d{6}-[A-Z2-7]{8}$`)

// again says whether a step is of an entry again, and which one it began as.
func again(step string) (first string, is bool) {
	first, _, is = strings.Cut(step, "~")
	return first, is
}

// stopsTold is what was written of stops: of each and each campaign how many decisions were skipped by it, and how many were entered again, as the calls tell.
type stopsTold struct {
	skipped, entered map[string]int64
	by               map[string]string // the stop and campaign by decision, as long as it stands
	marks            map[string]int    // how often each of the list was entered again
}

func newStopsTold() stopsTold {
	return stopsTold{map[string]int64{}, map[string]int64{}, map[string]string{}, map[string]int{}}
}

// decides takes a decision that was written into the account.
func (x *stopsTold) decides(at string, over bool, campaign, reason, detail string) {
	if before, there := x.by[at]; there && over {
		x.skipped[before]--
	}
	delete(x.by, at)
	if reason == "killSwitch" && ofStop.MatchString(detail) {
		x.by[at] = detail + " " + campaign
		x.skipped[detail+" "+campaign]++
	}
}

// enters takes note of who was entered again.
func (x *stopsTold) enters(q request) {
	if q.op != "TransactWriteItems" || !strings.Contains(string(q.body), "againAt") {
		return
	}
	var call struct {
		TransactItems []struct {
			Update *struct{ Key map[string]struct{ S string } }
		}
	}
	check(json.Unmarshal(q.body, &call))
	stop, campaign := "", ""
	for _, one := range call.TransactItems {
		if one.Update == nil {
			continue
		}
		pk, sk := one.Update.Key["pk"].S, one.Update.Key["sk"].S
		if strings.Contains(sk, "#d#") {
			stop = strings.Split(pk, "#")[1]
			x.marks[pk+" "+sk]++
		} else {
			_, campaign, _ = strings.Cut(sk, "#")
		}
	}
	x.entered[stop+" "+campaign]++
}

// checkSkipped holds that each decision which a stop has caused is listed under it once, as long as it stands, that nothing else is listed, that nobody was entered again twice, and that the counts are what
// was written.
func checkSkipped(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers list nothing
	}
	caused, listed := map[string]int{}, 0
	for _, i := range s.raw["Deliveries"] {
		if !strings.HasPrefix(i.text("sk"), "d#") {
			continue
		}
		var d struct{ Reason, Detail string }
		check(json.Unmarshal([]byte(i.text("b")), &d))
		if d.Reason == "killSwitch" && ofStop.MatchString(d.Detail) {
			caused[d.Detail+" "+i.text("pk")+"#"+i.text("sk")]++
		}
	}
	for _, i := range s.raw["Deliveries"] {
		pk := strings.Split(i.text("pk"), "#")
		if pk[0] != "s" {
			continue
		}
		listed++
		name := pk[1] + " " + i.text("sk")
		if caused[name]--; caused[name] < 0 {
			broken("", "%s lists %s, and no such decision was caused by it", i.text("pk"), i.text("sk"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(caused)) {
		if caused[name] > 0 {
			broken("", "the decision %s is not listed under its stop", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.watch.stops.marks)) {
		if n := w.watch.stops.marks[name]; n != 1 {
			broken("", "%s was entered again %d times", name, n)
		}
	}
	skipped, entered := map[string]int64{}, map[string]int64{}
	for _, i := range s.raw["Results"] {
		if pk := strings.Split(i.text("pk"), "#"); pk[0] == "s" {
			_, campaign, _ := strings.Cut(i.text("sk"), "#")
			skipped[pk[1]+" "+campaign] += i.number("skipped")
			entered[pk[1]+" "+campaign] += i.number("entered")
		}
	}
	for what, c := range map[string]struct{ told, want map[string]int64 }{"skipped": {skipped, w.watch.stops.skipped}, "entered again": {entered, w.watch.stops.entered}} {
		names := maps.Clone(c.told)
		maps.Copy(names, c.want)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if c.told[name] != c.want[name] {
				broken("", "of %s %d are counted as %s, and %d were", name, c.told[name], what, c.want[name])
			}
		}
	}
	w.tell("judge: %d are listed under stops, %d were entered again", listed, len(w.watch.stops.marks))
}

// checkEntriesAgain holds that of all that follows from one cause one notification at most is handed over, however often somebody was entered again, and that each entry again has its end on record.
func checkEntriesAgain(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return
	}
	sent, ended, begun := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, i := range s.raw["Deliveries"] {
		if !strings.HasPrefix(i.text("sk"), "d#") {
			continue
		}
		var d struct{ CampaignID, Step, Outcome, NotificationID string }
		check(json.Unmarshal([]byte(i.text("b")), &d))
		first, _ := again(d.Step)
		chain := fmt.Sprint(i.text("pk"), " ", d.CampaignID, " ", first)
		if d.Outcome == "sent" || d.Outcome == "unknown" {
			begun[chain] = true
			if sent[chain]++; sent[chain] > 1 {
				broken("profile:"+i.text("pk"), "of %s %s was handed over %d times in all its entries", d.CampaignID, first, sent[chain])
			}
		}
		if d.Outcome != "deferred" {
			ended[fmt.Sprint(i.text("pk"), " ", d.CampaignID, " ", d.Step)] = true
		}
	}
	for _, i := range s.raw["Deliveries"] {
		if !strings.HasPrefix(i.text("pk"), "s#") || !i.has("againAt") {
			continue
		}
		var n struct{ ProfileID, CampaignID, Step string }
		check(json.Unmarshal([]byte(i.text("b")), &n))
		first, is := again(n.Step)
		next := first + "~1"
		if is {
			var k int
			_, _ = fmt.Sscanf(strings.TrimPrefix(n.Step, first+"~"), "%d", &k)
			next = fmt.Sprint(first, "~", k+1)
		}
		person := s.person(n.ProfileID)
		if person == "" || w.model.everErased(s, person) || len(s.profiles[person].Parts) > 0 {
			continue // of who was erased nothing is on record; of two who are one by now the one may speak for the other
		}
		if !ended[fmt.Sprint(n.ProfileID, " ", n.CampaignID, " ", next)] && !begun[fmt.Sprint(n.ProfileID, " ", n.CampaignID, " ", first)] {
			broken("profile:"+n.ProfileID, "was entered again for %s as %s, and has no decision", n.CampaignID, next)
		}
	}
}
