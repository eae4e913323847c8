package liquid

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
)

// grammar knows the blocks; it is used for parsing only.
var grammar = func() render.Config {
	c := render.NewConfig()
	c.AddBlock("if").Clause("else").Clause("elsif")
	c.AddBlock("unless").Clause("else").Clause("elsif")
	c.AddBlock("case").Clause("when").Clause("else")
	c.AddBlock("for").Clause("else")
	c.AddBlock("capture")
	c.AddBlock("comment")
	c.AddBlock("raw")
	return c
}()

// compile parses a source, checks every name in it, of one that is new the calls of filters too, and makes its tree.
func compile(source string, m mode, anew bool) (p *part, err error) {
	defer func() {
		// The parser panics where a number does not fit or a quote is alone.
		if r := recover(); r != nil {
			err = fmt.Errorf("does not parse: %v", r)
		}
	}()
	if err := unclosed(source); err != nil {
		return nil, err
	}
	tree, parseErr := grammar.Parse(source, parser.SourceLoc{LineNo: 1})
	if parseErr != nil {
		return nil, plainError(parseErr)
	}
	c := compiler{known: map[string]int{}, names: map[string]bool{}, calls: anew}
	root, err := c.nodes(tree.(*parser.ASTSeq).Children, 0)
	if err != nil {
		return nil, err
	}
	if m == markup && anew {
		if err := checkOutputs(root, &htmlContext{}); err != nil {
			return nil, err
		}
	}
	return &part{root, m, c.names}, nil
}

// unclosed finds a comment or raw block without its end, which the parser takes for one that holds all the rest.
func unclosed(source string) error {
	inside, line := "", 0
	for _, token := range parser.Scan(source, parser.SourceLoc{LineNo: 1}, nil) {
		switch {
		case token.Type != parser.TagTokenType:
		case inside == "" && (token.Name == "comment" || token.Name == "raw"):
			inside, line = token.Name, token.SourceLoc.LineNo
		case token.Name == "end"+inside:
			inside = ""
		}
	}
	if inside != "" {
		return sourceError{line, fmt.Sprintf("%q is never ended", inside)}
	}
	return nil
}

// plainError keeps the line and the reason of a parser's error and leaves its frame.
func plainError(err parser.Error) error {
	reason := err.Error()
	if cause := err.Cause(); cause != nil {
		reason = cause.Error()
	} else if _, rest, ok := strings.Cut(reason, ": "); ok {
		reason = rest
	}
	if i := strings.LastIndex(reason, " in {"); i > 0 {
		reason = reason[:i]
	}
	return sourceError{err.LineNumber(), reason}
}

// compiler walks the parsed tree in the order of the source.
type compiler struct {
	// known counts the definitions of local variables in scope.
	known map[string]int
	names map[string]bool // that were said of those which every template has
	calls bool            // whether calls of filters are checked
}

const maxDepth = 20

func (c *compiler) nodes(list []parser.ASTNode, depth int) ([]node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested deeper than %d", maxDepth)
	}
	out := make([]node, 0, len(list))
	trim := false // the next text loses its leading space
	for _, n := range list {
		switch n := n.(type) {
		case *parser.ASTTrim:
			if n.TrimDirection == parser.Right {
				trim = true
			} else if last := len(out) - 1; last >= 0 {
				if t, ok := out[last].(text); ok {
					out[last] = text(strings.TrimRightFunc(string(t), unicode.IsSpace))
				}
			}
			continue
		case *parser.ASTText:
			for _, mark := range []string{"{{", "{%"} {
				if i := strings.Index(n.Source, mark); i >= 0 {
					return nil, sourceError{n.SourceLoc.LineNo + strings.Count(n.Source[:i], "\n"), mark + " is never closed"}
				}
			}
			s := n.Source
			if trim {
				s = strings.TrimLeftFunc(s, unicode.IsSpace)
			}
			out = append(out, text(s))
		case *parser.ASTRaw:
			out = append(out, text(strings.Join(n.Slices, "")))
		case *parser.ASTObject:
			if err := c.check(n.Args, n.SourceLoc.LineNo); err != nil {
				return nil, err
			}
			out = append(out, output{n.Expr, n.SourceLoc.LineNo})
		case *parser.ASTTag:
			made, err := c.tag(n)
			if err != nil {
				return nil, err
			}
			out = append(out, made)
		case *parser.ASTBlock:
			made, err := c.block(n, depth)
			if err != nil {
				return nil, err
			}
			out = append(out, made)
		}
		trim = false
	}
	return out, nil
}

func (c *compiler) tag(n *parser.ASTTag) (node, error) {
	line := n.SourceLoc.LineNo
	switch n.Name {
	case "break":
		return jump{errBreak}, nil
	case "continue":
		return jump{errContinue}, nil
	case "assign":
		name, value, ok := strings.Cut(n.Args, "=")
		if name = strings.TrimSpace(name); !ok || !identifier(name) {
			return nil, sourceError{line, "assign is written {% assign name = value %}"}
		}
		if err := c.check(value, line); err != nil {
			return nil, err
		}
		statement, err := expressions.ParseStatement(expressions.AssignStatementSelector, n.Args)
		if err != nil {
			return nil, sourceError{line, err.Error()}
		}
		if err := c.define(name, line); err != nil {
			return nil, err
		}
		return assign{name, statement.Assignment.ValueFn, line}, nil
	}
	return nil, sourceError{line, fmt.Sprintf("unknown tag %q", n.Name)}
}

