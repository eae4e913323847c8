package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

const (
	// reserve is how much of an invocation must be left before a notification is begun: the call and the records around it.
	reserve = providerTime + 5*time.Second
	// atOnce is how many people are looked at side by side; the channels keep as many connections.
	atOnce = 16
)

// batch is the notifications of an invocation. Those of one person come one after the other, in their order, since each changes the
// same contact record; those of different people go side by side.
type batch struct {
	*Process
	records []*record
	people  map[profile.ID][]item
	order   []profile.ID
	trials  []tried
	begun   bool // anything was

	mu sync.Mutex
}

// record is a message of the queue. It is done when every notification is decided.
type record struct {
	received int // how often, this time included
	failed   []error
	rest     []job.Notification // goes on as a new message
	paced    *paced             // why it does so later, nil for at once
}

// patience is up to which receive a notification stays in its message while it waits for another job's write: some nine hours. After that
// it goes on as a new message. Waiting is no failure, and the last receives are left for failures.
const patience = 7

// tried is what an operator sends to themselves, with the message that asks for it.
type tried struct {
	t delivery.Trial
	r *record
}

type item struct {
	n job.Notification
	r *record
}

// Handle consumes a batch of the notifications queue. Notifications that there is no time to begin, and those that have waited long, are
// sent again as a new message, and the old message is deleted. SQS counts every receive as a failed attempt; a slow provider or a late
// event must not use the receives up.
func (p *Process) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	defer p.writeCounts()
	b := &batch{Process: p, people: map[profile.ID][]item{}}
	for _, m := range in.Records {
		b.add(m)
	}
	work, cancel := queue.Bounded(ctx)
	defer cancel()
	b.run(work)
	b.handBack(ctx)
	p.giveBack(ctx)
	p.Live.Write(ctx)
	return p.Queue.Return(ctx, in, func(i int) error { return errors.Join(b.records[i].failed...) }), nil
}

func (b *batch) add(m events.SQSMessage) {
	r := &record{received: queue.Receives(m)}
	b.records = append(b.records, r)
	j, err := queue.Job[job.Notifications](m)
	if err != nil {
		r.failed = append(r.failed, err)
		return
	}
	for _, t := range j.Trials {
		b.trials = append(b.trials, tried{t, r})
	}
	for _, n := range j.Notifications {
		if _, known := b.people[n.ProfileID]; !known {
			b.order = append(b.order, n.ProfileID)
		}
		b.people[n.ProfileID] = append(b.people[n.ProfileID], item{n, r})
	}
}

// run goes through the people side by side.
func (b *batch) run(ctx context.Context) {
	next := make(chan []item, len(b.order))
	for _, id := range b.order {
		next <- b.people[id]
	}
	close(next)
	var workers sync.WaitGroup
	for range min(atOnce, len(b.order)) {
		leave := b.Together.Join()
		workers.Go(func() {
			defer leave()
			for items := range next {
				for _, i := range items {
					b.one(ctx, i)
				}
			}
		})
	}
	workers.Wait()
	for _, one := range b.trials {
		b.try(ctx, one)
	}
}

// try sends a trial, if its whole time is left; else its message comes again.
func (b *batch) try(ctx context.Context, one tried) {
	err := errLate
	if deadline, bounded := ctx.Deadline(); ctx.Err() == nil && (!bounded || time.Until(deadline) >= reserve) {
		err = queue.Guard(func() error { return b.Try(ctx, one.t) })
		b.begun = true
	}
	if err != nil {
		one.r.failed = append(one.r.failed, err)
	}
}

// one dispatches a notification, if its whole time is left. One that fails lets the others go on; when its job comes again, those that
// were decided are known.
func (b *batch) one(ctx context.Context, i item) {
	if deadline, bounded := ctx.Deadline(); ctx.Err() != nil || bounded && time.Until(deadline) < reserve {
		b.mu.Lock()
		i.r.rest = append(i.r.rest, i.n)
		b.mu.Unlock()
		return
	}
	err := queue.Guard(func() error { return b.Dispatch(ctx, i.n) })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun = true
	var turn *paced
	switch {
	case err == nil:
	case errors.As(err, &turn):
		i.r.rest, i.r.paced = append(i.r.rest, i.n), turn
	case errors.Is(err, queue.ErrNotYet) && i.r.received > patience && b.Now().Before(i.n.NotAfter):
		slog.InfoContext(ctx, "notification waits as a new message", "notification", i.n.ID, "error", err.Error())
		i.r.rest = append(i.r.rest, i.n)
	default:
		i.r.failed = append(i.r.failed, err)
	}
}

var errLate = fmt.Errorf("too little time is left to begin a notification: %w", queue.ErrNoTime)

// handBack sends the notifications that go on as new messages. A message of which some notification failed is left alone: it comes again as
// a whole. An invocation that had no time to begin anything hands nothing back: its time is set too short, and that shows when the receives
// are used up.
func (b *batch) handBack(ctx context.Context) {
	var bodies [][]byte
	var from []*record
	for _, r := range b.records {
		if len(r.rest) == 0 || len(r.failed) > 0 {
			continue
		}
		if r.paced != nil {
			if err := b.wait(ctx, r); err != nil {
				r.failed = append(r.failed, fmt.Errorf("sending again what waits for its turn: %w", err))
			}
			continue
		}
		body, err := queue.Encode(job.Notifications{Notifications: r.rest})
		if err != nil || !b.begun {
			r.failed = append(r.failed, errors.Join(errLate, err))
			continue
		}
		bodies, from = append(bodies, body), append(from, r)
	}
	if len(bodies) == 0 {
		return
	}
	slog.InfoContext(ctx, "handed back", "messages", len(bodies))
	err := b.Again.SendAll(ctx, bodies)
	var some *queue.SendError
	switch {
	case err == nil:
	case errors.As(err, &some):
		for _, at := range some.Failed {
			from[at].failed = append(from[at].failed, fmt.Errorf("sending again what goes on: %w", some.Err))
		}
	default:
		for _, r := range from {
			r.failed = append(r.failed, fmt.Errorf("sending again what goes on: %w", err))
		}
	}
}

// wait sends again what waits for its turn at a channel's provider, so that it comes when its turn is.
func (b *batch) wait(ctx context.Context, r *record) error {
	now := b.Now()
	turn, err := b.Allowances.Turn(ctx, r.paced.channel, now, now.Add(queue.MaxDelay), int64(len(r.rest)), r.paced.perSecond)
	if err != nil {
		return err
	}
	return b.Again.SendLater(ctx, job.Notifications{Notifications: r.rest}, min(max(turn.Sub(now), time.Second), queue.MaxDelay))
}
