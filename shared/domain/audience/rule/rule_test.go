package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/fault/faulttest"
	"github.com/userops/userops/shared/domain/people/profile"
)

// person is known since 2026-09-01, has bought twice and was scored.
func person(t *testing.T) *profile.Profile {
	when := func(s string) time.Time { return at(t, s) }
	p := &profile.Profile{
		ID:          profile.Identifier{Kind: profile.UserID, Value: "a"}.ID(),
		Version:     3,
		Identifiers: []profile.Identifier{{Kind: profile.AnonymousID, Value: "x"}, {Kind: profile.UserID, Value: "a"}},
		Memory: profile.Memory{FirstSeen: when("2026-09-01T00:00:00Z"), LastSeen: when("2026-11-20T00:00:00Z"), Traits: map[string]profile.Trait{
			"city": {Value: "杭州"}, "age": {Value: int64(31)}, "height": {Value: 1.75}, "vip": {Value: true}, "birthday": {Value: "1995-05-05"},
			"trialEnds": {Value: "2026-11-30T08:00:00Z"}, "cleared": {Value: nil}, "big": {Value: int64(9007199254740993)},
		}, Counters: map[string]profile.Counter{
			"Product Viewed": {Total: 40, Last: when("2026-11-20T00:00:00Z"), Recent: []profile.DayCount{
				{Day: profile.DayOf(when("2026-11-13T00:00:00Z")), Count: 5}, {Day: profile.DayOf(when("2026-11-14T00:00:00Z")), Count: 3},
				{Day: profile.DayOf(when("2026-11-20T00:00:00Z")), Count: 2}}},
			"A.b": {Total: 1, Last: when("2026-09-01T00:00:00Z")},
		}, Groups: map[string]time.Time{"g1": when("2026-09-01T00:00:00Z")}, Cart: map[string]profile.CartLine{
			"sku-1": {Quantity: 2, Price: 500, At: when("2026-11-20T00:00:00Z")}, "gone": {Quantity: 0, At: when("2026-11-19T00:00:00Z")},
		}, Touch: map[string]profile.Touch{"first": {Campaign: "launch", Source: "wechat"}}, Locale: profile.Stamped{Value: "zh-CN"}, Zone: profile.Stamped{Value: "Asia/Shanghai"}},
		Reach:   profile.Reach{Consent: map[string]profile.Consent{"email": {Granted: true}, "sms": {Granted: false}}},
		Tagging: profile.Tagging{Words: map[string]profile.Tagged{"early": {}, "tea": {}}},
		Orders: profile.Orders{Count: 3, Entries: []profile.OrderEntry{
			{At: when("2026-09-10T00:00:00Z"), Net: 1999, Currency: "CNY"}, {At: when("2026-10-10T00:00:00Z"), Net: 0, Currency: "CNY"},
			{At: when("2026-11-14T16:00:00Z"), Net: 3000, Currency: "CNY"}}},

		Scores: profile.Scores{R: 5, F: 3, M: 2, Class8: "110", Segment11: score.PotentialLoyalist, Class15: "active-10", Lifecycle: score.Active},
	}
	for _, d := range []string{"2026-09-01T00:00:00Z", "2026-11-14T00:00:00Z", "2026-11-15T00:00:00Z", "2026-11-20T00:00:00Z"} {
		p.Active.Add(profile.DayOf(when(d)))
	}
	return p
}

