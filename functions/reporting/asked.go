package reporting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

const maxAsk = 64 << 10

// request is the body of a POST.
type request struct {
	Definition json.RawMessage `json:"definition"`
	Mode       string          `json:"mode,omitempty"` // exact where it says nothing
	AsOf       string          `json:"asOf,omitempty"` // the last closed day where it says nothing
}

// remembered is what a POST is remembered by: the question and how it was asked. What is answered is how far it is by now.
type remembered struct {
	ID   string `json:"id"`
	Mode string `json:"mode"`
}

// judge reads what is asked.
func (p *Process) judge(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var in request
	if !httpapi.ParseJSON(w, body, &in) {
		return nil
	}
	var faults fault.Faults
	if in.Mode == "" {
		in.Mode = modeExact
	}
	if in.Mode != modeExact && in.Mode != modeSample {
		faults.Add("mode", "is not sample or exact")
	}
	var asOf *profile.Day
	if in.AsOf != "" {
		day, err := profile.ParseDay(in.AsOf)
		switch {
		case err != nil:
			faults.Add("asOf", "is not a date such as 2026-11-21")
		case day > p.Shop.Day(p.Now()):
			faults.Add("asOf", "is a day that has not begun")
		}
		asOf = &day
	}
	if len(in.Definition) == 0 {
		faults.Add("definition", "is missing")
	} else if _, _, err := fold.Canonical(in.Definition); err != nil {
		var found fault.Faults
		if !errors.As(err, &found) {
			httpapi.Failed(w, r, err)
			return nil
		}
		faults = append(faults, found.Under("definition")...)
	}
	if len(faults) > 0 {
		httpapi.Invalid(w, "Invalid question", faults)
		return nil
	}
	fields := personal(in.Definition)
	if !mayAsk(w, r, fields) {
		return nil
	}
	return &httpapi.Act{
		Scope: "report#by#" + httpapi.Caller(r.Context()).Name,
		Do: func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
			return p.accept(ctx, in, asOf, fields, call)
		},
		Report: func(ctx context.Context, body []byte) (any, error) {
			var of remembered
			if err := json.Unmarshal(body, &of); err != nil {
				return nil, fmt.Errorf("reading an answer: %w", err)
			}
			return p.carryOut(ctx, of)
		},
	}
}

// accept stores the question. Asking for what people are has a line in the audit log, in the transaction of what is remembered.
func (p *Process) accept(ctx context.Context, in request, asOf *profile.Day, fields []string, call httpapi.Call) (httpapi.Reply, error) {
	a, err := p.plan(ctx, in.Definition, asOf)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if err := a.save(ctx, p.Objects); err != nil {
		return httpapi.Reply{}, err
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusOK, remembered{a.id, in.Mode}), func(beside *idempotency.Answer) error {
		if len(fields) == 0 {
			if beside == nil {
				return nil
			}
			return p.Memory.Remember(ctx, *beside)
		}
		line := audit.Line{At: p.Now().UTC().Truncate(time.Millisecond), By: httpapi.Caller(ctx), From: httpapi.From(ctx), Fields: fields}
		by := p.Audit.Signed(line.Done(audit.Ask, audit.KindReport, a.id, p.NewID()))
		if beside == nil {
			return p.Audit.Write(ctx, by.Line)
		}
		return p.Memory.RememberSigned(ctx, by, *beside)
	})
}

// carryOut does what a question is for by now: a sample is drawn, and of an exact answer the jobs are sent whose parts are not there.
func (p *Process) carryOut(ctx context.Context, of remembered) (any, error) {
	a, err := load(ctx, p.Objects, of.ID)
	if err != nil {
		return nil, err
	}
	if of.Mode == modeSample {
		work, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		seen, info, err := p.sample(work, &a, sampleEvents)
		if err != nil {
			return nil, err
		}
		return a.shown(modeSample, stateDone, a.parts()).answered(ctx, &a, seen, &info)
	}
	if err := p.send(ctx, &a); err != nil {
		return nil, err
	}
	return p.state(ctx, &a)
}

// send sends the jobs of a question whose parts are not there: all of them at first; and those that are on their way once more, where it is asked again. What has failed begins anew.
func (p *Process) send(ctx context.Context, a *asking) error {
	there, err := p.parts(ctx, a)
	if err != nil || there.has(a.key(answerName)) {
		return err
	}
	asked := there.asked(a)
	switch failed, err := p.failed(ctx, a, there); {
	case err != nil:
		return err
	case failed != nil:
		asked++ // two who ask at once ask for the same time
	}
	if err := once(ctx, p.Objects, a.numbered(askedName, asked), nil); err != nil {
		return err
	}
	if err := once(ctx, p.Objects, a.waiting(), nil); err != nil {
		return err
	}
	var bodies [][]byte
	for part := range a.parts() {
		if there.has(a.part(part)) && part > 0 {
			continue // the first one is always sent, since it may be the merging that is missing
		}
		body, err := queue.Encode(job.Reporting{Report: a.id, Shard: part, Again: asked})
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	return p.Jobs.SendAll(ctx, bodies)
}
