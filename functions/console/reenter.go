package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
)

// scopeReenter is the scope of answers to requests to enter again, which the stop's id follows.
const scopeReenter = "reenter#"

// maxReentries is how many requests to enter again are remembered of a stop, the last ones.
const maxReentries = 50

// stopReport is a stop with what it has skipped.
type stopReport struct {
	stopShown
	Ended   *time.Time     `json:"ended,omitempty"`
	EndedBy *access.Caller `json:"endedBy,omitempty"`
	// These two are of all campaigns.
	Skipped      int64                `json:"skipped"`
	EnteredAgain int64                `json:"enteredAgain"`
	Campaigns    []outreach.StopTally `json:"campaigns"`
	Reentries    []reentryShown       `json:"reentries,omitempty"`
}

// reentryShown is a request to enter again, and when it was through.
type reentryShown struct {
	catalog.Reentry
	Finished *time.Time `json:"finished,omitempty"`
}

// reentering is the answer to a request to enter again.
type reentering struct {
	ReentryID  string `json:"reentryId"`
	StopID     string `json:"stopId"`
	CampaignID string `json:"campaign,omitempty"`
	// ToEnter is how many the stop has skipped whom nobody had entered again when it was asked; who was erased since is among them. Counted is where it says how many it were in the end.
	ToEnter int64  `json:"toEnter"`
	Counted string `json:"counted"`
}

// showStop shows one stop, in force or over, with what it has skipped.
func (p *Process) showStop(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	report, found, err := p.stopReport(r.Context(), id)
	switch {
	case err != nil:
		httpapi.Failed(w, r, err)
	case !found:
		noStop(w, id)
	default:
		httpapi.JSON(w, http.StatusOK, report)
	}
}

func noStop(w http.ResponseWriter, id string) {
	httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no stop %.100q: GET /v1/stops lists those in force, GET /v1/stops?ended=true those that are over, for 90 days", id))
}

func (p *Process) stopReport(ctx context.Context, id string) (report stopReport, found bool, err error) {
	current, inForce, err := p.stopInForce(ctx, id)
	if err != nil {
		return report, false, err
	}
	report.stopShown = current
	if !inForce {
		over, version, err := p.Ended.Find(ctx, id)
		if err != nil || version == 0 {
			return report, false, err
		}
		finished, err := p.Results.Finished(ctx, id)
		if err != nil {
			return report, false, err
		}
		report.stopShown, report.Ended, report.EndedBy = shownStop(over.Stop, over.Since, over.By), &over.Ended, &over.EndedBy
		for _, one := range over.Reentries {
			shown := reentryShown{Reentry: one}
			if at, done := finished[one.ID]; done {
				shown.Finished = &at
			}
			report.Reentries = append(report.Reentries, shown)
		}
	}
	if report.Campaigns, err = p.Results.Stopped(ctx, id); err != nil {
		return report, false, err
	}
	if report.Campaigns == nil {
		report.Campaigns = []outreach.StopTally{}
	}
	for _, one := range report.Campaigns {
		report.Skipped, report.EnteredAgain = report.Skipped+one.Skipped, report.EnteredAgain+one.EnteredAgain
	}
	return report, true, nil
}

// stopInForce finds a stop that a call has begun and none has ended.
func (p *Process) stopInForce(ctx context.Context, id string) (stopShown, bool, error) {
	all, err := p.Catalog.All(ctx, definition.Stop)
	if err != nil {
		return stopShown{}, false, err
	}
	for _, d := range all {
		stop, err := definition.ReadStop(d)
		if err != nil {
			return stopShown{}, false, err
		}
		if stop.ID == id {
			return shownStop(stop, d.UpdatedAt, d.By), true, nil
		}
	}
	return stopShown{}, false, nil
}

