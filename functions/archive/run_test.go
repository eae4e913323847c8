package archive

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// today is the shop's day of noon, which is 20:00 in Shanghai.
var today = profile.Shop{Zone: shanghai}.Day(noon)

// midnight is the end of the shop's today.
var midnight = (today + 1).Start(shanghai)

// play is two days in which events come, some twice, over midnight and late, with a merge and an erasure. It ends in the second night, when both days are closed.
func play(b *bench) {
	t := b.t
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "li", noon, "1", "3")}})
	b.now = noon.Add(2 * time.Hour)
	b.run()
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "an", noon.Add(time.Hour), "4")}, Merges: []job.Follow{merge("li", "an", b.now)}}, job.Archive{Packs: []job.Pack{pack(t, "bo", midnight.Add(-time.Minute), "5", "6", "7")}})
	b.now = midnight.Add(10 * time.Minute)
	b.run() // closes today
	b.take(job.Archive{Packs: []job.Pack{pack(t, "chen", noon, "8"), pack(t, "mei", midnight.Add(time.Hour), "9")}})
	b.now = midnight.Add(3 * time.Hour)
	b.run() // the late one: closed a second time
	b.erase(midnight.Add(2*time.Hour), "li", "an")
	b.take(job.Archive{Packs: []job.Pack{pack(t, "li", midnight.Add(5*time.Hour), "10")}})
	b.now = midnight.Add(25 * time.Hour)
	b.run()
}

func TestDaysAreClosed(t *testing.T) {
	b := newBench(t)
	play(b)
	first, second := b.head().Days[today], b.head().Days[today+1]
	if first.Closes != 2 || second.Closes != 1 || first.Open || second.Open {
		t.Errorf("%+v, %+v", first, second)
	}
	// li and an were erased, but files are made anew only days later.
	if got, want := b.content(today), []string{"an 4", "bo 5", "chen 8", "li 1", "li 3", "mei 1", "mei 2"}; !slices.Equal(got, want) {
		t.Errorf("today has %q, want %q", got, want)
	}
	if got, want := b.content(today+1), []string{"bo 6", "bo 7", "li 10", "mei 9"}; !slices.Equal(got, want) {
		t.Errorf("tomorrow has %q, want %q", got, want)
	}
	h := b.head()
	erased, err := archive.LoadErased(t.Context(), b, h)
	b.must(err)
	if e := erased[user("an")]; len(erased) != 2 || !e.At.Equal(midnight.Add(2*time.Hour)) || e.Gone {
		t.Errorf("erased are %+v", erased)
	}
	if merges, err := archive.LoadMerges(t.Context(), b, h); err != nil || len(merges) != 0 {
		t.Errorf("merges are %v, %v: an was erased", merges, err)
	}
	if err := b.reads(today, "bo 5", "chen 8", "mei 1", "mei 2"); err != nil {
		t.Error(err)
	}
	// Five days later the files are made anew.
	b.now = b.now.Add(purgeAfter)
	b.run()
	if got, want := b.content(today), []string{"bo 5", "chen 8", "mei 1", "mei 2"}; !slices.Equal(got, want) {
		t.Errorf("after the erasure today has %q, want %q", got, want)
	}
	if got := b.content(today + 1); !slices.Contains(got, "li 10") {
		t.Errorf("who came back does not count: %q", got)
	}
	b.now = b.now.Add(25 * time.Hour)
	b.run()
	// Nothing is left but what the head names.
	var named []string
	for _, d := range b.head().Days {
		for _, f := range d.Files {
			named = append(named, f.Name)
		}
	}
	slices.Sort(named)
	if got := b.below(archive.FilesPrefix); !slices.Equal(got, named) {
		t.Errorf("files are %q, named %q", got, named)
	}
	if got := append(b.below(archive.PacksPrefix), b.below(archive.ErasedPrefix)...); len(got) != 0 {
		t.Errorf("left are %q", got)
	}
	for key, body := range b.All() {
		if strings.HasPrefix(key, archive.FilesPrefix) {
			f, err := columns.Open(bytes.NewReader(body), int64(len(body)))
			b.must(err)
			for e, err := range f.Rows() {
				b.must(err)
				if n := name(e.Person); (n == "li" || n == "an") && e.ReceivedAt.Before(midnight.Add(2*time.Hour)) {
					t.Errorf("%s holds %s of %s", key, e.MessageID, n)
				}
			}
		}
	}
}

