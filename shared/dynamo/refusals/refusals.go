// Package refusals stores what the instances of ingest have refused. It decides nothing about events. The surprising thing: an instance writes what it has refused within an hour as one
// item of its own, whole each time, so that a write which is repeated, or whose answer is lost, counts nothing twice.
package refusals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	// Shown is how far back refusals are shown.
	Shown = 7 * 24 * time.Hour
	// life is how long an hour is kept after its end.
	life = Shown + 24*time.Hour
	// maxPages bounds a reading, at 1 MB a page: a week of a shop's mistakes is a fraction of one, and a flood by many instances may be more.
	maxPages = 4
)

// Refusals is the table.
type Refusals struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Put keeps what an instance has refused of a source within an hour, in the place of what it had kept of it before. Less than stands there changes nothing: it is a call
// that comes late. Nil means that it is durable; any other error leaves that open, and the same may be put again.
func (r Refusals) Put(ctx context.Context, of source.ID, instance string, t refusal.Tally) error {
	body, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("writing refusals of %s: %w", of, err)
	}
	i := key.Refusals(string(of), t.Hour, instance).Item()
	i[dynamo.AttrBody], i[dynamo.AttrTTL] = dynamo.TextValue(string(body)), dynamo.NumberValue(t.Hour.Add(life).Unix())
	if err := dynamo.PutGreater(ctx, r.DB, r.Table, i, int64(t.Total())); err != nil {
		return fmt.Errorf("keeping refusals of %s: %w", of, err)
	}
	return nil
}

// Of is what was refused of a source within Shown, of all instances. What cannot be read is left out, since a newer version may have written it.
func (r Refusals) Of(ctx context.Context, of source.ID) (refusal.Report, error) {
	now := r.Now.Time()
	var tallies []refusal.Tally
	err := dynamo.Stretch{
		Table: r.Table, PK: key.RefusalList(string(of)), From: key.Refusals(string(of), now.Add(-Shown), "").SK, To: key.Refusals(string(of), now.Add(time.Hour), "").SK, Newest: true, Stale: true,
	}.All(ctx, r.DB, maxPages, func(i dynamo.Item) error {
		var t refusal.Tally
		if json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &t) == nil {
			tallies = append(tallies, t)
		}
		return nil
	})
	partial := errors.Is(err, dynamo.ErrTooMuch)
	if err != nil && !partial {
		return refusal.Report{}, fmt.Errorf("reading refusals of %s: %w", of, err)
	}
	report := refusal.Sum(tallies)
	report.Partial = partial
	return report, nil
}
