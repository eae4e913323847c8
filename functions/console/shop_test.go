package console

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/httpapi"
)

// TestMoneyOfTheShop takes amounts in the shop's currency, to as many decimals as it has, in segments, conditions and drafts of rules.
func TestMoneyOfTheShop(t *testing.T) {
	for value, want := range map[string]string{
		`{"money":"500.00"}`: "", `{"money":"500","currency":"CNY"}`: "", `{"money":"0.01"}`: "", `{"money":"500.000"}`: "",
		`{"money":"500.005"}`:               `.money has 3 decimals, CNY has 2`,
		`{"money":"500","currency":"USD"}`:  `.currency is USD, and the shop's money is CNY: orders in other currencies do not count here`,
		`{"money":"5e-3","currency":"USD"}`: `.currency is USD, and the shop's money is CNY: orders in other currencies do not count here`,
		`{"money":500}`:                     `.money is no decimal number as a text, such as "500.00"`,
		`{"money":"500 CNY"}`:               `.money is no decimal number as a text, such as "500.00"`,
		`{"money":"500","currency":"yuan"}`: `.currency is not the code of a currency, such as CNY`,
		`{"money":"500","curency":"CNY"}`:   `.curency is not known here: did you mean "currency"?`,
		`{"money":"92233720368547759"}`:     `.money is no decimal number as a text, such as "500.00"`,
		`{"amount":500,"currency":"CNY"}`:   ` is not a number: money is written as {"money": "500.00"}`,
		`"1234.5"`:                          ` is not a number: money is written as {"money": "1234.5"}`, `"rich"`: ` is not a number: money is written as {"money": "500.00"}`, `true`: ` is not a number: money is written as {"money": "500.00"}`,
		`500.00`: ` has a decimal point, and a number counts minor units: money is written as {"money": "500.00"}`, `-0.5`: ` has a decimal point, and a number counts minor units: money is written as {"money": "-0.5"}`,
		`0.00`: "", `500`: "", `5e2`: "",
	} {
		b := newBench(t)
		b.must(201, "PUT", "/v1/segments/vip", vip)
		b.must(201, "PUT", "/v1/templates/welcome", welcome)
		rule := `{"field":"orders.revenue","op":"gte","value":` + value + `}`
		campaign := strings.Replace(thanks, `{"name"`, `{"condition":{"not":`+rule+`},"name"`, 1)
		for _, c := range []struct{ method, path, body, at string }{
			{"PUT", "/v1/segments/rich", `{"rule":` + rule + `}`, "rule.value"}, {"PUT", "/v1/campaigns/a", campaign, "condition.not.value"}, {"POST", "/v1/segments/draft/preview", `{"rule":` + rule + `}`, "rule.value"},
		} {
			w := b.call(c.method, c.path, c.body)
			if want == "" {
				if w.Code > 201 {
					t.Errorf("%s %s: %d %s", c.path, value, w.Code, w.Body)
				}
			} else if got := errorsOf(t, w.Body.String()); w.Code != 422 || got != c.at+want {
				t.Errorf("%s %s: %d %s, want %s", c.path, value, w.Code, got, c.at+want)
			}
		}
	}
}

