package reporting

import (
	"context"
	"encoding/binary"
	"math"
	"math/big"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/insight/report"
)

// sampleEvents is how many events a sample reads about: less than a second of one processor.
const sampleEvents = 3_000_000

// sampled is who was seen: so many people, in so many shards, each with the chance of a share.
type sampled struct {
	People int     `json:"people"`
	Shards int     `json:"shards"`
	Share  float64 `json:"share"`
}

// drawn is whom a sample is of: the people of some shards whose ids are before one.
type drawn struct {
	shards []int
	before columns.Person // nobody's where all of them are meant
	share  float64
}

// draw chooses a sample that reads about so many events. Shards are by hash and ids are hashes, of other kinds, so that whoever lies in some shards before some id is somebody by chance; which shards, the question's id says.
func (a *asking) draw(most int) drawn {
	total := 0
	for _, d := range a.View.Days {
		for _, f := range d.Files {
			total += f.Events
		}
	}
	share := 1.0
	if total > most {
		share = float64(most) / float64(total)
	}
	shards := min(int(math.Ceil(share*float64(a.Shards))), a.Shards)
	d := drawn{share: share}
	first := 0
	for _, c := range a.id {
		first = (first*31 + int(c)) % a.Shards
	}
	for n := range shards {
		d.shards = append(d.shards, (first+n)%a.Shards)
	}
	if within := share * float64(a.Shards) / float64(shards); within < 1 {
		// Of the numbers of 128 bits those up to the share of 2^128.
		top, _ := new(big.Float).Mul(big.NewFloat(within), new(big.Float).SetMantExp(big.NewFloat(1), 64)).Uint64()
		binary.BigEndian.PutUint64(d.before[:], max(top, 1))
		d.share = float64(max(top, 1)) / math.Exp2(64) * float64(shards) / float64(a.Shards)
	} else {
		d.share = float64(shards) / float64(a.Shards)
	}
	return d
}

// group puts a person into one of the groups of chance by a byte of the id that decides little of the shard and nothing of the sample.
func group(person columns.Person) int { return int(person[11]) % report.Groups }

// sample asks some people.
func (p *Process) sample(ctx context.Context, a *asking, most int) (report.Seen, sampled, error) {
	d := a.draw(most)
	seen := report.Seen{Share: d.share}
	info := sampled{Shards: len(d.shards), Share: d.share}
	for _, shard := range d.shards {
		r, files, err := p.openRange(ctx, a.View, shard, a.Shards, columns.Person{}, d.before)
		if err != nil {
			return seen, info, err
		}
		q, err := a.compile()
		if err != nil {
			return seen, info, err
		}
		groups := make([]fold.Fold, report.Groups)
		for i := range groups {
			groups[i] = q.Fork()
		}
		err = r.Each(q, func(person columns.Person, events []fold.Stretch) error {
			info.People++
			groups[group(person)].Add(events)
			return ctx.Err()
		}, files...)
		if err != nil {
			return seen, info, err
		}
		for i, g := range groups {
			if len(seen.Groups) <= i {
				seen.Groups = append(seen.Groups, g.Partial())
			} else if err := seen.Groups[i].Merge(g.Partial()); err != nil {
				return seen, info, err
			}
		}
		if err := ctx.Err(); err != nil {
			return seen, info, err
		}
	}
	q, err := a.compile()
	if err != nil {
		return seen, info, err
	}
	seen.Whole = q.Partial()
	for _, g := range seen.Groups {
		if err := seen.Whole.Merge(g); err != nil {
			return seen, info, err
		}
	}
	return seen, info, nil
}
