package console

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/sheet"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/httpapi"
)

// How many members a page of a file looks up, and how many are looked up at once.
const (
	usualFile   = 1000
	mostFile    = 2000
	readsAtOnce = 16
)

// The forms of the members of a list. All but the first are files.
const (
	asJSON   = "json"
	asCSV    = "csv"
	asLines  = "ndjson"
	asHashed = "hashed"
)

// membersShown is a page of the members of a list.
type membersShown struct {
	Items []listing.Member `json:"items"`
	Next  string           `json:"next,omitempty"`
	// Masked says that people are shown masked, Gone how many of the page are not shown: erased, merged into somebody else, or no longer in the segment.
	Masked bool `json:"masked,omitempty"`
	Gone   int  `json:"gone,omitempty"`
}

// wantedForm is how the members of a list are asked for.
type wantedForm struct {
	form, reason string
	platform     listing.Platform
	country      string
}

// formOf reads it. Where it is none, or none for the caller, the request is answered.
func formOf(w http.ResponseWriter, r *http.Request) (f wantedForm, ok bool) {
	query := r.URL.Query()
	f.form = query.Get("format")
	switch f.form {
	case "", asJSON:
		f.form = asJSON
		f.reason, ok = httpapi.Revealing(w, r)
		return f, ok
	case asCSV, asLines, asHashed:
	default:
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", httpapi.FieldError{Field: "format", Reason: unless([]string{asJSON, asCSV, asLines, asHashed})})
		return f, false
	}
	var refused *refusedAct
	if errors.As(mayAct(r.Context(), access.Download), &refused) {
		httpapi.Problem(w, http.StatusForbidden, "", fmt.Sprintf("the role %s sees who is in a list on the screen: as a file it takes %s", refused.have, access.Download.Least()))
		return f, false
	}
	if f.reason, ok = httpapi.Revealing(w, r); !ok {
		return f, false
	}
	var faults []httpapi.FieldError
	if f.reason == "" {
		faults = append(faults, httpapi.FieldError{Field: "reason", Reason: "is missing: a file shows people without masks, and takes one"})
	}
	if f.form == asHashed {
		faults = append(faults, f.hashing(query)...)
	}
	if len(faults) > 0 {
		httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "", faults...)
	}
	return f, len(faults) == 0
}

// hashing reads for which platform addresses are hashed, and of which country numbers are that do not say theirs.
func (f *wantedForm) hashing(query url.Values) (faults []httpapi.FieldError) {
	f.platform, f.country = listing.Meta, query.Get("country")
	if name := query.Get("platform"); name != "" {
		f.platform = listing.Platform(name)
	}
	if !slices.Contains(listing.Platforms(), f.platform) {
		faults = append(faults, httpapi.FieldError{Field: "platform", Reason: unless(listing.Platforms())})
	}
	if len(f.country) > 3 || strings.Trim(f.country, "0123456789") != "" || strings.HasPrefix(f.country, "0") {
		faults = append(faults, httpapi.FieldError{Field: "country", Reason: "is no calling code such as 86"})
	}
	return faults
}

// members shows who is in a list, as they are now.
func (p *Process) members(w http.ResponseWriter, r *http.Request) {
	f, ok := formOf(w, r)
	if !ok {
		return
	}
	usual, most := usualPage, mostPage
	if f.form != asJSON {
		usual, most = usualFile, mostFile
	}
	page, ok := httpapi.ParsePage(w, r, usual, most)
	if !ok {
		return
	}
	l, ok := p.madeList(w, r)
	if !ok {
		return
	}
	if l.State != listing.Ready {
		httpapi.Problem(w, http.StatusConflict, "Not ready yet", "the list is "+string(l.State)+": its scan begins within a minute and reads all profiles; ask how far it is by GET /v1/lists/{listId}")
		return
	}
	at, err := runs.ParsePlace(page.Cursor, l.Shards)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	ids, behind, end, err := p.Lists.Members(r.Context(), l, at, page.Limit)
	if err != nil {
		listFailed(w, r, err)
		return
	}
	shown, err := p.presentOf(r.Context(), l, ids)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	next := ""
	if !end {
		next = behind.String()
	}
	if err := p.tell(r, l, f, shown); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if f.form == asJSON {
		httpapi.JSON(w, http.StatusOK, shownOf(l, f, shown, next, len(ids)))
		return
	}
	f.file(w, l, shown, next)
}

