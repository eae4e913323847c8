package profile

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Trait is one attribute of a person with the time of its last change. Value is a string, bool, float64 or int64; other JSON
// is kept as its text.
type Trait struct {
	Value any       `json:"value"`
	At    time.Time `json:"at"`
	// By is who said it: empty for the shop; public only in Profile.All.
	By trust.Level `json:"by,omitempty"`
}

// Traits are the attributes of a person by name.
type Traits map[string]Trait

// compareTraits orders two words about one trait; the greater one holds. It is a total order, so that it does not matter in which sequence they come.
func compareTraits(a, b Trait) int {
	if c := cmp.Or(cmp.Compare(a.By.Rank(), b.By.Rank()), a.At.Compare(b.At)); c != 0 {
		return c
	}
	return strings.Compare(traitText(a.Value), traitText(b.Value))
}

func traitText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// say writes each trait by its own last writer, and tells how many were let go. A null removes nothing: it is a value that says the trait is
// empty.
func (m *Traits) say(raw []byte, by trust.Level, at time.Time) (left int) {
	rawjson.Members(raw, func(name, value []byte) {
		switch {
		case len(name) == 0:
			return
		case len(name) > MaxTraitKey:
			left++
			return
		}
		v := scalar(value)
		if text, is := v.(string); is && value[0] != '"' && len(value) > MaxTraitTree && len(text) > MaxTraitTree-4 {
			left++ // the rest of a list or object
		}
		m.set(string(name), Trait{Value: v, At: at, By: by})
	})
	return left + m.bound()
}

func (m *Traits) set(key string, t Trait) {
	if *m == nil {
		*m = Traits{}
	}
	if old, known := (*m)[key]; !known || compareTraits(t, old) > 0 {
		(*m)[key] = t
	}
}

// bound keeps the traits that are trusted most, and of those the newest; of two of the same time, the one whose key sorts first.
func (m Traits) bound() (left int) {
	if len(m) <= MaxTraits {
		return 0
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b].By.Rank(), m[a].By.Rank()), m[b].At.Compare(m[a].At), strings.Compare(a, b))
	})
	for _, k := range keys[MaxTraits:] {
		delete(m, k)
	}
	return len(keys) - MaxTraits
}

// text is the first of the traits that says something.
func (m Traits) text(names ...string) string {
	for _, name := range names {
		switch v := m[name].Value.(type) {
		case string:
			if s := strings.TrimSpace(v); s != "" {
				return s
			}
		case int64:
			return strconv.FormatInt(v, 10)
		}
	}
	return ""
}

// proven is text, of those traits that somebody said who is trusted.
func (m Traits) proven(names ...string) string {
	for _, name := range names {
		if s := m.text(name); s != "" && m[name].By != trust.Public {
			return s
		}
	}
	return ""
}
