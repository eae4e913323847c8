package rule

import (
	"encoding/json"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
)

// readTrait reads a trait, or what lies in one that is an object behind dots.
func readTrait(s *Subject, name string) (value, bool) {
	if t, known := s.p.Traits[name]; known {
		return valueOf(t.Value)
	}
	trait, path, deep := strings.Cut(name, ".")
	if !deep {
		return value{}, false
	}
	held := s.p.Traits[trait].Value
	for deep {
		object, ok := profile.Tree(held).(map[string]any)
		if !ok {
			return value{}, false
		}
		if inner, known := object[path]; known {
			return valueOf(inner)
		}
		trait, path, deep = strings.Cut(path, ".")
		held = object[trait]
	}
	return value{}, false
}

// valueOf is a value by its own type; null is no value.
func valueOf(held any) (value, bool) {
	switch v := profile.Tree(held).(type) {
	case string:
		return value{kind: Text, text: v}, true
	case bool:
		return value{kind: Flag, flag: v}, true
	case int64:
		return whole(v), true
	case float64:
		return value{kind: Number, num: number{float: v}}, true
	case json.Number:
		n, ok := parseNumber(v.String())
		return value{kind: Number, num: n}, ok
	case []any:
		list := value{kind: List}
		for _, one := range v {
			if element, ok := valueOf(one); ok {
				list.elements = append(list.elements, element)
			}
		}
		return list, true
	case map[string]any:
		return value{kind: Object}, true
	}
	return value{}, false
}
