package fold

import (
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// MaxRecalled is how many questions are recalled in one pass.
const MaxRecalled = 32

// Recalled is what of several questions somebody answers with yes: a bit each, by all that was ever said, and by what is proven.
type Recalled struct{ All, Proven uint32 }

// Recall asks questions of the kind performed of each person by themselves, in one pass. It counts nobody.
type Recall struct {
	*Several
	asks  []*performedFold
	empty Recalled
}

// errRecalled says that something cannot be recalled.
var errRecalled = errors.New("no question of the kind performed, or one too many")

// Recalling reads the questions, as of a day that need not be over, and of the moment up to which everything is known. There is at least one.
func Recalling(definitions [][]byte, shop profile.Shop, asOf profile.Day, until time.Time) (*Recall, error) {
	if shop.Zone == nil {
		shop.Zone = time.UTC
	}
	r := &Recall{}
	var folds []Fold
	for i, raw := range definitions {
		d, _, err := parse(raw)
		if err != nil {
			return nil, fmt.Errorf("recalling question %d: %w", i, err)
		}
		performed, is := d.(Performed)
		if !is || i >= MaxRecalled {
			return nil, fmt.Errorf("recalling question %d: %w", i, errRecalled)
		}
		f := performed.fold(shop, asOf, until)
		f.trusts = f.column(FieldTrust)
		r.asks, folds = append(r.asks, f), append(folds, f)
	}
	r.Several = Together(folds...)
	r.empty = r.answers(func(int) []Stretch { return nil })
	return r, nil
}

// Nobody is what somebody answers who has done nothing at all.
func (r *Recall) Nobody() Recalled { return r.empty }

// Of is what somebody answers.
func (r *Recall) Of(person []Stretch) Recalled {
	return r.answers(func(question int) []Stretch { return r.of(question, person) })
}

func (r *Recall) answers(of func(question int) []Stretch) (out Recalled) {
	for i, f := range r.asks {
		events := of(i)
		met, differs := f.meets(events, false)
		proven := met
		if differs {
			proven, _ = f.meets(events, true)
		}
		if met {
			out.All |= 1 << i
		}
		if proven {
			out.Proven |= 1 << i
		}
	}
	return out
}
