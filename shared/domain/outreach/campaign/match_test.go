package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestEachOperatorHoldsForItsOwnOnly asks each operator of each kind of property. Those that are not named do not hold.
func TestEachOperatorHoldsForItsOwnOnly(t *testing.T) {
	properties := map[string]string{
		"absent": `{}`, "null": `{"p":null}`, "text": `{"p":"ab"}`, "other text": `{"p":"b"}`, "digits": `{"p":"5"}`, "4": `{"p":4}`, "5": `{"p":5}`, "6": `{"p":6}`, "5.5": `{"p":5.5}`,
		"true": `{"p":true}`, "false": `{"p":false}`, "list": `{"p":["ab",5]}`, "other list": `{"p":["abc","5"]}`, "object": `{"p":{"ab":5}}`, "nothing": ``, "long": `{"p":"no. 10000000"}`,
	}
	for match, holds := range map[string]string{
		`{"op":"eq","value":"ab"}`:       "text",
		`{"op":"eq","value":5}`:          "5",
		`{"op":"eq","value":true}`:       "true",
		`{"op":"ne","value":"ab"}`:       "absent|null|other text|digits|4|5|6|5.5|true|false|list|other list|object|nothing|long",
		`{"op":"ne","value":5}`:          "absent|null|text|other text|digits|4|6|5.5|true|false|list|other list|object|nothing|long",
		`{"op":"gt","value":5}`:          "6|5.5",
		`{"op":"gte","value":5}`:         "5|6|5.5",
		`{"op":"lt","value":5}`:          "4",
		`{"op":"lte","value":5}`:         "4|5",
		`{"op":"in","value":["ab",6]}`:   "text|6|list",
		`{"op":"in","value":[true]}`:     "true",
		`{"op":"contains","value":"ab"}`: "text|list",
		`{"op":"contains","value":"b"}`:  "text|other text",
		`{"op":"contains","value":5}`:    "digits|list",
		`{"op":"contains","value":1e7}`:  "long",
		`{"op":"contains","value":"5"}`:  "digits|other list",
		`{"op":"exists"}`:                "text|other text|digits|4|5|6|5.5|true|false|list|other list|object|long",
	} {
		m := Match{Property: "p"}
		if err := json.Unmarshal([]byte(match), &m); err != nil {
			t.Fatal(err)
		}
		if f := m.faults(); len(f) > 0 {
			t.Errorf("%s: %v", match, f)
		}
		d := Definition{Trigger: Trigger{Event: &Event{Name: "E", Where: []Match{m}}}}
		for name, raw := range properties {
			if got, want := d.MatchesEvent(json.RawMessage(raw)), slices.Contains(strings.Split(holds, "|"), name); got != want {
				t.Errorf("%s of %s: %v, want %v", match, name, got, want)
			}
		}
	}
	if (Definition{}).MatchesEvent(json.RawMessage(`{}`)) {
		t.Error("an event starts what no event triggers")
	}
}

// TestNobodyElseIsHeard pairs every trigger with every follow.
func TestNobodyElseIsHeard(t *testing.T) {
	triggers := map[string]Trigger{
		"entered": {EnteredSegment: "vip"}, "exited": {ExitedSegment: "vip"}, "event": {Event: &Event{Name: "vip"}}, "audience": {Audience: &Audience{SegmentID: "vip"}}, "none": {},
	}
	kinds := []profile.FollowKind{profile.FollowOrder, profile.FollowSignUp, profile.FollowEvent, profile.FollowEntered, profile.FollowExited, profile.FollowProved, profile.FollowUnproved, profile.FollowReport, ""}
	for name, trigger := range triggers {
		for _, state := range []State{Draft, Scheduled, Running, Paused, Finished, Cancelled, ""} {
			for _, kind := range kinds {
				for _, ref := range []string{"vip", "new", ""} {
					want := state == Running && ref == "vip" && string(kind) == name
					d := Definition{Trigger: trigger, State: state}
					if got := slices.Contains(d.ListensTo(), News{kind, ref}); got != want {
						t.Errorf("%s campaign of %s hears %s of %q: %v", state, name, kind, ref, got)
					}
				}
			}
		}
	}
}

func TestWantsBothSides(t *testing.T) {
	in, out := &profile.Profile{Members: map[string]profile.Membership{"vip": {}}}, &profile.Profile{Members: map[string]profile.Membership{"new": {}}}
	for name, c := range map[string]struct {
		trigger Trigger
		in, out bool
	}{
		"entered": {Trigger{EnteredSegment: "vip"}, true, false}, "exited": {Trigger{ExitedSegment: "vip"}, false, true},
		"audience": {Trigger{Audience: &Audience{SegmentID: "vip"}}, true, false}, "event": {Trigger{Event: &Event{Name: "vip"}}, true, true},
	} {
		d := Definition{Trigger: c.trigger}
		if a, b := d.Wants(in), d.Wants(out); a != c.in || b != c.out {
			t.Errorf("%s: a member %v, another %v", name, a, b)
		}
		want := map[bool]int{true: 0, false: 1}[name == "event"]
		if got := d.Segments(); len(got) != want || want == 1 && got[0] != segment.ID("vip") {
			t.Errorf("%s names the segments %v", name, got)
		}
	}
}

