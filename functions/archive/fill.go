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
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// Filling is how far the archive has been filled from the timeline. It is what {"fill":true} answers.
type Filling struct {
	Begun time.Time    `json:"begun"`
	From  people.Place `json:"from"`
	Packs int          `json:"packs"`
	Done  bool         `json:"done"`
}

// fillKey is the object that says how far a filling is. Who begins one writes it, each page of it writes it anew.
const fillKey = "fill.json"

// filling reads how far a filling is, nil where there is none.
func (p *Process) filling(ctx context.Context) (*Filling, string, error) {
	body, tag, err := p.Objects.Read(ctx, fillKey)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	var f Filling
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, "", fmt.Errorf("reading how far the archive is filled: %w", err)
	}
	return &f, tag, nil
}

// Fill begins to fill the archive from the timeline that is there, or says how far that is. Runs go on with it. What comes meanwhile is taken as always; copies fall away. One that is done begins anew
// when it is asked for again.
func (p *Process) Fill(ctx context.Context) (any, error) {
	f, tag, err := p.filling(ctx)
	if err != nil {
		return nil, err
	}
	if f != nil && !f.Done {
		return *f, nil
	}
	f = &Filling{Begun: p.Now().UTC()}
	_, err = p.save(ctx, f, tag)
	return *f, err
}

func (p *Process) save(ctx context.Context, f *Filling, tag string) (string, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("writing how far the archive is filled: %w", err)
	}
	return p.Objects.Replace(ctx, fillKey, body, tag)
}

// fill goes on with a filling, page by page: an object, then the place behind it. A page that comes again is the same object.
func (p *Process) fill(ctx context.Context, f *Filling, tag string) error {
	for !f.Done && !late(ctx) {
		packs, next, err := p.Timeline.Scan(ctx, f.From)
		if err != nil {
			return err
		}
		all := stored(packs)
		if len(all.Packs)+len(all.Merges) > 0 {
			body, err := queue.Encode(all)
			if err != nil {
				return err
			}
			if err := p.Objects.Put(ctx, archive.PacksName(all), body); err != nil {
				return err
			}
		}
		f.From, f.Packs, f.Done = next, f.Packs+len(all.Packs), next == people.Place{}
		if tag, err = p.save(ctx, f, tag); err != nil {
			return err
		}
	}
	return nil
}

// stored makes a job of packs of the timeline. The events of merges become merges. One that cannot be read is counted and passed over.
func stored(packs []people.StoredPack) (all job.Archive) {
	for _, pack := range packs {
		list, err := people.EventsOf(pack.Body)
		if _, nobody := columns.PersonOf(pack.Profile); err != nil || nobody != nil {
			telemetry.Count("timeline_pack_unreadable", 1, "function", "archive")
			slog.Error("pack of the timeline passed over", "day", pack.Day.String())
			continue
		}
		all.Packs = append(all.Packs, job.Pack{ProfileID: pack.Profile, Day: pack.Day, Body: pack.Body})
		for _, e := range list {
			if m, is := mergeOf(e); is {
				all.Merges = append(all.Merges, m)
			}
		}
	}
	return archive.Gather([]job.Archive{all})
}
