package segment

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// giving is a segment that gives a tag; without one it gives none.
func giving(id ID, tag, rule string) Definition {
	return Definition{ID: id, Tag: tag, Rule: json.RawMessage(rule)}
}

const (
	hasVIP = `{"field":"tags","op":"contains","value":"vip"}`
	buyer  = `{"field":"orders.count","op":"gte","value":1}`
	likely = `{"segment":"lifecycle:active"}`
)

// TestTagsOfSegmentsAreAsked: whom a segment gives a tag is asked before those that ask for it, so that both say the same in one look.
func TestTagsOfSegmentsAreAsked(t *testing.T) {
	now := at(t, "2026-11-21T00:00:00Z")
	set, faults := Compile([]Definition{
		giving("a-asks", "", `{"all":[`+hasVIP+`,{"field":"tags.count","op":"eq","value":2}]}`), giving("m-none", "", `{"not":`+hasVIP+`}`),
		giving("z-gives", "vip", buyer), giving("other", "big", buyer), giving("b-asks-other", "", `{"field":"tags","op":"in","value":["x","big"]}`),
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	p := &profile.Profile{Orders: profile.Orders{Count: 1}}
	for look := range 2 {
		members := set.Members(p, now, profile.Shop{})
		var in []ID
		for _, id := range slices.Sorted(maps.Keys(members)) {
			if members[id] {
				in = append(in, id)
			}
		}
		if got, want := fmt.Sprint(in), "[a-asks b-asks-other other z-gives]"; got != want {
			t.Errorf("look %d: in %s, want %s", look, got, want)
		}
		set.Diff(p, members, nil, now, "")
		if got, want := fmt.Sprint(p.Tags()), "[big vip]"; got != want {
			t.Errorf("look %d: tags %s, want %s", look, got, want)
		}
	}
	// What gives a tag no more takes it along, and who asked for it is out in the same look.
	p.Orders.Count = 0
	set.Diff(p, set.Members(p, now, profile.Shop{}), nil, now, "")
	if got := fmt.Sprint(p.Tags(), slices.Sorted(maps.Keys(p.Members))); got != "[] [m-none]" {
		t.Errorf("after the exit: %s", got)
	}
}

// TestTagsThatLeadBack: a segment that asks for its own tag, however far around, cannot be asked.
func TestTagsThatLeadBack(t *testing.T) {
	for name, c := range map[string]struct {
		own    Definition
		others []Definition
		want   string
	}{
		"its own":          {giving("a", "vip", `{"not":`+hasVIP+`}`), nil, "rule.not leads back to itself: a > a"},
		"any":              {giving("a", "x", `{"field":"tags","op":"exists"}`), nil, "rule leads back to itself: a > a"},
		"how many":         {giving("a", "x", `{"field":"tags.count","op":"gt","value":1}`), nil, "rule leads back to itself: a > a"},
		"another's of it":  {giving("a", "x", `{"field":"tags","op":"hasAll","value":["z","y"]}`), []Definition{giving("b", "y", `{"segment":"a"}`)}, "rule leads back to itself: a > b > a"},
		"the other's word": {giving("a", "x", `{"field":"tags","op":"contains","value":"y"}`), []Definition{giving("b", "y", buyer)}, ""},
		"no tag":           {giving("a", "", hasVIP), []Definition{giving("b", "vip", buyer)}, ""},
		"no tag at all":    {giving("a", " vip", buyer), nil, "tag begins or ends with a blank"},
	} {
		got := ""
		if err := Check(c.own, c.others); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestAnotherTagIsNoNews: who is in a segment whose tag is changed has the new one, and nobody is told of having entered.
func TestAnotherTagIsNoNews(t *testing.T) {
	now := at(t, "2026-11-21T00:00:00Z")
	p := &profile.Profile{Orders: profile.Orders{Count: 1}}
	for i, tag := range []string{"", "vip", "gold", "gold", ""} {
		set, _ := Compile([]Definition{giving("a", tag, buyer)})
		members := set.Members(p, now, profile.Shop{})
		if got, want := set.Differs(p, members, nil), i != 3; got != want {
			t.Errorf("%d: differs %v, want %v", i, got, want)
		}
		follows := set.Diff(p, members, nil, now.Add(time.Duration(i)*time.Hour), "")
		if want := i == 0; (len(follows) == 1) != want || p.Members["a"].Tag != tag || !p.Members["a"].Since.Equal(now) {
			t.Errorf("%d: %v, %+v", i, follows, p.Members["a"])
		}
	}
}

// TestTagsOfClassesAreNotAskedOfWhoRefuses: neither a tag that a class gives nor its absence tells anything of somebody who refuses profiling.
func TestTagsOfClassesAreNotAskedOfWhoRefuses(t *testing.T) {
	now := at(t, "2026-11-21T00:00:00Z")
	set, faults := Compile([]Definition{giving("gives", "vip", likely), giving("has", "", hasVIP), giving("hasnot", "", `{"not":`+hasVIP+`}`), giving("free", "", `{"not":{"field":"tags","op":"contains","value":"tea"}}`)})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	refuses := profile.Reach{Consent: map[string]profile.Consent{profile.ConsentKey("", profile.Profiling): {ReceivedAt: now}}}
	for name, c := range map[string]struct {
		p    *profile.Profile
		want string
	}{
		"a class":            {&profile.Profile{Scores: profile.Scores{Lifecycle: "active"}}, "[free gives has]"},
		"another class":      {&profile.Profile{Scores: profile.Scores{Lifecycle: "silent"}}, "[free hasnot]"},
		"a class, refused":   {&profile.Profile{Scores: profile.Scores{Lifecycle: "active"}, Reach: refuses}, "[free]"},
		"another, refused":   {&profile.Profile{Scores: profile.Scores{Lifecycle: "silent"}, Reach: refuses}, "[free]"},
		"by a word, refused": {&profile.Profile{Reach: refuses, Tagging: profile.Tagging{Words: map[string]profile.Tagged{"vip": {}}}}, "[free]"},
	} {
		members := set.Members(c.p, now, profile.Shop{})
		maps.DeleteFunc(members, func(_ ID, in bool) bool { return !in })
		if got := fmt.Sprint(slices.Sorted(maps.Keys(members))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if ids := set.Scored(); fmt.Sprint(ids) != "[gives has hasnot]" {
		t.Errorf("asked of a run: %v", ids)
	}
}

// TestEditedTags: who goes by an earlier list leaves what asks for the tag of an edited segment to who goes by the later.
func TestEditedTags(t *testing.T) {
	asks := giving("asks", "", hasVIP)
	counts := giving("counts", "", `{"field":"tags.count","op":"gt","value":1}`)
	another := giving("else", "", `{"field":"tags","op":"contains","value":"tea"}`)
	for name, c := range map[string]struct {
		before, after Definition
		want          string
	}{
		"another rule":  {giving("g", "vip", buyer), giving("g", "vip", likely), "[asks counts g]"},
		"another tag":   {giving("g", "vip", buyer), giving("g", "gold", buyer), "[asks counts g]"},
		"its first tag": {giving("g", "", buyer), giving("g", "vip", buyer), "[asks counts g]"},
		"no tag":        {giving("g", "", buyer), giving("g", "", likely), "[g]"},
		"the same":      {giving("g", "vip", buyer), giving("g", "vip", buyer), "[]"},
	} {
		got := Edited([]Definition{c.before, asks, counts, another}, []Definition{c.after, asks, counts, another})
		if fmt.Sprint(slices.Sorted(maps.Keys(got))) != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
