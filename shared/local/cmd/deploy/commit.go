package main

import (
	"context"
	"strings"
)

// commitOf is the parameter, and the output, that says which commit is deployed.
const commitOf = "Commit"

// commit is the commit of the sources in this folder, with -changed behind it where files were changed since; "" where git does not know.
func (t tools) commit(ctx context.Context) string {
	out, err := t.ask(ctx, nil, "git", "rev-parse", "HEAD")
	if err != nil {
		return ""
	}
	changed, err := t.ask(ctx, nil, "git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return ""
	}
	if len(changed) > 0 {
		return strings.TrimSpace(string(out)) + "-changed"
	}
	return strings.TrimSpace(string(out))
}

// checkCommit has the commit deployed, so that the stack says which version runs. One of before does not stay where this one is not known.
func (d *deployment) checkCommit(ctx context.Context) {
	if _, named := d.wish.values[commitOf]; named {
		return
	}
	if commit := d.commit(ctx); commit != d.present(commitOf) {
		d.changes[commitOf] = commit
	}
}
