package sqs

import "sync"

// news tells of dead letters in order, from a goroutine of its own so that the listener may call the engine.
type news struct {
	tell    func(DeadLetter)
	mu      sync.Mutex
	changed *sync.Cond
	letters []DeadLetter
	closing bool
	done    chan struct{}
}

func (n *news) start(tell func(DeadLetter)) {
	n.changed = sync.NewCond(&n.mu)
	n.tell = tell
	n.done = make(chan struct{})
	go func() {
		defer close(n.done)
		for {
			n.mu.Lock()
			for len(n.letters) == 0 && !n.closing {
				n.changed.Wait()
			}
			letters := n.letters
			n.letters = nil
			n.mu.Unlock()
			if len(letters) == 0 {
				return
			}
			for _, l := range letters {
				tell(l)
			}
		}
	}()
}

func (n *news) add(letters []DeadLetter) {
	if n.tell == nil || len(letters) == 0 {
		return
	}
	n.mu.Lock()
	n.letters = append(n.letters, letters...)
	n.mu.Unlock()
	n.changed.Signal()
}

func (n *news) finish() {
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.changed.Signal()
	<-n.done
}
