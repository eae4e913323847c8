package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

const (
	// sampleShards is how many places of the table the sample is taken from, a page of 1 MB at each. Profiles lie in the order of a
	// hash of their ids, so that a page is a random sample.
	sampleShards = 8
	// maxSample bounds the work of a preview.
	maxSample = 20_000
)

// scopePreview is the scope of remembered previews, in Catalog.
const scopePreview = "preview"

// askPreview judges a request to estimate the audience of a saved segment, of a derived one, or of the rule in the body before it is saved.
func (p *Process) askPreview(_ http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	id := r.PathValue("id")
	return p.preview(r, segment.ID(id), nil, scopePreview+"#"+id, body)
}

// askAudience judges a request to estimate how many are now in the segment that a saved campaign is for by its trigger, and how many of them it would reach.
func (p *Process) askAudience(d document) func(http.ResponseWriter, *http.Request, []byte) *httpapi.Act {
	return func(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
		id := r.PathValue("id")
		if len(body) > 0 && !httpapi.ParseJSON(w, body, new(struct{})) {
			return nil
		}
		found, err := p.Catalog.Definition(r.Context(), d.kind, id)
		if err != nil {
			p.answer(w, r, 0, definition.Document{Kind: d.kind, ID: id}, err)
			return nil
		}
		audience, err := d.Audience(found)
		var faults fault.Faults
		switch {
		case errors.As(err, &faults):
			httpapi.Invalid(w, "No audience", faults)
			return nil
		case err != nil:
			httpapi.Failed(w, r, err)
			return nil
		}
		saved := definition.Campaigns.Read(found)
		return p.preview(r, audience, &saved, scopePreview+"#"+d.kind+"#"+id, nil)
	}
}

// preview is the estimate of a segment, which has no effect whose transaction it could be remembered in. A question that is refused is not remembered.
func (p *Process) preview(r *http.Request, id segment.ID, of *definition.Saved[campaign.Definition], scope string, body []byte) *httpapi.Act {
	return &httpapi.Act{
		Scope: scope + byCaller(r.Context()),
		Do: func(ctx context.Context, _ httpapi.Call) (httpapi.Reply, error) {
			segments := sync.OnceValues(func() ([]segment.Definition, error) { return p.segments(ctx) })
			var asked *asking
			var err error
			refusal := httpapi.Render(ctx, func(w http.ResponseWriter) { asked, err = p.question(ctx, w, id, segments, body) })
			if asked == nil {
				return refusal.Passing(), err
			}
			plans, err := plansOf(of, segments)
			var faults fault.Faults
			if errors.As(err, &faults) {
				return httpapi.Render(ctx, func(w http.ResponseWriter) { httpapi.Invalid(w, "Invalid campaign", faults) }).Passing(), nil
			}
			if err != nil {
				return httpapi.Reply{}, err
			}
			runs := sync.OnceValues(func() ([]score.Run, error) { return p.finished(ctx) })
			e, err := p.estimate(ctx, id, asked, plans, runs)
			if err != nil {
				return httpapi.Reply{}, err
			}
			if e.Warnings = p.doubts(body); !drafted(body) {
				err = p.tellMembers(ctx, &e, of, runs)
			}
			return httpapi.Replied(ctx, http.StatusOK, e), err
		},
	}
}

func (p *Process) estimate(ctx context.Context, id segment.ID, asked *asking, plans []*plan, runs finishedRuns) (estimate, error) {
	r, err := p.rules(ctx)
	if err != nil {
		return estimate{}, err
	}
	perhaps := 0
	e, err := p.sample(ctx, func(one *profile.Profile) bool {
		all := one.All()
		if asked.perhaps != nil && asked.perhaps(all) {
			perhaps++
		}
		if !asked.meets(one, all) {
			return false
		}
		for _, n := range plans {
			n.ask(p, r, one, all)
		}
		return true
	})
	if err != nil {
		return estimate{}, err
	}
	e.Segment = id
	if !e.Exact {
		all, err := runs()
		if err != nil {
			return estimate{}, err
		}
		if len(all) > 0 {
			e.Profiles = &all[0].Profiles
		}
	}
	e.Audience = e.people(e.Matched)
	for i, of := range asked.places() {
		c := condition{Place: of.Path, Asks: of.Asks, part: part{asked.met[i], e.people(asked.met[i])}}
		if asked.perhaps != nil && asked.mayMeet[i] != asked.met[i] {
			c.UpTo = &part{asked.mayMeet[i], e.people(asked.mayMeet[i])}
		}
		e.Conditions = append(e.Conditions, c)
	}
	if len(asked.ofTheRun) > 0 {
		e.AsOfRun = &asOfRun{Places: asked.ofTheRun}
		if asked.perhaps != nil {
			e.AsOfRun.UpTo = &part{perhaps, e.people(perhaps)}
		}
	}
	for _, n := range plans {
		e.Reach = append(e.Reach, n.reach(e))
	}
	return e, nil
}

