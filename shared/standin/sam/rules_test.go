package sam

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// ruled is a template with two parameters and one rule.
func ruled(condition, assert string) string {
	return fmt.Sprintf(`{"Parameters": {"A": {"Type": "String", "Default": ""}, "B": {"Type": "String", "Default": "b", "AllowedPattern": "[a-z]*", "ConstraintDescription": "is letters"},
		"N": {"Type": "Number", "Default": 1, "MinValue": 1}},
	"Rules": {"Both": {%s "Assertions": [{"Assert": %s, "AssertDescription": "B goes with A"}]}},
	"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}`, condition, assert)
}

const (
	aIsSet = `"RuleCondition": {"Fn::Not": [{"Fn::Equals": [{"Ref": "A"}, ""]}]},`
	bIsNot = `{"Fn::Equals": [{"Ref": "B"}, ""]}`
	bIs    = `{"Fn::Not": [{"Fn::Equals": [{"Ref": "B"}, ""]}]}`
)

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, condition, assert, a, b string
		holds                         bool
	}{
		{"its condition is false", aIsSet, bIs, "", "", true},
		{"both", aIsSet, bIs, "a", "b", true},
		{"it is broken", aIsSet, bIs, "a", "", false},
		{"always", "", bIs, "", "", false},
		{"and", "", `{"Fn::And": [` + bIs + `, {"Fn::Equals": [{"Ref": "A"}, "a"]}]}`, "a", "b", true},
		{"and, one of them", "", `{"Fn::And": [` + bIs + `, {"Fn::Equals": [{"Ref": "A"}, "a"]}]}`, "x", "b", false},
		{"or, one of them", "", `{"Fn::Or": [` + bIsNot + `, {"Fn::Equals": [{"Ref": "A"}, "a"]}]}`, "x", "", true},
		{"or, none", "", `{"Fn::Or": [` + bIsNot + `, {"Fn::Equals": [{"Ref": "A"}, "a"]}]}`, "x", "b", false},
	} {
		env := Environment{Parameters: map[string]string{"A": c.a, "B": c.b}}
		_, err := Parse("t.json", []byte(ruled(c.condition, c.assert)), env)
		if (err == nil) != c.holds || err != nil && !strings.Contains(err.Error(), "B goes with A; change a parameter that rule Both looks at") {
			t.Errorf("%s: %v", c.name, err)
		}
		_, refused, err := Check("t.json", []byte(ruled(c.condition, c.assert)), env)
		if err != nil || (len(refused) == 0) != c.holds || len(refused) > 0 && refused[0] != (Refusal{"", "B goes with A"}) {
			t.Errorf("%s: %v, %v", c.name, refused, err)
		}
	}
}

// A rule that would be read wrong is refused, also where it does not apply.
func TestRulesThatAreNotRead(t *testing.T) {
	for what, text := range map[string]string{
		"is not evaluated here":       ruled(aIsSet, `{"Fn::Contains": [["a"], {"Ref": "A"}]}`),
		"compares what is no param":   ruled(aIsSet, `{"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}`),
		"wants a list of 2":           ruled(`"RuleCondition": {"Fn::Equals": ["a"]},`, bIs),
		"wants a list of 2 to 10":     ruled("", `{"Fn::And": [`+bIs+`]}`),
		"has no Assertions":           strings.Replace(ruled("", bIs), "[{\"Assert\": "+bIs+", \"AssertDescription\": \"B goes with A\"}]", "[]", 1),
		"has no Assert;":              strings.Replace(ruled("", bIs), `"Assert": `+bIs+`, `, "", 1),
		"has Condition, which is not": ruled(`"Condition": "X",`, bIs),
		"a rule wants a plain text":   strings.Replace(ruled(aIsSet, bIs), `"A": {"Type": "String"`, `"A": {"Type": "CommaDelimitedList"`, 1),
	} {
		for name, read := range map[string]func() error{
			"Parse": func() error { _, err := Parse("t.json", []byte(text), Environment{}); return err },
			"Check": func() error { _, _, err := Check("t.json", []byte(text), Environment{}); return err },
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: got %v, want %q", name, err, what)
			}
		}
	}
}

// TestCheckSaysEverything: three faults of parameters and a broken rule, all at once, where Parse stops at the first.
func TestCheckSaysEverything(t *testing.T) {
	parameters, refused, err := Check("t.json", []byte(ruled(aIsSet, bIsNot)), Environment{Parameters: map[string]string{"A": "a", "B": "B", "N": "0", "X": "x"}})
	want := []Refusal{{"B", "is letters"}, {"N", `parameter N is "0", out of range: it is at least 1`}, {"X", "is no parameter of t.json"}, {"", "B goes with A"}}
	if err != nil || !reflect.DeepEqual(refused, want) {
		t.Errorf("got %v, %v, want %v", refused, err, want)
	}
	if len(parameters) != 3 || parameters[0].Value != "a" || !parameters[0].Overridden || parameters[1].Constraint != "is letters" {
		t.Errorf("got %+v", parameters)
	}
	if parameters, refused, err := Check("t.json", []byte(ruled(aIsSet, bIsNot)), Environment{}); err != nil || len(refused) > 0 || parameters[2].Value != "1" || parameters[2].Overridden {
		t.Errorf("got %+v, %v, %v", parameters, refused, err)
	}
	if _, _, err := Check("t.json", []byte("{"), Environment{}); err == nil {
		t.Error("what is no template is checked")
	}
}
