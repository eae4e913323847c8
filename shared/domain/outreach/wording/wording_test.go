package wording

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/outreach/template"
)

// TestDoubts reads messages as operators write them.
func TestDoubts(t *testing.T) {
	const degree, terms = "the Advertising Law of China (article 9) forbids words of the highest degree about goods and services", "speaks of a promotion, and nothing of the message says until when it lasts or under which terms"
	for name, c := range map[string]struct {
		content template.Content
		want    string
	}{
		"plain":                         {template.Content{Subject: "{{ profile.name | default: \"朋友\" }}，欢迎", Text: "第一次见面，很高兴。退订：{{ unsubscribeUrl }}"}, ""},
		"a word of the highest degree":  {template.Content{Subject: "全国第一的茶", Text: "茶"}, `subject says "全国第一": ` + degree},
		"in broad letters":              {template.Content{Text: "ＮＯ．１ 好茶"}, `text says "no.1": ` + degree},
		"that says something else":      {template.Content{Text: "最佳食用期见包装"}, ""},
		"both":                          {template.Content{Text: "最佳食用期，最佳口味"}, `text says "最佳": ` + degree},
		"in the code":                   {template.Content{Text: "{% if profile.class == \"顶级\" %}您好{% endif %}{{ profile.最佳 }}"}, ""},
		"in a style":                    {template.Content{HTML: "<style>.顶级{color:red}</style><p class=\"最佳\">您好</p><!-- 极品 -->"}, ""},
		"across a tag":                  {template.Content{HTML: "<p>顶<b>级</b>好茶</p>"}, ""}, // nobody puts the parts of a word so, and a join would find words that are none
		"as a sign of HTML":             {template.Content{HTML: "<p>&#39030;级</p>"}, `html says "顶级": ` + degree},
		"a cure":                        {template.Content{Text: "此茶降血压"}, `text says "降血压": the Advertising Law of China (articles 17 and 18) lets medicine alone speak of curing or preventing an illness`},
		"a price before":                {template.Content{Text: "原价 99 元"}, `text says "原价": in China a price to compare with is the lowest one that was paid in the seven days before`},
		"a promotion":                   {template.Content{Subject: "八折券给您", Text: "快来"}, "subject " + terms},
		"so much off of so much":        {template.Content{Text: "满 200 减 30"}, "text " + terms},
		"its terms in another part":     {template.Content{Subject: "8折券给您", Text: "12月3日前可用"}, ""},
		"its end out of a trait":        {template.Content{Text: "您的优惠券到 {{ profile.until | date: \"%m/%d\" }}"}, ""},
		"its terms behind a link":       {template.Content{Text: "全场满减，规则见 https://shop.example/terms"}, ""},
		"for a limited time is no time": {template.Content{Text: "限时特价，快来"}, "text " + terms},
		"in English":                    {template.Content{Text: "20% OFF everything, today"}, "text " + terms},
		"in English with an end":        {template.Content{Text: "20% off, ends Sunday"}, ""},
		"sales are not a sale":          {template.Content{Text: "Talk to our sales team"}, ""},
		"a payload":                     {template.Content{Payload: json.RawMessage(`{"text":"史无前例的优惠"}`)}, `payload says "史无前例": ` + degree + "; payload " + terms},
	} {
		d := template.Definition{Locales: map[string]template.Content{"zh": c.content}}
		var got []string
		for _, one := range Doubts(d) {
			got = append(got, strings.TrimPrefix(one.Field, "locales.zh.")+" "+one.Reason)
		}
		if said := strings.Join(got, "; "); said != c.want {
			t.Errorf("%s: %q\nwant %q", name, said, c.want)
		}
	}
}

// TestTheList: each row names a law, is written as a text is read, stands once, and is found; what is excepted holds the word.
func TestTheList(t *testing.T) {
	seen, used := map[string]bool{}, map[string]bool{}
	for _, w := range words() {
		if laws[w.law] == "" || seen[w.text] || w.text != read(w.text, "text") || !w.in(fmt.Sprint("这款茶", w.text, "。")) {
			t.Errorf("%+v", w)
		}
		seen[w.text], used[w.law] = true, true
		for _, other := range w.except {
			if !strings.Contains(other, w.text) || w.in(other) {
				t.Errorf("%s is excepted from %s", other, w.text)
			}
		}
	}
	if len(used) != len(laws) || len(seen) < 60 {
		t.Errorf("%d laws of %d, %d words", len(used), len(laws), len(seen))
	}
}

// TestEveryLocale is looked at by itself.
func TestEveryLocale(t *testing.T) {
	d := template.Definition{Locales: map[string]template.Content{"default": {Text: "a coupon"}, "zh": {Text: "优惠券，限新客"}, "zh-TW": {Text: "顶级"}}}
	var got []string
	for _, one := range Doubts(d) {
		got = append(got, one.Field)
	}
	if want := "[locales.default.text locales.zh-TW.text]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
