package liquid

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osteele/liquid/expressions"
)

// mode says how values are escaped.
type mode int

const (
	plain  mode = iota // as they are
	markup             // for HTML
	object             // for the inside of a JSON string
)

// part is one compiled source.
type part struct {
	root  []node
	mode  mode
	names map[string]bool // that it says: profile.name, and profile before it
}

// sourceError is a fault with its line.
type sourceError struct {
	line   int
	reason string
}

func (e sourceError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// node is a place of the compiled tree.
type node interface{ render(r *run) error }

type (
	text   string
	output struct {
		value expressions.Expression
		line  int
	}
	assign struct {
		name  string
		value expressions.Expression
		line  int
	}
	capture struct {
		name string
		body []node
	}
	conditional []branch
	branch      struct {
		test   expressions.Expression // nil for else
		negate bool
		body   []node
		line   int
	}
	choice struct {
		subject expressions.Expression
		whens   []when
		line    int
	}
	when struct {
		values []expressions.Expression
		other  bool
		body   []node
	}
	loop struct {
		statement expressions.Loop
		body      []node
		empty     []node
		line      int
	}
	jump struct{ to error }
)

// run is one rendering of one part.
type run struct {
	mode       mode
	html       htmlContext // of what is written next, in HTML
	vars       map[string]any
	context    expressions.Context
	out        strings.Builder
	work       int // bytes written and filtered, captures too
	iterations int
	deadline   time.Time
}

var (
	errBreak    = errors.New("break outside a loop")
	errContinue = errors.New("continue outside a loop")
)
