package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/span"
)

const welcome = `{"id":"welcome","name":"Welcome","state":"running","trigger":{"event":{"name":"Signed Up"}},
	"channel":"email","templateId":"welcome"}`

// with is the welcome campaign with fields replaced; a null takes a field away.
func with(t *testing.T, fields string) []byte {
	t.Helper()
	var doc, change map[string]any
	for text, into := range map[string]*map[string]any{welcome: &doc, "{" + fields + "}": &change} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for k, v := range change {
		doc[k] = v
		if v == nil {
			delete(doc, k)
		}
	}
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParseBothSidesOfEachBound(t *testing.T) {
	list := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	variants := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"id":"v%d","weight":%g}`, i, 1/float64(n)))
		}
		return strings.Join(all, ",")
	}
	for _, c := range []struct{ name, fields, faults string }{
		{"welcome", ``, ""},
		{"unknown field", `"chanel":"email"`, "*"},
		{"wrong type", `"name":7`, "name"},
		{"no id", `"id":null`, "id"},
		{"id of 64", `"id":"` + strings.Repeat("x", 64) + `"`, ""},
		{"id of 65", `"id":"` + strings.Repeat("x", 65) + `"`, "id"},
		{"id with a separator", `"id":"a#b"`, "id"},
		{"no name", `"name":""`, "name"},
		{"unknown state", `"state":"on"`, "state"},
		{"scheduled without an audience", `"state":"scheduled"`, "state"},
		{"scheduled", `"state":"scheduled","trigger":{"audience":{"segmentId":"s","at":"2026-11-21T10:00:00Z"}}`, ""},
		{"no trigger", `"trigger":{}`, "trigger"},
		{"two triggers", `"trigger":{"enteredSegment":"a","exitedSegment":"b"}`, "trigger"},
		{"event without a name", `"trigger":{"event":{"name":""}}`, "trigger.event.name"},
		{"audience of nothing", `"trigger":{"audience":{}}`, "trigger.audience.segmentId trigger.audience.at"},
		{"audience with a wait", `"wait":"1h","trigger":{"audience":{"segmentId":"s","at":"2026-11-21T10:00:00Z"}}`, "wait"},
		{"where", `"trigger":{"event":{"name":"E","where":[{"property":"total","op":"gte","value":100}]}}`, ""},
		{"where without an operator", `"trigger":{"event":{"name":"E","where":[{"property":"","op":"is"}]}}`,
			"trigger.event.where[0].property trigger.event.where[0].op"},
		{"gt of a text", `"trigger":{"event":{"name":"E","where":[{"property":"p","op":"gt","value":"1"}]}}`, "trigger.event.where[0].value"},
		{"in of nothing", `"trigger":{"event":{"name":"E","where":[{"property":"p","op":"in","value":[]}]}}`, "trigger.event.where[0].value"},
		{"exists with a value", `"trigger":{"event":{"name":"E","where":[{"property":"p","op":"exists","value":true}]}}`, "trigger.event.where[0].value"},
		{"eq of an object", `"trigger":{"event":{"name":"E","where":[{"property":"p","op":"eq","value":{}}]}}`, "trigger.event.where[0].value"},
		{"twenty conditions", `"trigger":{"event":{"name":"E","where":[` + list(20, `{"property":"p","op":"exists"}`) + `]}}`, ""},
		{"21 conditions", `"trigger":{"event":{"name":"E","where":[` + list(21, `{"property":"p","op":"exists"}`) + `]}}`, "trigger.event.where"},
		{"wait of a year", `"wait":"365d"`, ""},
		{"wait of more", `"wait":"366d"`, "wait"},
		{"wait in words", `"wait":"tomorrow"`, "*"},
		{"negative wait", `"wait":"-1h"`, "*"},
		{"expires after 30 days", `"expiresAfter":"30d"`, ""},
		{"expires after 31 days", `"expiresAfter":"31d"`, "expiresAfter"},
		{"once every minute", `"onceEvery":"1m"`, ""},
		{"once every second", `"onceEvery":"1s"`, "onceEvery"},
		{"once in two ways", `"onceEvery":"1d","oncePerPerson":true`, "onceEvery"},
		{"unknown channel", `"channel":"fax"`, "channel"},
		{"no template", `"templateId":null`, "templateId"},
		{"control of half", `"control":0.5`, ""},
		{"control of more", `"control":0.51`, "control"},
		{"negative control", `"control":-0.1`, "control"},
		{"twenty variants", `"variants":[` + variants(20) + `]`, ""},
		{"21 variants", `"variants":[` + variants(21) + `]`, "variants"},
		{"weights of less than 1", `"variants":[{"id":"a","weight":0.5},{"id":"b","weight":0.4}]`, "variants"},
		{"the same variant twice", `"variants":[{"id":"a","weight":0.5},{"id":"a","weight":0.5}]`, "variants[1].id"},
		{"weight below 0", `"variants":[{"id":"a","weight":-0.5},{"id":"b","weight":1.5}]`, "variants[0].weight variants[1].weight"},
		{"variant without any template", `"templateId":null,"variants":[{"id":"a","weight":1}]`, "variants[0].templateId"},
		{"variant with its own template", `"templateId":null,"variants":[{"id":"a","weight":1,"templateId":"t"}]`, ""},
		{"empty tag", `"tags":[""]`, "tags[0]"},
		{"21 tags", `"tags":[` + list(21, `"t"`) + `]`, "tags"},
		{"empty cancelling event", `"cancelOn":[""]`, "cancelOn[0]"},
		{"21 cancelling events", `"cancelOn":[` + list(21, `"E"`) + `]`, "cancelOn"},
		{"condition", `"condition":{"field":"orders.count","op":"eq","value":0}`, ""},
		{"condition of nothing", `"condition":{"all":[{"field":"orders.count","op":"like","value":0}]}`, "condition.all[0].op"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(with(t, c.fields))
			got := ""
			var faults fault.Faults
			if errors.As(err, &faults) {
				var fields []string
				for _, f := range faults {
					fields = append(fields, f.Field)
				}
				got = strings.Join(fields, " ")
			}
			if c.faults == "*" {
				if len(faults) == 0 {
					t.Errorf("no fault: %v", err)
				}
				return
			}
			if got != c.faults {
				t.Errorf("faults in %q, want %q: %v", got, c.faults, err)
			}
		})
	}
}

func TestListensTo(t *testing.T) {
	trigger := func(tr Trigger, s State) Definition { return Definition{Trigger: tr, State: s} }
	entered := profile.Follow{Kind: profile.FollowEntered, Ref: "vip"}
	for _, c := range []struct {
		name   string
		d      Definition
		follow profile.Follow
		want   bool
	}{
		{"entered", trigger(Trigger{EnteredSegment: "vip"}, Running), entered, true},
		{"another segment", trigger(Trigger{EnteredSegment: "new"}, Running), entered, false},
		{"exited is not entered", trigger(Trigger{ExitedSegment: "vip"}, Running), entered, false},
		{"exited", trigger(Trigger{ExitedSegment: "vip"}, Running), profile.Follow{Kind: profile.FollowExited, Ref: "vip"}, true},
		{"event", trigger(Trigger{Event: &Event{Name: "vip"}}, Running), profile.Follow{Kind: profile.FollowEvent, Ref: "vip"}, true},
		{"an event of the segment's name", trigger(Trigger{Event: &Event{Name: "vip"}}, Running), entered, false},
		{"paused", trigger(Trigger{EnteredSegment: "vip"}, Paused), entered, false},
		{"draft", trigger(Trigger{EnteredSegment: "vip"}, Draft), entered, false},
		{"proven, of one that takes what is not", trigger(Trigger{EnteredSegment: "vip"}, Running), profile.Follow{Kind: profile.FollowProved, Ref: "vip"}, false},
		{"proven", Definition{Trigger: Trigger{EnteredSegment: "vip"}, State: Running, Transactional: true}, profile.Follow{Kind: profile.FollowProved, Ref: "vip"}, true},
		{"no longer proven", Definition{Trigger: Trigger{ExitedSegment: "vip"}, State: Running, Transactional: true}, profile.Follow{Kind: profile.FollowUnproved, Ref: "vip"}, true},
		{"no longer proven is not entered", Definition{Trigger: Trigger{EnteredSegment: "vip"}, State: Running, Transactional: true}, profile.Follow{Kind: profile.FollowUnproved, Ref: "vip"}, false},
		{"entered, of one that takes what is proven", Definition{Trigger: Trigger{EnteredSegment: "vip"}, State: Running, Transactional: true}, entered, true},
		{"a follow without a ref", trigger(Trigger{Audience: &Audience{}}, Running), profile.Follow{Kind: profile.FollowEntered}, false},
	} {
		if got := slices.Contains(c.d.ListensTo(), News{c.follow.Kind, c.follow.Ref}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestActive(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	audience := Trigger{Audience: &Audience{SegmentID: "s", At: at}}
	for _, c := range []struct {
		name string
		d    Definition
		now  time.Time
		want bool
	}{
		{"running", Definition{State: Running}, at, true},
		{"paused", Definition{State: Paused}, at, false},
		{"scheduled, at its time", Definition{State: Scheduled, Trigger: audience}, at, true},
		{"scheduled, before", Definition{State: Scheduled, Trigger: audience}, at.Add(-1), false},
		{"scheduled without an audience", Definition{State: Scheduled}, at, false},
		{"cancelled, at its time", Definition{State: Cancelled, Trigger: audience}, at, false},
	} {
		if got := c.d.Active(c.now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDueAfterAndExpiry(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	due, until := Definition{Wait: span.Day}.DueAfter(at)
	if !due.Equal(at.Add(24*time.Hour)) || !until.Equal(at.Add(48*time.Hour)) {
		t.Errorf("due %v until %v", due, until)
	}
	_, until = Definition{Wait: span.Day, ExpiresAfter: span.Hour}.DueAfter(at)
	if !until.Equal(at.Add(25 * time.Hour)) {
		t.Errorf("until %v", until)
	}
}

func TestCancelledBy(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	d := Definition{CancelOn: []string{"Order Completed", "Product Added"}}
	for _, c := range []struct {
		name string
		last time.Time
		want string
	}{{"before", at.Add(-1), ""}, {"the trigger itself", at, ""}, {"after", at.Add(1), "Product Added"}} {
		said := profile.Memory{FirstSeen: at, Counters: map[string]profile.Counter{"Product Added": {Last: c.last}}}
		proven, doubtful := &profile.Profile{Memory: said}, &profile.Profile{Unproven: said}
		for _, x := range []struct {
			by       string
			campaign Definition
			p        *profile.Profile
			unproven bool
			want     string
		}{
			{"a proven event", d, proven, false, c.want}, {"a proven event, of a notification that a page has started", d, proven, true, c.want},
			{"a page", d, doubtful, false, ""}, {"a page, of one that a page has started", d, doubtful, true, c.want},
			{"a page, where no page may start any", Definition{CancelOn: d.CancelOn, Unproven: new(bool)}, doubtful, true, ""},
		} {
			if got := x.campaign.CancelledBy(x.p, at, x.unproven); got != x.want {
				t.Errorf("%s, by %s: %q, want %q", c.name, x.by, got, x.want)
			}
		}
	}
}

func TestWants(t *testing.T) {
	in := &profile.Profile{Members: map[string]profile.Membership{"vip": {}}}
	out := &profile.Profile{}
	for _, c := range []struct {
		name    string
		trigger Trigger
		in, out bool
	}{
		{"entered", Trigger{EnteredSegment: "vip"}, true, false},
		{"exited", Trigger{ExitedSegment: "vip"}, false, true},
		{"audience", Trigger{Audience: &Audience{SegmentID: "vip"}}, true, false},
		{"event", Trigger{Event: &Event{Name: "E"}}, true, true},
	} {
		d := Definition{Trigger: c.trigger}
		if d.Wants(in) != c.in || d.Wants(out) != c.out {
			t.Errorf("%s: member %v, other %v", c.name, d.Wants(in), d.Wants(out))
		}
	}
}

func TestStepAndNotificationID(t *testing.T) {
	audience := Definition{Trigger: Trigger{Audience: &Audience{At: time.Date(2026, 11, 21, 18, 0, 0, 0, time.FixedZone("", 8*3600))}}}
	for _, c := range []struct {
		d    Definition
		want string
	}{{Definition{}, "f1"}, {Definition{OnceEvery: span.Day}, "f1"}, {Definition{OncePerPerson: true}, "once"}, {audience, "audience@2026-11-21T10:00:00Z"}} {
		if got := c.d.Step("f1"); got != c.want {
			t.Errorf("step %q, want %q", got, c.want)
		}
	}
	ids := map[string]bool{}
	for _, parts := range [][3]string{{"p", "c", "s"}, {"q", "c", "s"}, {"p", "d", "s"}, {"p", "c", "t"}, {"pc", "", "s"}, {"p", "cs", ""}} {
		ids[NotificationID(profile.ID(parts[0]), parts[1], parts[2])] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d different ids of 6", len(ids))
	}
	// Frozen: a change would send everything that is on its way once more.
	if got := NotificationID("p", "c", "s"); got != "71rRntLXfA2i_Mwcv6Ydiw" {
		t.Errorf("the id of (p, c, s) is %s", got)
	}
}

func TestAssign(t *testing.T) {
	d := Definition{ID: "split", TemplateID: "t", Variants: []Variant{{ID: "a", Weight: .3}, {ID: "b", Weight: .7, TemplateID: "u"}}}
	counts := map[string]int{}
	for i := range 10_000 {
		v := d.Assign("user-" + strconv.Itoa(i))
		if want := map[string]string{"a": "t", "b": "u"}[v.ID]; v.TemplateID != want {
			t.Fatalf("variant %s has template %s", v.ID, v.TemplateID)
		}
		counts[v.ID]++
	}
	if counts["a"] < 2770 || counts["a"] > 3230 {
		t.Errorf("counts %v", counts)
	}
	if got := (Definition{ID: "x", TemplateID: "t"}).Assign("u"); got != (Variant{TemplateID: "t"}) {
		t.Errorf("without variants: %+v", got)
	}
	// What rounding leaves behind the last border belongs to the last arm.
	thirds := Definition{ID: "t", Variants: []Variant{{ID: "a", Weight: 0}, {ID: "b", Weight: 0.9999995}}}
	for i := range 20_000 {
		if v := thirds.Assign(strconv.Itoa(i)); v.ID != "b" {
			t.Fatalf("%d got %q", i, v.ID)
		}
	}
}

func TestVariant(t *testing.T) {
	plain := Definition{TemplateID: "t"}
	split := Definition{TemplateID: "t", Variants: []Variant{{ID: "a", Weight: 1}}}
	for _, c := range []struct {
		d  Definition
		id string
		ok bool
	}{{plain, "", true}, {plain, "a", false}, {split, "a", true}, {split, "", false}, {split, "b", false}} {
		v, ok := c.d.Variant(c.id)
		if ok != c.ok || ok && v.TemplateID != "t" {
			t.Errorf("%d variants, %q: %+v, %v", len(c.d.Variants), c.id, v, ok)
		}
	}
}

func TestPerson(t *testing.T) {
	p := &profile.Profile{ID: "p1", Identifiers: []profile.Identifier{{Kind: profile.AnonymousID, Value: "a"}}}
	if got := Person(p); got != "p1" {
		t.Errorf("anonymous: %s", got)
	}
	p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.UserID, Value: "u"})
	if got := Person(p); got != "u" {
		t.Errorf("known: %s", got)
	}
}

func TestMatchesEvent(t *testing.T) {
	properties := `{"total":100,"city":"上海","paid":true,"tags":["new","vip"],"shipping":{"city":"Paris"},"a.b":1,"none":null}`
	for _, c := range []struct {
		name, match string
		want        bool
	}{
		{"eq", `{"property":"city","op":"eq","value":"上海"}`, true},
		{"eq of another type", `{"property":"total","op":"eq","value":"100"}`, false},
		{"ne", `{"property":"city","op":"ne","value":"Paris"}`, true},
		{"ne of an absent one", `{"property":"x","op":"ne","value":"Paris"}`, true},
		{"gt at the border", `{"property":"total","op":"gt","value":100}`, false},
		{"gte at the border", `{"property":"total","op":"gte","value":100}`, true},
		{"lt at the border", `{"property":"total","op":"lt","value":100}`, false},
		{"lte at the border", `{"property":"total","op":"lte","value":100}`, true},
		{"gt below", `{"property":"total","op":"gt","value":99.99}`, true},
		{"gt of a text", `{"property":"city","op":"gt","value":1}`, false},
		{"in", `{"property":"city","op":"in","value":["Paris","上海"]}`, true},
		{"not in", `{"property":"city","op":"in","value":["Paris"]}`, false},
		{"contains of a list", `{"property":"tags","op":"contains","value":"vip"}`, true},
		{"contains of a text", `{"property":"city","op":"contains","value":"海"}`, true},
		{"contains not", `{"property":"tags","op":"contains","value":"old"}`, false},
		{"exists", `{"property":"paid","op":"exists"}`, true},
		{"exists not", `{"property":"x","op":"exists"}`, false},
		{"null does not exist", `{"property":"none","op":"exists"}`, false},
		{"a path", `{"property":"shipping.city","op":"eq","value":"Paris"}`, true},
		{"a name with a dot", `{"property":"a.b","op":"eq","value":1}`, true},
		{"a path through a text", `{"property":"city.x","op":"exists"}`, false},
		{"eq of a list", `{"property":"tags","op":"eq","value":"vip"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Match
			if err := json.Unmarshal([]byte(c.match), &m); err != nil {
				t.Fatal(err)
			}
			if f := m.faults(); len(f) > 0 {
				t.Fatal(f)
			}
			d := Definition{Trigger: Trigger{Event: &Event{Where: []Match{m}}}}
			if got := d.MatchesEvent(json.RawMessage(properties)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	two := Definition{Trigger: Trigger{Event: &Event{Where: []Match{{"total", Eq, 100.0}, {"city", Eq, "Paris"}}}}}
	if two.MatchesEvent(json.RawMessage(properties)) {
		t.Error("one of two conditions was enough")
	}
	if two.MatchesEvent(json.RawMessage("[1")) {
		t.Error("properties that are no object matched")
	}
	none := Definition{Trigger: Trigger{Event: &Event{}}}
	if !none.MatchesEvent(nil) {
		t.Error("no condition did not match")
	}
}

func TestTemplatesAndSegments(t *testing.T) {
	d := Definition{TemplateID: "a", Variants: []Variant{{TemplateID: "b"}, {}, {TemplateID: "a"}}, Trigger: Trigger{Audience: &Audience{SegmentID: "s"}}}
	if got := fmt.Sprint(d.Templates(), d.Segments()); got != "[a b] [s]" {
		t.Errorf("got %s", got)
	}
	if !(Definition{Channel: delivery.Email, State: Running}).Active(time.Time{}) {
		t.Error("a running campaign is not active")
	}
}
