package segmentation

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

func anyScores(t *rapid.T) profile.Scores {
	class := func(names []string) string { return rapid.SampledFrom(append([]string{""}, names...)).Draw(t, "class") }
	fifth := func() int { return rapid.IntRange(0, 5).Draw(t, "score") }
	return profile.Scores{R: fifth(), F: fifth(), M: fifth(), Class8: class(score.Classes8()), Segment11: class(score.Segments11()),
		Class15: class(score.Classes15()), Lifecycle: class(score.Lifecycles()),
		Activity: class(score.ActivityBands()), Stage: class(score.Stages()), Alive: class(prediction.Bands()), ValueDecile: rapid.IntRange(0, 10).Draw(t, "tenth")}
}

func TestColumnsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.IntRange(0, 9).Draw(t, "members")
		rows := make([]row, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range rows {
			old := anyScores(t)
			rows[i] = row{
				id: profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint(i)}.ID(),
				facts: score.Facts{R: rapid.IntRange(0, 20000).Draw(t, "r"), F: rapid.IntRange(0, math.MaxInt32).Draw(t, "f"), M: rapid.Int64Range(0, math.MaxInt64).Draw(t, "m"),
					Buys: score.Buys{Repeats: rapid.IntRange(0, 9000).Draw(t, "repeats"), First: rapid.IntRange(0, 20000).Draw(t, "first"), Last: rapid.IntRange(0, 20000).Draw(t, "last"), Spent: rapid.Int64Range(0, math.MaxInt64).Draw(t, "spent")}},
				old:     old,
				own:     score.WithOwn(profile.Scores{Class15: old.Class15}, anyScores(t)),
				differs: rapid.Bool().Draw(t, "differs"),
				members: make([]bool, members),
			}
			for m := range rows[i].members {
				rows[i].members[m] = rapid.Bool().Draw(t, "member")
			}
		}
		head := summary{Profiles: 7, Approximate: 1, Counts: score.Counts{"day": {"new": 2}}, Segments: map[string]int{"vip": 3}}
		packed, err := packColumns(head, rows)
		if err != nil {
			t.Fatal(err)
		}
		gotHead, got, err := unpackColumns(packed)
		if err != nil || !reflect.DeepEqual(gotHead, head) || len(got) != len(rows) {
			t.Fatalf("%+v with %d rows, %v", gotHead, len(got), err)
		}
		for i := range rows {
			if !reflect.DeepEqual(got[i], rows[i]) {
				t.Fatalf("row %d is %+v, was %+v", i, got[i], rows[i])
			}
		}
	})
}

// partBefore is a part as it was written before predictions, activity and stages; partWhole one whose columns are compressed together.
const (
	partBefore = "KLUv/QQA6QMAAT57InByb2ZpbGVzIjo5LCJjb3VudHMiOnsiZGF5Ijp7Im5ldyI6Mn19LCJzZWdtZW50cyI6eyJ2aXAiOjN9fQICdnMhs2c/WQ/MS1tEGvuq3i4aYsDInqi4gKXv+g33rNkDAAIAlCMAAA8CA88AAQACAAEAAgAAAQEAAAAUMond"
	partWhole  = "KLUv/QQAkQQAAj57InByb2ZpbGVzIjo5LCJjb3VudHMiOnsiZGF5Ijp7Im5ldyI6Mn19LCJzZWdtZW50cyI6eyJ2aXAiOjN9fQICdnMhs2c/WQ/MS1tEGvuq3i4aYsDInqi4gKXv+g33rNkDAAIAlCMABABaAAIA5BkAAA8CAwIAAwDPAAEAAgABAAIAAQACAAIABwAAAQEAAADyDIYU"
)

