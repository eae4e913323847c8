package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// timeline files packs as if they had been there before the archive.
func (b *bench) timeline(packs ...job.Pack) {
	for _, p := range packs {
		b.old = append(b.old, people.StoredPack{Profile: p.ProfileID, Day: p.Day, Body: p.Body})
	}
}

func news(t testing.TB, kept, absorbed string, at time.Time) job.Pack {
	t.Helper()
	e := event.Event{MessageID: "merge:" + absorbed, Kind: event.Track, Name: event.ProfilesMerged, Timestamp: at, ReceivedAt: at,
		Properties: json.RawMessage(fmt.Sprintf(`{"kept":%q,"absorbed":%q}`, user(kept), user(absorbed)))}
	packed, err := people.Packed([]people.Pack{{Profile: user(kept), Day: profile.DayOf(at), Events: []people.PackedEvent{{Source: "projection", Event: e}}}})
	if err != nil {
		t.Fatal(err)
	}
	return job.Pack{ProfileID: user(kept), Day: profile.DayOf(at), Body: packed[0].Body()}
}

// TestTheArchiveIsFilled while events come, with a crash at each write: in the end it has what the timeline has, and closed days of long ago too.
func TestTheArchiveIsFilled(t *testing.T) {
	past := noon.AddDate(0, -3, 0)
	fill := func(b *bench) {
		b.timeline(pack(t, "mei", past, "1", "2"), pack(t, "li", past, "3"), news(t, "mei", "li", past), job.Pack{ProfileID: user("an"), Day: 1, Body: []byte("?")}, pack(t, "bo", noon, "4"))
		b.take(job.Archive{Packs: []job.Pack{pack(t, "bo", noon, "4")}})
		b.now = midnight.Add(time.Hour)
		b.queued = 1
		for {
			if out, err := b.process().Fill(t.Context()); err == nil {
				if f := out.(Filling); f.Done || f.Packs != 0 {
					t.Errorf("%+v", f)
				}
				break
			}
		}
		b.run()
		if d := b.head().Days[dayOf(past)]; d != nil && d.Closes > 0 {
			t.Error("a day of long ago is closed while events are queued")
		}
		b.queued = 0
		b.now = b.now.Add(time.Hour)
		b.run()
	}
	healthy := newBench(t)
	fill(healthy)
	for n := 0; n <= healthy.Writes(); n++ {
		for _, persisted := range []bool{false, true} {
			b := newBench(t)
			if n > 0 {
				b.Fail(n, persisted)
			}
			fill(b)
			if got, want := b.content(dayOf(past)), []string{"li 3", "mei 1", "mei 2"}; !slices.Equal(got, want) {
				t.Errorf("write %d: %q, want %q", n, got, want)
			}
			if got := b.content(today); !slices.Equal(got, []string{"bo 4"}) {
				t.Errorf("write %d: today has %q", n, got)
			}
			h := b.head()
			if d := h.Days[dayOf(past)]; d.Closes == 0 || d.Open {
				t.Errorf("write %d: %+v", n, d)
			}
			merges, err := archive.LoadMerges(t.Context(), b, h)
			b.must(err)
			if len(merges) != 1 {
				t.Errorf("write %d: merges are %v", n, merges)
			}
			out, _, err := b.process().filling(t.Context())
			if err != nil || !out.Done || out.Packs != 4 {
				t.Errorf("write %d: %+v, %v", n, out, err)
			}
		}
	}
}

func dayOf(t time.Time) profile.Day { return profile.Shop{Zone: shanghai}.Day(t) }
