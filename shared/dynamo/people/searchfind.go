package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Hit is somebody who is listed under what was asked for: the key, and the version of the profile when it was listed.
type Hit struct {
	ID profile.ID
	Of int64
}

const (
	// MaxHits bounds a page.
	MaxHits = 20
	// wordsPage is how many entries of a partition are looked at for a page where not each is a hit.
	wordsPage = 100
)

// The steps of a question of several words, as cursors begin: the whole of it, and then each word.
const (
	stepWhole = "w#"
	stepWords = "e#"
)

// Find lists who is listed under what begins as the question does, in the order of the terms, at most most of them, which is MaxHits or fewer; whoever has two such terms may be listed twice. next is
// where to go on, "" at the end: a page may have few hits, or none, and a next. It reads eventually consistently. ErrCursor for a cursor that it did not give, or of somebody who
// is no longer listed so.
func (s Search) Find(ctx context.Context, q search.Question, cursor string, most int) (hits []Hit, next string, err error) {
	step, after := stepWhole, ""
	longest, several := q.Longest()
	begins := map[string]string{stepWhole: q.Whole, stepWords: longest}
	if cursor != "" {
		if step, after, err = s.resume(ctx, q.Kind, begins, cursor); err != nil {
			return nil, "", err
		}
	}
	if step == stepWhole {
		if hits, after, err = s.beginning(ctx, q.Kind, q.Whole, after, nil, most); err != nil {
			return nil, "", err
		}
		if after != "" || !several {
			next, err = s.cursor(ctx, q.Kind, stepWhole, q.Whole, after)
			return hits, next, err
		}
		if len(hits) == most {
			return hits, dynamo.CursorAfter(stepWords), nil
		}
	}
	more, after, err := s.beginning(ctx, q.Kind, longest, after, q.Met, most-len(hits))
	if err == nil {
		next, err = s.cursor(ctx, q.Kind, stepWords, longest, after)
	}
	return append(hits, more...), next, err
}

// cursor is where to go on behind an entry. Whoever is shown names masked reads it, so it says who stands there and not under what: that is looked up.
func (s Search) cursor(ctx context.Context, kind search.Kind, step, begins, after string) (string, error) {
	if after == "" {
		return "", nil
	}
	id := key.WhoseTerm(after)
	sks, err := s.sortKeys(ctx, kind, begins, id)
	at, _ := slices.BinarySearch(sks, after)
	return dynamo.CursorAfter(fmt.Sprintf("%s%d#%s", step, at, id)), err
}

// After is whose place a cursor names, whoever has made it; false where it names nobody's.
func (Search) After(cursor string) (profile.ID, bool) {
	text, err := dynamo.SortKeyOf(cursor, "")
	id := profile.ID(text[strings.LastIndex(text, "#")+1:])
	return id, err == nil && id.Valid()
}

// resume reads a cursor: which step, and behind which sort key.
func (s Search) resume(ctx context.Context, kind search.Kind, begins map[string]string, cursor string) (step, after string, err error) {
	text, err := dynamo.SortKeyOf(cursor, "")
	step, rest, cut := strings.Cut(text, "#")
	step += "#"
	if err != nil || !cut || begins[step] == "" && kind == search.OfName || step != stepWhole && step != stepWords {
		return "", "", dynamo.ErrCursor
	}
	if rest == "" && step == stepWords {
		return step, "", nil
	}
	number, id, cut := strings.Cut(rest, "#")
	n, err := strconv.Atoi(number)
	if err != nil || !cut || n < 0 || !profile.ID(id).Valid() {
		return "", "", dynamo.ErrCursor
	}
	sks, err := s.sortKeys(ctx, kind, begins[step], profile.ID(id))
	if err == nil && n >= len(sks) {
		err = dynamo.ErrCursor
	}
	if err != nil {
		return "", "", err
	}
	return step, sks[n], nil
}

// sortKeys are those of a person's entries that begin so, in their order.
func (s Search) sortKeys(ctx context.Context, kind search.Kind, begins string, id profile.ID) (sks []string, err error) {
	l, err := s.load(ctx, id)
	for _, t := range l.terms {
		if t.Kind == kind && strings.HasPrefix(t.Text, begins) {
			sks = append(sks, key.Term(t, id).SK)
		}
	}
	slices.Sort(sks)
	return sks, err
}

// entry is an item that lists somebody.
type entry struct {
	sk  string
	of  int64
	all string
}

// beginning lists what begins so, from all shards in one order, and answers the key behind which to go on. It looks at one page of each shard.
func (s Search) beginning(ctx context.Context, kind search.Kind, begins, after string, wanted func(of string) bool, most int) (hits []Hit, next string, err error) {
	shards := 1
	prefix := begins
	switch kind {
	case search.OfName:
		shards = key.SearchShards
	case search.OfEmail:
		prefix = ""
	}
	of := dynamo.Stretch{Table: s.Table, Prefix: prefix, After: after, Stale: true, Limit: MaxHits}
	if wanted != nil {
		of.Limit = wordsPage
	}
	found, horizon, err := s.entries(ctx, of, shards, func(shard int) string { return key.TermPartition(kind, begins, shard) })
	if err != nil {
		return nil, "", err
	}
	for _, e := range found {
		if horizon != "" && e.sk > horizon {
			break
		}
		if len(hits) == most {
			return hits, next, nil
		}
		next = e.sk
		if id := key.WhoseTerm(e.sk); (wanted == nil || wanted(e.all)) && !slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == id }) {
			hits = append(hits, Hit{id, e.of})
		}
	}
	return hits, horizon, nil
}

// entries reads a page of each shard, and answers how far all of them are read, "" where they are read to the end.
func (s Search) entries(ctx context.Context, of dynamo.Stretch, shards int, partition func(shard int) string) (found []entry, horizon string, err error) {
	pages, ends := make([][]entry, shards), make([]string, shards)
	err = eachShard(ctx, shards, func(ctx context.Context, shard int) error {
		of := of
		of.PK = partition(shard)
		items, end, err := of.Page(ctx, s.DB)
		for _, i := range items {
			pages[shard] = append(pages[shard], entry{dynamo.TextOf(i, dynamo.AttrSK), dynamo.NumberOf(i, attrOf), dynamo.TextOf(i, attrName)})
		}
		ends[shard] = end
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("looking for people: %w", err)
	}
	for shard, page := range pages {
		found = append(found, page...)
		if ends[shard] != "" && (horizon == "" || ends[shard] < horizon) {
			horizon = ends[shard]
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(a.sk, b.sk) })
	return found, horizon, nil
}

// eachShard asks all shards at once.
func eachShard(ctx context.Context, shards int, ask func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for shard := range shards {
		g.Go(func() error { return ask(ctx, shard) })
	}
	return g.Wait()
}
