package outreach

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	attrCounted = "n"     // 1 in a decision that Results has counted; the version before counted none
	countPrefix = "n#"    // n#<outcome>#<reason> is how many decisions stand
	attrAgain   = "again" // how many of them, when they were first made, followed a deferral
	resultLife  = 400 * 24 * time.Hour
	resultPages = 4 // of a partition, at 1 MB a page: a few KB are usual
)

// counting are the updates that count a decision in the place of what stands there, nil for nothing, which is the decision was. What was counted as the same already needs none.
func (s Deliveries) counting(d delivery.Decision, stands dynamo.Item, was delivery.Decision, try int) []dynamo.Write {
	counts := changes{}
	s.count(counts, d, stands, was, laneOf(d, try))
	return s.countsOf(counts)
}

// changes are what is to be added to counts, by item and name.
type changes map[dynamo.Key]map[string]int64

// laneOf is the lane of the nth try to count a decision.
func laneOf(d delivery.Decision, try int) int { return key.ResultLane(d.NotificationID, try) }

func (s Deliveries) count(changes changes, d delivery.Decision, stands dynamo.Item, was delivery.Decision, lane int) {
	add := func(d delivery.Decision, name string, n int64) {
		k := key.Results(d.CampaignID, lane, delivery.SendingOf(d.Step), d.Variant)
		if changes[k] == nil {
			changes[k] = map[string]int64{}
		}
		changes[k][name] += n
	}
	stop := func(d delivery.Decision, id string, n int64) {
		if id == "" {
			return
		}
		k := key.StopCount(id, lane, d.CampaignID)
		if changes[k] == nil {
			changes[k] = map[string]int64{}
		}
		changes[k][attrSkipped] += n
	}
	add(d, countPrefix+string(d.Outcome)+"#"+string(d.Reason), 1)
	stop(d, listedUnder(d), 1)
	stop(was, dynamo.TextOf(stands, attrStop), -1)
	switch {
	case dynamo.NumberOf(stands, attrCounted) > 0:
		add(was, countPrefix+string(was.Outcome)+"#"+string(was.Reason), -1)
	case d.Attempt > 0:
		add(d, attrAgain, 1)
	}
}

// countsOf are the updates, in the order of their keys.
func (s Deliveries) countsOf(changes changes) (writes []dynamo.Write) {
	for _, k := range slices.SortedFunc(maps.Keys(changes), func(a, b dynamo.Key) int { return cmp.Or(strings.Compare(a.PK, b.PK), strings.Compare(a.SK, b.SK)) }) {
		if w, any := change(s.Results, s.Now.Time(), k, changes[k]); any {
			writes = append(writes, w)
		}
	}
	return writes
}

// change adds to the counts of an item; any is false where nothing changes.
func change(table string, now time.Time, k dynamo.Key, by map[string]int64) (w dynamo.Write, any bool) {
	names, values := map[string]string{"#ttl": dynamo.AttrTTL}, dynamo.Item{":ttl": dynamo.NumberValue(now.Add(resultLife).Unix())}
	var adds []string
	for i, name := range slices.Sorted(maps.Keys(by)) {
		if by[name] == 0 {
			continue
		}
		names[fmt.Sprint("#n", i)], values[fmt.Sprint(":n", i)] = name, dynamo.NumberValue(by[name])
		adds = append(adds, fmt.Sprintf("#n%d :n%d", i, i))
	}
	return dynamo.Update(table, k, "SET #ttl = :ttl ADD "+strings.Join(adds, ", "), dynamo.Condition{Names: names, Values: values}), len(adds) > 0
}

// Results reads what was counted.
type Results struct {
	DB    dynamo.API
	Table string
}

// Of is what a campaign has decided, of all its versions. It reads consistently: a decision that is on record is counted.
func (r Results) Of(ctx context.Context, campaign string) (delivery.Results, error) {
	var mu sync.Mutex
	var sum delivery.Results
	var g errgroup.Group
	for part := range key.ResultParts {
		g.Go(func() error {
			return dynamo.Stretch{Table: r.Table, PK: key.ResultList(campaign, part)}.All(ctx, r.DB, resultPages, func(i dynamo.Item) error {
				sending, variant, ok := key.SplitResults(dynamo.TextOf(i, dynamo.AttrSK))
				if !ok {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				for name := range i {
					n := dynamo.NumberOf(i, name)
					if name == attrAgain {
						sum.Again(sending, variant, n)
					}
					if rest, is := strings.CutPrefix(name, countPrefix); is {
						outcome, reason, _ := strings.Cut(rest, "#")
						sum.Add(sending, variant, delivery.Outcome(outcome), delivery.Reason(reason), n)
					}
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return delivery.Results{}, fmt.Errorf("reading the results of %s: %w", campaign, err)
	}
	return sum, nil
}
