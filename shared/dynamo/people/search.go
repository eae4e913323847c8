package people

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of the Search table.
const (
	attrTerms = "t"  // of a key of a person: what it is listed under, a term a line
	attrOf    = "of" // the version of the profile that is listed
	attrName  = "n"  // of a name's entry: all terms of the name
)

// Search lists people under what they are found by. A key of a person and its entries are written together, so that there is never an entry that the key's item does not
// name. Whether they say what the profile says is up to whoever writes them last.
type Search struct {
	DB    dynamo.API
	Table string
}

// listing is what a key of a person is listed under.
type listing struct {
	id      profile.ID
	version int64 // of the item; 0 where there is none
	of      int64
	terms   []search.Term
}

func (s Search) load(ctx context.Context, id profile.ID) (listing, error) {
	item, err := dynamo.Get(ctx, s.DB, s.Table, key.Listed(id))
	if err != nil {
		return listing{}, fmt.Errorf("reading what %s is listed under: %w", id, err)
	}
	l := listing{id: id, version: dynamo.NumberOf(item, dynamo.AttrVersion), of: dynamo.NumberOf(item, attrOf)}
	for line := range strings.Lines(dynamo.TextOf(item, attrTerms)) {
		if parts := strings.Fields(line); len(parts) == 3 {
			rank, _ := strconv.Atoi(parts[1])
			l.terms = append(l.terms, search.Term{Kind: search.Kind(parts[0]), Rank: rank, Text: parts[2]})
		}
	}
	return l, nil
}

// Standing are those of the keys that are listed under anything.
func (s Search) Standing(ctx context.Context, ids []profile.ID) (standing []profile.ID, err error) {
	keys := make([]dynamo.Key, len(ids))
	for i, id := range ids {
		keys[i] = key.Listed(id)
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, keys)
	if err != nil {
		return nil, fmt.Errorf("reading which keys of %s are listed: %w", ids[0], err)
	}
	for _, id := range ids {
		if slices.ContainsFunc(items, func(i dynamo.Item) bool { return dynamo.TextOf(i, dynamo.AttrPK) == key.Listed(id).PK }) {
			standing = append(standing, id)
		}
	}
	return standing, nil
}

// List lists a profile under the terms, and no longer under others. It writes nothing where that is so already. ErrConflict says that somebody else has listed the profile
// meanwhile, and that nothing was written.
func (s Search) List(ctx context.Context, p *profile.Profile, terms []search.Term) error {
	old, err := s.load(ctx, p.ID)
	if err != nil {
		return err
	}
	if p.Predates(p.ID, old.of) {
		old.terms = slices.DeleteFunc(old.terms, func(t search.Term) bool { return holds(terms, t) }) // they are written anew, as somebody else's
		return s.replace(ctx, old, p.Version, terms, terms)
	}
	fresh := slices.DeleteFunc(slices.Clone(terms), func(t search.Term) bool { return holds(old.terms, t) })
	gone := slices.DeleteFunc(slices.Clone(old.terms), func(t search.Term) bool { return holds(terms, t) })
	if len(fresh)+len(gone) == 0 {
		return nil
	}
	old.terms = gone
	return s.replace(ctx, old, p.Version, terms, fresh)
}

// Unlist takes a key off all lists under which nobody stands any more. ErrConflict as of List.
func (s Search) Unlist(ctx context.Context, id profile.ID) error {
	old, err := s.load(ctx, id)
	if err != nil || old.version == 0 {
		return err
	}
	return s.replace(ctx, old, 0, nil, nil)
}

func holds(terms []search.Term, t search.Term) bool {
	return slices.ContainsFunc(terms, func(o search.Term) bool { return o.Kind == t.Kind && o.Text == t.Text && o.Rank == t.Rank })
}

// replace makes the terms what a key is listed under: the fresh ones are written, and those that are left of old deleted.
func (s Search) replace(ctx context.Context, old listing, of int64, terms, fresh []search.Term) error {
	home, unchanged := key.Listed(old.id), dynamo.OfVersion(old.version)
	writes := []dynamo.Write{dynamo.Remove(s.Table, home, unchanged)}
	if len(terms) > 0 {
		i := home.Item()
		i[dynamo.AttrVersion], i[attrOf] = dynamo.NumberValue(old.version+1), dynamo.NumberValue(of)
		var lines strings.Builder
		for _, t := range terms {
			fmt.Fprintln(&lines, t.Kind, t.Rank, t.Text)
		}
		i[attrTerms] = dynamo.TextValue(lines.String())
		writes[0] = dynamo.Put(s.Table, i, unchanged)
	}
	for _, t := range fresh {
		i := key.Term(t, old.id).Item()
		i[attrOf] = dynamo.NumberValue(of)
		if t.Of != "" {
			i[attrName] = dynamo.TextValue(t.Of)
		}
		writes = append(writes, dynamo.Put(s.Table, i, dynamo.Condition{}))
	}
	for _, t := range old.terms {
		writes = append(writes, dynamo.Remove(s.Table, key.Term(t, old.id), dynamo.Condition{}))
	}
	if err := dynamo.Do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("listing %s: %w", old.id, err)
	}
	return nil
}

// Wipe takes a key of who was erased off all lists. What is newer than the tombstones is of whoever came back.
func (s Search) Wipe(ctx context.Context, g Gone, _ string) (found int, next string, err error) {
	old, err := s.load(ctx, g.Key)
	if err != nil || old.version == 0 {
		return 0, "", err
	}
	if g, err = g.Read(ctx); err != nil {
		return 0, "", fmt.Errorf("wiping what %s is listed under: %w", g.Key, err)
	}
	if g.Back && old.of > g.Version {
		return 0, "", nil
	}
	return 1, "", s.replace(ctx, old, 0, nil, nil)
}
