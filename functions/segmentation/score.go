package segmentation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
	"github.com/userops/userops/shared/queue"
)

const (
	// maxRunAge is how old a run may be when it writes: a job that comes back after days must not bring back old scores.
	maxRunAge = 24 * time.Hour
	// changesPerStep is how many profiles are written before their follows are sent and the time is looked at.
	changesPerStep = 200
	// maxWrites bounds how often a profile that others write at the same time is tried.
	maxWrites = 8
	// maxTurns bounds how often it gets its turn.
	maxTurns = 2
)

// scoreCursor is where the scoring of a shard stands, with what it came to so far.
type scoreCursor struct {
	Part     int            `json:"part"`
	Row      int            `json:"row"`
	Changed  int            `json:"changed"`
	Passed   int            `json:"passed,omitempty"` // could not be read
	Segments map[string]int `json:"segments,omitempty"`
	// Worths are what those members bring.
	Worths map[string]score.Worth `json:"worths,omitempty"`
	// Likenesses are what members who changed add to what collecting has counted, and take off it.
	Likenesses score.Likenesses `json:"likenesses"`
}

// score gives the profiles of a shard their scores and memberships, as far as they change.
func (p *Process) score(ctx context.Context, run score.Run, shop profile.Shop, j job.Segmentation) error {
	switch {
	case run.Scored.Has(j.Shard):
		return p.scored(ctx, run, len(run.Scored))
	case run.ReportOnly:
		return queue.Drop(fmt.Errorf("run %s only reports", run.ID))
	case run.Findings == nil:
		return fmt.Errorf("run %s is not closed yet", run.ID)
	case p.Now().Sub(run.CreatedAt) > maxRunAge:
		return queue.Drop(fmt.Errorf("run %s of %s is too old to write scores", run.ID, run.CreatedAt.Format(time.RFC3339)))
	}
	at := scoreCursor{Segments: map[string]int{}}
	if j.Cursor != "" {
		if err := json.Unmarshal([]byte(j.Cursor), &at); err != nil || at.Part < 0 || at.Row < 0 {
			return queue.Drop(fmt.Errorf("%.64q is no cursor of a scoring", j.Cursor))
		}
	}
	set, planned, err := p.planned(ctx, run)
	if err != nil {
		return err
	}
	if set, err = p.knowing(ctx, run, set); err != nil {
		return err
	}
	s := scorer{process: p, run: run, shop: shop, set: set, planned: planned, scored: set.Scored(), at: at}
	for last := false; !last; {
		part, err := p.partAt(ctx, run, j.Shard, s.at.Part)
		if err != nil {
			return err
		}
		_, rows, err := unpackColumns(part.Body)
		if err != nil {
			return fmt.Errorf("part %d of shard %d of run %s: %w", s.at.Part, j.Shard, run.ID, err)
		}
		for s.at.Row < len(rows) {
			if err := s.step(ctx, rows); err != nil {
				return err
			}
			if s.at.Row < len(rows) && p.Late(ctx) {
				return s.handOver(ctx, j)
			}
		}
		s.at.Part, s.at.Row = s.at.Part+1, 0
		if last = part.Next == ""; !last && p.Late(ctx) {
			return s.handOver(ctx, j)
		}
	}
	if err := p.Runs.SaveResult(ctx, run, j.Shard, runs.RunResult{Changed: s.at.Changed, PassedOver: s.at.Passed, Segments: s.at.Segments, Worths: s.at.Worths, Likenesses: bounded(s.at.Likenesses)}); err != nil {
		return err
	}
	done, err := p.Runs.Mark(ctx, run.ID, runs.RunScored, j.Shard)
	if err != nil {
		return err
	}
	return p.scored(ctx, run, done)
}

// scored finishes the run when it was the last shard. Whichever shard sees that does it, also when it sees it again.
func (p *Process) scored(ctx context.Context, run score.Run, done int) error {
	if done < run.Shards || run.Outcome != nil {
		return nil
	}
	return p.finish(ctx, run)
}

// heard says whether a running campaign listens to what follows.
func (p *Process) heard(ctx context.Context) (func(profile.Follow) bool, error) {
	campaigns, err := catalog.Readable(ctx, p.Catalog, definition.Campaigns)
	if err != nil {
		return nil, err
	}
	heard := map[campaign.News]bool{}
	for _, c := range campaigns {
		for _, news := range c.ListensTo() {
			heard[news] = true
		}
	}
	return func(f profile.Follow) bool { return heard[campaign.News{Kind: f.Kind, Ref: f.Ref}] }, nil
}

