package rule

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/spelling"
)

// Bounds of one rule.
const (
	maxRuleBytes = 64 << 10
	maxDepth     = 10
	maxNodes     = 200
	maxText      = 256
)

// parser walks a rule and notes every fault with its place.
type parser struct {
	rule   Rule
	nodes  int
	faults fault.Faults
}

// only faults the keys that do not belong here, in the order of the alphabet.
func (p *parser) only(object map[string]any, path string, known ...string) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, key) {
			p.faults.Addf(path+"."+clip.Shown(key), "is not known here%s", spelling.Hint(key, known...))
		}
	}
}

// hundredths reads a percentage from 0 to 100 with at most two decimals.
func (p *parser) hundredths(object map[string]any, path, key string) int {
	text, _ := object[key].(json.Number)
	f, err := text.Float64()
	n := math.Round(f * 100)
	if err != nil || f < 0 || f > 100 || math.Abs(f*100-n) > 1e-9 {
		p.faults.Addf(path+"."+key, "is not a percentage from 0 to 100 with at most two decimals")
		return 0
	}
	return int(n)
}

func (p *parser) integer(object map[string]any, path, key string, low, high int64) int64 {
	text, _ := object[key].(json.Number)
	n, err := text.Int64()
	if err != nil || n < low || n > high {
		p.faults.Addf(path+"."+key, "is not a whole number from %d to %d", low, high)
		return low
	}
	return n
}

// money reads an amount of money in the place of a number.
func (p *parser) money(c condition, object map[string]any, path string) operand {
	p.only(object, path, keyMoney, keyCurrency)
	if c.field.unit != Money {
		p.faults.Addf(path, "is an amount of money, and %s counts none", c.field.name)
		return operand{}
	}
	text, isText := object[keyMoney].(string)
	decimal, err := money.ReadDecimal(text)
	one := price{decimal: decimal}
	if !isText || err != nil || !one.fits() {
		p.faults.Add(path+"."+keyMoney, `is no decimal number as a text, such as "500.00"`)
		return operand{}
	}
	if raw, named := object[keyCurrency]; named {
		code, _ := raw.(string)
		if one.currency, err = money.ParseCurrency(code); err != nil {
			p.faults.Add(path+"."+keyCurrency, "is not the code of a currency, such as CNY")
			return operand{}
		}
	}
	p.rule.Prices = append(p.rule.Prices, Price{Path: path, Currency: one.currency, Decimals: decimal.Scale})
	return operand{value: value{kind: Number}, price: &one}
}
