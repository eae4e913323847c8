package rule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestEachOperationHoldsForItsOwnOnly asks each operation of a trait of each kind. Those that are not named do not hold.
func TestEachOperationHoldsForItsOwnOnly(t *testing.T) {
	traits := map[string]any{
		"null": nil, "text": "ab", "other text": "b", "digits": "5", "4": int64(4), "5": int64(5), "6": int64(6), "5.5": 5.5, "5.0": 5.0, "true": true, "false": false,
		"list": []any{"ab", int64(5)}, "other list": []any{"abc", "5"}, "object": map[string]any{"ab": int64(5)}, "day": "2026-11-20", "next day": "2026-11-21", "time": "2026-11-20T15:59:59Z",
		"midnight": "2026-11-20T16:00:00Z", "long ago": "2026-10-01",
	}
	const everything = "absent|null|text|other text|digits|4|5|6|5.5|5.0|true|false|list|other list|object|day|next day|time|midnight|long ago"
	but := func(without ...string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(everything, "|"), func(s string) bool { return slices.Contains(without, s) }), "|")
	}
	for rule, holds := range map[string]string{
		`"op":"eq","value":"ab"`:                             "text",
		`"op":"eq","value":5`:                                "5|5.0",
		`"op":"eq","value":5.5`:                              "5.5",
		`"op":"eq","value":true`:                             "true",
		`"op":"eq","value":false`:                            "false",
		`"op":"ne","value":"ab"`:                             but("text"),
		`"op":"ne","value":5`:                                but("5", "5.0"),
		`"op":"ne","value":false`:                            but("false"),
		`"op":"gt","value":5`:                                "6|5.5",
		`"op":"gte","value":5`:                               "5|6|5.5|5.0",
		`"op":"lt","value":5`:                                "4",
		`"op":"lte","value":5`:                               "4|5|5.0",
		`"op":"in","value":["ab",6]`:                         "text|6|list",
		`"op":"in","value":[true,"x"]`:                       "true",
		`"op":"contains","value":"ab"`:                       "text|list",
		`"op":"contains","value":"b"`:                        "text|other text",
		`"op":"contains","value":5`:                          "list",
		`"op":"contains","value":"5"`:                        "digits|other list|time",
		`"op":"exists"`:                                      but("absent", "null"),
		`"op":"exists","value":true`:                         but("absent", "null"),
		`"op":"exists","value":false`:                        "absent|null",
		`"op":"before","value":"2026-11-21"`:                 "day|time|long ago",
		`"op":"after","value":"2026-11-21"`:                  "next day|midnight",
		`"op":"within","days":0`:                             "next day|midnight",
		`"op":"within","days":1`:                             "day|next day|time|midnight",
		`"op":"notIn","value":["ab",6]`:                      but("text", "6", "list"),
		`"op":"notIn","value":[5]`:                           but("5", "5.0", "list"),
		`"op":"hasAll","value":["ab",5]`:                     "list",
		`"op":"hasAll","value":["ab"]`:                       "text|list",
		`"op":"hasAll","value":[5]`:                          "5|5.0|list",
		`"op":"between","value":[4.5,5.5]`:                   "5|5.5|5.0",
		`"op":"between","value":[5,5]`:                       "5|5.0",
		`"op":"matches","value":"^a"`:                        "text",
		`"op":"matches","value":"b"`:                         "text|other text",
		`"op":"matches","value":"^\\d$"`:                     "digits",
		`"op":"olderThan","days":1`:                          "long ago",
		`"op":"olderThan","days":0`:                          "day|time|long ago",
		`"op":"inNext","days":0`:                             "next day|midnight",
		`"op":"between","value":["2026-11-20","2026-11-20"]`: "day|time",
		`"op":"between","value":["2026-11-20T15:59:59Z","2026-11-20T16:00:00Z"]`: "next day|time|midnight",
	} {
		for name := range strings.SplitSeq(everything, "|") {
			p := &profile.Profile{}
			if held, known := traits[name]; known {
				p.Traits = map[string]profile.Trait{"x": {Value: held}}
			}
			if got, want := meets(t, `{"field":"traits.x",`+rule+`}`, p, at(t, "2026-11-21T12:00:00Z"), shopOf(t)), slices.Contains(strings.Split(holds, "|"), name); got != want {
				t.Errorf("%s of %s: %v, want %v", rule, name, got, want)
			}
		}
	}
}

