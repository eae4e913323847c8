package segment

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/slug"
)

// MaxDefinitions bounds the segments that operators can have at a time.
const MaxDefinitions = 500

// Compile parses definitions and brings them into an order in which each can be asked. The faults name what is wrong below the
// definition's id ("vip.rule.all[1].op"). A definition with a fault is left out, and so is one that asks it; the Set holds the rest,
// so that one broken definition does not stop the others.
func Compile(definitions []Definition) (*Set, fault.Faults) {
	c := compiler{rules: map[ID]rule.Rule{}, tags: map[ID]string{}, added: map[ID]bool{}, set: &Set{broken: map[ID]bool{}, gives: map[ID]string{}}}
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
	ids = c.recalls(ids)
	for _, id := range ids {
		c.tagged(id)
	}
	for _, id := range ids {
		c.references(id)
	}
	for _, id := range ids {
		c.add(id)
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
	asks := map[string]bool{}
	for _, one := range together {
		parsed, _ := rule.Parse(one.Rule)
		for _, r := range parsed.Recalls {
			asks[string(r.Ask)] = true
		}
	}
	if parsed, _ := rule.Parse(d.Rule); len(asks) > MaxRecalls && len(parsed.Recalls) > 0 && len(own) == 0 {
		own.Addf(parsed.Recalls[0].Path, manyRecalls, MaxRecalls)
	}
	if len(together) > MaxDefinitions {
		own.Addf("", "would be segment number %d, at most %d", len(together), MaxDefinitions)
	}
	return own.Err()
}

// unknown finds the references of a definition to segments that are not there.
func (d Definition) unknown(others []Definition) fault.Faults {
	var faults fault.Faults
	parsed, _ := rule.Parse(d.Rule)
	for _, ref := range parsed.Refs {
		known := slices.ContainsFunc(others, func(other Definition) bool { return string(other.ID) == ref.ID })
		if !known && ref.ID != string(d.ID) {
			faults.Addf(ref.Path, "%s is not a segment", ref.ID)
		}
	}
	return faults
}

type compiler struct {
	rules  map[ID]rule.Rule
	tags   map[ID]string // that they give
	added  map[ID]bool   // in the set
	set    *Set
	faults fault.Faults
}

func (c *compiler) parse(d Definition) {
	parsed, faults := rule.Parse(d.Rule)
	if reason := slug.Fault(string(d.ID)); reason != "" {
		faults.Add("id", reason)
	}
	if len(faults) > 0 {
		c.set.broken[d.ID] = true
		c.faults = append(c.faults, faults.Under(string(d.ID))...)
		return
	}
	c.rules[d.ID], c.tags[d.ID] = parsed, d.Tag
}

// recalls gives each question to the archive its place, the same for those that are alike, and answers the definitions without those that ask one too many.
func (c *compiler) recalls(ids []ID) []ID {
	known := map[string]bool{}
	stay := slices.DeleteFunc(slices.Clone(ids), func(id ID) bool {
		also := maps.Clone(known)
		for _, one := range c.rules[id].Recalls {
			if also[string(one.Ask)] = true; len(also) > MaxRecalls {
				c.faults.Addf(string(id)+"."+one.Path, manyRecalls, MaxRecalls)
				c.set.broken[id] = true
				delete(c.rules, id)
				return true
			}
		}
		known = also
		return false
	})
	asks := slices.Sorted(maps.Keys(known))
	for _, one := range asks {
		c.set.recalls = append(c.set.recalls, json.RawMessage(one))
	}
	for _, id := range stay {
		for _, one := range c.rules[id].Recalls {
			one.Place, _ = slices.BinarySearch(asks, string(one.Ask))
		}
	}
	return stay
}

// manyRecalls is why a definition is refused that asks the archive one question too many.
const manyRecalls = "is one question too many to the archive: all segments together ask at most %d different ones"

// tagged makes references of the tags that a definition asks for: whom a segment gives one is asked before.
func (c *compiler) tagged(id ID) {
	parsed := c.rules[id]
	parsed.Refs = slices.Clone(parsed.Refs)
	for _, asked := range parsed.Tags {
		for _, by := range slices.Sorted(maps.Keys(c.rules)) {
			if tag := c.tags[by]; tag != "" && (asked.ID == "" || asked.ID == tag) {
				parsed.Refs = append(parsed.Refs, rule.Reference{ID: string(by), Path: asked.Path})
			}
		}
	}
	c.rules[id] = parsed
}

// references finds the references of a definition that cannot be followed.
func (c *compiler) references(id ID) {
	for _, ref := range c.rules[id].Refs {
		place := string(id) + "." + ref.Path
		asked := ID(ref.ID)
		_, known := c.rules[asked]
		switch {
		case !known && !c.set.broken[asked]:
			c.faults.Addf(place, "%s is not a segment", asked)
		case known:
			circle := c.way(asked, id, map[ID]bool{})
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
	for _, ref := range c.rules[from].Refs {
		next := ID(ref.ID)
		if seen[next] {
			continue
		}
		if rest := c.way(next, to, seen); rest != nil {
			return append([]string{string(from)}, rest...)
		}
	}
	return nil
}

// add appends a definition behind those that it asks, and tells whether it could. By now every definition of a circle is broken, so the recursion
// ends.
func (c *compiler) add(id ID) bool {
	if c.added[id] || c.set.broken[id] {
		return c.added[id]
	}
	parsed := c.rules[id]
	for _, ref := range parsed.Refs {
		if !c.add(ID(ref.ID)) {
			c.faults.Addf(string(id)+"."+ref.Path, "%s has a fault itself", ref.ID)
			c.set.broken[id] = true
			continue
		}
		parsed.Scored = parsed.Scored || c.rules[ID(ref.ID)].Scored
		parsed.Profiling = parsed.Profiling || c.rules[ID(ref.ID)].Profiling
	}
	if c.set.broken[id] {
		return false
	}
	c.rules[id] = parsed
	c.added[id] = true
	c.set.tags = c.set.tags || len(parsed.Tags) > 0
	c.set.add(compiled{id, parsed}, c.tags[id])
	return true
}
