package job_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/job"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var day = profile.DayOf(noon)

// samples are the jobs of the frozen files. A file is never changed: it is what another version of the program has put, or will find, on
// a queue. A new field gets a file of its own.
var samples = map[string]any{
	"archive": job.Archive{Packs: []job.Pack{{ProfileID: "p", Day: day, Body: []byte("packed")}},
		Merges: []job.Follow{{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowMerged, Ref: "q", Version: 3, At: noon}}}},
	"reporting":       job.Reporting{Report: "00112233445566778899aabbccddeeff", Shard: 3},
	"archive-erasure": job.Erasure{Keys: []profile.ID{"p", "q"}, At: noon, Until: noon.Add(time.Second)},
	"events": job.Events{Source: "web", NoMoney: true, Events: []event.Event{
		{MessageID: "m-1", Kind: event.Track, UserID: "mei", AnonymousID: "a-1", Name: "Product Viewed", Properties: json.RawMessage(`{"product_id":"p1","price":9.9}`),
			Context: json.RawMessage(`{"locale":"zh-CN"}`), Integrations: json.RawMessage(`{"All":true}`), Timestamp: noon.Add(-time.Minute), OriginalTimestamp: noon.Add(-2 * time.Minute), SentAt: noon.Add(-time.Minute), ReceivedAt: noon},
		{MessageID: "m-2", Kind: event.Identify, UserID: "mei", Traits: json.RawMessage(`{"name":"Mei"}`), Timestamp: noon, ReceivedAt: noon},
		{MessageID: "m-3", Kind: event.Alias, UserID: "mei", PreviousID: "a-1", Timestamp: noon, ReceivedAt: noon},
		{MessageID: "m-4", Kind: event.Group, UserID: "mei", GroupID: "g-1", Timestamp: noon, ReceivedAt: noon},
	}},
	"events-trust": job.Events{Source: "web", NoMoney: true, Trust: trust.Public, Events: []event.Event{
		{MessageID: "m-1", Kind: event.Page, UserID: "mei", AnonymousID: "a-1", Timestamp: noon, ReceivedAt: noon},
		{MessageID: "m-2", Kind: event.Page, UserID: "mei", AnonymousID: "a-1", Timestamp: noon, ReceivedAt: noon, Trust: trust.Person},
	}},
	"orchestration-unproven": job.Orchestration{Follows: []job.Follow{
		{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowEvent, Ref: "Checked In", Version: 3, At: noon, Event: "m-1", Source: "web", Unproven: true}},
		{ID: "p.4.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowProved, Ref: "regular", Version: 4, At: noon}},
		{ID: "p.5.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowUnproved, Ref: "regular", Version: 5, At: noon, Run: "run-1"}},
	}},
	"orchestration-unconfirmed": job.Orchestration{Follows: []job.Follow{
		{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowUnconfirmed, Version: 3, At: noon, Unproven: true}},
	}},
	"notifications-refused": job.Notifications{Notifications: []job.Notification{{
		ID: "p.thanks.p.3.0", ProfileID: "p", CampaignID: "thanks", Step: "p.3.0", CampaignVersion: 2, At: noon, Deferred: 4, Refused: 2,
	}}},
	"notifications-unproven": job.Notifications{Notifications: []job.Notification{{
		ID: "p.thanks.p.3.0", ProfileID: "p", CampaignID: "thanks", Step: "p.3.0", CampaignVersion: 2, At: noon, Unproven: true,
	}}},
	"command-erase":        job.Events{Source: "member", Command: &job.Command{ID: "r-1", Kind: job.CommandErase, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon}},
	"command-erase-nobody": job.Events{Source: "member", Command: &job.Command{ID: "r-2", Kind: job.CommandErase, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon, Nobody: true}},
	"command-take-off":     job.Events{Source: "member", Command: &job.Command{ID: "r-1", Kind: job.CommandTakeOff, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon, Device: "phone-1"}},
	"command-wipe": job.Events{Command: &job.Command{ID: "r-1", Kind: job.CommandWipe, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon,
		Wipe: &job.Wipe{Keys: []profile.ID{"gbOBfCNI2WeriD7lUXFExQ", "SuSMzLitR60aIhcCOW6jsw"}, Version: 177236640000, Until: noon.Add(time.Second), Pass: 1, Found: true, Key: 1, Kind: 2, Cursor: "20260301#000000000003"}}},
	"command-order": job.Events{Command: &job.Command{ID: "p.3.0", Kind: job.CommandOrder, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon,
		Report: &job.Reference{ProfileID: "SuSMzLitR60aIhcCOW6jsw", Day: day, Version: 3, MessageID: "m-1"}}},
	"follows": job.Follows{Follows: []job.Follow{
		{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowOrder, Ref: "A-1", Version: 3, N: 0, At: noon}},
		{ID: "q.2.1", ProfileID: "p", Follow: profile.Follow{Part: "q", Kind: profile.FollowSignUp, Version: 2, N: 1, At: noon}},
	}},
	"sources": job.Orchestration{Follows: []job.Follow{
		{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowEvent, Ref: "Signed Up", Version: 3, At: noon, Event: "m-1", Source: "web"}},
	}},
	"sources-order": job.Events{Command: &job.Command{ID: "p.3.0", Kind: job.CommandOrder, ProfileID: "gbOBfCNI2WeriD7lUXFExQ", At: noon,
		Report: &job.Reference{ProfileID: "SuSMzLitR60aIhcCOW6jsw", Day: day, Version: 3, Source: "web", MessageID: "m-1"}}},
	"sources-notification": job.Notifications{Notifications: []job.Notification{{
		ID: "p.thanks.p.3.0", ProfileID: "p", CampaignID: "thanks", Step: "p.3.0", CampaignVersion: 2, At: noon, EventOf: "p", EventDay: day, EventVersion: 3, EventID: "m-1", EventSource: "web", EventName: "Signed Up",
	}}},
	"segmentation-plan":     job.Segmentation{Kind: job.Plan, RunID: "run-1", Shards: 8, AsOf: "2026-02-28"},
	"segmentation-score":    job.Segmentation{Kind: job.Score, RunID: "run-1", Shard: 3, Shards: 8, Cursor: "p#x"},
	"segmentation-audience": job.Segmentation{Kind: job.Audience, RunID: "run-1", Shard: 3, Shards: 8, SegmentID: "buyers", CampaignID: "thanks"},
	"segmentation-audiences": job.Segmentation{Kind: job.Audiences, RunID: "minute-1", Shard: 3, Shards: 8, Listings: []job.Listing{
		{RunID: "run-1", SegmentID: "buyers", CampaignID: "thanks"}, {RunID: "run-2", SegmentID: "class8:111", CampaignID: "spring"}}},
	"segmentation-members": job.Segmentation{Kind: job.Members, RunID: "minute-1", Shard: 3, Shards: 8, Cursor: "p#x", Listings: []job.Listing{{RunID: "run-1", SegmentID: "buyers", CampaignID: "thanks"}},
		Listed: []int{7}, Lists: []job.MemberList{{ID: "made:20260301T120000-ABCDEFGH", Part: 4, Total: 17000}, {ID: "made:20260301T120001-IJKLMNOP"}}},
	"orchestration-follows": job.Orchestration{Follows: []job.Follow{
		{ID: "p.3.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowEvent, Ref: "Signed Up", Version: 3, At: noon, Event: "m-1"}},
		{ID: "p.4.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowEntered, Ref: "buyers", Version: 4, At: noon, Run: "run-1"}},
		{ID: "p.5.0", ProfileID: "p", Follow: profile.Follow{Kind: profile.FollowExited, Ref: "buyers", Version: 5, At: noon}},
	}},
	"orchestration-audience": job.Orchestration{Audience: &job.AudienceList{ID: "run-1.3.0", CampaignID: "thanks", RunID: "run-1", SegmentID: "buyers", Profiles: []profile.ID{"p", "q"}}},
	"orchestration-reentry":  job.Orchestration{Reentry: &job.Reentry{ID: "20261130T180500-ABCDEFGH", StopID: "20261130T180102-IJKLMNOP", CampaignID: "thanks", Cursor: "My9wI2QjMDE3NzI"}},
	"notifications-trial":    job.Notifications{Notifications: []job.Notification{}, Trials: []delivery.Trial{{ID: "t-1", TemplateID: "welcome", TemplateVersion: 5, Channel: "email", Locale: "zh-CN", To: "ops@shop.example", At: noon}}},
	"notifications-pinned": job.Notifications{Notifications: []job.Notification{{
		ID: "p.thanks.p.3.0", ProfileID: "p", CampaignID: "thanks", Step: "p.3.0", CampaignVersion: 2, TemplateVersion: 5, At: noon, Since: noon, NotAfter: noon.Add(time.Hour),
	}}},
	"notifications": job.Notifications{Notifications: []job.Notification{{
		ID: "p.thanks.p.3.0", ProfileID: "p", CampaignID: "thanks", Step: "p.3.0", Variant: "b", CampaignVersion: 2, At: noon, Since: noon.Add(-time.Hour),
		EventOf: "p", EventDay: day, EventVersion: 3, EventID: "m-1", EventName: "Signed Up", NotAfter: noon.Add(time.Hour), Deferred: 1,
	}}},
}

func frozen(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// read reads JSON into a new value of sample's type.
func read(t *testing.T, b []byte, sample any) any {
	t.Helper()
	v := reflect.New(reflect.TypeOf(sample))
	if err := json.Unmarshal(b, v.Interface()); err != nil {
		t.Fatal(err)
	}
	return v.Elem().Interface()
}

// tree is a job as it is written, without regard to white space and sequence within the raw parts of events.
func tree(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFrozenJobsAreReadAsTheyWereMeant(t *testing.T) {
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			if got := read(t, frozen(t, name), want); !reflect.DeepEqual(tree(t, got), tree(t, want)) {
				t.Errorf("read as\n%+v\nwant\n%+v", got, want)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) != len(samples) {
		t.Errorf("%d frozen files for %d samples, %v", len(files), len(samples), err)
	}
}

// TestJobsAreWrittenAsThePreviousVersionReadsThem holds what is written today against the frozen files, member by member.
func TestJobsAreWrittenAsThePreviousVersionReadsThem(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			var want map[string]any
			if err := json.Unmarshal(frozen(t, name), &want); err != nil {
				t.Fatal(err)
			}
			delete(want, "v") // the version before writes it, and nobody has ever read it
			if got := tree(t, sample); !reflect.DeepEqual(got, want) {
				t.Errorf("written as\n%v\nwant\n%v", got, want)
			}
		})
	}
}

