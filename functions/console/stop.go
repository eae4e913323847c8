package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
)

const maxStopBody = 4 << 10

// The scopes of answers that are remembered in Catalog.
const (
	scopeStop   = "stop"
	scopeResume = "resume"
)

// stopShown is what is stopped, as the API shows it.
type stopShown struct {
	delivery.Stop
	Since *time.Time     `json:"since,omitempty"`
	By    *access.Caller `json:"by,omitempty"`
	// Setting names the setting that says so, of what no call has stopped. Since when and by whom its versions tell.
	Setting string `json:"setting,omitempty"`
}

// resumed is the answer to POST /v1/resume.
type resumed struct {
	// Resumed is the stop that was in force; absent where none was.
	Resumed *stopShown `json:"resumed,omitempty"`
	// Stopped is all that is stopped still, by the settings too.
	Stopped []stopShown `json:"stopped"`
	// Note says in words that there was nothing to end.
	Note string `json:"note,omitempty"`
}

// askStop judges a request to stop what is sent.
func (p *Process) askStop(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	stop, ok := readStop(w, body, true)
	if !ok {
		return nil
	}
	if stop.CampaignID != "" {
		_, there, err := p.Catalog.Find(r.Context(), definition.Campaign, stop.CampaignID)
		if err != nil {
			httpapi.Failed(w, r, err)
			return nil
		}
		if !there {
			httpapi.Invalid(w, "Invalid stop", fault.Faults{{Field: "campaign", Reason: fmt.Sprintf("names the campaign %s, which is not there", stop.CampaignID)}})
			return nil
		}
	}
	return p.onceMore(r, scopeStop, func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) { return p.stop(ctx, stop, call) })
}

// askResume judges a request to let go on what was stopped.
func (p *Process) askResume(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	stop, ok := readStop(w, body, false)
	if !ok {
		return nil
	}
	return p.onceMore(r, scopeResume, func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) {
		return p.resume(ctx, stop, call)
	})
}

// onceMore is an act that is judged anew when somebody else stops or resumes the same in the same moment.
func (p *Process) onceMore(r *http.Request, scope string, do func(context.Context, httpapi.Call) (httpapi.Reply, error)) *httpapi.Act {
	return &httpapi.Act{
		Scope: scope + byCaller(r.Context()),
		Do: func(ctx context.Context, call httpapi.Call) (reply httpapi.Reply, err error) {
			err = again(nil, func() error {
				reply, err = do(ctx, call)
				return err
			})
			return reply, err
		},
	}
}

// readStop reads the body of a stop, or of the end of one, which says nothing of transactional notifications. Where it is no good, the request is answered.
func readStop(w http.ResponseWriter, body []byte, begins bool) (stop delivery.Stop, ok bool) {
	switch {
	case len(body) > 0:
	case begins: // somebody may have forgotten what they meant to stop
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", `the body is empty: {} stops everything, {"channel": "email"} a channel, {"campaign": "id"} a campaign`)
		return stop, false
	default:
		body = []byte("{}")
	}
	if reason := fault.Syntax(body); reason != "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the body "+reason)
		return stop, false
	}
	stop, err := delivery.ParseStop(body)
	faults := fault.Repeated(body)
	if stop.ID != "" {
		faults.Add("id", "is given to a stop, and not taken")
	}
	if stop.Channel != "" && !slices.Contains(delivery.Channels(), stop.Channel) {
		faults.Addf("channel", "is not a channel: %v", delivery.Channels())
	}
	if !begins && stop.KeepTransactional {
		faults.Add("keepTransactional", "means nothing here: transactional notifications go on with the others")
	}
	if err := faults.And(err); err != nil {
		httpapi.Invalid(w, "Invalid stop", err)
		return stop, false
	}
	return stop, true
}

// stop lets a stop begin, in the transaction of its line in the audit log. One that is in force already and says the same stays.
func (p *Process) stop(ctx context.Context, stop delivery.Stop, call httpapi.Call) (httpapi.Reply, error) {
	scope := stop.Scope()
	current, there, err := p.Catalog.Find(ctx, definition.Stop, scope)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if there {
		before, err := definition.ReadStop(current)
		if err != nil {
			return httpapi.Reply{}, err
		}
		if before.KeepTransactional == stop.KeepTransactional {
			return httpapi.Replied(ctx, http.StatusOK, shownStop(before, current.UpdatedAt, current.By)), nil
		}
		var refused *refusedAct
		if stop.KeepTransactional && errors.As(mayAct(ctx, access.Resume), &refused) {
			return httpapi.Render(ctx, func(w http.ResponseWriter) { forbidden(w, refused) }).Passing(), nil
		}
	}
	stop.ID = p.NewRunID()
	body, err := httpapi.Marshal(stop)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("writing a stop: %w", err)
	}
	by := p.signed(ctx, changed(current.Body, body)...)
	var over []dynamo.Write // the one whose place it takes
	if there {
		if over, err = p.ends(current, by); err != nil {
			return httpapi.Reply{}, err
		}
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusCreated, shownStop(stop, by.At, by.By)), func(beside *idempotency.Answer) error {
		_, err := p.Catalog.Save(ctx, definition.Stop, scope, body, &current.Version, by, append(p.remembered(beside), over...)...)
		return err
	})
}

