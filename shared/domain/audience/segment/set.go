package segment

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Set is the compiled definitions of a shop. It is safe for concurrent use.
type Set struct {
	rules  []compiled // those that a rule asks come before it
	broken map[ID]bool
	gives  map[ID]string // the tags of those of the rules that give one
	tags   bool          // one of the rules asks for tags
	// recalls are the questions that the rules ask of the archive, and answers what it says of somebody. Where nobody has asked it, whoever is in a segment that asks one stays in it.
	recalls []json.RawMessage
	answers Answers
	// guessed is a segment whose rule is asked all the same, with what is taken of such questions.
	guessed ID
	guess   rule.Guess
}

// Answers tells what the archive says of somebody: of all that was ever said, and of what is proven, a bit for each of Set.Recalls.
type Answers func(*profile.Profile) (all, proven uint32)

// MaxRecalls bounds the questions that the segments of a shop ask of the archive, those that are alike counted once.
const MaxRecalls = 32

// compiled is a rule with what it asks at any depth.
type compiled struct {
	id ID
	rule.Rule
}

// Live is the part of the set that depends on the person's own data only, not on what a run says of all of them. Projection can
// keep its memberships while it folds events; leaving such a segment by the mere passage of time is seen by the next run. Segments that ask the archive are in it, for others to ask for: in them is who was
// in them before.
func (s *Set) Live() *Set { return s.part(func(c compiled) bool { return !c.Scored }) }

// Scored is the rest: the definitions that ask scores or derived segments, at any depth. It cannot be asked alone, because its
// rules may ask live ones.
func (s *Set) Scored() []ID {
	var ids []ID
	for _, c := range s.rules {
		if c.Scored {
			ids = append(ids, c.id)
		}
	}
	return ids
}

func (s *Set) part(keep func(compiled) bool) *Set {
	out := &Set{broken: map[ID]bool{}, gives: map[ID]string{}, tags: s.tags, recalls: s.recalls, answers: s.answers}
	for id := range s.broken {
		out.broken[id] = true
	}
	for _, c := range s.rules {
		if keep(c) {
			out.add(c, s.gives[c.id])
		} else {
			out.broken[c.id] = true
		}
	}
	return out
}

// add appends a rule, with the tag that it gives, if any.
func (s *Set) add(c compiled, tag string) {
	s.rules = append(s.rules, c)
	if tag != "" {
		s.gives[c.id] = tag
	}
}

// IDs lists the definitions that can be asked, in the order of asking.
func (s *Set) IDs() []ID {
	ids := make([]ID, len(s.rules))
	for i, c := range s.rules {
		ids[i] = c.id
	}
	return ids
}

// Recalls are the questions that the rules ask of the archive, each once, in an order that depends on nothing else.
func (s *Set) Recalls() []json.RawMessage { return s.recalls }

// Knowing is the set where the archive was asked.
func (s *Set) Knowing(answers Answers) *Set {
	out := *s
	out.answers = answers
	return &out
}

// Guessing is the set where a definition's rule is asked of everybody, whether a run has gone by it or not, with what is taken of the questions to the archive: without a guess, what a profile's memory says that
// comes near.
func (s *Set) Guessing(id ID, g rule.Guess) *Set {
	out := *s
	out.guessed, out.guess = id, g
	return &out
}

// OfTheRun are the places of a definition's rule that only runs answer.
func (s *Set) OfTheRun(id ID) (places []string) {
	for _, one := range s.of(id).Recalls {
		places = append(places, one.Path)
	}
	return places
}

// Members asks every definition about a profile, with the scores that it holds. Each id that was asked is a key.
func (s *Set) Members(p *profile.Profile, now time.Time, shop profile.Shop) map[ID]bool {
	return s.MembersIn(make(map[ID]bool, len(s.rules)), p, now, shop)
}

// MembersIn is Members in a table that is emptied for them: a run asks ten million people.
func (s *Set) MembersIn(table map[ID]bool, p *profile.Profile, now time.Time, shop profile.Shop) map[ID]bool {
	clear(table)
	s.ask(table, p, now, shop, false)
	return table
}

// Parts are the places of a definition's rule, as Counted numbers them; nil for one that cannot be asked.
func (s *Set) Parts(id ID) []rule.Part { return s.of(id).Parts }

