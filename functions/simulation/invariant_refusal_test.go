package simulation

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// noted is of how much ingest has told in its answers, of refused events or of warnings. Of an invocation that ended without one nobody knows, so it may have noted all that it was sent.
type noted struct{ most, least int }

// refusals are what an instance has refused of a source, and what it has warned of.
type refusals struct{ refused, warned noting }

// noting is how much of one kind: events or warnings, and requests that may have taken a turn to write. certain are those that were written, as far as the judge knows: all until the
// last request of the source of which no fault has met the write.
type noting struct{ events, turns, certain int }

// atOnce is of how many requests an instance may note something and still write each time.
const atOnce = 25

// The most that one event is warned of, and that a notice has events.
const (
	warnedEach = 6
	inNotice   = 10
)

// refuses takes the answer of ingest to a request into the account.
func (w *world) refuses(i *invocation, path, key, sent string, out *reply, dead bool) {
	var answer struct{ Errors, Warnings []struct{ Field string } }
	_ = json.Unmarshal(out.body, &answer)
	var n, most, warned, warnedMost int
	switch hook := strings.HasPrefix(path, "/v1/hooks/"); {
	case dead:
		var batch struct{ Batch []struct{ Type string } }
		_ = json.Unmarshal([]byte(sent), &batch)
		most = max(1, len(batch.Batch))
		if hook {
			most = inNotice
		}
		warnedMost = warnedEach * most
	case out.status == http.StatusOK:
		n, most = len(answer.Errors), len(answer.Errors)
		warned, warnedMost = len(answer.Warnings), len(answer.Warnings)
	case out.status == http.StatusBadRequest, out.status == http.StatusForbidden, out.status == http.StatusUnauthorized && hook:
		if n, most = len(answer.Errors), max(1, len(answer.Errors)); hook {
			n = most
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused.most += most
	w.warned.most += warnedMost
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
	writes := !dead && !i.unkept && !i.instance.old
	heard := out.status == http.StatusOK && !notice
	w.refused.least += of.refused.note(n, heard, writes)
	w.warned.least += of.warned.note(warned, heard, writes)
}

// note answers how many more are certain after a request that has noted n. A write that fails takes a turn, too.
func (of *noting) note(n int, heard, writes bool) (more int) {
	of.events += n
	if n > 0 || !writes {
		of.turns++
	}
	if (n > 0 || heard) && writes && of.turns <= atOnce {
		more, of.certain = of.events-of.certain, of.events
	}
	return more
}

// refusalsLast is how long refused events are told of: of a longer run only that never more are.
const refusalsLast = 8 * 24 * time.Hour

// checkRefusals holds what is told of refused events and of warnings to what the answers told: never more, and no less than what must have been written.
func checkRefusals(w *world, s *state, broken func(string, string, ...any)) {
	type kept struct {
		Counts map[string]int
		Last   []struct{ Field, Reason string }
	}
	var refused, warned int
	for _, i := range s.raw["Refusals"] {
		var tally struct {
			kept
			Warned kept
		}
		check(json.Unmarshal([]byte(i.text("b")), &tally))
		sum := func(of kept) (sum int) {
			for code, n := range of.Counts {
				if sum += n; code == "other" {
					broken(i.text("pk"), "%d events were refused or warned of for a reason that has no code", n)
				}
			}
			if len(of.Last) != min(sum, 100) {
				broken(i.text("pk"), "%s counts %d and holds %d", i.text("sk"), sum, len(of.Last))
			}
			return sum
		}
		a, b := sum(tally.kept), sum(tally.Warned)
		if int64(a+b) != i.number("n") {
			broken(i.text("pk"), "%s counts %d and tells of %d", i.text("sk"), a+b, i.number("n"))
		}
		refused, warned = refused+a, warned+b
	}
	for _, of := range []struct {
		what  string
		told  int
		noted noted
	}{{"refusals", refused, w.refused}, {"warnings", warned, w.warned}} {
		if time.Since(w.begun) >= refusalsLast {
			of.noted.least = 0
		}
		w.tell("judge: %d %s are told of, at least %d were written and at most %d made", of.told, of.what, of.noted.least, of.noted.most)
		if of.told > of.noted.most || of.told < of.noted.least {
			broken("", "%d %s are told of, at least %d were written and at most %d made", of.told, of.what, of.noted.least, of.noted.most)
		}
	}
}
