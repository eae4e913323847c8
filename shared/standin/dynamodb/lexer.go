package dynamodb

import "strings"

// maxExpression is the service's limit of an expression's length in bytes.
const maxExpression = 4 << 10

type tokenKind byte

const (
	tokenEnd    tokenKind = iota
	tokenName             // bare word
	tokenHash             // #placeholder
	tokenColon            // :placeholder
	tokenDigits           // list index
	tokenSign             // operator or punctuation
)

type token struct {
	kind tokenKind
	text string
	from int
}

func (t token) is(text string) bool { return t.kind == tokenSign && t.text == text }

// word says whether the token is the keyword, in any case.
func (t token) word(keyword string) bool {
	return t.kind == tokenName && strings.EqualFold(t.text, keyword)
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// parser reads one expression. The first error sticks; every token after it is the end.
type parser struct {
	what  string // the parameter's name, for messages
	src   string
	at    int // where the next token is looked for
	tok   token
	last  token
	subs  *substitutions
	ops   int
	depth int
	err   error
}

func newParser(what, src string, subs *substitutions) *parser {
	p := &parser{what: what, src: src, subs: subs}
	switch {
	case strings.TrimSpace(src) == "":
		p.fail("The expression can not be empty;")
	case len(src) > maxExpression:
		p.fail("Expression size has exceeded the maximum allowed size; expression size: %d", len(src))
	default:
		p.next()
	}
	return p
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = invalid("Invalid "+p.what+": "+format, args...)
	}
	p.tok = token{kind: tokenEnd}
	p.at = len(p.src)
}

// syntax fails at the current token, quoting what stands around it.
func (p *parser) syntax() {
	if p.err != nil {
		return
	}
	if p.tok.kind == tokenEnd {
		near := p.src[min(p.last.from, len(p.src)):]
		p.fail("Syntax error; token: \"<EOF>\", near: \"%s\"", strings.TrimRight(near, " "))
		return
	}
	from, bad := p.last.from, p.tok
	p.next()
	to := p.at
	if p.tok.kind == tokenEnd {
		to = len(p.src)
	}
	p.fail("Syntax error; token: \"%s\", near: \"%s\"", bad.text, p.src[min(from, to):to])
}

func (p *parser) next() {
	if p.err != nil {
		return
	}
	p.last = p.tok
	for p.at < len(p.src) && (p.src[p.at] == ' ' || p.src[p.at] == '\t' || p.src[p.at] == '\n' || p.src[p.at] == '\r') {
		p.at++
	}
	start := p.at
	if start == len(p.src) {
		p.tok = token{kind: tokenEnd, from: start}
		return
	}
	c := p.src[start]
	kind := tokenSign
	end := start + 1
	switch {
	case c >= '0' && c <= '9':
		kind = tokenDigits
		for end < len(p.src) && wordByte(p.src[end]) {
			end++
		}
	case wordByte(c) || c == '#' || c == ':':
		kind = tokenName
		if c == '#' {
			kind = tokenHash
		} else if c == ':' {
			kind = tokenColon
		}
		for end < len(p.src) && wordByte(p.src[end]) {
			end++
		}
		if kind != tokenName && end == start+1 {
			p.tok = token{tokenSign, p.src[start:end], start}
			p.at = end
			p.syntax()
			return
		}
	case c == '<' && end < len(p.src) && (p.src[end] == '>' || p.src[end] == '='), c == '>' && end < len(p.src) && p.src[end] == '=':
		end++
	case !strings.ContainsRune("()[].,=<>+-", rune(c)):
		for end < len(p.src) && p.src[end] >= 0x80 {
			end++
		}
		p.fail("Syntax error; token: \"%s\", near: \"%s\"", p.src[start:end], p.src[min(p.last.from, start):end])
		return
	}
	p.tok = token{kind, p.src[start:end], start}
	p.at = end
}

