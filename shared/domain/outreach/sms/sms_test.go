package sms

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestParts has both sides of every border, counted by hand.
func TestParts(t *testing.T) {
	for name, c := range map[string]struct {
		text             string
		mainland, abroad int
	}{
		"nothing":          {"", 0, 0},
		"one letter":       {"a", 1, 1},
		"70 letters":       {strings.Repeat("a", 70), 1, 1},
		"71 letters":       {strings.Repeat("a", 71), 2, 1},
		"134 letters":      {strings.Repeat("a", 134), 2, 1},
		"135 letters":      {strings.Repeat("a", 135), 3, 1},
		"160 letters":      {strings.Repeat("a", 160), 3, 1},
		"161 letters":      {strings.Repeat("a", 161), 3, 2},
		"306 letters":      {strings.Repeat("a", 306), 5, 2},
		"307 letters":      {strings.Repeat("a", 307), 5, 3},
		"80 euros":         {strings.Repeat("€", 80), 2, 1},
		"81 euros":         {strings.Repeat("€", 81), 2, 2},
		"70 characters":    {strings.Repeat("字", 70), 1, 1},
		"71 characters":    {strings.Repeat("字", 71), 2, 2},
		"35 pictures":      {strings.Repeat("🍵", 35), 1, 1}, // each is two units
		"36 pictures":      {strings.Repeat("🍵", 36), 2, 2},
		"one sign between": {strings.Repeat("a", 100) + "字", 2, 2},
	} {
		if a, b := Parts(c.text, true), Parts(c.text, false); a != c.mainland || b != c.abroad {
			t.Errorf("%s are %d parts in mainland China and %d elsewhere, want %d and %d", name, a, b, c.mainland, c.abroad)
		}
	}
}

func TestOptsOut(t *testing.T) {
	for text, want := range map[string]bool{
		"上新了，拒收请回复R": true, "上新了 退订回T": true, "上新了，退订回复TD": true, "上新了，回T退订": true, "上新了，回复 td 退订": true, "拒收请回复r。": true,
		"New tea. Reply STOP to unsubscribe": true, "New tea. STOP to end": true, "Text STOP please": true,
		"上新了": false, "您的订单已退订": false, "请回复": false, "拒收": false, "Don't stop the music": false, "": false,
	} {
		if OptsOut(text) != want {
			t.Errorf("%q says how to want no more: %v, want %v", text, !want, want)
		}
	}
}

func TestFilled(t *testing.T) {
	m := Message{Params: map[string]string{"name": "${code}", "code": "1234"}, Sign: "茶铺"}
	if got, want := Filled("${name}，验证码${code}，${code}", m), "【茶铺】${code}，验证码1234，1234"; got != want {
		t.Errorf("it reads %q, want %q", got, want)
	}
	if got := Filled("$name {code}", Message{}); got != "$name {code}" {
		t.Errorf("it reads %q", got)
	}
	if got := fmt.Sprint(Places("${b}${a}${b}${}")); got != "[b a ]" {
		t.Errorf("the places are %s", got)
	}
}

func TestFaults(t *testing.T) {
	const good = `{"template":"SMS_1","params":{"name":"{{ profile.name }}"}}`
	for name, c := range map[string]struct{ text, payload, want string }{
		"good":                {"你好${name}，拒收请回复R", good, ""},
		"without values":      {"你好", `{"template":"SMS_1"}`, ""},
		"a sign of its own":   {"你好", `{"template":"SMS_1","sign":"茶铺"}`, ""},
		"no text":             {"", good, ""}, // told elsewhere
		"no object":           {"你好", `"{\"template\":\"SMS_1\"}"`, "payload must be an object with template and params"},
		"another code":        {"你好", `{"template":"welcome"}`, "payload.template must be the code of an approved text, such as SMS_154950909"},
		"no code":             {"你好", `{}`, "payload.template must be the code"},
		"a value that lacks":  {"你好${name}，${code}", good, "payload.params has no code, which the text has a place for"},
		"a value too many":    {"你好", good, "payload.params.name has no place in the text: ${name}"},
		"an empty value":      {"你好${name}", `{"template":"SMS_1","params":{"name":""}}`, "payload.params.name is empty, which providers refuse"},
		"a number":            {"你好${name}", `{"template":"SMS_1","params":{"name":1}}`, "payload.params.name is a JSON number"},
		"a member too many":   {"你好", `{"template":"SMS_1","code":1}`, "payload.code is not known here"},
		"Liquid in the text":  {"你好{{ profile.name }}", `{"template":"SMS_1"}`, "text must be the text as the provider has approved it"},
		"the sender's name":   {"【茶铺】你好", `{"template":"SMS_1"}`, "text must not name the sender"},
		"brackets in a sign":  {"你好", `{"template":"SMS_1","sign":"【茶铺】"}`, "payload.sign must be at most 24 characters"},
		"a long sign":         {"你好", `{"template":"SMS_1","sign":"` + strings.Repeat("茶", 25) + `"}`, "payload.sign must be at most 24 characters"},
		"a sign that fits":    {"你好", `{"template":"SMS_1","sign":"` + strings.Repeat("茶", 24) + `"}`, ""},
		"500 characters":      {strings.Repeat("字", 500), `{"template":"SMS_1"}`, ""},
		"501 characters":      {strings.Repeat("字", 501), `{"template":"SMS_1"}`, "text must be at most 500 characters"},
		"a place of no name":  {"你好${}", `{"template":"SMS_1","params":{"":"x"}}`, "text has a place ${} that no value can have the name of"},
		"a place with blanks": {"你好${a b}", `{"template":"SMS_1","params":{"a b":"x"}}`, "text has a place ${a b}"},
	} {
		got := Faults(c.text, json.RawMessage(c.payload))
		if len(got) > 1 || len(got) == 1 != (c.want != "") || c.want != "" && !strings.HasPrefix(got[0].Field+" "+got[0].Reason, c.want) {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}
