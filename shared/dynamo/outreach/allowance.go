package outreach

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	attrTaken = "n" // of a second's rate, or of a budget's period
	attrTurn  = "m" // milliseconds: the turn of the last who waits
	// rateLife and budgetLife are how long the counts are kept after their time.
	rateLife   = time.Hour
	budgetLife = 400 * 24 * time.Hour
	// maxLeases bounds how often a block is asked for anew that somebody else took a part of.
	maxLeases = 8
)

// errNoRoom says that less is left than was asked for.
var errNoRoom = errors.New("less is left")

// Allowances are what all instances together may hand over within a second, and what campaigns may spend within a period. Blocks of them are taken by a write whose
// condition never lets the sum pass the limit. What is taken and never used, since a process ends or an answer is lost, is lost to the others: the limit is passed by nobody.
type Allowances struct {
	DB    dynamo.API
	Table string
}

// Rate takes up to n places of a second in which a channel's provider may be handed so many. got is 0 where none is left.
func (s Allowances) Rate(ctx context.Context, c delivery.Channel, second time.Time, n, limit int64) (got int64, err error) {
	if got, err = s.take(ctx, key.Rate(string(c), second), n, 1, limit, second.Add(rateLife)); err != nil {
		return 0, fmt.Errorf("taking places of channel %s: %w", c, err)
	}
	return got, nil
}

// Budget takes up to n times what one notification costs of the limit of a period. got is how many times there was room for.
func (s Allowances) Budget(ctx context.Context, b delivery.Budget, begin time.Time, n, each, limit int64) (got int64, err error) {
	if got, err = s.take(ctx, key.SendBudget(b.ID, string(b.Per), begin), n, each, limit, begin.Add(budgetLife)); err != nil {
		return 0, fmt.Errorf("taking of budget %s: %w", b.ID, err)
	}
	return got, nil
}

func (s Allowances) take(ctx context.Context, k dynamo.Key, n, each, limit int64, until time.Time) (int64, error) {
	err := dynamo.ErrConflict
	for range maxLeases {
		if n = min(n, limit/max(each, 1)); n <= 0 {
			return 0, nil
		}
		c := dynamo.Condition{
			Text: "attribute_not_exists(#n) OR #n <= :most", Names: map[string]string{"#n": attrTaken, "#ttl": dynamo.AttrTTL},
			Values: dynamo.Item{":most": dynamo.NumberValue(limit - n*each), ":take": dynamo.NumberValue(n * each), ":ttl": dynamo.NumberValue(until.Unix())},
		}
		err = dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, k, "SET #ttl = :ttl ADD #n :take", c).Or(errNoRoom).Seeing())
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, errNoRoom):
			n = (limit - dynamo.NumberOf(dynamo.Stood(err), attrTaken)) / max(each, 1)
		case !errors.Is(err, dynamo.ErrConflict):
			return 0, err
		}
	}
	return 0, err
}

// GiveBack puts back what was taken of a budget and not used. It is tried once: an error leaves open whether it is back, and twice would be more than there was.
func (s Allowances) GiveBack(ctx context.Context, b delivery.Budget, begin time.Time, n, each int64) error {
	err := dynamo.Once(ctx, s.DB, dynamo.Update(s.Table, key.SendBudget(b.ID, string(b.Per), begin), "ADD #n :back", dynamo.Condition{
		Text: "#n >= :n", Names: map[string]string{"#n": attrTaken}, Values: dynamo.Item{":n": dynamo.NumberValue(n * each), ":back": dynamo.NumberValue(-n * each)},
	}))
	if err != nil {
		return fmt.Errorf("giving back to budget %s: %w", b.ID, err)
	}
	return nil
}

// Turn is when n more who wait for their turn at a channel may come again, behind those who wait already, so many a second. It is no place: whoever comes asks for one. Beyond a time, nobody is let in line, and the
// answer is that time.
func (s Allowances) Turn(ctx context.Context, c delivery.Channel, now, most time.Time, n, perSecond int64) (time.Time, error) {
	k, last, read := key.Turn(string(c)), int64(0), false
	for range maxLeases {
		if read && last >= most.UnixMilli() {
			return most, nil
		}
		turn := max(last, now.UnixMilli())
		con := dynamo.Condition{
			Text: "attribute_not_exists(#m) OR #m <= :last", Names: map[string]string{"#m": attrTurn, "#ttl": dynamo.AttrTTL},
			Values: dynamo.Item{":last": dynamo.NumberValue(turn), ":turn": dynamo.NumberValue(turn + n*1000/perSecond), ":ttl": dynamo.NumberValue(most.Add(rateLife).Unix())},
		}
		err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, k, "SET #m = :turn, #ttl = :ttl", con).Or(errNoRoom).Seeing())
		switch {
		case err == nil:
			return time.UnixMilli(turn).UTC(), nil
		case errors.Is(err, errNoRoom):
			last, read = dynamo.NumberOf(dynamo.Stood(err), attrTurn), true
		case !errors.Is(err, dynamo.ErrConflict):
			return most, fmt.Errorf("waiting for a turn at channel %s: %w", c, err)
		}
	}
	return most, nil
}

// Spent is what was taken of a budget within a period so far.
func (r Results) Spent(ctx context.Context, b delivery.Budget, begin time.Time) (int64, error) {
	k := key.SendBudget(b.ID, string(b.Per), begin)
	var n int64
	err := dynamo.Stretch{Table: r.Table, PK: k.PK, From: k.SK, To: k.SK}.All(ctx, r.DB, 1, func(i dynamo.Item) error {
		n = dynamo.NumberOf(i, attrTaken)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reading what was spent of budget %s: %w", b.ID, err)
	}
	return n, nil
}
