package format

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/userops/userops/shared/domain/money"
)

// flags are the words that tables have for yes and no.
var flags = map[string]bool{"yes": true, "y": true, "true": true, "1": true, "是": true, "有": true, "√": true, "no": false, "n": false, "false": false, "0": false, "否": false, "无": false}

// typed is a trait's or property's name without its kind, and the value: number(points), flag(vip), date(birthday), time(createdAt); anything else is a text. birthday
// and createdAt are a date and a time by themselves.
func typed(field, text string, o Options) (name string, value any, reason string) {
	kind, name := "", field
	if before, rest, ok := strings.Cut(field, "("); ok && strings.HasSuffix(rest, ")") {
		kind, name = before, strings.TrimSuffix(rest, ")")
	} else if field == "birthday" {
		kind = "date"
	} else if field == "createdAt" {
		kind = "time"
	}
	switch kind {
	case "":
		if name == "phone" && rounded.MatchString(text) {
			return name, nil, errRounded.Error()
		}
	case "number":
		digits, err := ungrouped(strings.TrimPrefix(norm.NFKC.String(text), "-"))
		n, numberErr := money.ReadDecimal(digits)
		if err != nil || numberErr != nil {
			return name, nil, "is no number"
		}
		if value := plainDecimal(n); strings.HasPrefix(text, "-") {
			return name, "-" + value, ""
		}
		return name, plainDecimal(n), ""
	case "flag":
		flag, known := flags[strings.ToLower(text)]
		if !known {
			return name, nil, "is neither yes nor no (是 nor 否)"
		}
		return name, flag, ""
	case "date":
		at, err := timeIn(text, Options{Zone: time.UTC, Dates: o.Dates, Now: o.Now})
		if err != nil {
			return name, nil, "is no date such as 1990-05-31 or 1990/5/31"
		}
		return name, at.Format(time.DateOnly), ""
	case "time":
		at, err := timeIn(text, o)
		if err != nil {
			return name, nil, err.Error()
		}
		return name, at.Format(time.RFC3339), ""
	}
	return name, text, ""
}

// plainDecimal writes a number as JSON does.
func plainDecimal(n money.Decimal) json.Number {
	digits := fmt.Sprintf("%0*d", n.Scale+1, n.Digits)
	if n.Scale == 0 {
		return json.Number(digits)
	}
	return json.Number(digits[:len(digits)-n.Scale] + "." + digits[len(digits)-n.Scale:])
}
