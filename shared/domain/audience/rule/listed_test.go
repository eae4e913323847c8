package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestValuesAreThoseThatRulesMeet asks, with each value that is counted of somebody of whom everything is known, a rule that they meet; and holds that nothing is counted that tells who they are.
func TestValuesAreThoseThatRulesMeet(t *testing.T) {
	s := somebody(t)
	seen := map[string]bool{}
	s.Values(func(field, value string) {
		seen[field] = true
		op := "eq"
		if f, _, _ := Find(field, English); f.Kind == List {
			op = "contains"
		}
		if !read(t, fmt.Sprintf(`{"field":%q,"op":%q,"value":%q}`, field, op, value)).Meets(s) {
			t.Errorf("%s has the value %q, and no rule finds it", field, value)
		}
		for _, personal := range []string{"mei", "shop.example", "89073", "longjing", "r1", "r2"} {
			if strings.Contains(value, personal) {
				t.Errorf("%s tells %q", field, value)
			}
		}
	})
	for _, f := range Fields(English) {
		want := (f.Kind == Text || f.Name == "tags" || f.Name == "groups") && f.Live && !f.Profiling && !strings.Contains(f.Name, "<") &&
			!slices.Contains([]string{"userId", "postalCode", "email.domain", "search.last", "touch.first.referrer", "touch.last.referrer"}, f.Name)
		if seen[f.Name] != want {
			t.Errorf("%s is counted: %v, want %v", f.Name, seen[f.Name], want)
		}
	}
}
