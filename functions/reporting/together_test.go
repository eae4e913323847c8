package reporting

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
)

// reads counts how much is read of files.
type reads struct {
	Objects
	bytes int
}

func (r *reads) ReadPart(ctx context.Context, key string, from, length int64) ([]byte, int64, error) {
	part, size, err := r.Objects.ReadPart(ctx, key, from, length)
	r.bytes += len(part)
	return part, size, err
}

// waiting are the questions that wait.
func (b *bench) waiting() (n int) {
	for key := range b.bucket.All() {
		if strings.HasPrefix(key, waitingPrefix) {
			n++
		}
	}
	return n
}

// TestQuestionsThatWaitAreAskedTogether: the job that comes first does its part of all of them, with the files read once; each answer is what it is alone, and nobody waits any more.
func TestQuestionsThatWaitAreAskedTogether(t *testing.T) {
	asked := []string{asksCount, asksFunnel, asksRetention, asksSessions, asksTrade, asksPerformed}
	alone := stocked(t, 2)
	m := &reads{Objects: alone.bucket}
	alone.process.Objects = m
	want, single := map[string]string{}, 0
	for _, definition := range asked {
		id, _ := alone.exact(definition)
		want[definition], single = alone.answers(id)[answerName], m.bytes
	}
	b := stocked(t, 2)
	m = &reads{Objects: b.bucket}
	b.process.Objects = m
	ids := map[string]string{}
	var bodies []string
	for _, definition := range asked {
		ids[definition] = b.ask("exact", definition).ID
		bodies = append(bodies, b.jobs.Take()...)
	}
	if b.waiting() != len(asked) || len(bodies) != 2*len(asked) {
		t.Fatalf("%d questions wait, %d jobs", b.waiting(), len(bodies))
	}
	// The jobs of the first question, one a shard, answer all.
	if again := b.deliver(bodies[:2]...); len(again) != 0 {
		t.Fatalf("%q come again", again)
	}
	for _, definition := range asked {
		if got := b.answers(ids[definition])[answerName]; got != want[definition] {
			t.Errorf("%s together is %s, alone %s", definition, got, want[definition])
		}
	}
	if b.waiting() != 0 {
		t.Errorf("%d questions wait", b.waiting())
	}
	if m.bytes*3 > single {
		t.Errorf("together %d bytes are read, one after the other %d", m.bytes, single)
	}
	read := m.bytes
	if again := b.deliver(bodies...); len(again) != 0 || m.bytes != read {
		t.Errorf("%q come again, %d bytes are read", again, m.bytes-read)
	}
}

// TestAQuestionOfAnotherArchiveIsNotTakenAlong, and neither is one whose part is somebody else's, until the claim is old.
func TestAQuestionOfAnotherArchiveIsNotTakenAlong(t *testing.T) {
	b := stocked(t, 1)
	b.ask("exact", asksCount)
	first := b.jobs.Take()
	b.head.Number++
	b.merge(map[string]string{"user-005": "user-006"})
	other := b.ask("exact", asksFunnel)
	second := b.jobs.Take()
	if b.deliver(first...); b.show(other.ID).State != "working" {
		t.Error("a question of another head is answered of this one")
	}
	a, err := load(t.Context(), b.bucket, other.ID)
	b.Must(err)
	if others, err := b.process.claimed(t.Context(), &a, 0, "somebody", nil); err != nil || others {
		t.Fatalf("it cannot be claimed: %t, %v", others, err)
	}
	if again := b.deliver(second...); len(again) != 1 || b.show(other.ID).State != "working" {
		t.Errorf("%q come again, and it is %s", again, b.show(other.ID).State)
	}
	b.Pass(claimFor)
	if again := b.deliver(second...); len(again) != 0 || b.show(other.ID).State != "done" {
		t.Errorf("%q come again, and it is %s", again, b.show(other.ID).State)
	}
}

// TestWhatOneQuestionDoesWrongIsItsOwn: a job that has failed with others along is done alone, and the others are left to their own.
func TestWhatOneQuestionDoesWrongIsItsOwn(t *testing.T) {
	b := stocked(t, 1)
	good := b.ask("exact", asksCount).ID
	first := b.jobs.Take()
	bad := b.ask("exact", asksFunnel).ID
	second := b.jobs.Take()
	key := archive.AnswersPrefix + bad + "/" + questionName
	b.Must(b.bucket.Put(t.Context(), key, []byte(strings.Replace(string(b.bucket.All()[key]), `"steps":[`, `"stops":[`, 1))))
	if again := b.deliver(first...); len(again) != 1 {
		t.Fatalf("%q come again", again)
	}
	if b.last(first...); b.show(good).State != "done" {
		t.Errorf("it is %s", b.show(good).State)
	}
	if b.last(second...); b.show(bad).State != "failed" {
		t.Errorf("the other one is %s", b.show(bad).State)
	}
}

// TestAClaimIsOnes: one that is old is taken over by one job and is that one's from then on; its own job keeps it, and nobody lets go of another's.
func TestAClaimIsOnes(t *testing.T) {
	b := stocked(t, 1)
	id := b.ask("exact", asksCount).ID
	a, err := load(t.Context(), b.bucket, id)
	b.Must(err)
	claim := func(owner string) bool {
		there, err := b.process.parts(t.Context(), &a)
		b.Must(err)
		others, err := b.process.claimed(t.Context(), &a, 0, owner, there)
		b.Must(err)
		return !others
	}
	holder := func() string { return string(b.bucket.All()[a.claim(0)]) }
	for _, c := range []struct {
		owner   string
		claims  bool
		holder  string
		pass    time.Duration
		leaving string
	}{
		{"one", true, "one", 0, ""},
		{"another", false, "one", 0, "another"},
		{"one", true, "one", claimFor - 1, ""},
		{"another", false, "one", 0, "another"}, // the first has claimed it anew
		{"another", true, "another", claimFor, ""},
		{"one", false, "another", 0, "one"},
		{"another", true, "another", 0, "another"},
		{"one", true, "one", 0, ""},
	} {
		b.Pass(c.pass)
		if claims := claim(c.owner); claims != c.claims || holder() != c.holder {
			t.Fatalf("%+v: claimed %t, it is %s's", c, claims, holder())
		}
		if c.leaving == "" {
			continue
		}
		b.process.leave(t.Context(), &a, 0, c.leaving)
		want := c.holder
		if c.leaving == c.holder {
			want = ""
		}
		if got := holder(); got != want {
			t.Fatalf("%+v: after %s has let go it is %q's", c, c.leaving, got)
		}
	}
	// Two that find an old one at the same time: one of them has it.
	there, err := b.process.parts(t.Context(), &a)
	b.Must(err)
	b.Pass(claimFor)
	for n, owner := range []string{"two", "three"} {
		if others, err := b.process.claimed(t.Context(), &a, 0, owner, there); err != nil || others != (n > 0) {
			t.Errorf("%s: others %t, %v", owner, others, err)
		}
	}
	// Whose own write was answered late.
	if others, err := b.process.claimed(t.Context(), &a, 0, "two", present{}); err != nil || others {
		t.Errorf("the own claim is said to be another's: %t, %v", others, err)
	}
}
