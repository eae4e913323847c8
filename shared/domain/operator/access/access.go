// Package access is who may call what: the roles of operators, the keys that name them, and the one table that says for each route and each act
// which key and which role it takes. It knows no request and no document. Everybody who lets a call through asks it, and docs/SECURITY.md shows it. The
// surprising thing: a route's role is the least with which a call of it can do anything at all; what a document becomes may take more (Act).
package access

import (
	"slices"
	"strings"
)

// Role is how much an operator may. Each role may what those before it may.
type Role string

// The roles. A viewer reads, and sees people masked. An editor drafts, pauses what runs, and may be shown people as they are. An approver lets things loose, ends them, spends money, exports people. An owner
// has the keys, the settings and the erasures.
const (
	Viewer   Role = "viewer"
	Editor   Role = "editor"
	Approver Role = "approver"
	Owner    Role = "owner"
)

// ServerKey stands in the place of a role where the shop's back end acts. It is no operator's.
const ServerKey Role = "server"

var roles = []Role{Viewer, Editor, Approver, Owner}

// Roles lists the roles of operators, the least first.
func Roles() []Role { return slices.Clone(roles) }

// May says whether the role is at least another. Nobody may what takes no role, and who has none may nothing.
func (r Role) May(least Role) bool {
	need := slices.Index(roles, least)
	return need >= 0 && slices.Index(roles, r) >= need
}

// Caller is who makes a call, as far as a key or a token tells.
type Caller struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Key tells apart what one name signs in with: the first letters of the key's hash, or of the hash of a token's subject.
	Key string `json:"key"`
}

// rolePrefixes may stand before a role in a claim, where the names of groups are shared with other programs.
var rolePrefixes = []string{"userops-", "userops:", "userops_", "userops/"}

// RoleIn is the greatest role that a claim names. A claim is a text or, as API Gateway writes lists, [a b c]. Beside other words a role takes a
// prefix: that form does not tell the two groups pet and owner from the one group "pet owner".
func RoleIn(claim string) (Role, bool) {
	words := strings.FieldsFunc(claim, func(r rune) bool { return strings.ContainsRune("[], \t\n\"", r) })
	for _, role := range slices.Backward(roles) {
		if len(words) == 1 && words[0] == string(role) {
			return role, true
		}
		for _, prefix := range rolePrefixes {
			if slices.Contains(words, prefix+string(role)) {
				return role, true
			}
		}
	}
	return "", false
}
