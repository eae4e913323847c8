package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// question is one that an operator has asked, and was answered.
type question struct {
	ID           string
	Begun, Ended time.Time
	answers      [][]byte // the exact answers that were read, which have to be one
}

// askWhatWasDone is an operator who asks what people did, from a sample or exactly, looks how far the answer is, and who is behind a number.
func askWhatWasDone(w *world, d *dice, p *human) { askOf(w, d, 0.3) }

// askInVain is one whose question may fail, and who asks again when it has.
func askInVain(w *world, d *dice, p *human) { askOf(w, d, 1) }

// askOf asks, and looks again much later with a chance.
func askOf(w *world, d *dice, later float64) {
	const route = "/v1/reports/ask"
	if w.front("POST", route) != "reporting" { // a version before
		return
	}
	days := fmt.Sprintf(`"from":%q,"to":%q`, time.Now().AddDate(0, 0, -4).Format(time.DateOnly), time.Now().AddDate(0, 0, d.between(-1, 1)).Format(time.DateOnly))
	definition := one(d, `{"kind":"count",`+days+`,"by":"day"}`, `{"kind":"count",`+days+`,"by":"month","events":[{"event":"Order Completed"},{"event":"page"}]}`)
	mode := one(d, "exact", "exact", "exact", "sample")
	body := fmt.Sprintf(`{"mode":%q,"definition":%s}`, mode, definition)
	var headers []string
	if d.happens(0.5) {
		headers = []string{"Idempotency-Key", fmt.Sprintf("question-%016x", d.next())}
	}
	q := &question{Begun: time.Now()}
	status, answer := w.ask(d, "POST", route, operatorKey, body, headers...)
	q.Ended = time.Now()
	if status != 200 {
		if status/100 == 4 {
			w.surprise("%s: %d %s", body, status, answer)
		}
		return
	}
	var said struct{ ID, Mode, State string }
	check(json.Unmarshal(answer, &said))
	q.ID = said.ID
	if said.Mode != mode || bytes.Contains(answer, []byte(`"sample":{`)) != (mode == "sample") {
		w.violate(answersRecount, "", "a question that was asked for a %s answer is answered as %s, %s", mode, said.Mode, answer)
	}
	if mode == "sample" {
		return
	}
	w.model.questions = append(w.model.questions, q)
	if d.happens(0.3) { // by two at once, or by somebody who did not hear
		w.ask(d, "POST", route, operatorKey, body, headers...)
	}
	for range d.between(1, 4) {
		w.sleep(d.pause(time.Second, 5*time.Minute))
		q.look(w)
	}
	if d.happens(later) { // much later, by when it may have failed
		w.sleep(d.pause(35*time.Minute, 2*time.Hour))
		if q.look(w) == "failed" {
			w.fired(failedQuestion, q.ID)
			if status, answer := w.ask(d, "POST", route, operatorKey, body); status == 200 && bytes.Contains(answer, []byte(`"state":"failed"`)) && bytes.Contains(answer, []byte(q.ID)) {
				w.violate(failuresAreTold, "", "a question that has failed is asked again, and still said to have failed: %s", answer)
			}
			w.sleep(d.pause(time.Second, 5*time.Minute))
			q.look(w)
		}
	}
	if cell := url.QueryEscape(`{"figure":"people","event":"Order Completed"}`); d.happens(0.5) {
		if _, people := w.call("GET", "/v1/reports/"+q.ID+"/people?cell="+cell, operatorKey, ""); bytes.Contains(people, []byte("canary")) {
			w.violate(peopleAreMasked, "", "who is behind a number is shown as %s", people)
		}
	}
}

// look reads how far a question is. What is done stays so, and a failure has a reason.
func (q *question) look(w *world) (state string) {
	before := w.watch.shelves.asked(q.ID)
	status, body := w.call("GET", "/v1/reports/"+q.ID, operatorKey, "")
	if status != 200 {
		return ""
	}
	var far struct {
		State  string
		Answer json.RawMessage
		Failed *struct{ Cause string }
	}
	check(json.Unmarshal(body, &far))
	if far.State == "done" {
		q.answers = append(q.answers, far.Answer)
	} else if len(q.answers) > 0 {
		w.violate(failuresAreTold, "", "question %s was answered, and is said to be %s", q.ID, far.State)
	}
	if far.State == "failed" && (far.Failed == nil || !w.hasFailed(q.ID, before) && !w.hasFailed(q.ID, w.watch.shelves.asked(q.ID))) {
		w.violate(failuresAreTold, "", "question %s is said to have failed, and none of its jobs has: %s", q.ID, body)
	}
	return far.State
}
