package shop

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

// Import is a file on its way into a stack.
type Import struct {
	Client   *Client
	Progress *Progress
	File     string
	Format   format.Format
	Options  format.Options
}

// Run sends the file and waits until all of it is projected. The file is read twice: once to see that all of it can be read, so
// that an unreadable one changes nothing, then to send it. When it is stopped, running it again completes it.
func (i Import) Run(ctx context.Context) (*Account, error) {
	account := &Account{}
	if err := i.check(account); err != nil {
		return nil, err
	}
	if err := i.Client.Running(ctx); err != nil {
		return nil, err
	}
	before, err := i.Client.Queues(ctx)
	if err != nil {
		return nil, err
	}
	start := i.Progress.Now()
	if err := i.send(ctx, account); err != nil {
		return account, err
	}
	account.Sending = i.Progress.Now().Sub(start)
	most := 0
	err = i.Client.Settle(ctx, func(left int) {
		most = max(most, left)
		i.Progress.Show("projecting", most-left, most, "jobs")
	})
	i.Progress.End()
	if err != nil {
		return account, err
	}
	account.Projected = i.Progress.Now().Sub(start)
	after, err := i.Client.Queues(ctx)
	if err != nil {
		return account, err
	}
	account.Dead = max(0, dead(after)-dead(before))
	return account, nil
}

// check reads the whole file without sending it and counts.
func (i Import) check(account *Account) error {
	seed := maphash.MakeSeed()
	seen := map[uint64]struct{}{}
	err := i.read(format.Sink{
		Event: func(e format.Event) error {
			account.Events++
			id := maphash.String(seed, e.MessageID)
			if _, known := seen[id]; known {
				account.Repeated++
			} else {
				account.book(e.Money, 1)
			}
			seen[id] = struct{}{}
			return nil
		},
		Refuse: account.refuse,
		Note:   func(text string) { account.Note = text },
		Line: func(n int) {
			account.Lines = n
			i.Progress.Show("reading", n, 0, "lines")
		},
	})
	i.Progress.End()
	if err != nil {
		return fmt.Errorf("%s cannot be read as %s: %w; nothing was sent", i.File, i.Format, err)
	}
	if account.Events == 0 {
		reason := errors.New("it has no lines")
		if len(account.Shown) > 0 {
			reason = errors.New(account.Shown[0].String())
		}
		return fmt.Errorf("%s holds no event as %s: %w; nothing was sent", i.File, i.Format, reason)
	}
	return nil
}

func (i Import) read(sink format.Sink) error {
	f, err := os.Open(i.File)
	if err != nil {
		return fmt.Errorf("opening the file: %w", errors.Unwrap(err))
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return errors.New("it is a folder")
	}
	return format.Read(i.Format, f, i.Options, sink)
}

func (i Import) send(ctx context.Context, account *Account) error {
	i.Progress.Show("sending", 0, account.Events, "events")
	s, sending := startSender(ctx, i.Client, i.Client.ServerKey, account)
	shown := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(shown)
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				i.Progress.Show("sending", s.sent(), account.Events, "events")
			}
		}
	}()
	b := &batcher{out: func(batch []format.Event) error { return s.queue(sending, batch) }}
	readErr := i.read(format.Sink{Event: b.add, Refuse: func(format.Refusal) {}})
	if readErr == nil {
		readErr = b.flush()
	}
	sendErr := s.finish(sending)
	close(stop)
	<-shown
	i.Progress.Show("sending", s.sent(), account.Events, "events")
	i.Progress.End()
	if sendErr != nil {
		return fmt.Errorf("sending %s, %s of %s events done: %w; run the same command again to complete it", i.File, grouped(s.sent()), grouped(account.Events), sendErr)
	}
	if readErr != nil {
		return fmt.Errorf("reading %s again: %w", i.File, readErr)
	}
	return nil
}
