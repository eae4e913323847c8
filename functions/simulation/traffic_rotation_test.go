package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// rotation is a change of the secrets by which the shop system of a source may sign: the present one and the one before, none for a source without.
type rotation struct {
	Source      string
	Secrets     []string
	Line        bool // the audit log has a line of it, if it was done
	Begun, Sure time.Time
	Done        bool // it was answered as done
}

// signedNotice is a notice of an order of its own, signed by a secret that is, was or will be valid, or never is.
type signedNotice struct {
	Source, Secret, Order string
	Begun, Ended          time.Time // of all attempts
	Last                  time.Time // when the one began that was answered
	Status                int
}

// hookAge is how long instances of ingest may go by what they know of a source's secrets, and what a call takes beside that.
const hookAge = time.Minute

// rotateSecret is a shop whose system signs by one secret after the other. Some have leaked: the source is saved without a secret, or is deleted, and
// at once with another one, and whoever has the leaked one goes on signing.
func rotateSecret(w *world, d *dice, _ *human) {
	tag := fmt.Sprintf("%08x", d.name())
	id, number := "rotating-"+tag, 0
	all := []string{"never-valid-" + tag}
	var valid []string
	put := func(secrets []string, doc map[string]any) bool {
		r := &rotation{Source: id, Secrets: secrets, Line: doc["hookSecret"] != nil, Begun: time.Now()}
		w.model.rotations = append(w.model.rotations, r)
		if doc == nil {
			w.undefine(d, "sources", id)
			history := w.model.history("sources", id)
			last := history[len(history)-1]
			r.Done = last.Doc == nil && last.Saved
		} else {
			r.Done = w.define(d, "sources", id, doc)
		}
		r.Sure = time.Now()
		valid = secrets
		return r.Done
	}
	with := func() map[string]any {
		number++
		all = append(all, fmt.Sprintf("hook-secret-%d-%s", number, tag))
		return map[string]any{"name": "Rotating", "kind": "server", "hookSecret": all[number]}
	}
	if first := with(); !put([]string{all[number]}, first) {
		return
	}
	for range d.between(2, 5) {
		for range d.between(1, 4) {
			if d.happens(0.5) {
				w.sleep(d.pause(time.Second, 3*time.Minute))
			}
			w.signedBy(d, id, all[d.below(len(all))])
		}
		switch present := ""; d.below(4) {
		case 0: // it has leaked: none, and at once the present one or a new one
			if len(valid) > 0 {
				present = valid[0]
			}
			var without map[string]any
			if d.happens(0.7) {
				without = map[string]any{"name": "Rotating", "kind": "server"}
			}
			if !put(nil, without) {
				return
			}
			doc := map[string]any{"name": "Rotating", "kind": "server", "hookSecret": present}
			if present == "" || d.happens(0.4) {
				doc = with()
				present = all[number]
			}
			if !put([]string{present}, doc) {
				return
			}
		default:
			doc := with()
			if !put([]string{all[number], valid[0]}, doc) {
				return
			}
		}
		if d.happens(0.5) {
			w.sleep(hookAge + d.pause(time.Second, 20*time.Minute))
		}
	}
	w.sleep(hookAge + d.pause(time.Second, time.Minute))
	for _, secret := range all {
		w.signedBy(d, id, secret)
	}
}

