package console

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/httpapi"
)

// queueState is how full a queue is, by SQS's approximate counts: under load each may lag by a moment.
type queueState struct {
	Queue        string `json:"queue"`
	Depth        int    `json:"depth"`    // waiting
	InFlight     int    `json:"inFlight"` // with a function
	Delayed      int    `json:"delayed"`  // to come later
	DeadLettered int    `json:"deadLettered"`
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
	live, err := p.counts(r, q.URL)
	if err != nil {
		return queueState{}, fmt.Errorf("measuring queue %s: %w", q.Name, err)
	}
	dead, err := p.counts(r, q.DeadURL)
	if err != nil {
		return queueState{}, fmt.Errorf("measuring the dead letters of %s: %w", q.Name, err)
	}
	return queueState{
		Queue: q.Name,
		Depth: live[waiting], InFlight: live[flying], Delayed: live[delayed],
		DeadLettered: dead[waiting] + dead[flying] + dead[delayed],
	}, nil
}

const (
	waiting = types.QueueAttributeNameApproximateNumberOfMessages
	flying  = types.QueueAttributeNameApproximateNumberOfMessagesNotVisible
	delayed = types.QueueAttributeNameApproximateNumberOfMessagesDelayed
)

func (p *Process) counts(r *http.Request, url string) (map[types.QueueAttributeName]int, error) {
	names := []types.QueueAttributeName{waiting, flying, delayed}
	out, err := p.Gauge.GetQueueAttributes(r.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: names})
	if err != nil {
		return nil, err
	}
	counts := map[types.QueueAttributeName]int{}
	for _, name := range names {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return nil, fmt.Errorf("%s is no number", name)
		}
		counts[name] = n
	}
	return counts, nil
}
