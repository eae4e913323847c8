package reporting

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/insight/report"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/mask"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
)

// The modes of asking.
const (
	modeSample = "sample"
	modeExact  = "exact"
)

// The states of an exact answer.
const (
	stateNotAsked = "notAsked" // a sample alone was asked for
	stateWorking  = "working"
	stateDone     = "done"
	stateFailed   = "failed" // a job failed for the last time: asked again, its parts that are missing are counted anew
	stateGone     = "gone"   // the archive that was asked is not there any more: asked again, it is another question
)

// Bounds of what is shown at once.
const (
	maxRows   = 5_000
	usualPage = 20_000
	mostPage  = 20_000
)

// shown is a question and how far its answer is.
type shown struct {
	ID         string          `json:"id"`
	Kind       fold.Kind       `json:"kind"`
	Mode       string          `json:"mode"`
	State      string          `json:"state"`
	Version    int             `json:"version"` // of the definition
	Definition json.RawMessage `json:"definition"`
	AsOf       string          `json:"asOf"`
	Zone       string          `json:"zone"`
	Currency   string          `json:"currency"`
	Head       headShown       `json:"head"`
	// Open are days that were read and are not closed: what is counted of them may still grow.
	Open   []string    `json:"open"`
	Shards shardsShown `json:"shards"`
	// Failed is why there is no answer, where the state is failed.
	Failed *failure `json:"failed,omitempty"`
	Sample *sampled `json:"sample,omitempty"`
	// PeopleTake is the role that the people behind its numbers take, where that is more than to ask: each of them would be told by a value that masks hide.
	PeopleTake access.Role `json:"peopleTake,omitempty"`
	// Answer is there when the state is done. Left is how many rows of a table are behind those that it has.
	Answer report.Answer  `json:"answer,omitempty"`
	Left   map[string]int `json:"left,omitempty"`
}

// headShown is the archive that was asked: its number, and up to when what was accepted is in it.
type headShown struct {
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
}

type shardsShown struct {
	Done int `json:"done"`
	All  int `json:"all"`
}

func date(d profile.Day) string { return d.Time().Format(time.DateOnly) }

func (a *asking) shown(mode, state string, done int) *shown {
	s := &shown{ID: a.id, Kind: a.Kind, Mode: mode, State: state, Version: a.Version, Definition: a.Definition, AsOf: date(a.AsOf), Zone: a.Zone, Currency: string(a.Currency),
		Head: headShown{a.View.Number, a.View.At}, Open: []string{}, Shards: shardsShown{done, a.parts()}}
	if len(hidden(a.Definition, fold.Cell{})) > 0 {
		s.PeopleTake = access.Question.Least()
	}
	for _, n := range slices.Sorted(maps.Keys(a.View.Days)) {
		if d := a.View.Days[n]; d.Closes == 0 || d.Open {
			s.Open = append(s.Open, date(n))
		}
	}
	return s
}

// answered puts an answer in, as the caller may see it.
func (s *shown) answered(ctx context.Context, a *asking, seen report.Seen, info *sampled) (*shown, error) {
	all, err := tables(ctx, a, seen)
	if err != nil {
		return nil, err
	}
	s.Sample, s.Left = info, map[string]int{}
	for _, t := range all {
		part, left := t.Cut(0, maxRows)
		s.Answer = append(s.Answer, part)
		if left > 0 {
			s.Left[t.Name] = left
		}
	}
	return s, nil
}

// tables are the tables of an answer. Whoever may not be shown people as they are is shown no address among the values that people are told apart by.
func tables(ctx context.Context, a *asking, seen report.Seen) (report.Answer, error) {
	all, err := report.Of(a.Definition, seen)
	if err != nil || httpapi.Caller(ctx).Role.May(access.Reveal.Least()) {
		return all, err
	}
	for _, t := range all {
		for _, name := range []string{"split", "event", "page"} {
			n := slices.Index(t.Columns, name)
			for i := 0; n >= 0 && i < len(t.Rows); i++ {
				if text, is := t.Rows[i].Values[n].(string); is && addressed(text) {
					t.Rows[i].Values[n] = mask.Identifier(text)
				}
			}
		}
	}
	return all, nil
}

