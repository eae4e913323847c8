package form

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/fault"
)

// typing is a document that is shown, and what somebody types into some of its inputs.
func typing(t *testing.T, kind, doc string, typed ...string) (*Form, url.Values) {
	t.Helper()
	f := schemas()[kind]
	values := sent(drawn(t, Show(f, []byte(doc), shop), Page{}))
	for i := 0; i+1 < len(typed); i += 2 {
		if values[typed[i]] == nil && !strings.Contains(typed[i], "~") && !regexp.MustCompile(`stopped|killSwitch`).MatchString(typed[i]) {
			t.Errorf("there is no input %s", typed[i])
		}
		values[typed[i]] = strings.Split(typed[i+1], "|")
	}
	return Read(f, values, shop), values
}

func TestWhatIsTypedIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		kind, doc string
		typed     []string
		want      string
	}{
		"a span in Chinese":       {"campaigns", `{"wait":"36h"}`, []string{"doc.wait", "1天 12小时"}, `{"wait":"1d12h"}`},
		"a span is taken away":    {"campaigns", `{"wait":"36h"}`, []string{"doc.wait", ""}, `{}`},
		"a span is left":          {"campaigns", `{"wait":"1.5h"}`, []string{"doc.name", "C"}, `{"name":"C","wait":"1.5h"}`},
		"a share in percent":      {"campaigns", `{"control":0.10}`, []string{"doc.control", "12.5%"}, `{"control":0.125}`},
		"digits of full width":    {"campaigns", `{}`, []string{"doc.control", "１０"}, `{"control":0.1}`},
		"a time of the shop":      {"campaigns", `{}`, []string{"doc.trigger~as", "audience", "doc.trigger.audience.at", "2036-11-27T10:00"}, `{"trigger":{"audience":{"at":"2036-11-27T02:00:00Z"}}}`},
		"another trigger":         {"campaigns", `{"trigger":{"enteredSegment":"a"}}`, []string{"doc.trigger~as", "event", "doc.trigger.event.name", "Signed Up"}, `{"trigger":{"event":{"name":"Signed Up"}}}`},
		"a trigger without words": {"campaigns", `{}`, []string{"doc.trigger~as", "audience"}, `{"trigger":{"audience":{}}}`},
		"lines":                   {"campaigns", `{"tags":["a"]}`, []string{"doc.tags", "a\r\n\r\n b \r\n"}, `{"tags":["a","b"]}`},
		"no lines":                {"campaigns", `{"tags":["a"]}`, []string{"doc.tags", ""}, `{}`},
		"said, and said no":       {"campaigns", `{}`, []string{"doc.unproven", "false"}, `{"unproven":false}`},
		"not said any more":       {"campaigns", `{"unproven":true}`, []string{"doc.unproven", ""}, `{}`},
		"money":                   {"programs", `{"qualifying":{"minTotal":{"amount":10000,"currency":"CNY"}}}`, []string{"doc.qualifying.minTotal", "500"}, `{"qualifying":{"minTotal":{"amount":50000,"currency":"CNY"}}}`},
		"money without decimals":  {"programs", `{}`, []string{"doc.qualifying.minTotal", "500", "doc.qualifying.minTotal~as", "jpy"}, `{"qualifying":{"minTotal":{"amount":500,"currency":"JPY"}}}`},
		"points become a voucher": {"programs", `{"budget":[{"points":5}]}`, []string{"doc.budget[0]", "9.90", "doc.budget[0]~as", "voucher"}, `{"budget":[{"voucher":{"amount":990,"currency":"CNY"}}]}`},
		"minor units":             {"settings/segmentation", `{"lines":{"r":1,"f":2,"m":300000}}`, []string{"doc.lines.m", "0.05"}, `{"lines":{"r":1,"f":2,"m":5}}`},
		"a tick":                  {"settings/messaging", `{"stopped":["social"]}`, []string{"doc.stopped", "email|social"}, `{"stopped":["email","social"]}`},
		"no tick":                 {"settings/messaging", `{"killSwitch":true}`, []string{"doc.killSwitch", ""}, `{}`},
		"no caps at all":          {"settings/messaging", `{}`, []string{"doc.caps~as", "set"}, `{"caps":[]}`},
		"the usual caps":          {"settings/messaging", `{"caps":[{"limit":1}]}`, []string{"doc.caps~as", ""}, `{}`},
		"a map's name":            {"settings/messaging", `{"consent":{"email":"optIn"}}`, []string{"doc.consent[0]~key", "social"}, `{"consent":{"social":"optIn"}}`},
		"a text becomes JSON":     {"templates", `{"locales":{"default":{"payload":"a"}}}`, []string{"doc.locales[0].payload", `{"a": "{{ x }}"}`, "doc.locales[0].payload~as", "json"}, `{"locales":{"default":{"payload":{"a":"{{ x }}"}}}}`},
		"a text of several lines": {"templates", `{"locales":{"default":{"text":"a\nb"}}}`, []string{"doc.locales[0].text", "\na\r\nb\r\n"}, `{"locales":{"default":{"text":"\na\nb\n"}}}`},
		"what is unknown stays":   {"segments", `{"name":"a","later":{"x":[1.0]}}`, []string{"doc.name", "b"}, `{"name":"b","later":{"x":[1.0]}}`},
		"values of a property": {"campaigns", `{"trigger":{"event":{"name":"E","where":[{"property":"a","op":"in","value":["x"]}]}}}`, []string{"doc.trigger.event.where[0].value", "1\r\n2", "doc.trigger.event.where[0].value~as", "numbers"},
			`{"trigger":{"event":{"name":"E","where":[{"property":"a","op":"in","value":[1,2]}]}}}`},
		"a condition's amount":     {"segments", `{"rule":{"field":"orders.revenue","op":"gte","value":300000}}`, []string{"doc.rule~value", "500"}, `{"rule":{"field":"orders.revenue","op":"gte","value":{"money":"500.00"}}}`},
		"the amount of a currency": {"segments", `{"rule":{"field":"orders.revenue","op":"gte","value":{"money":"1","currency":"CNY"}}}`, []string{"doc.rule~value", "2.5"}, `{"rule":{"field":"orders.revenue","op":"gte","value":{"money":"2.50","currency":"CNY"}}}`},
		"the opposite of a row":    {"segments", `{"rule":{"segment":"a"}}`, []string{"doc.rule~not", "1"}, `{"rule":{"not":{"segment":"a"}}}`},
		"none of a group":          {"segments", `{"rule":{"all":[{"segment":"a"}]}}`, []string{"doc.rule~mode", "none"}, `{"rule":{"not":{"any":[{"segment":"a"}]}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			form, _ := typing(t, c.kind, c.doc, c.typed...)
			raw, faults := form.Document()
			if len(faults) > 0 || !isSame(t, string(raw), c.want) {
				t.Errorf("%s\nwith %q became\n%s, %v\nwant %s", c.doc, c.typed, raw, faults, c.want)
			}
		})
	}
}

// TestWhatCannotBeStaysTyped: it stands in its input, with the reason beside it in either language, and nothing else is lost.
func TestWhatCannotBeStaysTyped(t *testing.T) {
	for _, c := range []struct{ kind, input, typed, place, reason, chinese string }{
		{"campaigns", "doc.wait", "soon", "wait", "is not a length of time such as 30m, 36h, 14d or 1d12h", "不是时长，例如 30m、36h、14d 或 1d12h"},
		{"campaigns", "doc.control", "ten", "control", "is not a number", "不是数字"},
		{"campaigns", "doc.trigger.audience.at", "tomorrow", "trigger.audience.at", "is not a date with a time such as 2026-11-27T10:00", "不是日期和时间，例如 2026-11-27T10:00"},
		{"programs", "doc.maxPerAdvocate", "1.5", "maxPerAdvocate", "is not a whole number", "不是整数"},
		{"programs", "doc.qualifying.minTotal", "9.999", "qualifying.minTotal", "has 3 decimals, CNY has 2", "有 3 位小数，CNY 只有 2 位"},
		{"programs", "doc.qualifying.minTotal", "lots", "qualifying.minTotal", "is not an amount such as 500.00", "不是金额，例如 500.00"},
		{"settings/messaging", "doc.quietHours.start", "25:00", "quietHours.start", "is not a time of day such as 21:30", "不是时刻，例如 21:30"},
		{"sources", "doc.ratePerSecond", "1,5", "ratePerSecond", "is not a number", "不是数字"},
	} {
		form, _ := typing(t, c.kind, `{"name":"kept","later":1}`, c.input, c.typed, "doc.trigger~as", "audience")
		raw, faults := form.Document()
		if len(faults) != 1 || faults[0] != (fault.Fault{Field: c.place, Reason: c.reason}) {
			t.Errorf("%s typed as %q: %v, want %s %s", c.input, c.typed, faults, c.place, c.reason)
		}
		if c.kind == "campaigns" && !strings.Contains(string(raw), `"name":"kept"`) || !strings.Contains(string(raw), `"later":1`) {
			t.Errorf("what else was there is lost: %s", raw)
		}
		page := drawn(t, form, Page{Language: rule.Chinese})
		if again := sent(page); again.Get(c.input) != c.typed {
			t.Errorf("%s holds %q, and %q was typed", c.input, again.Get(c.input), c.typed)
		}
		if at := beside(page, c.input); !strings.Contains(at, c.chinese) {
			t.Errorf("%s: beside it stands %q, want %s", c.input, at, c.chinese)
		}
		if at := beside(drawn(t, form, Page{Language: rule.English}), c.input); !strings.Contains(at, c.reason) {
			t.Errorf("%s: beside it stands %q, want %s", c.input, at, c.reason)
		}
	}
}

// beside is what the input of a name is described by.
func beside(page *html.Node, name string) (said string) {
	ids := ""
	each(page, func(n *html.Node) {
		if at, _ := attribute(n, "name"); at == name {
			ids, _ = attribute(n, "aria-describedby")
		}
	})
	each(page, func(n *html.Node) {
		if id, has := attribute(n, "id"); has && slices.Contains(strings.Fields(ids), id) {
			said += textOf(n)
		}
	})
	return said
}

// TestTheFaultsOfTheAPIStandBesideTheirFields, also of those in rows, entries and rules; what is of no field stands above the form.
func TestTheFaultsOfTheAPIStandBesideTheirFields(t *testing.T) {
	form := Show(schemas()["campaigns"], []byte(`{"variants":[{"id":"a"},{"id":"b"}],"cancelOn":["x",""],"condition":{"all":[{"segment":"gone"},{"not":{"field":"city","op":"eq","value":"x"}}]}}`), shop)
	form.Blame(fault.Faults{
		{Field: "variants[1].weight", Reason: "must be from 0 to 1"}, {Field: "cancelOn[1]", Reason: "is empty"}, {Field: "later.x", Reason: "is not known here"}, {Field: "", Reason: "is empty"},
		{Field: "condition.all[0].segment", Reason: "gone is not a segment"}, {Field: "condition.all[1].not.value", Reason: "is empty"}, {Field: "trigger", Reason: "is missing"}, {Field: "variants[7].id", Reason: "is missing"},
	})
	var got []string
	form.Root.walk(func(n *Node) {
		for _, f := range n.Faults {
			got = append(got, n.Name+": "+f.Field)
		}
		if n.Rule != nil {
			n.Rule.walk(func(r *Rule) {
				for _, f := range r.Faults {
					got = append(got, r.Name+": "+f.Field)
				}
			})
		}
	})
	want := []string{
		"doc: later.x", "doc: ", "doc.trigger: trigger", "doc.condition[0]: condition.all[0].segment", "doc.condition[1]: condition.all[1].not.value", "doc.cancelOn: cancelOn[1]",
		"doc.variants: variants[7].id", "doc.variants[1].weight: variants[1].weight",
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults stand at\n%q, want\n%q", got, want)
	}
	if above := form.Refused(rule.Chinese); !slices.Equal(above, []string{"later.x：这里不认识这个名称", "为空"}) {
		t.Errorf("above the form stands %q", above)
	}
	page := drawn(t, form, Page{Language: rule.English})
	if at := beside(page, "doc.cancelOn"); !strings.Contains(at, "line 2: is empty") {
		t.Errorf("beside the lines stands %q", at)
	}
	if !strings.Contains(textOf(page), "Value: is empty") {
		t.Error("the fault of a row does not say what it is of")
	}
}

func TestRowsComeAndGo(t *testing.T) {
	form := Show(schemas()["campaigns"], []byte(`{"variants":[{"id":"a","later":1},{"id":"b","weight":0.5}],"trigger":{"event":{"name":"E"}}}`), shop)
	for _, do := range []string{"add doc.variants", "remove doc.variants[0]", "up doc.variants[1]", "add doc.trigger.event.where"} {
		if !form.Act(do) {
			t.Errorf("%s does nothing", do)
		}
	}
	raw, faults := form.Document()
	if want := `{"trigger":{"event":{"name":"E","where":[{}]}},"variants":[{"id":"c"},{"id":"b","weight":0.5}]}`; len(faults) > 0 || !isSame(t, string(raw), want) {
		t.Errorf("%s, %v, want %s", raw, faults, want)
	}
	for _, no := range []string{"", "save", "add doc.tags", "add doc.gone", "remove doc.variants", "remove doc.variants[9]", "burn doc.variants[0]", "add doc.variants[0]", "remove x[0]", "field doc.variants"} {
		if form.Act(no) {
			t.Errorf("%q does something", no)
		}
	}
	fixed := Show(schemas()["settings/segmentation"], []byte(`{"quintiles":{"r":[1,2,3,4]}}`), shop)
	if fixed.Act("remove doc.quintiles.r[0]") {
		t.Error("a list of four has three")
	}
}

// TestTheRuleOfTheIssue is built as somebody does it in Chinese, button by button: spent over 500 yuan in 90 days, away 30 days, in Shanghai.
func TestTheRuleOfTheIssue(t *testing.T) {
	f := schemas()["segments"]
	values := sent(drawn(t, Show(f, nil, shop), Page{New: true}))
	press := func(do string, typed ...string) *Form {
		t.Helper()
		for i := 0; i+1 < len(typed); i += 2 {
			values.Set(typed[i], typed[i+1])
		}
		form := Read(f, values, shop)
		if !form.Act(do) {
			t.Fatalf("%s does nothing: %v", do, values)
		}
		values = sent(drawn(t, form, Page{New: true}))
		return form
	}
	press("field doc.rule", "doc.id", "away", "doc.name", "离开的客户", "doc.rule~new", "近 90 天消费金额")
	press("field doc.rule", "doc.rule[0]~op", "gt", "doc.rule[0]~value", "500", "doc.rule~new", "距最近活动的天数")
	press("field doc.rule", "doc.rule[1]~value", "30", "doc.rule~new", rule.Fields(rule.Chinese)[slices.IndexFunc(rule.Fields(rule.Chinese), func(f rule.Field) bool { return f.Name == "city" })].Label)
	values.Set("doc.rule[2]~value", "上海")
	raw, faults := Read(f, values, shop).Document()
	want := `{"id":"away","name":"离开的客户","rule":{"all":[{"field":"orders.revenue90","op":"gt","value":{"money":"500.00"}},{"field":"activity.daysSince","op":"gte","value":30},{"field":"city","op":"eq","value":"上海"}]}}`
	if len(faults) > 0 || string(raw) != want {
		t.Errorf("%s, %v\nwant %s", raw, faults, want)
	}
	if _, faults := rule.Parse([]byte(want[strings.Index(want, `{"all"`) : len(want)-1])); len(faults) > 0 {
		t.Errorf("the rule is refused: %v", faults)
	}
	// A group in a group, something that somebody did, a share, a segment, a trait; one taken away, one moved up.
	press("group doc.rule")
	press("performed doc.rule[3]")
	press("segment doc.rule[3]", "doc.rule[3][0]~event", "Product Viewed", "doc.rule[3][0]~atLeast", "3", "doc.rule[3][0]~withinDays", "30")
	press("percent doc.rule[3]", "doc.rule[3][1]~form", "notSegment")
	press("field doc.rule[3]", "doc.rule[3][2]~seed", "s", "doc.rule[3][2]~to", "10", "doc.rule[3]~new", "traits.color")
	press("remove doc.rule[0]", "doc.rule[3][3]~op", "eq", "doc.rule[3][3]~value", "red")
	press("up doc.rule[1]")
	raw, faults = Read(f, values, shop).Document()
	want = `{"id":"away","name":"离开的客户","rule":{"all":[{"field":"city","op":"eq","value":"上海"},{"field":"activity.daysSince","op":"gte","value":30},` +
		`{"any":[{"performed":{"event":"Product Viewed","atLeast":3,"withinDays":30}},{"notSegment":""},{"percent":{"seed":"s","from":0,"to":10}},{"field":"traits.color","op":"eq","value":"red"}]}]}}`
	if len(faults) > 0 || string(raw) != want {
		t.Errorf("%s, %v\nwant %s", raw, faults, want)
	}
}

// TestASingleRowBecomesAGroup when another joins it, and the row stays exactly as it was.
func TestASingleRowBecomesAGroup(t *testing.T) {
	form := Show(schemas()["segments"], []byte(`{"rule":{"not":{"field":"orders.revenue","op":"gte","value":300000}}}`), shop)
	if !form.Act("segment doc.rule") {
		t.Fatal("nothing is added")
	}
	raw, _ := form.Document()
	if want := `{"rule":{"all":[{"not":{"field":"orders.revenue","op":"gte","value":300000}},{"segment":""}]}}`; string(raw) != want {
		t.Errorf("%s, want %s", raw, want)
	}
	if !form.Act("remove doc.rule") {
		t.Fatal("the whole rule stays")
	}
	if raw, _ := form.Document(); string(raw) != `{}` {
		t.Errorf("a rule that was taken away is %s", raw)
	}
}

// TestAmountsAreNotSaidToBeMinorUnits, since in a form they are typed in yuan.
func TestAmountsAreNotSaidToBeMinorUnits(t *testing.T) {
	for _, l := range rule.Languages() {
		for _, f := range rule.Fields(l) {
			r := ruleView{&Rule{Kind: Condition, Typed: map[string]string{inField: f.Name}}, &page{Page{Language: l}, shop}, 1}
			if m := r.Meaning(); f.Unit == rule.Money && (strings.Contains(m, "minor") || strings.Contains(m, "最小") || m == "") {
				t.Errorf("%s means %q", f.Name, m)
			}
		}
	}
}

func TestAClockThatLeaps(t *testing.T) {
	berlin := Shop{Zone: zone("Europe/Berlin"), Currency: "EUR"}
	for typed, want := range map[string]string{
		"2026-03-29T02:30": "is a time that the shop's clock leaps over", "2026-03-29T03:00": `"2026-03-29T01:00:00Z"`, "2026-07-01 12:00": `"2026-07-01T10:00:00Z"`, "2026-07-01T12:00:30": `"2026-07-01T10:00:30Z"`,
		"2026-07-01T12:00:00+08:00": `"2026-07-01T04:00:00Z"`, "2026-07-01": notMoment, "": "",
	} {
		raw, reason := writeMoment(Typed{Text: typed}, berlin)
		if got := string(raw) + reason; got != want {
			t.Errorf("%s is %s, want %s", typed, got, want)
		}
	}
	// An hour that the clock shows twice: what was not touched keeps which of them it was.
	if got, _ := through(t, schemas()["campaigns"], `{"trigger":{"audience":{"at":"2026-10-25T01:30:00Z"}}}`); !strings.Contains(got, "2026-10-25T01:30:00Z") {
		t.Error(got)
	}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ kind, before, after, want string }{
		{"campaigns", `{"name":"a","state":"draft","control":0.1,"variants":[{"id":"x","weight":0.5},{"id":"y","weight":0.5}],"wait":"36h"}`,
			`{"name":"b","state":"running","control":0.2,"variants":[{"id":"y","weight":1}],"wait":"1d12h","tags":["t"]}`,
			"Name: a -> b; State: Draft -> Running; Wait: 36h -> 1d12h; Variants › x › ID: x -> ; Variants › x › Weight: 50% -> ; Variants › y › Weight: 50% -> 100%; Control: 10% -> 20%; Tags:  -> t"},
		{"segments", `{"rule":{"field":"orders.revenue","op":"gte","value":300000}}`, `{"rule":{"all":[{"field":"orders.revenue","op":"gte","value":{"money":"500.00"}},{"not":{"segment":"vip"}}]},"later":1}`,
			"Rule: Revenue is at least 3000.00 CNY -> all of these:\n  Revenue is at least 500.00 CNY\n  not is in the segment VIP; What this version does not know:  -> {\n  \"later\": 1\n}"},
		{"programs", `{"rewards":{"friend":[{"points":5}]},"qualifying":{"minTotal":{"amount":100,"currency":"CNY"}}}`, `{"rewards":{"friend":[{"voucher":{"amount":500,"currency":"CNY"}}]}}`,
			"What qualifies › Least total: 1.00 CNY -> ; Rewards › For the friend › #1: 5 points -> 5.00 CNY voucher"},
		{"settings/messaging", `{"consent":{"email":"optIn"},"stopped":["email"]}`, `{"consent":{"email":"optOut"},"caps":[]}`,
			"Stopped channels: E-mail -> ; Frequency caps:  -> empty; Consent by channel › email: needs a consent -> goes until a consent is revoked"},
		{"sources", `{}`, `{"hookSecret":"a-secret-of-it"}`, "Secret of webhooks:  -> ••••••"},
		{"campaigns", `{"name":"a","wait":"1h"}`, ` {"wait":"1h", "name":"a"}`, ""},
	} {
		var got []string
		for _, one := range Differences(schemas()[c.kind], []byte(c.before), []byte(c.after), shop, Page{Language: rule.English, References: func(string) []Option { return []Option{{"vip", "VIP"}} }}) {
			got = append(got, one.Place+": "+strings.Replace(strings.TrimSpace(one.Before), "\n", "\n", 1)+" -> "+one.After)
		}
		if all := strings.Join(got, "; "); all != c.want {
			t.Errorf("%s\nto %s differ in\n%s\nwant\n%s", c.before, c.after, all, c.want)
		}
	}
}

// TestEveryTextIsThere: each word that code and template ask for is in the table, in both languages, and each of the table is asked for.
func TestEveryTextIsThere(t *testing.T) {
	asked := map[string]bool{}
	for _, name := range []string{"form.html", "page.go", "view.go", "viewrule.go", "difference.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`T\(?\s?"([a-zA-Z.]+)"|words\["([a-zA-Z.]+)"\]`).FindAllStringSubmatch(string(text), -1) {
			asked[m[1]+m[2]] = true
		}
	}
	for _, f := range rule.Fields(rule.English) {
		for _, op := range f.Ops {
			asked["op."+op] = true
		}
	}
	for _, group := range groupOf {
		asked[group] = true
	}
	asked["group.behaviour"] = true
	for _, more := range []string{"as.text", "as.number", "as.flag", "as.texts", "as.numbers", "as.json", "rule.mode.all", "rule.mode.any", "rule.mode.none", "rule.mode.notAll", "rule.atLeast", "rule.atMost", "rule.withinDays"} {
		asked[more] = true
	}
	han := regexp.MustCompile(`\p{Han}`)
	for key := range asked {
		w, has := words[key]
		if strings.HasSuffix(key, ".") {
			continue // the rest is put together
		}
		if !has || w.English == "" || w.Chinese == "" || han.MatchString(w.English) || !han.MatchString(w.Chinese) && w.Chinese != w.English && key != "comma" {
			t.Errorf("%s is %q", key, w)
		}
	}
	for key := range words {
		if !asked[key] {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

// TestWhatIsDrawn: every input has a label, ids are not there twice, nothing is inline, who may not change has no button, and a stranger's words stay words.
func TestWhatIsDrawn(t *testing.T) {
	const canary = `<script>alert(1)</script>"'`
	for at, f := range schemas() {
		for _, p := range []Page{{Language: rule.Chinese}, {Language: rule.English, ReadOnly: true}, {Language: rule.English, New: true}} {

			doc := `{"id":"x","name":` + string(text(canary)) + `,"variants":[{"id":"a"}],"caps":[{"limit":1}],"locales":{"default":{"text":` + string(text(canary)) + `}},"trigger":{"event":{"name":` + string(text(canary)) + `,"where":[{"property":"a"}]}},
				"rule":{"all":[{"field":"traits.a","op":"eq","value":` + string(text(canary)) + `},{"performed":{"event":` + string(text(canary)) + `}},{"segment":"x"},{"percent":{"seed":"s","from":0,"to":1}},{"not":{"not":{}}}]},"later":` + string(text(canary)) + `}`
			page := drawn(t, Show(f, []byte(doc), shop), p)
			ids, labelled := map[string]bool{}, map[string]bool{}
			each(page, func(n *html.Node) {
				if id, has := attribute(n, "id"); has {
					if ids[id] {
						t.Errorf("%s: the id %s is there twice", at, id)
					}
					ids[id] = true
				}
				if of, has := attribute(n, "for"); has {
					labelled[of] = true
				}
			})
			each(page, func(n *html.Node) {
				_, style := attribute(n, "style")
				if n.Data == "script" && n.Type == html.ElementNode || style || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return strings.HasPrefix(a.Key, "on") }) {
					t.Errorf("%s: %s is inline", at, n.Data)
				}
				if n.Data == "button" && p.ReadOnly {
					t.Errorf("%s: who may not change has the button %s", at, textOf(n))
				}
				kind, _ := attribute(n, "type")
				if n.Type != html.ElementNode || n.Data != "input" && n.Data != "textarea" && n.Data != "select" || kind == "hidden" {
					return
				}
				id, _ := attribute(n, "id")
				_, aria := attribute(n, "aria-label")
				inside := false
				for up := n.Parent; up != nil; up = up.Parent {
					inside = inside || up.Data == "label"
				}
				if !aria && !inside && !labelled[id] {
					name, _ := attribute(n, "name")
					t.Errorf("%s: %s has no label", at, name)
				}
			})
		}
	}
	if schemas()["campaigns"].Part("name").Type != schema.Text {
		t.Error("a name is no text")
	}
}
