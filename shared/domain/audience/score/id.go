package score

import (
	"slices"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/people/profile"
)

// ID names the segment of those who are in one class: "class8:111", "segment11:champions", "class15:engaged", "lifecycle:churned", "activity:warning", "stage:repurchase", "alive:at-risk", "valueDecile:10".
type ID string

// group is one way to part people: the classes there are, and which one scores have.
type group struct {
	name    string
	classes func() []string
	of      func(profile.Scores) string
}

var groups = [...]group{
	{"class8", Classes8, func(s profile.Scores) string { return s.Class8 }},
	{"segment11", Segments11, func(s profile.Scores) string { return s.Segment11 }},
	{"class15", Classes15, func(s profile.Scores) string { return s.Class15 }},
	{"lifecycle", Lifecycles, func(s profile.Scores) string { return s.Lifecycle }},
	{"activity", ActivityBands, func(s profile.Scores) string { return s.Activity }},
	{"stage", Stages, func(s profile.Scores) string { return s.Stage }},
	{"alive", prediction.Bands, func(s profile.Scores) string { return s.Alive }},
	{"valueDecile", deciles, func(s profile.Scores) string { return decileName(s.ValueDecile) }},
}

// deciles lists the tenths of the buyers by what they will bring within a year, most first.
func deciles() []string {
	var out []string
	for n := 10; n > 0; n-- {
		out = append(out, decileName(n))
	}
	return out
}

func decileName(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Groups lists the ways to part people.
func Groups() []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	return names
}

// ClassesOf lists the classes of a group, none of one that there is not.
func ClassesOf(group string) []string {
	for _, g := range groups {
		if g.name == group {
			return g.classes()
		}
	}
	return nil
}

// IDs lists the segment of every class, group by group.
func IDs() []ID {
	var ids []ID
	for _, g := range groups {
		for _, class := range g.classes() {
			ids = append(ids, ID(g.name+":"+class))
		}
	}
	return ids
}

// Of lists the segments that scores put a profile in, one of a group at most, in the sequence of the groups.
func Of(s profile.Scores) []ID {
	ids := make([]ID, 0, len(groups))
	for _, g := range groups {
		if class := g.of(s); class != "" {
			ids = append(ids, ID(g.name+":"+class))
		}
	}
	return ids
}

// Exists says whether there is such a class.
func (id ID) Exists() bool {
	name, class, _ := strings.Cut(string(id), ":")
	for _, g := range groups {
		if g.name == name {
			return slices.Contains(g.classes(), class)
		}
	}
	return false
}

// Holds says whether scores are of the class.
func (id ID) Holds(s profile.Scores) bool {
	name, class, _ := strings.Cut(string(id), ":")
	for _, g := range groups {
		if g.name == name {
			return class != "" && g.of(s) == class
		}
	}
	return false
}
