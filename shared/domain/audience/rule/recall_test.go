package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWrongQuestionsToTheArchive are refused with their place and the reason.
func TestWrongQuestionsToTheArchive(t *testing.T) {
	const (
		date   = "is not a date such as 2026-11-21"
		value  = `is not a value of an event, such as properties.total, context.page.path or source`
		moneys = `is neither a number of up to 6 decimals, up to 1000000000000, nor money such as {"money": "500.00"}`
		span   = "is not a length of time such as 30m, 36h or 14d, of up to 90d"
		ops    = "is not one of eq, ne, gt, gte, lt, lte, between, in, notIn, hasAll, contains, matches, before, after, exists"
	)
	for _, c := range []struct{ performed, place, reason string }{
		{`"where":{}`, "where", "is not a list of 1 to 10 conditions"},
		{`"where":[]`, "where", "is not a list of 1 to 10 conditions"},
		{`"where":[` + strings.TrimSuffix(strings.Repeat(`{"field":"source","op":"exists"},`, 11), ",") + `]`, "where", "is not a list of 1 to 10 conditions"},
		{`"where":[3]`, "where[0]", "is not an object but a number"},
		{`"where":[{"field":"source","op":"exists","days":3}]`, "where[0].days", "is not known here"},
		{`"where":[{"op":"exists"}]`, "where[0].field", `"" ` + value},
		{`"where":[{"field":"total","op":"exists"}]`, "where[0].field", `"total" ` + value},
		{`"where":[{"field":"properties.","op":"exists"}]`, "where[0].field", `"properties." ` + value},
		{`"where":[{"field":"traits.city","op":"exists"}]`, "where[0].field", `"traits.city" ` + value},
		{`"where":[{"field":"properties.` + strings.Repeat("x", 200) + `","op":"exists"}]`, "where[0].field", ""},
		{`"where":[{"field":"properties.x","op":"equals to","value":1}]`, "where[0].op", `"equals to" ` + ops},
		{`"where":[{"field":"properties.x"}]`, "where[0].op", `"" ` + ops},
		{`"where":[{"field":"properties.x","op":"within","value":3}]`, "where[0].op", `"within" ` + ops},
		{`"where":[{"field":"properties.x","op":"eq"}]`, "where[0].value", "is missing"},
		{`"where":[{"field":"properties.x","op":"eq","value":null}]`, "where[0].value", "is not a text, number, true or false but null"},
		{`"where":[{"field":"properties.x","op":"eq","value":["a"]}]`, "where[0].value", "is not a text, number, true or false but a list"},
		{`"where":[{"field":"properties.total","op":"eq","value":"12"}]`, "where[0].value", "is a text, and properties.total is a number: without quotation marks"},
		{`"where":[{"field":"properties.products[].quantity","op":"in","value":[1,"2"]}]`, "where[0].value[1]", "is a text, and properties.products[].quantity is a number: without quotation marks"},
		{`"where":[{"field":"properties.x","op":"gt","value":"12"}]`, "where[0].value", "is not a number"},
		{`"where":[{"field":"properties.x","op":"lte","value":true}]`, "where[0].value", "is not a number"},
		{`"where":[{"field":"properties.x","op":"gte","value":1e999}]`, "where[0].value", "is a number out of range"},
		{`"where":[{"field":"properties.x","op":"between","value":3}]`, "where[0].value", "is not a list of two values, from and to"},
		{`"where":[{"field":"properties.x","op":"between","value":[3,"4"]}]`, "where[0].value[1]", "is not a number"},
		{`"where":[{"field":"properties.x","op":"between","value":[3,2]}]`, "where[0].value[1]", "is below the first one"},
		{`"where":[{"field":"properties.x","op":"in","value":"a"}]`, "where[0].value", "is not a list of 1 to 1000 values"},
		{`"where":[{"field":"properties.x","op":"notIn","value":[]}]`, "where[0].value", "is not a list of 1 to 1000 values"},
		{`"where":[{"field":"properties.x","op":"hasAll","value":[{}]}]`, "where[0].value[0]", "is not a text, number, true or false but an object"},
		{`"where":[{"field":"properties.x","op":"contains","value":""}]`, "where[0].value", "is empty"},
		{`"where":[{"field":"properties.x","op":"contains","value":7}]`, "where[0].value", "is not a text"},
		{`"where":[{"field":"properties.x","op":"eq","value":"` + strings.Repeat("x", 257) + `"}]`, "where[0].value", "is longer than 256 bytes"},
		{`"where":[{"field":"properties.x","op":"matches","value":"("}]`, "where[0].value", "is no regular expression of RE2, as Go has them"},
		{`"where":[{"field":"properties.x","op":"matches","value":"(a{1,20}){1,50}"}]`, "where[0].value", "is a regular expression of more than 500 steps"},
		{`"where":[{"field":"properties.x","op":"before","value":"soon"}]`, "where[0].value", "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21"},
		{`"where":[{"field":"properties.x","op":"after","value":3}]`, "where[0].value", "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21"},
		{`"where":[{"field":"properties.x","op":"exists","value":1}]`, "where[0].value", "is neither true nor false"},
		{`"before":"yesterday"`, "before", date},
		{`"before":"2026-11-31"`, "before", date},
		{`"since":"2026-11-21T08:00:00Z"`, "since", date},
		{`"between":"2026-11-21"`, "between", "is not a list of two values, from and to"},
		{`"between":["2026-11-21",7]`, "between[1]", date},
		{`"between":["2026-11-21","2026-11-20"]`, "between[1]", "is below the first one"},
		{`"between":["2025-01-01","2026-11-20"]`, "between[1]", "is more than 400 days after the first one"},
		{`"before":"2026-11-21","since":"2026-11-01"`, "", "says when more than once: one of withinDays, between, before, since"},
		{`"withinDays":3,"between":["2026-11-20","2026-11-21"]`, "", "says when more than once: one of withinDays, between, before, since"},
		{`"withinDays":401,"only":"last"`, "withinDays", "is not a whole number from 1 to 400"},
		{`"atLeast":3,"atMost":2,"only":"last"`, "atMost", "is 2, below atLeast (3)"},
		{`"only":"newest"`, "only", "is neither first nor last"},
		{`"only":1`, "only", "is neither first nor last"},
		{`"sum":7`, "sum", "is not an object but a number"},
		{`"sum":{"field":"properties.total"}`, "sum", "has neither atLeast nor atMost"},
		{`"sum":{"field":"total","atLeast":1}`, "sum.field", `"total" ` + value},
		{`"sum":{"field":"properties.total","atLeast":"100"}`, "sum.atLeast", moneys},
		{`"sum":{"field":"properties.total","atLeast":1.0000001}`, "sum.atLeast", moneys},
		{`"sum":{"field":"properties.total","atMost":1000000000001}`, "sum.atMost", moneys},
		{`"sum":{"field":"properties.total","atLeast":5,"atMost":4}`, "sum.atMost", "is below atLeast"},
		{`"sum":{"field":"properties.total","atLeast":5,"atMost":{"money":"9"}}`, "sum.atMost", "is money where atLeast is none, or the other way round"},
		{`"sum":{"field":"properties.total","atLeast":{"money":5}}`, "sum.atLeast.money", `is no decimal number as a text, such as "500.00"`},
		{`"sum":{"field":"properties.total","atLeast":{"money":"5","currency":"yuan"}}`, "sum.atLeast.currency", "is not the code of a currency, such as CNY"},
		{`"sum":{"field":"properties.total","atLeast":1,"of":"x"}`, "sum.of", "is not known here"},
		{`"then":"B"`, "then", "is not an object but a text"},
		{`"then":{"within":"3d"}`, "then.event", "is not the name of an event, of at most 64 bytes"},
		{`"thenNot":{"event":"B"}`, "thenNot.within", span},
		{`"thenNot":{"event":"B","within":3}`, "thenNot.within", span},
		{`"thenNot":{"event":"B","within":"0s"}`, "thenNot.within", span},
		{`"then":{"event":"B","within":"91d"}`, "then.within", span},
		{`"then":{"event":"B","within":"3d","atLeast":2}`, "then.atLeast", "is not known here"},
		{`"then":{"event":"B","within":"3d","where":[{"field":"x","op":"exists"}]}`, "then.where[0].field", `"x" ` + value},
		{`"then":{"event":"B","within":"3d"},"thenNot":{"event":"C","within":"3d"}`, "thenNot", "stands beside then: one of the two"},
	} {
		text := `{"all":[{"performed":{"event":"A",` + c.performed + `}}]}`
		place := strings.TrimSuffix("rule.all[0].performed."+c.place, ".")
		faults := refused(text)
		if !slices.ContainsFunc(faults, func(f fault.Fault) bool { return f.Field == place && (f.Reason == c.reason || c.reason == "") }) {
			t.Errorf("%s:\n got %v\nwant %s %s", clip.Shown(text), faults, place, c.reason)
		}
	}
}

