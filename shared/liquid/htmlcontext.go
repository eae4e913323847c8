package liquid

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"slices"
	"strings"
)

// htmlContext is where in an HTML document the next byte stands, by what was written before it. It decides how a value is escaped, and whether a
// value may stand there: a text that is harmless between tags is a program after href=. It follows HTML as far as mail programs read it; it is
// no parser of all of HTML.
type htmlContext struct {
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
func (h *htmlContext) feed(s string) {
	for s != "" {
		n := h.step(s)
		s = s[n:]
	}
}

// step goes over the next bytes of a text and tells how many they were.
func (h *htmlContext) step(s string) int {
	c := s[0]
	switch h.in {
	case between:
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return len(s)
		}
		*h = htmlContext{in: opened, broken: h.broken}
		return at + 1
	case opened:
		h.open(c)
	case tagName:
		switch {
		case isBlank(c) || c == '/':
			h.in = insideTag
		case c == '>':
			h.close()
		default:
			h.tag += lower(c)
		}
	case insideTag, named:
		switch {
		case c == '>':
			h.close()
		case c == '=' && h.in == named:
			h.in, h.value, h.moved, h.quote = beforeValue, "", false, 0
		case isBlank(c) || c == '/':
		default:
			h.in, h.name = attribute, lower(c)
		}
	case attribute:
		switch {
		case c == '=':
			h.in, h.value, h.moved, h.quote = beforeValue, "", false, 0
		case c == '>':
			h.close()
		case isBlank(c):
			h.in = named
		case c == '/':
			h.in = insideTag
		default:
			h.name += lower(c)
		}
	case beforeValue:
		switch {
		case isBlank(c):
		case c == '"' || c == '\'':
			h.in, h.quote = valued, c
		case c == '>':
			h.close()
		default:
			h.in = valued
			return 0
		}
	case valued:
		return h.inValue(s)
	case declaration:
		return h.until(s, ">")
	case comment:
		return h.inComment(s)
	case rawText:
		return h.inRawText(s)
	}
	return 1
}

func (h *htmlContext) open(c byte) {
	switch {
	case c == '!':
		h.in, h.value = comment, "!"
	case c == '/' || c == '?':
		h.in = declaration
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		h.in, h.tag = tagName, lower(c)
	case c != '<':
		h.in = between // "a < b"
	}
}

// close ends a tag.
func (h *htmlContext) close() {
	if slices.Contains(raw, h.tag) {
		*h = htmlContext{in: rawText, tag: h.tag, kind: h.kind, broken: h.broken}
		return
	}
	*h = htmlContext{broken: h.broken}
}

func (h *htmlContext) until(s, end string) int {
	at := strings.Index(s, end)
	if at < 0 {
		return len(s)
	}
	*h = htmlContext{broken: h.broken}
	return at + len(end)
}

// inComment goes over what follows <!. A comment for one mail program alone, <!--[if mso]>, is none: what stands in it is HTML there.
func (h *htmlContext) inComment(s string) int {
	h.value += s[:1]
	switch v := h.value; {
	case v != "!--[if" && strings.HasPrefix("!--[if", v):
	case v == "!-->" || v == "!--->":
		*h = htmlContext{broken: h.broken}
	case v == "!---":
	case !strings.HasPrefix(v, "!--") || v == "!--[if":
		h.in = declaration
		if s[0] == '>' {
			*h = htmlContext{broken: h.broken}
		}
	case strings.HasSuffix(v, "-->"):
		*h = htmlContext{broken: h.broken}
	case len(v) > maxBeginning:
		h.value = "!--" + strings.Repeat(".", 8) + v[len(v)-2:]
	}
	return 1
}

func (h *htmlContext) inRawText(s string) int {
	end := "</" + h.tag
	// What was written last may be the beginning of the end.
	h.value += s[:1]
	if len(h.value) > len(end) {
		h.value = h.value[1:]
	}
	if strings.EqualFold(h.value, end) {
		*h = htmlContext{in: declaration, broken: h.broken}
	}
	return 1
}

func (h *htmlContext) inValue(s string) int {
	c := s[0]
	switch {
	case h.quote != 0 && c == h.quote, h.quote == 0 && isBlank(c):
		h.endValue()
		h.in = insideTag
	case h.quote == 0 && c == '>':
		h.endValue()
		h.close()
	case len(h.value) < maxBeginning:
		h.value += s[:1]
		if c == ':' && h.moved && h.follows() && strings.IndexAny(h.value, ":/?#") == len(h.value)-1 && !safe(h.value) {
			h.broken = true
		}
	}
	return 1
}

func (h *htmlContext) endValue() {
	if h.tag == "script" && h.name == "type" {
		h.kind = strings.ToLower(strings.TrimSpace(h.value))
	}
}

// follows says whether the attribute's value is an address.
func (h *htmlContext) follows() bool { return slices.Contains(addresses, h.name) }

// check says whether a value may stand here at all.
func (h *htmlContext) check() error {
	switch h.in {
	case opened, tagName, insideTag, attribute, named:
		return errPlace
	case beforeValue, valued:
		if strings.HasPrefix(h.name, "on") || h.name == "srcdoc" {
			return errPlace
		}
	case rawText:
		if h.tag == "script" && h.kind != "application/ld+json" && h.kind != "application/json" {
			return errPlace
		}
	}
	return nil
}

// escape is what is written for a value at this place. plain is the value as text, and escaped the same escaped for text between tags.
func (h *htmlContext) escape(escaped, plain string) (string, error) {
	if err := h.check(); err != nil {
		return "", err
	}
	switch {
	case h.in == beforeValue || h.in == valued:
		h.in = valued
		out := h.attributeValue(escaped, plain)
		h.moved = true
		return out, nil
	case h.in == rawText && h.tag == "script":
		var b bytes.Buffer
		json.HTMLEscape(&b, []byte(quote(plain)))
		return b.String()[1 : b.Len()-1], nil
	case h.in == rawText && h.tag == "style":
		return styled(escaped, plain), nil
	}
	return escaped, nil
}

// escapeJSON is what is written for a value that is JSON already: the JSON itself in a script that holds JSON, and its text anywhere else.
func (h *htmlContext) escapeJSON(s string) (string, error) {
	if h.in != rawText || h.tag != "script" || h.check() != nil {
		return h.escape(html.EscapeString(s), s)
	}
	var b bytes.Buffer
	json.HTMLEscape(&b, []byte(s))
	return b.String(), nil
}

// unquoted escapes what would end a value without quotes.
var unquoted = strings.NewReplacer(" ", "&#32;", "\t", "&#9;", "\n", "&#10;", "\f", "&#12;", "\r", "&#13;", "=", "&#61;", "`", "&#96;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func (h *htmlContext) attributeValue(escaped, plain string) string {
	begun := html.UnescapeString(h.value)
	switch {
	// What the template itself has begun with is its author's word: an app's own scheme, too.
	case h.follows() && !strings.ContainsAny(begun, ":/?#") && !safe(begun+plain):
		return "#"
	case h.name == "style":
		escaped = styled(escaped, plain)
	}
	switch {
	case h.quote == 0 && escaped == "" && h.value == "":
		return `""` // else what follows would be the value
	case h.quote == 0:
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
