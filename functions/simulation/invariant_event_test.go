package simulation

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// fate is what must have become of an event.
type fate int

const (
	mustStand fate = iota
	mayStand
	mustBeGone
)

// key is an identifier of the path form as erasures name it.
func keyOf(id string) string {
	if device, ok := strings.CutPrefix(id, "anonymous:"); ok {
		return "anonymous:" + device
	}
	return "user:" + id
}

// fateOf says what must have become of an accepted event, as far as erasures go.
func (m *model) fateOf(s *said, joined map[string]string) fate {
	f := mustStand
	if !s.Accepted {
		f = mayStand
	}
	for _, e := range m.erasures {
		id := s.id()
		same := slices.Contains(e.Keys, keyOf(id))
		if !same && joined[id] != joined[e.ID] {
			continue
		}
		switch {
		case s.First.After(m.w.watch.carriedOut(e).Add(time.Second)) && e.Accepted:
			// It came after the erasure.
		case same && e.Accepted && s.Accepted && s.Answered.Before(e.Begun) && s.LastTry.Before(e.Begun):
			f = mustBeGone
		default:
			f = max(f, mayStand)
		}
	}
	return f
}

// joins unites the ids that may ever have been joined: the root of each. It is asked when nothing more is said.
func (m *model) joins() map[string]string {
	if m.joined != nil {
		return m.joined
	}
	root := map[string]string{}
	defer func() { m.joined = root }()
	var find func(string) string
	find = func(id string) string {
		if root[id] == "" || root[id] == id {
			root[id] = id
			return id
		}
		root[id] = find(root[id])
		return root[id]
	}
	claimed := map[string]bool{} // as names of devices, by who has proven to be somebody else
	for _, s := range m.said {
		claimed[s.Prev] = claimed[s.Prev] || s.own
	}
	for _, s := range m.said {
		find(s.id())
		if s.forged && !s.own {
			continue
		}
		if s.Anon != "" && s.User != "" {
			root[find("anonymous:"+s.Anon)] = find(s.User)
		}
		if s.Prev != "" && s.own { // of a person's own word it is a device
			root[find("anonymous:"+s.Prev)] = find(s.User)
		} else if s.Prev != "" {
			if !claimed[s.Prev] {
				root[find("anonymous:"+s.Prev)] = find(s.User)
			}
			root[find(s.Prev)] = find(s.User)
		}
	}
	for _, e := range m.erasures {
		find(e.ID)
	}
	for id := range root {
		find(id)
	}
	return root
}

// ours are the timeline's events that the traffic sent with an id of its own.
func ours(list []told) []told {
	var out []told
	for _, e := range list {
		if strings.HasPrefix(e.MessageID, "m-") {
			out = append(out, e)
		}
	}
	return out
}

func checkProjectedOnce(w *world, s *state, broken func(string, string, ...any)) {
	senders := map[string]int{} // of an id: two sources may use the same
	for _, e := range w.model.said {
		senders[e.ID+" "+s.of[e.id()]]++
	}
	for profile, list := range s.timeline {
		seen := map[string][]time.Time{}
		for _, e := range list {
			seen[e.MessageID] = append(seen[e.MessageID], e.ReceivedAt)
		}
		for id, receipts := range seen {
			if n := together(receipts); n > max(1, senders[id+" "+profile]) {
				broken("profile:"+profile, "event %s stands %d times in the timeline", id, n)
			}
		}
	}
}

// memory is for how long what comes by another receipt is known again: who presses a link days later says it anew.
const memory = 26 * time.Hour

