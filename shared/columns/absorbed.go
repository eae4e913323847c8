package columns

import "slices"

// absorbed are people in their order, and those of each shard of so many.
type absorbed struct {
	all []Person
	in  map[int][][]Person
}

// between are those of a file's shard who come between two people, both included.
func (a absorbed) between(f *File, first, last Person) []Person {
	shards := a.in[f.Shards]
	if shards == nil {
		shards = make([][]Person, f.Shards)
		for _, p := range a.all {
			shard := p.Shard(f.Shards)
			shards[shard] = append(shards[shard], p)
		}
		a.in[f.Shards] = shards
	}
	some := shards[f.Shard]
	from, _ := slices.BinarySearchFunc(some, first, Person.Compare)
	to, there := slices.BinarySearchFunc(some, last, Person.Compare)
	if there {
		to++
	}
	return some[from:to]
}

// meet tells whether somebody is in both of two lists in their order.
func meet(people, some []Person) bool {
	for len(people) > 0 && len(some) > 0 {
		switch c := people[0].Compare(some[0]); {
		case c == 0:
			return true
		case c < 0:
			people = people[1:]
		default:
			some = some[1:]
		}
	}
	return false
}