// addressed tells whether a text may be somebody's address: of e-mail, or a mobile number as it is written in China or with its country.
func addressed(text string) bool {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().", r) {
			return -1
		}
		return r
	}, text)
	number := len(digits) > 0 && strings.Trim(strings.TrimPrefix(digits, "+"), "0123456789") == ""
	return strings.Contains(text, "@") || number && (digits[0] == '+' && len(digits) > 8 || len(digits) == 11 && digits[0] == '1')
}

// state is how far the exact answer to a question is, with the answer where it is done.
func (p *Process) state(ctx context.Context, a *asking) (*shown, error) {
	there, err := p.parts(ctx, a)
	if err != nil {
		return nil, err
	}
	n := 0
	for part := range a.parts() {
		if there.has(a.part(part)) {
			n++
		}
	}
	switch {
	case there.has(a.key(answerName)):
		seen, err := p.answer(ctx, a)
		if err != nil {
			return nil, err
		}
		return a.shown(modeExact, stateDone, a.parts()).answered(ctx, a, seen, nil)
	case there.has(a.key(goneName)):
		return a.shown(modeExact, stateGone, n), nil
	case !there.has(a.key(askedName)):
		return a.shown(modeExact, stateNotAsked, n), nil
	}
	failed, err := p.failed(ctx, a, there)
	if err != nil {
		return nil, err
	}
	if failed != nil {
		s := a.shown(modeExact, stateFailed, n)
		s.Failed = failed
		return s, nil
	}
	return a.shown(modeExact, stateWorking, n), nil
}

// answer reads the exact answer.
func (p *Process) answer(ctx context.Context, a *asking) (report.Seen, error) {
	body, _, err := p.Objects.Read(ctx, a.key(answerName))
	if err != nil {
		return report.Seen{}, err
	}
	whole, err := fold.Decode(body)
	if err != nil {
		return report.Seen{}, fmt.Errorf("reading an answer: %w", err)
	}
	return report.Seen{Whole: whole, Share: 1}, nil
}

func (p *Process) show(w http.ResponseWriter, r *http.Request) {
	a, ok := p.find(w, r)
	if !ok {
		return
	}
	if wantsCSV(r) {
		p.csv(w, r, &a)
		return
	}
	s, err := p.state(r.Context(), &a)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusOK, s)
}

func wantsCSV(r *http.Request) bool {
	return r.URL.Query().Get("format") == "csv" || r.URL.Query().Get("format") == "" && strings.HasPrefix(r.Header.Get("Accept"), "text/csv")
}

// csv writes a table of an exact answer, in pages that no answer is greater than.
func (p *Process) csv(w http.ResponseWriter, r *http.Request, a *asking) {
	page, ok := httpapi.ParsePage(w, r, usualPage, mostPage)
	if !ok {
		return
	}
	from := 0
	if page.Cursor != "" {
		n, err := strconv.Atoi(page.Cursor)
		if err != nil || n < 0 {
			httpapi.ListFailed(w, r, errCursor, errCursor)
			return
		}
		from = n
	}
	seen, err := p.answer(r.Context(), a)
	if missing(err) {
		httpapi.Problem(w, http.StatusConflict, "", "the question has no exact answer yet")
		return
	}
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	all, err := tables(r.Context(), a, seen)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	name := r.URL.Query().Get("table")
	if name == "" {
		name = "rows"
	}
	t, known := all.Table(name)
	if !known {
		httpapi.Problem(w, http.StatusNotFound, "", fmt.Sprintf("the answer has no table %.40q", name))
		return
	}
	part, left := t.Cut(from, page.Limit)
	header := w.Header()
	if left > 0 {
		header.Set("Next-Cursor", strconv.Itoa(from+len(part.Rows)))
	}
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, a.Kind, name))
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(part.CSV()) // nobody is left to tell
}