// TestNodesHoldForTheirOwnOnly asks the forms of a rule of all four combinations of two conditions.
func TestNodesHoldForTheirOwnOnly(t *testing.T) {
	const a, b = `{"field":"tags","op":"contains","value":"a"}`, `{"field":"tags","op":"contains","value":"b"}`
	for rule, holds := range map[string]string{
		`{"all":[` + a + `,` + b + `]}`: "ab", `{"any":[` + a + `,` + b + `]}`: "a b ab", `{"not":` + a + `}`: "- b", `{"not":{"any":[` + a + `,` + b + `]}}`: "-",
		`{"not":{"all":[` + a + `,` + b + `]}}`: "- a b", `{"all":[` + a + `,{"not":` + b + `}]}`: "a", `{"segment":"lifecycle:new"}`: "a", `{"notSegment":"lifecycle:new"}`: "- b ab",
	} {
		for name, p := range map[string]*profile.Profile{
			"-": {}, "a": {Tagging: profile.Tagging{Words: map[string]profile.Tagged{"a": {}}}, Scores: profile.Scores{Lifecycle: score.New}}, "b": {Tagging: profile.Tagging{Words: map[string]profile.Tagged{"b": {}}}, Scores: profile.Scores{Lifecycle: score.Active}}, "ab": {Tagging: profile.Tagging{Words: map[string]profile.Tagged{"a": {}, "b": {}}}},
		} {
			if got, want := meets(t, rule, p, at(t, "2026-11-21T12:00:00Z"), shopOf(t)), slices.Contains(strings.Fields(holds), name); got != want {
				t.Errorf("%s of who has %s: %v, want %v", rule, name, got, want)
			}
		}
	}
}

// TestBordersExactlyAtAndOneOver asks each bound of a rule at its last good value and one beyond.
func TestBordersExactlyAtAndOneOver(t *testing.T) {
	const one = `{"field":"tags","op":"exists"}`
	text := func(n int) string { return strings.Repeat("x", n) }
	nested := func(depth int) string {
		return strings.Repeat(`{"not":`, depth-1) + one + strings.Repeat("}", depth-1)
	}
	list := func(n int, what string) string { return strings.TrimSuffix(strings.Repeat(what+",", n), ",") }
	performed := func(rest string) string { return `{"performed":{"event":"E",` + rest + `}}` }
	percent := func(from, to string) string { return `{"percent":{"seed":"s","from":` + from + `,"to":` + to + `}}` }
	padded := func(n int) string { return one[:1] + strings.Repeat(" ", n-len(one)) + one[1:] }
	for _, c := range []struct{ at, over, place string }{
		{padded(64 << 10), padded(64<<10 + 1), "rule"},
		{nested(10), nested(11), "rule" + strings.Repeat(".not", 10)},
		{`{"all":[` + list(199, one) + `]}`, `{"all":[` + list(200, one) + `]}`, "rule.all[199]"},
		{`{"all":[` + one + `]}`, `{"all":[]}`, "rule.all"},
		{`{"field":"userId","op":"eq","value":"` + text(256) + `"}`, `{"field":"userId","op":"eq","value":"` + text(257) + `"}`, "rule.value"},
		{`{"field":"userId","op":"contains","value":"x"}`, `{"field":"userId","op":"contains","value":""}`, "rule.value"},
		{`{"field":"userId","op":"in","value":[` + list(1000, `"x"`) + `]}`, `{"field":"userId","op":"in","value":[` + list(1001, `"x"`) + `]}`, "rule.value"},
		{`{"field":"userId","op":"in","value":["x"]}`, `{"field":"userId","op":"in","value":[]}`, "rule.value"},
		{`{"field":"lastSeen","op":"within","days":0}`, `{"field":"lastSeen","op":"within","days":-1}`, "rule.days"},
		{`{"field":"lastSeen","op":"within","days":3650}`, `{"field":"lastSeen","op":"within","days":3651}`, "rule.days"},
		{`{"performed":{"event":"` + text(64) + `"}}`, `{"performed":{"event":"` + text(65) + `"}}`, "rule.performed.event"},
		{performed(`"atLeast":1`), performed(`"atLeast":0`), "rule.performed.atLeast"},
		{performed(`"atLeast":2147483647`), performed(`"atLeast":2147483648`), "rule.performed.atLeast"},
		{performed(`"atMost":0`), performed(`"atMost":-1`), "rule.performed.atMost"},
		{performed(`"atLeast":3,"atMost":3`), performed(`"atLeast":3,"atMost":2`), "rule.performed.atMost"},
		{performed(`"withinDays":1`), performed(`"withinDays":0`), "rule.performed.withinDays"},
		{performed(`"withinDays":400`), performed(`"withinDays":401`), "rule.performed.withinDays"},
		{percent("0", "100"), percent("0", "100.01"), "rule.percent.to rule.percent.to"},
		{percent("99.99", "100"), percent("100", "100"), "rule.percent.to"},
		{percent("0.01", "1"), percent("0.001", "1"), "rule.percent.from"},
		{`{"percent":{"seed":"` + text(256) + `","from":0,"to":1}}`, `{"percent":{"seed":"` + text(257) + `","from":0,"to":1}}`, "rule.percent.seed"},
		{`{"segment":"` + text(64) + `"}`, `{"segment":"` + text(65) + `"}`, "rule.segment"},
		{`{"field":"class8","op":"eq","value":"111"}`, `{"field":"class8","op":"eq","value":"112"}`, "rule.value"},
	} {
		if _, faults := Parse(json.RawMessage(c.at)); len(faults) > 0 {
			t.Errorf("%.80s: %v", c.at, faults)
		}
		_, faults := Parse(json.RawMessage(c.over))
		var places []string
		for _, f := range faults {
			places = append(places, f.Field)
		}
		if got := strings.Join(places, " "); got != c.place {
			t.Errorf("%.80s: faults at %q, want %q: %v", c.over, got, c.place, faults)
		}
	}
}