// TestANumberThatIsMoneyIsToldAsASum wherever a rule is sent: a document saved and a rule that is asked before it is. The answer to a save may be sent back as it is, and a document of before is changed as
// it was.
func TestANumberThatIsMoneyIsToldAsASum(t *testing.T) {
	const rule = `{"all":[{"field":"orders.revenue","op":"gte","value":123456},{"field":"orders.max","op":"in","value":[0,{"money":"5.00"},7]},{"field":"orders.count","op":"gte","value":3}]}`
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	told := func(at, answer string) {
		t.Helper()
		var got struct{ Warnings []httpapi.FieldError }
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatal(err)
		}
		want := []httpapi.FieldError{
			{Field: at + ".all[0].value", Reason: `counts minor units, so it is 1234.56 CNY; money can be written as {"money": "1234.56"}`},
			{Field: at + ".all[1].value[2]", Reason: `counts minor units, so it is 0.07 CNY; money can be written as {"money": "0.07"}`},
		}
		if !slices.Equal(got.Warnings, want) {
			t.Errorf("%v, want %v", got.Warnings, want)
		}
	}
	saved := b.must(201, "PUT", "/v1/segments/rich", `{"rule":`+rule+`}`)
	told("rule", saved)
	told("rule", b.must(200, "PUT", "/v1/segments/rich", saved))
	if got := b.must(200, "GET", "/v1/segments/rich", ""); strings.Contains(got, "warnings") || !strings.Contains(got, `"version":1`) {
		t.Errorf("shown %s", got)
	}
	told("rule", b.must(200, "POST", "/v1/segments/draft/preview", `{"rule":`+rule+`}`))
	told("condition", b.must(201, "PUT", "/v1/campaigns/a", strings.Replace(thanks, `{"name"`, `{"condition":`+rule+`,"name"`, 1)))

	b.Define(definition.Segment, "old", `{"id":"old","name":"A","rule":{"field":"orders.revenue","op":"gte","value":500.00}}`)
	b.must(200, "PUT", "/v1/segments/old", `{"name":"B","rule":{"field":"orders.revenue","op":"gte","value":500.00}}`)
	b.must(200, "POST", "/v1/segments/old/preview", "")
	b.must(422, "PUT", "/v1/segments/old", `{"name":"B","rule":{"field":"orders.revenue","op":"gte","value":600.00}}`)

	// A currency without decimals has one unit alone, so nothing can be meant otherwise.
	b.process.Shop.Currency = "JPY"
	if got := b.must(201, "PUT", "/v1/segments/yen", `{"rule":{"any":[`+rule+`,{"field":"orders.max","op":"gt","value":500.00}]}}`); strings.Contains(got, "warnings") {
		t.Errorf("in yen: %s", got)
	}
}

// TestTheTimeOfAnAudienceIsYetToCome when a campaign is saved, unless it was when that was let loose.
func TestTheTimeOfAnAudienceIsYetToCome(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	doc := func(state string, at time.Duration) string {
		return fmt.Sprintf(`{"name":"C","state":%q,"channel":"email","templateId":"welcome","trigger":{"audience":{"segmentId":"vip","at":%q}}}`, state, start.Add(at).Format(time.RFC3339))
	}
	refuse := func(id, state string, at time.Duration, want string) {
		t.Helper()
		if got := errorsOf(t, b.must(422, "PUT", "/v1/campaigns/"+id, doc(state, at))); got != "trigger.audience.at is "+want {
			t.Errorf("%s %v: %s", state, at, got)
		}
	}
	refuse("a", "scheduled", -11*time.Minute, "2026-11-21T07:49:00Z, which is over: nobody would be enrolled")
	refuse("a", "draft", -11*time.Minute, "2026-11-21T07:49:00Z, which is over")
	b.must(201, "PUT", "/v1/campaigns/a", doc("scheduled", -10*time.Minute))
	b.must(201, "PUT", "/v1/campaigns/b", doc("scheduled", time.Hour))
	b.must(201, "PUT", "/v1/campaigns/c", doc("draft", time.Hour))
	b.Set(start.Add(2 * time.Hour))
	// What was let loose in time can be paused, go on and end; its time cannot become another one that is over.
	for _, state := range []string{"paused", "running", "scheduled"} {
		b.must(200, "PUT", "/v1/campaigns/b", doc(state, time.Hour))
	}
	refuse("b", "scheduled", time.Hour-time.Minute, "2026-11-21T08:59:00Z, which is over: nobody would be enrolled")
	b.must(200, "PUT", "/v1/campaigns/b", doc("cancelled", time.Hour))
	// A draft can be written on, and not be started any more.
	b.must(200, "PUT", "/v1/campaigns/c", strings.Replace(doc("draft", time.Hour), `"C"`, `"D"`, 1))
	refuse("c", "scheduled", time.Hour, "2026-11-21T09:00:00Z, which is over: nobody would be enrolled")
	b.must(200, "PUT", "/v1/campaigns/c", doc("scheduled", 3*time.Hour))
}
