package view

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/fault/reason"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// Root is the path of the home page, and before that of every other.
const Root = "/console"

// functions are what templates call, in a language.
func functions(lang text.Lang) template.FuncMap {
	return template.FuncMap{
		"t":        lang.Of,
		"word":     lang.Word,
		"lang":     func() text.Lang { return lang },
		"other":    lang.Other,
		"number":   Number[int64],
		"count":    Number[int],
		"percent":  Percent,
		"money":    func(a money.Amount) string { return Money(lang, a) },
		"quantity": func(q ledger.Quantity) string { return Quantity(lang, q) },
		"quantities": func(all []ledger.Quantity) string {
			texts := make([]string, len(all))
			for i, q := range all {
				texts[i] = Quantity(lang, q)
			}
			return strings.Join(texts, comma[lang])
		},
		"said": func(reason string) string { return said(lang, reason) },
		"list": func(all ...any) []any { return all },
		"to":   link,
		"join": func(all []string) string { return strings.Join(all, comma[lang]) },
	}
}

// Language is how rules and their fields call a language of the pages.
func Language(lang text.Lang) rule.Language {
	if lang == text.English {
		return rule.English
	}
	return rule.Chinese
}

// said is why something was refused, as the API says it, in a language: in English where there is no Chinese for it.
func said(lang text.Lang, english string) string {
	if chinese, has := reason.Chinese(english); has && lang == text.Chinese {
		return chinese
	}
	return english
}

// comma stands between the elements of a list.
var comma = map[text.Lang]string{text.Chinese: "、", text.English: ", "}

// link is the address of a page with parameters, names and values in turn; those without a value are left out.
func link(path string, parameters ...any) string {
	q := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		if value := fmt.Sprint(parameters[i+1]); value != "" {
			q.Set(fmt.Sprint(parameters[i]), value)
		}
	}
	to := Root
	if path != "" {
		to += "/" + path
	}
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// Link is the address of a page with parameters.
func Link(path string, parameters ...any) string { return link(path, parameters...) }

// Number writes a whole number with its thousands apart: both languages do it by commas.
func Number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Percent writes a share with one digit behind the point.
func Percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 1, 64) + "%" }

// Money writes an amount in its greater unit: ¥1,234.50, and $ or what else its currency is called by in the language.
func Money(lang text.Lang, a money.Amount) string {
	unit := int64(1)
	for range a.Currency.Exponent() {
		unit *= 10
	}
	minor, sign := a.Minor, ""
	if minor < 0 {
		minor, sign = -minor, "-"
	}
	out := sign + symbol(lang, a.Currency) + Number(minor/unit)
	if digits := a.Currency.Exponent(); digits > 0 {
		out += fmt.Sprintf(".%0*d", digits, minor%unit)
	}
	return out
}

var symbols = map[money.Currency]string{"CNY": "¥", "USD": "US$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥"}

func symbol(lang text.Lang, c money.Currency) string {
	if s := symbols[c]; s != "" && (c != "CNY" || lang == text.Chinese) {
		return s
	}
	return string(c) + " "
}

// Quantity writes an amount of a unit of the ledger: 500 points, ¥5.00 of vouchers.
func Quantity(lang text.Lang, q ledger.Quantity) string {
	for _, f := range ledger.Forms() {
		if ledger.Unit(f.Name) == q.Unit && !f.Money {
			return Number(q.Amount) + " " + lang.Word("unit", f.Name)
		}
	}
	if c, err := money.ParseCurrency(string(q.Unit)); err == nil {
		return Money(lang, money.Amount{Minor: q.Amount, Currency: c}) + " " + lang.Word("unit", "voucher")
	}
	return Number(q.Amount) + " " + string(q.Unit)
}