func shopOf(t *testing.T) profile.Shop {
	return profile.Shop{Zone: zone(t, "Asia/Shanghai"), Currency: "CNY"}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// read is a rule without a fault.
func read(t *testing.T, raw string) Rule {
	t.Helper()
	parsed, faults := Parse([]byte(raw))
	if len(faults) > 0 {
		t.Fatalf("%s: %v", raw, faults)
	}
	return parsed
}

func meets(t *testing.T, raw string, p *profile.Profile, now time.Time, shop profile.Shop) bool {
	t.Helper()
	return read(t, raw).Meets(Of(p, now, shop))
}

// refused are the faults of a rule that is to be saved.
func refused(raw string) fault.Faults {
	parsed, faults := Parse([]byte(raw))
	return append(faults, parsed.Unsure...)
}

func TestRules(t *testing.T) {
	now := at(t, "2026-11-21T02:00:00Z")
	for _, c := range []struct {
		rule string
		want bool
	}{
		{`{"field":"orders.count","op":"gte","value":3}`, true},
		{`{"field":"orders.count","op":"gt","value":3}`, false},
		{`{"field":"orders.paid","op":"eq","value":2}`, true},
		{`{"field":"orders.paid","op":"lte","value":1}`, false},
		{`{"field":"orders.revenue","op":"lt","value":5000}`, true},
		{`{"field":"orders.revenue","op":"lt","value":4999}`, false},
		{`{"field":"orders.revenue","op":"gte","value":4998.5}`, true},
		{`{"field":"orders.average","op":"eq","value":2499}`, true},
		{`{"field":"orders.count","op":"in","value":[1,3]}`, true},
		{`{"field":"orders.count","op":"in","value":[1,2]}`, false},
		{`{"field":"orders.daysSince","op":"eq","value":6}`, true},
		{`{"field":"orders.lastAt","op":"within","days":6}`, true},
		{`{"field":"orders.lastAt","op":"within","days":5}`, false},
		{`{"field":"orders.lastAt","op":"before","value":"2026-11-15"}`, false},
		{`{"field":"orders.lastAt","op":"after","value":"2026-11-15"}`, true},
		{`{"field":"orders.lastAt","op":"before","value":"2026-11-14T16:00:00.001Z"}`, true},
		{`{"field":"orders.firstAt","op":"before","value":"2026-09-11"}`, true},
		{`{"field":"traits.city","op":"eq","value":"杭州"}`, true},
		{`{"field":"traits.city","op":"ne","value":"杭州"}`, false},
		{`{"field":"traits.city","op":"in","value":["上海","杭州"]}`, true},
		{`{"field":"traits.city","op":"contains","value":"州"}`, true},
		{`{"field":"traits.city","op":"gt","value":1}`, false},
		{`{"field":"traits.age","op":"gte","value":31}`, true},
		{`{"field":"traits.age","op":"eq","value":"31"}`, false},
		{`{"field":"traits.height","op":"lt","value":1.8}`, true},
		{`{"field":"traits.big","op":"gt","value":9007199254740992}`, true},
		{`{"field":"traits.vip","op":"eq","value":true}`, true},
		{`{"field":"traits.vip","op":"eq","value":false}`, false},
		{`{"field":"traits.birthday","op":"before","value":"2000-01-01"}`, true},
		{`{"field":"traits.trialEnds","op":"after","value":"2026-11-30"}`, true},
		{`{"field":"traits.trialEnds","op":"within","days":30}`, false}, // still to come
		{`{"field":"traits.city","op":"after","value":"2000-01-01"}`, false},
		{`{"field":"traits.none","op":"exists"}`, false},
		{`{"field":"orders.revenue","op":"between","value":[{"money":"49.98"},{"money":"50"}]}`, true},
		{`{"field":"orders.revenue","op":"between","value":[5000,6000]}`, false},
		{`{"field":"orders.revenue","op":"between","value":[{"money":"1","currency":"USD"},9999]}`, false},
		{`{"field":"orders.count","op":"between","value":[3,3]}`, true},
		{`{"field":"orders.lastAt","op":"between","value":["2026-11-15","2026-11-15"]}`, true},
		{`{"field":"orders.lastAt","op":"between","value":["2026-11-16","2026-11-20"]}`, false},
		{`{"field":"orders.lastAt","op":"olderThan","days":5}`, true},
		{`{"field":"orders.lastAt","op":"olderThan","days":6}`, false},
		{`{"field":"traits.trialEnds","op":"inNext","days":30}`, true},
		{`{"field":"traits.city","op":"matches","value":"^杭.$"}`, true},
		{`{"field":"traits.city","op":"matches","value":"^杭$"}`, false},
		{`{"field":"traits.city","op":"matches","value":"(?i)HANG"}`, false},
		{`{"field":"city","op":"notIn","value":["上海","北京"]}`, true},
		{`{"field":"orders.count","op":"notIn","value":[1,3]}`, false},
		{`{"field":"traits.none","op":"exists","value":false}`, true},
		{`{"field":"traits.cleared","op":"exists"}`, false},
		{`{"field":"traits.none","op":"eq","value":"x"}`, false},
		{`{"field":"traits.none","op":"ne","value":"x"}`, true},
		{`{"field":"tags","op":"contains","value":"tea"}`, true},
		{`{"field":"tags","op":"contains","value":"te"}`, false},
		{`{"field":"tags","op":"in","value":["coffee","early"]}`, true},
		{`{"field":"groups","op":"contains","value":"g1"}`, true},
		{`{"field":"userId","op":"exists"}`, true},
		{`{"field":"consent.email","op":"eq","value":true}`, true},
		{`{"field":"consent. E-mail","op":"exists"}`, false},
		{`{"field":"consent. Email","op":"eq","value":true}`, true},
		{`{"field":"consent.sms","op":"eq","value":true}`, false},
		{`{"field":"consent.sms","op":"exists"}`, true},
		{`{"field":"consent.push","op":"exists"}`, false},
		{`{"field":"cart.pieces","op":"eq","value":2}`, true},
		{`{"field":"cart.value","op":"eq","value":1000}`, true},
		{`{"field":"cart.products","op":"contains","value":"sku-1"}`, true},
		{`{"field":"cart.products","op":"contains","value":"gone"}`, false},
		{`{"field":"cart.changedAt","op":"within","days":1}`, true},
		{`{"field":"cart.changedAt","op":"within","days":0}`, false},
		{`{"field":"events.Product Viewed.count","op":"eq","value":40}`, true},
		{`{"field":"events.Nothing.count","op":"eq","value":0}`, true},
		{`{"field":"events.A.b.lastAt","op":"before","value":"2026-09-02"}`, true},
		{`{"field":"activity.daysSince","op":"eq","value":1}`, true},
		{`{"field":"activity.days7","op":"eq","value":2}`, true},
		{`{"field":"activity.days30","op":"eq","value":3}`, true},
		{`{"field":"touch.first.source","op":"eq","value":"wechat"}`, true},
		{`{"field":"touch.last.source","op":"exists"}`, false},
		{`{"field":"locale","op":"contains","value":"zh"}`, true},
		{`{"field":"rfm.r","op":"gte","value":4}`, true},
		{`{"field":"class8","op":"in","value":["110","100"]}`, true},
		{`{"field":"segment11","op":"eq","value":"champions"}`, false},
		{`{"field":"lifecycle","op":"eq","value":"active"}`, true},
		{`{"segment":"class8:110"}`, true},
		{`{"segment":"class8:111"}`, false},
		{`{"notSegment":"lifecycle:churned"}`, true},
		{`{"performed":{"event":"Product Viewed"}}`, true},
		{`{"performed":{"event":"Order Refunded"}}`, false},
		{`{"performed":{"event":"Product Viewed","atLeast":40}}`, true},
		{`{"performed":{"event":"Product Viewed","atLeast":41}}`, false},
		{`{"performed":{"event":"Product Viewed","atMost":39}}`, false},
		{`{"performed":{"event":"Product Viewed","atLeast":5,"withinDays":7}}`, true},
		{`{"performed":{"event":"Product Viewed","atLeast":6,"withinDays":7}}`, false},
		{`{"performed":{"event":"Product Viewed","atLeast":10,"withinDays":8}}`, true},
		{`{"performed":{"event":"Product Viewed","atMost":0,"withinDays":7}}`, false},
		{`{"performed":{"event":"Order Refunded","atMost":0}}`, true},
		{`{"performed":{"event":"Product Viewed","atLeast":10,"withinDays":81}}`, true},
		{`{"performed":{"event":"Product Viewed","atLeast":11,"withinDays":80}}`, false},
		{`{"performed":{"event":"Product Viewed","where":[{"field":"source","op":"exists"}]}}`, false}, // nobody has asked the archive
		{`{"not":{"performed":{"event":"Product Viewed","where":[{"field":"source","op":"exists"}]}}}`, false},
		{`{"all":[{"field":"orders.count","op":"eq","value":3},{"segment":"class8:110"}]}`, true},
		{`{"all":[{"field":"orders.count","op":"eq","value":3},{"segment":"class8:111"}]}`, false},
		{`{"any":[{"field":"orders.count","op":"eq","value":4},{"segment":"class8:110"}]}`, true},
		{`{"any":[{"field":"orders.count","op":"eq","value":4},{"segment":"class8:111"}]}`, false},
		{`{"not":{"any":[{"field":"orders.count","op":"eq","value":4}]}}`, true},
		{`{"percent":{"seed":"seed","from":5,"to":5.06}}`, true}, // the bucket of "a" is 0.0505
		{`{"percent":{"seed":"seed","from":5.05,"to":5.06}}`, true},
		{`{"percent":{"seed":"seed","from":0,"to":5.05}}`, false},
		{`{"percent":{"seed":"seed","from":5.06,"to":100}}`, false},
		{`{"percent":{"seed":"other","from":0,"to":100}}`, true},
	} {
		if got := meets(t, c.rule, person(t), now, shopOf(t)); got != c.want {
			t.Errorf("%s: %v, want %v", c.rule, got, c.want)
		}
	}
}

func TestPercentOfAPersonWithoutUserIDGoesByProfile(t *testing.T) {
	inside := 0
	for i := range 2000 {
		anonymous := profile.Identifier{Kind: profile.AnonymousID, Value: fmt.Sprint(i)}
		p := &profile.Profile{ID: anonymous.ID(), Identifiers: []profile.Identifier{anonymous}}
		if meets(t, `{"percent":{"seed":"x","from":0,"to":25}}`, p, time.Unix(0, 0), shopOf(t)) {
			inside++
		}
	}
	if inside < 430 || inside > 570 {
		t.Errorf("a quarter of 2000 anonymous people is %d", inside)
	}
}

const noConsent = "is nothing that somebody consents to: email, mini-program, phone, push, sms, social, store, webhook, wechat, each alone or with /service behind it, or profiling"

func TestFaultsNameThePlace(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 10) + `{"field":"tags","op":"exists"}` + strings.Repeat("}", 10)
	many := `{"any":[` + strings.TrimSuffix(strings.Repeat(`{"field":"tags","op":"exists"},`, 200), ",") + `]}`
	for _, c := range []struct{ rule, field, reason string }{
		{``, "rule", "is missing or no JSON"},
		{`{`, "rule", "is missing or no JSON"},
		{`{"field":"tags","op":"exists"} {}`, "rule", "has something after its end"},
		{`null`, "rule", "is not an object but null"},
		{`[]`, "rule", "is not an object but a list"},
		{`{}`, "rule", "must have exactly one of all, any, not, field, performed, segment, notSegment, percent"},
		{`{"all":[{"segment":"a","not":{}}]}`, "rule.all[0]", "must have exactly one of all, any, not, field, performed, segment, notSegment, percent"},
		{`{"all":[]}`, "rule.all", "is not a list of at least one rule"},
		{`{"all":{}}`, "rule.all", "is not a list of at least one rule"},
		{`{"any":[3]}`, "rule.any[0]", "is not an object but a number"},
		{`{"all":[{"field":"tags","op":"exists"}],"comment":"x"}`, "rule.comment", "is not known here"},
		{deep, "rule" + strings.Repeat(".not", 10), "is nested deeper than 10"},
		{many, "rule.any[199]", "is one condition too many, at most 200"},
		{`{"field":"orders.count","op":"between","value":3}`, "rule.value", "is not a list of two values, from and to"},
		{`{"field":"orders.count","op":"between","value":[3]}`, "rule.value", "is not a list of two values, from and to"},
		{`{"field":"orders.count","op":"between","value":[3,"4"]}`, "rule.value[1]", "is not a number"},
		{`{"field":"orders.count","op":"between","value":[3,2]}`, "rule.value[1]", "is below the first one"},
		{`{"field":"orders.lastAt","op":"between","value":["2026-11-21","2026-11-20"]}`, "rule.value[1]", "is below the first one"},
		{`{"field":"orders.lastAt","op":"between","value":["2026-11-21","soon"]}`, "rule.value[1]", "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21"},
		{`{"field":"orders.lastAt","op":"olderThan","value":3}`, "rule.value", "is not known here"},
		{`{"field":"orders.lastAt","op":"inNext","days":-1}`, "rule.days", "is not a whole number from 0 to 3650"},
		{`{"field":"city","op":"matches","value":"("}`, "rule.value", "is no regular expression of RE2, as Go has them"},
		{`{"field":"city","op":"matches","value":"(?=x)"}`, "rule.value", "is no regular expression of RE2, as Go has them"},
		{`{"field":"city","op":"matches","value":7}`, "rule.value", "is not a text"},
		{`{"field":"city","op":"matches","value":""}`, "rule.value", "is not a text"},
		{`{"field":"city","op":"matches","value":"` + strings.Repeat("a", 201) + `"}`, "rule.value", "is longer than 200 bytes"},
		{`{"field":"city","op":"matches","value":"(a{1,20}){1,50}"}`, "rule.value", "is a regular expression of more than 500 steps"},
		{`{"field":"tags","op":"hasAll","value":"a"}`, "rule.value", "is not a list of 1 to 1000 values"},
		{`{"field":"tags","op":"notIn","value":[]}`, "rule.value", "is not a list of 1 to 1000 values"},
		{`{"field":"gender","op":"notIn","value":["male","cat"]}`, "rule.value[1]", `"cat" is not one of female, male, other`},
		{`{"field":"orders.total","op":"eq","value":1}`, "rule.field", `"orders.total" is not a field of a profile`},
		{`{"field":"traits.","op":"exists"}`, "rule.field", `"traits." is not a field of a profile`},
		{`{"field":7,"op":"exists"}`, "rule.field", `"" is not a field of a profile`},
		{`{"field":"consent.fax","op":"exists"}`, "rule.field", `"fax" ` + noConsent},
		{`{"not":{"field":"consent.profilng","op":"eq","value":false}}`, "rule.not.field", `"profilng" ` + noConsent},
		{`{"field":"consent.email/servce","op":"exists"}`, "rule.field", `"email/servce" ` + noConsent},
		{`{"field":"consent.profiling/service","op":"exists"}`, "rule.field", `"profiling/service" ` + noConsent},
		{`{"field":"active.hours.24","op":"gt","value":0}`, "rule.field", `"24" is no hour from 0 to 23`},
		{`{"field":"active.hours.-1","op":"gt","value":0}`, "rule.field", `"-1" is no hour from 0 to 23`},
		{`{"field":"active.hours.noon","op":"gt","value":0}`, "rule.field", `"noon" is no hour from 0 to 23`},
		{`{"all":[{"field":"tags","op":"exists"},{"field":"orders.count","op":"contains","value":1}]}`, "rule.all[1].op",
			`"contains" is not an operation of a number, which has eq, ne, gt, gte, lt, lte, between, in, notIn, exists`},
		{`{"field":"consent.email","value":true}`, "rule.op", "is missing; a flag has eq, ne, exists"},
		{`{"field":"orders.count","op":"eq"}`, "rule.value", "is missing"},
		{`{"field":"orders.count","op":"eq","value":"3"}`, "rule.value", "is not a number"},
		{`{"field":"orders.count","op":"eq","value":1e999}`, "rule.value", "is a number out of range"},
		{`{"field":"orders.count","op":"in","value":3}`, "rule.value", "is not a list of 1 to 1000 values"},
		{`{"field":"orders.count","op":"in","value":[1,"2"]}`, "rule.value[1]", "is not a number"},
		{`{"field":"orders.count","op":"eq","value":1,"days":3}`, "rule.days", "is not known here"},
		{`{"field":"orders.lastAt","op":"within","days":-1}`, "rule.days", "is not a whole number from 0 to 3650"},
		{`{"field":"orders.lastAt","op":"within","days":1.5}`, "rule.days", "is not a whole number from 0 to 3650"},
		{`{"field":"orders.lastAt","op":"within","value":3,"days":3}`, "rule.value", "is not known here"},
		{`{"field":"orders.lastAt","op":"before","value":"yesterday"}`, "rule.value", "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21"},
		{`{"field":"traits.x","op":"eq","value":null}`, "rule.value", "is not a text, number, true or false but null"},
		{`{"field":"traits.x","op":"gt","value":"a"}`, "rule.value", "is not a number"},
		{`{"field":"traits.x","op":"contains","value":""}`, "rule.value", "is empty"},
		{`{"field":"traits.x","op":"eq","value":"` + strings.Repeat("x", 257) + `"}`, "rule.value", "is longer than 256 bytes"},
		{`{"field":"tags","op":"exists","value":1}`, "rule.value", "is neither true nor false"},
		{`{"field":"consent.email","op":"eq","value":"yes"}`, "rule.value", "is neither true nor false"},
		{`{"field":"lifecycle","op":"eq","value":"asleep"}`, "rule.value", `"asleep" is not one of new, active, silent, dormant, churned`},
		{`{"segment":"class8:112"}`, "rule.segment", `"class8:112" is not a derived segment`},
		{`{"segment":"Big Spenders"}`, "rule.segment", "is not the id of a segment: it must be 1 to 64 of a-z, A-Z, 0-9, - and _"},
		{`{"notSegment":7}`, "rule.notSegment", "is not the id of a segment: it is no text"},
		{`{"performed":{"atLeast":1}}`, "rule.performed.event", "is not the name of an event, of at most 64 bytes"},
		{`{"performed":{"event":"A","atLeast":0}}`, "rule.performed.atLeast", "is not a whole number from 1 to 2147483647"},
		{`{"performed":{"event":"A","atLeast":3,"atMost":2}}`, "rule.performed.atMost", "is 2, below atLeast (3)"},
		{`{"performed":{"event":"A","withinDays":401}}`, "rule.performed.withinDays", "is not a whole number from 1 to 400"},
		{`{"performed":{"event":"A","times":2}}`, "rule.performed.times", "is not known here"},
		{`{"performed":"A"}`, "rule.performed", "is not an object but a text"},
		{`{"percent":{"seed":"s","from":10,"to":10}}`, "rule.percent.to", "is not above from"},
		{`{"percent":{"seed":"s","from":0,"to":100.01}}`, "rule.percent.to", "is not a percentage from 0 to 100 with at most two decimals"},
		{`{"percent":{"seed":"s","from":0.001,"to":50}}`, "rule.percent.from", "is not a percentage from 0 to 100 with at most two decimals"},
		{`{"percent":{"from":0,"to":50}}`, "rule.percent.seed", "is not a text of 1 to 256 bytes"},
	} {
		if faults := refused(c.rule); len(faults) == 0 || faults[0] != (fault.Fault{Field: c.field, Reason: c.reason}) {
			t.Errorf("%s:\n got %v\nwant %s %s", clip.Shown(c.rule), faults, c.field, c.reason)
		}
	}
}

