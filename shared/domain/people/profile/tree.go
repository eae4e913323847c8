package profile

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/userops/userops/shared/domain/rawjson"
)

// MaxTraitTree bounds the JSON text of a list or object: an address, or a list of some eighty ids.
const MaxTraitTree = 1024

// Tree is a trait's value as rules and templates see it. Lists and objects, which are kept as their JSON text, are lists and objects again,
// with numbers as json.Number. Of one whose text was cut since it was too long, it is what is whole of it.
func Tree(held any) any {
	text, ok := held.(string)
	if !ok || len(text) < 2 || text[0] != '[' && text[0] != '{' {
		return held
	}
	whole, err := rawjson.Tree([]byte(text))
	if err == nil {
		return whole
	}
	if errors.Is(err, rawjson.ErrMore) || !wasCut(text) {
		return held
	}
	if part := cutTree(text); part != nil {
		return part
	}
	return held
}

// wasCut tells whether a text is as long as one that was cut, now or by the version that cut lists and objects as any other text. Cutting
// leaves out at most the rest of a character.
func wasCut(text string) bool {
	near := func(most int) bool { return len(text) > most-4 && len(text) <= most }
	return near(MaxTraitTree) || near(MaxTraitText)
}

// cutTree reads the elements or members of a cut text as far as they are whole; nil for what ends before the text does.
func cutTree(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	// The text begins with a bracket.
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var list []any
	object := map[string]any{}
	for decoder.More() {
		name := ""
		if text[0] == '{' {
			key, err := decoder.Token()
			if name, _ = key.(string); err != nil {
				return object
			}
		}
		var one any
		if decoder.Decode(&one) != nil {
			if text[0] == '{' {
				return object
			}
			return list
		}
		list, object[name] = append(list, one), one
	}
	return nil
}
