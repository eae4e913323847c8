package profile

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestTree: what is kept as its text is what it was again, as far as it is whole; anything else stays as it is held.
func TestTree(t *testing.T) {
	type list = []any
	type object = map[string]any
	number := func(s string) json.Number { return json.Number(s) }
	// of fills a text up to so many bytes.
	of := func(begin string, bytes int) string { return begin + strings.Repeat("x", bytes-len(begin)) }
	cutList, cutObject := func(n int) string { return of(`[1,"a",{"b":2.50},"`, n) }, func(n int) string { return of(`{"a":1,"b":["c"],"d":"`, n) }
	wholeList, wholeObject := list{number("1"), "a", object{"b": number("2.50")}}, object{"a": number("1"), "b": list{"c"}}
	for name, c := range map[string]struct{ held, want any }{
		"a number":                         {int64(5), int64(5)},
		"nothing":                          {nil, nil},
		"no text":                          {"", ""},
		"a text":                           {"text", "text"},
		"a bracket":                        {"[", "["},
		"a brace":                          {"{", "{"},
		"an empty list":                    {"[]", list{}},
		"an empty object":                  {"{}", object{}},
		"a list":                           {`[1,"a",{"b":2.50}]`, wholeList},
		"an object":                        {`{"a":1,"b":["c"]}`, wholeObject},
		"a text that begins like a list":   {`[1] x`, `[1] x`},
		"two objects":                      {`{"a":1}{"a":2}`, `{"a":1}{"a":2}`},
		"a short text that is not whole":   {`[1,"a`, `[1,"a`},
		"a list that was cut":              {cutList(MaxTraitTree), wholeList},
		"an object that was cut":           {cutObject(MaxTraitTree), wholeObject},
		"cut before a long character":      {cutList(MaxTraitTree - 3), wholeList},
		"shorter than any that was cut":    {cutList(MaxTraitTree - 4), cutList(MaxTraitTree - 4)},
		"longer than any that was cut":     {cutList(MaxTraitTree + 1), cutList(MaxTraitTree + 1)},
		"cut by the version before":        {cutObject(MaxTraitText), wholeObject},
		"by it, before a long character":   {cutList(MaxTraitText - 3), wholeList},
		"shorter than that":                {cutList(MaxTraitText - 4), cutList(MaxTraitText - 4)},
		"longer than that":                 {cutObject(MaxTraitText + 1), cutObject(MaxTraitText + 1)},
		"cut within the first element":     {of(`["`, MaxTraitTree), list(nil)},
		"cut within the first name":        {of(`{"`, MaxTraitTree), object{}},
		"cut within a later name":          {of(`{"a":1,"`, MaxTraitTree), object{"a": number("1")}},
		"cut where a value would be":       {of(`{"a":1,"b":`, MaxTraitTree), object{"a": number("1")}},
		"a text as long as one cut":        {of(`[1}`, MaxTraitTree), of(`[1}`, MaxTraitTree)},
		"a text as long, like an object":   {of(`{"a":1]`, MaxTraitTree), of(`{"a":1]`, MaxTraitTree)},
		"a whole list as long as one cut":  {`["` + strings.Repeat("x", MaxTraitTree-4) + `"]`, list{strings.Repeat("x", MaxTraitTree-4)}},
		"a whole object of any length":     {`{"a":"` + strings.Repeat("x", 2*MaxTraitTree) + `"}`, object{"a": strings.Repeat("x", 2*MaxTraitTree)}},
		"a list with a name in its middle": {of(`[1,"a":2,`, MaxTraitTree), list{number("1"), "a"}},
	} {
		if got := Tree(c.held); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %.80v, want %.80v", name, got, c.want)
		}
	}
}
