package form

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
)

// TestWhatIsMissingInARuleIsSaidInWords and not as JSON.
func TestWhatIsMissingInARuleIsSaidInWords(t *testing.T) {
	s := Shop{Zone: time.UTC, Currency: "CNY"}
	for doc, want := range map[string][2]string{
		`{"rule":{"field":"city","op":"eq"}}`:                 {"城市 等于 （缺少）", "City is (missing)"},
		`{"rule":{"field":"lastSeen","op":"within"}}`:         {"最近出现 最近几天内 （缺少）", "Last seen within the last days (missing)"},
		`{"rule":{"field":"orders.revenue90","op":"gte"}}`:    {"近 90 天消费金额 大于等于 （缺少）", "Revenue, last 90 days is at least (missing)"},
		`{"rule":{"not":{"field":"city","op":"in"}}}`:         {"非 城市 是其中之一 （缺少）", "not City is one of (missing)"},
		`{"rule":{"performed":{"atLeast":2}}}`:                {"做过 （缺少）、至少（次） 2", "Did (missing), At least (times) 2"},
		`{"rule":{"field":"city","op":"eq","value":"Paris"}}`: {"城市 等于 Paris", "City is Paris"},
	} {
		for i, l := range []rule.Language{rule.Chinese, rule.English} {
			changes := Differences(schema.Of(definition.Segment, ""), nil, json.RawMessage(doc), s, Page{Language: l})
			if len(changes) != 1 || changes[0].After != want[i] {
				t.Errorf("%s: %q, want %q", doc, changes, want[i])
			}
		}
		again, _ := Show(schema.Of(definition.Segment, ""), json.RawMessage(doc), s).Document()
		if !alike(again, json.RawMessage(doc)) {
			t.Errorf("%s became %s", doc, again)
		}
	}
}
