package profile

import "slices"

// Append puts what follows from the coming commit into the outbox. Version is the one that the commit will have.
func (p *Profile) Append(version int64, follows ...Follow) {
	n := 0
	for _, f := range p.Outbox {
		if f.Part == "" && f.Version == version {
			n++
		}
	}
	p.Outbox = slices.Clone(p.Outbox)
	for _, f := range follows {
		f.Part, f.Version, f.N = "", version, n
		p.Outbox = append(p.Outbox, f)
		n++
	}
}