// reads holds what an answer would read of a day to what is wanted.
func (b *bench) reads(day profile.Day, want ...string) error {
	h := b.head()
	erased, err := archive.LoadErased(b.t.Context(), b, h)
	b.must(err)
	gone := archive.Erasures(erased)
	var got []string
	for _, one := range h.Days[day].Files {
		f, err := archive.OpenFile(b.t.Context(), b, one.Name)
		b.must(err)
		for e, err := range f.Rows() {
			b.must(err)
			if at, is := gone[e.Person]; !is || e.ReceivedAt.After(at) {
				got = append(got, name(e.Person)+" "+e.MessageID)
			}
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		return fmt.Errorf("%s reads %q, want %q", day, got, want)
	}
	return nil
}

// TestEveryWriteOfARunBroken breaks each write both ways, as a crash would: in the end the days have the very same files.
func TestEveryWriteOfARunBroken(t *testing.T) {
	healthy := newBench(t)
	play(healthy)
	writes := healthy.Writes()
	if writes < 15 {
		t.Fatalf("the play makes %d writes", writes)
	}
	for n := 1; n <= writes; n++ {
		for _, persisted := range []bool{false, true} {
			b := newBench(t)
			b.Fail(n, persisted)
			play(b)
			for day := today; day <= today+1; day++ {
				if got, want := b.files(day), healthy.files(day); !slices.Equal(got, want) {
					t.Errorf("write %d, persisted %v: %s has %q, want %q", n, persisted, day, got, want)
				}
			}
			if got, want := b.head().Erased, healthy.head().Erased; len(want) == 0 || !persisted && got != want {
				t.Logf("write %d: the list of the erased is %s, %s", n, got, want)
			}
		}
	}
}

// TestTwoRunsAtOnce lets another run go on before each write of a run: one of the two wins, and no event is there twice.
func TestTwoRunsAtOnce(t *testing.T) {
	for n, all := 1, false; !all; n++ {
		b := newBench(t)
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "li", noon, "3")}})
		b.now = midnight.Add(time.Hour)
		writes := 0
		b.Before = func(string) {
			if writes++; writes == n {
				b.Before = nil
				b.take(job.Archive{Packs: []job.Pack{pack(t, "an", noon, "4"), pack(t, "mei", noon, "2")}})
				b.run()
			}
		}
		b.run()
		if all = b.Before != nil; all {
			if n < 4 {
				t.Errorf("a run makes %d writes", n-1)
			}
			break
		}
		b.now = b.now.Add(time.Hour)
		b.run()
		if got, want := b.content(today), []string{"an 4", "li 3", "mei 1", "mei 2"}; !slices.Equal(got, want) {
			t.Errorf("before write %d: %q, want %q", n, got, want)
		}
	}
}

// TestWhatARetryClaims: copies of an event that claim times on both sides of midnight, or far away, are one event.
func TestWhatARetryClaims(t *testing.T) {
	for what, claimed := range map[string]time.Time{"a minute later": midnight.Add(time.Minute), "the day before": noon.AddDate(0, 0, -1), "a year ago": noon.AddDate(-1, 0, 0)} {
		b := newBench(t)
		first := pack(t, "mei", midnight.Add(-time.Minute), "1")
		again := pack(t, "mei", claimed, "1")
		again.Day = first.Day // as the commit owes it
		b.take(job.Archive{Packs: []job.Pack{first}})
		b.now = midnight.Add(2 * time.Hour)
		b.run()
		b.take(job.Archive{Packs: []job.Pack{again}})
		b.now = midnight.Add(4 * time.Hour)
		b.run()
		n := 0
		for day := range b.head().Days {
			n += len(b.content(day))
		}
		if n != 1 {
			t.Errorf("%s: it is there %d times", what, n)
		}
	}
}

