package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
)

// The scopes of answers that are remembered in Runs: by the caller's Idempotency-Key, and by the run's id until its first step is
// done.
const (
	scopeRuns    = "runs"
	scopePlanned = "run"
)

const (
	maxRunBody = 4 << 10
	// planned is the state of a run whose first step has not been taken.
	planned score.State = "planned"
)

// started is the answer to POST /v1/runs.
type started struct {
	RunID string `json:"runId"`
}

// askRun judges a request to start a run.
func (p *Process) askRun(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	asOf, ok := p.asOf(w, body)
	if !ok {
		return nil
	}
	return &httpapi.Act{
		Scope: scopeRuns + byCaller(r.Context()),
		Do: func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
			return p.startRun(ctx, asOf, call)
		},
		Then: func(ctx context.Context, header http.Header, body []byte) error {
			var run started
			if err := json.Unmarshal(body, &run); err != nil {
				return fmt.Errorf("reading an answer: %w", err)
			}
			if err := p.plan(ctx, run.RunID, asOf); err != nil {
				return err
			}
			header.Set("Location", "/v1/runs/"+run.RunID)
			return nil
		},
	}
}

// byCaller is the end of a scope: what somebody was answered is nothing for those who may not ask.
func byCaller(ctx context.Context) string { return "#by#" + httpapi.Caller(ctx).Name }

// startRun remembers the run, which segmentation is asked for next. Whoever asks again with the same Idempotency-Key after a crash in between has the job sent
// after all: segmentation makes one run of an id, however often it is asked.
func (p *Process) startRun(ctx context.Context, asOf string, call httpapi.Call) (httpapi.Reply, error) {
	run := started{RunID: p.NewRunID()}
	body, err := httpapi.Marshal(run)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("writing an answer: %w", err)
	}
	all := []idempotency.Answer{{Scope: scopePlanned, Key: run.RunID, Request: asOf, Status: http.StatusAccepted, Body: body, At: p.Now()}}
	by := p.signed(ctx)
	by.Line = by.Done(audit.Start, audit.KindRun, run.RunID, run.RunID)
	return call.Commit(httpapi.Replied(ctx, http.StatusAccepted, run), func(beside *idempotency.Answer) error {
		if beside != nil {
			all = append(all, *beside)
		}
		return answers.Store(p.Runs).RememberSigned(ctx, by, all...)
	})
}

// plan asks segmentation for the run unless it has begun.
func (p *Process) plan(ctx context.Context, id, asOf string) error {
	_, err := p.Runs.Load(ctx, id)
	if !errors.Is(err, dynamo.ErrNotFound) {
		return err
	}
	return p.Jobs.Send(ctx, job.Segmentation{Kind: job.Plan, RunID: id, AsOf: asOf})
}

// asOf reads the date of a run, empty for today. Where it is no good, the request is answered.
func (p *Process) asOf(w http.ResponseWriter, body []byte) (string, bool) {
	var asked struct {
		AsOf string `json:"asOf"`
	}
	if len(body) == 0 {
		return "", true
	}
	if reason := fault.Syntax(body); reason != "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the body "+reason)
		return "", false
	}
	if err := append(fault.Repeated(body), fault.Decode(body, &asked)...).Err(); err != nil {
		httpapi.Invalid(w, "Invalid run", err)
		return "", false
	}
	if asked.AsOf == "" {
		return "", true
	}
	date, err := score.ParseDate(asked.AsOf)
	if err == nil && date > score.Date(p.Shop.Day(p.Now())) {
		err = fmt.Errorf("%s is yet to come", date)
	}
	if err != nil {
		httpapi.Problem(w, http.StatusUnprocessableEntity, "Invalid run", "", httpapi.FieldError{Field: "asOf", Reason: err.Error()})
		return "", false
	}
	return asked.AsOf, true
}

func (p *Process) listRuns(w http.ResponseWriter, r *http.Request) {
	page, ok := httpapi.ParsePage(w, r, 20, 100)
	if !ok {
		return
	}
	runs, next, err := p.Runs.List(r.Context(), page.Limit, page.Cursor)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[score.Run]{Items: runs, Next: next})
}

func (p *Process) showRun(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	run, err := p.Runs.Load(r.Context(), id)
	if err == nil {
		httpapi.JSON(w, http.StatusOK, run)
		return
	}
	if !errors.Is(err, dynamo.ErrNotFound) {
		httpapi.Failed(w, r, err)
		return
	}
	asked, found, err := answers.Store(p.Runs).Recall(r.Context(), scopePlanned, id, p.Now())
	switch {
	case err != nil:
		httpapi.Failed(w, r, err)
	case !found:
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no run %q", id))
	default:
		httpapi.JSON(w, http.StatusOK, map[string]any{"runId": id, "state": planned, "asOf": asked.Request, "createdAt": asked.At})
	}
}

// finishedRuns reads them, once for a preview.
type finishedRuns func() ([]score.Run, error)

// finished are the finished runs among the last ones, newest first.
func (p *Process) finished(ctx context.Context) (finished []score.Run, err error) {
	all, _, err := p.Runs.List(ctx, 10, "")
	for _, run := range all {
		if run.State == score.StateFinished && run.Findings != nil {
			finished = append(finished, run)
		}
	}
	return finished, err
}

// lastMoved is the newest of the finished runs that moved memberships, nil if there is none.
func lastMoved(finished []score.Run) *score.Run {
	for i := range finished {
		if !finished[i].ReportOnly && finished[i].Outcome != nil {
			return &finished[i]
		}
	}
	return nil
}
