package archive

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// Take writes what a batch brings as one object. The answer names the messages that are to come again: those that cannot be read, or all if the object could not be written.
func (p *Process) Take(ctx context.Context, batch events.SQSEvent) events.SQSEventResponse {
	work, cancel := queue.Bounded(ctx)
	defer cancel()
	causes := make([]error, len(batch.Records))
	var jobs []job.Archive
	for i, record := range batch.Records {
		j, err := queue.Job[job.Archive](record)
		if err == nil {
			err = readable(j)
		}
		if causes[i] = err; err == nil {
			jobs = append(jobs, j)
		}
	}
	if err := p.keep(work, archive.Gather(jobs)); err != nil {
		for i := range causes {
			if causes[i] == nil {
				causes[i] = err
			}
		}
	}
	return p.Consumer.Return(ctx, batch, func(i int) error { return causes[i] })
}

// readable refuses what no later step could read. It may be of a newer version: it comes again, and is a dead letter in the end.
func readable(j job.Archive) error {
	for i, pack := range j.Packs {
		if _, err := columns.PersonOf(pack.ProfileID); err != nil {
			return fmt.Errorf("packs[%d]: %w", i, err)
		}
		if _, err := people.EventsOf(pack.Body); err != nil {
			return fmt.Errorf("packs[%d]: %w", i, err)
		}
	}
	for i, m := range j.Merges {
		for _, id := range []profile.ID{m.ProfileID, profile.ID(m.Ref)} {
			if _, err := columns.PersonOf(id); err != nil || m.ID == "" {
				return fmt.Errorf("merges[%d] does not say which two profiles became one", i)
			}
		}
	}
	return nil
}

func (p *Process) keep(ctx context.Context, all job.Archive) error {
	if len(all.Packs)+len(all.Merges) == 0 {
		return nil
	}
	body, err := queue.Encode(all)
	if err != nil {
		return err
	}
	if err := p.Objects.Put(ctx, archive.PacksName(all), body); err != nil {
		return err
	}
	telemetry.Count("packs_archived", len(all.Packs), "function", "archive")
	return nil
}