// TestColumnsOfTheVersionBefore reads a part as it was written before predictions, activity and stages: they are missing, and the part says so.
func TestColumnsOfTheVersionBefore(t *testing.T) {
	packed, err := base64.StdEncoding.DecodeString(partBefore)
	if err != nil {
		t.Fatal(err)
	}
	id := func(user string) profile.ID { return profile.Identifier{Kind: profile.UserID, Value: user}.ID() }
	head, rows, err := unpackColumns(packed)
	want := []row{
		{id: id("a"), facts: score.Facts{R: 3, F: 2, M: 4500}, own: profile.Scores{Lifecycle: score.Active}, old: profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Segment11: score.Loyal, Class15: "active-11", Lifecycle: score.Active}, members: []bool{true, false}},
		{id: id("b"), own: profile.Scores{Class15: score.Idle, Lifecycle: score.Silent}, differs: true, members: []bool{false, false}},
	}
	if err != nil || head.Profiles != 9 || !head.WithoutBuys || head.Segments["vip"] != 3 || !reflect.DeepEqual(rows, want) {
		t.Errorf("%+v, %v\n%+v, want\n%+v", head, err, rows, want)
	}
	tally := tally{findings: score.Findings{Counts: score.Counts{}}, segments: map[string]int{}}
	if err := tally.learn(head, rows); err != nil {
		t.Fatal(err)
	}
	if lacks := tally.model(score.Scoring{}).Predictions.Lacks; !slices.Equal(lacks, []prediction.Lack{prediction.LacksParts}) {
		t.Errorf("such a run lacks %v", lacks)
	}
}

// TestColumnsTogether reads a part as it was written before each column was compressed by itself.
func TestColumnsTogether(t *testing.T) {
	packed, err := base64.StdEncoding.DecodeString(partWhole)
	if err != nil {
		t.Fatal(err)
	}
	id := func(user string) profile.ID { return profile.Identifier{Kind: profile.UserID, Value: user}.ID() }
	head, rows, err := unpackColumns(packed)
	want := []row{
		{id: id("a"), facts: score.Facts{R: 3, F: 2, M: 4500, Buys: score.Buys{Repeats: 4, First: 90, Last: 2, Spent: 3300}},
			own: profile.Scores{Lifecycle: score.Active, Activity: score.ActivityBands()[1], Stage: score.Stages()[2]},
			old: profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Segment11: score.Loyal, Class15: "active-11", Lifecycle: score.Active, Activity: score.ActivityBands()[0], Stage: score.Stages()[1],
				Alive: prediction.Bands()[1], ValueDecile: 7}, members: []bool{true, false}},
		{id: id("b"), own: profile.Scores{Class15: score.Idle, Lifecycle: score.Silent}, differs: true, members: []bool{false, false}},
	}
	if err != nil || head.Profiles != 9 || head.WithoutBuys || head.Segments["vip"] != 3 || !reflect.DeepEqual(rows, want) {
		t.Errorf("%+v, %v\n%+v, want\n%+v", head, err, rows, want)
	}
}

// TestABuyerTakesFewBytes collects a crowd that has its classes already: an id is 16 random bytes, and all else of somebody takes less.
func TestABuyerTakesFewBytes(t *testing.T) {
	const buyers, most = 6000, 32
	w := newWorld(t, 1, 4, shelf{}.with(definition.Segment, "buyers", `{"id":"buyers","name":"b","rule":{"field":"orders.count","op":"gte","value":1}}`).
		with(definition.Segment, "top", `{"id":"top","name":"t","rule":{"field":"rfm.m","op":"eq","value":5}}`))
	w.profiles.page = 200
	for range buyers {
		amounts := make([]int64, 1+w.random.IntN(3))
		for i := range amounts {
			amounts[i] = int64(1000 + w.random.IntN(90_000))
		}
		w.buyer(w.random.IntN(390), amounts...)
	}
	w.run(job.Segmentation{RunID: "first"}, 0)
	before := len(w.objects.All())
	run, bytes := w.run(job.Segmentation{RunID: "second"}, 0), 0
	for name, body := range w.objects.All() {
		if strings.HasPrefix(name, path.Dir(archive.ColumnsName(run.ID, run.CreatedAt, 0, 0))) {
			bytes += len(body)
		}
	}
	t.Logf("%d objects, %.1f bytes a buyer", len(w.objects.All())-before, float64(bytes)/buyers)
	if bytes < 16*buyers || bytes > most*buyers {
		t.Errorf("%d buyers take %d bytes", buyers, bytes)
	}
}

