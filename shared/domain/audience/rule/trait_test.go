package rule

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestListsAndObjectsInTraits asks each operation of typed values, of those that an earlier version kept as their text, and of such a text
// that was cut.
func TestListsAndObjectsInTraits(t *testing.T) {
	cut := `["first",` + strings.Repeat(`"x",`, 60) + `"last of the li`
	cut = cut[:min(len(cut), profile.MaxTraitText)]
	p := &profile.Profile{Memory: profile.Memory{Traits: map[string]profile.Trait{
		"ids": {Value: []any{"138", "240"}}, "numbers": {Value: []any{int64(12), 2.5, "7", true}}, "empty": {Value: []any{}},
		"address": {Value: map[string]any{"city": "杭州", "floor": int64(3), "geo": map[string]any{"lat": 30.2}, "tags": []any{"home"}}},
		"old":     {Value: `["138","240",12]`}, "oldObject": {Value: `{"city":"上海","codes":[1,2]}`}, "cut": {Value: cut},
		"cutObject": {Value: (`{"city":"北京","codes":[1,2],"notes":"` + strings.Repeat("x", profile.MaxTraitTree))[:profile.MaxTraitTree-1]},
		"words":     {Value: "[sic] 138, not a list"}, "braces": {Value: "{name}"}, "footnote": {Value: "[1] " + strings.Repeat("see below ", 26)[:252]}, "plan.tier": {Value: "gold"}, "plan": {Value: map[string]any{"tier": "silver", "year": int64(2)}},
	}}}
	for _, c := range []struct {
		rule string
		want bool
	}{
		{`{"field":"traits.ids","op":"contains","value":"138"}`, true},
		{`{"field":"traits.ids","op":"contains","value":"38"}`, false},
		{`{"field":"traits.ids","op":"contains","value":138}`, false},
		{`{"field":"traits.ids","op":"in","value":["38","240"]}`, true},
		{`{"field":"traits.ids","op":"in","value":["38","24"]}`, false},
		{`{"field":"traits.ids","op":"in","value":[138,240]}`, false},
		{`{"field":"traits.ids","op":"eq","value":"138"}`, false},
		{`{"field":"traits.ids","op":"ne","value":"138"}`, true},
		{`{"field":"traits.ids","op":"gt","value":1}`, false},
		{`{"field":"traits.ids","op":"before","value":"2030-01-01"}`, false},
		{`{"field":"traits.ids","op":"exists"}`, true},
		{`{"field":"traits.numbers","op":"contains","value":12}`, true},
		{`{"field":"traits.numbers","op":"contains","value":12.0}`, true},
		{`{"field":"traits.numbers","op":"contains","value":2.5}`, true},
		{`{"field":"traits.numbers","op":"contains","value":7}`, false},
		{`{"field":"traits.numbers","op":"contains","value":"7"}`, true},
		{`{"field":"traits.numbers","op":"contains","value":true}`, true},
		{`{"field":"traits.numbers","op":"contains","value":false}`, false},
		{`{"field":"traits.numbers","op":"in","value":[1,2.5]}`, true},
		{`{"field":"traits.empty","op":"exists"}`, true},
		{`{"field":"traits.empty","op":"contains","value":"x"}`, false},
		{`{"field":"traits.old","op":"contains","value":"138"}`, true},
		{`{"field":"traits.old","op":"contains","value":"38"}`, false},
		{`{"field":"traits.old","op":"in","value":["38","39"]}`, false},
		{`{"field":"traits.old","op":"contains","value":12}`, true},
		{`{"field":"traits.cut","op":"contains","value":"first"}`, true},
		{`{"field":"traits.cut","op":"contains","value":"last"}`, false},
		{`{"field":"traits.cutObject.city","op":"eq","value":"北京"}`, true},
		{`{"field":"traits.cutObject.codes","op":"contains","value":2}`, true},
		{`{"field":"traits.cutObject.notes","op":"exists"}`, false},
		{`{"field":"traits.words","op":"contains","value":"138"}`, true},
		{`{"field":"traits.words","op":"contains","value":138}`, false},
		{`{"field":"traits.words","op":"in","value":["138"]}`, false},
		{`{"field":"traits.footnote","op":"contains","value":"see"}`, true},
		{`{"field":"traits.braces","op":"eq","value":"{name}"}`, true},
		{`{"field":"traits.address","op":"exists"}`, true},
		{`{"field":"traits.address","op":"contains","value":"杭州"}`, false},
		{`{"field":"traits.address","op":"eq","value":"杭州"}`, false},
		{`{"field":"traits.address.city","op":"eq","value":"杭州"}`, true},
		{`{"field":"traits.address.floor","op":"gte","value":3}`, true},
		{`{"field":"traits.address.floor","op":"gt","value":3}`, false},
		{`{"field":"traits.address.geo.lat","op":"lt","value":30.3}`, true},
		{`{"field":"traits.address.tags","op":"contains","value":"home"}`, true},
		{`{"field":"traits.address.street","op":"exists"}`, false},
		{`{"field":"traits.address.city.name","op":"exists"}`, false},
		{`{"field":"traits.nobody.city","op":"exists"}`, false},
		{`{"field":"traits.oldObject.city","op":"eq","value":"上海"}`, true},
		{`{"field":"traits.oldObject.codes","op":"contains","value":2}`, true},
		{`{"field":"traits.plan.tier","op":"eq","value":"gold"}`, true},
		{`{"field":"traits.plan.year","op":"eq","value":2}`, true},
	} {
		if got := meets(t, c.rule, p, at(t, "2026-11-21T00:00:00Z"), shopOf(t)); got != c.want {
			t.Errorf("%s: %v, want %v", c.rule, got, c.want)
		}
	}
}