// together is how many receipts at most lie within the memory of one.
func together(receipts []time.Time) (most int) {
	for _, first := range receipts {
		n := 0
		for _, other := range receipts {
			if after := other.Sub(first); after >= 0 && after <= memory {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func checkTimelineComplete(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	stands := map[string]map[string]bool{}
	for profile, list := range s.timeline {
		stands[profile] = map[string]bool{}
		for _, e := range ours(list) {
			stands[profile][e.MessageID] = true
		}
	}
	known, twins, count := map[string]bool{}, map[string]int{}, map[string]int{}
	may := map[string]int{} // those of one id that need not be gone: of two sources one may have told it again after the erasure
	for profile, list := range s.timeline {
		for _, e := range ours(list) {
			count[profile+" "+e.MessageID]++
		}
	}
	for _, e := range w.model.said {
		if e.hook || e.moved {
			continue
		}
		name := s.of[e.id()] + " " + e.ID
		if e.Accepted {
			twins[name]++
		}
		if !e.Refused && w.model.fateOf(e, joined) != mustBeGone {
			may[name]++
		}
	}
	moved := map[string]bool{}
	for _, e := range w.model.said {
		if e.moved {
			moved[e.ID] = true
		}
		if e.Refused || e.hook || e.moved {
			continue
		}
		profile := s.of[e.id()]
		known[profile+" "+e.ID] = true
		there := stands[profile][e.ID]
		switch f := w.model.fateOf(e, joined); {
		case f == mustStand && !there:
			broken(e.id(), "%s %s %q was answered 2xx at %s and is not in the timeline", e.ID, e.Kind, e.Name, e.Answered.Format(time.RFC3339))
		case f == mustStand && twins[profile+" "+e.ID] > count[profile+" "+e.ID]:
			broken(e.id(), "%s was told by %d sources and stands %d times in the timeline", e.ID, twins[profile+" "+e.ID], count[profile+" "+e.ID])
		case f == mustBeGone && there && count[profile+" "+e.ID] > may[profile+" "+e.ID]:
			broken(e.id(), "%s %s %q was erased and is in the timeline", e.ID, e.Kind, e.Name)
		}
	}
	for profile, list := range stands {
		for id := range list {
			if !known[profile+" "+id] && !moved[id] {
				broken("profile:"+profile, "%s stands in the timeline of somebody whose event it is not", id)
			}
		}
	}
}

// settledOrder is what all reports of an order come to.
type settledOrder struct {
	total           int64
	currency        string
	content         time.Time
	paid, cancelled time.Time
	whole, sure     bool
	refunds         map[string]float64
}

func (o *settledOrder) net() (int64, bool) {
	if o.paid.IsZero() {
		return 0, false
	}
	if o.cancelled.After(o.paid) || o.cancelled.Equal(o.paid) {
		return 0, true
	}
	if o.whole {
		return 0, true
	}
	var sum int64
	for _, r := range o.refunds {
		sum += cents(r, o.currency)
	}
	return o.total - min(sum, max(o.total, 0)), true
}

func cents(v any, currency string) int64 {
	f, _ := v.(float64)
	if currency == "JPY" {
		return int64(math.Round(f))
	}
	return int64(math.Round(f * 100))
}

// orders are the model's own, by id, of the accepted reports of sources that may move money.
func (m *model) orders() map[string]*settledOrder {
	all := map[string]*settledOrder{}
	for _, e := range m.said {
		id, _ := e.Properties["order_id"].(string)
		if id == "" || e.Key != serverKey && e.Key != hookKey || e.Refused {
			continue
		}
		o := all[id]
		if o == nil {
			o = &settledOrder{sure: true, refunds: map[string]float64{}, currency: "CNY"}
			all[id] = o
		}
		if !e.Accepted {
			o.sure = false
			continue
		}
		at, _ := time.Parse(time.RFC3339Nano, e.Original)
		switch e.Name {
		case "Order Completed":
			o.paid = later(o.paid, at)
		case "Order Cancelled":
			o.cancelled = later(o.cancelled, at)
		case "Order Refunded":
			if e.Properties["total"] == nil {
				o.whole = true
				break
			}
			key, _ := e.Properties["refund_id"].(string)
			f, _ := e.Properties["total"].(float64)
			if currency, named := e.Properties["currency"]; !named || currency != "EUR" { // no order is in euros
				o.refunds[key] = max(o.refunds[key], f)
			}
		}
		if total, ok := e.Properties["total"]; ok && e.Name != "Order Refunded" && !at.Before(o.content) {
			currency, _ := e.Properties["currency"].(string)
			if at.Equal(o.content) && cents(total, currency) != o.total {
				o.sure = false
			}
			o.content, o.total, o.currency = at, cents(total, currency), currency
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func checkOrdersSum(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	orders := w.model.orders()
	touched := map[string]map[string]bool{} // orders by profile
	unsure := map[string]bool{}
	owners := map[string]map[string]bool{}
	for _, e := range w.model.said {
		id, _ := e.Properties["order_id"].(string)
		if id == "" || e.Key != serverKey && e.Key != hookKey || e.Refused {
			continue
		}
		profile := s.of[e.id()]
		if touched[profile] == nil {
			touched[profile] = map[string]bool{}
		}
		if owners[id] == nil {
			owners[id] = map[string]bool{}
		}
		touched[profile][id], owners[id][profile] = true, true
		if w.model.fateOf(e, joined) != mustStand || !orders[id].sure {
			unsure[profile] = true
		}
	}
	for _, e := range w.model.erasures {
		unsure[s.of[e.ID]] = true
	}
	for profile, list := range touched {
		if profile == "" || unsure[profile] {
			continue
		}
		want := map[string]int64{}
		clear := true
		for id := range list {
			clear = clear && len(owners[id]) == 1
			if net, paid := orders[id].net(); paid && net != 0 {
				want[orders[id].currency] += net
			}
		}
		if !clear {
			continue
		}
		have := map[string]int64{}
		for _, a := range s.profiles[profile].Orders.Revenue {
			if a.Amount != 0 {
				have[a.Currency] = a.Amount
			}
		}
		if !maps.Equal(want, have) {
			broken("profile:"+profile, "revenue is %v, want %v of orders %v", have, want, slices.Sorted(maps.Keys(list)))
		}
	}
}

// person is the profile that an id belongs to now, empty when nobody has it.
func (s *state) person(id string) string {
	for _, v := range s.profiles {
		if v.ProfileID == id || slices.Contains(v.Parts, id) {
			return v.ProfileID
		}
	}
	return ""
}