// Counted asks a definition about a profile, and each place of its rule by itself: met is called with the number of each that is met.
func (s *Set) Counted(id ID, p *profile.Profile, now time.Time, shop profile.Shop, met func(part int)) bool {
	members := make(map[ID]bool, len(s.rules))
	who := s.ask(members, p, now, shop, false)
	asked := s.of(id)
	for i := range asked.Parts {
		if asked.MeetsPart(i, who) {
			met(i)
		}
	}
	return members[id]
}

func (s *Set) of(id ID) rule.Rule {
	if at := slices.IndexFunc(s.rules, func(c compiled) bool { return c.id == id }); at >= 0 {
		return s.rules[at].Rule
	}
	return rule.Rule{}
}

func (s *Set) ask(members map[ID]bool, p *profile.Profile, now time.Time, shop profile.Shop, proven bool) *rule.Subject {
	var perhaps map[ID]bool
	who := rule.Of(p, now, shop)
	who.In = func(id string) bool { return members[ID(id)] }
	if who.Refuses() {
		perhaps = make(map[ID]bool, len(s.rules))
		who.Perhaps = func(id string) bool { return perhaps[ID(id)] }
	}
	if s.tags {
		who.Given = func() []string { return s.given(members) }
		who.Profiled = s.profiled
	}
	if s.answers != nil {
		all, sure := s.answers(p)
		if proven {
			all = sure
		}
		who.Answered(all)
	}
	who.Guess(s.guess)
	for _, c := range s.rules {
		if len(c.Recalls) > 0 && s.answers == nil && c.id != s.guessed {
			m, in := p.Members[string(c.id)]
			members[c.id] = in && !(proven && m.Unproven)
			if perhaps != nil {
				perhaps[c.id] = members[c.id]
			}
			continue
		}
		members[c.id] = c.Meets(who)
		if perhaps != nil {
			perhaps[c.id] = c.MightMeet(who)
		}
	}
	return who
}

// given are the tags of the segments that somebody is in, in no order.
func (s *Set) given(members map[ID]bool) (tags []string) {
	for id, tag := range s.gives {
		if members[id] {
			tags = append(tags, tag)
		}
	}
	return tags
}

// profiled tells of a tag, or of any where it is empty, whether a segment gives it that asks what may not be asked of everybody.
func (s *Set) profiled(tag string) bool {
	for id, given := range s.gives {
		if (tag == "" || given == tag) && s.of(id).Profiling {
			return true
		}
	}
	return false
}

// WithoutProfiling is moved without the exits from segments that profile people, where the person refuses profiling. Such an exit says nothing
// of what the person did, and nobody is to be written to for having refused.
func (s *Set) WithoutProfiling(p *profile.Profile, moved []profile.Follow) []profile.Follow {
	if !p.RefusesProfiling() {
		return moved
	}
	return slices.DeleteFunc(moved, func(f profile.Follow) bool {
		return (f.Kind == profile.FollowExited || f.Kind == profile.FollowUnproved) && s.Profiles(ID(f.Ref))
	})
}

// Profiles tells whether a segment asks what may not be asked of somebody who refuses profiling. One that cannot be asked any more may.
func (s *Set) Profiles(id ID) bool {
	at := slices.IndexFunc(s.rules, func(c compiled) bool { return c.id == id })
	return at < 0 || s.rules[at].Profiling
}

// Proven asks of what is proven alone what Members was asked of all that was ever said. It is nil where that makes no difference: nothing is unproven,
// or the profile is in no segment either way. The archive may know of what is unproven that the profile does not remember.
func (s *Set) Proven(p *profile.Profile, members map[ID]bool, now time.Time, shop profile.Shop) map[ID]bool {
	if p.Unproven.Empty() && len(s.recalls) == 0 {
		return nil
	}
	in := len(p.Members) > 0
	for _, is := range members {
		in = in || is
	}
	if !in {
		return nil
	}
	sure := make(map[ID]bool, len(s.rules))
	s.ask(sure, p, now, shop, true)
	return sure
}

// Forget adds to members, as left, the segments that the profile is in and that no longer exist. A definition that has a fault,
// or that a part of the set does not hold, is not forgotten: its memberships stand until it can be asked again.
func (s *Set) Forget(p *profile.Profile, members map[ID]bool) {
	for id := range p.Members {
		if _, asked := members[ID(id)]; !asked && !s.broken[ID(id)] {
			members[ID(id)] = false
		}
	}
}