// TestWhatIsTakenCanBeAsked gives what is taken to whoever asks the archive, each written twice: with other blanks and in another sequence it is the same question.
func TestWhatIsTakenCanBeAsked(t *testing.T) {
	for _, performed := range []string{
		`"atLeast":13,"withinDays":30`, `"where":[{"field":"properties.category","op":"eq","value":"tea"}]`, `"atMost":0,"where":[{"field":"properties.total","op":"between","value":[1,2.5]}],"withinDays":400`,
		`"where":[{"field":"context.page.path","op":"matches","value":"^/p/\\d+$"},{"field":"source","op":"notIn","value":["app",1,true]},{"field":"properties.tags[]","op":"hasAll","value":["a"]}],"before":"2026-11-01"`,
		`"where":[{"field":"properties.on","op":"before","value":"2026-11-01"},{"field":"properties.at","op":"after","value":"2026-11-01T08:00:00+08:00"},{"field":"properties.x","op":"exists"},{"field":"properties.y","op":"exists","value":false}],"since":"2026-11-01"`,
		`"sum":{"field":"properties.quantity","atLeast":0.000001,"atMost":1000000000000}`, `"sum":{"field":"properties.total","atLeast":{"money":"500.00","currency":"CNY"}},"between":["2025-11-21","2026-11-20"]`,
		`"only":"first","withinDays":30`, `"only":"last","where":[{"field":"properties.x","op":"ne","value":"y"}]`, `"then":{"event":"B","within":"36h"},"atLeast":2`,
		`"thenNot":{"event":"Order Completed","within":"90d","where":[{"field":"properties.x","op":"contains","value":"y"}]},"withinDays":60`, `"where":[` + strings.TrimSuffix(strings.Repeat(`{"field":"source","op":"exists"},`, 10), ",") + `]`,
	} {
		one, other := read(t, `{"performed":{"event":"A",`+performed+`}}`), read(t, `{"not":{"performed":{  `+performed+`, "event":"A"}}}`)
		if len(one.Recalls) != 1 || len(one.Unsure) > 0 || string(one.Recalls[0].Ask) != string(other.Recalls[0].Ask) {
			t.Errorf("%s asks %v, and written otherwise %v", performed, one.Recalls, other.Recalls)
			continue
		}
		if _, err := fold.Compile(one.Recalls[0].Ask, shopOf(t), profile.DayOf(at(t, "2026-11-21T00:00:00Z"))); err != nil {
			var faults fault.Faults
			t.Errorf("%s cannot be asked: %v %v", one.Recalls[0].Ask, err, errors.As(err, &faults))
		}
	}
}

