package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func user(name string) profile.ID { return profile.Identifier{Kind: profile.UserID, Value: name}.ID() }

// pack is the events of somebody, of the given ids, a minute apart from a time on.
func pack(t testing.TB, who string, at time.Time, ids ...string) job.Pack {
	t.Helper()
	p := people.Pack{Profile: user(who), Day: profile.DayOf(at)}
	for i, id := range ids {
		when := at.Add(time.Duration(i) * time.Minute)
		e := event.Event{MessageID: id, Kind: event.Page, UserID: who, Name: "Home", Properties: json.RawMessage(`{"n":1.50}`), Timestamp: when, ReceivedAt: when.Add(time.Second)}
		p.Events = append(p.Events, people.PackedEvent{Source: "web", Event: e})
	}
	packed, err := people.Packed([]people.Pack{p})
	if err != nil {
		t.Fatal(err)
	}
	return job.Pack{ProfileID: p.Profile, Day: p.Day, Body: packed[0].Body()}
}

func merge(kept, absorbed string, at time.Time) job.Follow {
	return job.Follow{ID: absorbed + "." + fmt.Sprint(at.Unix()), ProfileID: user(kept), Follow: profile.Follow{Kind: profile.FollowMerged, Ref: string(user(absorbed)), At: at}}
}

func batchOf(t testing.TB, jobs ...any) (batch events.SQSEvent) {
	t.Helper()
	for i, j := range jobs {
		body, is := j.(string)
		if !is {
			body = functiontest.Body(t, j)
		}
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: fmt.Sprint("m", i), Body: body})
	}
	return batch
}

func failed(out events.SQSEventResponse) (ids []string) {
	for _, f := range out.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

// ids are the messageIds in the objects that hold packs, in order, each as often as it is there.
func ids(t testing.TB, objects *buckettest.Bucket) (all []string) {
	t.Helper()
	for key, body := range objects.All() {
		if !strings.HasPrefix(key, archive.PacksPrefix) {
			continue
		}
		var a job.Archive
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatal(err)
		}
		if archive.PacksName(a) != key {
			t.Errorf("%s holds what is named %s", key, archive.PacksName(a))
		}
		for _, p := range a.Packs {
			list, err := people.EventsOf(p.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				all = append(all, e.Event.MessageID)
			}
		}
		for _, m := range a.Merges {
			all = append(all, string(m.ProfileID[:4])+"<"+m.Ref[:4])
		}
	}
	slices.Sort(all)
	return all
}

func TestABatchIsOneObject(t *testing.T) {
	b := buckettest.New()
	p := &Process{Objects: b}
	one, two := job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1", "2"), pack(t, "li", noon, "3")}}, job.Archive{Packs: []job.Pack{pack(t, "li", noon, "3"), pack(t, "mei", noon, "4")}, Merges: []job.Follow{merge("mei", "li", noon)}}
	if again := failed(p.Take(t.Context(), batchOf(t, one, two))); again != nil {
		t.Fatal(again)
	}
	want := []string{"1", "2", "3", "4", string(user("mei")[:4]) + "<" + string(user("li")[:4])}
	slices.Sort(want)
	if got := ids(t, b); !slices.Equal(got, want) || len(b.All()) != 1 {
		t.Errorf("%d objects with %q, want one with %q", len(b.All()), got, want)
	}
	// The same messages in another order, and one of them alone.
	if again := failed(p.Take(t.Context(), batchOf(t, two, one))); again != nil || len(b.All()) != 1 {
		t.Errorf("%v, %d objects", again, len(b.All()))
	}
	if again := failed(p.Take(t.Context(), batchOf(t, two))); again != nil || len(b.All()) != 2 {
		t.Errorf("%v, %d objects", again, len(b.All()))
	}
	if again := failed(p.Take(t.Context(), batchOf(t, job.Archive{}))); again != nil || len(b.All()) != 2 {
		t.Errorf("%v, %d objects for nothing", again, len(b.All()))
	}
}

func TestTheWriteBroken(t *testing.T) {
	for _, persisted := range []bool{false, true} {
		b := buckettest.New()
		p := &Process{Objects: b}
		b.Fail(1, persisted)
		batch := batchOf(t, job.Archive{Packs: []job.Pack{pack(t, "mei", noon, "1")}}, job.Archive{Packs: []job.Pack{pack(t, "li", noon, "2")}})
		if again := failed(p.Take(t.Context(), batch)); !slices.Equal(again, []string{"m0", "m1"}) {
			t.Fatalf("persisted %v: %v come again", persisted, again)
		}
		if again := failed(p.Take(t.Context(), batch)); again != nil {
			t.Fatal(again)
		}
		if got := ids(t, b); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("persisted %v: %q", persisted, got)
		}
	}
}

// TestWhatCannotBeReadGoesBack alone: the others of its batch are kept.
func TestWhatCannotBeReadGoesBack(t *testing.T) {
	b := buckettest.New()
	p := &Process{Objects: b}
	good := pack(t, "mei", noon, "1")
	torn := pack(t, "li", noon, "2")
	torn.Body = torn.Body[:len(torn.Body)-1]
	nobody := pack(t, "li", noon, "3")
	nobody.ProfileID = "li"
	lame := merge("mei", "li", noon)
	lame.Ref = ""
	batch := batchOf(t, job.Archive{Packs: []job.Pack{torn}}, job.Archive{Packs: []job.Pack{good}}, job.Archive{Packs: []job.Pack{nobody}}, job.Archive{Merges: []job.Follow{lame}}, `{"v":99,"packs":7}`)
	if again := failed(p.Take(t.Context(), batch)); !slices.Equal(again, []string{"m0", "m2", "m3", "m4"}) {
		t.Errorf("%v come again", again)
	}
	if got := ids(t, b); !slices.Equal(got, []string{"1"}) {
		t.Errorf("%q are kept", got)
	}
}

func TestAnInvocationIsABatchOrTheSchedule(t *testing.T) {
	p := &Process{Objects: buckettest.New()}
	if _, err := p.Invoke(t.Context(), json.RawMessage(`{"schedule":"nightly"}`)); err == nil || !strings.Contains(err.Error(), "neither a batch nor the schedule") {
		t.Errorf("%v", err)
	}
}
