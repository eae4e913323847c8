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
}{
	KindCount:     {read[Count], func() Partial { return &Counts{} }},
	KindSessions:  {read[Sessions], func() Partial { return &Visits{} }},
	KindFunnel:    {read[Funnel], func() Partial { return &Reached{} }},
	KindRetention: {read[Retention], func() Partial { return &Cohorts{} }},
	KindTrade:     {read[Trade], func() Partial { return &Sales{} }},
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
		return nil, fault.Faults{{Field: "kind", Reason: "is not count, sessions, trade, funnel, retention or performed"}}
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
