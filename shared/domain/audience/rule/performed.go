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

// timed tells whether a performed says when.
func timed(object map[string]any) bool { return said(object, spans...) > 0 }
