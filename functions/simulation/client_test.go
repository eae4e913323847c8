package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// said is one event that a client has tried to send, with what is known of its arrival.
type said struct {
	Key, Source       string // key it was sent with, source that it has in the product
	ID, Kind, Name    string
	User, Anon, Prev  string
	Properties        map[string]any
	Traits            map[string]any
	Context           map[string]any
	Original          string    // originalTimestamp or timestamp, as the client writes it; empty for none
	Moves             bool      // the client gives sentAt, so that its time moves with the answer's
	Who               int       // of the people, -1 for nobody in particular
	First             time.Time // when the first attempt began
	Tries             []span    // all attempts
	Answered          time.Time // when the first 2xx came
	LastTry           time.Time // when the last attempt began
	SentAt            time.Time // of the first attempt
	Accepted, Refused bool
	Again             bool // sent again after it had been accepted
	moved             bool // of a device that is taken off somebody: see checkTakenOff
	hook              bool // a shop system's notice: it has no messageId of ours
	forged            bool // an attacker's
	own               bool // with the proof that it is its person's
}

// span is a time from a moment to another.
type span struct{ from, to time.Time }

// person is the id that an event goes by.
func (s *said) id() string {
	if s.User != "" {
		return s.User
	}
	return "anonymous:" + s.Anon
}

// address is the network address that an event comes from: everybody's own, and one for the attacker.
func (s *said) address() string {
	if s.forged {
		return "203.0.113.9:1"
	}
	h := hash(0, s.id())
	return fmt.Sprintf("198.51.%d.%d:1", h>>8&0xff, h&0xff)
}

func (s *said) body(now time.Time) map[string]any {
	e := map[string]any{"type": s.Kind, "messageId": s.ID}
	set := func(name, v string) {
		if v != "" {
			e[name] = v
		}
	}
	set("event", s.Name)
	set("userId", s.User)
	set("anonymousId", s.Anon)
	set("previousId", s.Prev)
	if s.Kind == "group" {
		e["groupId"] = "club"
	}
	if s.Kind == "page" || s.Kind == "screen" {
		delete(e, "event")
		e["name"] = s.Name
	}
	if s.Properties != nil {
		e["properties"] = s.Properties
	}
	if s.Traits != nil {
		e["traits"] = s.Traits
	}
	if s.Context != nil {
		e["context"] = s.Context
	}
	if s.Original != "" {
		if s.Moves {
			e["originalTimestamp"], e["sentAt"] = s.Original, now.UTC().Format(time.RFC3339Nano)
		} else {
			e["timestamp"] = s.Original
		}
	}
	return e
}