// TestFieldsOfTheNextVersionAreIgnored puts members that nobody knows yet into every object of the frozen files.
func TestFieldsOfTheNextVersionAreIgnored(t *testing.T) {
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			added := 0
			var wide any
			if err := json.Unmarshal(frozen(t, name), &wide); err != nil {
				t.Fatal(err)
			}
			wide = widen(wide, &added)
			b, err := json.Marshal(wide)
			if err != nil {
				t.Fatal(err)
			}
			if added == 0 || !strings.Contains(string(b), "ofTheFuture") {
				t.Fatal("nothing was added: the test shows nothing")
			}
			if got := read(t, b, want); !reflect.DeepEqual(tree(t, got), tree(t, want)) {
				t.Errorf("read as\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// widen adds members to every object but the open parts of an event, which are kept as they are.
func widen(v any, added *int) any {
	switch v := v.(type) {
	case map[string]any:
		for k, member := range v {
			switch k {
			case "properties", "traits", "context", "integrations":
			default:
				v[k] = widen(member, added)
			}
		}
		v["ofTheFuture"] = map[string]any{"a": []any{1, "x", nil}}
		*added++
	case []any:
		for i := range v {
			v[i] = widen(v[i], added)
		}
	}
	return v
}

// TestWhoSpeaks: an event's own level comes before the job's, and a job of the version before tells its level by whether its source may move
// money.
func TestWhoSpeaks(t *testing.T) {
	for _, c := range []struct {
		event, head trust.Level
		noMoney     bool
		want        trust.Level
	}{
		{"", "", false, trust.Shop}, {"", "", true, trust.Public}, {"", trust.Public, false, trust.Public}, {"", trust.Shop, true, trust.Shop},
		{trust.Person, trust.Public, true, trust.Person}, {trust.Public, trust.Shop, false, trust.Public}, {trust.Public, "", false, trust.Public},
	} {
		j := job.Events{NoMoney: c.noMoney, Trust: c.head}
		if got := j.Level(&event.Event{Trust: c.event}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
