package people

import (
	"context"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Person is who an id stands for by now: the present profile with its version, and all of their keys.
type Person struct {
	Profile *profile.Profile // Version 0 where there is none yet
	Keys    []profile.ID     // the present id first
}

// Person reads who an id stands for by now, consistently.
func (s Profiles) Person(ctx context.Context, id profile.ID) (Person, error) {
	p, err := s.Load(ctx, id)
	if err != nil {
		return Person{}, err
	}
	keys := p.Keys()
	if !slices.Contains(keys, id) {
		keys = append(keys, id)
	}
	return Person{Profile: p, Keys: keys}, nil
}
