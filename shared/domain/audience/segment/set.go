package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/rawjson"
	"github.com/userops/userops/shared/domain/slug"
)

// MaxDefinitions bounds the segments that operators can have at a time.
const MaxDefinitions = 500

// Set is the compiled definitions of a shop. It is safe for concurrent use.
type Set struct {
	rules  []compiled // those that a rule asks come before it
	broken map[ID]bool
}

type compiled struct {
	id ID
	rule
}

// Compile parses definitions and brings them into an order in which each can be asked. The faults name what is wrong below the
// definition's id ("vip.rule.all[1].op"). A definition with a fault is left out, and so is one that asks it; the Set holds the rest,
// so that one broken definition does not stop the others.
func Compile(definitions []Definition) (*Set, fault.Faults) {
	c := compiler{rules: map[ID]rule{}, placed: map[ID]bool{}, set: &Set{broken: map[ID]bool{}}}
	for _, d := range definitions {
		c.parse(d)
	}
	ids := slices.Sorted(maps.Keys(c.rules))
	if over := len(ids) - MaxDefinitions; over > 0 {
		c.faults.Addf("", "there are %d segments, at most %d", len(ids), MaxDefinitions)
		for _, id := range ids[MaxDefinitions:] {
			delete(c.rules, id)
			c.set.broken[id] = true
		}
		ids = ids[:MaxDefinitions]
	}
	for _, id := range ids {
		c.references(id)
	}
	for _, id := range ids {
		c.place(id)
	}
	return c.set, c.faults
}

// Check says what is wrong with a definition that is about to be saved beside the others, as fault.Faults whose places are
// those of the definition itself. One of the others with its id is taken to be its former version.
func Check(d Definition, others []Definition) error {
	if err := d.Validate(); err != nil {
		var faults fault.Faults
		if errors.As(err, &faults) {
			faults = append(faults, d.unknown(others)...)
		}
		return faults
	}
	return Stands(d, others)
}

// Stands is Check for a definition that was saved before: it may ask what is refused by now.
func Stands(d Definition, others []Definition) error {
	together := []Definition{d}
	for _, other := range others {
		if other.ID != d.ID {
			together = append(together, other)
		}
	}
	_, faults := Compile(together)
	var own fault.Faults
	prefix := string(d.ID) + "."
	for _, f := range faults {
		if rest, ok := strings.CutPrefix(f.Field, prefix); ok {
			own.Add(rest, f.Reason)
		}
	}
	if len(together) > MaxDefinitions {
		own.Addf("", "would be segment number %d, at most %d", len(together), MaxDefinitions)
	}
	return own.Err()
}

// unknown finds the references of a definition to segments that are not there.
func (d Definition) unknown(others []Definition) fault.Faults {
	var faults fault.Faults
	parsed, _ := parseRule(d.Rule)
	for _, ref := range parsed.refs {
		known := slices.ContainsFunc(others, func(other Definition) bool { return other.ID == ref.id })
		if !known && ref.id != d.ID {
			faults.Addf(ref.path, "%s is not a segment", ref.id)
		}
	}
	return faults
}

type compiler struct {
	rules  map[ID]rule
	placed map[ID]bool // in the set
	set    *Set
	faults fault.Faults
}

func (c *compiler) parse(d Definition) {
	parsed, faults := parseRule(d.Rule)
	if reason := slug.Fault(string(d.ID)); reason != "" {
		faults.Add("id", reason)
	}
	if len(faults) > 0 {
		c.set.broken[d.ID] = true
		c.faults = append(c.faults, faults.Under(string(d.ID))...)
		return
	}
	c.rules[d.ID] = parsed
}

// references finds the references of a definition that cannot be followed.
func (c *compiler) references(id ID) {
	for _, ref := range c.rules[id].refs {
		place := string(id) + "." + ref.path
		_, known := c.rules[ref.id]
		switch {
		case !known && !c.set.broken[ref.id]:
			c.faults.Addf(place, "%s is not a segment", ref.id)
		case known:
			circle := c.way(ref.id, id, map[ID]bool{})
			if circle == nil {
				continue
			}
			c.faults.Addf(place, "leads back to itself: %s > %s", id, strings.Join(circle, " > "))
		default:
			continue
		}
		c.set.broken[id] = true
	}
}