func TestLimitsOfARuleAreReached(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 9) + `{"field":"tags","op":"exists"}` + strings.Repeat("}", 9)
	many := `{"any":[` + strings.TrimSuffix(strings.Repeat(`{"field":"tags","op":"exists"},`, 199), ",") + `]}`
	for _, rule := range []string{deep, many} {
		if faults := refused(rule); len(faults) > 0 {
			t.Errorf("%s: %v", clip.Shown(rule), faults)
		}
	}
}

// TestEveryFieldCanBeAsked asks each field with each of its operations, of an empty profile and of a full one.
func TestEveryFieldCanBeAsked(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Fields(English) {
		if names[f.Name] || f.Meaning == "" || len(f.Ops) == 0 {
			t.Errorf("%s is there twice or not described", f.Name)
		}
		names[f.Name] = true
		name := strings.NewReplacer("<name>", "city", "<channel>", "email", "<event>", "Product Viewed", "<hour>", "21").Replace(f.Name)
		for _, op := range f.Ops {
			one := map[Kind]string{Number: "3", Text: `"zh"`, Flag: "true", List: `"tea"`, Any: `"杭州"`}[f.Kind]
			if len(f.Values) > 0 && op != string(opContains) && op != string(opMatches) {
				one = `"` + f.Values[0].Value + `"`
			}
			rest := `"value":` + one
			switch operation(op) {
			case opIn, opNotIn, opHasAll:
				rest = `"value":[` + one + `]`
			case opBetween:
				rest = `"value":[2,3]`
				if f.Kind == Time {
					rest = `"value":["2026-11-20","2026-11-21"]`
				}
			case opMatches:
				rest = `"value":"^z.*h$"`
			case opBefore, opAfter:
				rest = `"value":"2026-11-21"`
			case opWithin, opOlderThan, opInNext:
				rest = `"days":3`
			case opExists:
				rest = `"value":true`
			case opAbove, opAtLeast, opBelow, opAtMost:
				rest = `"value":3`
			}
			rule := fmt.Sprintf(`{"field":%q,"op":%q,%s}`, name, op, rest)
			parsed := read(t, rule)
			for _, p := range []*profile.Profile{{}, person(t)} {
				who := Of(p, at(t, "2026-11-21T00:00:00Z"), shopOf(t))
				if parsed.MightMeet(who) != parsed.Meets(who) {
					t.Errorf("%s is another of who does not refuse to be asked", rule)
				}
			}
			if parsed.Scored == f.Live || !slices.Equal(parsed.Fields, []string{name}) {
				t.Errorf("%s: asks a run: %v, of the fields %q; the field says %v", rule, parsed.Scored, parsed.Fields, !f.Live)
			}
		}
	}
}

