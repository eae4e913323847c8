package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// announce says what is about to happen, where, and by whom.
func (d *deployment) announce() {
	verb := "changes"
	if d.before == nil {
		verb = "makes"
	}
	what := fmt.Sprintf("This %s the stack %s in %s, account %s, as %s.\n", verb, d.stack, d.region, d.who.Account, d.who.Arn)
	names, keys := d.announceKeys()
	names = append(names, slices.Collect(maps.Keys(d.changes))...)
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		what += "Parameters that are set: " + strings.Join(names, ", ") + ". All others "
	} else {
		what += "All parameters "
	}
	if d.before == nil {
		what += "have the template's defaults.\n"
		if root := d.secretName(rootSecret); d.there[root] {
			what += "It uses the secret that is there, " + root + ". If that is another stack's, give this one a SecretsPath of its own.\n"
		}
	} else {
		what += "stay as they are.\n"
	}
	_, _ = io.WriteString(d.out, what+keys+d.announceCommit())
}

// announceKeys says what becomes of keys, and names the parameters of those that are drawn only later.
func (d *deployment) announceKeys() (names []string, what string) {
	for _, holder := range []string{server, operator} {
		switch kept := d.keptKey(holder); {
		case d.rotate[holder]:
			names = append(names, hashIn[holder])
			what += fmt.Sprintf("It draws a new %s key; the one before stays valid until RETIRE=%s.\n", holder, holder)
		case d.retire[holder]:
			what += fmt.Sprintf("The %s key before ends; the newer one stays.\n", holder)
		case !d.wanted(holder):
		case d.there[kept]:
			names = append(names, hashIn[holder])
			what += fmt.Sprintf("The %s key is the one that is kept, %s.\n", holder, kept)
		default:
			names = append(names, hashIn[holder])
			what += fmt.Sprintf("The %s key is drawn.\n", holder)
		}
	}
	return names, what
}

// announceCommit says which version takes the place of which.
func (d *deployment) announceCommit() string {
	now, set := d.changes[commitOf]
	before := d.present(commitOf)
	switch {
	case !set && before == "" || now == "" && before == "":
		return ""
	case !set:
		return "The commit stays " + before + ".\n"
	case before == "":
		return "The commit is " + orNone(now, "not known") + ".\n"
	}
	return "The commit is " + orNone(now, "not known") + ", in place of " + before + ".\n"
}
