package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
)

const (
	maxTrialBody = 4 << 10
	scopeTrial   = "trial"
	// mostTrials of a template are sent within trialWindow.
	mostTrials  = 20
	trialWindow = time.Hour
	// listedTrials are shown.
	listedTrials = 50
)

// askTrial judges a request to send a template to an address of the shop's own.
func (p *Process) askTrial(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	var asked struct {
		To     string `json:"to"`
		Locale string `json:"locale"`
	}
	if !httpapi.ParseJSON(w, body, &asked) {
		return nil
	}
	t := delivery.Trial{TemplateID: r.PathValue("id"), Locale: asked.Locale, To: asked.To}
	found, err := p.Catalog.Definition(r.Context(), definition.Template, t.TemplateID)
	if err != nil {
		p.answer(w, r, 0, definition.Document{Kind: definition.Template, ID: t.TemplateID}, err)
		return nil
	}
	saved := definition.Templates.Read(found)
	settings, err := catalog.Setting(r.Context(), p.Catalog, definition.Messaging)
	if err == nil {
		err = saved.Err
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return nil
	}
	t.TemplateVersion, t.Channel = found.Version, saved.Value.Channel
	var faults fault.Faults
	switch {
	case t.Channel != delivery.Email:
		faults.Addf("id", "is for the channel %s and not for %s", t.Channel, delivery.Email)
	case !settings.TakesTrials(t.To):
		faults.Add("to", "is no test address: an owner lists them in the setting messaging, as testAddresses")
	}
	if t.Locale != "" && !slices.Contains(saved.Value.LocaleNames(), t.Locale) {
		faults.Add("locale", "is no locale of the template")
	}
	if len(faults) > 0 {
		httpapi.Invalid(w, "Invalid test", faults)
		return nil
	}
	return &httpapi.Act{
		Scope: scopeTrial + "#" + t.TemplateID + byCaller(r.Context()),
		Do:    func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) { return p.try(ctx, t, call) },
		Then: func(ctx context.Context, _ http.Header, body []byte) error {
			var asked outreach.Trial
			if err := json.Unmarshal(body, &asked); err != nil {
				return fmt.Errorf("reading an answer: %w", err)
			}
			if asked.ID == "" {
				return nil // it was refused
			}
			return p.Notifications.Send(ctx, job.Notifications{Notifications: []job.Notification{}, Trials: []delivery.Trial{asked.Trial}})
		},
	}
}

// try writes a trial down, unless there were many of the template lately. dispatch sends it once, however often its job comes.
func (p *Process) try(ctx context.Context, t delivery.Trial, call httpapi.Call) (httpapi.Reply, error) {
	t.ID, t.At = p.NewRunID(), p.Now().UTC().Truncate(time.Millisecond)
	former, err := p.Trials.Of(ctx, t.TemplateID, mostTrials)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if len(former) == mostTrials && t.At.Sub(former[mostTrials-1].At) < trialWindow {
		return httpapi.Render(ctx, func(w http.ResponseWriter) {
			httpapi.Problem(w, http.StatusTooManyRequests, "", fmt.Sprintf("the template was tested %d times within an hour; try again later", mostTrials))
		}).Passing(), nil
	}
	by := p.signed(ctx)
	by.Line = by.Done(audit.Try, definition.Template, t.TemplateID, t.ID)
	lines, err := by.Puts()
	if err != nil {
		return httpapi.Reply{}, err
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusAccepted, outreach.Trial{Trial: t, By: by.By}), func(beside *idempotency.Answer) error {
		return p.Trials.Ask(ctx, t, by.By, append(p.remembered(beside), lines...)...)
	})
}

// trials shows what became of the tests of a template.
func (p *Process) trials(w http.ResponseWriter, r *http.Request) {
	all, err := p.Trials.Of(r.Context(), r.PathValue("id"), listedTrials)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[outreach.Trial]{Items: append([]outreach.Trial{}, all...)})
}