// TestWhatTheArchiveSays tries every answer and every guess, and each behind a not.
func TestWhatTheArchiveSays(t *testing.T) {
	const asks = `{"performed":{"event":"A","only":"last"}}`
	for _, c := range []struct {
		answers     string // of two questions
		guess       Guess
		plain, anti bool
	}{
		{"", "", false, false}, {"", Surely, false, false}, {"", Perhaps, true, true},
		{"01", Surely, false, true}, {"01", Perhaps, false, true}, {"10", "", true, false}, {"10", Surely, true, false}, {"11", Perhaps, true, false},
	} {
		for text, want := range map[string]bool{asks: c.plain, `{"not":` + asks + `}`: c.anti, `{"not":{"not":` + asks + `}}`: c.plain, `{"any":[` + asks + `,{"percent":{"seed":"s","from":0,"to":100}}]}`: true} {
			parsed := read(t, text)
			parsed.Recalls[0].Place = 1
			who := Of(person(t), at(t, "2026-11-21T02:00:00Z"), shopOf(t))
			who.Guess(c.guess)
			if c.answers != "" {
				var n uint32
				if _, err := fmt.Sscanf(c.answers, "%b", &n); err != nil {
					t.Fatal(err)
				}
				who.Answered(n)
			}
			if got := parsed.Meets(who); got != want {
				t.Errorf("%s of who answers %q and is guessed %q: %v", text, c.answers, c.guess, got)
			}
		}
	}
}
