package catalog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

func campaignBody(state, trigger, template string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":"C","state":%q,"channel":"email","templateId":%q,"trigger":%s}`, state, template, trigger))
}

func campaignsOf(t *testing.T) (*catalog.Campaigns, func(id string, body json.RawMessage), func(time.Duration)) {
	now := catalogNow
	saved := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
	campaigns := &catalog.Campaigns{Catalog: &catalog.Cache{Catalog: saved, Now: func() time.Time { return now }}}
	save := func(id string, body json.RawMessage) {
		t.Helper()
		if _, err := saved.Save(t.Context(), definition.Campaign, id, body, nil, dynamotest.By(now)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(catalog.TTL)
	}
	return campaigns, save, func(d time.Duration) { now = now.Add(d) }
}

func TestListening(t *testing.T) {
	campaigns, save, _ := campaignsOf(t)
	save("b", campaignBody("running", `{"event":{"name":"Signed Up"}}`, "t"))
	save("a", campaignBody("running", `{"event":{"name":"Signed Up"}}`, "t"))
	save("paused", campaignBody("paused", `{"event":{"name":"Signed Up"}}`, "t"))
	save("entered", campaignBody("running", `{"enteredSegment":"vip"}`, "t"))
	save("exited", campaignBody("running", `{"exitedSegment":"vip"}`, "t"))
	save("audience", campaignBody("running", `{"audience":{"segmentId":"vip","at":"2026-11-21T12:00:00Z"}}`, "t"))
	for _, c := range []struct {
		follow profile.Follow
		want   string
	}{
		{profile.Follow{Kind: profile.FollowEvent, Ref: "Signed Up"}, "a b "},
		{profile.Follow{Kind: profile.FollowEvent, Ref: "Signed In"}, ""},
		{profile.Follow{Kind: profile.FollowEvent, Ref: "vip"}, ""},
		{profile.Follow{Kind: profile.FollowEntered, Ref: "vip"}, "entered "},
		{profile.Follow{Kind: profile.FollowExited, Ref: "vip"}, "exited "},
		{profile.Follow{Kind: profile.FollowExited, Ref: "new"}, ""},
		{profile.Follow{Kind: profile.FollowOrder, Ref: "Signed Up"}, ""},
	} {
		found, err := campaigns.Listening(t.Context(), c.follow)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, one := range found {
			got += one.ID + " "
			// The domain's own word for it says the same.
			if !slices.Contains(one.ListensTo(), campaign.News{Kind: c.follow.Kind, Ref: c.follow.Ref}) {
				t.Errorf("%s does not listen to %+v", one.ID, c.follow)
			}
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.follow, got, c.want)
		}
	}
}

func TestPinned(t *testing.T) {
	campaigns, save, _ := campaignsOf(t)
	save("c", campaignBody("running", `{"event":{"name":"Signed Up"}}`, "one"))
	save("c", campaignBody("paused", `{"event":{"name":"Signed Up"}}`, "two"))
	for _, c := range []struct {
		id, template string
		version      int
		ok           bool
	}{{"c", "one", 1, true}, {"c", "two", 2, true}, {"c", "two", 0, true}, {"c", "two", 9, true}, {"nobody", "", 1, false}} {
		for range 2 { // the second time from memory
			got, ok, err := campaigns.Pinned(t.Context(), c.id, c.version)
			if err != nil || ok != c.ok || got.TemplateID != c.template || ok && got.State != campaign.Paused {
				t.Errorf("%s, version %d: %v, %+v, %v", c.id, c.version, ok, got.Definition, err)
			}
		}
	}
	save("c", campaignBody("running", `{"event":{"name":"Signed Up"}}`, "three"))
	if got, ok, err := campaigns.Pinned(t.Context(), "c", 1); err != nil || !ok || got.State != campaign.Running || got.TemplateID != "one" || got.Version != 1 {
		t.Errorf("after it goes on: %+v, %v, %v", got, ok, err)
	}
}

// TestWhatANewerProgramHasSavedIsNotGone: a campaign that this program does not understand keeps no others, listens to nothing, and is not gone.
func TestWhatANewerProgramHasSavedIsNotGone(t *testing.T) {
	campaigns, save, _ := campaignsOf(t)
	const trigger = `{"event":{"name":"Signed Up"}}`
	save("known", campaignBody("running", trigger, "t"))
	save("pigeon", json.RawMessage(strings.Replace(string(campaignBody("running", trigger, "t")), `"email"`, `"pigeon"`, 1)))
	save("torn", json.RawMessage(`{"name":7}`))
	save("lost", json.RawMessage(strings.Replace(string(campaignBody("running", trigger, "t")), `{`, `{"condition":{"segment":"none"},`, 1)))
	for id, want := range map[string]error{"known": nil, "pigeon": dynamo.ErrUnreadable, "torn": dynamo.ErrUnreadable, "lost": nil, "none": nil} {
		_, found, err := campaigns.Find(t.Context(), id)
		_, pinned, also := campaigns.Pinned(t.Context(), id, 1)
		if found != (id == "known") || pinned != found || !errors.Is(err, want) || !errors.Is(also, want) {
			t.Errorf("%s: found %v and %v, told %v and %v", id, found, pinned, err, also)
		}
	}
	if all, err := campaigns.Listening(t.Context(), profile.Follow{Kind: profile.FollowEvent, Ref: "Signed Up"}); err != nil || len(all) != 1 || all[0].ID != "known" {
		t.Errorf("%d listen, %v", len(all), err)
	}
}

