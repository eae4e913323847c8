// Package rule is the one language in which operators say which people they mean: conditions on what a profile holds, what somebody performed, a share of
// everybody, other segments, and all of these together, one of them, or not. It reads a rule and asks it of one profile; whose rule it is does not matter: a
// segment's, a campaign's condition, a question about how many there are. The surprising thing: a condition that may not be asked of somebody who refuses
// profiling is not met, and neither is its opposite.
package rule

import (
	"math"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/fault"
)

// node is one place of a rule.
type node interface {
	// meets answers for the profile. Of somebody who refuses profiling, blind is what a condition answers that may not be asked: false where it
	// would have to be met, true behind a not. So neither it nor its opposite is met, and what is asked beside it stands.
	meets(s *Subject, blind bool) bool
}

type all []node

func (n all) meets(s *Subject, blind bool) bool {
	for _, one := range n {
		if !one.meets(s, blind) {
			return false
		}
	}
	return true
}

type anyOf []node

func (n anyOf) meets(s *Subject, blind bool) bool {
	for _, one := range n {
		if one.meets(s, blind) {
			return true
		}
	}
	return false
}

type not struct{ of node }

func (n not) meets(s *Subject, blind bool) bool { return !n.of.meets(s, !blind) }

// class asks for a class by the scores.
type class struct{ id score.ID }

func (n class) meets(s *Subject, blind bool) bool {
	if s.refuses {
		return blind
	}
	return n.id.Holds(s.p.Scores)
}

// member asks for another segment, whose own rule was asked before.
type member struct{ id string }

func (n member) meets(s *Subject, blind bool) bool {
	if blind && s.refuses {
		return s.Perhaps(n.id)
	}
	return s.In(n.id)
}

// percent takes a share of everybody, in hundredths of a percent: the buckets of the hash are ten-thousandths.
type percent struct {
	seed     string
	from, to int
}

func (n percent) meets(s *Subject, _ bool) bool {
	who := s.p.UserID()
	if who == "" {
		who = string(s.p.ID)
	}
	bucket := int(math.Round(experiment.Bucket(n.seed, who) * 10000))
	return bucket >= n.from && bucket < n.to
}

// Rule is a rule that was read.
type Rule struct {
	root node
	// Scored says that a field or a derived segment of a run is asked.
	Scored bool
	// Profiling says that something is asked which may not be asked of somebody who refuses profiling.
	Profiling bool
	// Refs are the defined segments that it asks for.
	Refs []Reference
	// Tags are those that it asks for, and the empty one where it asks for any.
	Tags []Reference
	// Fields are those that are asked, by their names, one as often as it is. What somebody performed counts as a field of that event.
	Fields []string
	// Prices are the amounts of money that it asks for.
	Prices []Price
	// Bare are the amounts of money that are written as numbers and so count minor units. Which of them are doubtful depends on the shop's currency.
	Bare []Bare
	// Parts are the places that somebody meets or not: the rule itself, and those in it, each before what it holds.
	Parts []Part
	// Recalls are the conditions that a profile's own memory does not answer: a run asks them of the archive.
	Recalls []*Recall
	// Unsure are what profiles do not remember enough for, and fields that no profile has. They are a reason not to save a rule, and none not to ask one.
	Unsure fault.Faults
}

// Reference is a place of a rule that names a defined segment, or a tag.
type Reference struct{ ID, Path string }

// Part is a place of a rule: one condition, or several together.
type Part struct {
	Path string
	Asks map[string]any // the condition as it is written; nil for several together and for what is not to be met
	of   node
}

// Meets asks the rule of somebody.
func (r Rule) Meets(s *Subject) bool { return r.root.meets(s, false) }

// MeetsPart asks one place of the rule by itself of somebody, as if it were the whole.
func (r Rule) MeetsPart(i int, s *Subject) bool { return r.Parts[i].of.meets(s, false) }

// MightMeet asks the rule with every condition taken to be met that may not be asked of them.
func (r Rule) MightMeet(s *Subject) bool { return r.root.meets(s, true) }
