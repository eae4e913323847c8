package liquid

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/domain/people/profile"
)

func TestArithmeticIsDecimal(t *testing.T) {
	v := Variables{Traits: map[string]any{"text": "12.5", "big": int64(9007199254740993), "tenth": 0.1}}
	for source, want := range map[string]string{
		`{{ 0.1 | plus: 0.2 }}`:                                   "0.3",
		`{{ profile.tenth | plus: 0.2 }}`:                         "0.3",
		`{{ 1.1 | times: 3 }}`:                                    "3.3",
		`{{ 0.3 | minus: 0.1 }}`:                                  "0.2",
		`{{ 4.35 | times: 100 }}`:                                 "435",
		`{{ 1.005 | round: 2 }}`:                                  "1.01",
		`{{ 1.255 | round: 2 }} {{ -1.255 | round: 2 }}`:          "1.26 -1.26",
		`{{ 2.5 | round }} {{ -2.5 | round }} {{ 0.49 | round }}`: "3 -3 0",
		`{{ 1.4 | round: -2 }} {{ 1.5 | round: 0 }}`:              "1 2",
		`{{ -1.2 | ceil }} {{ 1.2 | ceil }} {{ 3 | ceil }}`:       "-1 2 3",
		`{{ -1.2 | floor }} {{ 1.2 | floor }} {{ -3 | floor }}`:   "-2 1 -3",
		`{{ -0.5 | abs }} {{ 7 | abs }}`:                          "0.5 7",
		`{{ -7 | divided_by: 2 }} {{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ 0.3 | divided_by: 0.1 }}`: "-4 3 3.5 3",
		`{{ "7" | divided_by: 2 }} {{ "7.0" | divided_by: 2 }}`:                                                  "3 3.5",
		`{{ -7 | modulo: 3 }} {{ 7 | modulo: 3 }} {{ 0.3 | modulo: 0.1 }} {{ 7.5 | modulo: 2 }}`:                 "2 1 0 1.5",
		`{{ 3 | at_most: 2.5 }} {{ 3 | at_least: 2.5 }} {{ -1 | at_least: 0 }} {{ -1 | at_most: 0 }}`:            "2.5 3 0 -1",
		`{{ profile.text | times: 2 }} {{ "0.1" | plus: "0.2" }}`:                                                "25 0.3",
		`{{ profile.big | plus: 1 }}`:  "9007199254740994",
		`{{ profile.gone | plus: 1 }}`: "1",
		`{% assign sum = 0 %}{% for i in (1..10) %}{% assign sum = sum | plus: 0.1 %}{% endfor %}{{ sum }}{% if sum == 1 %} one{% endif %}`: "1 one",
		`{{ 1 | divided_by: 3.0 }}`: "0.3333333333333333",
	} {
		if got, err := renderAs(t, source, plain, v); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
	for _, source := range []string{`{{ profile.name | plus: 1 }}`, `{{ 1 | plus: profile.name }}`, `{{ profile.vip | times: 2 }}`, `{{ 1 | modulo: profile.gone }}`,
		`{{ 1 | divided_by: profile.gone }}`, `{{ profile.huge | times: profile.huge }}`, `{{ profile.wide | plus: 1 }}`} {
		v := Variables{Traits: map[string]any{"name": "x", "vip": true, "huge": 1e200, "wide": "1e999999999"}}
		if got, err := renderAs(t, source, plain, v); !errors.Is(err, ErrRender) {
			t.Errorf("%s: %q, %v; want an error", source, got, err)
		}
	}
}

// TestSumsOfPrices adds prices as a cashier does, in whole cents.
func TestSumsOfPrices(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		cents, prices := int64(0), []any{}
		for range 1 + random.IntN(12) {
			n := random.Int64N(2_000_000) - 1_000_000
			cents += n
			price, _ := strconv.ParseFloat(big.NewRat(n, 100).FloatString(2), 64)
			prices = append(prices, price)
		}
		got, err := renderAs(t, `{% assign sum = 0 %}{% for p in profile.prices %}{% assign sum = sum | plus: p %}{% endfor %}{{ sum | times: 100 }}`, plain, Variables{Traits: map[string]any{"prices": prices}})
		if err != nil || got != fmt.Sprint(cents) {
			t.Errorf("%v: %s cents, %v; want %d", prices, got, err, cents)
		}
	}
}