const often = `{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}`

// TestAConditionThatIsRefusedByNowIsAsked saves a campaign past the checks, as a version did that did not have them.
func TestAConditionThatIsRefusedByNowIsAsked(t *testing.T) {
	campaigns, save, _ := campaignsOf(t)
	body := strings.Replace(string(campaignBody("running", `{"event":{"name":"Signed Up"}}`, "t")), `{`, `{"condition":`+often+`,`, 1)
	if _, err := campaign.Parse([]byte(body)); err == nil {
		t.Fatal("the condition can be saved anew")
	}
	save("c", json.RawMessage(body))
	if _, ok, err := campaigns.Find(t.Context(), "c"); err != nil || !ok {
		t.Errorf("it is left out: %v", err)
	}
}

// TestAPinnedVersionAsksThePresentSegments changes a segment between the reading of a version and its being kept. What was compiled with
// the former rule must not be kept among what the present one is asked for.
func TestAPinnedVersionAsksThePresentSegments(t *testing.T) {
	now := catalogNow
	db := dynamotest.New(t)
	saved := catalog.Catalog{DB: db, Table: "Catalog"}
	campaigns := &catalog.Campaigns{Catalog: &catalog.Cache{Catalog: saved, Now: func() time.Time { return now }}}
	save := func(kind, id, body string) {
		if _, err := saved.Save(t.Context(), kind, id, json.RawMessage(body), nil, dynamotest.By(now)); err != nil {
			t.Error(err)
		}
		now = now.Add(catalog.TTL)
	}
	rule := func(tag string) string {
		return fmt.Sprintf(`{"id":"s","name":"S","rule":{"field":"tags","op":"contains","value":%q}}`, tag)
	}
	body := string(campaignBody("running", `{"event":{"name":"Signed Up"}}`, "t"))
	save(definition.Segment, "s", rule("old"))
	save(definition.Campaign, "c", strings.Replace(body, `{`, `{"condition":{"segment":"s"},`, 1))
	save(definition.Campaign, "c", body)
	if _, _, err := campaigns.Find(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	db.Interrupt("GetItem", 1, func() {
		save(definition.Segment, "s", rule("new"))
		if _, _, err := campaigns.Find(t.Context(), "c"); err != nil {
			t.Error(err)
		}
	})
	person := &profile.Profile{Tagging: profile.Tagging{Words: map[string]profile.Tagged{"new": {}}}}
	for _, want := range []bool{false, true} { // the one that read before the change may still go by the former rule
		c, ok, err := campaigns.Pinned(t.Context(), "c", 1)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if got := c.Condition.Holds(person, now, profile.Shop{Zone: time.UTC}); got != want {
			t.Errorf("the condition holds: %v, want %v", got, want)
		}
	}
}

// TestWhoRefusesProfilingIsNotWantedForHavingLeftAClass, nor a segment that asks one, however deep; those of plain facts they leave like others.
func TestWhoRefusesProfilingIsNotWantedForHavingLeftAClass(t *testing.T) {
	campaigns, save, _ := campaignsOf(t)
	for id, rule := range map[string]string{
		"asks": `{"segment":"segment11:loyal"}`, "deeper": `{"any":[{"segment":"asks"},{"field":"orders.count","op":"gte","value":9}]}`, "plain": `{"field":"orders.count","op":"gte","value":9}`,
	} {
		if _, err := campaigns.Catalog.Catalog.Save(t.Context(), definition.Segment, id, json.RawMessage(`{"id":"`+id+`","name":"S","rule":`+rule+`}`), nil, dynamotest.By(catalogNow)); err != nil {
			t.Fatal(err)
		}
	}
	for segment, wanted := range map[string]bool{"asks": false, "deeper": false, "plain": true, "segment11:loyal": false, "lifecycle:churned": false, "gone": false} {
		id := "left-" + strings.ReplaceAll(segment, ":", "-")
		save(id, campaignBody("running", `{"exitedSegment":"`+segment+`"}`, "t"))
		found, ok, err := campaigns.Find(t.Context(), id)
		if err != nil || !ok {
			t.Fatal(segment, ok, err)
		}
		refuser := &profile.Profile{}
		if !found.Wants(refuser) {
			t.Errorf("%s: who does not refuse is not wanted", segment)
		}
		refuser.SetConsent("profiling", profile.Consent{At: catalogNow, ReceivedAt: catalogNow})
		if found.Wants(refuser) != wanted {
			t.Errorf("%s: who refuses is wanted: %v", segment, !wanted)
		}
	}
}
