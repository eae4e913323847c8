package settlement

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/userops/userops/shared/dynamo/due"
)

// pause is how long a subject waits whose look failed, or whose machine is not known here.
const pause = 5 * time.Minute

// dueAtOnce is how many entries are done before they are struck off.
const dueAtOnce = 4 * looksAtOnce

// due looks at every subject that waited for a time which has come, many side by side. One that fails is filed again and does not keep the
// others.
func (p *Process) due(ctx context.Context) error {
	failed := 0
	err := p.waiting.ReadyTogether(ctx, due.OwnerSettlement, dueAtOnce, func(ctx context.Context, entries []due.Entry) ([]time.Time, error) {
		times := make([]time.Time, len(entries))
		errs := sideBySide(len(entries), func(i int) (err error) {
			times[i], err = p.end(ctx, entries[i])
			return err
		})
		for i, err := range errs {
			if err != nil {
				failed++
				slog.ErrorContext(ctx, "due entry not advanced", "entry", entries[i].ID, "error", err.Error())
				times[i] = p.now().Add(pause)
			}
		}
		return times, nil
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("advancing what is due: %d failed and will be looked at again", failed)
	}
	return err
}

// subject is what a Due entry names, and in which machine. ok is false for a machine that only a newer version has.
func (p *Process) subject(entry string) (m machine, s subject, ok bool) {
	name, id, named := strings.Cut(entry, ":")
	if !named {
		name, id = "", entry
	}
	for _, r := range p.table {
		if r.name == name {
			return r.machine, subject{id: id}, true
		}
	}
	return nil, subject{}, false
}

// end looks at the subject of one entry. One of a machine that only a newer version has waits for it.
func (p *Process) end(ctx context.Context, e due.Entry) (again time.Time, err error) {
	m, s, ok := p.subject(e.ID)
	if !ok {
		slog.WarnContext(ctx, "due entry left to a newer version", "entry", e.ID)
		return p.now().Add(pause), nil
	}
	return m.Advance(ctx, s)
}
