package segmentation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// questions is what a run asks of the archive, and of which: whoever asks a part of it reads the same. It names nobody.
type questions struct {
	Version int               `json:"version"` // of what package fold reads
	Asks    []json.RawMessage `json:"asks"`
	// Today is the shop's day on which the run was planned, Until the moment up to which the archive surely knows what happened.
	Today profile.Day   `json:"today"`
	Until time.Time     `json:"until"`
	View  *archive.View `json:"view"`
	// Shards of people, and the ranges of ids that each is divided into.
	Shards int `json:"shards"`
	Ranges int `json:"ranges"`
}

func (q *questions) parts() int { return q.Shards * q.Ranges }

// alongside is how many questions a part is asked before it is made smaller, so that it ends in its time.
const alongside = 8

// keepQuestions writes down what a run that is about to be created asks of the archive, and answers into how many parts that is divided; none where its segments ask nothing.
func (p *Process) keepQuestions(ctx context.Context, run score.Run, set *segment.Set) (int, error) {
	if len(set.Recalls()) == 0 {
		return 0, nil
	}
	view, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return 0, err
	}
	q := questions{Version: fold.Version, Asks: set.Recalls(), Today: p.Shop.Day(run.CreatedAt), Until: run.CreatedAt}
	if view.At.Before(q.Until) {
		q.Until = view.At
	}
	asks, err := q.compile(p.Shop)
	if err != nil {
		return 0, err
	}
	q.View = view.Where(asks.Wants).Public()
	q.Shards = q.View.Shards()
	q.Ranges = max(q.View.Ranges(q.Shards), 1) * (1 + (len(q.Asks)-1)/alongside)
	body, err := json.Marshal(q)
	if err != nil {
		return 0, fmt.Errorf("writing what run %s asks: %w", run.ID, err)
	}
	return q.parts(), p.once(ctx, archive.QuestionsName(run.ID, run.CreatedAt), body)
}

func (q *questions) compile(shop profile.Shop) (*fold.Recall, error) {
	asks := make([][]byte, len(q.Asks))
	for i, one := range q.Asks {
		asks[i] = one
	}
	return fold.Recalling(asks, shop, q.Today, q.Until)
}

// once writes an object that is not there; where one is, it stays as it is. Nil means that one is there.
func (p *Process) once(ctx context.Context, key string, body []byte) error {
	_, err := p.Objects.Replace(ctx, key, body, "")
	if !errors.Is(err, bucket.ErrConflict) {
		return err
	}
	// S3 answers the same where another write is under way, which may come to nothing.
	_, _, err = p.Objects.Read(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return fmt.Errorf("writing %s while somebody else does: %w", key, queue.ErrNotYet)
	}
	return err
}

func (p *Process) questions(ctx context.Context, run score.Run) (q questions, err error) {
	body, _, err := p.Objects.Read(ctx, archive.QuestionsName(run.ID, run.CreatedAt))
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return q, fmt.Errorf("reading what run %s asks: %w", run.ID, err)
	}
	if q.Version != fold.Version {
		return q, fmt.Errorf("run %s asks in version %d", run.ID, q.Version) // a newer program reads it
	}
	return q, nil
}

// ask asks the archive for the people of a part, once: whose answer is there first, it stays. A part that cannot be asked is given up in the end, so that it does not keep the run from everything else: whoever is
// in a segment that asks the archive then stays in it.
func (p *Process) ask(ctx context.Context, run score.Run, shop profile.Shop, j job.Segmentation, record events.SQSMessage) error {
	if run.Asked.Has(j.Shard) {
		return p.asked(ctx, run, len(run.Asked))
	}
	var body []byte
	err := error(errGivenUp)
	if queue.Receives(record) < queue.LastReceive {
		err = queue.Guard(func() (err error) { body, err = p.answer(ctx, run, shop, j.Shard); return err })
	}
	switch {
	case errors.Is(err, errGivenUp) || errors.Is(err, bucket.ErrNotFound):
		// What the run was to read is not there any more, or it failed each time.
		slog.ErrorContext(ctx, "the archive is not asked", "run", run.ID, "part", j.Shard, "error", err.Error())
		body = nil
	case err != nil:
		return err
	}
	if err := p.once(ctx, archive.AnswersName(run.ID, run.CreatedAt, j.Shard), body); err != nil {
		return err
	}
	done, err := p.Runs.Mark(ctx, run.ID, runs.RunAsked, j.Shard)
	if err != nil {
		return err
	}
	return p.asked(ctx, run, done)
}

