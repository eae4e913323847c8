package liquid

import (
	"cmp"
	"errors"
	"html"
	"math/big"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"
)

// The most that a filter may make: a template in a loop must not double a text until memory ends.
const (
	maxFilterText = 64 << 10
	maxFilterList = 2_000
)

var (
	errFilterSize = errors.New("the result is too large")
)

// maxConfigs bounds how many localities are remembered.
const maxConfigs = 500

// configs are the filters of localities: there are some dozens of filters, and few localities among many readers.
var (
	configsMu sync.RWMutex
	configs   = map[locality]expressions.Config{}
)

// config holds the filters as expressions find them. It is shared: rendering reads it.
func (l locality) config() expressions.Config {
	configsMu.RLock()
	c, made := configs[l]
	configsMu.RUnlock()
	if made {
		return c
	}
	c = expressions.NewConfig()
	for name, f := range l.filters() {
		c.AddFilter(name, f)
	}
	configsMu.Lock()
	defer configsMu.Unlock()
	if len(configs) >= maxConfigs {
		clear(configs)
	}
	configs[l] = c
	return c
}

// filterTable is what is known of the filters without anybody's locality: their names and what they take.
var filterTable = locality{}.filters()

// filters lists every filter. They mean what Shopify's do; money is ours: minor units and a currency to a decimal. A parameter is a
// plain one if it must be given and a function if it may be left out; the function answers what was given, or its argument.
func (l locality) filters() map[string]any {
	return map[string]any{
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
		"money": l.money,

		"compact": func(l list) ([]any, error) {
			list, err := elements(l)
			return slices.DeleteFunc(slices.Clone(list), func(v any) bool { return v == nil }), err
		},
		"concat": func(l, m list) ([]any, error) {
			a, err := elements(l)
			b, also := elements(m)
			if err = errors.Join(err, also); err == nil && len(a)+len(b) > maxFilterList {
				err = errFilterSize
			}
			if err != nil {
				return nil, err
			}
			return slices.Concat(a, b), nil
		},
		"first": func(l list) (any, error) {
			list, err := elements(l)
			if len(list) == 0 {
				return nil, err
			}
			return list[0], nil
		},
		"last": func(l list) (any, error) {
			list, err := elements(l)
			if len(list) == 0 {
				return nil, err
			}
			return list[len(list)-1], nil
		},
		"join": func(l list, separator func(string) string) (string, error) {
			list, err := elements(l)
			if err != nil {
				return "", err
			}
			texts := make([]string, len(list))
			for i, v := range list {
				texts[i] = format(v)
			}
			return limited(strings.Join(texts, separator(" ")))
		},
		"map": func(l list, key string) ([]any, error) {
			list, err := elements(l)
			out := make([]any, len(list))
			for i, v := range list {
				if m, ok := v.(map[string]any); ok {
					out[i] = m[key]
				}
			}
			return out, err
		},
		"reverse": func(l list) ([]any, error) {
			list, err := elements(l)
			out := slices.Clone(list)
			slices.Reverse(out)
			return out, err
		},
		"sort": func(l list, key func(string) string) ([]any, error) {
			by := key("")
			list, err := elements(l)
			out := slices.Clone(list)
			slices.SortStableFunc(out, func(a, b any) int { return compare(field(a, by), field(b, by)) })
			return out, err
		},
		"uniq": func(l list) ([]any, error) {
			seen := map[string]bool{}
			list, err := elements(l)
			return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
				key := quote(v)
				defer func() { seen[key] = true }()
				return seen[key]
			}), err
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

		"date": l.date,

		"abs": func(a numeric) (any, error) { return calculate(a, 0, func(x, _ *big.Rat) *big.Rat { return x.Abs(x) }) },
		"ceil": func(a numeric) (any, error) {
			return calculate(a, 0, func(x, _ *big.Rat) *big.Rat { return x.Neg(floor(x.Neg(x))) })
		},
		"floor": func(a numeric) (any, error) { return calculate(a, 0, func(x, _ *big.Rat) *big.Rat { return floor(x) }) },
		"plus": func(a, b numeric) (any, error) {
			return calculate(a, b, func(x, y *big.Rat) *big.Rat { return x.Add(x, y) })
		},
		"minus": func(a, b numeric) (any, error) {
			return calculate(a, b, func(x, y *big.Rat) *big.Rat { return x.Sub(x, y) })
		},
		"times": func(a, b numeric) (any, error) {
			return calculate(a, b, func(x, y *big.Rat) *big.Rat { return x.Mul(x, y) })
		},
		"at_most": func(a, b numeric) (any, error) { return calculate(a, b, lesser) },
		"at_least": func(a, b numeric) (any, error) {
			return calculate(a, b, func(x, y *big.Rat) *big.Rat { return x.Neg(lesser(x.Neg(x), y.Neg(y))) })
		},
		"divided_by": func(a numeric, b divisor) (any, error) {
			return divide(a, b, func(x, y *big.Rat) *big.Rat {
				if x.Quo(x, y); writtenWhole(a) && writtenWhole(b) {
					return floor(x)
				}
				return x
			})
		},
		"modulo": func(a numeric, b divisor) (any, error) {
			return divide(a, b, func(x, y *big.Rat) *big.Rat {
				times := floor(new(big.Rat).Quo(x, y))
				return x.Sub(x, y.Mul(y, times))
			})
		},
		"round": func(a numeric, places func(int) int) (any, error) {
			return calculate(a, 0, func(x, _ *big.Rat) *big.Rat { return rounded(x, min(max(places(0), 0), 12)) })
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
}

var (
	tag = regexp.MustCompile(`<[^>]*>`)
)

// list is what filters take as a list, for those who read their types: one, or what can be made one.
type list any

// elements makes a list of what filters take as one. A range is not written out whose end is what somebody typed: there may be no memory for it.
func elements(l list) ([]any, error) {
	switch r, is := l.(values.Range); {
	case is && r.Len() > maxFilterList:
		return nil, errFilterSize
	case is && r.Len() <= 0, l == nil:
		return nil, nil
	}
	made, err := values.Convert(l, reflect.TypeFor[[]any]())
	out, _ := made.([]any)
	return out, err
}

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
	a, b = unmarked(a), unmarked(b)
	_, aText := a.(string)
	_, bText := b.(string)
	if !aText && !bText {
		return cmp.Compare(float(a), float(b))
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

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}