func (c *compiler) block(n *parser.ASTBlock, depth int) (node, error) {
	line := n.SourceLoc.LineNo
	switch n.Name {
	case "capture":
		if !identifier(n.Args) {
			return nil, sourceError{line, "capture is written {% capture name %}"}
		}
		body, err := c.nodes(n.Body, depth+1)
		if err != nil {
			return nil, err
		}
		return capture{n.Args, body}, c.define(n.Args, line)
	case "if", "unless":
		return c.conditional(n, depth)
	case "case":
		return c.choice(n, depth)
	case "for":
		return c.loop(n, depth)
	}
	return nil, sourceError{line, fmt.Sprintf("unknown tag %q", n.Name)}
}

func (c *compiler) conditional(n *parser.ASTBlock, depth int) (node, error) {
	var out conditional
	for i, clause := range append([]*parser.ASTBlock{n}, n.Clauses...) {
		b := branch{line: clause.SourceLoc.LineNo, negate: i == 0 && n.Name == "unless"}
		if clause.Name != "else" {
			expr, err := c.expression(clause.Args, b.line)
			if err != nil {
				return nil, err
			}
			b.test = expr
		}
		body, err := c.nodes(clause.Body, depth+1)
		if err != nil {
			return nil, err
		}
		b.body = body
		out = append(out, b)
	}
	return out, nil
}

func (c *compiler) choice(n *parser.ASTBlock, depth int) (node, error) {
	line := n.SourceLoc.LineNo
	subject, err := c.expression(n.Args, line)
	if err != nil {
		return nil, err
	}
	out := choice{subject: subject, line: line}
	for _, clause := range n.Clauses {
		w := when{other: clause.Name == "else"}
		if !w.other {
			if err := c.check(clause.Args, clause.SourceLoc.LineNo); err != nil {
				return nil, err
			}
			statement, err := expressions.ParseStatement(expressions.WhenStatementSelector, clause.Args)
			if err != nil {
				return nil, sourceError{clause.SourceLoc.LineNo, err.Error()}
			}
			w.values = statement.When.Exprs
		}
		if w.body, err = c.nodes(clause.Body, depth+1); err != nil {
			return nil, err
		}
		out.whens = append(out.whens, w)
	}
	return out, nil
}

func (c *compiler) loop(n *parser.ASTBlock, depth int) (node, error) {
	line := n.SourceLoc.LineNo
	name, rest, ok := strings.Cut(n.Args, " in ")
	if name = strings.TrimSpace(name); !ok || !identifier(name) {
		return nil, sourceError{line, "for is written {% for name in list %}"}
	}
	if err := c.check(rest, line); err != nil {
		return nil, err
	}
	statement, err := expressions.ParseStatement(expressions.LoopStatementSelector, n.Args)
	if err != nil {
		return nil, sourceError{line, err.Error()}
	}
	out := loop{statement: statement.Loop, line: line}
	if err := c.define(name, line); err != nil {
		return nil, err
	}
	c.known["forloop"]++
	out.body, err = c.nodes(n.Body, depth+1)
	c.known["forloop"]--
	c.known[name]--
	if err != nil {
		return nil, err
	}
	for _, clause := range n.Clauses {
		body, err := c.nodes(clause.Body, depth+1)
		if err != nil {
			return nil, err
		}
		out.empty = append(out.empty, body...)
	}
	return out, nil
}

func (c *compiler) define(name string, line int) error {
	if _, root := fields[name]; root && !lent[name] || name == "forloop" {
		return sourceError{line, fmt.Sprintf("%q is taken: it names a variable that every template has", name)}
	}
	c.known[name]++
	return nil
}

func (c *compiler) expression(source string, line int) (expressions.Expression, error) {
	if err := c.check(source, line); err != nil {
		return nil, err
	}
	expr, err := expressions.Parse(source)
	if err != nil {
		return nil, sourceError{line, err.Error()}
	}
	return expr, nil
}

// check finds names in an expression that stand for nothing: root variables, fields of those whose fields are known, filters.
func (c *compiler) check(source string, line int) error {
	root, before, path := "", "", ""
	for rest := source; rest != ""; {
		token, kind, size := next(rest)
		rest = rest[size:]
		if kind == space {
			continue
		}
		if kind == name && before != "." {
			root = ""
		}
		switch {
		case kind == open:
			return sourceError{line, "a quote is never closed"}
		case token == "[":
			path = "" // what stands at a place of a list has no name
		case kind == name && before == "|":
			if filterTable[token] == nil {
				return sourceError{line, fmt.Sprintf("unknown filter %q", token)}
			}
		case kind == name && before == ".":
			if known := fields[root]; root != "" && known != nil && c.known[root] == 0 && !known[token] {
				return sourceError{line, fmt.Sprintf("unknown variable %q", root+"."+token)}
			}
			if path != "" {
				path += "." + token
				c.names[path] = true
			}
			root = ""
		case kind == name && !keywords[token] && !strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":"):
			_, exists := fields[token]
			if !exists && c.known[token] == 0 {
				return sourceError{line, fmt.Sprintf("unknown variable %q", token)}
			}
			root, path = token, ""
			if exists && c.known[token] == 0 {
				path, c.names[token] = token, true
			}
		}
		before = token
	}
	if !c.calls {
		return nil
	}
	if err := checkFilters(source); err != nil {
		return sourceError{line, err.Error()}
	}
	return nil
}