// errGivenUp says that a job has failed as often as it may.
var errGivenUp = errors.New("its job has failed each time")

// asked sends the jobs that collect when it was the last part. Whichever part sees that sends them, also when it sees it again.
func (p *Process) asked(ctx context.Context, run score.Run, done int) error {
	if done < run.Asks || run.Outcome != nil {
		return nil
	}
	var jobs []job.Segmentation
	for shard := range run.Shards {
		if !run.Collected.Has(shard) {
			jobs = append(jobs, job.Segmentation{Kind: job.Collect, RunID: run.ID, Shard: shard, Shards: run.Shards})
		}
	}
	return p.sendJobs(ctx, jobs)
}

// answer is what the people of a part answer, as it is stored. It has those whose answers differ from somebody's who has done nothing.
func (p *Process) answer(ctx context.Context, run score.Run, shop profile.Shop, part int) ([]byte, error) {
	q, err := p.questions(ctx, run)
	if err != nil {
		return nil, err
	}
	if part >= q.parts() {
		return nil, queue.Drop(fmt.Errorf("run %s asks no part %d", run.ID, part))
	}
	asks, err := q.compile(shop)
	if err != nil {
		return nil, err
	}
	now, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return nil, err
	}
	view := q.View.With(now)
	shard, from, before := columns.Within(part, q.Ranges)
	reading, err := view.Reading(ctx, p.Objects, shard, q.Shards)
	if err != nil {
		return nil, err
	}
	reading.From, reading.Before = from, before
	files, err := view.OpenFor(ctx, p.Objects, &reading)
	if err != nil {
		return nil, err
	}
	out := answersOf(asks.Nobody())
	err = reading.Recall(asks, func(who columns.Person, said fold.Recalled) { out.add(who, said) }, files...)
	return out.body, err
}

// knowing is the set with what the archive has answered the run; as it is where that is not known.
func (p *Process) knowing(ctx context.Context, run score.Run, set *segment.Set) (*segment.Set, error) {
	if run.Asks == 0 || len(set.Recalls()) == 0 {
		return set, nil
	}
	known, err := p.recalled(ctx, run)
	if err != nil || known == nil {
		return set, err
	}
	if !slices.EqualFunc(known.asks, set.Recalls(), func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		return set, nil // another version has planned the run, which writes questions otherwise
	}
	since := run.CreatedAt.Add(-scanLag)
	return set.Knowing(func(one *profile.Profile) (all, proven uint32) {
		if !one.ErasedAt.IsZero() && !one.ErasedAt.Before(since) {
			return known.nobody.All, known.nobody.Proven // they have come back, and are somebody else
		}
		said := known.of(one.ID)
		return said.All, said.Proven
	}), nil
}

// recalled reads the answers of all parts; nil where one was given up. Those of the run that was asked about last are kept.
func (p *Process) recalled(ctx context.Context, run score.Run) (*recalled, error) {
	name := archive.QuestionsName(run.ID, run.CreatedAt)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known.name == name {
		return p.known.recalled, nil
	}
	q, err := p.questions(ctx, run)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil // it is of long ago, and writes nothing any more
	}
	if err != nil {
		return nil, err
	}
	p.known.name, p.known.recalled = "", nil // before the next ones are read: there is room for one
	known := &recalled{asks: q.Asks, shards: q.Shards, ranges: q.Ranges}
	for part := range q.parts() {
		body, _, err := p.Objects.Read(ctx, archive.AnswersName(run.ID, run.CreatedAt, part))
		if errors.Is(err, bucket.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if taken, err := known.take(body); err != nil {
			return nil, fmt.Errorf("what part %d answers run %s: %w", part, run.ID, err)
		} else if !taken {
			known = nil
			break
		}
	}
	p.known.name, p.known.recalled = name, known
	return known, nil
}

// scanLag is how old a scan may read an item, with room to spare.
const scanLag = time.Minute
