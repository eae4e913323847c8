package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestPreviewSaysWhichConditionEmptiesIt: each place of the rule is counted by itself, of a draft as of what is saved; a rule of one condition and a class have none.
func TestPreviewSaysWhichConditionEmptiesIt(t *testing.T) {
	b := newBench(t)
	b.process.Profiles = population{0: {crowd(30, 12)}, 3: {crowd(10, 1)}} // of 40, 13 have three orders and a class
	const rule = `{"rule":{"all":[{"field":"orders.paid","op":"gte","value":3},{"any":[{"segment":"class8:111"},{"field":"city","op":"eq","value":"上海"}]},{"not":{"field":"orders.paid","op":"gte","value":1}}]}}`
	b.must(201, "PUT", "/v1/segments/odd", strings.Replace(rule, "{", `{"name":"Odd",`, 1))
	const want = `rule 0; rule.all[0] map[field:orders.paid op:gte value:3] 13; rule.all[1] 13; rule.all[1].any[0] map[segment:class8:111] 13; rule.all[1].any[1] map[field:city op:eq value:上海] 0; ` +
		`rule.all[2] 27; rule.all[2].not map[field:orders.paid op:gte value:1] 13; `
	shown := func(path, body string) (text string) {
		var answer struct {
			Matched    int
			Conditions []struct {
				Place    string
				Asks     map[string]any
				Sampled  int
				Audience *interval
			}
		}
		b.Must(json.Unmarshal([]byte(b.must(200, "POST", path, body)), &answer))
		for i, c := range answer.Conditions {
			if text += c.Place; c.Asks != nil {
				text += " " + fmt.Sprint(c.Asks)
			}
			text += fmt.Sprintf(" %d; ", c.Sampled)
			if n := float64(c.Sampled); c.Audience == nil || *c.Audience != (interval{n, n, n}) || i == 0 && c.Sampled != answer.Matched {
				t.Errorf("%s is %+v of %d who match", c.Place, c, answer.Matched)
			}
		}
		return text
	}
	if got := shown("/v1/segments/odd/preview", ""); got != want {
		t.Errorf("the saved one says %s\nwant %s", got, want)
	}
	if got := shown("/v1/segments/draft/preview", rule); got != want {
		t.Errorf("the draft says %s\nwant %s", got, want)
	}
	if got := shown("/v1/segments/draft/preview", `{"rule":{"field":"orders.paid","op":"gte","value":3}}`) + shown("/v1/segments/class8:111/preview", ""); got != "" {
		t.Errorf("one condition, and a class, say %s", got)
	}
}
