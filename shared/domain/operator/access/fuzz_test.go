package access

import (
	"regexp"
	"testing"
)

// FuzzRole reads any text as the claim of a token that holds a role: none, or the greatest that stands in it as a word of its own, with a prefix unless it
// is the only word.
func FuzzRole(f *testing.F) {
	for _, claim := range []string{"", "owner", "userops-editor", "[viewer userops:approver]", `["userops/owner","x"]`, "owners", "co-owner", "userops-", "OWNER", "[owner", "viewer\u00a0owner", "userops-userops-owner", "server", "editor;owner", "[pet owner]", "[owner]", "[owner owner]"} {
		f.Add(claim)
	}
	words, alone := map[Role]*regexp.Regexp{}, map[Role]*regexp.Regexp{}
	for _, role := range Roles() {
		words[role] = regexp.MustCompile(`(^|[\[\], \t\n"])userops[-:_/]` + string(role) + `($|[\[\], \t\n"])`)
		alone[role] = regexp.MustCompile(`^[\[\], \t\n"]*` + string(role) + `[\[\], \t\n"]*$`)
	}
	f.Fuzz(func(t *testing.T, claim string) {
		var want Role
		for _, role := range Roles() {
			if words[role].MatchString(claim) || alone[role].MatchString(claim) {
				want = role
			}
		}
		if role, ok := RoleIn(claim); role != want || ok != (want != "") {
			t.Fatalf("%q makes %q, %v; want %q", claim, role, ok, want)
		}
	})
}
