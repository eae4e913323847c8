package simulation

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// ownerless is a report that names nobody but its order, while the order is nobody's.
type ownerless struct {
	Due    time.Time
	Events []struct{ MessageID, AnonymousID, Event string }
}

// isReport says whether an entry of Due is a report that waits for its order's owner.
func isReport(i item) bool { return strings.HasPrefix(i.text("sk"), "refund#") }

// reports are those that wait, the first of them first.
func (w *world) reports() []ownerless {
	var list []ownerless
	for _, i := range w.scan(w.table("Due")) {
		minute, ok := dueMinute(i.text("pk"))
		if !ok || !isReport(i) {
			continue
		}
		text, _ := i["b"]["B"].(string)
		body, err := base64.StdEncoding.DecodeString(text)
		check(err)
		r := ownerless{Due: minute}
		check(json.Unmarshal(body, &r))
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b ownerless) int { return a.Due.Compare(b.Due) })
	return list
}

// outlast lets the time go on until no report waits any more, seven days at most, and says whether that came to be. Nothing else is to be done
// meanwhile: the schedules of minutes stand still, and what follows has to catch up.
func (w *world) outlast() bool {
	w.outlasted = w.reports()
	for end := time.Now().Add(7*24*time.Hour + time.Hour); time.Now().Before(end); {
		list := w.reports()
		if len(list) == 0 {
			return true
		}
		w.still = true
		w.sleep(time.Until(list[0].Due))
		w.still = false
		if !w.rest(w.patience()) {
			return false
		}
	}
	return false
}

// checkOutlasted holds that what has waited in vain stands under the id of its order. Of an order that was never heard of nothing can be over.
func checkOutlasted(w *world, s *state, broken func(string, string, ...any)) {
	d := dice{hash(w.seed, "outlasted")}
	for _, r := range w.outlasted {
		for _, e := range r.Events {
			list := pages[told](w, &d, "/v1/profiles/"+escape("anonymous:"+e.AnonymousID)+"/events")
			if e.Event != "Order Cancelled" && !slices.ContainsFunc(list, func(t told) bool { return t.MessageID == e.MessageID }) {
				broken("anonymous:"+e.AnonymousID, "%s %q has waited for its order's owner and stands nowhere", e.MessageID, e.Event)
			}
		}
	}
}
