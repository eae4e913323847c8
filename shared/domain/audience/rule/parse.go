package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/rawjson"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/domain/spelling"
)

// Parse reads a rule. Places begin with "rule".
func Parse(raw json.RawMessage) (Rule, fault.Faults) {
	var p parser
	if len(raw) > maxRuleBytes {
		p.faults.Addf("rule", "has %d bytes, at most %d", len(raw), maxRuleBytes)
		return Rule{}, p.faults
	}
	tree, err := rawjson.Tree(raw)
	switch {
	case errors.Is(err, rawjson.ErrMore):
		p.faults.Add("rule", "has something after its end")
		return Rule{}, p.faults
	case err != nil:
		p.faults.Add("rule", "is missing or no JSON")
		return Rule{}, p.faults
	}
	p.rule.root = p.node(tree, "rule", 1)
	return p.rule, p.faults
}

// node reads a place of the rule and notes it as a part.
func (p *parser) node(raw any, path string, depth int) node {
	at := len(p.rule.Parts)
	p.rule.Parts = append(p.rule.Parts, Part{Path: path})
	n := p.read(raw, path, depth)
	part := &p.rule.Parts[at]
	part.of = n
	if len(p.rule.Parts) == at+1 {
		part.Asks, _ = raw.(map[string]any)
	}
	return n
}

// read reads a place of the rule. It returns a node for every input; the faults decide whether it counts.
func (p *parser) read(raw any, path string, depth int) node {
	object, ok := raw.(map[string]any)
	if !ok {
		p.faults.Addf(path, "is not an object but %s", jsonKind(raw))
		return all(nil)
	}
	p.nodes++
	switch {
	case depth > maxDepth:
		p.faults.Addf(path, "is nested deeper than %d", maxDepth)
		return all(nil)
	case p.nodes == maxNodes+1:
		p.faults.Addf(path, "is one condition too many, at most %d", maxNodes)
	}
	if p.nodes > maxNodes {
		return all(nil)
	}
	var found []string
	for _, form := range forms {
		if _, has := object[form]; has {
			found = append(found, form)
		}
	}
	if len(found) != 1 {
		hint := ""
		if len(found) == 0 {
			hint = spelling.Meant(meantKey(object, forms...))
		}
		p.faults.Addf(path, "must have exactly one of %s%s", strings.Join(forms, ", "), hint)
		return all(nil)
	}
	form := found[0]
	if form == "field" {
		return p.condition(object, path)
	}
	p.only(object, path, form)
	path += "." + form
	switch form {
	case "all", "any":
		return p.several(object[form], path, depth, form == "all")
	case "not":
		return not{p.node(object[form], path, depth+1)}
	case "performed":
		return p.performed(object[form], path)
	case "segment":
		return p.member(object[form], path)
	case "notSegment":
		return not{p.member(object[form], path)}
	}
	return p.percent(object[form], path)
}

func (p *parser) several(raw any, path string, depth int, every bool) node {
	list, ok := raw.([]any)
	if !ok || len(list) == 0 {
		p.faults.Add(path, "is not a list of at least one rule")
		return all(nil)
	}
	nodes := make([]node, 0, len(list))
	for i, one := range list {
		nodes = append(nodes, p.node(one, fmt.Sprintf("%s[%d]", path, i), depth+1))
	}
	if every {
		return all(nodes)
	}
	return anyOf(nodes)
}

func (p *parser) condition(object map[string]any, path string) node {
	n := p.asking(object, path)
	c, is := n.(condition)
	if !is {
		return n
	}
	c.tags = tagsOf(c)
	for _, tag := range c.tags {
		p.rule.Tags = append(p.rule.Tags, Reference{ID: tag, Path: path})
	}
	return c
}

