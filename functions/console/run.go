package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/segment"
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
	maxRunBody        = 4 << 10
	maxIdempotencyKey = 255
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
	key, request := r.Header.Get("Idempotency-Key"), digest(body)
	if len(key) > maxIdempotencyKey {
		httpapi.Problem(w, http.StatusBadRequest, "", fmt.Sprintf("an Idempotency-Key has at most %d bytes", maxIdempotencyKey))
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
	if key != "" {
		remembered = append(remembered, dynamo.Answer{Scope: scopeRuns, Key: key, Request: request, Status: http.StatusAccepted, Body: answer, At: now})
	}
	if err = answers.Remember(ctx, remembered...); errors.Is(err, dynamo.ErrConflict) {
		if run, err = earlier(ctx, answers, key, request, p); errors.Is(err, errOtherBody) {
			httpapi.Problem(w, http.StatusUnprocessableEntity, "Idempotency-Key used before", "the key was used with another body")
			return
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

var errOtherBody = errors.New("the Idempotency-Key was used with another body")

// earlier is what was answered to the same call.
func earlier(ctx context.Context, answers dynamo.Answers, key, request string, p *Process) (started, error) {
	found, err := answers.Answer(ctx, scopeRuns, key, p.Now())
	if err != nil {
		return started{}, err
	}
	if found.Request != request {
		return started{}, errOtherBody
	}
	var run started
	if err := json.Unmarshal(found.Body, &run); err != nil {
		return started{}, fmt.Errorf("reading an earlier answer: %w", err)
	}
	return run, nil
}

// plan asks segmentation for the run unless it has begun.
func (p *Process) plan(ctx context.Context, id, asOf string) error {
	_, err := p.Runs.Load(ctx, id)
	if !errors.Is(err, dynamo.ErrNotFound) {
		return err
	}
	return p.Jobs.Send(ctx, job.Segmentation{Version: job.Version, Kind: job.Plan, RunID: id, AsOf: asOf})
}

// asOf reads the date of a run, empty for today. Where it is no good, the request is answered.
func (p *Process) asOf(w http.ResponseWriter, body []byte) (string, bool) {
	var asked struct {
		AsOf string `json:"asOf"`
	}
	if len(body) == 0 {
		return "", true
	}
	if err := strict(body, &asked); err != nil {
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
	if errors.Is(err, dynamo.ErrCursor) {
		badCursor(w)
		return
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[segment.Run]{Items: runs, Next: next})
}

func badCursor(w http.ResponseWriter) {
	httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "cursor", Reason: "is not one that this list gave"})
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

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
