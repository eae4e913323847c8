package outreach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/job"
)

// Skip is one whom a stop has skipped.
type Skip struct {
	Key       dynamo.Key
	ProfileID profile.ID // under which the decision stands
	// Entry is the notification that was skipped.
	Entry   job.Notification
	Channel delivery.Channel
	At      time.Time
	Again   Again
}

// Again is that somebody was entered again, when, and by which request; the zero value where nobody was.
type Again struct {
	At time.Time
	By string
}

// Skips are the lists of those whom stops have skipped.
type Skips struct {
	DB      dynamo.API
	Table   string
	Results string // the table that counts them, for those who enter again
	Now     dynamo.Clock
}

// Page reads a page of a stop's list, consistently, in no order that means anything. An empty next ends the list, and a cursor that Page did not give is ErrCursor. One that cannot be read is left out and counted.
func (s Skips) Page(ctx context.Context, stop, cursor string, limit int) (page []Skip, unreadable int, next string, err error) {
	shard, after, err := placeOf(cursor)
	if err != nil {
		return nil, 0, "", err
	}
	for read := 0; shard < key.SkipShards; {
		if read >= limit {
			return page, unreadable, dynamo.CursorAfter(strconv.Itoa(shard) + "/" + after), nil
		}
		items, more, err := dynamo.Stretch{Table: s.Table, PK: key.SkipList(stop, shard), After: after, Limit: limit - read}.Page(ctx, s.DB)
		if err != nil {
			return nil, 0, "", fmt.Errorf("listing whom stop %s has skipped: %w", stop, err)
		}
		read += len(items)
		for _, i := range items {
			if dynamo.NumberOf(i, dynamo.AttrTTL) <= s.Now.Time().Unix() {
				continue // TTL deletes late
			}
			one, err := readSkip(i)
			if err != nil {
				unreadable++
				continue
			}
			page = append(page, one)
		}
		if after = more; more == "" {
			shard++
		}
	}
	return page, unreadable, "", nil
}

// placeOf is where a cursor goes on: in which shard, and behind which key.
func placeOf(cursor string) (shard int, after string, err error) {
	text, err := dynamo.SortKeyOf(cursor, "")
	if text == "" || err != nil {
		return 0, "", err
	}
	first, after, ok := strings.Cut(text, "/")
	shard, err = strconv.Atoi(first)
	if !ok || err != nil || shard < 0 || shard >= key.SkipShards {
		return 0, "", dynamo.ErrCursor
	}
	return shard, after, nil
}

func readSkip(i dynamo.Item) (one Skip, err error) {
	one = Skip{
		Key:     dynamo.At(dynamo.TextOf(i, dynamo.AttrPK), dynamo.TextOf(i, dynamo.AttrSK)),
		Channel: delivery.Channel(dynamo.TextOf(i, attrChannel)), At: dynamo.MilliOf(i, attrAt), Again: againOf(i),
	}
	one.ProfileID = key.SkipOf(one.Key.SK)
	return one, json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &one.Entry)
}

func againOf(i dynamo.Item) Again {
	return Again{At: dynamo.MilliOf(i, attrAgainAt), By: dynamo.TextOf(i, attrAgainBy)}
}

// errEntered says that the person was entered again already, or that nothing is listed any more.
var errEntered = errors.New("nobody is to be entered again")

