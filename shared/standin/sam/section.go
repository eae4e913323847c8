package sam

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

type entry struct{ key, value *yaml.Node }

// entries lists the pairs of a map; a missing node is an empty one.
func (d *document) entries(n *yaml.Node, what string) []entry {
	if n == nil || d.fault != nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.fail(n, what+" is not a map", "mend the indentation")
		return nil
	}
	out := make([]entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, entry{n.Content[i], n.Content[i+1]})
	}
	return out
}

// section reads a map whose keys are known, and faults what it does not know.
type section struct {
	d    *document
	node *yaml.Node
	what string
	left map[string]entry
}

func (d *document) section(n *yaml.Node, what string) *section {
	s := &section{d: d, node: n, what: what, left: map[string]entry{}}
	for _, e := range d.entries(n, what) {
		s.left[e.key.Value] = e
	}
	return s
}

func (s *section) take(key string) *yaml.Node {
	e, ok := s.left[key]
	if !ok {
		return nil
	}
	delete(s.left, key)
	if e.value.Tag == "!!null" {
		return nil
	}
	return e.value
}

func (s *section) ignore(keys ...string) {
	for _, k := range keys {
		delete(s.left, k)
	}
}

// done faults the first key, in the order of the file, that nobody took.
func (s *section) done() {
	if s.d.fault != nil || len(s.left) == 0 {
		return
	}
	var first *yaml.Node
	for _, e := range s.left {
		if first == nil || e.key.Line < first.Line || e.key.Line == first.Line && e.key.Value < first.Value {
			first = e.key
		}
	}
	s.d.fail(first, fmt.Sprintf("%s has %s, which is not known here", s.what, first.Value), "check the spelling, or leave it out")
}

func (s *section) text(key, fallback string) string {
	n := s.take(key)
	if n == nil {
		return fallback
	}
	if n.Kind != yaml.ScalarNode {
		s.d.fail(n, fmt.Sprintf("%s of %s is not a text", key, s.what), "write one value")
		return fallback
	}
	return n.Value
}

func (s *section) need(key string) string {
	n, had := s.left[key]
	v := s.text(key, "")
	if v == "" {
		at := s.node
		if had {
			at = n.key
		}
		s.d.fail(at, fmt.Sprintf("%s has no %s", s.what, key), "give it one")
	}
	return v
}

func (s *section) whole(key string, fallback, least, most int) int {
	n := s.take(key)
	if n == nil {
		return fallback
	}
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
		s.d.fail(n, fmt.Sprintf("%s of %s is %s", key, s.what, shown(n)), fmt.Sprintf("give a whole number from %d to %d", least, most))
		return fallback
	}
	return v
}

func (s *section) number(key string) float64 {
	n := s.take(key)
	if n == nil {
		return 0
	}
	v, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 {
		s.d.fail(n, fmt.Sprintf("%s of %s is %s", key, s.what, shown(n)), "give a number that is not negative")
	}
	return v
}

func (s *section) flag(key string, fallback bool) bool {
	n := s.take(key)
	if n == nil {
		return fallback
	}
	switch strings.ToLower(n.Value) {
	case "true":
		return true
	case "false":
		return false
	}
	s.d.fail(n, fmt.Sprintf("%s of %s is %s", key, s.what, shown(n)), "write true or false")
	return fallback
}

func (s *section) oneOf(key, fallback string, choices ...string) string {
	n := s.take(key)
	if n == nil {
		return fallback
	}
	for _, c := range choices {
		if n.Kind == yaml.ScalarNode && n.Value == c {
			return c
		}
	}
	s.d.fail(n, fmt.Sprintf("%s of %s is %s", key, s.what, shown(n)), "use "+strings.Join(choices, " or "))
	return fallback
}

// texts reads a list of texts; one text stands for a list of one.
func (s *section) texts(key string) []string {
	n := s.take(key)
	if n == nil {
		return nil
	}
	return s.d.textList(n, fmt.Sprintf("%s of %s", key, s.what))
}

func (d *document) textList(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, what+" is not a list", "write one text or a list of texts")
		return nil
	}
	out := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			d.fail(c, what+" holds something that is not a text", "write a list of texts")
			return nil
		}
		out = append(out, c.Value)
	}
	return out
}

func (s *section) sub(key string) *section {
	n := s.take(key)
	if n == nil {
		return nil
	}
	return s.d.section(n, key+" of "+s.what)
}

func (s *section) items(key string) []*yaml.Node {
	n := s.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		s.d.fail(n, fmt.Sprintf("%s of %s is not a list", key, s.what), "write a list")
		return nil
	}
	return n.Content
}

func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return strconv.Quote(n.Value)
	}
	return "not a plain value"
}
