package rawjson

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTheWalk holds it to encoding/json, on texts of every shape and with blanks everywhere; broken texts end it without a panic.
func TestTheWalk(t *testing.T) {
	texts := []string{
		`{}`, `{"a":1}`, "\t{ \"a\" :\r\n1 , \"b\" : [ 1 , {\"c\":\"]}\"} ] ,\n\"c\":null }", `{"a":"x\"y,}","b":-1.5e3}`, `{"\u0061":{"b":{"c":[[]]}},"d":true}`, `{"":""}`, `{"a\\":"\\"}`,
	}
	for _, text := range texts {
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(text, err)
		}
		got := map[string]json.RawMessage{}
		Members([]byte(text), func(name, value []byte) { got[string(name)] = slices.Clone(value) })
		for name := range want {
			if string(got[name]) != string(want[name]) {
				t.Errorf("%s: %s is %q, want %q", text, name, got[name], want[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d members, want %d", text, len(got), len(want))
		}
		for cut := range len(text) {
			Members([]byte(text[:cut]), func(_, _ []byte) {})
			Elements([]byte("["+text[:cut]), func(_ []byte) {})
		}
	}
	for text, want := range map[string]string{
		`[]`: "", ` [ 1 ,"a,]" ,{"b":[2]}, [3] ] `: `1|"a,]"|{"b":[2]}|[3]`, `{"a":1}`: "", `7`: "", ``: "", `"[1]"`: "", `[1`: "1", `[1 2]`: "1", `[true,false,null]`: "true|false|null", "[1\t,2\n,3\r]": "1|2|3",
	} {
		var got []string
		Elements([]byte(text), func(value []byte) { got = append(got, string(value)) })
		if strings.Join(got, "|") != want {
			t.Errorf("%s has %q, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{`{"a" 1}`: "", `[{"a":1}]`: "", `x`: "", ``: "", ` `: "", `{"a":1 "b":2}`: "a", `{"a":1;"b":2}`: "a", `{a:1}`: "", `{"a":1,}`: "a", `{"a":1,7:2}`: "a"} {
		var got []string
		Members([]byte(text), func(name, _ []byte) { got = append(got, string(name)) })
		if strings.Join(got, "|") != want {
			t.Errorf("%s has members %q, want %q", text, got, want)
		}
	}
}

// TestTheWalkEndsAtABreak: what comes before it is told.
func TestTheWalkEndsAtABreak(t *testing.T) {
	for raw, want := range map[string]string{`{"a":1 "b":2}`: "a=1 ", `["a":1]`: "", `{"a":1,"b":2}`: "a=1 b=2 ", `{"a\u0062":1}`: "ab=1 ", ` { "a" : 1 } `: "a=1 "} {
		got := ""
		Members([]byte(raw), func(name, value []byte) { got += string(name) + "=" + string(value) + " " })
		if got != want {
			t.Errorf("%s has %q, want %q", raw, got, want)
		}
	}
	for raw, want := range map[string]string{`[1 2]`: "1 ", `[]`: "", `[1,2]`: "1 2 ", `{"a":1}`: "", ` [ {"a":[1]} , "x" ] `: `{"a":[1]} "x" `} {
		got := ""
		Elements([]byte(raw), func(value []byte) { got += string(value) + " " })
		if got != want {
			t.Errorf("%s has %q, want %q", raw, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for raw, want := range map[string]string{`ab"`: "", `"ab`: "", `"`: "", `""`: "", `"a"`: "a", `"a\nb"`: "a\nb", `5`: "", `"a\"`: ""} {
		if got := Text([]byte(raw)); got != want {
			t.Errorf("%s is %q", raw, got)
		}
	}
	for text, want := range map[string]string{`"a"`: "a", `7`: "7", `-1`: "-1", `0`: "0", `9`: "9", `:`: "", `/`: "", `true`: "", ``: "", `"`: "", `"a`: "", `a"`: "", `"\"`: "", `"a\nb"`: "a\nb", `x"`: "", `"x`: ""} {
		if got := Plain([]byte(text)); got != want {
			t.Errorf("the text of %s is %q, want %q", text, got, want)
		}
	}
}

// TestOnlyWhatMustBeIsEscaped has every ASCII character, and others, alone and between plain ones.
func TestOnlyWhatMustBeIsEscaped(t *testing.T) {
	characters := []rune{0x80, 'é', '\u2028', '未', '\ufffd', '😀'}
	for c := range rune(0x80) {
		characters = append(characters, c)
	}
	for _, c := range characters {
		want := string(c)
		switch {
		case c == '"' || c == '\\':
			want = `\` + want
		case c < ' ':
			want = fmt.Sprintf(`\u%04x`, c)
		}
		for _, around := range []string{"", "a", "未"} {
			text := around + string(c) + around + string(c)
			if got := string(AppendText([]byte("x"), text)); got != `x"`+around+want+around+want+`"` {
				t.Errorf("%q is written as %s", text, got)
			}
		}
	}
}

// FuzzMembers walks any JSON object as encoding/json does, and nothing else.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{}`, ` { "a" : [1,{"b":"]}"}] , "c":"\"\\" ,"d":-1.5e3,"e":null}`, `{"a":"` + "\u4f60" + `","a":true}`, `[1,"x",{}]`, `{"a":`, `{"a":1`, `{"`, `{"a":"\`, `7`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !utf8.Valid(raw) {
			return // ingest refuses it
		}
		got := map[string]string{}
		Members(raw, func(name, value []byte) { got[string(name)] = string(value) })
		var list []string
		Elements(raw, func(value []byte) { list = append(list, string(value)) })
		var want map[string]json.RawMessage
		if json.Unmarshal(raw, &want) == nil {
			if len(got) != len(want) {
				t.Fatalf("%d members, want %d: %v", len(got), len(want), got)
			}
			for k, v := range want {
				if got[k] != string(v) {
					t.Errorf("%q is %q, want %q", k, got[k], v)
				}
				var s string
				if json.Unmarshal(v, &s) == nil && Text([]byte(got[k])) != s {
					t.Errorf("%q reads as %q, want %q", v, Text([]byte(got[k])), s)
				}
			}
		}
		var wantList []json.RawMessage
		if json.Unmarshal(raw, &wantList) == nil && len(list) != len(wantList) {
			t.Errorf("%d elements, want %d", len(list), len(wantList))
		}
	})
}

// FuzzText holds the texts of strings to encoding/json, and what is written to what is read.
func FuzzText(f *testing.F) {
	for _, s := range []string{`""`, `"a\nb"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\n"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\u00zz"`, `"\q"`, `"\"`, `"\\\/\b\f\r\t"`, `"\u000a"`, `7`, `"a" `, "\"\\u00e9\xc3\xa9\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := Text(raw)
		if !utf8.Valid(raw) {
			return // it was not let in
		}
		var want string
		if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &want) == nil && raw[len(raw)-1] == '"' && got != want {
			t.Errorf("%s reads as %q, want %q", raw, got, want)
		}
		written := AppendText(nil, string(raw))
		var again string
		if err := json.Unmarshal(written, &again); err != nil || again != string(raw) || Text(written) != again {
			t.Errorf("%q is written as %s, and read as %q and %q, %v", raw, written, again, Text(written), err)
		}
	})
}

func TestUnescapeOfNoEscape(t *testing.T) {
	for inside, want := range map[string]string{`a`: "xa", `a\n`: "xa\n", `a\q`: "x", `\`: "x", `a\u12`: "x", `\n\u123g`: "x", `\ud83d\ude00\`: "x", `\ud83d\ude0`: "x"} {
		if got := string(Unescape([]byte("x"), []byte(inside))); got != want {
			t.Errorf("%s becomes %q, want %q", inside, got, want)
		}
	}
	for text, want := range map[string]int{`\n`: 2, `\n1`: 2, `\/`: 2, `\`: 0, ``: 0, `n`: 0, `\q`: 0, `\u00e`: 0, `\u00eg`: 0, `\u00e9`: 6, `\u00E9`: 6, `\U00E9`: 0, `\'`: 0} {
		if got := Escape([]byte(text)); got != want {
			t.Errorf("the escape %s has %d bytes, want %d", text, got, want)
		}
	}
}

func TestTree(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[1,2.50,{"b":null}],"c":"\u00e4"}`: `map[a:[1 2.50 map[b:<nil>]] c:ä]`, ` 7 `: "7", `"x"`: "x", `null`: "<nil>", `1e999`: "1e999",
		`{} {}`: ErrMore.Error(), `7,`: ErrMore.Error(), `{"a"`: "unexpected EOF", ``: "EOF",
	} {
		tree, err := Tree([]byte(text))
		got := fmt.Sprint(tree)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}