// accept consumes the sign if it is next.
func (p *parser) accept(sign string) bool {
	if !p.tok.is(sign) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(sign string) {
	if !p.accept(sign) {
		p.syntax()
	}
}

// follows says whether the sign comes right after the current token.
func (p *parser) follows(sign byte) bool {
	for i := p.at; i < len(p.src); i++ {
		switch p.src[i] {
		case ' ', '\t', '\n', '\r':
		default:
			return p.src[i] == sign
		}
	}
	return false
}

// substitutions are a request's ExpressionAttributeNames and ExpressionAttributeValues.
type substitutions struct {
	names         []nameSubstitution
	values        []valueSubstitution
	named, valued bool // the parameter was present
}

type nameSubstitution struct {
	key, name string
	used      bool
}

type valueSubstitution struct {
	key   string
	value []byte
	used  bool
}

// check looks for placeholders with a bad name, before any expression is read.
func (u *substitutions) check(expressions bool) error {
	switch {
	case u.named && !expressions:
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	case u.valued && !expressions:
		return invalid("ExpressionAttributeValues can only be specified when using expressions")
	case u.named && len(u.names) == 0:
		return invalid("ExpressionAttributeNames must not be empty")
	case u.valued && len(u.values) == 0:
		return invalid("ExpressionAttributeValues must not be empty")
	}
	for _, n := range u.names {
		if !placeholder(n.key, '#') {
			return invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: \"%s\"", n.key)
		}
		if n.name == "" {
			return invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", n.key)
		}
	}
	for _, v := range u.values {
		if !placeholder(v.key, ':') {
			return invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: \"%s\"", v.key)
		}
	}
	return nil
}

func placeholder(key string, first byte) bool {
	if len(key) < 2 || key[0] != first {
		return false
	}
	for i := 1; i < len(key); i++ {
		if !wordByte(key[i]) {
			return false
		}
	}
	return true
}

// unused fails if a placeholder was not used by any expression.
func (u *substitutions) unused() error {
	var keys []string
	for _, n := range u.names {
		if !n.used {
			keys = append(keys, n.key)
		}
	}
	if keys != nil {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", strings.Join(keys, ", "))
	}
	for _, v := range u.values {
		if !v.used {
			keys = append(keys, v.key)
		}
	}
	if keys != nil {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", strings.Join(keys, ", "))
	}
	return nil
}

// name resolves the current token as an attribute name and consumes it.
func (p *parser) name() string {
	t := p.tok
	switch t.kind {
	case tokenName:
		if reserved(t.text) {
			p.fail("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
			return ""
		}
		p.next()
		return t.text
	case tokenHash:
		for i := range p.subs.names {
			if n := &p.subs.names[i]; n.key == t.text {
				n.used = true
				p.next()
				return n.name
			}
		}
		p.fail("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		return ""
	}
	p.syntax()
	return ""
}

// value resolves the current token as an attribute value and consumes it.
func (p *parser) value() []byte {
	for i := range p.subs.values {
		if v := &p.subs.values[i]; v.key == p.tok.text {
			v.used = true
			p.next()
			return v.value
		}
	}
	p.fail("An expression attribute value used in expression is not defined; attribute value: %s", p.tok.text)
	return nil
}

// path reads name, name.name, name[0] and so on.
func (p *parser) path() path {
	out := path{{name: p.name()}}
	for p.err == nil {
		switch {
		case p.accept("."):
			out = append(out, step{name: p.name()})
		case p.accept("["):
			if p.tok.kind != tokenDigits || len(p.tok.text) > 9 {
				p.syntax()
				return out
			}
			n := 0
			for _, c := range p.tok.text {
				if c < '0' || c > '9' {
					p.syntax()
					return out
				}
				n = n*10 + int(c-'0')
			}
			p.next()
			p.expect("]")
			out = append(out, step{index: n})
		default:
			if len(out) > maxDepth {
				p.fail("The document path has too many nesting elements; nesting levels: %d", len(out))
			}
			return out
		}
	}
	return out
}

// end fails unless everything has been read.
func (p *parser) end() {
	if p.err == nil && p.tok.kind != tokenEnd {
		p.syntax()
	}
}

// overlaps fails if two of the paths meet.
func (p *parser) overlaps(paths []path) {
	for i := 1; i < len(paths) && p.err == nil; i++ {
		for _, a := range paths[:i] {
			switch overlap(a, paths[i]) {
			case 1:
				p.fail("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, paths[i])
			case 2:
				p.fail("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, paths[i])
			}
		}
	}
}

// overlap is 1 if one path leads into the other, 2 if they take the same place for a map and for a list.
func overlap(a, b path) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			if (a[i].name == "") != (b[i].name == "") {
				return 2
			}
			return 0
		}
	}
	return 1
}