// scorer scores a shard.
type scorer struct {
	process *Process
	run     score.Run
	shop    profile.Shop
	set     *segment.Set
	planned []segment.Definition
	scored  []segment.ID
	heard   func(profile.Follow) bool

	// heard and edited, the segments that are defined otherwise by now, are as of checked.
	edited  map[segment.ID]bool
	checked time.Time

	mu sync.Mutex // guards at while profiles are written
	at scoreCursor
}

func (s *scorer) handOver(ctx context.Context, j job.Segmentation) error {
	s.at.Likenesses = *bounded(s.at.Likenesses)
	cursor, err := json.Marshal(s.at)
	if err != nil {
		return fmt.Errorf("handing over shard %d of run %s: %w", j.Shard, s.run.ID, err)
	}
	j.Cursor = string(cursor)
	return s.process.sendJobs(ctx, []job.Segmentation{j})
}

// change is a profile that is to be written, with its new scores.
type change struct {
	row    row
	scores profile.Scores
}

// step goes on until so many profiles change, writes them, and sends what follows.
func (s *scorer) step(ctx context.Context, rows []row) error {
	if err := s.askWhatIsDefined(ctx); err != nil {
		return err
	}
	var changes []change
	next := s.at.Row
	for ; next < len(rows) && len(changes) < changesPerStep; next++ {
		one := rows[next]
		scores := one.own
		if one.facts.Buyer() {
			scores = score.WithOwn(s.run.Score(one.facts), one.own)
		}
		if one.differs || scores != one.old {
			changes = append(changes, change{one, scores})
			continue
		}
		for i, id := range s.scored {
			if one.members[i] {
				s.at.Segments[string(id)]++
				bring(&s.at.Worths, string(id), one.facts)
			}
		}
	}
	var owed outbox.Owed
	if err := s.writeAll(ctx, changes, &owed); err != nil {
		return err
	}
	if err := s.process.Outbox.Send(ctx, &owed, followsPerMessage); err != nil {
		return err
	}
	s.at.Row = next
	return nil
}

