package simulation

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// liveFigures are what the instances have counted of a day while it went on.
type liveFigures struct{ events, views, visitors, orders, gmv, paid, sum, sent, clicks uint64 }

// liveOf reads an item of the table Live.
func liveOf(i item) (sum liveFigures, whole bool) {
	text, _ := i["b"]["B"].(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 || raw[0] != 1 {
		return sum, false
	}
	for raw = raw[1:]; len(raw) > 0; {
		raw = raw[1:] // which minute
		for _, f := range []*uint64{&sum.events, &sum.views, &sum.visitors, &sum.orders, &sum.gmv, &sum.paid, &sum.sum, &sum.sent, &sum.clicks} {
			n, size := binary.Uvarint(raw)
			if size <= 0 {
				return sum, false
			}
			*f, raw = *f+n, raw[size:]
		}
	}
	return sum, true
}

// checkLive holds today's figures to what there was: a crash may lose what it had not written, and nothing counts twice.
func checkLive(w *world, s *state, broken func(string, string, ...any)) {
	var told liveFigures
	for _, i := range s.raw["Live"] {
		f, whole := liveOf(i)
		if !whole {
			broken(i.text("pk"), "%s is no packed hour", i.text("sk"))
		}
		told.views, told.orders, told.paid, told.sent = told.views+f.views, told.orders+f.orders, told.paid+f.paid, told.sent+f.sent
	}
	var most liveFigures
	orders, paid := map[any]bool{}, map[any]bool{}
	for _, e := range w.model.said {
		if e.Refused {
			continue
		}
		if e.Kind == "page" || e.Kind == "screen" {
			if most.views++; e.Again {
				most.views++ // long after it had been taken it is another event
			}
		}
		if id := e.Properties["order_id"]; id != nil && slices.Contains([]string{"Order Placed", "Order Completed"}, e.Name) {
			orders[id] = true
			paid[id] = paid[id] || e.Name == "Order Completed"
		}
	}
	most.orders = uint64(len(orders))
	for _, is := range paid {
		if is {
			most.paid++
		}
	}
	most.sent = uint64(len(w.handedOver()))
	for _, f := range []struct {
		what       string
		told, most uint64
	}{{"views", told.views, most.views}, {"orders", told.orders, most.orders}, {"paid orders", told.paid, most.paid}, {"sent notifications", told.sent, most.sent}} {
		w.tell("judge: %d %s are counted live of at most %d", f.told, f.what, f.most)
		if f.told > f.most {
			broken("", "%d %s are counted live of at most %d", f.told, f.what, f.most)
		}
	}
}
