package archive

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// TestClocksThatAreWrong: a run whose clock is hours behind closes nothing too early and loses nothing; one whose clock is ahead closes a day that is not over, which what comes then closes again. What is
// dated ahead waits for its own day. In the end the files are those of right clocks.
func TestClocksThatAreWrong(t *testing.T) {
	var want []string
	for _, off := range []time.Duration{0, -3 * time.Hour, 40 * time.Minute, 5 * time.Hour} {
		b := newBench(t)
		at := func(now time.Time, run time.Duration) {
			b.now = now.Add(run)
			b.run()
			b.now = now // what else writes has a right clock
		}
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", midnight.Add(-time.Hour), "1"), pack(t, "li", midnight.Add(23*time.Hour), "ahead")}})
		at(midnight.Add(-30*time.Minute), off)
		closes := b.head().Days[today].Closes
		if early := off > 30*time.Minute; (closes > 0) != early {
			t.Errorf("%s off: half an hour before its end a day was closed %d times", off, closes)
		}
		if d := b.head().Days[today+1]; d.Closes != 0 {
			t.Errorf("%s off: tomorrow is closed", off)
		}
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", midnight.Add(-10*time.Minute), "2", "3")}})
		at(midnight.Add(10*time.Minute), off)
		at(midnight.Add(4*time.Hour), 0)
		if d := b.head().Days[today]; d.Open || d.Closes < 1 || d.Closes > 2 {
			t.Errorf("%s off: %+v", off, d)
		}
		at(midnight.Add(25*time.Hour), 0)
		got := append(b.files(today), b.files(today+1)...)
		if content := append(b.content(today), b.content(today+1)...); !slices.Equal(content, []string{"mei 1", "mei 2", "mei 3", "li ahead"}) {
			t.Errorf("%s off: there are %q", off, content)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s off: files are %q, with right clocks %q", off, got, want)
		}
	}
}

// TestAMergeMovesNoEvent: who became whom is applied in reading and by no close. So the same message of two who are one by now stays two events, as the timeline has it, and a day that is closed again after a merge is
// the same bytes; an answer counts one person, of whatever side of the close the merge was.
func TestAMergeMovesNoEvent(t *testing.T) {
	for _, before := range []bool{true, false} {
		b := newBench(t)
		merged := job.Archive{Merges: []job.Follow{merge("mei", "li", noon.Add(time.Hour))}}
		b.take(job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "li", noon, "1", "3")}})
		if before {
			b.take(merged)
		}
		b.now = midnight.Add(time.Hour)
		b.run()
		closed := b.files(today)
		if !before {
			b.take(merged)
			b.now = b.now.Add(2 * hour)
			b.run()
		}
		b.now = b.now.Add(time.Hour)
		if _, err := b.process().CloseAgain(t.Context(), today.Time().Format(time.DateOnly)); err != nil {
			t.Fatal(err)
		}
		if got := b.content(today); !slices.Equal(got, []string{"li 1", "li 3", "mei 1", "mei 2"}) {
			t.Errorf("before %t: the day has %q", before, got)
		}
		if again := b.files(today); !slices.Equal(again, closed) || b.head().Days[today].Closes != 2 {
			t.Errorf("before %t: closed again the files are %q, and were %q", before, again, closed)
		}
		view, err := archive.Look(t.Context(), b, nobody{})
		b.must(err)
		people := map[columns.Person]int{}
		for e, err := range view.Events(t.Context(), b, today) {
			b.must(err)
			people[e.Person]++
		}
		if len(people) != 1 || fmt.Sprint(people) != fmt.Sprintf("map[%v:4]", person(t, "mei")) {
			t.Errorf("before %t: an answer reads %v", before, people)
		}
	}
}

// nobody was erased.
type nobody struct{}

func (nobody) Look(context.Context, string) ([]due.Entry, error) { return nil, nil }

func person(t *testing.T, who string) columns.Person {
	t.Helper()
	p, err := columns.PersonOf(user(who))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
