package mask

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/userops/userops/shared/domain/rawjson"
)

// Rule is what is shown of a text.
type Rule func(text string) string

// Shown is the rule of what is no personal data, with all that is below it.
var Shown Rule

// Rules say by path what is shown of a JSON document: "orders", "ids.*.kind", "traits.*". A star is every element of an array, and every field that has no
// path of its own. Shown shows all that is below a path. Whatever no path leads to is hidden, numbers and truth values too. Of fields that no path
// names, the names are shown as far as they are a Word; an object of which no path knows anything is hidden as a whole.
type Rules map[string]Rule

// Traits are the rules of what is said of people by name: those traits that every shop writes alike.
var Traits = Rules{
	"email": Email, "phone": Phone, "mobile": Phone,
	"name": Name, "firstName": Name, "lastName": Name, "nickname": Name, "username": Name,
	"city": City, "province": City, "state": City, "country": City,
	each: Hidden,
}

// Under is the rules with others below a path.
func (r Rules) Under(path string, others Rules) Rules {
	all := maps.Clone(r)
	for below, rule := range others {
		all[path+"."+below] = rule
	}
	return all
}

// node is the rules below one place.
type node struct {
	shown bool
	rule  Rule
	below map[string]*node
}

func (r Rules) tree() *node {
	root := &node{}
	for path, rule := range r {
		at := root
		for step := range strings.SplitSeq(path, ".") {
			if at.below == nil {
				at.below = map[string]*node{}
			}
			if at.below[step] == nil {
				at.below[step] = &node{}
			}
			at = at.below[step]
		}
		at.shown, at.rule = rule == nil, rule
	}
	return root
}

const each = "*"

// Mask is a document as the rules show it, as encoding/json reads documents. An error means that v is no JSON.
func (r Rules) Mask(v json.RawMessage) (any, error) {
	document, err := rawjson.Tree(v)
	if err != nil {
		return nil, fmt.Errorf("reading what is to be masked: %w", err)
	}
	return r.tree().mask(document), nil
}

func (n *node) mask(v any) any {
	if n != nil && n.shown {
		return v
	}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return n.object(v)
	case []any:
		inner := n
		if n != nil && n.below != nil {
			inner = n.below[each]
		}
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = inner.mask(one)
		}
		return out
	case string:
		if n != nil && n.rule != nil {
			return n.rule(v)
		}
		return Hidden(v)
	}
	return Whole
}

func (n *node) object(v map[string]any) any {
	if n == nil || n.below == nil {
		if len(v) == 0 {
			return v
		}
		return Whole
	}
	out := map[string]any{}
	for name, value := range v {
		inner, known := n.below[name]
		if !known {
			inner, name = n.below[each], Word(name)
		}
		out[name] = inner.mask(value)
	}
	return out
}

// OneOf shows what is one of some words that we have chosen ourselves.
func OneOf(words ...string) Rule {
	return func(text string) string {
		for _, w := range words {
			if w == text {
				return text
			}
		}
		return Hidden(text)
	}
}
