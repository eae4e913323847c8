package reporting

import (
	"context"
	"time"
)

// present are the objects that there are of a question, by their keys, and when each was written.
type present map[string]time.Time

func (p present) has(key string) bool { _, is := p[key]; return is }

// asked is the last asking that there is, from 0.
func (p present) asked(a *asking) int {
	n := 0
	for p.has(a.numbered(askedName, n+1)) {
		n++
	}
	return n
}

func (p *Process) parts(ctx context.Context, a *asking) (present, error) {
	listed, err := p.Objects.List(ctx, a.key(""))
	if err != nil {
		return nil, err
	}
	all := present{}
	for _, o := range listed {
		all[o.Key] = o.Written
	}
	return all, nil
}
