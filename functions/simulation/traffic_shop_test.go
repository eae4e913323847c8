package simulation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

const hookSecret = "sim-hook-secret-of-the-shop"

// notice sends a shop system's webhook until it is taken, and sometimes once more, as shop systems do.
func (w *world) notice(d *dice, system, topic string, doc map[string]any, means ...*said) {
	body, err := json.Marshal(doc)
	check(err)
	signature := signature(hookSecret, body)
	headers := []string{"X-Shopify-Hmac-Sha256", signature, "X-Shopify-Topic", topic}
	if system == "woocommerce" {
		headers = []string{"X-WC-Webhook-Signature", signature, "X-WC-Webhook-Topic", topic}
	}
	for _, s := range means {
		s.Key, s.Source, s.hook, s.First = hookKey, system, true, time.Now()
	}
	w.model.said = append(w.model.said, means...)
	times := 1
	if d.happens(0.25) {
		times = 2
	}
	for range times {
		status, answer := w.ask(d, "POST", "/v1/hooks/"+system+"/"+system, "", string(body), headers...)
		w.tell("%s: %s %s: %d", system, topic, body, status)
		if status >= 400 && status < 500 {
			w.surprise("%s %s: %d %s", system, topic, status, answer)
		}
		for _, s := range means {
			if status == 200 && !s.Accepted {
				s.Accepted, s.Answered = true, time.Now()
			}
			s.LastTry = time.Now()
		}
		if times > 1 {
			w.sleep(d.pause(time.Second, 30*time.Minute))
		}
	}
}

// signature is what a shop system signs a notice with.
func signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The customers of the shop systems have numbers of their own.
const (
	wooCustomer     = 5000
	shopifyCustomer = 6000
)

// hookKey marks what came by a webhook; such a source may move money.
const hookKey = "webhook"

// orderNumber is one of a shop system.
func (d *dice) orderNumber() int { return 900_000_000 + int(d.name()%100_000_000) }

// wooCommerce plays an order of WooCommerce: placed, paid, changed, refunded, each told by the whole order once more.
func wooCommerce(w *world, d *dice, p *human) {
	id, customer := d.orderNumber(), wooCustomer+p.number
	local := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }
	created := time.Now()
	amount := d.between(1000, 30000)
	price := fmt.Sprintf("%d.%02d", amount/100, amount%100)
	doc := map[string]any{"id": id, "status": "pending", "currency": "CNY", "date_created_gmt": local(created), "date_modified_gmt": local(created), "total": price,
		"customer_id": customer, "billing": map[string]any{"email": p.email(), "first_name": fmt.Sprintf("Canarywoo%03d", p.number)},
		"line_items": []any{map[string]any{"product_id": 3, "name": "Tea", "quantity": 1, "price": price}}}
	means := func(name string, total float64, at time.Time, refund string) *said {
		s := &said{ID: fmt.Sprintf("woo-%d-%s%s", id, name, refund), Kind: "track", Name: name, User: fmt.Sprint(customer), Original: at.UTC().Truncate(time.Second).Format(time.RFC3339Nano),
			Properties: map[string]any{"order_id": fmt.Sprint(id), "total": total, "currency": "CNY"}, Who: -1}
		if refund != "" {
			s.Properties["refund_id"] = refund
		}
		return s
	}
	total := float64(amount) / 100
	w.notice(d, "woocommerce", "order.created", doc, means("Order Placed", total, created, ""))
	w.sleep(d.pause(time.Second, 10*time.Minute))
	paid := time.Now()
	doc["status"], doc["date_paid_gmt"], doc["date_modified_gmt"] = "processing", local(paid), local(paid)
	w.notice(d, "woocommerce", "order.updated", doc, means("Order Completed", total, paid, ""))
	if d.happens(0.5) {
		w.sleep(d.pause(time.Minute, time.Hour))
		back := d.between(100, amount)
		refund := fmt.Sprint(id, "7")
		doc["refunds"] = []any{map[string]any{"id": json.Number(refund), "total": fmt.Sprintf("-%d.%02d", back/100, back%100)}}
		doc["date_modified_gmt"] = local(time.Now())
		w.notice(d, "woocommerce", "order.updated", doc, means("Order Refunded", float64(back)/100, time.Now(), refund))
	}
	for range d.below(3) { // somebody writes a note into the order
		w.sleep(d.pause(time.Minute, 3*time.Hour))
		doc["date_modified_gmt"] = local(time.Now())
		w.notice(d, "woocommerce", "order.updated", doc)
	}
}

// shopify plays an order of Shopify.
func shopify(w *world, d *dice, p *human) {
	id, customer := d.orderNumber(), shopifyCustomer+p.number
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	now := time.Now()
	amount := d.between(1000, 30000)
	price := fmt.Sprintf("%d.%02d", amount/100, amount%100)
	who := map[string]any{"id": customer, "email": p.email(), "first_name": fmt.Sprintf("Canaryshopify%03d", p.number), "created_at": stamp(now), "updated_at": stamp(now)}
	doc := map[string]any{"id": id, "currency": "CNY", "total_price": price, "subtotal_price": price, "financial_status": "paid", "created_at": stamp(now),
		"processed_at": stamp(now), "updated_at": stamp(now), "customer": who,
		"line_items": []any{map[string]any{"product_id": 3, "title": "Tea", "quantity": 1, "price": price}}}
	s := &said{ID: fmt.Sprintf("shopify-%d", id), Kind: "track", Name: "Order Completed", User: fmt.Sprint(customer), Original: now.UTC().Truncate(time.Second).Format(time.RFC3339Nano), Who: -1,
		Properties: map[string]any{"order_id": fmt.Sprint(id), "total": float64(amount) / 100, "currency": "CNY"}}
	w.notice(d, "shopify", "orders/create", doc, s)
	if d.happens(0.5) {
		w.sleep(d.pause(time.Minute, time.Hour))
		back := d.between(100, amount)
		refund := map[string]any{"id": id * 10, "order_id": id, "created_at": stamp(time.Now()),
			"transactions": []any{map[string]any{"kind": "refund", "status": "success", "amount": fmt.Sprintf("%d.%02d", back/100, back%100), "currency": "CNY"}}}
		r := &said{ID: fmt.Sprintf("shopify-refund-%d", id), Kind: "track", Name: "Order Refunded", User: fmt.Sprint(customer), Original: stamp(time.Now()), Who: -1,
			Properties: map[string]any{"order_id": fmt.Sprint(id), "total": float64(back) / 100, "currency": "CNY", "refund_id": fmt.Sprint(id * 10)}}
		w.notice(d, "shopify", "refunds/create", refund, r)
	}
}

