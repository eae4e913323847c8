package people

import (
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// samePerson holds while the profile that was read stands for the same person: neither merged, nor erased, nor with another key. What the
// person does meanwhile does not matter, so that somebody whose profile changes every second can still be decided about. An item that
// the version before wrote has no identity; there the version must be the one that was read.
func samePerson(p *profile.Profile) dynamo.Condition {
	const version = "#v = :v"
	c := unchanged(p)
	if !strings.Contains(c.Text, version) {
		return c // nobody was there
	}
	c.Text = strings.Replace(c.Text, version, "("+version+" OR #k = :k)", 1)
	c.Names["#k"], c.Values[":k"] = attrIdentity, dynamo.BytesValue(identity(p))
	return c
}

// StillPerson checks samePerson.
func (s Profiles) StillPerson(p *profile.Profile) dynamo.Write {
	return dynamo.Check(s.Table, key.Profile(p.ID), samePerson(p))
}

// Unchanged holds while a profile is as it was loaded; with Version 0, while there is none.
func (s Profiles) Unchanged(p *profile.Profile) dynamo.Write {
	return dynamo.Check(s.Table, key.Profile(p.ID), unchanged(p))
}
