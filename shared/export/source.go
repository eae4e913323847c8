package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
)

// Source is the archive as its head was at one moment, with who people are by then and who was erased.
type Source struct {
	objects archive.Reader
	view    *archive.View
	reading columns.Reading
}

// nobody has filed anything: whoever may read the bucket need not read a table, and leaves out who was erased once archive has taken that, within ten minutes.
type nobody struct{}

func (nobody) Look(context.Context, string) ([]due.Entry, error) { return nil, nil }

// Open reads the archive's head and lists.
func Open(ctx context.Context, objects archive.Reader) (*Source, error) {
	view, err := archive.Look(ctx, objects, nobody{})
	if err != nil {
		return nil, err
	}
	reading, err := view.Reading(ctx, objects, 0, 1)
	return &Source{objects: objects, view: view, reading: reading}, err
}

// Number is the version of the archive's head.
func (s *Source) Number() int64 { return s.view.Number }

// Span is the first and the last day that there is something of; false where there is nothing.
func (s *Source) Span() (first, last profile.Day, is bool) {
	for day := range s.view.Days {
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
	d := s.view.Days[day]
	if d == nil {
		return State{}
	}
	return State{Files: len(d.Files), Closes: d.Closes, ClosedAt: d.ClosedAt, Final: d.Closes > 0 && !d.Open}
}

// Written is what an export of a day has written.
type Written struct{ Events, Files int }

// Write writes a day, or leaves what was there of it. Each of the day's files is read twice, one after the other: who was merged into somebody of another shard has to be known before the first shard is
// written.
func (s *Source) Write(ctx context.Context, target Target, day profile.Day) (w Written, err error) {
	d := s.view.Days[day]
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
	moved := make([][]columns.Event, d.Shards)
	if len(s.reading.Merged) > 0 {
		merged := s.reading.Moved()
		for _, one := range d.Files {
			f, err := archive.OpenFile(ctx, s.objects, one.Name)
			if err != nil {
				return w, err
			}
			some, err := merged.Of(f)
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
		for _, one := range d.Files {
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
