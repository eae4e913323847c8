// Package liquid turns what operators write, in Liquid, into the subject and the parts of a notification. The grammar and the
// expressions are those of github.com/osteele/liquid; the tree is walked here, because values must be escaped for the part in
// which they stand and rendering must be bounded. The surprising thing: variables that do not exist and filters that are
// misspelt are found when a template is compiled, which is when it is saved; a person's missing trait is no error but nothing.
package liquid

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

// maxLine is how many bytes a rendered subject has at most, below what a header line may have.
const maxLine = 900

// Content is what was rendered for one person.
type Content struct {
	Subject string
	Text    string
	HTML    string
	Payload json.RawMessage
}

// Template is a compiled template.Definition. It is safe for concurrent use.
type Template struct {
	ID      string
	Channel delivery.Channel
	locales map[string]parts
	roots   map[string]bool // the variables that it names, by how their names begin
}

type parts struct{ subject, text, html, payload *part }

// Parse reads a template that is about to be saved, and compiles it. Its faults are fault.Faults with the part and the line.
func Parse(body []byte) (template.Definition, *Template, error) {
	d, err := template.Parse(body)
	var faults fault.Faults
	if err != nil && !errors.As(err, &faults) {
		return d, nil, err
	}
	t, own := compileAll(d, faults, true)
	if err := append(faults, own...).Err(); err != nil {
		return d, nil, err
	}
	return d, t, nil
}

// Compile makes a definition that was saved ready to render. It may call filters in ways that are refused by now: that matters only where
// such a call is reached.
func Compile(d template.Definition) (*Template, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	t, faults := compileAll(d, nil, false)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// compileAll compiles every part that has no fault yet; of a definition that is new, the calls of filters are checked too.
func compileAll(d template.Definition, known fault.Faults, anew bool) (*Template, fault.Faults) {
	var f fault.Faults
	t := &Template{ID: d.ID, Channel: d.Channel, locales: map[string]parts{}, roots: map[string]bool{}}
	for _, name := range d.LocaleNames() {
		var c parts
		for _, p := range []struct {
			name delivery.Part
			mode mode
			into **part
		}{{delivery.Subject, plain, &c.subject}, {delivery.Text, plain, &c.text}, {delivery.HTML, markup, &c.html}, {delivery.Payload, object, &c.payload}} {
			place := "locales." + name + "." + string(p.name)
			source := d.Locales[name].Source(p.name)
			if source == "" || slices.ContainsFunc(known, func(f fault.Fault) bool { return f.Field == place }) {
				continue
			}
			compiled, err := compile(source, p.mode, anew)
			if err != nil {
				f.Add(place, err.Error())
			}
			*p.into = compiled
		}
		t.locales[strings.ToLower(name)] = c
	}
	for _, name := range t.Names() {
		root, _, _ := strings.Cut(name, ".")
		t.roots[root] = true
	}
	return t, f
}

// Render fills the template for a locale such as zh-CN: the content of zh-CN, else of zh, else the default one. Errors are
// ErrRender.
func (t *Template) Render(locale string, v Variables) (Content, error) {
	c := t.parts(locale)
	bindings := v.bindings(t.roots)
	var m Content
	for _, p := range []struct {
		part *part
		into *string
	}{{c.subject, &m.Subject}, {c.text, &m.Text}, {c.html, &m.HTML}} {
		if p.part == nil {
			continue
		}
		text, err := p.part.render(bindings)
		if err != nil {
			return Content{}, err
		}
		*p.into = text
	}
	// A header is one line, whatever a trait holds.
	m.Subject = clip.To(strings.Join(strings.FieldsFunc(m.Subject, noText), " "), maxLine)
	if c.payload != nil {
		text, err := c.payload.render(bindings)
		if err != nil {
			return Content{}, err
		}
		if !json.Valid([]byte(text)) {
			return Content{}, fmt.Errorf("%w: the payload is not JSON", ErrRender)
		}
		m.Payload = json.RawMessage(text)
	}
	return m, nil
}

// noText is what a header cannot hold between its words.
func noText(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// Names are what the template says of those that it is given, as it names them: profile.name, event.properties.total.
func (t *Template) Names() []string {
	all := map[string]bool{}
	for _, c := range t.locales {
		for _, p := range []*part{c.subject, c.text, c.html, c.payload} {
			if p != nil {
				maps.Copy(all, p.names)
			}
		}
	}
	names := slices.Sorted(maps.Keys(all))
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+".") })
	})
}

// Lacking are those of the names of a person that have no value in the variables, or an empty one.
func (t *Template) Lacking(v Variables) (names []string) {
	bindings := v.bindings(t.roots)
	for _, name := range t.Names() {
		path := strings.Split(name, ".")
		if (path[0] == "profile" || path[0] == "orders" || path[0] == "cart" || path[0] == "favourites") && empty(bindings, path) {
			names = append(names, name)
		}
	}
	return names
}

// empty says whether nothing stands at a path.
func empty(at any, path []string) bool {
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	switch at := at.(type) {
	case nil:
		return true
	case string:
		return at == ""
	case []any:
		return len(at) == 0
	}
	return false
}

// Chosen is the locale whose content somebody gets who has one, in the small letters in which locales are told apart.
func (t *Template) Chosen(locale string) string {
	locale = strings.ToLower(strings.ReplaceAll(locale, "_", "-"))
	for locale != "" {
		if _, ok := t.locales[locale]; ok {
			return locale
		}
		i := strings.LastIndexByte(locale, '-')
		locale = locale[:max(i, 0)]
	}
	return template.DefaultLocale
}

func (t *Template) parts(locale string) parts { return t.locales[t.Chosen(locale)] }