func TestColumnsOfClassesNotKnown(t *testing.T) {
	r := row{id: profile.Identifier{Kind: profile.UserID, Value: "a"}.ID(), old: profile.Scores{Class8: "112", Segment11: "heroes", Lifecycle: score.New}}
	packed, err := packColumns(summary{}, []row{r})
	if err != nil {
		t.Fatal(err)
	}
	_, rows, err := unpackColumns(packed)
	if want := (profile.Scores{Lifecycle: score.New}); err != nil || rows[0].old != want {
		t.Errorf("%+v, %v, want %+v", rows, err, want)
	}
	if _, err := packColumns(summary{}, []row{{id: "short"}}); err == nil {
		t.Error("an id that is none was packed")
	}
}

func TestColumnsThatAreTorn(t *testing.T) {
	r := row{id: profile.Identifier{Kind: profile.UserID, Value: "a"}.ID(), facts: score.Facts{R: 1, F: 2, M: 3}, members: []bool{true}}
	packed, err := packColumns(summary{}, []row{r, r})
	if err != nil {
		t.Fatal(err)
	}
	for n := range packed {
		if _, _, err := unpackColumns(packed[:n]); err == nil {
			t.Errorf("of %d bytes, %d unpack", len(packed), n)
		}
	}
	if _, _, err := unpackColumns(append(packed, 0)); !errors.Is(err, errColumns) {
		t.Errorf("a byte too many: %v", err)
	}
	long := appendColumn(appendColumn([]byte{columnsApart}, []byte("{}")), nil)
	if _, _, err := unpackColumns(long); !errors.Is(err, errColumns) {
		t.Errorf("no number of rows: %v", err)
	}
}

func FuzzColumns(f *testing.F) {
	r := row{id: profile.Identifier{Kind: profile.UserID, Value: "a"}.ID(), facts: score.Facts{R: 1, F: 2, M: 3}, members: []bool{true, false}}
	packed, err := packColumns(summary{Profiles: 1}, []row{r, r, r})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	before, err := base64.StdEncoding.DecodeString(partBefore)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(before)
	f.Fuzz(func(t *testing.T, packed []byte) {
		head, rows, err := unpackColumns(packed)
		if err != nil {
			return
		}
		if _, err := packColumns(head, rows); err != nil {
			t.Fatalf("what unpacks does not pack: %v", err)
		}
	})
}

// TestAPartThatWouldBurst has so many scored segments with such different answers that they do not fit into one item.
func TestAPartThatWouldBurst(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	c := collector{summary: summary{Profiles: 9000}}
	for i := range 9000 {
		r := row{id: profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint(i)}.ID(), facts: score.Facts{R: i, F: 1, M: int64(i) * 997}, members: make([]bool, 400)}
		for m := range r.members {
			r.members[m] = random.IntN(2) == 0
		}
		c.rows = append(c.rows, r)
	}
	burst, err := packColumns(c.summary, c.rows)
	if err != nil || len(burst) <= maxPartBytes {
		t.Fatalf("the part has %d bytes, %v, too few for this test", len(burst), err)
	}
	packed, err := c.pack()
	if err != nil || len(packed) > maxPartBytes {
		t.Fatalf("packed to %d bytes, %v, at most %d fit", len(packed), err, maxPartBytes)
	}
	_, rows, err := unpackColumns(packed)
	if err != nil || len(rows) != 9000 || !rows[17].differs || len(rows[17].members) != 0 || rows[17].facts.M != 17*997 {
		t.Errorf("%d rows, %v; the 17th is %+v", len(rows), err, rows[17])
	}
}
