package segmentation

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/queue"
)

// The parts of a run's columns are objects of the archive's bucket; those of a run that the version before has planned are items of Runs, and that version goes on with it alike.

// collectedOf is the set of the shards that are collected. A run whose parts are objects has one of its own: the version before looks for items, finds no shard collected, and collects by itself.
func collectedOf(run score.Run) runs.RunDone {
	if run.InBucket {
		return runs.RunGathered
	}
	return runs.RunCollected
}

// keepPart writes a part that is not there and answers the cursor behind the one that stands then.
func (p *Process) keepPart(ctx context.Context, run score.Run, part runs.RunPart) (next string, err error) {
	if run.InBucket {
		body := append(binary.AppendUvarint(nil, uint64(len(part.Next))), part.Next...)
		_, err = p.Objects.Replace(ctx, partName(run, part.Shard, part.Number), append(body, part.Body...), "")
	} else {
		err = p.Runs.SavePart(ctx, run, part)
	}
	if err == nil {
		return part.Next, nil
	}
	if !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, dynamo.ErrConflict) {
		return "", err
	}
	found, err := p.partAt(ctx, run, part.Shard, part.Number)
	if errors.Is(err, dynamo.ErrNotFound) {
		// S3 answers the same where another write is under way, which may come to nothing.
		return "", fmt.Errorf("writing part %d of shard %d of run %s while somebody else does: %w", part.Number, part.Shard, run.ID, queue.ErrNotYet)
	}
	return found.Next, err
}

func partName(run score.Run, shard, number int) string {
	return archive.ColumnsName(run.ID, run.CreatedAt, shard, number)
}

// partAt reads a part. dynamo.ErrNotFound says that it was not collected.
func (p *Process) partAt(ctx context.Context, run score.Run, shard, number int) (runs.RunPart, error) {
	if !run.InBucket {
		return p.Runs.Part(ctx, run.ID, shard, number)
	}
	body, _, err := p.Objects.Read(ctx, partName(run, shard, number))
	if errors.Is(err, bucket.ErrNotFound) {
		err = dynamo.ErrNotFound
	}
	if err != nil {
		return runs.RunPart{}, fmt.Errorf("reading part %d of shard %d of run %s: %w", number, shard, run.ID, err)
	}
	length, n := binary.Uvarint(body)
	if n <= 0 || length > uint64(len(body)-n) {
		return runs.RunPart{}, fmt.Errorf("reading part %d of shard %d of run %s: %w", number, shard, run.ID, errColumns)
	}
	next, rest := body[n:n+int(length)], body[n+int(length):]
	return runs.RunPart{Shard: shard, Number: number, Next: string(next), Body: rest}, nil
}

// parts visits what was collected of a run all of whose shards are, always in one order.
func (p *Process) parts(ctx context.Context, run score.Run, visit func(summary, []row) error) error {
	unpacked := func(part runs.RunPart) error {
		s, rows, err := unpackColumns(part.Body)
		if err == nil {
			err = visit(s, rows)
		}
		if err != nil {
			return fmt.Errorf("part %d of shard %d: %w", part.Number, part.Shard, err)
		}
		return nil
	}
	if !run.InBucket {
		return p.Runs.Parts(ctx, run.ID, unpacked)
	}
	for shard := range run.Shards {
		for number, next := 0, "first"; next != ""; number++ {
			part, err := p.partAt(ctx, run, shard, number)
			if err != nil {
				return err
			}
			if err := unpacked(part); err != nil {
				return err
			}
			next = part.Next
		}
	}
	return nil
}
