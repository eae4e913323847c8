package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/httpapi"
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
	planned segment.State = "planned"
)

// started is the answer to POST /v1/runs.
type started struct {
	RunID string `json:"runId"`
}

// startRun remembers the run, then asks segmentation for it. Whoever asks again with the same Idempotency-Key after a crash in
// between has the job sent after all: segmentation makes one run of an id, however often it is asked.
func (p *Process) startRun(w http.ResponseWriter, r *http.Request) {
	body, err := httpapi.ReadBody(r, maxRunBody)
	if err != nil {
		httpapi.TooLarge(w, maxRunBody)
		return
	}
	asOf, ok := p.asOf(w, body)
	if !ok {
		return
	}
	call, ok := keyed(w, r, scopeRuns, body)
	if !ok {
		return
	}
	ctx := r.Context()
	run := started{RunID: p.NewRunID()}
	now := p.Now()
	answer, err := json.Marshal(run)
	if err != nil {
		httpapi.Failed(w, r, fmt.Errorf("writing an answer: %w", err))
		return
	}
	answers := dynamo.Answers(p.Runs)
	remembered := []dynamo.Answer{{Scope: scopePlanned, Key: run.RunID, Request: asOf, Status: http.StatusAccepted, Body: answer, At: now}}
	if call.key != "" {
		remembered = append(remembered, call.answer(http.StatusAccepted, answer, now))
	}
	by := p.signed(ctx)
	by.Line = by.Done(audit.Start, audit.KindRun, run.RunID, run.RunID)
	if err = answers.RememberSigned(ctx, by, remembered...); errors.Is(err, dynamo.ErrConflict) {
		var before *dynamo.Answer
		if before, err = call.before(ctx, answers, now); errors.Is(err, errOtherBody) {
			httpapi.KeyReused(w)
			return
		} else if before != nil {
			err = json.Unmarshal(before.Body, &run)
		} else if err == nil {
			err = dynamo.ErrConflict // the same call is under way
		}
	}
	if err == nil {
		err = p.plan(ctx, run.RunID, asOf)
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	w.Header().Set("Location", "/v1/runs/"+run.RunID)
	httpapi.JSON(w, http.StatusAccepted, run)
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
	date, err := segment.ParseDate(asked.AsOf)
	if err == nil && date > segment.DateOf(p.Now(), p.Shop.Zone) {
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
	httpapi.JSON(w, http.StatusOK, httpapi.List[segment.Run]{Items: runs, Next: next})
}

// listFailed answers an error of a list: a foreign cursor is the caller's fault.
func listFailed(w http.ResponseWriter, r *http.Request, err error) {
	httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
}

func (p *Process) showRun(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	run, err := p.Runs.Load(r.Context(), id)
	if err == nil {
		httpapi.JSON(w, http.StatusOK, run)
		return
	}
	if errors.Is(err, dynamo.ErrNotFound) {
		var asked dynamo.Answer
		if asked, err = dynamo.Answers(p.Runs).Answer(r.Context(), scopePlanned, id, p.Now()); err == nil {
			httpapi.JSON(w, http.StatusOK, map[string]any{"runId": id, "state": planned, "asOf": asked.Request, "createdAt": asked.At})
			return
		}
	}
	if errors.Is(err, dynamo.ErrNotFound) {
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no run %q", id))
		return
	}
	httpapi.Failed(w, r, err)
}

// lastCount is the number of profiles by the newest finished run, nil if there is none among the last ones.
func (p *Process) lastCount(ctx context.Context) (*int, error) {
	runs, _, err := p.Runs.List(ctx, 10, "")
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if run.State == segment.Finished && run.Findings != nil {
			return &run.Profiles, nil
		}
	}
	return nil, nil
}
