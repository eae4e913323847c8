package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// Source is the archive as its head was at one moment, with who people are by then and who was erased.
type Source struct {
	objects archive.Objects
	head    *archive.Head
	reading columns.Reading
}

// Open reads the archive's head and lists. Who was erased and has not come into the list yet is left out too.
func Open(ctx context.Context, objects archive.Objects) (*Source, error) {
	head, _, err := archive.Load(ctx, objects)
	if err != nil {
		return nil, err
	}
	erased, err := archive.LoadErased(ctx, objects, head)
	if err != nil {
		return nil, err
	}
	listed, err := objects.List(ctx, archive.ErasedPrefix)
	if err != nil {
		return nil, err
	}
	for _, o := range head.Fresh(listed) {
		body, _, err := objects.Read(ctx, o.Key)
		if err != nil {
			return nil, err
		}
		var e job.Erasure
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("reading an erasure: %w", err)
		}
		for _, id := range e.Keys {
			was := erased[id]
			was.At = event.Latest(was.At, e.At)
			erased[id] = was
		}
	}
	merges, err := archive.LoadMerges(ctx, objects, head)
	if err != nil {
		return nil, err
	}
	s := &Source{objects: objects, head: head, reading: columns.Reading{Merged: make(map[columns.Person]columns.Person, len(merges)), Erased: archive.Erasures(erased)}}
	for absorbed, m := range merges {
		s.reading.Merged[absorbed] = m.Into
	}
	return s, nil
}

// Number is the version of the archive's head.
func (s *Source) Number() int64 { return s.head.Number }

// Span is the first and the last day that there is something of; false where there is nothing.
func (s *Source) Span() (first, last profile.Day, is bool) {
	for day := range s.head.Days {
		if !is {
			first, last, is = day, day, true
		}
		first, last = min(first, day), max(last, day)
	}
	return first, last, is
}

// State is what became of a day: without files there is nothing of it. A day that is not Final may get other events yet.
type State struct {
	Files    int
	Closes   int
	ClosedAt time.Time
	Final    bool
}

// State tells of a day.
func (s *Source) State(day profile.Day) State {
	d := s.head.Days[day]
	if d == nil {
		return State{}
	}
	state := State{Closes: d.Closes, ClosedAt: d.ClosedAt, Final: d.Closes > 0 && !d.Open}
	for _, f := range d.Files {
		if !f.Late {
			state.Files++
		}
	}
	return state
}

// Written is what an export of a day has written.
type Written struct{ Events, Files int }

// Write writes a day, or leaves what was there of it. Each of the day's files is read twice, one after the other: who was merged into somebody of another shard has to be known before the first shard is
// written.
func (s *Source) Write(ctx context.Context, target Target, day profile.Day) (w Written, err error) {
	d := s.head.Days[day]
	if d == nil {
		return w, fmt.Errorf("the archive has nothing of %s", day.Time().Format(time.DateOnly))
	}
	out, err := target.Begin(day)
	if err != nil {
		return w, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Discard())
		}
	}()
	files := slices.Clone(d.Files)
	files = slices.DeleteFunc(files, func(f archive.File) bool { return f.Late })
	moved := make([][]columns.Event, d.Shards)
	if len(s.reading.Merged) > 0 {
		for _, one := range files {
			f, err := archive.OpenFile(ctx, s.objects, one.Name)
			if err != nil {
				return w, err
			}
			some, err := s.reading.Moved(f)
			if err != nil {
				return w, fmt.Errorf("%s: %w", one.Name, err)
			}
			for _, e := range some {
				shard := e.Person.Shard(d.Shards)
				moved[shard] = append(moved[shard], e)
			}
		}
	}
	for shard := range d.Shards {
		sources := []columns.Sequence{columns.Sorted(moved[shard])}
		reading := s.reading
		reading.Shard, reading.Shards = shard, d.Shards
		for _, one := range files {
			if one.Shard != shard {
				continue
			}
			f, err := archive.OpenFile(ctx, s.objects, one.Name)
			if err != nil {
				return w, err
			}
			sources = append(sources, reading.Rows(f))
		}
		n, err := out.Shard(shard, d.Shards, columns.Together(sources...))
		if err != nil {
			return w, err
		}
		if moved[shard] = nil; n > 0 {
			w.Events, w.Files = w.Events+n, w.Files+1
		}
	}
	return w, out.Commit()
}
