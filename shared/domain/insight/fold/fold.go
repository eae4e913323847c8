package fold

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Kind is what a question asks.
type Kind string

// The kinds of question.
const (
	KindCount     Kind = "count"
	KindSessions  Kind = "sessions"
	KindFunnel    Kind = "funnel"
	KindRetention Kind = "retention"
	KindPerformed Kind = "performed"
)

// Version is that of definitions and partials. What a definition of a version asks never changes its meaning.
const Version = 1

// Reads is of which days of the shop a question needs the events. Those of other days change nothing.
type Reads struct {
	From, To profile.Day
	// Beginning asks for all days before To that there are.
	Beginning bool
}

// Fold is a question at work. It is for one goroutine; shards have one each, and their partials are merged.
type Fold interface {
	// Columns are the columns that a block must have, in this sequence.
	Columns() []string
	Reads() Reads
	// Prepare is called with a block before stretches of it are added.
	Prepare(b *Block)
	// Add folds a person: all of their events that were read, in order. Nobody is added twice.
	Add(person []Stretch)
	// Partial is the answer so far.
	Partial() Partial
}

// Partial is the answer for some people. Merging is associative and commutative, so partials are merged as they come.
type Partial interface {
	// Merge adds the answer for other people to the same question.
	Merge(other Partial) error
	kind() Kind
}

// ErrPartial says that a partial is of another question, or none.
var ErrPartial = errors.New("is no partial of this question")

// ErrGroups says that a question splits people into too many groups.
var ErrGroups = fmt.Errorf("the split has more than %d values", maxGroups)

// kinds are what can be asked: how a definition is read, and what its partial is.
var kinds = map[Kind]struct {
	read    func(raw []byte) (asked, error)
	partial func() Partial
}{
	KindCount:     {read[Count], func() Partial { return &Counts{} }},
	KindSessions:  {read[Sessions], func() Partial { return &Visits{} }},
	KindFunnel:    {read[Funnel], func() Partial { return &Reached{} }},
	KindRetention: {read[Retention], func() Partial { return &Cohorts{} }},
	KindPerformed: {read[Performed], func() Partial { return &Performers{} }},
}

// asked is a definition that was read.
type asked interface {
	// check tells its faults.
	check(faults *fault.Faults)
	// compile makes the fold of one without faults, as of the last day that is closed.
	compile(shop profile.Shop, asOf profile.Day) Fold
}

func read[T asked](raw []byte) (asked, error) {
	var d T
	faults := fault.Decode(raw, &d)
	var found fault.Faults
	d.check(&found)
	return d, faults.And(found.Err())
}

// Compile reads a definition, {"kind": "funnel", ...}, and makes its fold. The error is fault.Faults, which name each field and what is wrong with it. What belongs to the days
// after asOf is not known yet, or not wholly.
func Compile(definition []byte, shop profile.Shop, asOf profile.Day) (Fold, error) {
	var head struct {
		Kind Kind `json:"kind"`
	}
	if reason := fault.Syntax(definition); reason != "" {
		return nil, fault.Faults{{Reason: reason}}
	}
	if json.Unmarshal(definition, &head) != nil || kinds[head.Kind].read == nil {
		return nil, fault.Faults{{Field: "kind", Reason: "is not count, sessions, funnel, retention or performed"}}
	}
	d, err := kinds[head.Kind].read(definition)
	if err != nil {
		return nil, err
	}
	if shop.Zone == nil {
		shop.Zone = time.UTC
	}
	return d.compile(shop, asOf), nil
}

// Encode is a partial as it travels in a queue and is stored. The same partial gives the same bytes.
func Encode(p Partial) ([]byte, error) {
	inner, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encoding a partial: %w", err)
	}
	return json.Marshal(envelope{Version, p.kind(), inner})
}

type envelope struct {
	Version int             `json:"version"`
	Kind    Kind            `json:"kind"`
	Partial json.RawMessage `json:"partial"`
}

// Decode reads what Encode wrote.
func Decode(raw []byte) (Partial, error) {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, fmt.Errorf("decoding a partial: %w", err)
	}
	if e.Version != Version || kinds[e.Kind].partial == nil {
		return nil, fmt.Errorf("decoding a partial of version %d and kind %.32q: %w", e.Version, e.Kind, ErrPartial)
	}
	p := kinds[e.Kind].partial()
	if err := json.Unmarshal(e.Partial, p); err != nil {
		return nil, fmt.Errorf("decoding a partial: %w", err)
	}
	return p, nil
}