func TestMoneyIsRightOrAnError(t *testing.T) {
	for _, c := range []struct {
		value any
		args  string
		want  string // "!" for an error
	}{
		{int64(12850), "", "128.50"}, {"12850", "", "128.50"}, {int64(0), "", "0.00"}, {"0", "", "0.00"}, {int64(-5), "", "-0.05"}, {12850.0, "", "128.50"},
		{int64(12850), `: "JPY"`, "12850"}, {int64(12850), `: "kwd"`, "12.850"}, {int64(12850), ": profile.currency", "12850"}, {nil, "", ""}, {"", "", ""},
		{128.5, "", "!"}, {"128.5", "", "!"}, {"many", "", "!"}, {true, "", "!"}, {[]any{int64(1)}, "", "!"}, {"99999999999999999999", "", "!"},
		{int64(12850), ": profile.gone", "!"}, {int64(12850), ": profile.word", "!"},
	} {
		v := Variables{Traits: map[string]any{"value": c.value, "currency": "JPY", "word": "euro"}}
		got, err := renderAs(t, "{{ profile.value | money"+c.args+" }}", plain, v)
		if c.want == "!" {
			if !errors.Is(err, ErrRender) {
				t.Errorf("%v%s: %q, %v; want an error", c.value, c.args, got, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%v%s: %q, %v; want %q", c.value, c.args, got, err, c.want)
		}
	}
	// Of an event, numbers are as they were sent: one that is whole with a point, and an id that no number here holds.
	sent := Variables{Event: &Event{Properties: json.RawMessage(`{"minor":12850.0,"id":12345678901234567890,"e":1e21,"ids":[9223372036854775808]}`)}}
	if got, err := renderAs(t, `{{ event.properties.minor | money }} {{ event.properties.id }} {{ event.properties.e }} {{ event.properties.ids | first }}`, plain, sent); err != nil ||
		got != "128.50 12345678901234567890 1000000000000000000000 9223372036854775808" {
		t.Errorf("numbers of an event: %q, %v", got, err)
	}
	yen := Variables{Traits: map[string]any{"value": int64(500)}, Currency: "JPY"}
	if got, err := renderAs(t, `{{ profile.value | money }} {{ profile.gone | money | default: "-" }}`, plain, yen); err != nil || got != "500 -" {
		t.Errorf("in a shop that counts in yen: %q, %v", got, err)
	}
}

func TestDatesAreTheReaders(t *testing.T) {
	in := func(name string) *time.Location {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return zone
	}
	shanghai, newYork := in("Asia/Shanghai"), in("America/New_York")
	v := Variables{Zone: shanghai, Traits: map[string]any{"at": "2026-11-20T16:30:00Z", "day": "2026-11-21", "clock": "2026-11-21 00:30", "seconds": int64(1795192200), "millis": int64(1795192200000), "text": "1795192200", "parts": 1795192200.5, "compact": "202611210030", "tz": "Asia/Tokyo"},
		Event: &Event{Name: "Order Completed", Timestamp: time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)}} // 0:30 of the 21st
	for _, c := range []struct {
		zone         *time.Location
		source, want string
	}{
		{shanghai, `{{ event.timestamp | date }}`, "2026-11-21"},
		{shanghai, `{{ event.timestamp | date: "%d.%m. %H:%M" }}`, "21.11. 00:30"},
		{shanghai, `{{ event.timestamp }}`, "2026-11-21 00:30:00 +0800"},
		{shanghai, `{{ event.timestamp | date: "%d %H:%M %z", "America/New_York" }}`, "20 11:30 -0500"},
		{shanghai, `{{ event.timestamp | date: "%d %H:%M", profile.tz }}`, "21 01:30"},
		{shanghai, `{{ event.timestamp | date: "%d %H:%M", "UTC" }}`, "20 16:30"},
		{newYork, `{{ event.timestamp | date: "%d %H:%M" }}`, "20 11:30"},
		{nil, `{{ event.timestamp | date: "%d %H:%M" }}`, "20 16:30"},
		{shanghai, `{{ profile.at | date: "%d %H:%M" }}`, "21 00:30"},
		{newYork, `{{ profile.day | date: "%d" }} {{ profile.day | date: "%d", "Pacific/Kiritimati" }} {{ profile.clock | date: "%d %H:%M" }}`, "21 21 21 00:30"},
		{shanghai, `{{ profile.seconds | date: "%d %H:%M" }} {{ profile.millis | date: "%d %H:%M" }}`, "21 00:30 21 00:30"},
		{shanghai, `{{ profile.text | date: "%d %H:%M" }} {{ "1795192200000" | date: "%d %H:%M" }} {{ profile.parts | date: "%d %H:%M" }}`, "21 00:30 21 00:30 21 00:30"},
		{shanghai, `[{{ profile.gone | date: "%d" }}]`, "[]"},
	} {
		v.Zone = c.zone
		if got, err := renderAs(t, c.source, plain, v); err != nil || got != c.want {
			t.Errorf("%v %s: %q, %v; want %q", c.zone, c.source, got, err, c.want)
		}
	}
	v.Traits["tz"] = "Nowhere/Else"
	for _, source := range []string{`{{ event.timestamp | date: "%d", profile.tz }}`, `{{ profile.tz | date: "%d" }}`, `{{ profile.compact | date: "%d" }}`, `{{ profile.tags | date: "%d" }}`} {
		if got, err := renderAs(t, source, plain, v); !errors.Is(err, ErrRender) {
			t.Errorf("%s: %q, %v; want an error", source, got, err)
		}
	}
}

func TestListsAndObjectsInTraits(t *testing.T) {
	v := Variables{Traits: map[string]any{"ids": []any{"138", int64(240), 0.5, true}, "address": map[string]any{"city": "杭州", "floor": int64(3)},
		"old": `["a","b"]`, "oldObject": `{"city":"上海","tags":["x"]}`, "cut": `["a","b` + strings.Repeat("x", 300)[:249], "cutObject": `{"city":"北京","notes":"` + strings.Repeat("x", profile.MaxTraitTree)[:995], "torn": `["a","b`, "words": "[sic] a text", "two": `[1] [2]`}}
	for source, want := range map[string]string{
		`{% for id in profile.ids %}{{ id }};{% endfor %}{{ profile.ids | size }}`:                           "138;240;0.5;true;4",
		`{{ profile.ids | join: "," }} {{ profile.ids[1] | plus: 1 }} {{ profile.ids.first }}`:               "138,240,0.5,true 241 138",
		`{{ profile.address.city }} {{ profile.address.floor | times: 2 }}`:                                  "杭州 6",
		`{% for pair in profile.address %}{{ pair[0] }}={{ pair[1] }};{% endfor %}`:                          "city=杭州;floor=3;",
		`{% for one in profile.old %}{{ one }};{% endfor %}`:                                                 "a;b;",
		`{{ profile.oldObject.city }}{% for one in profile.traits.oldObject.tags %}{{ one }}{% endfor %}`:    "上海x",
		`{{ profile.torn }} {{ profile.words }} {{ profile.two }}`:                                           `["a","b [sic] a text [1] [2]`,
		`{% for one in profile.cut %}{{ one }};{% endfor %}{{ profile.cutObject.city }}`:                     "a;北京",
		`{% if profile.ids contains "138" %}in{% endif %}{% if profile.ids contains "38" %} part{% endif %}`: "in",
	} {
		if got, err := renderAs(t, source, plain, v); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
	if list := v.Traits["ids"].([]any); list[1] != int64(240) {
		t.Errorf("rendering changed the traits: %v", list)
	}
}

// TestATextThatIsEscapedIsATextLikeOthers uses what was captured, or came out of escape and json, wherever a text can stand.
func TestATextThatIsEscapedIsATextLikeOthers(t *testing.T) {
	for source, want := range map[string]string{
		`{% capture a %}xy{% endcapture %}{% if a contains "x" %}c{% endif %}{% if "wxyz" contains a %}d{% endif %}{{ a.size }}`:                                 "cd2",
		`{% capture a %}x{% endcapture %}{% if a == "x" and "x" == a and a < "y" %}e{% endif %}{% if a == a and a != "y" %}f{% endif %}`:                         "ef",
		`{% capture a %}3{% endcapture %}{{ a | plus: 1 }} {{ a | divided_by: 2 }} {{ a | money }}`:                                                              "4 1 0.03",
		`{% capture a %}2026-11-21{% endcapture %}{{ a | date: "%d" }}{% capture tag %}vip{% endcapture %}{% if profile.tags contains tag %}v{% endif %}`:        "21v",
		`{% assign a = "x<" | escape %}{% if a contains "lt" %}g{% endif %}{% case a %}{% when "x&lt;" %}h{% endcase %}{{ a }}{{ a | default: "z" }}`:            "ghx&lt;x&lt;",
		`{% assign a = "x" | json %}{% if a contains "x" %}i{% endif %}{% capture one %}b{% endcapture %}{{ "a,b" | split: "," | concat: profile.tags | size }}`: "i3",
	} {
		if got, err := renderAs(t, source, markup, Variables{Tags: []string{"vip"}}); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
}

// TestFiltersAreCheckedWhenSaved calls every filter with one argument too few and one too many, and with arguments of a wrong kind.
func TestFiltersAreCheckedWhenSaved(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`{{ profile.a | upcase: 1 }}`, `line 1: filter "upcase" takes no argument, not 1`},
		{`{{ profile.a | upcase | first }}`, `filter "first" cannot be applied to what "upcase" gives: it is not a list`},
		{`{{ profile.a | size | join: "," }}`, `filter "join" cannot be applied to what "size" gives: it is not a list`},
		{`{% if profile.a | split: "," | plus: 1 %}{% endif %}`, `filter "plus" cannot be applied to what "split" gives: it is not a number`},
		{`{% for x in profile.a | reverse | date %}{% endfor %}`, `filter "date" cannot be applied to what "reverse" gives: it is not a time`},
		{"a\n\n{{ profile.a | plus }}", `line 3: filter "plus" takes 1 argument, not 0`},
		{`{{ profile.a | plus: 1, 2 }}`, `filter "plus" takes 1 argument, not 2`},
		{`{{ profile.a | replace: "x" }}`, `filter "replace" takes 2 arguments, not 1`},
		{`{{ profile.a | date: "%d", "UTC", 3 }}`, `filter "date" takes 0 to 2 arguments, not 3`},
		{`{{ profile.a | slice }}`, `filter "slice" takes 1 to 2 arguments, not 0`},
		{`{{ profile.a | default }}`, `filter "default" takes 1 argument, not 0`},
		{`{% if profile.a | size: 1 %}{% endif %}`, `filter "size" takes no argument, not 1`},
		{`{% assign b = profile.a | times: "x" %}`, `filter "times", argument 1: it is not a number`},
		{`{% for b in profile.a | reverse: 1 limit: 2 %}{% endfor %}`, `filter "reverse" takes no argument, not 1`},
		{`{{ profile.a | upcase | truncate: "x" }}`, `filter "truncate", argument 1: it is not a whole number`},
		{`{{ profile.a | truncate: 2.5 }}`, `filter "truncate", argument 1: it is not a whole number`},
		{`{{ profile.a | round: "x" }}`, `filter "round", argument 1: it is not a whole number`},
		{`{{ profile.a | plus: true }}`, `filter "plus", argument 1: it is not a number`},
		{`{{ profile.a | concat: "b" }}`, `filter "concat", argument 1: it is not a list`},
		{`{{ profile.a | divided_by: 0 }}`, `filter "divided_by", argument 1: division by zero`},
		{`{{ profile.a | modulo: 0.0 }}`, `filter "modulo", argument 1: division by zero`},
		{`{{ profile.a | date: "%d", "Asia/Shangai" }}`, `filter "date", argument 2: it is not the name of a time zone`},
		{`{{ profile.a | date: "%d", "Local" }}`, `filter "date", argument 2: it is not the name of a time zone`},
		{`{{ profile.a | date: "%999d" }}`, `filter "date", argument 1: the format of a date is too long or too wide`},
		{`{{ profile.a | money: "euro" }}`, `filter "money", argument 1: is not an ISO 4217 code`},
		{`{{ profile.a | money: 5 }}`, `filter "money", argument 1: is not an ISO 4217 code`},
		{`{{ "abc" | plus: 1 }}`, `filter "plus" cannot be applied to "abc": it is not a number`},
		{`{{ "tomorrow" | date: "%d" }}`, `filter "date" cannot be applied to "tomorrow": it is not a time`},
		{`{{ "a" | join: "," }}`, `filter "join" cannot be applied to "a": it is not a list`},
		{`{{ profile.a | append: (profile.b | upcase: 1) }}`, `filter "upcase" takes no argument, not 1`},
	} {
		if _, err := compile(c.source, plain, true); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.source, err, c.want)
		}
	}
	for _, source := range []string{
		`{{ profile.a | plus: profile.b[0].c | times: -1.5 }}`, `{{ profile.a | truncate: "5", "" }}`, `{{ "1.5" | plus: "2" }}`, `{{ "a|b:c,d" | split: "|" | join: ", " }}`,
		`{{ profile["a"] | plus: 1 }}`, `{{ "2026-11-21" | date: "%d", "Asia/Shanghai" }}`, `{{ "now" | date: "%Y" }}`, `{{ 5 | append: 3 }}`, `{{ profile.a | replace: "|", ":" }}`,
		`{% for b in profile.a | reverse limit: 2 offset: 1 %}{% endfor %}`, `{% if profile.a == "x" or profile.b contains "y" %}{% endif %}`,
		`{% for b in profile.a | sort: "price" reversed %}{% endfor %}`, `{% assign b = "a,b" | split: "," | concat: profile.tags %}`,
		`{{ profile.a-b | plus: 1 }}`, `{% if profile.a and profile.b | size %}{% endif %}`, `{{ profile.a | append: ("x" | upcase) | upcase }}`,
	} {
		if _, err := compile(source, plain, true); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestWhatIsSavedRenders calls each filter as its parameters say, and sees none fail for the number of its arguments.
func TestWhatIsSavedRenders(t *testing.T) {
	for name := range filterTable {
		rendered := false
		for most := range 4 {
			source := "{{ profile.value | " + name
			for i := range most {
				source += map[bool]string{true: ": ", false: ", "}[i == 0] + "profile.other"
			}
			p, err := compile(source+" }}", plain, true)
			if err != nil {
				continue
			}
			for _, value := range []any{"7", int64(7), []any{"7"}, "2026-11-21"} {
				for _, other := range []any{"2", int64(2), "UTC", "CNY", []any{"2"}} {
					_, err := p.render(Variables{Traits: map[string]any{"value": value, "other": other}}.bindings(nil))
					rendered = rendered || err == nil
				}
			}
		}
		if !rendered {
			t.Errorf("%s never renders", name)
		}
	}
}

// TestStoredTemplatesAreSent compiles templates that were saved before ids and calls of filters were checked. Where the call is not reached they
// are sent as ever; where it is, that one sending fails.
func TestStoredTemplatesAreSent(t *testing.T) {
	stored := template.Definition{ID: "hello you", Channel: delivery.Email, Locales: map[string]template.Content{
		template.DefaultLocale: {Subject: "Hello", Text: `{% if profile.vip %}{{ profile.name | upcase: 1 }}{% else %}{{ profile.name }}{% endif %}`},
		"zh":                   {Subject: "{{ profile.name | truncate: 'x' }}", Text: "你好"},
	}}
	body, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Parse(body); err == nil {
		t.Error("it can be saved anew")
	}
	compiled, err := Compile(stored)
	if err != nil {
		t.Fatal(err)
	}
	m, err := compiled.Render("de", Variables{Traits: map[string]any{"name": "Mei"}})
	if err != nil || m.Subject != "Hello" || m.Text != "Mei" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := compiled.Render("de", Variables{Traits: map[string]any{"name": "Mei", "vip": true}}); !errors.Is(err, ErrRender) {
		t.Errorf("where the call is reached: %v", err)
	}
}

// TestNearlyNothingCostsNothing: what somebody typed may be a number that takes a second to write out. It is nothing, at once.
func TestNearlyNothingCostsNothing(t *testing.T) {
	for _, text := range []string{"1e-400", "-1e-99999", "9.5e-999999", "0e999999", "0x1p-999999"} {
		x, err := decimal(text)
		if err != nil || x.Sign() != 0 || x.Denom().BitLen() > 1 {
			t.Errorf("%s is %d bits by %d, %v", text, x.Num().BitLen(), x.Denom().BitLen(), err)
		}
	}
}

// TestARangeThatSomebodyTyped: its end may be any number, and is written out by no filter where that would take more than there is.
func TestARangeThatSomebodyTyped(t *testing.T) {
	v := Variables{Traits: map[string]any{"few": int64(3), "most": int64(maxFilterList), "more": int64(maxFilterList + 1), "many": int64(4_000_000_000), "end": int64(math.MaxInt64)}}
	for source, want := range map[string]string{
		`{{ (1..profile.few) | join: "," }}`:                  "1,2,3",
		`{{ (1..profile.few) | reverse | first }}`:            "3",
		`{{ (5..profile.few) | last }}`:                       "",
		`{{ (1..profile.most) | last }}`:                      "2000",
		`{{ (1..profile.more) | last }}`:                      "-",
		`{{ (1..profile.more) | reverse }}`:                   "-",
		`{{ (1..profile.end) | join }}`:                       "-",
		`{{ (0..profile.end) | first }}`:                      "", // as a loop sees it
		`{{ (1..profile.few) | concat: (1..profile.more) }}`:  "-",
		`{% for i in (1..profile.few) %}{{ i }}{% endfor %}`:  "123",
		`{% for i in (1..profile.many) %}{{ i }}{% endfor %}`: "-",
	} {
		p, err := compile(source, plain, true)
		if err != nil {
			t.Fatal(source, err)
		}
		got, err := p.render(v.bindings(nil))
		if err != nil {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
}
