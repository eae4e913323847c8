package settlement

import (
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/queue"
)

// looksAtOnce is how many referrals are looked at side by side: a look is a few round trips one after the other.
const looksAtOnce = 16

// sideBySide does n things at once, whatever becomes of the others, and gives the error of each. Those that lost too many races, which
// friends of one advocate may, are done again one after the other.
func sideBySide(n int, do func(i int) error) []error {
	var looks errgroup.Group
	looks.SetLimit(looksAtOnce)
	errs := make([]error, n)
	look := func(i int) { errs[i] = queue.Guard(func() error { return do(i) }) }
	for i := range n {
		looks.Go(func() error { look(i); return nil })
	}
	_ = looks.Wait()
	for i, err := range errs {
		if errors.Is(err, dynamo.ErrConflict) {
			look(i)
		}
	}
	return errs
}
