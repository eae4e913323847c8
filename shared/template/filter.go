package template

import (
	"errors"
	"html"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/tuesday"
	"github.com/userops/userops/shared/domain/money"
)

// The most that a filter may make: a template in a loop must not double a text until memory ends.
const (
	maxFilterText = 64 << 10
	maxFilterList = 2_000
)

var (
	errFilterSize = errors.New("the result is too large")
	errDivide     = errors.New("division by zero")
	errDate       = errors.New("the format of a date is too long or too wide")
)

// filterConfig holds the filters as the expressions find them.
var filterConfig = func() expressions.Config {
	c := expressions.NewConfig()
	for name, f := range filterTable {
		c.AddFilter(name, f)
	}
	return c
}()

// filterTable lists every filter. They mean what Shopify's do; money is ours: minor units and a currency to a decimal.
var filterTable = map[string]any{
	"default": func(v, other any) any {
		if blank(v) {
			return other
		}
		return v
	},
	"json": func(v any) (encoded, error) {
		s := quote(v)
		return encoded(s), sized(s)
	},
	"money": func(minor any, currency string) string {
		n, _ := minor.(int)
		c, err := money.ParseCurrency(currency)
		if err != nil {
			c = "CNY"
		}
		return money.Amount{Minor: int64(n), Currency: c}.Decimal()
	},

	"compact": func(list []any) []any {
		return slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == nil })
	},
	"concat": func(a, b []any) ([]any, error) {
		if len(a)+len(b) > maxFilterList {
			return nil, errFilterSize
		}
		return slices.Concat(a, b), nil
	},
	"first": func(list []any) any {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	},
	"last": func(list []any) any {
		if len(list) == 0 {
			return nil
		}
		return list[len(list)-1]
	},
	"join": func(list []any, separator func(string) string) (string, error) {
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = format(v)
		}
		return limited(strings.Join(texts, separator(" ")))
	},
	"map": func(list []any, key string) []any {
		out := make([]any, len(list))
		for i, v := range list {
			if m, ok := v.(map[string]any); ok {
				out[i] = m[key]
			}
		}
		return out
	},
	"reverse": func(list []any) []any {
		out := slices.Clone(list)
		slices.Reverse(out)
		return out
	},
	"sort": func(list []any, key func(string) string) []any {
		by := key("")
		out := slices.Clone(list)
		slices.SortStableFunc(out, func(a, b any) int { return compare(field(a, by), field(b, by)) })
		return out
	},
	"uniq": func(list []any) []any {
		seen := map[string]bool{}
		return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
			key := quote(v)
			defer func() { seen[key] = true }()
			return seen[key]
		})
	},
	"size": func(v any) int {
		switch r := reflect.ValueOf(v); r.Kind() {
		case reflect.String:
			return utf8.RuneCountInString(r.String())
		case reflect.Slice, reflect.Map:
			return r.Len()
		}
		return 0
	},
	"split": func(s, separator string) ([]any, error) {
		parts := strings.SplitN(s, separator, maxFilterList+1)
		if len(parts) > maxFilterList {
			return nil, errFilterSize
		}
		return anyList(parts), nil
	},

	"date": func(t time.Time, layout func(string) string) (string, error) {
		f := layout("%Y-%m-%d")
		if t.IsZero() {
			return "", nil
		}
		if len(f) > 100 || wideDate.MatchString(f) {
			return "", errDate
		}
		return tuesday.Strftime(f, t)
	},

	"abs":     func(a float64) any { return number(math.Abs(a)) },
	"ceil":    func(a float64) any { return number(math.Ceil(a)) },
	"floor":   func(a float64) any { return number(math.Floor(a)) },
	"plus":    func(a, b float64) any { return number(a + b) },
	"minus":   func(a, b float64) any { return number(a - b) },
	"times":   func(a, b float64) any { return number(a * b) },
	"at_most": func(a, b float64) any { return number(min(a, b)) },
	"at_least": func(a, b float64) any {
		return number(max(a, b))
	},
	"divided_by": func(a, b any) (any, error) {
		x, y := float(a), float(b)
		if y == 0 {
			return nil, errDivide
		}
		_, wholeA := a.(int)
		_, wholeB := b.(int)
		if wholeA && wholeB {
			return number(math.Floor(x / y)), nil
		}
		return number(x / y), nil
	},
	"modulo": func(a, b float64) (any, error) {
		if b == 0 {
			return nil, errDivide
		}
		return number(math.Mod(a, b)), nil
	},
	"round": func(a float64, places func(int) int) any {
		scale := math.Pow10(min(max(places(0), 0), 12))
		return number(math.Round(a*scale) / scale)
	},

	"append":  func(s, end string) (string, error) { return limited(s + end) },
	"prepend": func(s, start string) (string, error) { return limited(start + s) },
	"capitalize": func(s string) string {
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 {
			return s
		}
		return string(unicode.ToUpper(r)) + s[n:]
	},
	"downcase":     strings.ToLower,
	"upcase":       strings.ToUpper,
	"escape":       func(s string) (escaped, error) { s = html.EscapeString(s); return escaped(s), sized(s) },
	"strip":        strings.TrimSpace,
	"lstrip":       func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) },
	"rstrip":       func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) },
	"strip_html":   func(s string) string { return tag.ReplaceAllString(s, "") },
	"remove":       func(s, old string) string { return strings.ReplaceAll(s, old, "") },
	"remove_first": func(s, old string) string { return strings.Replace(s, old, "", 1) },
	"replace": func(s, old, by string) (string, error) {
		if len(s)+strings.Count(s, old)*len(by) > maxFilterText+len(s) {
			return "", errFilterSize
		}
		return limited(strings.ReplaceAll(s, old, by))
	},
	"replace_first":  func(s, old, by string) (string, error) { return limited(strings.Replace(s, old, by, 1)) },
	"strip_newlines": func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) },
	"slice": func(s string, start int, length func(int) int) string {
		runes := []rune(s)
		if start < 0 {
			start += len(runes)
		}
		if start < 0 || start >= len(runes) {
			return ""
		}
		return string(runes[start : start+min(max(length(1), 0), len(runes)-start)])
	},
	"truncate": func(s string, length func(int) int, ellipsis func(string) string) (string, error) {
		n, end := length(50), ellipsis("...")
		runes := []rune(s)
		if len(runes) <= n {
			return s, nil
		}
		return limited(string(runes[:max(n-utf8.RuneCountInString(end), 0)]) + end)
	},
	"url_encode": func(s string) (string, error) { return limited(url.QueryEscape(s)) },
	"url_decode": url.QueryUnescape,
}

var (
	tag      = regexp.MustCompile(`<[^>]*>`)
	wideDate = regexp.MustCompile(`%[^a-zA-Z%]*\d{3}`)
)

func sized(s string) error {
	if len(s) > maxFilterText {
		return errFilterSize
	}
	return nil
}

func limited(s string) (string, error) { return s, sized(s) }

func blank(v any) bool {
	if v == nil || v == false {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return r.Len() == 0
	}
	return false
}

func field(v any, key string) any {
	if m, ok := v.(map[string]any); ok && key != "" {
		return m[key]
	}
	return v
}

// compare orders numbers by value and everything else by its text.
func compare(a, b any) int {
	_, aText := a.(string)
	_, bText := b.(string)
	if !aText && !bText {
		x, y := float(a), float(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(format(a), format(b))
}

func float(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