func FuzzRule(f *testing.F) {
	for _, seed := range []string{
		`{"all":[{"field":"orders.count","op":"gte","value":3},{"not":{"segment":"b"}}]}`,
		`{"performed":{"event":"Product Viewed","atLeast":5,"withinDays":7}}`,
		`{"performed":{"event":"A","where":[{"field":"properties.x","op":"in","value":[1,"a"]}],"sum":{"field":"properties.total","atLeast":{"money":"5"}},"only":"last","thenNot":{"event":"B","within":"3d"},"between":["2026-11-01","2026-11-02"]}}`,
		`{"percent":{"seed":"s","from":0,"to":12.5}}`, `{"field":"traits.x","op":"within","days":7}`, `[[[[`, `{"all":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	zone := time.FixedZone("", 8*3600)
	f.Fuzz(func(t *testing.T, rule []byte) {
		parsed, faults := Parse(rule)
		if len(faults) > 0 {
			faulttest.Refused(t, rule, faults)
			return
		}
		who := Of(&profile.Profile{}, time.Unix(1_700_000_000, 0), profile.Shop{Zone: zone, Currency: "CNY"})
		who.In = func(id string) bool { return id < "m" }
		if len(parsed.Recalls) == 0 && parsed.Meets(who) != parsed.MightMeet(who) {
			t.Fatal("the rule is another of who does not refuse to be asked")
		}
	})
}
