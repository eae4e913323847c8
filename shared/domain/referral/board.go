package referral

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/profile"
)

// Standing is an advocate's place in a program: settled friends, and when the last of them was settled.
type Standing struct {
	Advocate profile.ID
	Settled  int
	At       time.Time
}

// Rank sorts standings, best first: more settled friends, then who got there earlier. Those without a settled friend are left
// out. Standings of one person under several ids are united under the id that owner gives.
func Rank(standings []Standing, owner func(profile.ID) profile.ID) []Standing {
	var out []Standing
	at := map[profile.ID]int{}
	for _, s := range standings {
		s.Advocate = owner(s.Advocate)
		if i, ok := at[s.Advocate]; ok {
			out[i].Settled += s.Settled
			if s.At.After(out[i].At) {
				out[i].At = s.At
			}
			continue
		}
		at[s.Advocate] = len(out)
		out = append(out, s)
	}
	out = slices.DeleteFunc(out, func(s Standing) bool { return s.Settled < 1 })
	slices.SortFunc(out, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(b.Settled, a.Settled), a.At.Compare(b.At), cmp.Compare(a.Advocate, b.Advocate))
	})
	return out
}

// Mask hides a name but for its first character, and how long it is: 张小明 and 张三 are both 张**. No name at all is **.
func Mask(name string) string {
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		if r > ' ' && r != utf8.RuneError {
			return string(r) + "**"
		}
		i += size
	}
	return "**"
}
