package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// archived are the messageIds that the archive's queue has, each once, and the merges it was told of.
func (s *shop) archived() (ids, merges []string) {
	s.Helper()
	for _, a := range functiontest.Jobs[job.Archive](s, &s.archive.Queue) {
		for _, p := range a.Packs {
			list, err := people.EventsOf(p.Body)
			s.Must(err)
			for _, e := range list {
				ids = append(ids, e.Event.MessageID)
			}
		}
		for _, m := range a.Merges {
			merges = append(merges, fmt.Sprintf("%s into %s", m.Ref, m.ProfileID))
		}
	}
	slices.Sort(ids)
	slices.Sort(merges)
	return slices.Compact(ids), slices.Compact(merges)
}

// TestTheArchiveHearsFirst breaks the queue of the archive, and the timeline, both ways: what the timeline has, the queue has had, and in the end both have all.
func TestTheArchiveHearsFirst(t *testing.T) {
	batch := envelope(t, "web", seen("1", "mei"), seen("2", "mei"), seen("3", "li"))
	want := []string{"1", "2", "3"}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		s := newShop(t)
		s.archive.Fail(1, how)
		if again := deliver(t, s.worker(), batch); len(again) != 1 {
			t.Fatalf("queue %s: the fault was swallowed", how)
		}
		if left := s.knows(user("mei")).Timeline; len(left) != 0 {
			t.Errorf("queue %s: the timeline has %v", how, left)
		}
		s.settle(batch)
		if got, _ := s.archived(); !slices.Equal(got, want) {
			t.Errorf("queue %s: the archive has %v, want %v", how, got, want)
		}
		if got := s.knows(user("mei")).Timeline; len(got) != 2 {
			t.Errorf("queue %s: the timeline has %v", how, got)
		}
		s = newShop(t)
		s.DB.Fail("BatchWriteItem", 1, how)
		deliver(t, s.worker(), batch)
		if got, _ := s.archived(); !slices.Equal(got, want) {
			t.Errorf("timeline %s: the archive has %v, want %v", how, got, want)
		}
	}
}

func TestTheArchiveHearsOfMerges(t *testing.T) {
	for _, how := range []dynamotest.How{"", dynamotest.NotPersisted, dynamotest.Persisted} {
		s := newShop(t)
		s.settle(envelope(t, "web", browse("1", "phone", t0)), envelope(t, "web", seen("2", "mei")))
		join := seen("3", "mei")
		join.Kind, join.Name, join.AnonymousID = event.Identify, "", "phone"
		if how != "" {
			s.archive.Fail(1, how)
		}
		s.settle(envelope(t, "shop", join))
		ids, merges := s.archived()
		kept := s.load(user("mei")).ID
		absorbed := anonymous("phone").ID()
		if absorbed == kept {
			absorbed = user("mei").ID()
		}
		if want := []string{fmt.Sprintf("%s into %s", absorbed, kept)}; !slices.Equal(merges, want) || !slices.Equal(ids, []string{"1", "2", "3"}) {
			t.Errorf("%q: the archive has heard of %v and %q, want %q", how, ids, merges, want)
		}
	}
}

// TestTheArchiveHearsOfErasures: with every key of the person, and with both times, once a pass of the wipe; also where the request comes again in the same minute and finds a tombstone, which knows one key.
func TestTheArchiveHearsOfErasures(t *testing.T) {
	for _, times := range []int{1, 2} {
		s := newShop(t)
		join := seen("1", "mei")
		join.Kind, join.Name, join.AnonymousID = event.Identify, "", "phone"
		s.settle(envelope(t, "shop", join))
		mei := s.load(user("mei"))
		asked := t0.Add(90 * time.Minute)
		s.Set(t0.Add(2 * time.Hour))
		for range times {
			s.settle(eraseJob(t, user("mei").ID(), asked, false))
		}
		var heard []job.Erasure
		s.Must(due.Due{DB: s.DB, Table: "Due", Now: func() time.Time { return s.Now().Add(2 * time.Minute) }}.Ready(t.Context(), due.OwnerArchive, func(_ context.Context, e due.Entry) (time.Time, error) {
			var one job.Erasure
			s.Must(json.Unmarshal(e.Body, &one))
			heard = append(heard, one)
			return time.Time{}, nil
		}))
		var keys []profile.ID
		for _, one := range heard {
			if keys = append(keys, one.Keys...); !one.At.Equal(asked) || one.Until.Before(t0.Add(2*time.Hour)) {
				t.Errorf("asked %d times: %+v", times, one)
			}
		}
		for _, key := range mei.Keys() {
			if !slices.Contains(keys, key) {
				t.Errorf("asked %d times: %s is not among %v", times, key, keys)
			}
		}
	}
}
