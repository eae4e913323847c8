package rule

import (
	"encoding/json"
	"math"

	"github.com/userops/userops/shared/domain/people/profile"
)

// performed counts an event by the profile's own memory. Days are the shop's; the day itself and withinDays before it count.
type performed struct {
	event           string
	atLeast, atMost int64
	withinDays      int // 0: ever
}

func (n performed) meets(s *Subject, _ bool) bool {
	counter := s.p.Counters[n.event]
	times := counter.Total
	if n.withinDays > 0 {
		from := s.today - profile.Day(n.withinDays)
		// Of a long time only the newest days with any are known. A profile as young as that needs none of them.
		if n.withinDays <= sureDays || s.shop.Day(s.p.FirstSeen) < from {
			times = counter.Since(from)
		}
	}
	return times >= n.atLeast && times <= n.atMost
}

// remembered tells whether a profile's memory answers for sure.
func (n performed) remembered(least, most bool) bool {
	return n.withinDays <= sureDays || !(least && n.atLeast > sureTimes || most && n.atMost >= sureTimes)
}

// Recall is a condition of a rule that a run asks of the archive, for all people at once. Two that ask the same have the same Ask.
type Recall struct {
	Path string
	// Ask is the question: a definition of the kind performed, as package fold reads it, always written alike.
	Ask json.RawMessage
	// Place is which of the answers that somebody has is this one's, of all that are known of them; below zero where none is.
	Place int
}

// recalled is the node of a Recall.
type recalled struct {
	of *Recall
	// near is what a profile's memory says of it, where that is about the same.
	near *performed
}

func (n recalled) meets(s *Subject, blind bool) bool {
	switch {
	case s.answers != nil && n.of.Place >= 0:
		return *s.answers>>n.of.Place&1 == 1
	case s.guess == Perhaps:
		return !blind
	case s.guess == "" && n.near != nil:
		return n.near.meets(s, blind)
	}
	return blind
}

// Guess is what is taken of conditions that nobody can answer before a run has asked the archive.
type Guess string

// The guesses: what is met for sure, whatever the archive says, and what may be met.
const (
	Surely  Guess = "surely"
	Perhaps Guess = "perhaps"
)

// The words of a performed.
const (
	keyEvent   = "event"
	keyWhere   = "where"
	keyLeast   = "atLeast"
	keyMost    = "atMost"
	keyWithin  = "withinDays"
	keyBetween = "between"
	keyBefore  = "before"
	keySince   = "since"
	keySum     = "sum"
	keyOnly    = "only"
	keyThen    = "then"
	keyThenNot = "thenNot"
)

// beyond are those that no profile's memory answers.
var beyond = []string{keyWhere, keyBetween, keyBefore, keySince, keySum, keyOnly, keyThen, keyThenNot}

// spans are those that say when, of which a performed has one at most.
var spans = []string{keyWithin, keyBetween, keyBefore, keySince}

func (p *parser) performed(raw any, path string) node {
	object, ok := raw.(map[string]any)
	if !ok {
		p.faults.Addf(path, "is not an object but %s", jsonKind(raw))
		return all(nil)
	}
	p.only(object, path, keyEvent, keyWhere, keyLeast, keyMost, keyWithin, keyBetween, keyBefore, keySince, keySum, keyOnly, keyThen, keyThenNot)
	n := performed{atMost: math.MaxInt64}
	n.event = p.event(object, path)
	p.rule.Fields = append(p.rule.Fields, "events."+n.event)
	_, least := object[keyLeast]
	_, most := object[keyMost]
	_, sums := object[keySum]
	if !least && !most && !sums {
		n.atLeast = 1
	}
	if least {
		n.atLeast = p.integer(object, path, keyLeast, 1, math.MaxInt32)
	}
	if most {
		n.atMost = p.integer(object, path, keyMost, 0, math.MaxInt32)
	}
	if least && most && n.atMost < n.atLeast {
		p.faults.Addf(path+"."+keyMost, "is %d, below atLeast (%d)", n.atMost, n.atLeast)
	}
	if _, has := object[keyWithin]; has {
		n.withinDays = int(p.integer(object, path, keyWithin, 1, profile.MaxActiveDays))
	}
	asks := p.deed(object, path)
	if asks == nil && n.remembered(least, most) {
		return n
	}
	if asks == nil {
		asks = map[string]any{}
	}
	asks["kind"], asks[keyEvent] = "performed", n.event
	for _, key := range []string{keyLeast, keyMost, keyWithin} {
		if v, has := object[key]; has {
			asks[key] = v
		}
	}
	if !timed(object) {
		asks["ever"] = true
	}
	out := recalled{of: &Recall{Path: path, Place: -1}}
	if len(object) == said(object, keyEvent, keyLeast, keyMost, keyWithin) {
		out.near = &n
	}
	var err error
	if out.of.Ask, err = json.Marshal(asks); err != nil {
		p.faults.Add(path, "is missing or no JSON")
		return all(nil)
	}
	p.rule.Recalls = append(p.rule.Recalls, out.of)
	return out
}

// event reads the name of an event.
func (p *parser) event(object map[string]any, path string) string {
	name, _ := object[keyEvent].(string)
	if name == "" || len(name) > profile.MaxCounterName {
		p.faults.Addf(path+"."+keyEvent, "is not the name of an event, of at most %d bytes", profile.MaxCounterName)
	}
	return name
}

// said is how many of some keys an object has.
func said(object map[string]any, keys ...string) (n int) {
	for _, key := range keys {
		if _, has := object[key]; has {
			n++
		}
	}
	return n
}

// timed tells whether a performed says when.
func timed(object map[string]any) bool { return said(object, spans...) > 0 }
