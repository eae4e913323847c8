package ledger

import (
	"encoding/json"
	"testing"

	"github.com/userops/userops/shared/domain/money"
)

// FuzzQuantity: a quantity that is read is written so that it is read as the same, and is points or money of one currency.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{`{"points":5}`, `{"voucher":{"amount":2000,"currency":"cny"}}`, `{"points":5,"voucher":{"amount":1,"currency":"CNY"}}`, `{}`, `null`, `7`, `{"points":1.5}`, `{"voucher":{"amount":1}}`, `{"points":-9223372036854775808}`, `{"Points":1}`} {
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
		if _, err := money.ParseCurrency(string(q.Unit)); q.Unit != Points && err != nil {
			t.Fatalf("%s has the unit %q", text, q.Unit)
		}
	})
}
