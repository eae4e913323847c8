package trust

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// answers are ordered by how much they let through.
var answers = []Answer{No, Confirm, Apart, Yes}

// TestNobodyMayMoreWithLessTrust: a public word never counts for more than the person's, nor that for more than the shop's. An address
// that a device names of its own profile is asked about, and of somebody else's is not: neither is written to.
func TestNobodyMayMoreWithLessTrust(t *testing.T) {
	for _, r := range Matrix() {
		order := []Answer{r.Claimed, r.Device, r.Person, r.Shop}
		for i := range len(order) - 1 {
			less, more := slices.Index(answers, order[i]), slices.Index(answers, order[i+1])
			if less > more && !(r.Fact == Address && i == 0) {
				t.Errorf("%s: %v", r.Meaning, order)
			}
		}
		if r.Operator != r.Shop {
			t.Errorf("%s: an operator may %s, the shop %s", r.Meaning, r.Operator, r.Shop)
		}
	}
}

// TestNothingPublicIsPlainlyTrue lists what a device may say of itself; of a userId that it claims nothing counts.
func TestNothingPublicIsPlainlyTrue(t *testing.T) {
	own := map[Fact]bool{Token: true, Grant: true, Withdrawal: true, RefuseProfiling: true}
	for _, r := range Matrix() {
		if r.Claimed == Yes || (r.Device == Yes) != own[r.Fact] {
			t.Errorf("%s: of its own profile %s, of a claimed one %s", r.Meaning, r.Device, r.Claimed)
		}
	}
}

func TestLevels(t *testing.T) {
	for l, want := range map[Level]int{"": 2, Shop: 2, Operator: 2, Person: 1, Public: 0, Provider: 0, "of the next version": 0} {
		if got := l.Rank(); got != want {
			t.Errorf("the rank of %q is %d, want %d", l, got, want)
		}
	}
	for _, c := range []struct {
		level Level
		own   bool
		fact  Fact
		want  Answer
	}{
		{"", false, Order, Yes}, {Shop, false, Order, Yes}, {Person, true, Order, No}, {Public, true, Grant, Yes}, {Public, false, Grant, Apart},
		{Provider, true, AgainstAddress, Yes}, {Provider, true, Trait, No}, {"of the next version", false, Behaviour, Apart}, {"of the next version", false, Trait, Apart},
	} {
		if got := May(c.level, c.own, c.fact); got != c.want {
			t.Errorf("%q, own %v, fact %d: %s, want %s", c.level, c.own, c.fact, got, c.want)
		}
	}
}

// TestTheDocumentationHasTheTable holds docs/SECURITY.md to the code.
func TestTheDocumentationHasTheTable(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Matrix()); n != int(Erase)+1 {
		t.Errorf("the table has %d rows", n)
	}
	for _, r := range Matrix() {
		if r.Meaning == "" {
			t.Errorf("fact %d has no row", r.Fact)
		}
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.Meaning, r.Device, r.Claimed, r.Person, r.Shop, r.Provider)
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/SECURITY.md lacks the row\n%s", row)
		}
	}
}