// post sends events as a client does: again and again until it is answered.
func (w *world) post(d *dice, key string, events ...*said) bool {
	events = slices.DeleteFunc(slices.Clone(events), func(s *said) bool { return w.without[s.ID] })
	if len(events) == 0 {
		return true
	}
	for _, s := range events {
		s.Key = key
		s.Source = sourceOf(key)
		if !slices.Contains(w.model.said, s) {
			w.model.said = append(w.model.said, s)
		}
		w.tell("client: %s %s %q by %s (%s)", s.ID, s.Kind, s.Name, s.id(), s.Source)
	}
	sentAt := time.Now()
	if len(events) == 1 && !events[0].SentAt.IsZero() && d.happens(0.6) {
		sentAt = events[0].SentAt // the very bytes of before
	}
	for attempt := range 7 {
		if attempt > 0 && d.happens(0.5) {
			sentAt = time.Now() // others send the same bytes again
		}
		list := make([]map[string]any, len(events))
		for i, s := range events {
			list[i] = s.body(sentAt)
			if s.First.IsZero() {
				s.First, s.SentAt = time.Now(), sentAt
			}
			s.LastTry = time.Now()
		}
		body, err := json.Marshal(map[string]any{"batch": list})
		check(err)
		w.load.events.add(float64(len(events)), 0)
		for _, s := range events {
			if s.Name == "Order Completed" {
				w.load.orders.add(1, 0)
			}
		}
		begun := time.Now()
		status, answer := w.call("POST", "/v1/batch", key, string(body), fromAddress, events[0].address())
		if status == 429 && !events[0].forged && bytes.Contains(answer, []byte("too many new")) {
			w.violate(placesStayOpen, events[0].id(), "%s was refused: %s", events[0].ID, answer)
		}
		for _, s := range events {
			s.Tries = append(s.Tries, span{begun, time.Now()})
		}
		switch {
		case status == 200:
			var out struct {
				Errors []struct {
					Index  int
					Reason string
				}
			}
			check(json.Unmarshal(answer, &out))
			for _, e := range out.Errors {
				events[e.Index].Refused = true
				w.tell("client: %s refused: %s", events[e.Index].ID, e.Reason)
			}
			for _, s := range events {
				if s.Refused {
					continue
				}
				if s.Accepted {
					s.Again = true
					continue
				}
				s.Accepted, s.Answered = true, time.Now()
			}
			return true
		case status >= 400 && status < 500 && status != 429:
			for _, s := range events {
				s.Refused = !s.Accepted
			}
			w.tell("client: refused with %d: %.300s", status, answer)
			return false
		}
		w.sleep(d.pause(200*time.Millisecond, 20*time.Second))
	}
	return false
}

func sourceOf(key string) string {
	switch key {
	case serverKey:
		return "server"
	case publicKey:
		return "default"
	}
	return key
}

// ask calls as a back end does: again until it is answered by something that is not 429 or 5xx.
func (w *world) ask(d *dice, method, path, key, body string, headers ...string) (status int, answer []byte) {
	status, answer, _ = w.insist(d, method, path, key, body, headers...)
	return status, answer
}

// insist is ask, which also says when the attempt began that was answered.
func (w *world) insist(d *dice, method, path, key, body string, headers ...string) (status int, answer []byte, begun time.Time) {
	first := time.Now()
	for range 12 {
		begun = time.Now()
		status, answer = w.call(method, path, key, body, headers...)
		if status != 0 && status < 500 && status != 429 {
			w.model.did(method, path, status, answer, first)
			return status, answer, begun
		}
		w.sleep(d.pause(200*time.Millisecond, 15*time.Second))
	}
	return status, answer, begun
}

// define saves a definition and notes from when to when it was in force.
func (w *world) define(d *dice, kind, id string, doc map[string]any) bool {
	body, err := json.Marshal(doc)
	check(err)
	begun := time.Now()
	status, answer := w.ask(d, "PUT", "/v1/"+kind+"/"+id, operatorKey, string(body))
	ok := status == 200 || status == 201
	if !ok {
		w.tell("operator: %s/%s not saved: %d %s", kind, id, status, answer)
		if status == 422 {
			w.surprise("PUT %s/%s: %d %s", kind, id, status, answer)
		}
		if status < 500 && status != 0 {
			return false
		}
	}
	w.tell("operator: %s/%s %s", kind, id, body)
	doc = maps.Clone(doc)
	w.model.defined(kind, id, doc, begun, time.Now(), ok)
	return ok
}

// undefine takes a definition away.
func (w *world) undefine(d *dice, kind, id string) {
	begun := time.Now()
	status, answer := w.ask(d, "DELETE", "/v1/"+kind+"/"+id, operatorKey, "")
	w.tell("operator: %s/%s deleted: %d %.200s", kind, id, status, answer)
	if status < 400 || status == 404 || status >= 500 { // an answer that was lost is 404 the next time
		w.model.defined(kind, id, nil, begun, time.Now(), status != 0 && status < 500)
	}
}

// surprise is something that the traffic did not expect; it is a fault of the simulation.
func (w *world) surprise(format string, args ...any) {
	w.violate(trafficFits, "", format, args...)
}
