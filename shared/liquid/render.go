package liquid

import (
	"errors"
	"fmt"
	"html"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"
)

const (
	maxOutput     = 256 << 10
	maxIterations = 10_000 // of all loops of a rendering together
	maxWork       = 8 << 20
	maxTime       = 2 * time.Second
)

func (p *part) render(bindings map[string]any) (out string, err error) {
	r := &run{mode: p.mode, vars: maps.Clone(bindings), deadline: time.Now().Add(maxTime)}
	filters, ok := bindings[filtersKey].(expressions.Config)
	if !ok {
		filters = locality{}.config()
	}
	r.context = expressions.NewContext(r.vars, filters)
	defer func() {
		// A filter that meets a value it cannot take panics, with the value in its text; that text goes nowhere.
		if recover() != nil {
			err = fmt.Errorf("%w: a filter cannot take its value", ErrRender)
		}
	}()
	switch err := r.all(p.root); {
	case errors.Is(err, errBreak), errors.Is(err, errContinue):
		// Outside a loop they end the template, as they do in other implementations.
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrRender, err)
	}
	return r.out.String(), nil
}

func (r *run) all(list []node) error {
	for _, n := range list {
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

var (
	errTooLong = fmt.Errorf("more than %d bytes come out", maxOutput)
	errTooMuch = errors.New("it takes too many steps")
)

func (r *run) write(s string) error {
	r.work += len(s) + 1
	if r.work > maxWork {
		return errTooMuch
	}
	if r.out.Len()+len(s) > maxOutput {
		return errTooLong
	}
	r.out.WriteString(s)
	return nil
}

// evaluate leaves the reason of an error behind: it may quote a value.
func (r *run) evaluate(e expressions.Expression, line int) (any, error) {
	v, err := e.Evaluate(r.context)
	if err != nil {
		return nil, sourceError{line, "a value cannot be computed"}
	}
	return v, nil
}

func (t text) render(r *run) error { return r.put(string(t)) }

// put writes what stands at a place as it is.
func (r *run) put(s string) error {
	if r.mode == markup {
		if r.html.feed(s); r.html.broken {
			return errScheme
		}
	}
	return r.write(s)
}

func (o output) render(r *run) error {
	v, err := r.evaluate(o.value, o.line)
	if err != nil {
		return err
	}
	s, err := r.escape(v)
	if err != nil {
		return sourceError{o.line, err.Error()}
	}
	return r.put(s)
}

func (r *run) escape(v any) (string, error) {
	s := format(v)
	if r.mode == markup {
		return r.escapeMarkup(v, s)
	}
	_, isCaptured := v.(captured)
	_, isEncoded := v.(encoded)
	if r.mode == object && !isCaptured && !isEncoded {
		quoted := quote(s)
		return quoted[1 : len(quoted)-1], nil
	}
	return s, nil
}

// escapeMarkup escapes a value for where it stands in HTML.
func (r *run) escapeMarkup(v any, s string) (string, error) {
	switch v.(type) {
	case captured, escaped:
		return r.html.escape(s, html.UnescapeString(s))
	case encoded:
		return r.html.escapeJSON(s)
	}
	return r.html.escape(html.EscapeString(s), s)
}

func (a assign) render(r *run) error {
	v, err := r.evaluate(a.value, a.line)
	if err != nil {
		return err
	}
	r.vars[a.name] = v
	return r.write("")
}

func (c capture) render(r *run) error {
	outer, at := r.out, r.html
	r.out, r.html = strings.Builder{}, htmlContext{}
	err := r.all(c.body)
	inner := r.out.String()
	r.out, r.html = outer, at
	if err != nil {
		return err
	}
	r.vars[c.name] = captured(inner)
	return nil
}

func (c conditional) render(r *run) error {
	for _, b := range c {
		met := b.test == nil
		if !met {
			v, err := r.evaluate(b.test, b.line)
			if err != nil {
				return err
			}
			met = (v != nil && v != false) != b.negate
		}
		if met {
			return r.all(b.body)
		}
	}
	return nil
}

func (c choice) render(r *run) error {
	subject, err := r.evaluate(c.subject, c.line)
	if err != nil {
		return err
	}
	for _, w := range c.whens {
		met := w.other
		for _, value := range w.values {
			v, err := r.evaluate(value, c.line)
			if err != nil {
				return err
			}
			met = met || values.Equal(subject, v)
		}
		if met {
			return r.all(w.body)
		}
	}
	return nil
}

func (j jump) render(*run) error { return j.to }

func (l loop) render(r *run) error {
	list, err := l.list(r)
	if err != nil {
		return err
	}
	if list.count == 0 {
		return r.all(l.empty)
	}
	name := l.statement.Variable
	outer, had := r.vars[name]
	outerLoop := r.vars["forloop"]
	defer func() {
		r.vars["forloop"] = outerLoop
		if had {
			r.vars[name] = outer
		} else {
			delete(r.vars, name)
		}
	}()
	for i := range list.count {
		if r.iterations++; r.iterations > maxIterations || time.Now().After(r.deadline) {
			return errTooMuch
		}
		at := i
		if l.statement.Reversed {
			at = list.count - 1 - i
		}
		r.vars[name] = list.at(at)
		r.vars["forloop"] = map[string]any{
			"first": i == 0, "last": i == list.count-1, "index": i + 1, "index0": i,
			"rindex": list.count - i, "rindex0": list.count - 1 - i, "length": list.count,
		}
		if err := r.all(l.body); errors.Is(err, errBreak) {
			break
		} else if err != nil && !errors.Is(err, errContinue) {
			return err
		}
	}
	return nil
}

// sequence is what a loop goes over, not copied.
type sequence struct {
	count int
	at    func(int) any
}

// list evaluates what the loop goes over: a list, a range, or an object as pairs of name and value in the order of the names.
func (l loop) list(r *run) (sequence, error) {
	v, err := r.evaluate(l.statement.Expr, l.line)
	if err != nil {
		return sequence{}, err
	}
	var s sequence
	switch v := v.(type) {
	case nil:
		return s, nil
	case values.Range:
		s = sequence{max(v.Len(), 0), v.Index}
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		s = sequence{len(names), func(i int) any { return []any{names[i], v[names[i]]} }}
	default:
		list := reflect.ValueOf(v)
		if list.Kind() != reflect.Slice {
			return s, nil
		}
		s = sequence{list.Len(), func(i int) any { return list.Index(i).Interface() }}
	}
	offset, err := l.bound(r, l.statement.Offset, 0)
	if err != nil {
		return s, err
	}
	limit, err := l.bound(r, l.statement.Limit, s.count)
	if err != nil {
		return s, err
	}
	offset = min(offset, s.count)
	at := s.at
	return sequence{min(limit, s.count-offset), func(i int) any { return at(i + offset) }}, nil
}

func (l loop) bound(r *run, e expressions.Expression, usual int) (int, error) {
	if e == nil {
		return usual, nil
	}
	v, err := r.evaluate(e, l.line)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int)
	if !ok || n < 0 {
		return 0, sourceError{l.line, "limit and offset must be whole numbers from 0"}
	}
	return n, nil
}

// ErrRender says that a template compiled but could not be rendered for these values. Its text names no value.
var ErrRender = errors.New("the template does not render")
