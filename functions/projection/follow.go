package projection

import (
	"context"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/outbox"
)

// jobsPerMessage keeps a message to what its reader does within seconds, and far within the 64 KB that SQS bills as one.
const jobsPerMessage = 25

func (b *batch) note(p pending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// A later commit of the same profile holds what the earlier one still owed.
	if earlier, is := b.noted[p.profile]; is {
		if b.pending[earlier].version < p.version {
			b.pending[earlier] = p
		}
		return
	}
	b.noted[p.profile] = len(b.pending)
	b.pending = append(b.pending, p)
}

// send tells the other functions what follows from this batch's commits. Where that fails, the jobs that caused it come
// again, find the outbox, and it is sent then.
func (b *batch) send(ctx context.Context) {
	if len(b.pending) == 0 {
		return
	}
	if err := b.process.deliver(ctx, b.pending); err != nil {
		for _, p := range b.pending {
			b.verdict(p.group, err)
		}
		return
	}
	for _, p := range b.pending {
		b.process.done.sent(p.profile, p.version)
	}
}

// flush sends the follows that an earlier commit left in the outbox, and empties the outbox. Follows that this process has sent before are
// not sent again. The commit that comes next writes the profile without them; if none comes, they are sent again the next time, and the
// consumers drop them. Follows of a kind that only a newer version knows stay.
func (b *batch) flush(ctx context.Context, p *profile.Profile) error {
	if len(p.Outbox) == 0 {
		return nil
	}
	owed := slices.DeleteFunc(slices.Clone(p.Outbox), func(f profile.Follow) bool {
		return f.Part == "" && b.process.done.hasSent(p.ID, f.Version)
	})
	if len(owed) > 0 {
		if err := b.process.deliver(ctx, []pending{{profile: p.ID, follows: owed}}); err != nil {
			return err
		}
	}
	p.Outbox = slices.DeleteFunc(slices.Clone(p.Outbox), b.process.Outbox.Take)
	return nil
}

// deliver sends follows to the queues that want them.
func (p *Process) deliver(ctx context.Context, all []pending) error {
	var owed outbox.Owed
	for _, n := range all {
		owed.Add(n.profile, n.follows)
	}
	return p.Outbox.Send(ctx, &owed, jobsPerMessage)
}