func TestADayWaitsForTheQueues(t *testing.T) {
	b := newBench(t)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}})
	b.queued, b.dead = 3, 2
	closes := func(at time.Time) int {
		t.Helper()
		b.now = at
		b.run()
		return b.head().Days[today].Closes
	}
	if n := closes(midnight.Add(patience - time.Millisecond)); n != 0 {
		t.Error("closed while events are queued")
	}
	if n := closes(midnight.Add(patience)); n != 1 {
		t.Error("not closed when its patience was over")
	}
	if d := b.head().Days[today]; d.Queued != 6 || d.Dead != 4 || !d.ClosedAt.Equal(b.now) {
		t.Errorf("%+v", d)
	}
	b = newBench(t)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}})
	if n := closes(midnight.Add(-time.Millisecond)); n != 0 {
		t.Error("closed before it was over")
	}
	if n := closes(midnight); n != 1 {
		t.Error("not closed at its end")
	}
}

func TestTooLateWaitsForAnOperator(t *testing.T) {
	for days, closes := range map[int]int{archive.LateDays: 2, archive.LateDays + 1: 1} {
		b := newBench(t)
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}})
		b.now = midnight.Add(time.Hour)
		b.run()
		b.now = noon.AddDate(0, 0, days)
		b.take(job.Archive{Packs: []job.Pack{pack(t, "li", noon, "2")}})
		b.now = b.now.Add(time.Hour)
		b.run()
		if d := b.head().Days[today]; d.Closes != closes || len(b.content(today)) != closes {
			t.Errorf("after %d days: %+v, %q", days, d, b.content(today))
		}
		out, err := b.process().CloseAgain(t.Context(), "2026-03-01")
		if want := (Closed{Day: "2026-03-01", Closes: closes + 1}); err != nil || out != want || len(b.content(today)) != 2 {
			t.Errorf("after %d days: %+v, %v; %q", days, out, err, b.content(today))
		}
		files := b.files(today)
		if _, err := b.process().CloseAgain(t.Context(), "2026-03-01"); err != nil || !slices.Equal(b.files(today), files) {
			t.Errorf("closed again, %v: %q, want %q", err, b.files(today), files)
		}
	}
	b := newBench(t)
	b.now = midnight
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}})
	if out, err := b.process().CloseAgain(t.Context(), "2026-03-01"); err != nil || out != (Closed{Day: "2026-03-01", Closes: 1}) || len(b.content(today)) != 1 {
		t.Errorf("what no file holds yet is closed as %+v, %v", out, err)
	}
	b = newBench(t)
	for date, want := range map[string]string{"2026-02-30": "is not a date", "2026-03-01": "is not over yet", "2026-02-01": "there are no events of"} {
		if _, err := b.process().CloseAgain(t.Context(), date); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", date, err, want)
		}
	}
}

// TestManyFilesAreMadeOne: a day and shard never has more than a few.
func TestManyFilesAreMadeOne(t *testing.T) {
	b := newBench(t)
	var want []string
	for n := range 40 {
		b.now = noon.Add(time.Duration(n) * time.Minute)
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, fmt.Sprintf("%02d", n))}})
		b.now = b.now.Add(hour)
		b.run()
		if n := len(b.head().Days[today].Files); n >= mostFiles {
			t.Fatalf("%d files", n)
		}
		want = append(want, fmt.Sprintf("mei %02d", n))
	}
	if got := b.content(today); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestEventsAreWhole: what comes out is what came in, byte by byte, with its source and who said it.