// presentOf are those who are shown of a list's ids, in their order.
func (p *Process) presentOf(ctx context.Context, l listing.List, ids []profile.ID) ([]*profile.Profile, error) {
	found := make([]*profile.Profile, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			one, err := p.People.Load(ctx, id)
			if errors.Is(err, dynamo.ErrUnreadable) {
				return nil
			}
			if err == nil && l.Shows(id, one) {
				found[i] = one
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("reading who is in list %s: %w", l.ID, err)
	}
	return slices.DeleteFunc(found, func(one *profile.Profile) bool { return one == nil }), nil
}

// tell writes down that people are shown without masks: of a page on the screen a line for each, of one of a file a line for the list. Nobody is shown before it stands.
func (p *Process) tell(r *http.Request, l listing.List, f wantedForm, shown []*profile.Profile) error {
	if f.reason == "" {
		return nil
	}
	if f.form != asJSON {
		line := httpapi.Line(r, p.Now(), f.reason)
		if line.Fields = []string{f.form}; f.form == asHashed {
			line.Fields = append(line.Fields, string(f.platform))
		}
		return p.Audit.Write(r.Context(), line.Done(audit.Download, audit.KindList, l.ID, p.NewRunID()))
	}
	return p.Audit.Write(r.Context(), httpapi.Reveals(r, p.Now(), f.reason, p.NewRunID, shown, func(one *profile.Profile) string { return string(one.ID) })...)
}

func shownOf(l listing.List, f wantedForm, shown []*profile.Profile, next string, listed int) membersShown {
	out := membersShown{Items: []listing.Member{}, Next: next, Masked: f.reason == "", Gone: listed - len(shown)}
	for _, one := range shown {
		m := listing.MemberOf(one, l.SegmentID)
		if out.Masked && m.UserID != "" {
			m.UserID = mask.Identifier(m.UserID)
		}
		out.Items = append(out.Items, m)
	}
	return out
}

// file answers with a part of a file. Each part has its head.
func (f wantedForm) file(w http.ResponseWriter, l listing.List, shown []*profile.Profile, next string) {
	header := w.Header()
	if next != "" {
		header.Set("Next-Cursor", next)
	}
	kind, ending, body := "text/csv; charset=utf-8", "csv", []byte(nil)
	switch f.form {
	case asLines:
		kind, ending, body = "application/x-ndjson", "ndjson", lines(l, shown)
	case asHashed:
		body = f.hashed(shown)
	default:
		body = table(l, shown)
	}
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '-'
	}, string(l.SegmentID))
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, name, f.form, ending))
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // nobody is left to tell
}

// table is the members as CSV. No cell is a formula to a program for tables.
func table(l listing.List, shown []*profile.Profile) []byte {
	rows := [][]string{{"userId", "profileId", "since", "reachable"}}
	for _, one := range shown {
		m := listing.MemberOf(one, l.SegmentID)
		since := ""
		if !m.Since.IsZero() {
			since = m.Since.UTC().Format(time.RFC3339)
		}
		rows = append(rows, []string{sheet.Text(m.UserID), sheet.Text(string(m.ProfileID)), since, strings.Join(m.Reachable, " ")})
	}
	return csvOf(rows)
}

// hashed is the file that an ad platform takes. Who has nothing to be found by has no line.
func (f wantedForm) hashed(shown []*profile.Profile) []byte {
	rows := [][]string{f.platform.Columns()}
	for _, one := range shown {
		if email, phone := f.platform.Hashed(one, f.country); email+phone != "" {
			rows = append(rows, []string{email, phone})
		}
	}
	return csvOf(rows)
}

func csvOf(rows [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	_ = w.WriteAll(rows) // a buffer takes all
	return out.Bytes()
}

func lines(l listing.List, shown []*profile.Profile) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	for _, one := range shown {
		_ = e.Encode(listing.MemberOf(one, l.SegmentID)) // a member is texts and a time
	}
	return out.Bytes()
}
