package mask

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		name string
		rule Rule
		want map[string]string
	}{
		{"Email", Email, map[string]string{
			"ann@example.com": "a***@example.com", "a@example.com": "***@example.com", "李四@例子.com": Whole, "李四@example.com": "李***@example.com", "ann.lee+shop@mail.example.co.uk": "a***@mail.example.co.uk",
			"": "", "ann": Whole, "ann@": Whole, "@example.com": Whole, "ann@localhost": Whole, "ann@a@example.com": Whole, `"ann lee"@example.com`: Whole, "Ann <ann@example.com>": Whole, "ann@example.com ": Whole,
		}},
		{"Phone", Phone, map[string]string{
			"13812341234": "138****1234", "+86 138 1234 1234": "138****1234", "００８６１３８１２３４１２３４": "138****1234", "+1 (650) 253-0000": "165****0000", "010-8888-9999": "010****9999",
			"12345678": "****5678", "123456789": "1****6789", "1234567": Whole, "110": Whole, "": "", "123456789012345": "123****2345", "1234567890123456": Whole, "110101199003071234": Whole,
			"tel 13812341234": Whole, "13812341234x": Whole, "ann": Whole,
		}},
		{"Name", Name, map[string]string{"Mei": "M***", "梅丽": "梅***", "Ann Lee": "A***", "梅": Whole, "M": Whole, "M ": Whole, "": "", "\xff": Whole, "\xffMei": Whole}},
		{"Identifier", Identifier, map[string]string{"ann@example.com": "a***@example.com", "13812341234": "138****1234", "u-1": Whole, "": "", "7": Whole, "6f2c1b7e-0000-4000-8000-000000000001": Whole}},
		{"Word", Word, map[string]string{
			"Order Completed": "Order Completed", "plan": "plan", "utm_source": "utm_source", "$set": "$set", "address1": "address1", "会员等级": "会员等级", "Cart 2026": "Cart 2026", "": "",
			"ann@example.com": Whole, "13812341234": Whole, "x13812": Whole, "x 1-3-8-1-2": Whole, "tel１３８００１３８０００": Whole, "call_138_0013_8000": Whole, "x1--3  8_:_0/./0": Whole, "1st": Whole, strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): Whole, "a\nb": Whole, "a?b": Whole,
		}},
		{"OneOf", OneOf("bounce", "complaint"), map[string]string{"bounce": "bounce", "complaint": "complaint", "Bounce": Whole, "bounces": Whole, "": ""}},
		{"Goods", Goods, map[string]string{
			"明前龙井 250g（礼盒）": "明前龙井 250g（礼盒）", "SKU-1000123": "SKU-1000123", "": "", "给 13812341234 的贺卡": Whole, "ann@example.com": Whole, "x １３８１２３４１": Whole, "1 2 3 4 5 6 7": "1 2 3 4 5 6 7", "1 2 3 4 5 6 7 8": Whole,
			"a\nb": Whole, "\xff": Whole, strings.Repeat("a", 300): strings.Repeat("a", 300), strings.Repeat("a", 301): Whole,
		}},
		{"City", City, map[string]string{
			"上海": "上海", "巴音郭楞蒙古自治州": "巴音郭楞蒙古自治州", "San José": "San José", "Xi'an": "Xi'an", "": "", "上海市世纪大道100": Whole, "建国路甲一号": Whole, "a@b": Whole, "110101": Whole, "浦东新区某某小区东门旁边那家": Whole,
			"Llanfairpwllgwyngyllgogeryc": Whole, "a\nb": Whole, "\xff": Whole,
		}},
		{"Hidden", Hidden, map[string]string{"": "", "x": Whole, " ": Whole}},
	} {
		for text, want := range c.want {
			if got := c.rule(text); got != want {
				t.Errorf("%s of %q is %q, want %q", c.name, text, got, want)
			}
		}
	}
}

