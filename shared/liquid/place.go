package liquid

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"slices"
	"strings"
)

// place is where in an HTML document the next byte stands, by what was written before it. What a value may hold depends on that: a text
// that is harmless between tags is a program after href=. It follows HTML as far as mail programs read it, and is no parser of all of it.
type place struct {
	in    where
	tag   string // the element whose tag is open, or in whose raw text this is
	name  string // the attribute's
	quote byte   // of its value, 0 for none
	// value is how the attribute's value begins, of those whose beginning decides what they are.
	value string
	kind  string // the attribute type of a script
	// moved says that a value of a person or an event is part of value.
	moved bool
	// broken says that a scheme came about that nobody may choose.
	broken bool
}

type where int

const (
	between     where = iota // tags: in text
	opened                   // after <
	tagName                  // of an opening tag
	insideTag                // between attributes
	attribute                // in an attribute's name
	named                    // after it
	beforeValue              // after =
	valued                   // in a value
	declaration              // <!doctype, <![endif]-->, </a>: until >
	comment                  // until -->
	rawText                  // of script, style, title and the like: until its end tag
)

var (
	errPlace  = errors.New("a value stands where HTML has no place for one: in a name, a script or the code of an event")
	errScheme = errors.New("an address begins with a scheme that is not http, https, mailto, tel or sms")
)

var (
	// addresses are the attributes that a program follows.
	addresses = []string{"href", "src", "action", "formaction", "background", "cite", "data", "poster", "longdesc", "ping", "srcset", "lowsrc", "dynsrc", "xlink:href", "manifest"}
	schemes   = []string{"http", "https", "mailto", "tel", "sms"}
	raw       = []string{"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
)

// maxBeginning bounds what is kept of an attribute's value: no scheme is longer.
const maxBeginning = 64

// feed goes on over what is written.
func (p *place) feed(s string) {
	for s != "" {
		n := p.step(s)
		s = s[n:]
	}
}

// step goes over the next bytes of a text and tells how many they were.
func (p *place) step(s string) int {
	c := s[0]
	switch p.in {
	case between:
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return len(s)
		}
		*p = place{in: opened, broken: p.broken}
		return at + 1
	case opened:
		p.open(c)
	case tagName:
		switch {
		case isBlank(c) || c == '/':
			p.in = insideTag
		case c == '>':
			p.close()
		default:
			p.tag += lower(c)
		}
	case insideTag, named:
		switch {
		case c == '>':
			p.close()
		case c == '=' && p.in == named:
			p.in, p.value, p.moved, p.quote = beforeValue, "", false, 0
		case isBlank(c) || c == '/':
		default:
			p.in, p.name = attribute, lower(c)
		}
	case attribute:
		switch {
		case c == '=':
			p.in, p.value, p.moved, p.quote = beforeValue, "", false, 0
		case c == '>':
			p.close()
		case isBlank(c):
			p.in = named
		case c == '/':
			p.in = insideTag
		default:
			p.name += lower(c)
		}
	case beforeValue:
		switch {
		case isBlank(c):
		case c == '"' || c == '\'':
			p.in, p.quote = valued, c
		case c == '>':
			p.close()
		default:
			p.in = valued
			return 0
		}
	case valued:
		return p.inValue(s)
	case declaration:
		return p.until(s, ">")
	case comment:
		return p.inComment(s)
	case rawText:
		return p.inRawText(s)
	}
	return 1
}

func (p *place) open(c byte) {
	switch {
	case c == '!':
		p.in, p.value = comment, "!"
	case c == '/' || c == '?':
		p.in = declaration
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		p.in, p.tag = tagName, lower(c)
	case c != '<':
		p.in = between // "a < b"
	}
}

// close ends a tag.
func (p *place) close() {
	if slices.Contains(raw, p.tag) {
		*p = place{in: rawText, tag: p.tag, kind: p.kind, broken: p.broken}
		return
	}
	*p = place{broken: p.broken}
}

func (p *place) until(s, end string) int {
	at := strings.Index(s, end)
	if at < 0 {
		return len(s)
	}
	*p = place{broken: p.broken}
	return at + len(end)
}

// inComment goes over what follows <!. A comment for one mail program alone, <!--[if mso]>, is none: what stands in it is HTML there.
func (p *place) inComment(s string) int {
	p.value += s[:1]
	switch v := p.value; {
	case v != "!--[if" && strings.HasPrefix("!--[if", v):
	case v == "!-->" || v == "!--->":
		*p = place{broken: p.broken}
	case v == "!---":
	case !strings.HasPrefix(v, "!--") || v == "!--[if":
		p.in = declaration
		if s[0] == '>' {
			*p = place{broken: p.broken}
		}
	case strings.HasSuffix(v, "-->"):
		*p = place{broken: p.broken}
	case len(v) > maxBeginning:
		p.value = "!--" + strings.Repeat(".", 8) + v[len(v)-2:]
	}
	return 1
}

func (p *place) inRawText(s string) int {
	end := "</" + p.tag
	// What was written last may be the beginning of the end.
	p.value += s[:1]
	if len(p.value) > len(end) {
		p.value = p.value[1:]
	}
	if strings.EqualFold(p.value, end) {
		*p = place{in: declaration, broken: p.broken}
	}
	return 1
}

