package ingest

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/allowance"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/httpapi"
)

// Refusals keeps what this instance has refused and warned of.
type Refusals interface {
	// Put keeps what an instance has refused of a source within an hour, in the place of what it had kept of it before. Nil means that it is durable; after
	// an error the same, or more, may be put again.
	Put(ctx context.Context, of source.ID, instance string, t refusal.Tally) error
}

const (
	// refusedWrites and refusedSpan bound what an instance writes of a source's refusals, to the table and as metrics: whoever has the public key can send as many
	// bad events as they like, and none of them may cost a write of its own. So many writes at once, so that whoever tries something sees it at once; then one a span.
	refusedWrites = 30
	refusedSpan   = 20 * time.Second
	// warnedSpan is longer: what is warned of is taken, so a shop may go on sending it for years.
	warnedSpan = 5 * time.Minute
	// refusedLines and the spans of lines bound the log likewise.
	refusedLines    = 100
	refusedLineSpan = time.Second
	warnedLineSpan  = time.Minute
	// refusedWait is how long a request waits for the table. What was not written then is written by the next one.
	refusedWait = time.Second
	// maxTallies bounds the hours of a source that wait to be written while the table is away.
	maxTallies = 3
	// maxRefusing bounds the sources that are remembered.
	maxRefusing = 2000
)

// refused remembers what this instance has refused, and what it has warned of.
type refused struct {
	mu       sync.Mutex
	of       map[source.ID]*ofSource
	refusals lines
	warnings lines
}

// lines are those of the log, at a bounded rate.
type lines struct {
	allowance.Bucket
	unlogged int
}

// ofSource is what was refused of one source. Only tallies that were written whole, and the present hour's, are let go or go on.
type ofSource struct {
	tallies []tally // by hour; the last one is the present hour's
	fresh   map[refusal.Code]int
	writes  allowance.Bucket
	warns   allowance.Bucket // of writes for warnings alone
	writing bool
}

// tally waits to be written by what was refused, or by what was warned of, since it was.
type tally struct {
	refusal.Tally
	refused, warned bool
}

func (t tally) waits() bool { return t.refused || t.warned }

// due says whether it is the source's turn to write what waits, and takes that turn.
func (f *ofSource) due(now time.Time) bool {
	return slices.ContainsFunc(f.tallies, func(t tally) bool { return t.refused }) && f.writes.Spend(now) ||
		slices.ContainsFunc(f.tallies, func(t tally) bool { return t.warned }) && f.warns.Spend(now)
}

// noted is what a request adds.
type noted struct{ refused, warned []refusal.Entry }

// ofBatch is what is to be noted of a batch: its refused events, and what its answer warns of.
func ofBatch(batch *event.Batch, found []event.Warning, at time.Time) (n noted) {
	at = at.UTC().Truncate(time.Millisecond)
	for _, r := range batch.Refused {
		n.refused = append(n.refused, entry(at, batch.Said(r), r.Field, refusal.CodeOf(r.Reason)))
	}
	for _, w := range found {
		taken := batch.Taken(w.Index)
		e := entry(at, taken, w.Field, refusal.WarningOf(w.Reason))
		if e.Code == refusal.Name {
			e.What = profile.Alike(taken.Name)
		}
		n.warned = append(n.warned, e)
	}
	return n
}

func entry(at time.Time, said event.Named, field string, code refusal.Code) refusal.Entry {
	return refusal.Entry{At: at, What: what(said), Field: refusal.FieldOf(field), Code: code,
		MessageID: refusal.IDOf(said.MessageID), OrderID: refusal.IDOf(order.Named(said.Properties))}
}

// what names an event by texts of ours alone.
func what(said event.Named) string {
	switch said.Kind {
	case event.Track:
		if profile.Standard(said.Name) {
			return said.Name
		}
		return string(said.Kind)
	case event.Identify, event.Page, event.Screen, event.Group, event.Alias:
		return string(said.Kind)
	}
	return ""
}

func (f *refused) add(ctx context.Context, of source.ID, n noted, now time.Time) {
	if len(n.refused)+len(n.warned) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[of]
	if one == nil {
		if f.of == nil || len(f.of) >= maxRefusing {
			f.of = map[source.ID]*ofSource{}
		}
		one = &ofSource{fresh: map[refusal.Code]int{}, writes: allowance.Full(refusedWrites, refusedSpan, now), warns: allowance.Full(refusedWrites, warnedSpan, now)}
		f.of[of] = one
	}
	hour := refusal.HourOf(now)
	if n := len(one.tallies); n == 0 || one.tallies[n-1].Hour.Before(hour) {
		one.tallies = slices.DeleteFunc(one.tallies, func(t tally) bool { return !t.waits() })
		if len(one.tallies) == maxTallies {
			one.tallies = slices.Delete(one.tallies, 0, 1)
		}
		one.tallies = append(one.tallies, tally{Tally: refusal.Tally{Hour: hour}})
	}
	present := &one.tallies[len(one.tallies)-1]
	for _, e := range n.refused {
		present.Add(e)
		one.fresh[e.Code]++
		f.refusals.log(ctx, "refused", refusedLineSpan, of, e, now)
	}
	for _, e := range n.warned {
		present.Warned.Add(e)
		f.warnings.log(ctx, "warned", warnedLineSpan, of, e, now)
	}
	present.refused = present.refused || len(n.refused) > 0
	present.warned = present.warned || len(n.warned) > 0
}

// log writes a line: which source, what and why, the request as its answer names it (Apigw-Requestid), and nothing of what was sent but, where the level
// is debug, the ids of the event and its order: whoever has the public key chooses them, and logs go to more places than the table.
func (l *lines) log(ctx context.Context, did string, span time.Duration, of source.ID, e refusal.Entry, now time.Time) {
	if l.Burst == 0 {
		l.Bucket = allowance.Full(refusedLines, span, now)
	}
	if !l.Spend(now) {
		l.unlogged++
		return
	}
	attrs := []any{"source", string(of), "what", e.What, "field", e.Field, "reason", string(e.Code), "request", httpapi.RequestID(ctx)}
	if slog.Default().Enabled(ctx, slog.LevelDebug) {
		attrs = append(attrs, "messageId", e.MessageID, "orderId", e.OrderID)
	}
	if l.unlogged > 0 {
		attrs = append(attrs, "before", l.unlogged) // not logged since the last line
		l.unlogged = 0
	}
	slog.WarnContext(ctx, did, attrs...)
}

// take answers copies of what waits, and what no metric has counted yet; nothing while it is not the source's turn, or while somebody else writes.
func (f *refused) take(of source.ID, now time.Time) (waiting []refusal.Tally, fresh map[refusal.Code]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[of]
	if one == nil || one.writing || !one.due(now) {
		return nil, nil
	}
	one.writing = true
	for _, t := range one.tallies {
		if t.waits() {
			waiting = append(waiting, refusal.Tally{Hour: t.Hour, Noted: t.Clone(), Warned: t.Warned.Clone()})
		}
	}
	fresh, one.fresh = one.fresh, map[refusal.Code]int{}
	return waiting, fresh
}

// wrote takes note of what is durable. What was refused meanwhile still waits.
func (f *refused) wrote(of source.ID, written []refusal.Tally) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[of]
	if one == nil {
		return
	}
	one.writing = false
	for _, w := range written {
		for i := range one.tallies {
			if t := &one.tallies[i]; t.Hour.Equal(w.Hour) && t.Total() == w.Total() {
				t.refused, t.warned = false, false
			}
		}
	}
}
