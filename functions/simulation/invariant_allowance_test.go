package simulation

import "time"

// perSecond and perDay are what the shop's settings allow from its opening on, 0 for no limit; they stay, so that no moment is unsure.
func (w *world) perSecond(channel string) int {
	d := dice{hash(w.seed, "rate", channel)}
	if havePrevious || !d.happens(0.6) { // the version before knows no such words
		return 0
	}
	return d.between(1, 3)
}

func (w *world) perDay() int {
	d := dice{hash(w.seed, "budget")}
	if havePrevious || !d.happens(0.4) {
		return 0
	}
	return d.between(5, 80)
}

// allowances are the words of the setting messaging that say so.
func (w *world) allowances() map[string]any {
	m := map[string]any{}
	var rates []any
	for _, channel := range []string{"email", "social"} {
		if n := w.perSecond(channel); n > 0 {
			rates = append(rates, map[string]any{"channel": channel, "perSecond": n})
		}
	}
	if rates != nil {
		m["rates"] = rates
	}
	if n := w.perDay(); n > 0 {
		m["budgets"] = []any{map[string]any{"id": "house", "per": "day", "notifications": n, "over": one(&dice{hash(w.seed, "over")}, "skip", "defer")}}
	}
	return m
}

// checkRates holds that no second of the clock has more calls of a provider than its channel's rate. It is the caller's clock: what its instance has taken is a place of that second.
func checkRates(w *world, s *state, broken func(string, string, ...any)) {
	type second struct {
		channel string
		at      int64
	}
	calls := map[second]int{}
	for _, x := range w.sendings {
		at := second{x.Channel, x.Handed.Unix()}
		if calls[at]++; w.perSecond(x.Channel) > 0 && calls[at] == w.perSecond(x.Channel)+1 {
			broken("", "channel %s was handed more than %d within the second %s", x.Channel, w.perSecond(x.Channel), x.Handed.UTC().Format(time.RFC3339))
		}
	}
	w.tell("judge: %d seconds had calls of providers", len(calls))
}

// checkSendBudgets holds that no day has more marketing than its budget: what was taken, and what may have been.
func checkSendBudgets(w *world, s *state, broken func(string, string, ...any)) {
	const turn = 3 * time.Second // what was let through before midnight may be handed over after it
	sent := map[string]int{}
	for _, x := range w.sendings {
		day := x.Handed.In(shanghai).Format("2006-01-02")
		if x.Campaign == "" || transactional(x.Campaign) || x.Answer == refused || x.Answer == notNow || x.Handed.Add(-turn).In(shanghai).Format("2006-01-02") != day {
			continue
		}
		if sent[day]++; w.perDay() > 0 && sent[day] == w.perDay()+1 {
			broken("", "more than %d notifications were sent on %s", w.perDay(), day)
		}
	}
	w.tell("judge: a budget of %d held on %d days", w.perDay(), len(sent))
}