// askReenter judges a request to enter again whom a stop has skipped.
func (p *Process) askReenter(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var asked struct {
		Campaign string `json:"campaign"`
	}
	if len(body) == 0 { // somebody may have forgotten what they meant
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", `the body is empty: {} enters everybody again whom the stop has skipped, {"campaign": "id"} those of a campaign`)
		return nil
	}
	if reason := fault.Syntax(body); reason != "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the body "+reason)
		return nil
	}
	if err := append(fault.Repeated(body), fault.Decode(body, &asked)...).Err(); err != nil {
		httpapi.Invalid(w, "Invalid request", err)
		return nil
	}
	id := r.PathValue("id")
	return &httpapi.Act{
		Scope: scopeReenter + id + byCaller(r.Context()),
		Do: func(ctx context.Context, call httpapi.Call) (reply httpapi.Reply, err error) {
			err = again(nil, func() error {
				reply, err = p.reenter(ctx, id, asked.Campaign, call)
				return err
			})
			return reply, err
		},
		Then: func(ctx context.Context, _ http.Header, body []byte) error { return p.sendReentry(ctx, body) },
	}
}

// reenter remembers a request to enter again, in the transaction of its line in the audit log. Orchestration is asked next.
func (p *Process) reenter(ctx context.Context, id, campaign string, call httpapi.Call) (httpapi.Reply, error) {
	refuse := func(respond func(http.ResponseWriter)) (httpapi.Reply, error) {
		return httpapi.Render(ctx, respond).Passing(), nil
	}
	if _, inForce, err := p.stopInForce(ctx, id); err != nil {
		return httpapi.Reply{}, err
	} else if inForce {
		return refuse(func(w http.ResponseWriter) {
			httpapi.Problem(w, http.StatusConflict, "", "the stop is in force: POST /v1/resume ends it, and whoever it has skipped can be entered again then")
		})
	}
	over, version, err := p.Ended.Find(ctx, id)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if version == 0 {
		return refuse(func(w http.ResponseWriter) { noStop(w, id) })
	}
	skipped, err := p.Results.Stopped(ctx, id)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if campaign != "" {
		if skipped = slices.DeleteFunc(skipped, func(t outreach.StopTally) bool { return t.Campaign != campaign }); len(skipped) == 0 {
			return refuse(func(w http.ResponseWriter) {
				httpapi.Invalid(w, "Invalid request", fault.Faults{{Field: "campaign", Reason: fmt.Sprintf("names %.100q, of which the stop has skipped nobody", campaign)}})
			})
		}
	}
	answer := reentering{ReentryID: p.NewRunID(), StopID: id, CampaignID: campaign, Counted: "/v1/stops/" + url.PathEscape(id)}
	for _, one := range skipped {
		answer.ToEnter += one.Skipped - one.EnteredAgain
	}
	by := p.signed(ctx)
	request := catalog.Reentry{ID: answer.ReentryID, CampaignID: campaign, At: by.At, By: by.By}
	over.Reentries = append(over.Reentries, request)
	over.Reentries = over.Reentries[max(0, len(over.Reentries)-maxReentries):]
	put, err := p.Ended.Put(over, version)
	if err != nil {
		return httpapi.Reply{}, err
	}
	by.Line = by.Done(audit.Reenter, definition.Stop, over.Scope(), id+"#"+request.ID)
	lines, err := by.Puts()
	if err != nil {
		return httpapi.Reply{}, err
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusAccepted, answer), func(beside *idempotency.Answer) error {
		return dynamo.Do(ctx, p.Catalog.DB, append(append(lines, put), p.remembered(beside)...)...)
	})
}

// sendReentry asks orchestration for what a request was answered, unless that is through with it.
func (p *Process) sendReentry(ctx context.Context, body []byte) error {
	var asked reentering
	if err := json.Unmarshal(body, &asked); err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	finished, err := p.Results.Finished(ctx, asked.StopID)
	if _, done := finished[asked.ReentryID]; done || err != nil {
		return err
	}
	return p.Orchestration.Send(ctx, job.Orchestration{Reentry: &job.Reentry{ID: asked.ReentryID, StopID: asked.StopID, CampaignID: asked.CampaignID}})
}
