package form

import (
	"encoding/json"
	"maps"
	"testing"
)

// TestWhatSomebodyPerformedIsARow: what the inputs of a row say is written, shown and read back; what they cannot tell is no row.
func TestWhatSomebodyPerformedIsARow(t *testing.T) {
	for typed, want := range map[*map[string]string]string{
		{inEvent: "A", inWhere: "properties.category eq green tea\nproperties.n gte 2.50\nproperties.s eq \"12\"\nsource exists", inSince: "2026-11-01", inUntil: "2026-11-11"}: `{"performed":{"event":"A","where":[{"field":"properties.category","op":"eq","value":"green tea"},{"field":"properties.n","op":"gte","value":2.50},` +
			`{"field":"properties.s","op":"eq","value":"12"},{"field":"source","op":"exists"}],"between":["2026-11-01","2026-11-11"]}}`,
		{inEvent: "A", inUntil: "2026-10-31", inOnly: "last"}:                                                                        `{"performed":{"event":"A","before":"2026-11-01","only":"last"}}`,
		{inEvent: "A", inSince: "2026-10-31", inThen: "thenNot", inNext: "B", inSpan: "3d"}:                                          `{"performed":{"event":"A","since":"2026-10-31","thenNot":{"event":"B","within":"3d"}}}`,
		{inEvent: "A", inLeast: "2", inDays: "90", inSum: "properties.total", inSumAs: asMoney, inSumMin: "500", inSumMax: "900.50"}: `{"performed":{"event":"A","atLeast":2,"withinDays":90,"sum":{"field":"properties.total","atLeast":{"money":"500"},"atMost":{"money":"900.50"}}}}`,
		{inEvent: "A", inSum: "properties.n", inSumMax: "3"}:                                                                         `{"performed":{"event":"A","sum":{"field":"properties.n","atMost":3}}}`,
	} {
		raw, faults := writePerformed(*typed, Shop{Currency: "CNY"})
		if len(faults) > 0 || string(raw) != want {
			t.Errorf("%v is written %s, %v\nwant %s", *typed, raw, faults, want)
		}
		all, _ := members(json.RawMessage(want))
		if shown, ok := showPerformed(all, Shop{}); !ok || !maps.Equal(shown, *typed) {
			t.Errorf("%s is shown as %q, %v", want, shown, ok)
		}
	}
	for _, rule := range []string{
		`{"performed":{"event":"A","sum":{"field":"properties.n","atLeast":1,"atMost":{"money":"9"}}}}`, `{"performed":{"event":"A","sum":{"field":"properties.n","atLeast":{"money":"9","currency":"CNY"}}}}`,
		`{"performed":{"event":"A","then":{"event":"B","within":"3d","where":[]}}}`, `{"performed":{"event":"A","since":"2026-11-01","before":"2026-11-02"}}`, `{"performed":{"event":"A","where":[]}}`,
		`{"performed":{"event":"A","where":[{"field":"a b","op":"eq","value":1}]}}`, `{"performed":{"event":"A","then":{"event":"B","within":"3d"},"thenNot":{"event":"B","within":"3d"}}}`, `{"performed":{"event":"A","only":"newest"}}`,
	} {
		all, _ := members(json.RawMessage(rule))
		if shown, ok := showPerformed(all, Shop{}); ok {
			t.Errorf("%s is shown as %q", rule, shown)
		}
	}
}