// signedBy sends the notice of a new order, signed by a secret, until it is answered.
func (w *world) signedBy(d *dice, source, secret string) {
	n := &signedNotice{Source: source, Secret: secret, Begun: time.Now()}
	n.Order = fmt.Sprintf("%d%04d", d.orderNumber(), len(w.model.signed))
	w.model.signed = append(w.model.signed, n)
	stamp := time.Now().UTC().Format(time.RFC3339)
	s := &said{ID: "rotating-" + n.Order, Kind: "track", Name: "Order Completed", User: "77" + n.Order, Original: stamp, Who: -1, Key: hookKey, Source: source, hook: true, First: n.Begun,
		Properties: map[string]any{"order_id": n.Order, "total": 12.0, "currency": "CNY"}}
	w.model.said = append(w.model.said, s)
	body, err := json.Marshal(map[string]any{"id": json.Number(n.Order), "currency": "CNY", "total_price": "12.00", "subtotal_price": "12.00", "financial_status": "paid", "created_at": stamp,
		"processed_at": stamp, "updated_at": stamp, "customer": map[string]any{"id": json.Number(s.User), "created_at": stamp, "updated_at": stamp}})
	check(err)
	n.Status, _, n.Last = w.insist(d, "POST", "/v1/hooks/shopify/"+source, "", string(body), "X-Shopify-Hmac-Sha256", signature(secret, body), "X-Shopify-Topic", "orders/create")
	n.Ended, s.LastTry = time.Now(), n.Last
	s.Refused = n.Status == 401 && n.Last.Equal(n.Begun) // of more attempts one may have been taken of which nothing was heard
	if s.Accepted = n.Status == 200; s.Accepted {
		s.Answered = n.Ended
	}
	w.tell("shopify: order %s to %s signed by %s: %d", n.Order, source, secret, n.Status)
}

// inForce are the states that a source's secrets may have been in for any instance, from a time to another.
func (m *model) inForce(source string, from, to time.Time) (states []*rotation) {
	for _, r := range m.rotations {
		if r.Source != source || r.Begun.After(to) {
			continue
		}
		if r.Done && !r.Sure.After(from.Add(-hookAge)) {
			states = nil // it took the place of those before
		}
		states = append(states, r)
	}
	return states
}

// checkSignatures holds that a notice which is signed by a valid secret of its source is taken, and that one by a secret that was withdrawn, or never was,
// changes nothing.
func checkSignatures(w *world, s *state, broken func(string, string, ...any)) {
	orders := map[string]bool{}
	for _, i := range s.raw["Profiles"] {
		orders[i.text("pk")] = true
	}
	for _, n := range w.model.signed {
		signs := func(r *rotation) bool { return slices.Contains(r.Secrets, n.Secret) }
		ever, last := w.model.inForce(n.Source, n.Begun, n.Ended), w.model.inForce(n.Source, n.Last, n.Ended)
		there := orders["o#"+n.Order]
		switch {
		case !slices.ContainsFunc(ever, signs) && (there || n.Status == 200):
			broken("", "order %s of %s, signed at %s by %s, which was not valid, was answered %d; it is there: %v", n.Order, n.Source, clock(n.Begun), n.Secret, n.Status, there)
		case !slices.ContainsFunc(last, func(r *rotation) bool { return !signs(r) }) && n.Status != 200 && n.Status != 0 && n.Status < 500:
			broken("", "order %s of %s, signed at %s by %s, which was valid, was answered %d", n.Order, n.Source, clock(n.Begun), n.Secret, n.Status)
		case n.Status == 200 && !there:
			broken("", "order %s of %s, signed at %s by %s, was answered %d and is not there", n.Order, n.Source, clock(n.Begun), n.Secret, n.Status)
		}
	}
}

// checkRotations holds that each new secret has one line in the audit log, also when its call came again.
func checkRotations(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers write none
	}
	lines, least, most := map[string]int{}, map[string]int{}, map[string]int{}
	for _, i := range s.raw["Audit"] {
		var l auditLine
		check(json.Unmarshal([]byte(i.text("b")), &l))
		if l.Action == "rotate" && i.text("pk") == "w#source#"+l.Of {
			if lines[l.Of]++; l.By != operatorLine {
				broken("", "%s is by %v", l.ID, l.By)
			}
		}
	}
	for _, r := range w.model.rotations {
		if r.Line {
			most[r.Source]++
		}
		if r.Line && r.Done {
			least[r.Source]++
		}
	}
	for source := range most {
		if n := lines[source]; n < least[source] || n > most[source] {
			broken("", "%s was given %d to %d new secrets, and has %d lines of that", source, least[source], most[source], n)
		}
	}
}
