package archive

import (
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

func TestNamesSayWhatIsInAnObject(t *testing.T) {
	a, b := job.Pack{ProfileID: "a", Day: 1, Body: []byte("x")}, job.Pack{ProfileID: "b", Day: 1, Body: []byte("x")}
	m := job.Follow{ID: "a.1.0", ProfileID: "a", Follow: profile.Follow{Ref: "c"}}
	base := job.Archive{Packs: []job.Pack{a, b}, Merges: []job.Follow{m}}
	name := PacksName(base)
	if !strings.HasPrefix(name, PacksPrefix) || PacksName(job.Archive{Packs: []job.Pack{b, a}, Merges: []job.Follow{m}}) != name {
		t.Errorf("%s, and another in another order", name)
	}
	seen := []string{name}
	for what, other := range map[string]job.Archive{
		"one less":      {Packs: []job.Pack{a}, Merges: []job.Follow{m}},
		"no merge":      {Packs: []job.Pack{a, b}},
		"another day":   {Packs: []job.Pack{a, {ProfileID: "b", Day: 2, Body: []byte("x")}}, Merges: []job.Follow{m}},
		"another body":  {Packs: []job.Pack{a, {ProfileID: "b", Day: 1, Body: []byte("y")}}, Merges: []job.Follow{m}},
		"somebody else": {Packs: []job.Pack{a, {ProfileID: "c", Day: 1, Body: []byte("x")}}, Merges: []job.Follow{m}},
	} {
		n := PacksName(other)
		if slices.Contains(seen, n) {
			t.Errorf("%s: %s too", what, n)
		}
		seen = append(seen, n)
	}
	both := Gather([]job.Archive{{Packs: []job.Pack{b, a}}, {Packs: []job.Pack{a}, Merges: []job.Follow{m, m}}})
	if len(both.Packs) != 2 || len(both.Merges) != 1 || PacksName(both) != name {
		t.Errorf("%+v", both)
	}
}
