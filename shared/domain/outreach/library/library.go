// Package library has ready texts for what shops write most often, in Chinese and English: one for each of the usual triggers. It saves none: an operator takes one as the beginning of a template of their own. The surprising
// thing: which language is the default one is asked, since a shop whose people speak Chinese has many of whom no language is known.
package library

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

//go:embed texts/*.json
var files embed.FS

// Languages are those in which the texts are.
func Languages() []string { return []string{"en", "zh"} }

// Text is one of the library. Trigger says after what it is sent; Name and Contents are by language.
type Text struct {
	ID       string                      `json:"id"`
	Trigger  string                      `json:"trigger"`
	Name     map[string]string           `json:"name"`
	Contents map[string]template.Content `json:"contents"`
}

// Texts are all of the library, by id.
var Texts = sync.OnceValue(func() []Text {
	entries, err := files.ReadDir("texts")
	if err != nil {
		panic(err) // they are part of the program
	}
	var all []Text
	for _, entry := range entries {
		body, err := files.ReadFile(path.Join("texts", entry.Name()))
		one := Text{ID: strings.TrimSuffix(entry.Name(), ".json")}
		if err == nil {
			err = json.Unmarshal(body, &one)
		}
		if err != nil {
			panic(fmt.Sprint(entry.Name(), ": ", err))
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Text) int { return strings.Compare(a.ID, b.ID) })
	return all
})

// Find is a text by its id.
func Find(id string) (Text, bool) {
	at := slices.IndexFunc(Texts(), func(t Text) bool { return t.ID == id })
	if at < 0 {
		return Text{}, false
	}
	return Texts()[at], true
}

// Definition is the text as a template whose name and default content are in a language; the other one is a locale beside it.
func (t Text) Definition(language string) template.Definition {
	d := template.Definition{ID: t.ID, Name: t.Name[language], Channel: delivery.Email, Locales: map[string]template.Content{}}
	for of, content := range t.Contents {
		if of == language {
			of = template.DefaultLocale
		}
		d.Locales[of] = content
	}
	return d
}
