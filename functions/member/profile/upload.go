package profile

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/people/upload"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

// linesAtOnce is how many lines of an upload are looked up, and told, at once.
const linesAtOnce = 16

// The modes of an upload.
const (
	modeAdd    = "add"
	modeRemove = "remove"
)

// uploads begins the messageIds of what uploads tell.
const uploads = "upload-"

// account is what became of a part of an upload.
type account struct {
	Receipt string    `json:"receipt"` // names its line of the audit log
	At      time.Time `json:"at"`      // the time by which it counts
	Mode    string    `json:"mode"`
	Lines   int       `json:"lines"`
	Matched int       `json:"matched"` // people
	// Twice are lines that name somebody whom a line before them names, Unmatched those that name nobody whom the part is carried out for.
	Twice     []lineFault `json:"twice"`
	Unmatched []lineFault `json:"unmatched"`
}

// lineFault is a line of an upload and what is said of it.
type lineFault struct {
	Line   int    `json:"line"`
	Reason string `json:"reason,omitempty"`
	Of     int    `json:"of,omitempty"` // the line before that names the same person
}

// enlist puts the people of an upload on a list, or takes them off.
func (h *Handler) enlist(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if reason := slug.Fault(id); reason != "" {
		httpapi.Problem(w, http.StatusUnprocessableEntity, "Upload refused", "", httpapi.FieldError{Field: "id", Reason: reason})
		return
	}
	h.upload(w, r, id, false, func(_ upload.Line, mode, by string) telling {
		return telling{uploads, job.CommandEnlist, event.ListChanged, profile.ListChange{List: id, Off: mode == modeRemove, By: by}}
	})
}

// tagMany tags the people of an upload, each with the tags of their line, or takes these away.
func (h *Handler) tagMany(w http.ResponseWriter, r *http.Request) {
	h.upload(w, r, audit.Tags, true, func(line upload.Line, mode, by string) telling {
		change := profile.TagChange{Add: line.Tags, By: by}
		if mode == modeRemove {
			change.Add, change.Remove = nil, line.Tags
		}
		return telling{uploads, job.CommandTell, event.TagsChanged, change}
	})
}

// upload carries out a part of an upload: each line's person is told what told makes of it.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request, of string, tagged bool, told func(line upload.Line, mode, by string) telling) {
	lines, mode, ok := readUpload(w, r, tagged)
	if !ok {
		return
	}
	matched, a, err := h.match(r.Context(), lines, tagged)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	a.Mode, a.At = mode, h.Now().UTC().Truncate(time.Millisecond)
	receipt := h.NewID()
	a.Receipt = receipt
	line := httpapi.Line(r, h.Now(), "").Done(audit.Upload, audit.KindList, of, receipt)
	line.Fields = []string{mode, fmt.Sprint("lines ", a.Lines), fmt.Sprint("matched ", a.Matched), fmt.Sprint("twice ", len(a.Twice)), fmt.Sprint("unmatched ", len(a.Unmatched))}
	if err := h.Audit.Write(r.Context(), line); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	by := httpapi.Caller(r.Context()).Name
	group, ctx := errgroup.WithContext(r.Context())
	group.SetLimit(linesAtOnce)
	for _, m := range matched {
		group.Go(func() error {
			return h.tell(ctx, m.person, fmt.Sprint(receipt, "-", m.line.Number), a.At, told(m.line, mode, by))
		})
	}
	if err := group.Wait(); err != nil {
		httpapi.Failed(w, r, err) // what was sent is carried out, and again when the part is sent again, which changes nothing
		return
	}
	httpapi.JSON(w, http.StatusAccepted, a)
}

// readUpload reads a part of an upload. Where it is none, the request is answered.
func readUpload(w http.ResponseWriter, r *http.Request, tagged bool) (lines []upload.Line, mode string, ok bool) {
	bad := func(field, reason string) {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: field, Reason: reason})
	}
	query := r.URL.Query()
	for name := range query {
		if name != "mode" {
			bad(name, "is not known here")
			return nil, "", false
		}
	}
	if mode = query.Get("mode"); mode == "" {
		mode = modeAdd
	}
	if mode != modeAdd && mode != modeRemove {
		bad("mode", "is neither add nor remove")
		return nil, "", false
	}
	form := upload.CSV
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "text/csv":
	case "application/x-ndjson":
		form = upload.Lines
	default:
		bad("Content-Type", "is neither text/csv nor application/x-ndjson")
		return nil, "", false
	}
	body, ok := httpapi.WholeBody(w, r, upload.MaxBytes)
	if !ok {
		return nil, "", false
	}
	lines, err := upload.Read(form, body, tagged)
	if err != nil {
		bad("body", err.Error())
		return nil, "", false
	}
	return lines, mode, true
}

// matchedLine is a line whose person is known.
type matchedLine struct {
	line   upload.Line
	person people.Person
}

// match finds the people of the lines, each once.
func (h *Handler) match(ctx context.Context, lines []upload.Line, tagged bool) (matched []matchedLine, a account, err error) {
	found := make([]people.Person, len(lines))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(linesAtOnce)
	for i := range lines {
		if lines[i].Reason != "" {
			continue
		}
		group.Go(func() error {
			person, reason, err := h.named(ctx, lines[i])
			mu.Lock()
			defer mu.Unlock()
			found[i], lines[i].Reason = person, reason
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, a, fmt.Errorf("finding whom an upload names: %w", err)
	}
	a = account{Lines: len(lines), Twice: []lineFault{}, Unmatched: []lineFault{}}
	first := map[profile.ID]int{} // the line that names the person
	for i, line := range lines {
		if line.Reason != "" {
			a.Unmatched = append(a.Unmatched, lineFault{Line: line.Number, Reason: line.Reason})
			continue
		}
		if at, before := first[found[i].Profile.ID]; before {
			a.Twice = append(a.Twice, lineFault{Line: line.Number, Of: at})
			if !tagged { // the tags of both lines count
				continue
			}
		} else {
			first[found[i].Profile.ID] = line.Number
		}
		matched = append(matched, matchedLine{line, found[i]})
	}
	a.Matched = len(first)
	return matched, a, nil
}

// Why a line matches nobody.
const (
	nobodyKnown = "nobody is known by it"
	unproven    = "nobody has proven that it is theirs: the shop has not said it, and no link to it was opened"
	ambiguous   = "is proven to be of several people: name the person by userId"
)

// named is whom a line names. An address names who has it by the word of the shop or by a link of ours that was opened: by their own word anybody could get onto a list.
func (h *Handler) named(ctx context.Context, line upload.Line) (person people.Person, reason string, err error) {
	switch line.Who.Kind {
	case "":
		person, err = h.People.Person(ctx, line.Profile)
	case profile.Email, profile.Phone:
		asked := question{of: line.Who.Spellings()}
		asked.listed = listedAs(asked.of)
		who, _, err := h.meant(ctx, asked, people.MaxHits)
		if err != nil {
			return person, "", err
		}
		sure := slices.DeleteFunc(slices.Clone(who), func(m match) bool { return m.proof != search.ByShop && m.proof != search.Confirmed })
		switch {
		case len(who) == 0:
			return person, nobodyKnown, nil
		case len(sure) == 0:
			return person, unproven, nil
		case len(sure) > 1:
			return person, ambiguous, nil
		}
		return sure[0].Person, "", nil
	default:
		person, err = h.Holder(ctx, line.Who)
	}
	if err != nil {
		return person, "", err
	}
	if first, _ := person.Profile.Seen(); first.IsZero() {
		return person, nobodyKnown, nil
	}
	return person, "", nil
}
