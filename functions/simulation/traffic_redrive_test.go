package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/shared/standin/sam"
)

// redriveAsked is a request of an operator to send the dead letters of a queue again.
type redriveAsked struct {
	key    string    // its Idempotency-Key
	before time.Time // what was dead by then is meant
}

// asksForLetters lets an operator redrive a queue by the API, as the console does, in about every second case; the others go as make redrive does. Whoever has asked before sends the same call once more first, as a page does
// that is sent again: it goes on with what was dead then, and with nothing else.
func (w *world) asksForLetters(q sam.Queue) bool {
	name := strings.ToLower(strings.TrimSuffix(q.LogicalID, "Queue"))
	path := "/v1/queues/" + name + "/redrive"
	if w.front("POST", path) != "redrive" { // a version before
		return false
	}
	d := dice{hash(w.seed, "redrive", w.numbered(path))}
	if before, again := w.redrives[name]; again && time.Since(before.before) < 23*time.Hour { // a key is forgotten after a day
		w.asksAgain(&d, q, name, before)
	}
	if !d.happens(0.5) {
		return false
	}
	now := redriveAsked{key: fmt.Sprintf("redrive-%016x", d.next())}
	for range 40 {
		of, done := w.asks(&d, q, name, now.key)
		if now.before = of; done {
			w.redrives[name] = now
			return true
		}
		w.sleep(10 * time.Second)
	}
	return false
}

// asks sends the call, and says whether it was told that nothing is left.
func (w *world) asks(d *dice, q sam.Queue, name, key string) (before time.Time, done bool) {
	path := "/v1/queues/" + name + "/redrive"
	if name == "events" {
		w.redrivenAt = time.Now()
	}
	status, answer := w.ask(d, "POST", path, operatorKey, "{}", "Idempotency-Key", key)
	w.tell("operator: %s: %d %.200s", path, status, answer)
	if status >= 400 && status < 500 && status != 429 {
		w.surprise("POST %s: %d %s", path, status, answer)
	}
	var told struct {
		Before       time.Time
		Sent, Failed int
		Left         bool
	}
	if status != 200 {
		return before, false
	}
	check(json.Unmarshal(answer, &told))
	for range told.Sent {
		w.fired(redriven, q.LogicalID)
	}
	if name == "events" && told.Sent > 0 {
		w.redrivenAt = time.Now()
	}
	return told.Before, told.Failed == 0 && !told.Left
}

// idle are jobs with nothing to do, by queue.
var idle = map[string]string{
	"events": `{"v":1,"source":"till","events":[]}`, "orchestration": `{"v":1,"follows":[]}`, "settlement": `{"v":1,"follows":[]}`, "notifications": `{"v":1,"notifications":[]}`,
}

// asksAgain sends a call of before once more, and holds that every letter which came later is still there.
func (w *world) asksAgain(d *dice, q sam.Queue, name string, of redriveAsked) {
	later := func() map[string]bool {
		found := map[string]bool{}
		for _, i := range w.scan(w.table("DeadLetters"), "pk", "sk") {
			milliseconds, _, _ := strings.Cut(i.text("sk"), "#")
			var n int64
			if _, err := fmt.Sscan(strings.TrimLeft(milliseconds, "0"), &n); err == nil && i.text("pk") == "l#"+name && n >= of.before.UnixMilli() {
				found[i.text("sk")] = true
			}
		}
		return found
	}
	if body := idle[name]; body != "" { // one more has failed meanwhile
		dead, _ := w.template.Queue(q.DeadLetter)
		w.send(dead, body)
		w.sleep(d.pause(time.Minute, 10*time.Minute))
	}
	before := later()
	if name == "events" {
		w.redrivenAt = time.Now()
	}
	status, answer := w.ask(d, "POST", "/v1/queues/"+name+"/redrive", operatorKey, "{}", "Idempotency-Key", of.key)
	w.tell("operator: once more, of %s and with %d letters since: %d %.200s", of.before, len(before), status, answer)
	after := later()
	for sk := range before {
		if !after[sk] {
			w.violate(redrivesOnce, "", "a call that asked for what was dead at %s has, sent again, sent the letter %s of %s", of.before.Format(time.RFC3339Nano), sk, name)
		}
	}
}
