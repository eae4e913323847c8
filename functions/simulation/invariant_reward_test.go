package simulation

import (
	"slices"
	"strings"
	"time"
)

// dueMinute is the minute of an entry of Due, if it is one that waits.
func dueMinute(pk string) (time.Time, bool) {
	parts := strings.Split(pk, "#")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	at, err := time.Parse("200601021504", parts[1])
	return at, err == nil
}

func checkLedgerSums(w *world, s *state, broken func(string, string, ...any)) {
	units, accounts := map[string]int64{}, map[string]int64{}
	balances := map[string]int64{}
	for _, i := range s.raw["Ledger"] {
		switch {
		case strings.HasPrefix(i.text("sk"), "e#"):
			units[i.text("unit")] += i.number("amount")
			accounts[i.text("pk")+" "+i.text("unit")] += i.number("amount")
		case i.text("sk") == "account":
			for name := range i {
				if unit, ok := strings.CutPrefix(name, "balance#"); ok {
					balances[i.text("pk")+" "+unit] = i.number(name)
				}
			}
		}
	}
	for unit, sum := range units {
		if sum != 0 {
			broken("", "all entries of %s sum up to %d", unit, sum)
		}
	}
	for account, sum := range accounts {
		if strings.HasPrefix(account, "p#") && balances[account] != sum {
			broken("", "account %s has the balance %d and entries of %d", account, balances[account], sum)
		}
	}
}

func checkLots(w *world, s *state, broken func(string, string, ...any)) {
	for _, i := range s.raw["Ledger"] {
		if strings.HasPrefix(i.text("sk"), "l#") && i.has("remaining") && (i.number("remaining") < 0 || i.number("remaining") > i.number("amount")) {
			broken("", "lot %s of %s has %d left of %d", i.text("sk"), i.text("pk"), i.number("remaining"), i.number("amount"))
		}
	}
}

// paid is a reward that an account got.
type paid struct {
	account, program, effect string
	amount                   int64
	at                       time.Time
}

// payments are the entries of people's accounts.
func (s *state) payments() []paid {
	var list []paid
	for _, i := range s.raw["Ledger"] {
		if !strings.HasPrefix(i.text("sk"), "e#") || !strings.HasPrefix(i.text("pk"), "p#") {
			continue
		}
		program, _, _ := strings.Cut(i.text("effectId"), "/")
		at, _ := time.Parse(time.RFC3339Nano, i.text("at"))
		list = append(list, paid{i.text("pk"), program, i.text("effect"), i.number("amount"), at})
	}
	return list
}

func checkOneReward(w *world, s *state, broken func(string, string, ...any)) {
	net := map[string]int64{}
	for _, p := range s.payments() {
		if p.program == "invite" && (p.amount == 200 || p.amount == -200) {
			net[p.account] += p.amount
		}
	}
	for account, sum := range net {
		if sum > 200 {
			broken("profile:"+account[2:], "was rewarded %d points for having been invited, at most 200 are due", sum)
		}
	}
}

// checkOneRewardOfMerged holds that one person is not rewarded twice as a friend: a second reward is only for who was two people then.
func checkOneRewardOfMerged(w *world, s *state, broken func(string, string, ...any)) {
	for profile, v := range s.profiles {
		var merged time.Time
		for _, e := range s.timeline[profile] {
			if e.Event == "Profiles Merged" && (merged.IsZero() || e.ReceivedAt.Before(merged)) {
				merged = e.ReceivedAt
			}
		}
		if merged.IsZero() || len(v.Parts) == 0 {
			continue
		}
		rewards, after := 0, 0
		for _, p := range s.payments() {
			if id := p.account[2:]; p.program == "invite" && p.amount == 200 && (id == profile || slices.Contains(v.Parts, id)) {
				rewards++
				if p.at.After(merged.Add(10 * time.Second)) {
					after++
				}
			}
		}
		if rewards > 1 && after > 0 && len(v.Parts) == 1 {
			broken("profile:"+profile, "was rewarded %d times for having been invited, %d of them when they were known as one person since %s", rewards, after, merged.Format(time.RFC3339))
		}
	}
}

func checkLadder(w *world, s *state, broken func(string, string, ...any)) {
	steps := map[string]int64{}
	for _, p := range s.payments() {
		if p.program == "ladder" {
			steps[p.account] += p.amount
		}
	}
	for account, sum := range steps {
		if sum >= 2000 {
			broken("profile:"+account[2:], "has %d points of a ladder with one step of 1000", sum)
		}
	}
}

func checkBudget(w *world, s *state, broken func(string, string, ...any)) {
	history := w.model.history("programs", "invite")
	if len(history) == 0 {
		return
	}
	budget := int64(history[0].Doc["budget"].([]any)[0].(map[string]any)["points"].(int))
	var spent int64
	for _, p := range s.payments() {
		if p.program == "invite" {
			spent += p.amount
		}
	}
	if spent > budget {
		broken("", "program invite has paid %d points of a budget of %d", spent, budget)
	}
}

// checkMemberships holds that after the last run everybody is in the segments that a recount says, by the rules as they were saved last.
func checkMemberships(w *world, s *state, broken func(string, string, ...any)) {
	segments := []string{"buyers", "spenders", "readers", "extra-0", "extra-1", "extra-2"}
	for _, tag := range askedTags {
		segments = append(segments, "tagged-"+tag)
	}
	for _, segment := range segments {
		last, sure := w.model.last("segments", segment)
		if !sure {
			continue
		}
		rule, _ := last.Doc["rule"].(map[string]any) // none when it was deleted
		for id, v := range s.profiles {
			if in, want := slices.Contains(v.Segments, segment), v.meets(rule); in != want {
				broken("profile:"+id, "is in segment %s: %v, a recount says %v", segment, in, want)
			}
		}
	}
}

// meets says whether a person meets a rule of the traffic's.
func (v *view) meets(rule map[string]any) bool {
	switch field, _ := rule["field"].(string); field {
	case "orders.count":
		return v.Orders.Count >= rule["value"].(int)
	case "orders.revenue":
		for _, a := range v.Orders.Revenue {
			if a.Currency == "CNY" {
				return a.Amount >= int64(rule["value"].(int))
			}
		}
		return false
	case "tags":
		return slices.Contains(v.Tags, rule["value"].(string))
	case "consent.email", "consent.social":
		return v.Consent[strings.TrimPrefix(field, "consent.")].Granted
	}
	return false
}