func TestRules(t *testing.T) {
	rules := Rules{
		"id": Shown, "orders": Shown, "ids.*.kind": Shown, "ids.*.value": Identifier, "traits.*": Hidden, "traits.email": Email, "words.*": Word, "flat": Word,
	}
	for _, c := range []struct{ document, want string }{
		{`{"id":"p1","orders":{"count":2,"revenue":[{"amount":12345678901234567890}]}}`, `{"id":"p1","orders":{"count":2,"revenue":[{"amount":12345678901234567890}]}}`},
		{`{"ids":[{"kind":"userId","value":"ann@example.com","note":"new"},{"kind":"email","value":7}]}`, `{"ids":[{"kind":"userId","value":"a***@example.com","note":"***"},{"kind":"email","value":"***"}]}`},
		{`{"traits":{"email":"ann@example.com","plan":"tea","age":34,"vip":true,"none":null,"no":"","deep":{"ann":1},"list":["a",{"b":"c"},[]],"empty":{}}}`,
			`{"traits":{"email":"a***@example.com","plan":"***","age":"***","vip":"***","none":null,"no":"","deep":"***","list":["***","***",[]],"empty":{}}}`},
		{`{"traits":{"ann@example.com":1,"email":{"ann":1},"13812341234":2}}`, `{"traits":{"***":"***","email":"***"}}`},
		{`{"words":["Order Completed","ann@example.com"],"flat":["Order Completed",1],"new":"x","newer":{"a":"b"},"ann@example.com":1}`,
			`{"words":["Order Completed","***"],"flat":["Order Completed","***"],"new":"***","newer":"***","***":"***"}`},
		{`"text"`, `"***"`}, {`5`, `"***"`}, {`null`, `null`}, {`[{"id":"p1"}]`, `["***"]`}, {`{}`, `{}`},
		{`{"id":{"anything":"below"}}`, `{"id":{"anything":"below"}}`}, {`{"ids":"not a list"}`, `{"ids":"***"}`}, {`{"ids":{"0":{"kind":"userId"}}}`, `{"ids":{"***":{"kind":"userId"}}}`},
	} {
		got, err := rules.Mask(json.RawMessage(c.document))
		if err != nil {
			t.Fatal(c.document, err)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(text, &a) != nil || json.Unmarshal([]byte(c.want), &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s is shown as %s, want %s", c.document, text, c.want)
		}
		if strings.Contains(c.document, "12345678901234567890") && !strings.Contains(string(text), "12345678901234567890") {
			t.Errorf("a number is shown as another: %s", text)
		}
	}
	if got, err := rules.Mask(json.RawMessage(`{"id":`)); err == nil || got != nil {
		t.Errorf("half a document is shown as %v, %v", got, err)
	}
}

// FuzzTexts holds every rule of a text to hiding: what it shows is no more than the beginning and the end of a long number, the domain of an address, the first letter of a name, or
// a word without digits.
func FuzzTexts(f *testing.F) {
	for _, text := range []string{"ann@example.com", "+86 138 1234 1234", "梅丽", "Order Completed", "u-1", "\xff\xfe", "a@b.c@d", "１３８１２３４１２３４"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, rule := range map[string]Rule{"Email": Email, "Phone": Phone, "Name": Name, "Identifier": Identifier} {
			shown := rule(text)
			if (shown == "") != (text == "") {
				t.Errorf("%s of %q is %q", name, text, shown)
			}
			if text != "" && !strings.Contains(shown, "***") {
				t.Errorf("%s of %q is %q, with nothing hidden", name, text, shown)
			}
			local, domain, is := strings.Cut(shown, Whole+"@")
			if is && (len([]rune(local)) > 1 || !strings.HasSuffix(text, "@"+domain) || len([]rune(strings.TrimSuffix(text, "@"+domain))) <= len([]rune(local))) {
				t.Errorf("%s of %q is %q", name, text, shown)
			}
			if !is && len([]rune(shown)) > 11 {
				t.Errorf("%s of %q is %q, which is long", name, text, shown)
			}
		}
		if shown := Word(text); shown != text && shown != Whole || shown == text && strings.Contains(text, "@") {
			t.Errorf("the word %q is shown as %q", text, shown)
		}
	})
}
