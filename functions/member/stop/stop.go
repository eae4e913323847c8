// Package stop lists whom a stop has skipped: who it was, of which campaign, and whether they were entered again. It stops nothing and enters nobody; console does.
// The surprising thing: the list has no order that means anything, since those whom one stop has skipped may be a million, and are spread.
package stop

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

const (
	usualPage = 50
	mostPage  = 200
	// maxStopID is how long the id of a stop may be: it becomes a part of a key.
	maxStopID = 100
	// readsAtOnce is how many people are read side by side.
	readsAtOnce = 16
)

// persons reads who a profile id stands for by now, consistently.
type persons interface {
	Person(ctx context.Context, id profile.ID) (people.Person, error)
}

// skips reads a page of a stop's list; those that cannot be read are left out and counted. dynamo.ErrCursor says that the cursor is no one of its own.
type skips interface {
	Page(ctx context.Context, stop, cursor string, limit int) (page []outreach.Skip, unreadable int, next string, err error)
}

// log writes down who was shown to whom.
type log interface {
	// Write makes lines durable; an error leaves open which of them stand, of up to 25 all or none.
	Write(ctx context.Context, lines ...audit.Line) error
}

// Handler serves the resource.
type Handler struct {
	Callers subject.Callers
	People  persons
	Skips   skips
	Audit   log
	Now     func() time.Time
	NewID   func() string // of lines of the audit log; never the same twice
}

// Route registers the route of the resource.
func (h *Handler) Route(mux *httpapi.Router) {
	const listed = "GET /v1/stops/{id}/skipped"
	mux.HandleFunc(listed, h.Callers.Auth.Require(listed, h.skipped))
}

// skipped is one whom a stop has skipped.
type skipped struct {
	ProfileID  profile.ID       `json:"profileId"`
	UserID     string           `json:"userId,omitempty"` // masked, unless a reason is given
	CampaignID string           `json:"campaignId"`
	Step       string           `json:"step"`
	Variant    string           `json:"variant,omitempty"`
	Channel    delivery.Channel `json:"channel"`
	// NotificationID is of the one that was skipped, At when.
	NotificationID string    `json:"notificationId"`
	At             time.Time `json:"at"`
	// EnteredAgain tells of the entry that followed.
	EnteredAgain *entered `json:"enteredAgain,omitempty"`
}

// entered is an entry again: by which request, when, and as which step, which its decision has too.
type entered struct {
	ReentryID string    `json:"reentryId"`
	At        time.Time `json:"at"`
	Step      string    `json:"step"`
}

// list is the answer.
type list struct {
	Items []skipped `json:"items"`
	Next  string    `json:"next,omitempty"`
	// Masked says that people are shown masked.
	Masked bool `json:"masked,omitempty"`
}

func (h *Handler) skipped(w http.ResponseWriter, r *http.Request) {
	reason, ok := httpapi.Revealing(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	id := r.PathValue("id")
	if len(id) > maxStopID {
		httpapi.Problem(w, http.StatusNotFound, "", "there is no stop with this id")
		return
	}
	found, _, next, err := h.Skips.Page(r.Context(), id, page.Cursor, page.Limit)
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	shown, err := h.shown(r.Context(), found)
	if err == nil && reason != "" {
		err = h.reveal(r, shown, reason)
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if reason == "" {
		for i := range shown {
			if shown[i].UserID != "" {
				shown[i].UserID = mask.Identifier(shown[i].UserID)
			}
		}
	}
	httpapi.JSON(w, http.StatusOK, list{Items: shown, Next: next, Masked: reason == ""})
}

// shown are those who are still there, each as who they are now.
func (h *Handler) shown(ctx context.Context, found []outreach.Skip) ([]skipped, error) {
	behind := make([]people.Person, len(found))
	err := sideBySide(len(found), func(i int) (err error) {
		behind[i], err = h.People.Person(ctx, found[i].ProfileID)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := []skipped{}
	for i, s := range found {
		person := behind[i].Profile
		if !people.Somebody(person) || person.Erased(s.ProfileID, s.Entry.Since) {
			continue // erased, and not wiped yet
		}
		one := skipped{
			ProfileID: person.ID, UserID: person.UserID(), CampaignID: s.Entry.CampaignID, Step: s.Entry.Step, Variant: s.Entry.Variant, Channel: s.Channel,
			NotificationID: s.Entry.ID, At: s.At,
		}
		if s.Again.By != "" {
			one.EnteredAgain = &entered{ReentryID: s.Again.By, At: s.Again.At, Step: delivery.StepAgain(s.Entry.Step)}
		}
		shown = append(shown, one)
	}
	return shown, nil
}

// reveal writes down that an operator is shown who was skipped, a line for each. Nobody is shown before all lines stand.
func (h *Handler) reveal(r *http.Request, shown []skipped, reason string) error {
	return h.Audit.Write(r.Context(), httpapi.Reveals(r, h.Now(), reason, h.NewID, shown, func(s skipped) string { return string(s.ProfileID) })...)
}

func sideBySide(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(readsAtOnce)
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}