// way is how one leads from a definition to another by references, both named, nil if it does not.
func (c *compiler) way(from, to ID, seen map[ID]bool) []string {
	if from == to {
		return []string{string(to)}
	}
	seen[from] = true
	for _, ref := range c.rules[from].refs {
		if seen[ref.id] {
			continue
		}
		if rest := c.way(ref.id, to, seen); rest != nil {
			return append([]string{string(from)}, rest...)
		}
	}
	return nil
}

// place appends a definition after those that it asks, and says whether it could. No circle is left when it is called: each
// definition of one is broken.
func (c *compiler) place(id ID) bool {
	if c.placed[id] || c.set.broken[id] {
		return c.placed[id]
	}
	parsed := c.rules[id]
	for _, ref := range parsed.refs {
		if !c.place(ref.id) {
			c.faults.Addf(string(id)+"."+ref.path, "%s has a fault itself", ref.id)
			c.set.broken[id] = true
			continue
		}
		parsed.scored = parsed.scored || c.rules[ref.id].scored
		parsed.profiles = parsed.profiles || c.rules[ref.id].profiles
	}
	if c.set.broken[id] {
		return false
	}
	c.rules[id] = parsed
	c.placed[id] = true
	c.set.rules = append(c.set.rules, compiled{id, parsed})
	return true
}

// Live is the part of the set that depends on the person's own data only, not on what a run says of all of them. Projection can
// keep its memberships while it folds events; leaving such a segment by the mere passage of time is seen by the next run.
func (s *Set) Live() *Set { return s.part(func(c compiled) bool { return !c.scored }) }

// Scored is the rest: the definitions that ask scores or derived segments, at any depth. It cannot be asked alone, because its
// rules may ask live ones.
func (s *Set) Scored() []ID {
	var ids []ID
	for _, c := range s.rules {
		if c.scored {
			ids = append(ids, c.id)
		}
	}
	return ids
}

func (s *Set) part(keep func(compiled) bool) *Set {
	out := &Set{broken: map[ID]bool{}}
	for id := range s.broken {
		out.broken[id] = true
	}
	for _, c := range s.rules {
		if keep(c) {
			out.rules = append(out.rules, c)
		} else {
			out.broken[c.id] = true
		}
	}
	return out
}

// IDs lists the definitions that can be asked, in the order of asking.
func (s *Set) IDs() []ID {
	ids := make([]ID, len(s.rules))
	for i, c := range s.rules {
		ids[i] = c.id
	}
	return ids
}

// Members asks every definition about a profile, with the scores that it holds. Each id that was asked is a key.
func (s *Set) Members(p *profile.Profile, now time.Time, shop Shop) map[ID]bool {
	members := make(map[ID]bool, len(s.rules))
	who := subject{p: p, now: now, today: DateOf(now, shop.Zone), shop: shop, members: members, refuses: p.RefusesProfiling()}
	if who.refuses {
		who.perhaps = make(map[ID]bool, len(s.rules))
	}
	for _, c := range s.rules {
		members[c.id] = c.root.meets(&who, false)
		if who.refuses {
			who.perhaps[c.id] = c.root.meets(&who, true)
		}
	}
	return members
}

// Told leaves out of what was moved that somebody who refuses profiling has left a segment which asks what may not be asked of them: it says nothing of
// what they did, and nobody is written to for having refused.
func (s *Set) Told(p *profile.Profile, moved []profile.Follow) []profile.Follow {
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
	return at < 0 || s.rules[at].profiles
}

