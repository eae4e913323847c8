package referral

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Standing is an advocate's place in a program: settled friends, and when the last of them was settled.
type Standing struct {
	Advocate profile.ID
	Settled  int
	At       time.Time
	Steps    Steps
}

// Steps are the rungs of a ladder that were paid to somebody and stand, and those whose payment was taken back. Each at most once,
// sorted.
type Steps struct {
	Paid []int `json:"paid,omitempty"`
	Open []int `json:"open,omitempty"`
}

// Pay is the steps after one was paid; 0 is none.
func (s Steps) Pay(step int) Steps {
	return Steps{Paid: with(s.Paid, step), Open: without(s.Open, step)}
}

// TakeBack is the steps after the payment of one was taken back.
func (s Steps) TakeBack(step int) Steps {
	return Steps{Paid: without(s.Paid, step), Open: with(s.Open, step)}
}

// And unites the steps of one person under two ids: what stands under either is paid.
func (s Steps) And(o Steps) Steps {
	for _, step := range o.Paid {
		s.Paid = with(s.Paid, step)
	}
	for _, step := range o.Open {
		s.Open = with(s.Open, step)
	}
	return s
}

func with(steps []int, step int) []int {
	at, found := slices.BinarySearch(steps, step)
	if step == 0 || found {
		return steps
	}
	return slices.Insert(slices.Clone(steps), at, step)
}

func without(steps []int, step int) []int {
	return slices.DeleteFunc(slices.Clone(steps), func(s int) bool { return s == step })
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