// Range is the days of the shop that a question is about, both included.
type Range struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// maxDays bounds a question, at somewhat more than what an archive holds.
const maxDays = 430

func (r Range) days() (from, to profile.Day) {
	from, _ = profile.ParseDay(r.From)
	to, _ = profile.ParseDay(r.To)
	return from, to
}

func (r Range) check(faults *fault.Faults) {
	before := len(*faults)
	for _, end := range []struct{ name, text string }{{"from", r.From}, {"to", r.To}} {
		if d, err := profile.ParseDay(end.text); err != nil || d < 0 || d > lastDay {
			faults.Add(end.name, "is not a date such as 2026-11-21")
		}
	}
	if len(*faults) > before {
		return
	}
	if from, to := r.days(); to < from {
		faults.Add("to", "is before from")
	} else if to-from >= maxDays {
		faults.Addf("to", "is %d days from from or more", maxDays)
	}
}

// lastDay is the last one of the year 9999.
var lastDay = profile.DayOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))

func checkPeriod(field string, p Period, faults *fault.Faults) {
	if !p.known() {
		faults.Add(field, "is not day, week or month")
	}
}

func checkSplit(split string, faults *fault.Faults) {
	if split != "" && !known(split) {
		faults.Add("split", "is not name, source, trust or a path such as context.campaign.source")
	}
}

func index(at string, i int) string { return at + "[" + strconv.Itoa(i) + "]" }

// Bounds of what people are told apart by: of the values in an answer, and of those that are met on the way to it.
const (
	maxGroups = 10_000
	maxWords  = 1 << 20
)

// tooMany tells whether rows have more different values than an answer may.
func tooMany[T any](rows []T, of func(*T) string) bool {
	if len(rows) <= maxGroups {
		return false
	}
	seen := map[string]bool{}
	for i := range rows {
		seen[of(&rows[i])] = true
	}
	return len(seen) > maxGroups
}

// words numbers the values of a column as they come, so that what is counted by them is a slice.
type words struct {
	column  int // of the question; absent without one
	slot    int // of a block's groups
	texts   []string
	numbers map[string]int
	over    bool
}

const absent = -2

// newWords begins with the empty text, which is what an event has that has no value.
func newWords(column, slot int) *words {
	return &words{column: column, slot: slot, texts: []string{""}, numbers: map[string]int{"": 0}}
}

// prepareGroups makes room in a block for what its values are numbered as.
func prepareGroups(b *Block, all ...*words) {
	b.groups = make([][]uint32, len(all))
	for _, w := range all {
		switch {
		case w.column == onName:
			b.groups[w.slot] = make([]uint32, len(b.Names))
		case w.column >= 0:
			b.groups[w.slot] = make([]uint32, len(b.Columns[w.column].Words))
		}
	}
}

// of is the number of an event's value, 0 where it has none; has is false then.
func (w *words) of(b *Block, i int) (number int, has bool) {
	if w.column == absent {
		return 0, false
	}
	var code uint32
	if w.column == onName {
		code = b.Events[i]
	} else {
		v := &b.Columns[w.column]
		from, to := v.span(i)
		if from == to {
			return 0, false
		}
		if v.Codes == nil {
			return w.number(v.at(to - 1).Text), true
		}
		code = v.Codes[to-1]
	}
	known := &b.groups[w.slot][code]
	if *known == 0 {
		text := ""
		if w.column == onName {
			text = b.Names[code].Name
		} else {
			text = b.Columns[w.column].Words[code].Text
		}
		*known = uint32(w.number(text)) + 1
	}
	number = int(*known) - 1
	return number, w.texts[number] != ""
}

// number is that of a text. Behind the last one that there is room for, all are the first.
func (w *words) number(text string) int {
	n, known := w.numbers[text]
	if known {
		return n
	}
	if len(w.texts) >= maxWords {
		w.over = true
		return 0
	}
	n = len(w.texts)
	w.numbers[text], w.texts = n, append(w.texts, text)
	return n
}

// mergeRows unites two lists of rows that are sorted by their keys, and adds those of a key.
func mergeRows[T any](a, b []T, compare func(a, b *T) int, add func(into, from *T)) []T {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			row := a[0]
			add(&row, &b[0])
			out, a, b = append(out, row), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func sortRows[T any](rows []T, compare func(a, b *T) int) []T {
	slices.SortFunc(rows, func(a, b T) int { return compare(&a, &b) })
	return rows
}
