package fold

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Version is that of definitions and partials. What a definition of a version asks never changes its meaning.
const Version = 1

// kinds are what can be asked: how a definition is read, and what its partial is.
var kinds = map[Kind]struct {
	read    func(raw []byte) (asked, error)
	partial func() Partial
	figures string // which a cell may name
}{
	KindCount:     {read[Count], func() Partial { return &Counts{} }, "events or people"},
	KindSessions:  {read[Sessions], func() Partial { return &Visits{} }, "people, sessions, views, events or bounces, length, dwell or known; of a page pageViews, pageEntries, pageExits, pageBounces, pageDwell or pageKnown"},
	KindFunnel:    {read[Funnel], func() Partial { return &Reached{} }, "reached or dropped, of step 1 to the last"},
	KindRetention: {read[Retention], func() Partial { return &Cohorts{} }, "size, or back with the number of periods after"},
	KindTrade: {read[Trade], func() Partial { return &Sales{} },
		"with a currency placed, gmv, paid, sum, unknown, pieces, reduced, discount, refunds, cancelled or returned; without one people, again or first, or due or second with 30, 60, 90 or 180 days"},
	KindPerformed: {read[Performed], func() Partial { return &Performers{} }, "people"},
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
	d, _, err := parse(definition)
	if err != nil {
		return nil, err
	}
	if shop.Zone == nil {
		shop.Zone = time.UTC
	}
	return d.compile(shop, asOf), nil
}

func parse(definition []byte) (asked, Kind, error) {
	var head struct {
		Kind Kind `json:"kind"`
	}
	if reason := fault.Syntax(definition); reason != "" {
		return nil, "", fault.Faults{{Reason: reason}}
	}
	if json.Unmarshal(definition, &head) != nil || kinds[head.Kind].read == nil {
		return nil, "", fault.Faults{{Field: "kind", Reason: "is not count, sessions, trade, funnel, retention or performed"}}
	}
	d, err := kinds[head.Kind].read(definition)
	return d, head.Kind, err
}

// Canonical is a definition as it is always written, whatever the sequence of its fields and the blanks between them, and its kind. The error is as Compile's.
func Canonical(definition []byte) ([]byte, Kind, error) {
	d, kind, err := parse(definition)
	if err != nil {
		return nil, "", err
	}
	out, err := json.Marshal(d)
	if err != nil {
		return nil, "", fmt.Errorf("writing a definition: %w", err)
	}
	return out, kind, nil
}

// ParseCell reads a cell of an answer to a kind of question. The error is fault.Faults.
func ParseCell(raw []byte, kind Kind) (c Cell, err error) {
	if reason := fault.Syntax(raw); reason != "" {
		return c, fault.Faults{{Field: "cell", Reason: reason}}
	}
	faults := fault.Decode(raw, &c)
	var found fault.Faults
	if k, known := kinds[kind]; !known {
		found.Add("cell", "is of no kind of question")
	} else if _, known := k.partial().Figure(c); !known {
		found.Addf("figure", "is not a figure of such a cell: %s", k.figures)
	}
	return c, faults.And(found.Err())
}

// Alone is how much one person counts for in a cell. It counts nobody: the fold has forgotten whom it had counted before, and forgets this one.
func Alone(f Fold, person []Stretch, c Cell) int64 {
	f.Reset()
	f.Add(person)
	n, _ := f.Partial().Figure(c)
	f.Reset()
	return n
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
