package ingest

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/telemetry"
)

// refuse notes one request of which no event was looked at.
func (p *Process) refuse(ctx context.Context, from source.Source, field string, code refusal.Code) {
	p.note(ctx, from, noted{refused: []refusal.Entry{{At: p.Now().UTC().Truncate(time.Millisecond), Field: refusal.FieldOf(field), Code: code}}})
}

// note remembers what was refused of a source and what it was warned of, logs it, and writes what waits to be written. It answers nothing: a refusal that nobody hears of is no reason
// to refuse more.
func (p *Process) note(ctx context.Context, from source.Source, n noted) {
	now := p.Now()
	p.refused.add(ctx, from.ID, n, now)
	p.keep(ctx, from, now)
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