// Proven asks of what is proven alone what Members was asked of all that was ever said. It is nil where that makes no difference: nothing is unproven,
// or the profile is in no segment either way.
func (s *Set) Proven(p *profile.Profile, members map[ID]bool, now time.Time, shop Shop) map[ID]bool {
	if p.Unproven.Empty() {
		return nil
	}
	in := len(p.Members) > 0
	for _, is := range members {
		in = in || is
	}
	if !in {
		return nil
	}
	return s.Members(p, now, shop)
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

// Edited names the definitions that were made, changed or deleted between two lists, and those that ask one of these, however deep. Who
// goes by the earlier list must leave their memberships to who goes by the later.
func Edited(before, after []Definition) map[ID]bool {
	was, is := rulesOf(before), rulesOf(after)
	edited := map[ID]bool{}
	for _, list := range [...]map[ID]json.RawMessage{was, is} {
		for id := range list {
			_, there := was[id]
			_, still := is[id]
			if there != still || !bytes.Equal(was[id], is[id]) {
				edited[id] = true
			}
		}
	}
	for more := len(edited) > 0; more; {
		more = false
		for _, list := range [...]map[ID]json.RawMessage{was, is} {
			for id, raw := range list {
				if !edited[id] && asksOne(raw, edited) {
					edited[id], more = true, true
				}
			}
		}
	}
	return edited
}

func rulesOf(definitions []Definition) map[ID]json.RawMessage {
	rules := make(map[ID]json.RawMessage, len(definitions))
	for _, d := range definitions {
		rules[d.ID] = canonical(d.Rule)
	}
	return rules
}

// canonical is the same for a rule however it was written: a list that was packed and unpacked has other blanks and escapes.
func canonical(rule json.RawMessage) json.RawMessage {
	tree, err := rawjson.Tree(rule)
	if err != nil {
		return rule
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return rule
	}
	return text
}

func asksOne(raw json.RawMessage, of map[ID]bool) bool {
	parsed, _ := parseRule(raw)
	return slices.ContainsFunc(parsed.refs, func(r reference) bool { return of[r.id] })
}

// Diff brings the profile's memberships to what was asked, of all and, where that differs, of what is proven, and returns what it entered and left,
// in the order of the ids. Segments that are no key of members stay as they are. Version and N of the follows are the caller's to fill; run is
// empty when the fold asks.
func Diff(p *profile.Profile, members, proven map[ID]bool, now time.Time, run string) []profile.Follow {
	var follows []profile.Follow
	for _, id := range slices.Sorted(maps.Keys(members)) {
		f, m, moved := move(p, id, members[id], apart(id, members, proven))
		switch {
		case !moved:
			continue
		case !members[id]:
			delete(p.Members, string(id))
		default:
			if f.Kind == profile.FollowEntered {
				m.Since, m.Run = now, run
			}
			if p.Members == nil {
				p.Members = map[string]profile.Membership{}
			}
			p.Members[string(id)] = m
		}
		f.At, f.Run = now, run
		follows = append(follows, f)
	}
	return follows
}

// Differs tells whether Diff would change something.
func Differs(p *profile.Profile, members, proven map[ID]bool) bool {
	for id, is := range members {
		if _, _, moved := move(p, id, is, apart(id, members, proven)); moved {
			return true
		}
	}
	return false
}

// apart tells whether what is proven alone says otherwise.
func apart(id ID, members, proven map[ID]bool) bool {
	return proven != nil && proven[id] != members[id]
}

// move is what becomes of one membership. What only public events make so is told as unproven; so is the exit from a membership that was told so. A
// membership that has become proven is told once more, to those who did not hear of it before.
func move(p *profile.Profile, id ID, is, apart bool) (f profile.Follow, m profile.Membership, moved bool) {
	m, was := p.Members[string(id)]
	f.Ref = string(id)
	switch {
	case is && !was:
		f.Kind, f.Unproven = profile.FollowEntered, apart
	case !is && was:
		f.Kind, f.Unproven = profile.FollowExited, apart || m.Unproven
	case is && m.Unproven && !apart:
		f.Kind = profile.FollowProved
	case is && !m.Unproven && apart:
		f.Kind = profile.FollowUnproved
	default:
		return f, m, false
	}
	m.Unproven = apart
	return f, m, true
}

// Rescore gives the profile its new scores and returns what it left and entered by them among the derived segments, as far as
// somebody listens: four of them change with nearly every change of scores. Scores that differ in Run only are no change and stay.
func Rescore(p *profile.Profile, scores profile.Scores, now time.Time, run string, heard func(profile.Follow) bool) []profile.Follow {
	before, after := p.Scores, scores
	before.Run, after.Run = "", ""
	if before == after {
		return nil
	}
	p.Scores = scores
	if p.RefusesProfiling() {
		return nil // nobody is told of classes that are taken away for that
	}
	p.Scores.Run = run
	var follows []profile.Follow
	add := func(kind profile.FollowKind, of, other profile.Scores) {
		for _, id := range DerivedOf(of) {
			group, class, _ := strings.Cut(string(id), ":")
			follow := profile.Follow{Kind: kind, Ref: string(id), At: now, Run: run}
			if scoredClass(other, group) != class && heard(follow) {
				follows = append(follows, follow)
			}
		}
	}
	add(profile.FollowExited, before, after)
	add(profile.FollowEntered, after, before)
	return follows
}
