package liquid

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault"
)

var sample = Variables{
	UserID: "u1",
	Traits: map[string]any{"name": "Zhang <San>", "vip": true, "points": int64(12345678), "rate": 0.5, "userId": "a trait"},
	Tags:   []string{"new", "big"},
	Locale: "zh-CN",
	Event: &Event{Name: "Order Completed", Timestamp: time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC), Properties: json.RawMessage(
		`{"total":1234567.5,"count":3,"big":12345678901,"products":[{"name":"Tea","price":30},{"name":"Cup & \"Saucer\"","price":12.5}],"note":"a\"b\\c"}`)},
	CampaignID: "c1", CampaignName: "Autumn", ShopName: "Shop", UnsubscribeURL: "https://x.example/u?a=1&b=2",
}

func renderAs(t *testing.T, source string, m mode, v Variables) (string, error) {
	t.Helper()
	p, err := compile(source, m, true)
	if err != nil {
		t.Fatalf("compiling %s: %v", source, err)
	}
	return p.render(v.bindings(nil))
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"text", "hello", "hello"},
		{"trait", "{{ profile.name }}", "Zhang <San>"},
		{"trait by traits", "{{profile.traits.name}}", "Zhang <San>"},
		{"own fields come before traits", "{{ profile.userId }} {{ profile.traits.userId }}", "u1 a trait"},
		{"missing trait", "[{{ profile.nothing }}]", "[]"},
		{"default", `{{ profile.nothing | default: "friend" }}`, "friend"},
		{"default not needed", `{{ profile.vip | default: "no" }}`, "true"},
		{"missing deep down", "[{{ event.properties.a.b.c }}]", "[]"},
		{"numbers without exponents", "{{ profile.points }} {{ event.properties.total }} {{ event.properties.big }} {{ profile.rate }}", "12345678 1234567.5 12345678901 0.5"},
		{"index", "{{ event.properties.products[1].price }} {{ event.properties.products[0]['name'] }}", "12.5 Tea"},
		{"chain", `{{ profile.name | upcase | replace: "SAN", "SI" | append: "!" }}`, "ZHANG <SI>!"},
		{"if", `{% if profile.vip %}yes{% else %}no{% endif %}`, "yes"},
		{"elsif", `{% if profile.points < 5 %}a{% elsif profile.points > 6 and profile.vip %}b{% else %}c{% endif %}`, "b"},
		{"unless", `{% unless profile.gone %}here{% endunless %}`, "here"},
		{"unless, else", `{% unless profile.vip %}a{% else %}b{% endunless %}`, "b"},
		{"case", `{% case profile.locale %}{% when "en" %}en{% when "zh-CN", "zh" %}zh{% else %}other{% endcase %}`, "zh"},
		{"case else", `{% case profile.points %}{% when 1 %}one{% else %}many{% endcase %}`, "many"},
		{"for", `{% for p in event.properties.products %}{{ forloop.index }}:{{ p.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}`, `1:Tea, 2:Cup & "Saucer"`},
		{"for, limit and offset", `{% for i in (1..9) limit: 3 offset: 2 %}{{ i }}{% endfor %}`, "345"},
		{"for, reversed", `{% for i in (1..3) reversed %}{{ i }}{% endfor %}`, "321"},
		{"for, offset beyond", `{% for i in (1..3) offset: 9 %}{{ i }}{% else %}none{% endfor %}`, "none"},
		{"for, empty", `{% for p in event.properties.nothing %}x{% else %}none{% endfor %}`, "none"},
		{"for, break and continue", `{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}`, "13"},
		{"for over an object", `{% for pair in event.properties.products[0] %}{{ pair[0] }}={{ pair[1] }};{% endfor %}`, "name=Tea;price=30;"},
		{"nested for", `{% for i in (1..2) %}{% for j in (1..2) %}{{ i }}{{ j }}{{ forloop.rindex }} {% endfor %}{{ forloop.index }}|{% endfor %}`, "112 121 1|212 221 2|"},
		{"assign", `{% assign total = event.properties.count | times: 2 | plus: 1 %}{{ total }}`, "7"},
		{"sum in a loop", `{% assign sum = 0 %}{% for p in event.properties.products %}{% assign sum = sum | plus: p.price %}{% endfor %}{{ sum }}`, "42.5"},
		{"capture", `{% capture who %}{{ profile.name }}!{% endcapture %}{{ who }}{{ who | size }}`, "Zhang <San>!12"},
		{"comment", `a{% comment %}{{ unknown }}{% endcomment %}b`, "ab"},
		{"raw", `{% raw %}{{ x }}{% endraw %}`, "{{ x }}"},
		{"trim", "a \n {{- 1 -}} \n b", "a1b"},
		{"trim in a block", "a {%- if true -%} b {%- endif -%} c", "abc"},
		{"date", `{{ event.timestamp | date: "%d.%m.%Y" }}`, "21.11.2026"},
		{"date of a text", `{{ "2026-11-21" | date: "%Y/%m" }}`, "2026/11"},
		{"date of nothing", `[{{ profile.birthday | date: "%Y" }}]`, "[]"},
		{"money", `{{ 12345 | money: "CNY" }} {{ 12345 | money: "JPY" }}`, "123.45 12345"},
		{"divided whole", `{{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }}`, "3 3.5"},
		{"round", `{{ 1.255 | round: 1 }} {{ 2.5 | round }}`, "1.3 3"},
		{"sort and map", `{{ event.properties.products | sort: "price" | map: "price" | join: "," }}`, "12.5,30"},
		{"split and join", `{{ "a,b,a" | split: "," | uniq | reverse | join }}`, "b a"},
		{"slice", `{{ "你好世界" | slice: 1, 2 }}{{ "abc" | slice: -1 }}{{ "abc" | slice: 9 }}`, "好世c"},
		{"truncate", `{{ "你好世界吗" | truncate: 4, "…" }}{{ "ab" | truncate: 4 }}`, "你好世…ab"},
		{"capitalize", `{{ "élan" | capitalize }}`, "Élan"},
		{"tags", `{{ profile.tags | join: "+" }}{% if profile.tags contains "new" %} new{% endif %}`, "new+big new"},
		{"names around", `{{ campaign.name }} {{ campaign.id }} {{ shop.name }} {{ event.name }}`, "Autumn c1 Shop Order Completed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := renderAs(t, c.source, plain, sample)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestEscaping(t *testing.T) {
	for _, c := range []struct {
		name, source string
		mode         mode
		want         string
	}{
		{"html", `<b title="{{ profile.name }}">{{ profile.name }}</b>`, markup, `<b title="Zhang &lt;San&gt;">Zhang &lt;San&gt;</b>`},
		{"html link", `<a href="{{ unsubscribeUrl }}">`, markup, `<a href="https://x.example/u?a=1&amp;b=2">`},
		{"html, captured once", `{% capture x %}<i>{{ profile.name }}</i>{% endcapture %}{{ x }}`, markup, `<i>Zhang &lt;San&gt;</i>`},
		{"html, captured and changed", `{% capture x %}<i>{% endcapture %}{{ x | upcase }}`, markup, `&lt;I&gt;`},
		{"html, assigned", `{% assign x = profile.name %}{{ x }}`, markup, `Zhang &lt;San&gt;`},
		{"html, escaped by hand", `{{ profile.name | escape }}`, markup, `Zhang &lt;San&gt;`},
		{"html, json is text", `{{ profile.name | json }}`, markup, `&#34;Zhang &lt;San&gt;&#34;`},
		{"text", `{{ profile.name }}`, plain, `Zhang <San>`},
		{"payload", `{"note":"{{ event.properties.note }}"}`, object, `{"note":"a\"b\\c"}`},
		{"payload, json", `{"note":{{ event.properties.note | json }},"n":{{ event.properties.count }}}`, object, `{"note":"a\"b\\c","n":3}`},
		{"payload, html-escaped still fits", `{"note":"{{ event.properties.note | escape }}"}`, object, `{"note":"a&#34;b\\c"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := renderAs(t, c.source, c.mode, sample)
			if err != nil || got != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestCompileFaults(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"unknown root", "a\n{{ profil.name }}", `line 2: unknown variable "profil"`},
		{"unknown root in a filter", `{{ profile.name | default: nam }}`, `line 1: unknown variable "nam"`},
		{"unknown root in a branch not taken", `{% if false %}{{ x }}{% endif %}`, `line 1: unknown variable "x"`},
		{"unknown root in if", `{% if x > 1 %}{% endif %}`, `line 1: unknown variable "x"`},
		{"unknown root in elsif", "{% if true %}\n{% elsif x %}{% endif %}", `line 2: unknown variable "x"`},
		{"unknown root in when", `{% case profile.a %}{% when x %}{% endcase %}`, `line 1: unknown variable "x"`},
		{"unknown root in for", `{% for a in x %}{% endfor %}`, `line 1: unknown variable "x"`},
		{"unknown root in a limit", `{% for a in profile.tags limit: x %}{% endfor %}`, `line 1: unknown variable "x"`},
		{"unknown root in brackets", `{{ profile.traits[x] }}`, `line 1: unknown variable "x"`},
		{"unknown field of event", `{{ event.total }}`, `line 1: unknown variable "event.total"`},
		{"unknown field of shop", `{{ shop.nam }}`, `line 1: unknown variable "shop.nam"`},
		{"unknown filter", `{{ profile.name | upcas }}`, `line 1: unknown filter "upcas"`},
		{"unknown filter with arguments", `{{ profile.name | upcas: 1 }}`, `line 1: unknown filter "upcas"`},
		{"unknown filter in assign", `{% assign a = 1 | pluss: 2 %}`, `line 1: unknown filter "pluss"`},
		{"unknown tag", `{% include "x" %}`, `line 1: unknown tag "include"`},
		{"variable before it is assigned", "{{ a }}{% assign a = 1 %}", `line 1: unknown variable "a"`},
		{"loop variable after its loop", "{% for a in (1..2) %}{% endfor %}{{ a }}", `line 1: unknown variable "a"`},
		{"forloop outside", "{{ forloop.index }}", `line 1: unknown variable "forloop"`},
		{"a root assigned", "{% assign profile = 1 %}", `line 1: "profile" is taken`},
		{"a block without its end", "{% if true %}", `unterminated`},
		{"a comment without its end", "a\n{% comment %} b", `line 2: "comment" is never ended`},
		{"an end without its block", "{% endif %}", `endif not inside`},
		{"never closed", "a\n\n{{ profile.name ", `line 3: {{ is never closed`},
		{"tag never closed", "{% if true ", `{% is never closed`},
		{"syntax", "{{ profile.name | }}", `syntax error`},
		{"syntax of if", "{% if profile.a > %}{% endif %}", `syntax error`},
		{"syntax of assign", "{% assign x %}", `assign is written`},
		{"syntax of for", "{% for x %}{% endfor %}", `for is written`},
		{"a lone quote", `{{ profile.name | default: "x }}`, `syntax error`},
		{"a lone quote in if", `{% if profile.name == "x %}{% endif %}`, `a quote is never closed`},
		{"a number out of range", "{{ 99999999999999999999 }}", `does not parse`},
		{"deep", strings.Repeat("{% if true %}", 21) + strings.Repeat("{% endif %}", 21), `nested deeper`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := compile(c.source, plain, true); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestRenderingIsBounded(t *testing.T) {
	big := Variables{Traits: map[string]any{"long": strings.Repeat("x&", 8000)}}
	for _, c := range []struct{ name, source string }{
		{"too many rounds", `{% for i in (1..1000000000) %}{% endfor %}`},
		{"too many rounds, nested", `{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}`},
		{"a list too long to split", `{% assign l = profile.long | append: profile.long | split: "" %}{{ l | size }}`},
		{"too much output", `{% for i in (1..1000) %}{{ profile.long }}{% endfor %}`},
		{"a text that doubles", `{% assign s = profile.long %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}`},
		{"a list that doubles", `{% assign s = profile.tags %}{% assign s = "a,b" | split: "," %}{% for i in (1..60) %}{% assign s = s | concat: s %}{% endfor %}`},
		{"a capture that doubles", `{% assign s = profile.long %}{% for i in (1..60) %}{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}`},
		{"a text put between each character", `{{ profile.long | replace: "", profile.long }}`},
		{"a wide date", `{% assign wide = "%1000000000Y" %}{{ "2026-11-21" | date: wide }}`},
		{"captures without output", `{% for i in (1..9999) %}{% capture s %}{{ profile.long }}{% endcapture %}{% endfor %}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			got, err := renderAs(t, c.source, plain, big)
			if !errors.Is(err, ErrRender) {
				t.Errorf("%d bytes came out, %v", len(got), err)
			}
			if took := time.Since(began); took > 2*maxTime {
				t.Errorf("it took %v", took)
			}
		})
	}
	// The largest that is let through.
	if got, err := renderAs(t, `{% for i in (1..10000) %}x{% endfor %}`, plain, big); err != nil || len(got) != maxIterations {
		t.Errorf("%d rounds: %v", len(got), err)
	}
}

func TestRenderErrorsHoldNoValues(t *testing.T) {
	v := Variables{Traits: map[string]any{"name": "secret-value"}}
	for _, source := range []string{
		`{{ profile.name | times: 2 }}`, `{{ profile.name | round }}`, `{{ profile.name | date: "%Y" }}`, `{{ 1 | divided_by: profile.gone }}`, `{{ profile.name | money }}`, `{{ "2026-11-21" | date: "%d", profile.name }}`, `{{ 1 | money: profile.name }}`,
		`{{ "%zz" | append: profile.name | url_decode }}`, `{{ 1 | plus: 1 }}{% for i in (1..3) limit: profile.name %}{% endfor %}`,
	} {
		got, err := renderAs(t, source, plain, v)
		if !errors.Is(err, ErrRender) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q, %v", source, got, err)
		}
	}
}

func TestParseFaults(t *testing.T) {
	for _, c := range []struct{ name, body, fields string }{
		{"email", `{"id":"t","channel":"email","locales":{"default":{"subject":"s","text":"t"}}}`, ""},
		{"email of HTML only", `{"id":"t","channel":"email","locales":{"default":{"subject":"s","html":"<p>"}}}`, ""},
		{"unknown field", `{"id":"t","chanel":"email"}`, "chanel channel"},
		{"wrong type", `{"id":7}`, "id channel"},
		{"nothing", `{}`, "id channel"},
		{"no default", `{"id":"t","channel":"email","locales":{"zh":{"subject":"s","text":"t"}}}`, "locales"},
		{"no subject, no text", `{"id":"t","channel":"email","locales":{"default":{}}}`, "locales.default.subject locales.default.text"},
		{"payload in an email", `{"id":"t","channel":"email","locales":{"default":{"subject":"s","text":"t","payload":"{}"}}}`, "locales.default.payload"},
		{"fault in one locale", `{"id":"t","channel":"email","locales":{"default":{"subject":"s","text":"t"},"zh":{"subject":"{{ x }}","text":"{{ y }}"}}}`,
			"locales.zh.subject locales.zh.text"},
		{"social", `{"id":"t","channel":"social","locales":{"default":{"payload":{"text":"Hi {{ profile.name }}"}}}}`, ""},
		{"social without a payload", `{"id":"t","channel":"social","locales":{"default":{"text":"t"}}}`, "locales.default.text locales.default.payload"},
		{"long subject", `{"id":"t","channel":"email","locales":{"default":{"subject":"` + strings.Repeat("x", 1025) + `","text":"t"}}}`, "locales.default.subject"},
		{"longest subject", `{"id":"t","channel":"email","locales":{"default":{"subject":"` + strings.Repeat("x", 1024) + `","text":"t"}}}`, ""},
		{"long text", `{"id":"t","channel":"email","locales":{"default":{"subject":"s","text":"` + strings.Repeat("x", 64<<10+1) + `"}}}`, "locales.default.text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Parse([]byte(c.body))
			var faults fault.Faults
			errors.As(err, &faults)
			var fields []string
			for _, f := range faults {
				if f.Field == "" {
					f.Field = "-"
				}
				fields = append(fields, f.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("faults in %q, want %q: %v", got, c.fields, err)
			}
		})
	}
}

func TestRenderPicksTheLocale(t *testing.T) {
	_, tmpl, err := Parse([]byte(`{"id":"t","channel":"email","locales":{"default":{"subject":"d","text":"{{ profile.name }}","html":"<p>{{ profile.name }}"},
		"zh":{"subject":"zh","text":"t"},"zh-TW":{"subject":"tw","text":"t"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{"": "d", "en-US": "d", "zh": "zh", "zh-CN": "zh", "zh_TW": "tw", "ZH-tw": "tw", "zh-TW-x": "tw", "-": "d"} {
		m, err := tmpl.Render(locale, sample)
		if err != nil || m.Subject != want {
			t.Errorf("%q: %q, %v; want %q", locale, m.Subject, err, want)
		}
	}
	m, err := tmpl.Render("", sample)
	if err != nil || m.Text != "Zhang <San>" || m.HTML != "<p>Zhang &lt;San&gt;" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestSubjectIsOneLine(t *testing.T) {
	_, tmpl, err := Parse([]byte(`{"id":"t","channel":"email","locales":{"default":{"subject":"Hi {{ profile.name }}","text":"t"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := tmpl.Render("", Variables{Traits: map[string]any{"name": "a\r\nBcc: b@example.com\n\tc"}})
	if err != nil || m.Subject != "Hi a Bcc: b@example.com c" {
		t.Errorf("got %q, %v", m.Subject, err)
	}
	m, _ = tmpl.Render("", Variables{Traits: map[string]any{"name": strings.Repeat("界", 1000)}})
	if n := len(m.Subject); n > maxLine || n < maxLine-3 || !strings.HasSuffix(m.Subject, "界") {
		t.Errorf("a subject of %d bytes that ends in %q", n, m.Subject[n-4:])
	}
}

func TestPayload(t *testing.T) {
	for _, c := range []struct {
		name, payload, want string
		ok                  bool
	}{
		{"as JSON", `{"text":"Hi {{ profile.name }}"}`, `{"text":"Hi Zhang <San>"}`, true},
		{"as a text", `"{\"n\":{{ event.properties.count }}}"`, `{"n":3}`, true},
		{"not JSON for this person", `"{\"n\":{{ event.properties.none }}}"`, ``, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, tmpl, err := Parse(fmt.Appendf(nil, `{"id":"t","channel":"social","locales":{"default":{"payload":%s}}}`, c.payload))
			if err != nil {
				t.Fatal(err)
			}
			m, err := tmpl.Render("", sample)
			if (err == nil) != c.ok || string(m.Payload) != c.want {
				t.Errorf("got %s, %v; want %s", m.Payload, err, c.want)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"{{ profile.a | default: 'x' }}", "{% for i in (1..3) %}{{ i }}{% endfor %}", "{% if a", "{{ '", "{% case profile.a %}{% when 1 %}{% endcase %}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, m := range []mode{plain, markup, object} {
			p, err := compile(source, m, true)
			if err != nil {
				continue
			}
			if _, err := p.render(sample.bindings(nil)); err != nil && !errors.Is(err, ErrRender) {
				t.Errorf("%v", err)
			}
		}
	})
}
