package outbox

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// Bodies takes jobs of one queue that are written already; when SendAll answers nil all are durable. queue.Sender is one.
type Bodies interface {
	SendAll(ctx context.Context, bodies [][]byte) error
}

// Packs puts the packs of commits on the archive's queue.
type Packs struct{ Queue Bodies }

// messageBytes is how much is put into one message: SQS bills by 64 KB, and a pack takes a third more than its body has.
const messageBytes = 44 << 10

// Send sends packs that are packed, many to a message. They are durable when it answers nil; an error leaves open which of them were sent.
func (p Packs) Send(ctx context.Context, packs []people.Pack) error {
	var bodies [][]byte
	var one job.Archive
	bytes := 0
	put := func() error {
		body, err := queue.Encode(one)
		bodies = append(bodies, body)
		one, bytes = job.Archive{}, 0
		return err
	}
	for _, pack := range packs {
		if size := len(pack.Body()); bytes > 0 && bytes+size > messageBytes {
			if err := put(); err != nil {
				return err
			}
		}
		one.Packs = append(one.Packs, job.Pack{ProfileID: pack.Profile, Day: pack.Day, Body: pack.Body()})
		bytes += len(pack.Body()) + 64
	}
	if len(one.Packs) > 0 {
		if err := put(); err != nil {
			return err
		}
	}
	if len(bodies) == 0 {
		return nil
	}
	if err := p.Queue.SendAll(ctx, bodies); err != nil {
		return fmt.Errorf("sending packs to the archive: %w", err)
	}
	return nil
}
