package ledger

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzQuantity: a quantity that is read is written so that it is read as the same, and is of a unit with a row or of one whose name can be no row's nor currency.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{`{"points":5}`, `{"voucher":{"amount":2000,"currency":"cny"}}`, `{"points":5,"voucher":{"amount":1,"currency":"CNY"}}`, `{}`, `null`, `7`, `{"points":1.5}`, `{"voucher":{"amount":1}}`, `{"points":-9223372036854775808}`, `{"Points":1}`,
		`{"water":5}`, `{"deposit":{"amount":1,"currency":"cny"}}`, `{"CNY":5}`, `{"points":5,"water":1}`, `{"a:b":1}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var q, again Quantity
		if err := json.Unmarshal(text, &q); err != nil || q == (Quantity{}) {
			return
		}
		written, err := json.Marshal(q)
		if err == nil {
			err = json.Unmarshal(written, &again)
		}
		if err != nil || again != q {
			t.Fatalf("%s is %+v, written %s, read %+v, %v", text, q, written, again, err)
		}
		if name, _, _ := strings.Cut(string(q.Unit), ":"); q.Unit.Check() != nil && strings.ToLower(name[:1]) != name[:1] {
			t.Fatalf("%s has the unit %q", text, q.Unit)
		}
	})
}
