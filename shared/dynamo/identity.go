package dynamo

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
)

// attrIdentity of a profile item changes when the person's keys do, by a merge or an identifier that joins, and by nothing else.
const attrIdentity = "k"

// identity stands for all keys of a person, in whatever order: eight bytes.
func identity(p *profile.Profile) []byte {
	keys := p.Keys()
	slices.Sort(keys)
	h := fnv.New64a()
	for _, key := range keys {
		h.Write([]byte(key))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// samePerson holds while the profile that was read stands for the same person: neither merged, nor erased, nor with another key. What the
// person does meanwhile does not matter, so that somebody whose profile changes every second can still be decided about. An item that
// the version before wrote has no identity; there the version must be the one that was read.
func samePerson(p *profile.Profile) condition {
	const version = "#v = :v"
	c := unchanged(p)
	if !strings.Contains(c.text, version) {
		return c // nobody was there
	}
	c.text = strings.Replace(c.text, version, "("+version+" OR #k = :k)", 1)
	c.names["#k"], c.values[":k"] = attrIdentity, bytesValue(identity(p))
	return c
}

// stillPerson checks samePerson.
func (s Profiles) stillPerson(p *profile.Profile) write {
	return check(s.Table, profileKey(p.ID), samePerson(p))
}

// unchanged holds while a profile is as it was loaded; with Version 0, while there is none.
func (s Profiles) unchanged(p *profile.Profile) write {
	return check(s.Table, profileKey(p.ID), unchanged(p))
}
