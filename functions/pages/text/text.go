// Package text is the catalogue of all that the console's pages say, in both languages: a file a screen, a line a text. It knows no page. The surprising thing: a text that is not there is a fault of the
// program which the tests find, since they hold templates and code to the catalogue, and the catalogue to them.
package text

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"
)

// Lang is a language of the pages.
type Lang string

// The languages. Who has chosen none reads Chinese.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Langs lists them, the usual one first.
func Langs() []Lang { return []Lang{Chinese, English} }

// Other is the language to change to.
func (l Lang) Other() Lang {
	if l == English {
		return Chinese
	}
	return English
}

//go:embed *.txt
var files embed.FS

// between stands between the two languages of a line.
const between = " || "

// entry is a text in both languages.
type entry struct{ zh, en string }

var catalogue = sync.OnceValue(func() map[string]entry {
	all := map[string]entry{}
	names, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		body, err := files.ReadFile(name.Name())
		if err != nil {
			panic(err)
		}
		if err := read(all, name.Name(), string(body)); err != nil {
			panic(err) // a test reads every file
		}
	}
	return all
})

// read adds a file's lines: key = 中文 || English. Its keys begin with its name.
func read(all map[string]entry, name, body string) error {
	n := 0
	for line := range strings.Lines(body) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, rest, found := strings.Cut(line, " = ")
		zh, en, both := strings.Cut(rest, between)
		_, twice := all[key]
		switch {
		case !found || !both || zh == "" || en == "":
			return fmt.Errorf("%s:%d is no key = 中文%sEnglish", name, n, between)
		case !strings.HasPrefix(key, strings.TrimSuffix(path.Base(name), ".txt")+"."):
			return fmt.Errorf("%s:%d: the key %s does not begin with the file's name", name, n, key)
		case twice:
			return fmt.Errorf("%s:%d: the key %s is there twice", name, n, key)
		}
		all[key] = entry{zh, en}
	}
	return nil
}

func (e entry) in(l Lang) string {
	if l == English {
		return e.en
	}
	return e.zh
}

// Of is the text of a key, with what it is about in the places of its verbs. A key that is not there shows itself.
func (l Lang) Of(key string, about ...any) string {
	e, ok := catalogue()[key]
	if !ok {
		return "[" + key + "]"
	}
	if len(about) == 0 {
		return e.in(l)
	}
	return fmt.Sprintf(e.in(l), about...)
}

// Word is the text of one of many values that a family has, such as word.outcome.sent; a value without a text shows itself.
func (l Lang) Word(family string, value any) string {
	e, ok := catalogue()["word."+family+"."+fmt.Sprint(value)]
	if !ok {
		return fmt.Sprint(value)
	}
	return e.in(l)
}

// Has says whether there is a text of a key.
func Has(key string) bool { _, ok := catalogue()[key]; return ok }

// Keys lists the keys that there are, in no order.
func Keys() (keys []string) {
	for key := range catalogue() {
		keys = append(keys, key)
	}
	return keys
}
