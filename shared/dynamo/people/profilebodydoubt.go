package people

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// packDoubted writes which follows of the outbox and which memberships only public events make so: each membership beside its time, since the version
// before knows nothing of this section and may have ended that one and begun another.
func packDoubted(w *packed.Writer, p *profile.Profile) {
	for _, f := range p.Outbox {
		if f.Unproven {
			w.Text("")
			w.Text(string(f.Part))
			w.Int(f.Version)
			w.Uint(uint64(f.N))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Members)) {
		if m := p.Members[id]; m.Unproven {
			w.Text(id)
			w.Time(m.Since)
		}
	}
}

// doubted collects what the sections say: two of them after the version before has merged two people.
type doubted struct {
	follows []profile.Follow
	members map[string][]time.Time
}

func (d *doubted) unpack(s *packed.Reader) {
	for s.More() {
		id := s.Text()
		if id == "" {
			d.follows = append(d.follows, profile.Follow{Part: profile.ID(s.Text()), Version: s.Int(), N: int(s.Uint())})
			continue
		}
		if d.members == nil {
			d.members = map[string][]time.Time{}
		}
		d.members[id] = append(d.members[id], s.Time())
	}
}

func (d *doubted) mark(p *profile.Profile) {
	for _, of := range d.follows {
		for i := range p.Outbox {
			if f := &p.Outbox[i]; f.Part == of.Part && f.Version == of.Version && f.N == of.N {
				f.Unproven = true
			}
		}
	}
	for id, since := range d.members {
		if m, in := p.Members[id]; in && slices.ContainsFunc(since, m.Since.Equal) {
			m.Unproven = true
			p.Members[id] = m
		}
	}
}
