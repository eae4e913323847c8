package simulation

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// refusing is what ingest has refused, as its answers tell. Of an invocation that ended without one nobody knows, so it may have refused all that it was sent.
type refusing struct{ most, least int }

// refusals are what an instance has refused of a source: events, and requests with any of them. certain are those that it has written, as far as the judge knows: all
// until the last request of the source of which no fault has met the write.
type refusals struct{ events, requests, certain int }

// atOnce is of how many requests an instance may refuse something and still write each time.
const atOnce = 25

// refuses takes the answer of ingest to a request into the account.
func (w *world) refuses(i *invocation, path, key, sent string, out *reply, dead bool) {
	var answer struct{ Errors []struct{ Field string } }
	_ = json.Unmarshal(out.body, &answer)
	n, most := 0, 0
	switch hook := strings.HasPrefix(path, "/v1/hooks/"); {
	case dead:
		var batch struct{ Batch []struct{ Type string } }
		_ = json.Unmarshal([]byte(sent), &batch)
		most = max(1, len(batch.Batch))
		if hook {
			most = 10 // more than a notice has events
		}
	case out.status == http.StatusOK:
		n, most = len(answer.Errors), len(answer.Errors)
	case out.status == http.StatusBadRequest, out.status == http.StatusForbidden, out.status == http.StatusUnauthorized && hook:
		if n, most = len(answer.Errors), max(1, len(answer.Errors)); hook {
			n = most
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusing.most += most
	source, notice := sourceOf(key), key == ""
	if notice {
		source = path // it ends in the source's id
	}
	of := i.instance.refusals[source]
	if of == nil {
		if i.instance.refusals == nil {
			i.instance.refusals = map[string]*refusals{}
		}
		of = &refusals{}
		i.instance.refusals[source] = of
	}
	if of.events += n; n > 0 {
		of.requests++
	}
	if heard := n > 0 || out.status == http.StatusOK && !notice; heard && !dead && !i.unkept && !i.instance.old && of.requests <= atOnce {
		w.refusing.least += of.events - of.certain
		of.certain = of.events
	}
}

// refusalsLast is how long refused events are told of: of a longer run only that never more are.
const refusalsLast = 8 * 24 * time.Hour

// checkRefusals holds what is told of refused events to what was refused: never more, and no less than what must have been written.
func checkRefusals(w *world, s *state, broken func(string, string, ...any)) {
	told := 0
	for _, i := range s.raw["Refusals"] {
		var tally struct {
			Counts map[string]int
			Last   []struct{ Field, Reason string }
		}
		check(json.Unmarshal([]byte(i.text("b")), &tally))
		sum := 0
		for code, n := range tally.Counts {
			if sum += n; code == "other" {
				broken(i.text("pk"), "%d events were refused for a reason that has no code", n)
			}
		}
		if int64(sum) != i.number("n") || len(tally.Last) != min(sum, 100) {
			broken(i.text("pk"), "%s counts %d, tells of %d and holds %d", i.text("sk"), sum, i.number("n"), len(tally.Last))
		}
		told += sum
	}
	if time.Since(w.begun) >= refusalsLast {
		w.refusing.least = 0
	}
	w.tell("judge: %d refusals are told of, at least %d were written and at most %d made", told, w.refusing.least, w.refusing.most)
	if told > w.refusing.most || told < w.refusing.least {
		broken("", "%d refusals are told of, at least %d were written and at most %d made", told, w.refusing.least, w.refusing.most)
	}
}