// TestWhoTakesUnproven: what only public events say starts what is neither forbidden to them nor transactional, and a confirmation, which is of them.
func TestWhoTakesUnproven(t *testing.T) {
	yes, no := true, false
	proven := &profile.Profile{Members: map[string]profile.Membership{"vip": {}}}
	unproven := &profile.Profile{Members: map[string]profile.Membership{"vip": {Unproven: true}}}
	for name, c := range map[string]struct {
		d     Definition
		takes bool
	}{
		"by default":           {Definition{}, true},
		"by its word":          {Definition{Unproven: &yes}, true},
		"against its word":     {Definition{Unproven: &no}, false},
		"transactional":        {Definition{Transactional: true}, false},
		"transactional anyway": {Definition{Transactional: true, Unproven: &yes}, false},
		"a confirmation":       {Definition{Transactional: true, Confirms: true}, true},
		"one that says no":     {Definition{Confirms: true, Unproven: &no}, true},
	} {
		if got := c.d.TakesUnproven(); got != c.takes {
			t.Errorf("%s: takes %v", name, got)
		}
		for trigger, in := range map[string]struct {
			t      Trigger
			proven bool // what is answered of who is a member by what is proven
		}{"entered": {Trigger{EnteredSegment: "vip"}, true}, "exited": {Trigger{ExitedSegment: "vip"}, false}, "audience": {Trigger{Audience: &Audience{SegmentID: "vip"}}, true}} {
			d := c.d
			d.Trigger = in.t
			want := in.proven
			if !c.takes {
				want = !want
			}
			if d.Wants(proven) != in.proven || d.Wants(unproven) != want {
				t.Errorf("%s, %s: proven %v, unproven %v", name, trigger, d.Wants(proven), d.Wants(unproven))
			}
		}
	}
}

// TestWhatParseRefuses has the faults that are not of a field alone.
func TestWhatParseRefuses(t *testing.T) {
	for fields, want := range map[string]string{
		`"transactional":true`:                                        "",
		`"transactional":true,"unproven":false`:                       "",
		`"transactional":false,"unproven":true`:                       "",
		`"transactional":true,"unproven":true`:                        "unproven must be absent or false with transactional: nobody asks for something in another's name",
		`"condition":{"field":"signIns.last30","op":"eq","value":12}`: "condition",
	} {
		_, err := Parse(with(t, fields))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", fields, err, want)
		}
	}
}

// TestBordersExactlyAtAndOneOver asks each bound of a definition at its last good value and one beyond.
func TestBordersExactlyAtAndOneOver(t *testing.T) {
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	list := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	where := func(m string) string { return `"trigger":{"event":{"name":"E","where":[` + m + `]}}` }
	for _, c := range []struct{ at, over, place string }{
		{`"name":` + text(200), `"name":` + text(201), "name"},
		{`"name":` + text(1), `"name":` + text(0), "name"},
		{`"cancelOn":[` + text(200) + `]`, `"cancelOn":[` + text(201) + `]`, "cancelOn[0]"},
		{`"cancelOn":` + list(20, `"E"`), `"cancelOn":` + list(21, `"E"`), "cancelOn"},
		{`"tags":[` + text(64) + `]`, `"tags":[` + text(65) + `]`, "tags[0]"},
		{`"tags":` + list(20, `"t"`), `"tags":` + list(21, `"t"`), "tags"},
		{`"trigger":{"event":{"name":` + text(200) + `}}`, `"trigger":{"event":{"name":` + text(201) + `}}`, "trigger.event.name"},
		{where(`{"property":` + text(200) + `,"op":"exists"}`), where(`{"property":` + text(201) + `,"op":"exists"}`), "trigger.event.where[0].property"},
		{where(`{"property":"p","op":"in","value":` + list(100, "1") + `}`), where(`{"property":"p","op":"in","value":` + list(101, "1") + `}`), "trigger.event.where[0].value"},
		{`"wait":"8760h"`, `"wait":"8760h0m1s"`, "wait"},
		{`"wait":"0s"`, `"wait":"8761h"`, "wait"},
		{`"expiresAfter":"720h"`, `"expiresAfter":"720h0m1s"`, "expiresAfter"},
		{`"onceEvery":"8760h"`, `"onceEvery":"8760h0m1s"`, "onceEvery"},
		{`"onceEvery":"60s"`, `"onceEvery":"59s"`, "onceEvery"},
		{`"control":0`, `"control":-0.0001`, "control"},
		{`"control":0.5`, `"control":0.5001`, "control"},
		{`"variants":[{"id":"a","weight":0},{"id":"b","weight":1}]`, `"variants":[{"id":"a","weight":0},{"id":"b","weight":1.0001}]`, "variants[1].weight variants"},
		{`"variants":[{"id":"a","weight":0.9999995}]`, `"variants":[{"id":"a","weight":0.9999}]`, "variants"},
		{`"variants":[{"id":` + text(64) + `,"weight":1}]`, `"variants":[{"id":` + text(65) + `,"weight":1}]`, "variants[0].id"},
		{`"id":"aZ09-_"`, `"id":"aZ09-_."`, "id"},
	} {
		if _, err := Parse(with(t, c.at)); err != nil {
			t.Errorf("%.80s: %v", c.at, err)
		}
		var faults fault.Faults
		_, err := Parse(with(t, c.over))
		if !errors.As(err, &faults) {
			t.Errorf("%.80s is taken: %v", c.over, err)
			continue
		}
		var places []string
		for _, f := range faults {
			places = append(places, f.Field)
		}
		if got := fmt.Sprint(strings.Join(places, " ")); got != c.place {
			t.Errorf("%.80s: faults at %q, want %q", c.over, got, c.place)
		}
	}
}

func TestOncePerPersonAlone(t *testing.T) {
	if _, err := Parse(with(t, `"oncePerPerson":true`)); err != nil {
		t.Errorf("once a person: %v", err)
	}
}