// wholesale is an order of hundreds of lines.
func wholesale(w *world, d *dice, p *human) {
	id := fmt.Sprintf("w-%d", d.orderNumber())
	var lines []any
	total := 0
	for i := range d.between(300, 700) {
		cents := d.between(50, 400)
		total += cents
		lines = append(lines, map[string]any{"product_id": fmt.Sprintf("sku-%d", i), "name": "Christmas decoration, red and white", "quantity": 1, "price": float64(cents) / 100})
	}
	s := w.event(d, "track", "Order Completed")
	s.User, s.Original, s.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": id, "currency": "CNY", "total": float64(total) / 100, "products": lines}
	if !w.post(d, serverKey, s) && s.Refused {
		w.violate(acceptedAsDocumented, p.user, "a wholesale order of %d lines was refused", len(lines))
	}
}

// paidAfterAll is an order that was cancelled for want of payment, and paid then.
func paidAfterAll(w *world, d *dice, p *human) {
	id := fmt.Sprintf("late-%d", d.orderNumber())
	cents, total := d.sum()
	_ = cents
	say := func(name string, at time.Time) {
		s := w.event(d, "track", name)
		s.User, s.Original, s.Moves = p.user, at.UTC().Format(time.RFC3339Nano), false
		s.Properties = map[string]any{"order_id": id, "currency": "CNY", "total": total}
		if name == "Order Cancelled" {
			delete(s.Properties, "total")
		}
		w.post(d, serverKey, s)
	}
	say("Order Placed", time.Now())
	w.sleep(d.pause(time.Minute, 20*time.Minute))
	say("Order Cancelled", time.Now())
	w.sleep(d.pause(time.Minute, 20*time.Minute))
	say("Order Completed", time.Now())
}

// yen is an order in a currency without minor units, refunded without naming it.
func yen(w *world, d *dice, p *human) {
	id := fmt.Sprintf("yen-%d", d.orderNumber())
	s := w.event(d, "track", "Order Completed")
	s.User, s.Original, s.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": id, "currency": "JPY", "total": float64(d.between(2000, 9000))}
	w.post(d, serverKey, s)
	w.sleep(d.pause(time.Second, 20*time.Minute))
	r := w.event(d, "track", "Order Refunded")
	r.User, r.Original, r.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	r.Properties = map[string]any{"order_id": id, "total": float64(d.between(5, 900)), "refund_id": "y"}
	w.post(d, serverKey, r)
}

// twin is one thing that browser and back end both tell, under the same messageId.
func twin(w *world, d *dice, p *human) {
	list := browsing(w, d, p.device(d), p.user, 1)
	twin := *list[0]
	go w.post(&dice{d.next()}, publicKey, list...)
	if d.happens(0.5) {
		w.sleep(d.pause(time.Millisecond, time.Minute))
	}
	w.post(d, serverKey, &twin)
}

// borrow lets a person sign in on a device of another.
func borrow(w *world, d *dice, p *human) {
	other := w.cast.people[d.below(len(w.cast.people))]
	s := w.event(d, "identify", "")
	s.User, s.Anon = p.user, other.device(d)
	w.post(d, serverKey, s)
	w.post(d, publicKey, browsing(w, d, s.Anon, one(d, "", p.user), d.between(1, 3))...)
}

// placeholder is a client that does not know its device's id and says so.
func placeholder(w *world, d *dice, p *human) {
	s := w.event(d, "identify", "")
	s.User = p.user
	s.Anon = one(d, "undefined", "[object Object]", "NaN", "unknown", "guest", "0")
	w.post(d, serverKey, s)
}

// returns are people who come back after an erasure: the same browser goes on where it was, or they sign up again.
func returns(w *world, d *dice, p *human) {
	erase(w, d, p)
	w.sleep(d.pause(time.Second, 30*time.Minute))
	w.post(d, publicKey, browsing(w, d, p.device(d), "", d.between(1, 3))...)
	w.sleep(d.pause(time.Second, 20*time.Minute))
	switch d.below(3) {
	case 0:
		identify(w, d, p)
	case 1:
		borrow(w, d, w.cast.people[d.below(len(w.cast.people))])
		s := w.event(d, "identify", "") // somebody else signs in on it
		s.User, s.Anon = w.cast.people[d.below(len(w.cast.people))].user, p.device(d)
		w.post(d, serverKey, s)
	}
}

// newProgram is a program whose first code is used at once.
func newProgram(w *world, d *dice, p *human) {
	w.define(d, "programs", "invite", inviteDoc(w))
	claimCode(w, d, p)
}
