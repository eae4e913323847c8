package segment

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func shopOf(t *testing.T) profile.Shop {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return profile.Shop{Zone: zone, Currency: "CNY"}
}

func define(rules map[ID]string) []Definition {
	var out []Definition
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		out = append(out, Definition{ID: id, Rule: json.RawMessage(rules[id])})
	}
	return out
}

func TestCompileOrdersAndAsksOtherSegments(t *testing.T) {
	set, faults := Compile(define(map[ID]string{
		"a-last":   `{"all":[{"segment":"m-middle"},{"notSegment":"class8:111"}]}`,
		"m-middle": `{"not":{"segment":"z-first"}}`,
		"z-first":  `{"field":"orders.count","op":"gt","value":100}`,
		"scored":   `{"segment":"a-last"}`,
	}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got, want := fmt.Sprint(set.IDs()), "[z-first m-middle a-last scored]"; got != want {
		t.Errorf("order of asking %s, want %s", got, want)
	}
	got := set.Members(&profile.Profile{Scores: profile.Scores{Class8: "110"}}, at(t, "2026-11-21T00:00:00Z"), shopOf(t))
	if want := map[ID]bool{"z-first": false, "m-middle": true, "a-last": true, "scored": true}; !reflect.DeepEqual(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(set.Live().IDs()), "[z-first m-middle]"; got != want {
		t.Errorf("live %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(set.Scored()), "[a-last scored]"; got != want {
		t.Errorf("scored %s, want %s", got, want)
	}
}

// TestCounted asks each place of one definition, with the segments that it asks: the first place is membership.
func TestCounted(t *testing.T) {
	set, _ := Compile(define(map[ID]string{
		"both":  `{"all":[{"segment":"many"},{"not":{"segment":"few"}},{"field":"orders.count","op":"lt","value":3}]}`,
		"many":  `{"field":"orders.count","op":"gte","value":1}`,
		"few":   `{"field":"orders.count","op":"gte","value":2}`,
		"whole": `{"field":"orders.count","op":"gte","value":0}`,
	}))
	counts, in := make([]int, len(set.Parts("both"))), 0
	for orders := range 5 {
		p := &profile.Profile{ID: "p", Orders: profile.Orders{Count: orders}}
		now := at(t, "2026-11-21T12:00:00Z")
		is := set.Counted("both", p, now, shopOf(t), func(part int) { counts[part]++ })
		if is != set.Members(p, now, shopOf(t))["both"] {
			t.Errorf("with %d orders membership is %v", orders, is)
		}
		if is {
			in++
		}
	}
	var places []string
	for _, p := range set.Parts("both") {
		places = append(places, p.Path)
	}
	// rule, many (1 to 4), not few (0 and 1), few (2 to 4), fewer than three (0 to 2)
	if got := fmt.Sprint(places, counts, in); got != "[rule rule.all[0] rule.all[1] rule.all[1].not rule.all[2]] [1 4 2 3 3] 1" {
		t.Errorf("counted %s", got)
	}
	if parts := set.Parts("none"); parts != nil || set.Counted("none", &profile.Profile{}, at(t, "2026-11-21T12:00:00Z"), shopOf(t), func(int) { t.Error("a part of none") }) {
		t.Errorf("what is not there has the parts %v", parts)
	}
}

func TestCompileLeavesOutWhatIsBroken(t *testing.T) {
	tags := `{"field":"tags","op":"exists"}`
	for name, c := range map[string]struct {
		rules  map[ID]string
		faults string
		kept   string
	}{
		"unknown segment": {map[ID]string{"a": `{"all":[{"field":"tags","op":"exists"},{"segment":"none"}]}`, "b": tags},
			"a.rule.all[1].segment none is not a segment", "[b]"},
		"itself": {map[ID]string{"a": `{"not":{"segment":"a"}}`, "b": tags},
			"a.rule.not.segment leads back to itself: a > a", "[b]"},
		"a circle of three, one that leads into it": {map[ID]string{"a": `{"segment":"b"}`, "b": `{"notSegment":"c"}`, "c": `{"any":[{"segment":"d"},{"segment":"a"}]}`, "d": tags, "e": `{"segment":"a"}`},
			"a.rule.segment leads back to itself: a > b > c > a; b.rule.notSegment leads back to itself: b > c > a > b; " +
				"c.rule.any[1].segment leads back to itself: c > a > b > c; e.rule.segment a has a fault itself", "[d]"},
		"one that asks a broken one": {map[ID]string{"a": `{"segment":"b"}`, "b": `{}`, "c": tags},
			"b.rule must have exactly one of all, any, not, field, performed, segment, notSegment, percent; a.rule.segment b has a fault itself", "[c]"},
	} {
		set, faults := Compile(define(c.rules))
		if got := faults.Error(); got != c.faults {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.faults)
		}
		if got := fmt.Sprint(set.IDs()); got != c.kept {
			t.Errorf("%s: kept %s, want %s", name, got, c.kept)
		}
	}
}

func TestCompileBoundsTheNumber(t *testing.T) {
	rules := map[ID]string{}
	for i := range MaxDefinitions + 1 {
		rules[ID(fmt.Sprintf("s%04d", i))] = `{"field":"tags","op":"exists"}`
	}
	set, faults := Compile(define(rules))
	if len(set.IDs()) != MaxDefinitions || faults.Error() != "there are 501 segments, at most 500" {
		t.Errorf("%d kept: %v", len(set.IDs()), faults)
	}
	delete(rules, "s0000")
	if _, faults = Compile(define(rules)); len(faults) > 0 {
		t.Errorf("with %d segments: %v", len(rules), faults)
	}
}

func TestCheck(t *testing.T) {
	others := define(map[ID]string{"b": `{"segment":"a"}`, "a": `{"field":"tags","op":"exists"}`, "broken": `{}`, "user-of-broken": `{"segment":"broken"}`})
	for name, c := range map[string]struct{ rule, want string }{
		"sound":         {`{"field":"tags","op":"exists"}`, ""},
		"own fault":     {`{"field":"tags"}`, "rule.op is missing; a list has contains, in, hasAll, notIn, exists"},
		"a new circle":  {`{"any":[{"segment":"b"}]}`, "rule.any[0].segment leads back to itself: a > b > a"},
		"a broken one":  {`{"segment":"user-of-broken"}`, "rule.segment user-of-broken has a fault itself"},
		"no such thing": {`{"segment":"c"}`, "rule.segment c is not a segment"},
	} {
		got := ""
		if err := Check(Definition{ID: "a", Rule: json.RawMessage(c.rule)}, others); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	full := make([]Definition, MaxDefinitions)
	for i := range full {
		full[i] = Definition{ID: ID(fmt.Sprintf("s%04d", i)), Rule: json.RawMessage(`{"field":"tags","op":"exists"}`)}
	}
	if err := Check(full[3], full); err != nil {
		t.Errorf("a new version of one of %d: %v", MaxDefinitions, err)
	}
	extra := Definition{ID: "zz", Rule: full[0].Rule}
	if err := Check(extra, full); err == nil || err.Error() != "would be segment number 501, at most 500" {
		t.Errorf("one too many: %v", err)
	}
}

func describe(follows []profile.Follow) string {
	var out []string
	for _, f := range follows {
		out = append(out, fmt.Sprintf("%s %s %s", f.Kind, f.Ref, f.Run))
	}
	return strings.Join(out, ", ")
}

func TestDiff(t *testing.T) {
	now := at(t, "2026-11-21T00:00:00Z")
	before := at(t, "2026-11-01T00:00:00Z")
	p := &profile.Profile{Members: map[string]profile.Membership{"stays": {Since: before}, "goes": {Since: before}, "unasked": {Since: before}}}
	follows := (&Set{}).Diff(p, map[ID]bool{"stays": true, "goes": false, "comes": true, "away": false}, nil, now, "r1")
	if got, want := describe(follows), "entered comes r1, exited goes r1"; got != want {
		t.Errorf("follows %q, want %q", got, want)
	}
	for _, f := range follows {
		if !f.At.Equal(now) {
			t.Errorf("%s at %v, want %v", f.Ref, f.At, now)
		}
	}
	want := map[string]profile.Membership{"stays": {Since: before}, "unasked": {Since: before}, "comes": {Since: now, Run: "r1"}}
	if !reflect.DeepEqual(p.Members, want) {
		t.Errorf("members %v, want %v", p.Members, want)
	}
	if again := (&Set{}).Diff(p, map[ID]bool{"stays": true, "goes": false, "comes": true}, nil, now, "r2"); again != nil {
		t.Errorf("a second time: %v", again)
	}
	empty := &profile.Profile{}
	if got := describe((&Set{}).Diff(empty, map[ID]bool{"a": true}, nil, now, "")); got != "entered a " || len(empty.Members) != 1 {
		t.Errorf("the first membership: %q, %v", got, empty.Members)
	}
}

func TestForget(t *testing.T) {
	set, _ := Compile(define(map[ID]string{"asked": `{"field":"tags","op":"exists"}`, "scored": `{"segment":"class8:111"}`, "broken": `{}`}))
	p := &profile.Profile{Members: map[string]profile.Membership{"asked": {}, "scored": {}, "broken": {}, "deleted": {}}}
	members := map[ID]bool{"asked": true, "scored": true}
	set.Forget(p, members)
	if want := map[ID]bool{"asked": true, "scored": true, "deleted": false}; !reflect.DeepEqual(members, want) {
		t.Errorf("members %v, want %v", members, want)
	}
	live := map[ID]bool{"asked": true}
	set.Live().Forget(p, live)
	if want := map[ID]bool{"asked": true, "deleted": false}; !reflect.DeepEqual(live, want) {
		t.Errorf("of the live part: %v, want %v", live, want)
	}
}

func TestRescore(t *testing.T) {
	now := at(t, "2026-11-21T00:00:00Z")
	old := profile.Scores{Run: "r0", R: 5, F: 1, M: 1, Class8: "100", Segment11: score.New, Class15: "active-00", Lifecycle: score.Active}
	everything := func(profile.Follow) bool { return true }
	for name, c := range map[string]struct {
		to    profile.Scores
		heard func(profile.Follow) bool
		want  string
		run   string
	}{
		"nothing but the run":             {profile.Scores{R: 5, F: 1, M: 1, Class8: "100", Segment11: score.New, Class15: "active-00", Lifecycle: score.Active}, everything, "", "r0"},
		"a score within the same classes": {profile.Scores{R: 5, F: 1, M: 2, Class8: "100", Segment11: score.New, Class15: "active-00", Lifecycle: score.Active}, everything, "", "r1"},
		"two classes": {profile.Scores{R: 4, F: 1, M: 1, Class8: "000", Segment11: score.New, Class15: "cooling-00", Lifecycle: score.Active}, everything,
			"exited class8:100 r1, exited class15:active-00 r1, entered class8:000 r1, entered class15:cooling-00 r1", "r1"},
		"what is listened to": {profile.Scores{Class15: score.Idle, Lifecycle: score.Churned}, func(f profile.Follow) bool {
			return f.Kind == profile.FollowEntered && f.Ref == "lifecycle:churned" || f.Kind == profile.FollowExited && f.Ref == "class8:100"
		},
			"exited class8:100 r1, entered lifecycle:churned r1", "r1"},
		"nobody listens": {profile.Scores{Lifecycle: score.Churned}, func(profile.Follow) bool { return false }, "", "r1"},
	} {
		p := &profile.Profile{Scores: old}
		got := describe(Rescore(p, c.to, now, "r1", c.heard))
		want := c.to
		want.Run = c.run
		if got != c.want || p.Scores != want {
			t.Errorf("%s: %q and %+v, want %q and %+v", name, got, p.Scores, c.want, want)
		}
	}
}

func TestIn(t *testing.T) {
	p := &profile.Profile{Scores: profile.Scores{R: 5, F: 3, M: 2, Class8: "110", Segment11: score.PotentialLoyalist, Class15: "active-10", Lifecycle: score.Active}}
	p.Members = map[string]profile.Membership{"mine": {}}
	for id, want := range map[ID]bool{"mine": true, "other": false, "class8:110": true, "class8:111": false, "lifecycle:active": true,
		"segment11:potential-loyalist": true, "class15:active-10": true, "class8:": false, "tier:": false} {
		if got := In(p, id); got != want {
			t.Errorf("In(%s) = %v, want %v", id, got, want)
		}
	}
	p.Members["doubtful"] = profile.Membership{Unproven: true}
	for id, want := range map[ID][2]bool{"mine": {true, true}, "doubtful": {true, false}, "other": {false, false}, "class8:110": {true, true}, "class8:111": {false, false}} {
		if In(p, id) != want[0] || Proven(p, id) != want[1] {
			t.Errorf("In(%s) = %v, Proven = %v", id, In(p, id), Proven(p, id))
		}
	}
	if In(&profile.Profile{}, "class8:") {
		t.Error("a profile without scores is in the class without a name")
	}
	if got, want := fmt.Sprint(score.Of(p.Scores)), "[class8:110 segment11:potential-loyalist class15:active-10 lifecycle:active]"; got != want {
		t.Errorf("scores are of %s, want %s", got, want)
	}
}

func TestEdited(t *testing.T) {
	const x, y = `{"field":"tags","op":"exists"}`, `{"field":"groups","op":"exists"}`
	for name, c := range map[string]struct {
		before, after map[ID]string
		want          string
	}{
		"nothing":                      {map[ID]string{"a": x, "b": y}, map[ID]string{"a": x, "b": y}, "[]"},
		"changed":                      {map[ID]string{"a": x, "b": y}, map[ID]string{"a": y, "b": y}, "[a]"},
		"made":                         {map[ID]string{"a": x}, map[ID]string{"a": x, "b": y}, "[b]"},
		"deleted":                      {map[ID]string{"a": x, "b": y}, map[ID]string{"a": x}, "[b]"},
		"those that ask it":            {map[ID]string{"a": x, "b": `{"segment":"a"}`, "c": `{"not":{"notSegment":"b"}}`, "d": y}, map[ID]string{"a": y, "b": `{"segment":"a"}`, "c": `{"not":{"notSegment":"b"}}`, "d": y}, "[a b c]"},
		"asked by the later one only":  {map[ID]string{"a": x, "b": y}, map[ID]string{"a": y, "b": `{"segment":"a"}`}, "[a b]"},
		"asked by the former one only": {map[ID]string{"a": x, "b": `{"segment":"a"}`, "c": `{"segment":"b"}`}, map[ID]string{"a": x, "b": y, "c": `{"segment":"b"}`}, "[b c]"},
		"written otherwise":            {map[ID]string{"a": `{"field":"userId","op":"eq","value":"<b> \u00e9"}`}, map[ID]string{"a": "{ \"op\": \"eq\",\n\"field\":\"userId\", \"value\":\"\\u003cb\\u003e é\"}"}, "[]"},
		"made without a rule":          {nil, map[ID]string{"a": ``}, "[a]"},
		"broken by now":                {map[ID]string{"a": x}, map[ID]string{"a": ``}, "[a]"},
	} {
		if got := fmt.Sprint(slices.Sorted(maps.Keys(Edited(define(c.before), define(c.after))))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestProven asks again only where something is unproven and the person is in a segment either way.
func TestProven(t *testing.T) {
	now := at(t, "2026-11-21T04:00:00Z")
	set, faults := Compile(define(map[ID]string{"tea": `{"field":"tags","op":"contains","value":"tea"}`, "all": `{"not":{"field":"tags","op":"contains","value":"none"}}`}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	unproven := profile.Memory{FirstSeen: now}
	in, out := map[ID]bool{"tea": true, "all": false}, map[ID]bool{"tea": false, "all": false}
	for name, c := range map[string]struct {
		p     *profile.Profile
		asked map[ID]bool
		want  map[ID]bool
	}{
		"nothing is unproven":       {&profile.Profile{}, in, nil},
		"in a segment by all":       {&profile.Profile{Unproven: unproven}, in, map[ID]bool{"tea": false, "all": true}},
		"in a segment until now":    {&profile.Profile{Unproven: unproven, Members: map[string]profile.Membership{"tea": {}}, Tagging: profile.Tagging{Words: map[string]profile.Tagged{"tea": {}}}}, out, map[ID]bool{"tea": true, "all": true}},
		"in no segment, before and": {&profile.Profile{Unproven: unproven}, out, nil},
	} {
		if got := set.Proven(c.p, c.asked, now, shopOf(t)); !maps.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
