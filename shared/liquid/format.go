package liquid

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// format writes a value as people read it: numbers without exponents, lists one after the other.
func format(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format("2006-01-02 15:04:05 -0700")
	case amount:
		return v.of().Decimal()
	case map[string]any:
		return quote(v)
	case []any:
		var b strings.Builder
		for _, one := range v {
			b.WriteString(format(one))
		}
		return b.String()
	}
	return fmt.Sprint(v)
}

// quote is a value as JSON, without the escaping of HTML.
func quote(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
