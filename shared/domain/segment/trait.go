package segment

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/userops/userops/shared/domain/profile"
)

// readTrait reads a trait, or what lies in one that is an object behind dots.
func readTrait(s *subject, name string) (value, bool) {
	if t, known := s.p.Traits[name]; known {
		return valueOf(t.Value)
	}
	trait, path, deep := strings.Cut(name, ".")
	if !deep {
		return value{}, false
	}
	held := s.p.Traits[trait].Value
	for deep {
		object, ok := tree(held).(map[string]any)
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
	switch v := tree(held).(type) {
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

// tree gives lists and objects back that an earlier version kept as their JSON text.
func tree(held any) any {
	text, ok := held.(string)
	if !ok || len(text) < 2 || text[0] != '[' && text[0] != '{' {
		return held
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var whole any
	if decoder.Decode(&whole) == nil && !decoder.More() {
		return whole
	}
	if list := cutList(text); list != nil {
		return list
	}
	return held
}

// cutList reads the elements of a list whose text was too long and was cut, as far as they are whole; nil for any other text.
func cutList(text string) []any {
	// Cutting leaves out at most the rest of a character.
	if text[0] != '[' || len(text) <= profile.MaxTraitText-4 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var list []any
	for decoder.More() {
		var one any
		if decoder.Decode(&one) != nil {
			return list
		}
		list = append(list, one)
	}
	return nil // it ends before the text does
}
