package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

const (
	// hour is how old an object of packs gets before files are made of it, unless there is little.
	hour = 50 * time.Minute
	// chunkBytes is how much of objects one step takes: packs become ten times as large in memory.
	chunkBytes = 24 << 20
	// chunkParts is from how many days and shards on a step takes no further object: a file of each is written, some tens of milliseconds, and nothing of it counts before all are.
	chunkParts = 1000
	// littleEvents are made files of each time the schedule comes: 144 times a day, that writes some 700 objects of four shards, which is 0.0035 USD, and each event some ten times.
	littleEvents = 100_000
)

// Run does what there is to do, step by step, as far as the time goes; the next run goes on. Where another run was quicker, it ends: what it has written is waste.
func (p *Process) Run(ctx context.Context) error {
	err := p.run(ctx, nil)
	if errors.Is(err, bucket.ErrConflict) {
		slog.InfoContext(ctx, "another run was quicker")
		return nil
	}
	return err
}

// Closed is what became of a close. Left says that time ran out: the same call goes on.
type Closed struct {
	Day    string `json:"day"`
	Closes int    `json:"closes"`
	Left   bool   `json:"left"`
}

// CloseAgain closes a day again, with what came too late to be read by any answer.
func (p *Process) CloseAgain(ctx context.Context, date string) (any, error) {
	day, err := profile.ParseDay(date)
	if err != nil {
		return nil, fmt.Errorf("close: %w", err)
	}
	if p.Now().Before((day + 1).Start(p.Shop.Zone)) {
		return nil, fmt.Errorf("close: %s is not over yet", date)
	}
	if err := p.run(ctx, &day); err != nil {
		return nil, err
	}
	head, _, err := archive.Load(ctx, p.Objects)
	if err != nil {
		return nil, err
	}
	d := head.Days[day]
	if d == nil {
		return nil, fmt.Errorf("close: there are no events of %s", date)
	}
	return Closed{Day: date, Closes: d.Closes, Left: d.Open}, nil
}