func (p *parser) asking(object map[string]any, path string) node {
	name, _ := object["field"].(string)
	f, key, ok := lookUp(name)
	if !ok {
		p.faults.Addf(path+".field", "%q is not a field of a profile%s", clip.Shown(name), spelling.Meant(meantBy(name)...))
		return all(nil)
	}
	if f.judge != nil {
		if reason := f.judge(key); reason != "" {
			p.rule.Unsure.Add(path+".field", reason)
		}
	}
	p.rule.Fields = append(p.rule.Fields, name)
	p.rule.Scored = p.rule.Scored || f.scored
	p.rule.Profiling = p.rule.Profiling || f.profiles()
	c := condition{field: f, key: key}
	text, _ := object["op"].(string)
	c.op = operation(text)
	if allowed := operations(f.kind); !slices.Contains(allowed, c.op) {
		names := make([]string, len(allowed))
		for i, o := range allowed {
			names[i] = string(o)
		}
		if _, has := object["op"]; !has {
			p.faults.Addf(path+".op", "is missing; a %s has %s", f.kind, strings.Join(names, ", "))
		} else {
			p.faults.Addf(path+".op", "%q is not an operation of a %s, which has %s%s", clip.Shown(text), f.kind, strings.Join(names, ", "), spelling.Hint(text, names...))
		}
		return all(nil)
	}
	raw, has := object["value"]
	switch c.op {
	case opExists:
		p.only(object, path, "field", "op", "value")
		c.want = true
		if want, isBool := raw.(bool); has && isBool {
			c.want = want
		} else if has {
			p.faults.Add(path+".value", "is neither true nor false")
		}
		return c
	case opWithin, opOlderThan, opInNext:
		p.only(object, path, "field", "op", "days")
		c.days = int(p.integer(object, path, "days", 0, maxWithin))
		return c
	}
	p.only(object, path, "field", "op", "value")
	if !has {
		p.faults.Add(path+".value", "is missing")
		return c
	}
	switch c.op {
	case opMatches:
		c.pattern = p.pattern(raw, path+".value")
	case opBetween:
		c.operands = p.bounds(c, raw, path+".value")
	default:
		c.operands = p.operands(c, raw, path+".value")
	}
	return c
}

// tagsOf are the tags that a condition asks for, and the empty one where it asks for any; none of a field that tells of none.
func tagsOf(c condition) []string {
	switch c.field.name {
	case "tags.count":
		return []string{""}
	case "tags":
	default:
		return nil
	}
	if c.op == opExists {
		return []string{""}
	}
	tags := make([]string, 0, len(c.operands))
	for _, o := range c.operands {
		tags = append(tags, o.text)
	}
	return tags
}

func (p *parser) member(raw any, path string) node {
	text, isText := raw.(string)
	switch {
	case !isText:
		p.faults.Add(path, "is not the id of a segment: it is no text")
	case score.ID(text).Exists():
		p.rule.Scored, p.rule.Profiling = true, true
		return class{score.ID(text)}
	case strings.Contains(text, ":"):
		p.faults.Addf(path, "%q is not a derived segment", clip.Shown(text))
	case slug.Fault(text) != "":
		p.faults.Addf(path, "is not the id of a segment: it %s", slug.Fault(text))
	default:
		p.rule.Refs = append(p.rule.Refs, Reference{ID: text, Path: path})
	}
	return member{text}
}

func (p *parser) percent(raw any, path string) node {
	object, ok := raw.(map[string]any)
	if !ok {
		p.faults.Addf(path, "is not an object but %s", jsonKind(raw))
		return all(nil)
	}
	p.only(object, path, "seed", "from", "to")
	n := percent{}
	n.seed, _ = object["seed"].(string)
	if n.seed == "" || len(n.seed) > maxText {
		p.faults.Addf(path+".seed", "is not a text of 1 to %d bytes", maxText)
	}
	n.from = p.hundredths(object, path, "from")
	n.to = p.hundredths(object, path, "to")
	if n.to <= n.from {
		p.faults.Add(path+".to", "is not above from")
	}
	return n
}
