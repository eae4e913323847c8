package spelling

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHint(t *testing.T) {
	known := []string{"name", "rule", "description", "asOf", "orders.revenue", "orders.refunds", "用户标签"}
	for word, want := range map[string]string{
		"nmae": "name", "NAME": "name", "nam": "name", "names": "name", "nime": "name", "rulez": "rule", "as_of": "asOf", "as of": "asOf", "descripton": "description",
		"dscritpion": "description", "orders.revenu": "orders.revenue", "orders.payd": "", "x": "", "": "", "nnaamm": "", "emane": "", "orders.refnuds": "orders.refunds", "用户标": "用户标签", "标签": "",
		"oders.revenues": "orders.revenue", "oders.revenuse": "orders.revenue", "oder.revenuse": "orders.revenue", "oder.rvenuse": "", strings.Repeat("n", 65): "", strings.Repeat("名", 100): "",
	} {
		hint := ""
		if want != "" {
			hint = `: did you mean "` + want + `"?`
		}
		if got := Hint(word, known...); got != hint {
			t.Errorf("%s: %q, want %q", word, got, hint)
		}
	}
	if got := Hint("ab", "cd", "xb", "yb"); got != `: did you mean "xb"?` {
		t.Errorf("of two that are as near the hint is %q", got)
	}
	if got := Hint("kid", "hookSecret", "id", "kind", "kin"); got != `: did you mean "kind"?` {
		t.Errorf("of those that are as near the one with the same first letter is meant: %q", got)
	}
	if got := Hint("a", "b"); got != "" {
		t.Errorf("of a letter that is another one the hint is %q", got)
	}
	near, slips := Nearest("oder.revenuse", known...)
	if near != "orders.revenue" || slips != 3 {
		t.Errorf("%s at %d slips", near, slips)
	}
}

// slow is the distance by its definition.
func slow(a, b []rune) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	}
	i, j := len(a)-1, len(b)-1
	cost := 1
	if a[i] == b[j] {
		cost = 0
	}
	best := min(slow(a[:i], b)+1, slow(a, b[:j])+1, slow(a[:i], b[:j])+cost)
	if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
		best = min(best, slow(a[:i-1], b[:j-1])+1)
	}
	return best
}

func TestDistanceIsThatOfItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SliceOfN(rapid.RuneFrom([]rune("abc")), 0, 6)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := distance(a, b), slow(a, b); got != want || distance(b, a) != got {
			t.Fatalf("%s and %s are %d apart, want %d", string(a), string(b), got, want)
		}
	})
}