func (p *Process) run(ctx context.Context, again *profile.Day) error {
	if err := p.Later.Ready(ctx, due.OwnerArchive, p.erasure); err != nil {
		return err
	}
	r := &run{Process: p, now: p.Now().UTC().Truncate(time.Millisecond)}
	var err error
	if r.head, r.tag, err = archive.Load(ctx, p.Objects); err != nil {
		return err
	}
	if r.erased, err = archive.LoadErased(ctx, p.Objects, r.head); err != nil {
		return err
	}
	f, tag, err := p.filling(ctx)
	if err != nil {
		return err
	}
	if r.filling = f != nil && !f.Done; r.filling {
		if err := p.fill(ctx, f, tag); err != nil {
			return err
		}
		r.filling = !f.Done
	}
	// The queues are looked at before the bucket: what was in none of them then is in the bucket now.
	queued, err := p.queued(ctx)
	if err != nil {
		return err
	}
	if done, err := r.take(ctx, r.little() || again != nil || len(r.toClose(again, queued)) > 0); err != nil || !done {
		return err
	}
	if err := r.closeAll(ctx, again, queued); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.purge, r.sweep} {
		if late(ctx) {
			return nil
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// little tells whether no day has so many events that files of them have to be made seldom: what a shop that has just begun, or a small one, is sent can be asked for at once.
func (r *run) little() bool {
	for _, d := range r.head.Days {
		n := 0
		for _, f := range d.Files {
			n += f.Events
		}
		if n > r.Little {
			return false
		}
	}
	return true
}

// erasure keeps what projection has filed about an erasure as an object, for the next step to take.
func (p *Process) erasure(ctx context.Context, e due.Entry) (again time.Time, err error) {
	return time.Time{}, p.Objects.Put(ctx, archive.ErasureName(e.Body), e.Body)
}

// take makes files of the objects that no file names, and lists of what they say of people. done is false where there is more than the time allows.
func (r *run) take(ctx context.Context, all bool) (done bool, err error) {
	listed, err := r.Objects.List(ctx, archive.PacksPrefix)
	if err != nil {
		return false, err
	}
	erasures, err := r.Objects.List(ctx, archive.ErasedPrefix)
	if err != nil {
		return false, err
	}
	listed, erasures = r.head.Fresh(listed), r.head.Fresh(erasures)
	old, size := false, int64(0)
	for _, o := range listed {
		old, size = old || r.now.Sub(o.Written) >= hour, size+o.Size
	}
	if len(erasures) == 0 && !old && !all && size < chunkBytes {
		return true, nil
	}
	for begun := false; len(listed) > 0 || !begun && len(erasures) > 0; begun = true {
		if late(ctx) {
			return false, nil
		}
		n, pieces, err := r.chunk(ctx, listed, erasures)
		if err != nil {
			return false, err
		}
		listed, erasures = append(listed[n:], pieces...), nil
	}
	return true, nil
}

// chunk takes some objects, of so many bytes, days and shards that it ends in its time, and commits. It says how many it took, and what it has divided one into that reaches into too many days: those are taken next.
func (r *run) chunk(ctx context.Context, packs, erasures []bucket.Object) (n int, pieces []bucket.Object, err error) {
	if err := r.erasures(ctx, erasures); err != nil {
		return 0, nil, err
	}
	in, pace := newIntake(r.Shop, r.dayShards), paceOf(ctx)
	for size := int64(0); n < len(packs) && (n == 0 || size+packs[n].Size <= chunkBytes && len(in.events) < chunkParts && pace.allows(n, r.calls(in))); n++ {
		o := packs[n]
		size += o.Size
		body, _, err := r.Objects.Read(ctx, o.Key)
		if err != nil {
			return 0, nil, err
		}
		// One that cannot be read is passed over; a newer version may have written it. It stays, and is told each time.
		all, err := opened(body)
		if err != nil {
			telemetry.Count("archive_object_unreadable", 1, "function", "archive")
			slog.ErrorContext(ctx, "object passed over", "object", o.Key, "error", err.Error())
			continue
		}
		if several := archive.Divide(all); len(several) > 1 {
			if pieces, err = r.divide(ctx, several, pieces); err != nil {
				return 0, nil, err
			}
		} else if err := in.add(o.Key, all); err != nil {
			return 0, nil, err
		}
		r.head.Taken = append(r.head.Taken, archive.Named{Name: o.Key, At: r.now})
	}
	if len(in.merges) > 0 || len(erasures) > 0 {
		if err := r.people(ctx, in.merges); err != nil {
			return 0, nil, err
		}
	}
	if err := r.file(ctx, in); err != nil {
		return 0, nil, err
	}
	r.head.At = r.now
	return n, pieces, r.commit(ctx)
}

// divide writes the parts of an object as objects of their own. They are there before the head ceases to want the whole: a crash between the two leaves copies, which fall away.
func (r *run) divide(ctx context.Context, several []job.Archive, pieces []bucket.Object) ([]bucket.Object, error) {
	for _, one := range several {
		body, err := queue.Encode(one)
		if err != nil {
			return nil, err
		}
		o := bucket.Object{Key: archive.PacksName(one), Size: int64(len(body)), Written: r.now}
		if err := r.Objects.Put(ctx, o.Key, body); err != nil {
			return nil, err
		}
		pieces = append(pieces, o)
	}
	return pieces, nil
}

// erasures takes in who was erased.
func (r *run) erasures(ctx context.Context, erasures []bucket.Object) error {
	for _, o := range erasures {
		body, _, err := r.Objects.Read(ctx, o.Key)
		if err != nil {
			return err
		}
		var e job.Erasure
		if err := json.Unmarshal(body, &e); err != nil {
			return fmt.Errorf("reading an erasure: %w", err)
		}
		for _, id := range e.Keys {
			was := r.erased[id]
			r.erased[id] = archive.Erased{ID: id, At: event.Latest(was.At, e.At), Until: event.Latest(was.Until, e.Until), Since: r.now, Gone: was.Gone && !e.At.After(was.At)}
		}
		r.head.Taken = append(r.head.Taken, archive.Named{Name: o.Key, At: r.now})
	}
	if len(erasures) == 0 {
		return nil
	}
	return archive.SaveErased(ctx, r.Objects, r.head, r.now, r.erased)
}

// people brings the lists of merges up to date. A merge of somebody who was erased since is none.
func (r *run) people(ctx context.Context, merges []job.Follow) (err error) {
	if r.merges == nil {
		if r.merges, err = archive.LoadAllMerges(ctx, r.Objects, r.head); err != nil {
			return err
		}
	}
	further, apart := map[columns.Person]archive.Merge{}, map[columns.Person]time.Time{}
	for _, f := range merges {
		absorbed, err := columns.PersonOf(profile.ID(f.Ref))
		if err != nil {
			return err // it was read when it came
		}
		into, err := columns.PersonOf(f.ProfileID)
		if err != nil {
			return err
		}
		if was, is := further[absorbed]; !is || f.At.After(was.At) {
			further[absorbed] = archive.Merge{Into: into, At: f.At}
		}
	}
	for id, e := range r.erased {
		if p, err := columns.PersonOf(id); err == nil {
			apart[p] = e.Until
		}
	}
	r.merges.Change(further, apart)
	return r.merges.Save(ctx, r.Objects, r.head, r.now)
}