func TestEventsAreWhole(t *testing.T) {
	b := newBench(t)
	in := pack(t, "mei", noon, "1")
	b.take(job.Archive{Packs: []job.Pack{in}})
	b.now = midnight.Add(time.Hour)
	b.run()
	f, err := archive.OpenFile(t.Context(), b, b.files(today)[0])
	b.must(err)
	for e, err := range f.Rows() {
		b.must(err)
		want := event.Event{MessageID: "1", Kind: event.Page, UserID: "mei", Name: "Home", Properties: []byte(`{"n":1.50}`), Timestamp: noon, ReceivedAt: noon.Add(time.Second)}
		if !bytes.Equal(e.AppendJSON(nil), want.AppendJSON(nil)) || e.Source != "web" || e.Person.ID() != user("mei") {
			t.Errorf("%s of %s", e.AppendJSON(nil), e.Source)
		}
	}
	if made := f.Made; !slices.Equal(made, b.below(archive.PacksPrefix)) {
		t.Errorf("made of %q", made)
	}
}

// TestADayIsKeptForThirteenMonths after it, and one of long ago as long after it was told of.
func TestADayIsKeptForThirteenMonths(t *testing.T) {
	b := newBench(t)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1"), pack(t, "li", noon.AddDate(-5, 0, 0), "2")}})
	b.now = noon.Add(time.Hour)
	b.run()
	kept := func(at time.Time) (days int) {
		t.Helper()
		b.now = at
		b.run()
		return len(b.head().Days)
	}
	if n := kept(noon.AddDate(0, archive.Months, 0)); n != 2 {
		t.Errorf("%d days are kept", n)
	}
	if n := kept(noon.AddDate(0, archive.Months, 1)); n != 0 {
		t.Errorf("%d days are kept too long", n)
	}
	if kept(b.now.Add(archive.Rest)); len(b.below(archive.FilesPrefix)) != 0 {
		t.Errorf("left are %q", b.below(archive.FilesPrefix))
	}
}

// TestTheBucketsLifecycleTakesNothingThatIsNamed: a day that is told of again long after it is kept for another thirteen months, and so are its first files, which the bucket would delete by their age.
func TestTheBucketsLifecycleTakesNothingThatIsNamed(t *testing.T) {
	b := newBench(t)
	long := noon.AddDate(-2, 0, 0)
	day := profile.Shop{Zone: shanghai}.Day(long)
	b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1"), pack(t, "li", long, "2"), pack(t, "bo", long, "3")}})
	b.now = noon.Add(time.Hour)
	b.run()
	ages := func() {
		listed, err := b.List(t.Context(), archive.FilesPrefix)
		b.must(err)
		for _, o := range listed {
			if b.now.Sub(o.Written) >= lifecycle {
				b.must(b.Delete(t.Context(), o.Key))
			}
		}
	}
	writes := 0
	for n := range 640 {
		b.now = noon.AddDate(0, 0, n).Add(2 * time.Hour)
		if n == 300 {
			b.take(job.Archive{Packs: []job.Pack{pack(t, "chen", long, "4")}})
			b.now = b.now.Add(time.Hour)
		}
		if n == 310 {
			writes = b.Writes()
		}
		ages()
		b.run()
	}
	kept := b.head().Days[day]
	if kept == nil || len(kept.Files) < 2 || !slices.Equal(b.content(day), []string{"bo 3", "li 2"}) { // chen's waits for an operator
		t.Fatalf("the day is %+v", kept)
	}
	for _, f := range kept.Files {
		if _, _, err := b.Read(t.Context(), f.Name); err != nil {
			t.Error(err)
		}
	}
	// What is kept no longer than its files is not written anew: of 330 days there is a head a day, and no file but those of the one day, once each.
	if n := b.Writes() - writes; n > 330+3+10 {
		t.Errorf("%d writes", n)
	}
	b.now = noon.AddDate(0, 0, 300).AddDate(0, archive.Months, 3)
	ages()
	b.run()
	if d := b.head().Days; len(d) != 0 {
		t.Errorf("%d days are kept too long", len(d))
	}
}
