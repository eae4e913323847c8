package ingest

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/telemetry"
)

// Refusals keeps what this instance has refused.
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
	// refusedLines and refusedLineSpan bound the log likewise.
	refusedLines    = 100
	refusedLineSpan = time.Second
	// refusedWait is how long a request waits for the table. What was not written then is written by the next one.
	refusedWait = time.Second
	// maxTallies bounds the hours of a source that wait to be written while the table is away.
	maxTallies = 3
	// maxRefusing bounds the sources that are remembered.
	maxRefusing = 2000
)

// refused remembers what this instance has refused.
type refused struct {
	mu       sync.Mutex
	of       map[source.ID]*ofSource
	lines    bucket
	unlogged int
}

// ofSource is what was refused of one source. Only tallies that were written whole, and the present hour's, are let go or go on.
type ofSource struct {
	tallies []tally // by hour; the last one is the present hour's
	fresh   map[refusal.Code]int
	writes  bucket
	writing bool
}

type tally struct {
	refusal.Tally
	dirty bool
}

func (f *ofSource) dirty() bool {
	return slices.ContainsFunc(f.tallies, func(t tally) bool { return t.dirty })
}

// ofBatch are the entries of a batch's refused events.
func ofBatch(batch *event.Batch, at time.Time) []refusal.Entry {
	all := make([]refusal.Entry, len(batch.Refused))
	for i, r := range batch.Refused {
		all[i] = refusal.Entry{At: at.UTC().Truncate(time.Millisecond), What: what(batch.Said(r)), Field: refusal.FieldOf(r.Field), Code: refusal.CodeOf(r.Reason)}
	}
	return all
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

// refuse notes one request of which no event was looked at.
func (p *Process) refuse(ctx context.Context, from source.Source, field string, code refusal.Code) {
	p.note(ctx, from, refusal.Entry{At: p.Now().UTC().Truncate(time.Millisecond), Field: refusal.FieldOf(field), Code: code})
}

// note remembers what was refused of a source, logs it, and writes what waits to be written. It answers nothing: a refusal that nobody hears of is no reason to
// refuse more.
func (p *Process) note(ctx context.Context, from source.Source, entries ...refusal.Entry) {
	now := p.Now()
	p.refused.add(ctx, from.ID, entries, now)
	p.keep(ctx, from, now)
}

func (f *refused) add(ctx context.Context, of source.ID, entries []refusal.Entry, now time.Time) {
	if len(entries) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[of]
	if one == nil {
		if f.of == nil || len(f.of) >= maxRefusing {
			f.of = map[source.ID]*ofSource{}
		}
		one = &ofSource{fresh: map[refusal.Code]int{}, writes: full(refusedWrites, refusedSpan, now)}
		f.of[of] = one
	}
	hour := refusal.HourOf(now)
	if n := len(one.tallies); n == 0 || one.tallies[n-1].Hour.Before(hour) {
		one.tallies = slices.DeleteFunc(one.tallies, func(t tally) bool { return !t.dirty })
		if len(one.tallies) == maxTallies {
			one.tallies = slices.Delete(one.tallies, 0, 1)
		}
		one.tallies = append(one.tallies, tally{Tally: refusal.Tally{Hour: hour}})
	}
	present := &one.tallies[len(one.tallies)-1]
	for _, e := range entries {
		present.Add(e)
		one.fresh[e.Code]++
		f.log(ctx, of, e, now)
	}
	present.dirty = true
}

// log writes a line of a refusal: which source, what and why, and nothing of what was sent.
func (f *refused) log(ctx context.Context, of source.ID, e refusal.Entry, now time.Time) {
	if f.lines.burst == 0 {
		f.lines = full(refusedLines, refusedLineSpan, now)
	}
	if !f.lines.spend(now) {
		f.unlogged++
		return
	}
	attrs := []any{"source", string(of), "what", e.What, "field", e.Field, "reason", string(e.Code)}
	if f.unlogged > 0 {
		attrs = append(attrs, "before", f.unlogged) // refused and not logged since the last line
		f.unlogged = 0
	}
	slog.WarnContext(ctx, "refused", attrs...)
}

// keep writes what waits of a source, if its turn has come. Any request of the source may be the one that does.
func (p *Process) keep(ctx context.Context, from source.Source, now time.Time) {
	waiting, fresh := p.refused.take(from.ID, now)
	for _, code := range slices.Sorted(maps.Keys(fresh)) {
		telemetry.Count("events_refused", fresh[code], "function", "ingest", "source", string(from.ID), "reason", string(code))
	}
	if len(waiting) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, refusedWait)
	defer cancel()
	var written []refusal.Tally
	for _, t := range waiting {
		if p.Refusals == nil {
			break
		}
		if err := p.Refusals.Put(ctx, from.ID, p.Instance, t); err != nil {
			slog.WarnContext(ctx, "refusals not kept yet", "source", string(from.ID), "error", err.Error())
			break
		}
		written = append(written, t)
	}
	p.refused.wrote(from.ID, written)
}

// take answers copies of what waits, and what no metric has counted yet; nothing while it is not the source's turn, or while somebody else writes.
func (f *refused) take(of source.ID, now time.Time) (waiting []refusal.Tally, fresh map[refusal.Code]int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[of]
	if one == nil || one.writing || !one.dirty() || !one.writes.spend(now) {
		return nil, nil
	}
	one.writing = true
	for _, t := range one.tallies {
		if t.dirty {
			waiting = append(waiting, refusal.Tally{Hour: t.Hour, Counts: maps.Clone(t.Counts), Last: slices.Clone(t.Last)})
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
				t.dirty = false
			}
		}
	}
}
