package rule

import (
	"fmt"

	"github.com/userops/userops/shared/domain/money"
)

// keyMoney and keyCurrency are the keys of an amount in a rule: {"money": "500.00", "currency": "CNY"}.
const (
	keyMoney    = "money"
	keyCurrency = "currency"
	// maxShownAmount bounds what a reason repeats of an amount.
	maxShownAmount = 30
)

// asMoney shows how an amount is written: the one that somebody wrote as a text, if it is one, else an example.
func asMoney(raw any) string {
	text, _ := raw.(string)
	if _, err := money.ReadDecimal(text); err != nil || len(text) > maxShownAmount {
		text = "500.00"
	}
	return fmt.Sprintf("{%q: %q}", keyMoney, text)
}
