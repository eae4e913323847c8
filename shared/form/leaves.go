package form

import (
	"encoding/json"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// leaves are the types that are no object, list or rule. Options and references are texts: what is not on a list is the API's to refuse.
var leaves = map[schema.Type]leaf{
	schema.Text: {showText, writeText}, schema.Secret: {showText, writeText}, schema.Lines: {showText, writeText}, schema.Liquid: {showText, writeText},
	schema.Choice: {showText, writeText}, schema.Reference: {showText, writeText}, schema.Flag: {showFlag, writeFlag},
	schema.Span: {showText, writeSpan}, schema.Moment: {showMoment, writeMoment}, schema.Clock: {showText, writeClock},
	schema.Whole: {showNumber, writeWhole}, schema.Decimal: {showNumber, writeDecimal}, schema.Percent: {showPercent, writePercent},
	schema.Minor: {showMinor, writeMinor}, schema.Money: {showMoney, writeMoney}, schema.Quantity: {showQuantity, writeQuantity},
	schema.Value: {showValue, writeValue}, schema.Payload: {showPayload, writeValue}, schema.JSON: {showJSON, writeJSON},
}

// inputs are those of a field that is filled in at one place.
func inputs(f *schema.Field) (leaf, bool) {
	if onLines(f) {
		of := leaves[f.Of.Type]
		return leaf{
			func(raw json.RawMessage, s Shop) (Typed, bool) {
				lines, ok := linesOf(raw, func(one json.RawMessage) (string, bool) {
					t, ok := of.show(one, s)
					return t.Text, ok
				})
				return Typed{Text: lines}, ok || string(raw) == "[]"
			},
			func(t Typed, s Shop) (json.RawMessage, string) { return writeLines(t.Text, of, s) },
		}, true
	}
	l, is := leaves[f.Type]
	return l, is
}
