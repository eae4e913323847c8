package console

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/userops/userops/shared/httpapi"
)

// queueState is how full a queue is.
type queueState struct {
	Queue    string `json:"queue"`
	Depth    int    `json:"depth"`    // waiting
	InFlight int    `json:"inFlight"` // with a function
	Delayed  int    `json:"delayed"`  // to come later
	// OldestDead is when the oldest dead letter was first sent, of those that are kept. How old what waits is SQS tells CloudWatch alone.
	OldestDead   time.Time `json:"oldestDead,omitzero"`
	DeadLettered int       `json:"deadLettered"` // kept, or waiting to be
}

func (p *Process) queues(w http.ResponseWriter, r *http.Request) {
	states := make([]queueState, len(p.Queues))
	faults := make([]error, len(p.Queues))
	var all sync.WaitGroup
	for i, q := range p.Queues {
		all.Go(func() { states[i], faults[i] = p.measure(r, q) })
	}
	all.Wait()
	for _, err := range faults {
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
	}
	httpapi.JSON(w, http.StatusOK, states)
}

func (p *Process) measure(r *http.Request, q Queue) (queueState, error) {
	live, err := p.Gauge.Depth(r.Context(), q.URL)
	if err != nil {
		return queueState{}, fmt.Errorf("queue %s: %w", q.Name, err)
	}
	dead, err := p.Gauge.Depth(r.Context(), q.DeadURL)
	if err != nil {
		return queueState{}, fmt.Errorf("dead letters of %s: %w", q.Name, err)
	}
	kept, err := p.Letters.Count(r.Context(), q.Name)
	if err != nil {
		return queueState{}, err
	}
	oldest, err := p.Letters.Oldest(r.Context(), q.Name)
	if err != nil {
		return queueState{}, err
	}
	return queueState{
		Queue: q.Name, OldestDead: oldest, Depth: live.Waiting, InFlight: live.InFlight, Delayed: live.Delayed,
		DeadLettered: dead.Waiting + dead.InFlight + dead.Delayed + kept,
	}, nil
}
