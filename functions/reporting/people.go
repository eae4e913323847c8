package reporting

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

const (
	usualPeople = 50
	mostPeople  = 200
	readsAtOnce = 16
)

// behind is somebody behind a number: who, and how much of it they are.
type behind struct {
	ProfileID profile.ID `json:"profileId"`
	UserID    string     `json:"userId,omitempty"` // masked, unless a reason is given
	Count     int64      `json:"count"`
}

// peopleShown is a page of those behind a number.
type peopleShown struct {
	Items []behind `json:"items"`
	Next  string   `json:"next,omitempty"`
	// Masked says that people are shown masked.
	Masked bool `json:"masked,omitempty"`
}

var errFull = errors.New("the page is full")

// place is behind whom a page goes on: somebody of a part.
type place struct {
	shard int // the part of the question's people
	after columns.Person
	any   bool // somebody of it was shown
}

func (c place) String() string {
	text := strconv.Itoa(c.shard) + "."
	if c.any {
		text += base64.RawURLEncoding.EncodeToString(c.after[:])
	}
	return text
}

func parsePlace(text string, parts int) (c place, err error) {
	if text == "" {
		return c, nil
	}
	shard, after, found := strings.Cut(text, ".")
	c.shard, err = strconv.Atoi(shard)
	if err != nil || !found || c.shard < 0 || c.shard >= parts {
		return c, errCursor
	}
	if after == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil || len(raw) != len(c.after) {
		return c, errCursor
	}
	copy(c.after[:], raw)
	c.any = true
	return c, nil
}

// people lists who is behind a number of an answer, by the fold that makes the number: each with what they count for, so that all pages together are the number, but for who was erased since.
func (p *Process) people(w http.ResponseWriter, r *http.Request) {
	reason, ok := httpapi.Revealing(w, r)
	if !ok {
		return
	}
	page, ok := httpapi.ParsePage(w, r, usualPeople, mostPeople)
	if !ok {
		return
	}
	a, ok := p.find(w, r)
	if !ok {
		return
	}
	cell, err := fold.ParseCell([]byte(r.URL.Query().Get("cell")), a.Kind)
	if err != nil {
		var faults fault.Faults
		if errors.As(err, &faults) {
			httpapi.Invalid(w, "Invalid cell", faults)
			return
		}
		httpapi.Failed(w, r, err)
		return
	}
	from, err := parsePlace(page.Cursor, a.parts())
	if err != nil {
		httpapi.ListFailed(w, r, err, errCursor)
		return
	}
	fields := hidden(a.Definition, cell)
	if !mayAsk(w, r, fields) {
		return
	}
	if len(fields) > 0 {
		if err := p.asks(r, &a, fields); err != nil {
			httpapi.Failed(w, r, err)
			return
		}
	}
	found, next, err := p.behind(r.Context(), &a, cell, from, page.Limit)
	switch {
	case missing(err):
		httpapi.Problem(w, http.StatusGone, "", "the archive that was asked is not there any more: ask again")
		return
	case err != nil:
		httpapi.Failed(w, r, err)
		return
	}
	if found, err = p.named(r.Context(), found); err == nil && reason != "" {
		err = p.reveal(r, found, reason)
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	for i := range found {
		if reason == "" && found[i].UserID != "" {
			found[i].UserID = mask.Identifier(found[i].UserID)
		}
	}
	httpapi.JSON(w, http.StatusOK, peopleShown{Items: found, Next: next, Masked: reason == ""})
}

// behind looks through the people of a question from a place on, until a page is full or the time is over. next is where the following page begins, "" at the end.
func (p *Process) behind(ctx context.Context, a *asking, cell fold.Cell, from place, most int) (found []behind, next string, err error) {
	until := time.Now().Add(patience)
	for at := from; at.shard < a.parts(); at = (place{shard: at.shard + 1}) {
		if len(found) == most || time.Now().After(until) {
			return found, at.String(), nil
		}
		r, files, err := p.open(ctx, a, at.shard)
		if err != nil {
			return nil, "", err
		}
		q, err := a.compile()
		if err != nil {
			return nil, "", err
		}
		alone := q.Fork()
		if at.any {
			r.From = at.after
		}
		err = r.Each(q, func(person columns.Person, events []fold.Stretch) error {
			if at.any && person == at.after {
				return nil
			}
			if len(found) == most || time.Now().After(until) {
				return errFull
			}
			at.after, at.any = person, true
			if n := fold.Alone(alone, events, cell); n > 0 {
				found = append(found, behind{ProfileID: person.ID(), Count: n})
			}
			return nil
		}, files...)
		if errors.Is(err, errFull) {
			return found, at.String(), nil
		}
		if err != nil {
			return nil, "", err
		}
	}
	return found, "", nil
}

// named leaves those who are still there, each as who they are now.
func (p *Process) named(ctx context.Context, found []behind) ([]behind, error) {
	who := make([]people.Person, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, one := range found {
		group.Go(func() (err error) {
			who[i], err = p.People.Person(ctx, one.ProfileID)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("reading the people behind a number: %w", err)
	}
	shown := []behind{}
	for i, one := range found {
		if profile := who[i].Profile; people.Somebody(profile) {
			shown = append(shown, behind{ProfileID: profile.ID, UserID: profile.UserID(), Count: one.Count})
		}
	}
	return shown, nil
}

// asks writes down that an operator lists people by what masks hide of them, though each of them is masked. Nobody is shown before the line stands.
func (p *Process) asks(r *http.Request, a *asking, fields []string) error {
	line := httpapi.Line(r, p.Now(), "")
	line.Fields = fields
	return p.Audit.Write(r.Context(), line.Done(audit.Ask, audit.KindReport, a.id, p.NewID()))
}

// reveal writes down that an operator is shown who is behind a number, a line for each. Nobody is shown before all lines stand.
func (p *Process) reveal(r *http.Request, shown []behind, reason string) error {
	return p.Audit.Write(r.Context(), httpapi.Reveals(r, p.Now(), reason, p.NewID, shown, func(one behind) string { return string(one.ProfileID) })...)
}
