package liquid

import "github.com/userops/userops/shared/domain/money"

// The names of what a sum holds: minor units, and their currency.
const sumAmount, sumCurrency = "amount", "currency"

// amount is a sum as templates see it: an object with its minor units and its currency. It is printed as a decimal, by the filter money with its currency where that is not the shop's.
type amount map[string]any

func sum(a money.Amount) amount {
	return amount{sumAmount: int(a.Minor), sumCurrency: string(a.Currency)}
}

// of is the sum; no template can change one.
func (a amount) of() money.Amount {
	minor, _ := a[sumAmount].(int)
	currency, _ := a[sumCurrency].(string)
	return money.Amount{Minor: int64(minor), Currency: money.Currency(currency)}
}
