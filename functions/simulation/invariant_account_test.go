package simulation

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkNotices holds that what happened to an order in a shop system stands once, however often it was told with the order's later updates.
func checkNotices(w *world, s *state, broken func(string, string, ...any)) {
	happened, stands := map[string]int{}, map[string]int{}
	for _, e := range w.model.said {
		if e.hook {
			happened[fmt.Sprint(e.Name, " of ", e.Properties["order_id"])]++
		}
	}
	for _, list := range s.timeline {
		for _, e := range list {
			var properties map[string]any
			if json.Unmarshal(e.Properties, &properties) == nil {
				stands[fmt.Sprint(e.Event, " of ", properties["order_id"])]++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(happened)) {
		if stands[name] > happened[name] {
			broken("", "%q happened %d times in a shop system and stands %d times in timelines", name, happened[name], stands[name])
		}
	}
}

// names says whether an item's body holds one of some ids.
func (i item) names(ids ...string) bool {
	packed, _ := i["b"]["B"].(string)
	body, _ := base64.StdEncoding.DecodeString(packed)
	return slices.ContainsFunc(ids, func(id string) bool { return id != "" && bytes.Contains(body, []byte(id)) })
}

// checkBudgetBook holds that what a program has spent of its budget is what people have of it by the book.
func checkBudgetBook(w *world, s *state, broken func(string, string, ...any)) {
	var paid, spent int64
	for _, p := range s.payments() {
		if p.program == "invite" {
			paid += p.amount
		}
	}
	for _, i := range s.raw["Referrals"] {
		if i.text("pk") == "b#invite" {
			spent = i.number("spent#points")
		}
	}
	if spent != paid {
		broken("", "program invite has spent %d points of its budget, and people were paid %d", spent, paid)
	}
}

// checkTakenBack holds that a reward does not stay when nothing is left of the order that it was for.
func checkTakenBack(w *world, s *state, broken func(string, string, ...any)) {
	joined, orders := w.model.joins(), w.model.orders()
	for _, i := range s.raw["Referrals"] {
		id := i.text("order")
		if !strings.HasPrefix(i.text("pk"), "f#") || i.text("state") != "settled" || orders[id] == nil || !orders[id].sure {
			continue
		}
		certain := !slices.ContainsFunc(w.model.said, func(e *said) bool {
			return e.Properties["order_id"] == id && (w.model.fateOf(e, joined) != mustStand || w.model.erasedNear(joined, e.User))
		})
		if net, paid := orders[id].net(); certain && paid && net <= 0 {
			broken("profile:"+i.text("pk")[2:], "is rewarded in %s for order %s, of which nothing is left", i.text("program"), id)
		}
	}
}

// askedForDays is how many people are asked for everything that is held of them.
const askedForDays = 4

// checkShopDays holds that a day on which somebody was active is a day of the shop's zone on which something happened.
func checkShopDays(w *world, s *state, broken func(string, string, ...any)) {
	d := dice{hash(w.seed, "days")}
	asked := map[string]bool{}
	for _, e := range w.model.said {
		person := s.of[e.id()]
		if person == "" || asked[person] || len(asked) == askedForDays || w.model.everErased(s, person) {
			continue
		}
		asked[person] = true
		status, body := w.ask(&d, "GET", "/v1/profiles/profile:"+person+"/export", serverKey, "")
		var page struct {
			Items []struct {
				Kind  string
				Value json.RawMessage
			}
		}
		var held struct{ ActiveDays []string }
		if status != 200 || json.Unmarshal(body, &page) != nil {
			continue
		}
		for _, i := range page.Items {
			if i.Kind == "detail" {
				check(json.Unmarshal(i.Value, &held))
			}
		}
		days := map[string]bool{}
		for _, e := range s.timeline[person] {
			ahead := e.Timestamp.After(e.ReceivedAt)
			if ahead {
				days[e.ReceivedAt.In(shanghai).Format("20060102")] = true
			}
			if !ahead || havePrevious { // the version before goes by what is claimed
				days[e.Timestamp.In(shanghai).Format("20060102")] = true
			}
		}
		for _, day := range held.ActiveDays {
			if !days[day] {
				broken("profile:"+person, "was active on %s, when nothing happened in the shop's zone", day)
			}
		}
	}
}