// asks writes down that somebody asks about people by a rule of their own. The answer waits for the line.
func (p *Process) asks(ctx context.Context, d segment.Definition) error {
	by := p.signed(ctx, d.Asks()...)
	return p.Audit.Write(ctx, by.Done(audit.Ask, definition.Segment, string(d.ID), p.NewRunID()))
}

// asking is the question of a preview.
type asking struct {
	// meets says whether somebody matches: one as proven, all with what only public events say.
	meets func(one, all *profile.Profile) bool
	// parts are the places of the rule, none where it is a class by the last run, and met counts who meets each by itself.
	parts []rule.Part
	met   []int
	// ofTheRun are the places that runs only answer. perhaps says of a rule that is not saved whether somebody may match, and mayMeet counts who may meet each part.
	ofTheRun []string
	perhaps  func(all *profile.Profile) bool
	mayMeet  []int
}

// question is what the sample is asked. With nil and no error the request is answered already.
func (p *Process) question(ctx context.Context, w http.ResponseWriter, id segment.ID, segments savedSegments, body []byte) (*asking, error) {
	var draft struct {
		Rule json.RawMessage `json:"rule"`
	}
	if form := rule.Form(body); form != "" {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: form, Reason: `belongs in rule: {"rule": {...}}`})
		return nil, nil
	}
	if len(body) > 0 && !httpapi.ParseJSON(w, body, &draft) {
		return nil, nil
	}
	if len(draft.Rule) > 0 {
		var refused *refusedAct
		if errors.As(mayAct(ctx, access.Question), &refused) {
			forbidden(w, refused)
			return nil, nil
		}
	}
	if id.Derived() {
		return &asking{meets: func(one, _ *profile.Profile) bool { return segment.In(one, id) }}, nil
	}
	all, err := segments()
	if err != nil {
		return nil, err
	}
	if len(draft.Rule) > 0 {
		unsaved := segment.Definition{ID: id, Rule: draft.Rule}
		if err := p.ofShop(body).And(segment.Check(unsaved, all)); err != nil {
			httpapi.Invalid(w, "Invalid segment", err)
			return nil, nil
		}
		if err := p.asks(ctx, unsaved); err != nil {
			return nil, err
		}
		all = append(without(all, id), unsaved)
	}
	set, faults := segment.Compile(all)
	asked := false
	for _, known := range set.IDs() {
		asked = asked || known == id
	}
	if !asked {
		if own := under(faults, string(id)); len(own) > 0 {
			httpapi.Invalid(w, "Invalid segment", own)
		} else {
			httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no segment %q", id))
		}
		return nil, nil
	}
	now := p.Now()
	question := &asking{parts: set.Parts(id), ofTheRun: set.OfTheRun(id)}
	question.met, question.mayMeet = make([]int, len(question.parts)), make([]int, len(question.parts))
	switch {
	case len(question.ofTheRun) == 0:
	case len(draft.Rule) == 0:
		question.parts = nil // the run has answered the rule, and not each part of it
	default:
		likely := set.Guessing(id, rule.Perhaps)
		question.perhaps = func(all *profile.Profile) bool {
			return likely.Counted(id, all, now, p.Shop, func(part int) { question.mayMeet[part]++ })
		}
		set = set.Guessing(id, rule.Surely)
	}
	question.meets = func(_, all *profile.Profile) bool {
		return set.Counted(id, all, now, p.Shop, func(part int) {
			if part < len(question.parts) {
				question.met[part]++
			}
		})
	}
	return question, nil
}

// places are the parts, none of a rule that is one condition: it is counted as the whole already.
func (a *asking) places() []rule.Part {
	if len(a.parts) < 2 {
		return nil
	}
	return a.parts
}

// drafted says that a preview asks the rule in its body, which no run has gone by.
func drafted(body []byte) bool {
	var f fields
	_ = json.Unmarshal(body, &f)
	_, there := f["rule"]
	return there
}

// under is the faults below a field.
func under(all fault.Faults, field string) fault.Faults {
	var own fault.Faults
	for _, f := range all {
		if len(f.Field) > len(field) && f.Field[:len(field)] == field && f.Field[len(field)] == '.' {
			own.Add(f.Field[len(field)+1:], f.Reason)
		}
	}
	return own
}

var errEnough = errors.New("the page is enough")

func (p *Process) sample(ctx context.Context, meets func(*profile.Profile) bool) (estimate, error) {
	e := estimate{Exact: true}
	for shard := range sampleShards {
		pages := 0
		_, err := p.Profiles.ScanShard(ctx, shard, sampleShards, "", func(page people.ScanPage) error {
			if pages++; pages > 1 || e.Sampled >= maxSample {
				return errEnough
			}
			e.Unreadable += len(page.Unreadable)
			for _, one := range page.Profiles {
				e.Sampled++
				if meets(one) {
					e.match(one)
				}
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			e.Exact = false
		} else if err != nil {
			return estimate{}, err
		}
	}
	if e.Share = e.share(e.Matched); e.Exact {
		e.Profiles = &e.Sampled
	}
	return e, nil
}
