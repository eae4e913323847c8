package campaign

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Which values each operator takes.
func TestValuesOfEachOperator(t *testing.T) {
	values := map[string]any{
		"nothing": nil, "text": "a", "number": 5.0, "bool": false, "list": []any{"a"}, "empty list": []any{}, "object": map[string]any{"a": "b"},
	}
	scalars := []string{"text", "number", "bool"}
	for op, takes := range map[Operator][]string{
		Eq: scalars, Ne: scalars, Contains: scalars, Gt: {"number"}, Gte: {"number"}, Lt: {"number"}, Lte: {"number"}, In: {"list"}, Exists: {"nothing"}, "like": nil,
	} {
		for name, value := range values {
			faults := Match{Property: "p", Op: op, Value: value}.faults()
			if (len(faults) == 0) != slices.Contains(takes, name) {
				t.Errorf("%s of %s: %v", op, name, faults)
			}
		}
	}
}

// Properties that cannot be read match nothing, and start only what asks for none.
func TestPropertiesThatCannotBeRead(t *testing.T) {
	ne := []Match{{Property: "p", Op: Ne, Value: "a"}}
	for raw, want := range map[string]bool{`[1]`: false, `{`: false, `7`: false, `null`: true, ` `: true, `{}`: true} {
		if got := matchAll(ne, json.RawMessage(raw)); got != want {
			t.Errorf("%q is not a: %v", raw, got)
		}
		if !matchAll(nil, json.RawMessage(raw)) {
			t.Errorf("%q does not match what asks for nothing", raw)
		}
	}
	// An empty text is in every text, and in no number; nothing is in a list that names nothing.
	for raw, want := range map[string]bool{`{"p":"x"}`: true, `{"p":7}`: false, `{}`: false} {
		if got := matchAll([]Match{{Property: "p", Op: Contains, Value: ""}}, json.RawMessage(raw)); got != want {
			t.Errorf("%s contains an empty text: %v", raw, got)
		}
	}
	if matchAll([]Match{{Property: "p", Op: In, Value: []any{nil}}}, json.RawMessage(`{}`)) {
		t.Error("an absent property is in a list")
	}
	if matchAll([]Match{{Property: "p", Op: "like", Value: 5.0}}, json.RawMessage(`{"p":5}`)) {
		t.Error("an operator that nobody knows holds")
	}
}

func TestAskAgain(t *testing.T) {
	for late, want := range map[time.Duration]time.Duration{
		-time.Hour: time.Minute, 0: time.Minute, 4 * time.Minute: time.Minute, 4*time.Minute + 4: time.Minute + 1, time.Hour: 15 * time.Minute,
		2*time.Hour - 4: 30*time.Minute - 1, 2 * time.Hour: 30 * time.Minute, 100 * time.Hour: 30 * time.Minute,
	} {
		if got := AskAgain(late); got != want {
			t.Errorf("%v late: in %v, want %v", late, got, want)
		}
	}
}

// With faults and without, what could be read is answered.
func TestParseAnswersWhatItRead(t *testing.T) {
	for name, faulty := range map[string]bool{"Welcome": false, "": true} {
		d, err := Parse(with(t, `"name":"`+name+`"`))
		if (err != nil) != faulty || d.ID != "welcome" || d.Channel != "email" || d.Name != name {
			t.Errorf("%q: %+v, %v", name, d, err)
		}
	}
}

func TestSpansAndWeightsAtTheirBorders(t *testing.T) {
	d, err := Parse(with(t, ``))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Definition)
		ok     bool
	}{
		"no wait":           {func(d *Definition) { d.Wait = 0 }, true},
		"a wait below zero": {func(d *Definition) { d.Wait = -1 }, false},
		"expired before":    {func(d *Definition) { d.ExpiresAfter = -1 }, false},
		"the longest wait":  {func(d *Definition) { d.Wait = maxWait }, true},
		"a longer wait":     {func(d *Definition) { d.Wait = maxWait + 1 }, false},
		"weights of one":    {func(d *Definition) { d.Variants = []Variant{{ID: "a", Weight: .5}, {ID: "b", Weight: .5}} }, true},
		"a little more":     {func(d *Definition) { d.Variants = []Variant{{ID: "a", Weight: .5}, {ID: "b", Weight: .5 + 2e-6}} }, false},
		"a little less":     {func(d *Definition) { d.Variants = []Variant{{ID: "a", Weight: .5}, {ID: "b", Weight: .5 - 2e-6}} }, false},
		"rounded":           {func(d *Definition) { d.Variants = []Variant{{ID: "a", Weight: .5}, {ID: "b", Weight: .4999995}} }, true},
	} {
		one := d
		c.change(&one)
		if err := one.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTemplatesOfVariantsAlone(t *testing.T) {
	d := Definition{Variants: []Variant{{ID: "a", TemplateID: "x"}, {ID: "b", TemplateID: "x"}, {ID: "c"}}}
	if got := d.Templates(); !reflect.DeepEqual(got, []string{"x"}) {
		t.Errorf("templates %q", got)
	}
	if got := (Definition{}).Templates(); len(got) != 0 {
		t.Errorf("templates %q", got)
	}
}

// A segment that bears the condition's own name does not take its place.
func TestASegmentOfTheConditionsName(t *testing.T) {
	rule := func(n string) json.RawMessage {
		return json.RawMessage(`{"field":"orders.count","op":"eq","value":` + n + `}`)
	}
	segments := []segment.Definition{{ID: "two", Rule: rule("2")}, {ID: conditionID, Rule: rule("3")}}
	c, err := Definition{Condition: json.RawMessage(`{"segment":"two"}`)}.CompileCondition(segments)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]bool{2: true, 3: false} {
		p := &profile.Profile{Orders: profile.Orders{Count: n}}
		if got := c.Holds(p, time.Unix(0, 0), profile.Shop{Zone: time.UTC, Currency: "CNY"}); got != want {
			t.Errorf("%d orders: %v", n, got)
		}
	}
}
