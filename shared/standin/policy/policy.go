// Package policy judges whether a function may make a call, from the IAM statements of its template.
//
// It knows the part of IAM that a SAM template of functions, tables and queues uses: Allow and Deny statements with
// actions and resources that may hold `*` and `?`. It is not all of IAM: conditions, NotAction and NotResource are
// refused when the template is read, because guessing at them would teach wrong. The surprising thing: it also remembers which grants
// were ever needed, so that a run of everything can name the rights that nothing uses.
package policy

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// Effect is what a statement does with the calls it covers.
type Effect string

// A call is permitted when an Allow covers it and no Deny does.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement covers every pair of one of its actions ("dynamodb:PutItem", "sqs:Send*") and one of its resources (ARNs,
// which may hold wildcards). Implied marks a right that the platform adds by itself, such as polling the queue of
// an event source; such a right is judged like any other but never reported as unused.
type Statement struct {
	Effect    Effect
	Actions   []string
	Resources []string
	Implied   bool
}

// Grant is one allowed pair of action and resource pattern, as the template writes them.
type Grant struct {
	Function string
	Action   string
	Resource string
}

func (g Grant) String() string { return g.Function + " " + g.Action + " " + g.Resource }

// Denied is the answer to a call that no statement allows, or that one denies.
type Denied struct {
	Function string
	Action   string
	Resource string
	Explicit bool
}

func (d *Denied) Error() string {
	why := "because no identity-based policy allows the " + d.Action + " action"
	if d.Explicit {
		why = "with an explicit deny in an identity-based policy"
	}
	return fmt.Sprintf("User: function/%s is not authorized to perform: %s on resource: %s %s", d.Function, d.Action, d.Resource, why)
}

// Book holds the statements of every function and what has been used of them. It is safe for concurrent use.
type Book struct {
	mu         sync.RWMutex
	statements map[string][]Statement
	used       map[Grant]bool
	decided    map[question]decision
}

type question struct{ function, action, resource string }

type decision struct {
	denied *Denied
	grants []Grant
}

// NewBook makes a book from each function's statements.
func NewBook(statements map[string][]Statement) *Book {
	return &Book{statements: statements, used: map[Grant]bool{}, decided: map[question]decision{}}
}

// Check reports whether the function may perform the action on the resource: nil, or a *Denied. Every grant that covers an allowed
// call counts as used from then on.
func (b *Book) Check(function, action, resource string) error {
	q := question{function, action, resource}
	b.mu.RLock()
	d, known := b.decided[q]
	b.mu.RUnlock()
	if !known {
		d = b.decide(q)
		b.mu.Lock()
		// The set of tables, queues and actions is small, but a caller can name any resource: forget rather than grow.
		if len(b.decided) > 10_000 {
			b.decided = map[question]decision{}
		}
		b.decided[q] = d
		for _, g := range d.grants {
			b.used[g] = true
		}
		b.mu.Unlock()
	}
	if d.denied != nil {
		return d.denied
	}
	return nil
}

func (b *Book) decide(q question) decision {
	var grants []Grant
	for _, s := range b.statements[q.function] {
		for _, action := range s.Actions {
			if !Match(strings.ToLower(action), strings.ToLower(q.action)) {
				continue
			}
			for _, resource := range s.Resources {
				if !Match(resource, q.resource) {
					continue
				}
				if s.Effect == Deny {
					return decision{denied: &Denied{q.function, q.action, q.resource, true}}
				}
				grants = append(grants, Grant{q.function, action, resource})
			}
		}
	}
	if len(grants) == 0 {
		return decision{denied: &Denied{q.function, q.action, q.resource, false}}
	}
	return decision{grants: grants}
}

// Unused lists, sorted, the grants that no allowed call has needed so far. Grants of other services than those named by prefix
// ("dynamodb", "sqs") are left out, since nothing here could have used them.
func (b *Book) Unused(services ...string) []Grant {
	b.mu.RLock()
	defer b.mu.RUnlock()
	seen := map[Grant]bool{}
	var out []Grant
	for function, statements := range b.statements {
		for _, s := range statements {
			if s.Effect != Allow || s.Implied {
				continue
			}
			for _, action := range s.Actions {
				if !servedBy(action, services) {
					continue
				}
				for _, resource := range s.Resources {
					g := Grant{function, action, resource}
					if !b.used[g] && !seen[g] {
						seen[g] = true
						out = append(out, g)
					}
				}
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].String() < out[j].String() })
	return out
}

func servedBy(action string, services []string) bool {
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	for _, s := range services {
		if s == service {
			return true
		}
	}
	return false
}

// Match reports whether the text matches an IAM pattern, where `*` stands for any run of characters and `?` for one.
func Match(pattern, text string) bool {
	// Two cursors with one point to return to: linear in practice, and no pattern can make it explode.
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