func (p *place) inValue(s string) int {
	c := s[0]
	switch {
	case p.quote != 0 && c == p.quote, p.quote == 0 && isBlank(c):
		p.endValue()
		p.in = insideTag
	case p.quote == 0 && c == '>':
		p.endValue()
		p.close()
	case len(p.value) < maxBeginning:
		p.value += s[:1]
		if c == ':' && p.moved && p.follows() && strings.IndexAny(p.value, ":/?#") == len(p.value)-1 && !safe(p.value) {
			p.broken = true
		}
	}
	return 1
}

func (p *place) endValue() {
	if p.tag == "script" && p.name == "type" {
		p.kind = strings.ToLower(strings.TrimSpace(p.value))
	}
}

// follows says whether the attribute's value is an address.
func (p *place) follows() bool { return slices.Contains(addresses, p.name) }

// check says whether a value may stand here at all.
func (p *place) check() error {
	switch p.in {
	case opened, tagName, insideTag, attribute, named:
		return errPlace
	case beforeValue, valued:
		if strings.HasPrefix(p.name, "on") || p.name == "srcdoc" {
			return errPlace
		}
	case rawText:
		if p.tag == "script" && p.kind != "application/ld+json" && p.kind != "application/json" {
			return errPlace
		}
	}
	return nil
}

// fit makes a text that is escaped for HTML, and stands for plain, fit for this place.
func (p *place) fit(escaped, plain string) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	switch {
	case p.in == beforeValue || p.in == valued:
		p.in = valued
		out := p.attributeValue(escaped, plain)
		p.moved = true
		return out, nil
	case p.in == rawText && p.tag == "script":
		var b bytes.Buffer
		json.HTMLEscape(&b, []byte(quote(plain)))
		return b.String()[1 : b.Len()-1], nil
	case p.in == rawText && p.tag == "style":
		return styled(escaped, plain), nil
	}
	return escaped, nil
}

// json is a value that is JSON already: as it stands in a script that holds JSON, and a text like others elsewhere.
func (p *place) json(s string) (string, error) {
	if p.in != rawText || p.tag != "script" || p.check() != nil {
		return p.fit(html.EscapeString(s), s)
	}
	var b bytes.Buffer
	json.HTMLEscape(&b, []byte(s))
	return b.String(), nil
}

// unquoted escapes what would end a value without quotes.
var unquoted = strings.NewReplacer(" ", "&#32;", "\t", "&#9;", "\n", "&#10;", "\f", "&#12;", "\r", "&#13;", "=", "&#61;", "`", "&#96;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func (p *place) attributeValue(escaped, plain string) string {
	begun := html.UnescapeString(p.value)
	switch {
	// What the template itself has begun with is its author's word: an app's own scheme, too.
	case p.follows() && !strings.ContainsAny(begun, ":/?#") && !safe(begun+plain):
		return "#"
	case p.name == "style":
		escaped = styled(escaped, plain)
	}
	switch {
	case p.quote == 0 && escaped == "" && p.value == "":
		return `""` // else what follows would be the value
	case p.quote == 0:
		return unquoted.Replace(escaped)
	}
	return escaped
}

// styled is a value in CSS, or nothing where it could call something.
func styled(escaped, plain string) string {
	if strings.ContainsAny(plain, `(\@{}<`) || strings.Contains(plain, "/*") || strings.Contains(strings.ToLower(plain), "behavior") {
		return ""
	}
	return escaped
}

// safe says whether an address that begins so is one of a scheme that runs nothing, or of none: a path, or the page itself. Programs pass over
// blanks and control characters in a scheme.
func safe(address string) bool {
	address = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, address)
	end := strings.IndexAny(address, ":/?#")
	return end < 0 || address[end] != ':' || slices.Contains(schemes, strings.ToLower(address[:end]))
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

func lower(c byte) string {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return string(rune(c))
}

// placed looks for values where no value may stand, before a template is saved. Each branch begins where the whole does; what follows goes on
// after the first. What no order of the source shows, rendering finds.
func placed(list []node, p *place) error {
	branches := func(bodies ...[]node) error {
		start := *p
		for i, body := range bodies {
			q := start
			if err := placed(body, &q); err != nil {
				return err
			}
			if i == 0 {
				*p = q
			}
		}
		return nil
	}
	for _, n := range list {
		var err error
		switch n := n.(type) {
		case text:
			p.feed(string(n))
		case output:
			if err = p.check(); err != nil {
				return sourceError{n.line, err.Error()}
			}
			if p.in == beforeValue {
				p.in = valued
			}
		case capture:
			var own place
			err = placed(n.body, &own)
		case conditional:
			bodies := make([][]node, len(n))
			for i := range n {
				bodies[i] = n[i].body
			}
			err = branches(bodies...)
		case choice:
			bodies := make([][]node, len(n.whens))
			for i := range n.whens {
				bodies[i] = n.whens[i].body
			}
			err = branches(bodies...)
		case loop:
			err = branches(n.body, n.empty)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
