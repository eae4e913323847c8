package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/idempotency"
	"github.com/userops/userops/shared/job"
)

const (
	maxListBody = 4 << 10
	scopeList   = "members"
)

// askedList is the answer to POST /v1/segments/{id}/members.
type askedList struct {
	ListID string `json:"listId"`
	// Warnings doubt that all who meet the segment's rule are in it yet.
	Warnings []httpapi.FieldError `json:"warnings,omitempty"`
}

// askMembers judges a request to make a list of a segment's members.
func (p *Process) askMembers(w http.ResponseWriter, r *http.Request, body []byte) *httpapi.Act {
	if len(body) > 0 && !httpapi.ParseJSON(w, body, new(struct{})) {
		return nil
	}
	id := segment.ID(r.PathValue("id"))
	if !p.knows(w, r, id) {
		return nil
	}
	return &httpapi.Act{
		Scope: scopeList + "#" + string(id) + byCaller(r.Context()),
		Do:    func(ctx context.Context, call httpapi.Call) (httpapi.Reply, error) { return p.askList(ctx, id, call) },
		Then: func(ctx context.Context, header http.Header, body []byte) error {
			var asked askedList
			if err := json.Unmarshal(body, &asked); err != nil {
				return fmt.Errorf("reading an answer: %w", err)
			}
			header.Set("Location", "/v1/lists/"+asked.ListID)
			return p.askReading(ctx, asked.ListID)
		},
	}
}

// knows tells whether there is a segment, a defined one or a class. Where there is none the request is answered.
func (p *Process) knows(w http.ResponseWriter, r *http.Request, id segment.ID) bool {
	if id.Derived() {
		return true
	}
	if _, err := p.Catalog.Definition(r.Context(), definition.Segment, string(id)); err != nil {
		p.answer(w, r, 0, definition.Document{Kind: definition.Segment, ID: string(id)}, err)
		return false
	}
	return true
}

// askList writes down that a list is asked for.
func (p *Process) askList(ctx context.Context, id segment.ID, call httpapi.Call) (httpapi.Reply, error) {
	asked := askedList{ListID: listing.ID(p.NewRunID())}
	if !id.Derived() {
		changed, err := p.changedAt(ctx, id)
		if err != nil {
			return httpapi.Reply{}, err
		}
		runs, err := p.finished(ctx)
		if err != nil {
			return httpapi.Reply{}, err
		}
		asked.Warnings = absent("id", id, lastMoved(runs), changed)
	}
	by := p.signed(ctx)
	by.Line = by.Done(audit.Start, audit.KindList, asked.ListID, asked.ListID)
	lines, err := by.Puts()
	if err != nil {
		return httpapi.Reply{}, err
	}
	return call.Commit(httpapi.Replied(ctx, http.StatusAccepted, asked), func(beside *idempotency.Answer) error {
		writes := lines
		if beside != nil {
			writes = append([]dynamo.Write{answers.Put(p.Runs.Table, *beside)}, lines...)
		}
		err := p.Lists.Ask(ctx, listing.List{ID: asked.ListID, SegmentID: id, AskedAt: p.Now().UTC()}, writes...)
		if errors.Is(err, dynamo.ErrConflict) && !errors.Is(err, idempotency.ErrAnswered) {
			err = fmt.Errorf("%w: %w", idempotency.ErrAnswered, err) // another transaction is writing it
		}
		return err
	})
}

// askReading asks for a reading in a while: it then takes up all lists that wait, unless audiences were read in between and have taken them along.
func (p *Process) askReading(ctx context.Context, id string) error {
	l, err := p.Lists.Load(ctx, id)
	if err != nil || l.State != listing.Waiting {
		return err
	}
	return p.JobsLater.SendLater(ctx, job.Segmentation{Kind: job.Members, RunID: id}, listing.Wait)
}

// lists shows the lists that were made of a segment and are kept, the newest first.
func (p *Process) lists(w http.ResponseWriter, r *http.Request) {
	all, err := p.Lists.Of(r.Context(), segment.ID(r.PathValue("id")))
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[listing.List]{Items: append([]listing.List{}, all...)})
}

// madeList reads the list that a request is about. Where there is none the request is answered.
func (p *Process) madeList(w http.ResponseWriter, r *http.Request) (l listing.List, ok bool) {
	id := r.PathValue("listId")
	err := dynamo.ErrNotFound
	if listing.Made(id) {
		l, err = p.Lists.Load(r.Context(), id)
	}
	switch {
	case errors.Is(err, dynamo.ErrNotFound):
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("there is no list %q, or none any more: a list is kept for 7 days", id))
	case err != nil:
		httpapi.Failed(w, r, err)
	}
	return l, err == nil
}

func (p *Process) showList(w http.ResponseWriter, r *http.Request) {
	if l, ok := p.madeList(w, r); ok {
		httpapi.JSON(w, http.StatusOK, l)
	}
}
