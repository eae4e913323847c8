package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// decided is what of decisions was written, as the calls tell: of each kind how many stand or were erased since, and of which kind each one is.
type decided struct {
	sum map[string]int64
	of  map[string]string // by key of the item
}

// kindOfDecision is what a decision is counted by.
func kindOfDecision(campaign, sending, variant, outcome, reason string) string {
	return fmt.Sprintf("%s of %q, variant %q: %s %s", campaign, sending, variant, outcome, reason)
}

// decides takes a write of a decision into the account: one that stands for nothing, or in the place of another.
func (d *decided) decides(q request, stops *stopsTold) {
	if q.where != "Deliveries" || q.op != "PutItem" && q.op != "TransactWriteItems" {
		return
	}
	type put struct {
		Item                map[string]struct{ S, N string }
		ConditionExpression string
	}
	var call struct {
		put
		TransactItems []struct{ Put *put }
	}
	check(json.Unmarshal(q.body, &call))
	all := []*put{&call.put}
	for _, one := range call.TransactItems {
		all = append(all, one.Put)
	}
	for _, p := range all {
		if p == nil || !strings.HasPrefix(p.Item["sk"].S, "d#") {
			continue
		}
		var made struct{ CampaignID, Step, Variant, Outcome, Reason, Detail string }
		check(json.Unmarshal([]byte(p.Item["b"].S), &made))
		sending, audience := strings.CutPrefix(made.Step, "audience@")
		if !audience {
			sending = ""
		}
		k, at := kindOfDecision(made.CampaignID, sending, made.Variant, made.Outcome, made.Reason), p.Item["pk"].S+" "+p.Item["sk"].S
		if d.sum == nil {
			d.sum, d.of = map[string]int64{}, map[string]string{}
		}
		over := !strings.HasPrefix(p.ConditionExpression, "attribute_not_exists")
		if before, there := d.of[at]; there && over {
			d.sum[before]--
		}
		stops.decides(at, over, made.CampaignID, made.Reason, made.Detail)
		d.sum[k]++
		d.of[at] = k
	}
}

// checkResults holds what is counted of campaigns to the decisions that were written, whoever was erased since.
func checkResults(w *world, s *state, broken func(string, string, ...any)) {
	if havePrevious {
		return // its workers count nothing
	}
	told := map[string]int64{}
	for _, i := range s.raw["Results"] {
		if strings.HasSuffix(i.text("pk"), "#audience") {
			for shard := range i.number("shards") {
				if !i.has(fmt.Sprint("s", shard)) {
					broken(i.text("pk"), "of %s shard %d is not told to be listed, though nothing is under way", i.text("sk"), shard)
				}
			}
			continue
		}
		pk, sk := strings.Split(i.text("pk"), "#"), strings.Split(i.text("sk"), "#")
		if pk[0] == "s" || pk[0] == "e" || pk[0] == "t" || pk[0] == "r" || pk[0] == "b" {
			continue // of a stop, what operators send to themselves, a rate or a budget
		}
		if len(pk) != 3 || len(sk) != 3 {
			broken(i.text("pk"), "%s is no key of results", i.text("sk"))
			continue
		}
		for name := range i {
			if what := strings.Split(name, "#"); what[0] == "n" && len(what) == 3 {
				told[kindOfDecision(pk[1], sk[1], sk[2], what[1], what[2])] += i.number(name)
			}
		}
	}
	kinds := maps.Clone(told)
	maps.Copy(kinds, w.watch.decided.sum)
	all := int64(0)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if told[k] != w.watch.decided.sum[k] {
			broken(k, "%d are counted, and %d were decided", told[k], w.watch.decided.sum[k])
		}
		all += told[k]
	}
	w.tell("judge: %d decisions are counted", all)
}
