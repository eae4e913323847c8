package delivery

import (
	"cmp"
	"slices"
)

// Tally is how many decisions there are of an outcome and reason.
type Tally struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Count   int64   `json:"count"`
}

// Arm is what became of the notifications of one variant.
type Arm struct {
	Variant string  `json:"variant,omitempty"` // empty where the campaign has none, and for what ended before an arm was drawn
	Tallies []Tally `json:"tallies"`
}

// Summary adds up decisions. Each notification that was decided at all is in one of the numbers but Begun.
type Summary struct {
	// Begun is how many notifications were decided, once or again after a deferral.
	Begun   int64 `json:"begun"`
	Sent    int64 `json:"sent"`
	Skipped int64 `json:"skipped"`
	Failed  int64 `json:"failed"`
	Unknown int64 `json:"unknown"`
	// Waiting is how many are put off and come again.
	Waiting int64 `json:"waiting"`
}

// Results are the counts of a campaign's decisions, by the audience that they were of. The zero value has none.
type Results struct {
	counts map[counted]int64
	again  map[counted]int64
}

type counted struct {
	sending, variant string
	outcome          Outcome
	reason           Reason
}

// Add counts decisions; n may be below zero.
func (r *Results) Add(sending, variant string, o Outcome, reason Reason, n int64) {
	if r.counts == nil {
		r.counts = map[counted]int64{}
	}
	r.counts[counted{sending, variant, o, reason}] += n
}

// Again counts decisions that came after a deferral of the same notification.
func (r *Results) Again(sending, variant string, n int64) {
	if r.again == nil {
		r.again = map[counted]int64{}
	}
	r.again[counted{sending: sending, variant: variant}] += n
}

// Of are the results of those sendings alone that are wanted.
func (r Results) Of(wanted func(sending string) bool) Results {
	var out Results
	for c, n := range r.counts {
		if wanted(c.sending) {
			out.Add(c.sending, c.variant, c.outcome, c.reason, n)
		}
	}
	for c, n := range r.again {
		if wanted(c.sending) {
			out.Again(c.sending, c.variant, n)
		}
	}
	return out
}

// Summary adds up all of them.
func (r Results) Summary() Summary {
	var s Summary
	of := map[Outcome]*int64{Sent: &s.Sent, Skipped: &s.Skipped, Failed: &s.Failed, Unknown: &s.Unknown, Deferred: &s.Waiting}
	for c, n := range r.counts {
		if sum := of[c.outcome]; sum != nil {
			*sum += n
		}
		s.Begun += n
	}
	for _, n := range r.again {
		s.Begun -= n
		s.Waiting -= n
	}
	return s
}

// Arms lists the counts by variant, outcome and reason, in the order of their names.
func (r Results) Arms() []Arm {
	arms := map[string]map[Tally]int64{}
	for c, n := range r.counts {
		if arms[c.variant] == nil {
			arms[c.variant] = map[Tally]int64{}
		}
		arms[c.variant][Tally{Outcome: c.outcome, Reason: c.reason}] += n
	}
	out := []Arm{}
	for variant, tallies := range arms {
		arm := Arm{Variant: variant, Tallies: []Tally{}}
		for t, n := range tallies {
			if t.Count = n; n != 0 {
				arm.Tallies = append(arm.Tallies, t)
			}
		}
		slices.SortFunc(arm.Tallies, func(a, b Tally) int {
			return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
		})
		if len(arm.Tallies) > 0 {
			out = append(out, arm)
		}
	}
	slices.SortFunc(out, func(a, b Arm) int { return cmp.Compare(a.Variant, b.Variant) })
	return out
}