// writeAll writes profiles. Whom others write all the time, as they do an id that everybody shares, is tried once more behind the rest, and then
// counted and passed over: nobody keeps the run from its end.
func (s *scorer) writeAll(ctx context.Context, changes []change, owed *outbox.Owed) error {
	for try := range maxTurns {
		var mu sync.Mutex
		var busy []change
		err := each(ctx, changes, func(ctx context.Context, c change) error {
			err := s.write(ctx, c, owed)
			if errors.Is(err, dynamo.ErrConflict) {
				mu.Lock()
				defer mu.Unlock()
				busy = append(busy, c)
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if changes = busy; len(changes) > 0 && try == maxTurns-1 {
			for _, c := range changes {
				slog.ErrorContext(ctx, "profile passed over, others write it all the time", "run", s.run.ID, "profile", string(c.row.id))
				s.pass()
			}
		}
	}
	return nil
}

// write brings one profile up to date and notes what follows. Who was merged into another since, or erased, is left alone. ErrConflict says that
// others wrote it meanwhile, each time.
func (s *scorer) write(ctx context.Context, c change, owed *outbox.Owed) error {
	p := s.process
	for range maxWrites {
		one, err := p.Profiles.Load(ctx, c.row.id)
		if errors.Is(err, dynamo.ErrUnreadable) {
			unreadable(ctx, []profile.ID{c.row.id}, "run", s.run.ID)
			s.pass()
			return nil
		}
		if err != nil {
			return err
		}
		if first, _ := one.Seen(); one.ID != c.row.id || first.IsZero() {
			return nil
		}
		scores, ok := s.scoresOf(one, c)
		if !ok {
			return nil
		}
		members, changed := s.apply(one, scores)
		if changed {
			err := p.Profiles.Save(ctx, one)
			if errors.Is(err, dynamo.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
		}
		// The outbox also holds what this run wrote before a crash and may not have sent.
		for _, f := range one.Outbox {
			if f.Run == s.run.ID && f.Part == "" {
				owed.Add(one.ID, []profile.Follow{f})
			}
		}
		s.note(c, one.Scores.Run == s.run.ID, members, one.All())
		return nil
	}
	return fmt.Errorf("writing profile %s: others wrote it %d times meanwhile: %w", c.row.id, maxWrites, dynamo.ErrConflict)
}

// editsHold is how long what is known of edits is gone by.
const editsHold = 5 * time.Second

// askWhatIsDefined asks which campaigns listen, and compares the segments of the run with those of now. Projection keeps memberships by the
// latter, so that a run must not bring back what the former say: neither of a segment that was edited, nor of one that came or went.
func (s *scorer) askWhatIsDefined(ctx context.Context) error {
	now := s.process.Now()
	if !s.checked.IsZero() && now.Sub(s.checked) < editsHold {
		return nil
	}
	var err error
	if s.heard, err = s.process.heard(ctx); err != nil {
		return err
	}
	found, err := catalog.All(ctx, s.process.Catalog, definition.Segments)
	if err != nil {
		return err
	}
	current := make([]segment.Definition, len(found))
	for i, one := range found {
		current[i] = one.Value // what cannot be read is no longer what was planned, and so is edited
	}
	s.edited, s.checked = segment.Edited(s.planned, current), now
	return nil
}

// standing leaves out the answers that are not this run's to give any more.
func (s *scorer) standing(members map[segment.ID]bool) map[segment.ID]bool {
	if len(s.edited) == 0 {
		return members
	}
	out := maps.Clone(members)
	maps.DeleteFunc(out, func(id segment.ID, _ bool) bool { return s.edited[id] })
	return out
}

// scoresOf are the scores by what was collected. Who was erased since and came back is somebody else than who was collected, and has
// the scores of what is there now.
func (s *scorer) scoresOf(one *profile.Profile, c change) (scores profile.Scores, ok bool) {
	if one.RefusesProfiling() {
		return profile.Scores{}, true // also if they have said so since they were collected
	}
	if one.ErasedAt.Before(s.run.CreatedAt.Add(-scanLag)) {
		return c.scores, true
	}
	facts, ok := score.Observe(one.All(), profile.Day(s.run.AsOf), s.run.Scoring, s.shop)
	return s.run.Score(facts), ok
}

// apply changes the profile and its outbox, and says whether there was something to change.
func (s *scorer) apply(one *profile.Profile, scores profile.Scores) (members map[segment.ID]bool, changed bool) {
	now := s.process.Now().UTC()
	before := one.Scores
	follows := segment.Rescore(one, scores, now, s.run.ID, s.heard)
	all := one.All()
	at := askedAt(all, s.run)
	members = s.set.Members(all, at, s.shop)
	proven := s.set.Proven(one, members, at, s.shop)
	s.set.Forget(one, members)
	if one.Scores == before && !s.set.Differs(one, s.standing(members), proven) {
		return members, false
	}
	moved := s.set.Diff(one, s.standing(members), proven, now, s.run.ID)
	// So that a shard that begins again knows what it has changed.
	one.Scores.Run = s.run.ID
	one.Append(one.Version+1, append(follows, s.set.WithoutProfiling(one, moved)...)...)
	return members, true
}

func (s *scorer) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at.Passed++
}

func (s *scorer) note(c change, changed bool, members map[segment.ID]bool, all *profile.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changed {
		s.at.Changed++
	}
	if !c.row.facts.Buyer() {
		return
	}
	s.like(c, members, all)
	for _, id := range s.scored {
		if members[id] {
			s.at.Segments[string(id)]++
			bring(&s.at.Worths, string(id), c.row.facts)
		}
	}
}

// like takes a buyer who changed off the segments that collecting has counted them in, by the old scores, and adds them to those of now.
func (s *scorer) like(c change, members map[segment.ID]bool, all *profile.Profile) {
	if len(c.row.members) < len(s.scored) {
		s.at.Likenesses.Missing = true // the part did not keep in which they were
		return
	}
	was, differs := maps.Clone(members), false
	for i, id := range s.scored {
		was[id] = c.row.members[i]
		differs = differs || was[id] != members[id]
	}
	if !differs {
		return
	}
	for _, one := range []struct {
		in   map[segment.ID]bool
		sign int
	}{{was, -1}, {members, 1}} {
		counted := seen(all, c.row.facts, s.run)
		for _, id := range slices.Sorted(slices.Values(s.set.IDs())) {
			if one.in[id] {
				counted.In = append(counted.In, string(id))
			}
		}
		s.at.Likenesses.Add(counted, one.sign)
	}
}
