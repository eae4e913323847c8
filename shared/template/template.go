// Package template turns what operators write, in Liquid, into the subject and the parts of a notification. The grammar and the
// expressions are those of github.com/osteele/liquid; the tree is walked here, because values must be escaped for the part in
// which they stand and rendering must be bounded. The surprising thing: variables that do not exist and filters that are
// misspelt are found when a template is compiled, which is when it is saved; a person's missing trait is no error but nothing.
package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// DefaultLocale is the locale that every template has.
const DefaultLocale = "default"

const (
	maxLocales = 50
	maxSource  = 64 << 10 // bytes of one part
	maxSubject = 1 << 10  // bytes of a subject's source
	maxOutput  = 256 << 10
	maxLine    = 900 // bytes of a rendered subject, below what a header line may have
)

// Definition is a template as it is saved. Locales holds its content by locale ("default", "zh", "zh-CN").
type Definition struct {
	ID      string             `json:"id"`
	Name    string             `json:"name,omitempty"`
	Channel delivery.Channel   `json:"channel"`
	Locales map[string]Content `json:"locales"`
}

// Content is the sources of one locale: subject with text, HTML or both for e-mail; a JSON payload for social.
type Content struct {
	Subject string          `json:"subject,omitempty"`
	Text    string          `json:"text,omitempty"`
	HTML    string          `json:"html,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"` // a JSON string of Liquid, or JSON with Liquid in its strings
}

// Message is what was rendered for one person.
type Message struct {
	Subject string
	Text    string
	HTML    string
	Payload json.RawMessage
}

// Template is a compiled Definition. It is safe for concurrent use.
type Template struct {
	ID      string
	Channel delivery.Channel
	locales map[string]content
}

type content struct{ subject, text, html, payload *part }

// ErrRender says that a template compiled but could not be rendered for these values. Its text names no value.
var ErrRender = errors.New("the template does not render")

// Parse reads a definition that is about to be saved, and compiles it. Its faults are fault.Faults with the part and the line.
func Parse(body []byte) (Definition, *Template, error) {
	var d Definition
	faults := fault.Decode(body, &d)
	t, err := compileAll(d, true)
	if err = faults.And(err); err != nil {
		return d, nil, err
	}
	return d, t, err
}

// Compile makes a definition that was saved ready to render. It may call filters in ways that are refused by now: that matters only where
// such a call is reached.
func Compile(d Definition) (*Template, error) { return compileAll(d, false) }

// compileAll checks a definition, every locale and part of it; of one that is new, the calls of filters too.
func compileAll(d Definition, anew bool) (*Template, error) {
	var f fault.Faults
	t := &Template{ID: d.ID, Channel: d.Channel, locales: map[string]content{}}
	if d.ID == "" || len(d.ID) > 64 {
		f.Add("id", "must be 1 to 64 bytes")
	}
	if !slices.Contains(delivery.Channels(), d.Channel) {
		f.Addf("channel", "must be one of %v", delivery.Channels())
		return nil, f
	}
	if d.ID == campaign.ConfirmationTemplate && d.Channel != delivery.Email {
		f.Addf("channel", "must be email: %s asks people to confirm their address", d.ID)
	}
	if _, ok := d.Locales[DefaultLocale]; !ok {
		f.Add("locales", "must have "+DefaultLocale)
	}
	if len(d.Locales) > maxLocales {
		f.Addf("locales", "must be at most %d", maxLocales)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Locales)) {
		compiled, faults := d.Locales[name].compile(d.Channel, anew)
		f = append(f, faults.Under("locales."+name)...)
		if d.ID == campaign.ConfirmationTemplate && anew {
			f = append(f, d.Locales[name].unconfirming().Under("locales."+name)...)
		}
		t.locales[strings.ToLower(name)] = compiled
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

func (c Content) compile(channel delivery.Channel, anew bool) (content, fault.Faults) {
	var f fault.Faults
	var out content
	kind := delivery.KindOf(channel)
	there := map[delivery.Part]bool{}
	for _, p := range []struct {
		name   delivery.Part
		source string
		mode   mode
		most   int
		into   **part
	}{
		{delivery.Subject, c.Subject, plain, maxSubject, &out.subject},
		{delivery.Text, c.Text, plain, maxSource, &out.text},
		{delivery.HTML, c.HTML, markup, maxSource, &out.html},
		{delivery.Payload, c.payloadSource(), object, maxSource, &out.payload},
	} {
		there[p.name] = p.source != ""
		switch {
		case p.source == "":
		case !kind.Carries(p.name):
			f.Addf(string(p.name), "is not a part of channel %s", channel)
		case len(p.source) > p.most:
			f.Addf(string(p.name), "must be at most %d bytes", p.most)
		default:
			compiled, err := compile(p.source, p.mode, anew)
			if err != nil {
				f.Add(string(p.name), err.Error())
			}
			*p.into = compiled
		}
	}
	for _, group := range kind.Parts {
		if !slices.ContainsFunc(group, func(p delivery.Part) bool { return there[p] }) {
			f.Add(string(group[0]), alternatives(group[1:])+"is required")
		}
	}
	return out, f
}

// alternatives are what may stand in the place of a part: "or html ".
func alternatives(parts []delivery.Part) (text string) {
	for _, p := range parts {
		text += "or " + string(p) + " "
	}
	return text
}

// payloadSource is the Liquid of the payload: what a JSON string holds, or other JSON as it stands.
func (c Content) payloadSource() string {
	var text string
	if json.Unmarshal(c.Payload, &text) == nil {
		return text
	}
	return string(c.Payload)
}

// Render fills the template for a locale such as zh-CN: the content of zh-CN, else of zh, else the default one. Errors are
// ErrRender.
func (t *Template) Render(locale string, v Variables) (Message, error) {
	c := t.content(locale)
	bindings := v.bindings()
	var m Message
	for _, p := range []struct {
		part *part
		into *string
	}{{c.subject, &m.Subject}, {c.text, &m.Text}, {c.html, &m.HTML}} {
		if p.part == nil {
			continue
		}
		text, err := p.part.render(bindings)
		if err != nil {
			return Message{}, err
		}
		*p.into = text
	}
	// A header is one line, whatever a trait holds.
	m.Subject = cut(strings.Join(strings.FieldsFunc(m.Subject, noText), " "), maxLine)
	if c.payload != nil {
		text, err := c.payload.render(bindings)
		if err != nil {
			return Message{}, err
		}
		if !json.Valid([]byte(text)) {
			return Message{}, fmt.Errorf("%w: the payload is not JSON", ErrRender)
		}
		m.Payload = json.RawMessage(text)
	}
	return m, nil
}

// noText is what a header cannot hold between its words.
func noText(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func (t *Template) content(locale string) content {
	locale = strings.ToLower(strings.ReplaceAll(locale, "_", "-"))
	for locale != "" {
		if c, ok := t.locales[locale]; ok {
			return c
		}
		i := strings.LastIndexByte(locale, '-')
		locale = locale[:max(i, 0)]
	}
	return t.locales[DefaultLocale]
}

// cut shortens a text to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