// ends are the writes that remember a stop as one that is over.
func (p *Process) ends(current definition.Document, by operator.Signed) ([]dynamo.Write, error) {
	stop, err := definition.ReadStop(current)
	if err != nil {
		return nil, err
	}
	put, err := p.Ended.Put(catalog.EndedStop{Stop: stop, Since: current.UpdatedAt, By: current.By, Ended: by.At, EndedBy: by.By}, 0)
	return []dynamo.Write{put}, err
}

// resume ends the stop of a scope, in the transaction of its line in the audit log.
func (p *Process) resume(ctx context.Context, what delivery.Stop, call httpapi.Call) (httpapi.Reply, error) {
	scope := what.Scope()
	left, err := p.stopsInForce(ctx)
	if err != nil {
		return httpapi.Reply{}, err
	}
	current, there, err := p.Catalog.Find(ctx, definition.Stop, scope)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !there {
		return httpapi.Replied(ctx, http.StatusOK, resumed{Stopped: left, Note: nothingResumed(what, left)}), nil
	}
	stop, err := definition.ReadStop(current)
	if err != nil {
		return httpapi.Reply{}, err
	}
	shown := shownStop(stop, current.UpdatedAt, current.By)
	left = slices.DeleteFunc(left, func(s stopShown) bool { return s.ID == stop.ID })
	by := p.signed(ctx)
	over, err := p.ends(current, by)
	if err != nil {
		return httpapi.Reply{}, err
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusOK, resumed{Resumed: &shown, Stopped: left}), func(beside *idempotency.Answer) error {
		err := p.Catalog.Delete(ctx, definition.Stop, scope, current.Version, by, append(p.remembered(beside), over...)...)
		if errors.Is(err, dynamo.ErrNotFound) {
			return dynamo.ErrConflict // somebody else has ended it
		}
		return err
	})
}

// nothingResumed says that a stop was not there to be ended, and what goes on being stopped all the same.
func nothingResumed(what delivery.Stop, left []stopShown) string {
	note := "nothing was resumed: no call has stopped " + words(what)
	for i, one := range left {
		if i == 0 {
			note += "; stopped still: "
		} else {
			note += ", "
		}
		note += words(one.Stop)
		if one.Setting != "" {
			note += " (by the setting " + one.Setting + ")"
		}
	}
	return note
}

// words are what a stop is of.
func words(s delivery.Stop) string {
	switch {
	case s.Channel != "":
		return "the channel " + string(s.Channel)
	case s.CampaignID != "":
		return "the campaign " + s.CampaignID
	}
	return delivery.StopEverything
}

// remembered is the answer as a part of the effect's transaction; nothing without an Idempotency-Key.
func (p *Process) remembered(answer *idempotency.Answer) []dynamo.Write {
	if answer == nil {
		return nil
	}
	return []dynamo.Write{answers.Put(p.Catalog.Table, *answer)}
}

func shownStop(stop delivery.Stop, since time.Time, by access.Caller) stopShown {
	return stopShown{Stop: stop, Since: &since, By: &by}
}

// stopsInForce is all that is stopped, by calls and by the setting messaging.
func (p *Process) stopsInForce(ctx context.Context) ([]stopShown, error) {
	found, err := p.Catalog.All(ctx, definition.Stop)
	if err != nil {
		return nil, err
	}
	all := []stopShown{}
	for _, d := range found {
		stop, err := definition.ReadStop(d)
		if err != nil {
			return nil, err
		}
		all = append(all, shownStop(stop, d.UpdatedAt, d.By))
	}
	settings, err := catalog.Setting(ctx, p.Catalog, definition.Messaging)
	if err != nil {
		return nil, err
	}
	if settings.KillSwitch {
		all = append(all, stopShown{Setting: delivery.SettingsID})
	}
	for _, channel := range settings.Stopped {
		all = append(all, stopShown{Stop: delivery.Stop{Channel: channel}, Setting: delivery.SettingsID})
	}
	return all, nil
}
