package redrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
)

const (
	maxRequest = 16 << 10
	// maxLetters bounds the letters that a request names.
	maxLetters = 100
	// patience is how long a call begins pages of letters: whoever waits for its answer waits ten seconds, and the gateway half a minute.
	patience = 5 * time.Second
)

// request is what an operator has asked for, as it is remembered: what was dead before a moment, or letters that were named. A call that is sent again goes by it, so that nothing is sent which has failed since.
type request struct {
	ID      string    `json:"id"`
	Queue   string    `json:"queue"`
	Before  time.Time `json:"before"`
	Letters []string  `json:"letters,omitempty"`
}

// progress is how far a request is: what this call of it has sent, and whether there is more.
type progress struct {
	request
	Sent   int  `json:"sent"`
	Failed int  `json:"failed,omitempty"`
	Left   bool `json:"left"`
}

// named finds a queue by the name that GET /v1/queues gives it; where there is none, the request is answered.
func (p *Process) named(w http.ResponseWriter, r *http.Request) (Queue, bool) {
	name := r.PathValue("queue")
	i := slices.IndexFunc(p.Queues, func(q Queue) bool { return q.Name == name })
	if i < 0 {
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no queue %.100q", name))
		return Queue{}, false
	}
	return p.Queues[i], true
}

// ask judges a request to send dead letters again.
func (p *Process) ask(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	q, ok := p.named(w, r)
	if !ok {
		return nil
	}
	letters, ok := asked(w, body)
	if !ok {
		return nil
	}
	return &httpapi.Act{
		Scope: "redrive#" + q.Name + "#by#" + httpapi.Caller(r.Context()).Name,
		Do: func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
			return p.accept(ctx, request{ID: p.NewID(), Queue: q.Name, Before: p.Now().UTC().Truncate(time.Millisecond), Letters: letters}, call)
		},
		Report: func(ctx context.Context, body []byte) (any, error) {
			var of request
			if err := json.Unmarshal(body, &of); err != nil {
				return nil, fmt.Errorf("reading an answer: %w", err)
			}
			sent, err := p.carryOut(ctx, q, of)
			return progress{of, sent.Sent, sent.Failed, sent.Left}, err
		},
	}
}

// asked reads which letters are meant, none for all of them. Where the body is no good, the request is answered.
func asked(w http.ResponseWriter, body []byte) ([]string, bool) {
	var in struct {
		Letters []string `json:"letters"`
	}
	if len(body) == 0 { // somebody may have forgotten what they meant
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", `the body is empty: {} sends all dead letters of the queue, {"letters": ["id"]} those`)
		return nil, false
	}
	if !httpapi.ParseJSON(w, body, &in) {
		return nil, false
	}
	var faults fault.Faults
	switch n := len(in.Letters); {
	case in.Letters != nil && n == 0:
		faults.Addf("letters", "is empty: without it all are sent")
	case n > maxLetters:
		faults.Addf("letters", "has more than %d", maxLetters)
	}
	for i, id := range in.Letters {
		if _, _, err := split(id); err != nil {
			faults.Addf(fmt.Sprintf("letters[%d]", i), "is no id of a dead letter")
		}
	}
	if len(faults) > 0 {
		httpapi.Invalid(w, "Invalid request", faults)
		return nil, false
	}
	slices.Sort(in.Letters)
	return slices.Compact(in.Letters), true
}

// accept remembers a request, in the transaction of its line in the audit log. The letters are sent next.
func (p *Process) accept(ctx context.Context, of request, call httpapi.Call) (httpapi.Reply, error) {
	line := audit.Line{At: of.Before, By: httpapi.Caller(ctx), From: httpapi.From(ctx)}
	by := p.Audit.Signed(line.Done(audit.Redrive, audit.KindQueue, of.Queue, of.ID))
	return call.Commit(httpapi.Replied(ctx, http.StatusOK, of), func(beside *idempotency.Answer) error {
		if beside == nil {
			return p.Audit.Write(ctx, by.Line)
		}
		return p.Memory.RememberSigned(ctx, by, *beside)
	})
}

// carryOut sends what a request is for, as far as the time of a call goes.
func (p *Process) carryOut(ctx context.Context, q Queue, of request) (Sent, error) {
	if len(of.Letters) > 0 {
		return p.these(ctx, q, of.Letters)
	}
	return p.again(ctx, q, of.Before, time.Now().Add(patience))
}

// these sends letters that were named. Those that are gone were sent before.
func (p *Process) these(ctx context.Context, q Queue, ids []string) (Sent, error) {
	var letters []deadletter.Letter
	for _, id := range ids {
		at, message, err := split(id)
		if err != nil {
			return Sent{}, err
		}
		l, err := p.Letters.Find(ctx, q.Name, at, message)
		if errors.Is(err, dynamo.ErrNotFound) {
			continue
		}
		if err != nil {
			return Sent{}, err
		}
		letters = append(letters, l)
	}
	sent, failed := p.send(ctx, q, letters)
	return Sent{Queue: q.Name, Sent: sent, Failed: len(failed)}, outage(q, sent, failed)
}

// letterID is what a letter is called in the API.
func letterID(l deadletter.Letter) string {
	return strconv.FormatInt(l.Sent.UnixMilli(), 10) + "." + l.ID
}

// maxMessageID bounds the id of a message of SQS.
const maxMessageID = 100

func split(id string) (sent time.Time, message string, err error) {
	milliseconds, message, found := strings.Cut(id, ".")
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	if err != nil || !found || n < 0 || message == "" || len(message) > maxMessageID || strconv.FormatInt(n, 10) != milliseconds {
		return time.Time{}, "", fmt.Errorf("%.200q is no id of a dead letter", id)
	}
	return time.UnixMilli(n).UTC(), message, nil
}
