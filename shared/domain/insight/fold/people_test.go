package fold

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// act is an event as these tests write it: its values are by their paths, those of a list under one that ends in [].
type act struct {
	at     time.Time
	kind   event.Kind
	name   string
	values map[string]any
}

func did(at time.Time, name string, values ...any) act {
	a := act{at: at, kind: event.Track, name: name, values: map[string]any{}}
	if kind, call := calls[name]; call {
		a.kind, a.name = kind, ""
	}
	for i := 0; i < len(values); i += 2 {
		a.values[values[i].(string)] = values[i+1]
	}
	return a
}

var shanghai = must(time.LoadLocation("Asia/Shanghai"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var shop = profile.Shop{Zone: shanghai, Currency: "CNY"}

// on is a time of the shop's day.
func on(text string) time.Time {
	return must(time.ParseInLocation("2006-01-02 15:04:05", text+":00"[:max(0, 19-len(text))], shanghai))
}

func dayOf(text string) profile.Day { return must(profile.ParseDay(text)) }

// blocks puts events into blocks of at most so many, as a file would; stretches are those of each person.
func blocks(f Fold, people map[string][]act, most int) (all []*Block, stretches map[string][]Stretch) {
	stretches = map[string][]Stretch{}
	type row struct {
		person string
		act
	}
	var rows []row
	for _, person := range slices.Sorted(maps.Keys(people)) {
		for _, a := range people[person] {
			rows = append(rows, row{person, a})
		}
	}
	for some := range slices.Chunk(rows, most) {
		b := &Block{Columns: make([]Values, len(f.Columns()))}
		for n := range b.Columns {
			b.Columns[n].Starts = []uint32{0}
		}
		for i, r := range some {
			b.Times = append(b.Times, r.at.UnixMilli())
			name := Name{r.kind, r.name}
			if !slices.Contains(b.Names, name) {
				b.Names = append(b.Names, name)
			}
			b.Events = append(b.Events, uint32(slices.Index(b.Names, name)))
			for n, path := range f.Columns() {
				v := &b.Columns[n]
				list, isList := r.values[path].([]any)
				if one, has := r.values[path]; has && !isList {
					list = []any{one}
				}
				for _, one := range list {
					v.Codes = append(v.Codes, uint32(len(v.Words)))
					v.Words = append(v.Words, ValueOf(must(json.Marshal(one))))
				}
				v.Starts = append(v.Starts, uint32(len(v.Codes)))
			}
			last := stretches[r.person]
			if n := len(last); n > 0 && last[n-1].Block == b {
				last[n-1].To = i + 1
			} else {
				stretches[r.person] = append(last, Stretch{b, i, i + 1})
			}
		}
		all = append(all, b)
	}
	return all, stretches
}

// compiled is a definition's fold; the test ends where it has faults.
func compiled(t testing.TB, definition, asOf string) Fold {
	t.Helper()
	f, err := Compile([]byte(definition), shop, dayOf(asOf))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// answer is what a definition answers of people.
func answer(t testing.TB, definition, asOf string, people map[string][]act) Partial {
	t.Helper()
	return answerOf(t, compiled(t, definition, asOf), people, 3)
}

func answerOf(t testing.TB, f Fold, people map[string][]act, most int) Partial {
	t.Helper()
	for person := range people {
		slices.SortStableFunc(people[person], func(a, b act) int { return a.at.Compare(b.at) })
	}
	all, stretches := blocks(f, people, most)
	for _, b := range all {
		f.Prepare(b)
	}
	for _, person := range slices.Sorted(maps.Keys(people)) {
		f.Add(stretches[person])
	}
	return f.Partial()
}

// inShards is the same answer in so many shards, the partials of which travel and are merged in any sequence.
func inShards(t testing.TB, definition, asOf string, people map[string][]act, shards int, random *rand.Rand) Partial {
	t.Helper()
	parts := make([]map[string][]act, shards)
	for person, acts := range people {
		n := random.IntN(shards)
		if parts[n] == nil {
			parts[n] = map[string][]act{}
		}
		parts[n][person] = acts
	}
	var partials []Partial
	for _, part := range parts {
		raw := must(Encode(answerOf(t, compiled(t, definition, asOf), part, 1+random.IntN(9))))
		partials = append(partials, must(Decode(raw)))
	}
	for len(partials) > 1 {
		random.Shuffle(len(partials), func(i, j int) { partials[i], partials[j] = partials[j], partials[i] })
		if err := partials[0].Merge(partials[1]); err != nil {
			t.Fatal(err)
		}
		partials = slices.Delete(partials, 1, 2)
	}
	return partials[0]
}