// Enter notes that somebody is entered again by a request, and counts it, in one transaction. Who was entered before stays so: the answer is by whom and when, the zero value where the decision is
// listed no more. Whoever finds their own request there goes on with it.
func (s Skips) Enter(ctx context.Context, stop string, one Skip, by string, now time.Time) (Again, error) {
	var err error
	for try := range maxMeetings {
		lane := key.ResultLane(one.Key.SK, try)
		note := dynamo.Update(s.Table, one.Key, "SET #at = :at, #by = :by", dynamo.Condition{
			Text:   "attribute_exists(#pk) AND attribute_not_exists(#at)",
			Names:  map[string]string{"#pk": dynamo.AttrPK, "#at": attrAgainAt, "#by": attrAgainBy},
			Values: dynamo.Item{":at": dynamo.NumberValue(now.UnixMilli()), ":by": dynamo.TextValue(by)},
		}).Or(errEntered)
		count, _ := change(s.Results, s.Now.Time(), key.StopCount(stop, lane, one.Entry.CampaignID), map[string]int64{attrEntered: 1})
		err = dynamo.Do(ctx, s.DB, note, count)
		switch {
		case err == nil:
			return Again{At: now.UTC().Truncate(time.Millisecond), By: by}, nil
		case errors.Is(err, errEntered):
			found, err := dynamo.Get(ctx, s.DB, s.Table, one.Key)
			if err != nil {
				return Again{}, fmt.Errorf("entering %s again: %w", one.Entry.ID, err)
			}
			return againOf(found), nil
		case errors.Is(err, dynamo.ErrMet):
		case errors.Is(err, dynamo.ErrThrottled):
			if err := pause(ctx, try); err != nil {
				return Again{}, fmt.Errorf("entering %s again: %w", one.Entry.ID, err)
			}
		default:
			return Again{}, fmt.Errorf("entering %s again: %w", one.Entry.ID, err)
		}
	}
	return Again{}, fmt.Errorf("entering %s again: %w", one.Entry.ID, err)
}

// Finish notes that a request has gone through a stop's whole list. Noting it again changes nothing.
func (s Skips) Finish(ctx context.Context, stop, request string) error {
	now := s.Now.Time()
	err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Results, key.Reentry(stop, request), "SET #at = if_not_exists(#at, :at), #ttl = :ttl", dynamo.Condition{
		Names:  map[string]string{"#at": attrAt, "#ttl": dynamo.AttrTTL},
		Values: dynamo.Item{":at": dynamo.NumberValue(now.UnixMilli()), ":ttl": dynamo.NumberValue(now.Add(resultLife).Unix())},
	}))
	if err != nil {
		return fmt.Errorf("noting the end of request %s: %w", request, err)
	}
	return nil
}

// StopTally is how many of a campaign's notifications a stop has skipped, and how many of them were entered again.
type StopTally struct {
	Campaign     string `json:"campaign"`
	Skipped      int64  `json:"skipped"`
	EnteredAgain int64  `json:"enteredAgain"`
}

// Stopped is what a stop has skipped, by campaign in the order of their ids. It reads consistently: what is on record is counted.
func (r Results) Stopped(ctx context.Context, stop string) ([]StopTally, error) {
	var mu sync.Mutex
	sums := map[string]StopTally{}
	var g errgroup.Group
	for part := range key.ResultParts {
		g.Go(func() error {
			return dynamo.Stretch{Table: r.Table, PK: key.StopCounts(stop, part)}.All(ctx, r.DB, resultPages, func(i dynamo.Item) error {
				if campaign, ok := key.SplitStopCount(dynamo.TextOf(i, dynamo.AttrSK)); ok {
					mu.Lock()
					defer mu.Unlock()
					sum := sums[campaign]
					sum.Campaign, sum.Skipped, sum.EnteredAgain = campaign, sum.Skipped+dynamo.NumberOf(i, attrSkipped), sum.EnteredAgain+dynamo.NumberOf(i, attrEntered)
					sums[campaign] = sum
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("reading what stop %s has skipped: %w", stop, err)
	}
	all := slices.SortedFunc(maps.Values(sums), func(a, b StopTally) int { return strings.Compare(a.Campaign, b.Campaign) })
	return slices.DeleteFunc(all, func(t StopTally) bool { return t.Skipped == 0 && t.EnteredAgain == 0 }), nil
}

// Finished is when each request went through a stop's whole list; those that are at it have none.
func (r Results) Finished(ctx context.Context, stop string) (map[string]time.Time, error) {
	all := map[string]time.Time{}
	err := dynamo.Stretch{Table: r.Table, PK: key.Reentry(stop, "").PK}.All(ctx, r.DB, resultPages, func(i dynamo.Item) error {
		all[dynamo.TextOf(i, dynamo.AttrSK)] = dynamo.MilliOf(i, attrAt)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading which requests went through stop %s: %w", stop, err)
	}
	return all, nil
}
