package reporting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Questions that wait at once and are asked of the same archive are asked together: a job takes the same part of others along, and reads the files once for all of them.
const (
	waitingPrefix = archive.AnswersPrefix + "waiting/"
	claimName     = "claim" // of a part: whose job is at it
	// most is how many questions are asked together at most, looks at how many a job looks for them, and openBlocks how many files they may have open in all, since each question holds something of every block that is open.
	most       = 8
	looks      = 32
	openBlocks = 960
	// claimFor is how long a part is left to whoever has claimed it: longer than an invocation takes.
	claimFor = 6 * time.Minute
)

// group names the archive that a question is asked of, and how it is divided: those of one group read the same files.
func (a *asking) group() string {
	return fmt.Sprintf("%s%d-%d-%d-%d/", waitingPrefix, a.View.Number, a.Version, a.Shards, max(a.Ranges, 1))
}

func (a *asking) waiting() string { return a.group() + a.id }

func (a *asking) claim(part int) string { return a.key(fmt.Sprintf("%s-%04d", claimName, part)) }

// claimed tells whether a part is left to somebody else, after a job has tried to claim it: where nobody has, where it was its own claim, or one that is old. A claim is no promise, it only saves work; but as
// long as jobs end in their time and clocks agree, no two are at a part at once.
func (p *Process) claimed(ctx context.Context, a *asking, part int, owner string, there present) (others bool, err error) {
	key, tag := a.claim(part), ""
	if there.has(key) {
		body, as, err := p.Objects.Read(ctx, key)
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return false, err
		}
		if err == nil && string(body) != owner {
			// How old it is is looked up behind reading it: where another job takes it over meanwhile, it is either new or not what was read.
			if there, err = p.parts(ctx, a); err != nil {
				return false, err
			}
			if p.Now().Sub(there[key]) < claimFor {
				return true, nil
			}
		}
		tag = as
	}
	if _, err = p.Objects.Replace(ctx, key, []byte(owner), tag); !errors.Is(err, bucket.ErrConflict) {
		return false, err
	}
	// Somebody was quicker, or the answer to this very write was lost.
	body, _, err := p.Objects.Read(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return true, nil
	}
	return string(body) != owner, err
}

// company are questions of which a job does the same part along with its own, which is the first.
func (p *Process) company(ctx context.Context, a *asking, part int, owner string) []asking {
	all := []asking{*a}
	files := 0
	for _, d := range a.View.Days {
		files += (len(d.Files) + a.Shards - 1) / a.Shards
	}
	room := min(most, openBlocks/max(files, 1))
	if room < 2 {
		return all
	}
	listed, err := p.Objects.List(ctx, a.group())
	if err != nil {
		slog.WarnContext(ctx, "questions that wait are not looked for", "report", a.id, "error", err.Error())
		return all
	}
	for i, o := range listed {
		if id := strings.TrimPrefix(o.Key, a.group()); len(all) < room && i < looks && id != a.id {
			if b, err := p.invite(ctx, id, o.Key, part, owner); err != nil {
				slog.WarnContext(ctx, "a question that waits is left to its own job", "report", id, "error", err.Error())
			} else if b != nil {
				all = append(all, *b)
			}
		}
	}
	return all
}

// invite is a question that waits, once its part is claimed; nil where the part is done or somebody else's.
func (p *Process) invite(ctx context.Context, id, waits string, part int, owner string) (*asking, error) {
	a, err := load(ctx, p.Objects, id)
	if err != nil {
		return nil, err
	}
	there, err := p.parts(ctx, &a)
	if err != nil {
		return nil, err
	}
	if there.has(a.key(answerName)) || there.has(a.key(goneName)) {
		return nil, p.Objects.Delete(ctx, waits) // whoever answered it has not come to that
	}
	if there.has(a.part(part)) || there.has(a.claim(part)) {
		return nil, nil
	}
	others, err := p.claimed(ctx, &a, part, owner, there)
	if err != nil || others {
		return nil, err
	}
	return &a, nil
}

// together is the archive that several questions of a group read: all days that one of them reads.
func together(all []asking) *archive.View {
	view := *all[0].View
	view.Days = map[profile.Day]*archive.Day{}
	for _, a := range all {
		maps.Copy(view.Days, a.View.Days)
	}
	return &view
}

// askAll folds the people of a part for several questions in one pass.
func (p *Process) askAll(ctx context.Context, all []asking, part int) (partials [][]byte, err error) {
	shard, from, before := all[0].within(part)
	r, files, err := p.openRange(ctx, together(all), shard, all[0].Shards, from, before)
	if err != nil {
		return nil, err
	}
	questions := make([]fold.Fold, len(all))
	for i := range all {
		if questions[i], err = all[i].compile(); err != nil {
			return nil, err
		}
	}
	if err := r.FoldAll(questions, files...); err != nil {
		return nil, err
	}
	for _, q := range questions {
		partial, err := fold.Encode(q.Partial())
		if err != nil {
			return nil, err
		}
		partials = append(partials, partial)
	}
	return partials, nil
}
