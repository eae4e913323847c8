package reporting

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// divided asks a question in shards that are divided into ranges, as one of very many events is.
func (b *bench) divided(definition string, ranges int) asking {
	b.Helper()
	a, err := b.process.plan(b.Context(), []byte(definition), nil)
	b.Must(err)
	a.Ranges = ranges
	a.id = fmt.Sprintf("%032x", ranges)
	b.Must(a.save(b.Context(), b.bucket))
	b.Must(b.process.send(b.Context(), &a))
	return a
}

// TestAShardIsDividedIntoRanges: the answer is the same, byte by byte, and everybody is behind a number once; who was merged into somebody of another range too.
func TestAShardIsDividedIntoRanges(t *testing.T) {
	stock := func() *bench {
		b := newBench(t)
		b.archive(4, 2, happened(rand.New(rand.NewPCG(7, 7)), 60))
		merges := map[string]string{}
		for n := 0; n < 30; n += 3 {
			merges[fmt.Sprintf("user-%03d", n)] = fmt.Sprintf("user-%03d", 59-n)
		}
		b.merge(merges)
		b.erase(noon, "user-004", "user-057")
		return b
	}
	for definition := range recounts {
		whole := stock()
		id, _ := whole.exact(definition)
		for _, ranges := range []int{9} {
			b := stock()
			a := b.divided(definition, ranges)
			if sent := len(b.jobs.Bodies()); sent != 4*ranges {
				t.Fatalf("%d jobs are sent of %d parts", sent, 4*ranges)
			}
			b.work()
			g := b.show(a.id)
			if got, want := b.answers(a.id)[answerName], whole.answers(id)[answerName]; got != want || g.State != "done" || g.Shards.All != 4*ranges {
				t.Fatalf("%s in %d ranges is %+v: %s, want %s", definition, ranges, g.Shards, got, want)
			}
		}
	}
	b := stock()
	b.ask("exact", asksCount)
	a := b.divided(asksCount, 5)
	b.work()
	cell, err := fold.ParseCell([]byte(`{"figure":"events","event":"Checked In"}`), fold.KindCount)
	b.Must(err)
	listed := map[profile.ID]float64{}
	for cursor := ""; ; {
		from, err := parsePlace(cursor, a.parts())
		b.Must(err)
		found, next, err := b.process.behind(t.Context(), &a, cell, from, 7)
		b.Must(err)
		for _, one := range found {
			if listed[one.ProfileID] > 0 {
				t.Errorf("%s is listed twice", one.ProfileID)
			}
			listed[one.ProfileID] = float64(one.Count)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	whole, sum := 0.0, 0.0
	for _, row := range rowsOf(t, b.show(a.id).Answer, "rows") {
		if row["period"] == "" && row["event"] == "Checked In" {
			whole = row["events"].(float64)
		}
	}
	for _, n := range listed {
		sum += n
	}
	if sum != whole || whole == 0 {
		t.Errorf("people make %v of %v", sum, whole)
	}
}

// TestRangesAreAllOfThem: nobody is in none of the ranges, and nobody in two.
func TestRangesAreAllOfThem(t *testing.T) {
	for _, ranges := range []int{1, 2, 3, 7, 80, 1000} {
		q := question{Shards: 2, Ranges: ranges}
		var last columns.Person
		for part := range q.parts() {
			shard, from, before := q.within(part)
			if n := part % ranges; shard != part/ranges || from != last || (n == ranges-1) != (before == columns.Person{}) || n < ranges-1 && from.Compare(before) >= 0 {
				t.Fatalf("part %d of %d: shard %d from %x before %x, the one before ended at %x", part, q.parts(), shard, from, before, last)
			}
			last = before
		}
	}
	// Of a question of the version before there are none.
	if q := (question{Shards: 3}); q.parts() != 3 {
		t.Errorf("%d parts", q.parts())
	}
}
