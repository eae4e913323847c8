package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Sessions keeps what the console's pages have to remember of operators' signing in: which sessions were ended before their time, and which networks have tried keys in vain. A session that goes on
// is nowhere but in its cookie.
type Sessions struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// End ends a session that would have lasted until a time. Nil means that it is durable; ending it again changes nothing.
func (s Sessions) End(ctx context.Context, id string, until time.Time) error {
	i := key.Ended(id).Item()
	i[dynamo.AttrTTL] = dynamo.NumberValue(until.Add(time.Minute).Unix()) // a clock of another process may be behind
	if err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, i, dynamo.Condition{})); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// Ended says whether a session was ended, consistently. Its time, which TTL knows late, is the caller's to ask.
func (s Sessions) Ended(ctx context.Context, id string) (bool, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Ended(id))
	if err != nil {
		return false, fmt.Errorf("looking whether a session was ended: %w", err)
	}
	return found != nil, nil
}

const (
	// freeTries are those of a network for which nobody waits.
	freeTries = 5
	// longestWait bounds the wait between two tries, which doubles with each in vain.
	longestWait = 5 * time.Minute
	// triesLife is how long after the last try they are forgotten.
	triesLife = 15 * time.Minute

	attrTries = "n"
	attrNext  = "next" // milliseconds: when the next try may be made
)

// waitAfter is how long a network waits after its nth try.
func waitAfter(n int64) time.Duration {
	if n < freeTries {
		return 0
	}
	return min(longestWait, time.Second<<min(n-freeTries, 30))
}

// Try counts a try to sign in from a network before it is made, so that of many at once each counts. It gives how long to wait where it may not be made yet; then it counts nothing. Trying is counted
// again where the answer was lost.
func (s Sessions) Try(ctx context.Context, network string) (wait time.Duration, err error) {
	for range 3 { // others of the network are faster
		now := s.Now.Time()
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Tries(network))
		if err != nil {
			return 0, fmt.Errorf("counting tries to sign in: %w", err)
		}
		before := dynamo.NumberOf(found, attrTries)
		version := dynamo.Condition{Text: "#n = :n", Names: map[string]string{"#n": attrTries}, Values: dynamo.Item{":n": dynamo.NumberValue(before)}}
		if found == nil {
			version = dynamo.Absent()
		}
		if next := time.UnixMilli(dynamo.NumberOf(found, attrNext)); now.Before(next) {
			return next.Sub(now), nil
		}
		if dynamo.NumberOf(found, dynamo.AttrTTL) <= now.Unix() {
			before = 0 // forgotten, though the table shows it still
		}
		i := key.Tries(network).Item()
		i[attrTries], i[attrNext] = dynamo.NumberValue(before+1), dynamo.NumberValue(now.Add(waitAfter(before+1)).UnixMilli())
		i[dynamo.AttrTTL] = dynamo.NumberValue(now.Add(triesLife).Unix())
		err = dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, i, version))
		if err == nil || !errors.Is(err, dynamo.ErrConflict) {
			return 0, wrapped("counting tries to sign in", err)
		}
	}
	return time.Second, nil
}

// Forgive forgets the tries of a network from which somebody has signed in.
func (s Sessions) Forgive(ctx context.Context, network string) error {
	return wrapped("forgetting tries to sign in", dynamo.Do(ctx, s.DB, dynamo.Remove(s.Table, key.Tries(network), dynamo.Condition{})))
}

func wrapped(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
