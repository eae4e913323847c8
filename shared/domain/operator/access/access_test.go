package access

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestRolesGrow(t *testing.T) {
	order := []Role{"", ServerKey, "someone", Viewer, Editor, Approver, Owner}
	for i, have := range order {
		for j, need := range order {
			want := i >= 3 && j >= 3 && i >= j
			if have.May(need) != want {
				t.Errorf("%q may what takes %q: %v", have, need, !want)
			}
		}
	}
}

func TestRoleIn(t *testing.T) {
	for claim, want := range map[string]Role{
		"owner": Owner, "[viewer]": Viewer, "[staff userops-viewer]": Viewer, "[owner userops-editor]": Editor, "read userops:approver": Approver, `["userops/viewer", "x"]`: Viewer, "userops_owner": Owner,
		"": "", "[]": "", "owners": "", "Owner": "", "no-owner": "", "userops-": "", "server": "", "userops": "",
		"pet owner": "", "[staff owner]": "", `["pet owner"]`: "", "[pet owner userops-viewer]": Viewer, "owner,staff": "", "[viewer editor]": "",
	} {
		if got, ok := RoleIn(claim); got != want || ok != (want != "") {
			t.Errorf("%q names %q, %v", claim, got, ok)
		}
	}
}

func TestKeys(t *testing.T) {
	hash := strings.Repeat("0A", 32)
	other := strings.Repeat("0b", 32)
	var keys Keys
	if err := keys.UnmarshalText([]byte("ann:editor:" + hash + ", Bo Li:owner:" + other + "\n")); err != nil {
		t.Fatal(err)
	}
	want := Keys{{"ann", Editor, strings.ToLower(hash)}, {"Bo Li", Owner, other}}
	if !slices.Equal(keys, want) || keys[0].Caller() != (Caller{"ann", Editor, "0a0a0a0a"}) {
		t.Errorf("got %v, %+v", keys, keys[0].Caller())
	}
	if err := keys.UnmarshalText(nil); err != nil || len(keys) != 0 {
		t.Errorf("nothing is %v, %v", keys, err)
	}
	longest := strings.Repeat("n", 100)
	if err := keys.UnmarshalText([]byte("ann:editor:" + hash + "\n" + longest + ":viewer:" + other)); err != nil || len(keys) != 2 || keys[1].Name != longest {
		t.Errorf("a line each is %v, %v", keys, err)
	}
	for text, reason := range map[string]string{
		"a:owner:" + hash + ",:editor:" + other:      "has as entry 2 a name",
		"a:owner:" + hash + ",b:admin:" + other:      "has as entry 2 a role",
		"a:owner:" + hash + ",b:editor:" + other[2:]: "has as entry 2 something that is no SHA-256",
		"a:owner:" + hash + ",b":                     "has as entry 2 no name:role:hash",
		"ann:editor:" + hash + "z":                   "no SHA-256 in hex", // all that can be read of it is of the right length
		"ann":                                        "has as entry 1 no name:role:hash",
		"ann:editor:" + hash + ":x":                  "has as entry 1 no name:role:hash",
		":editor:" + hash:                            "a name that is not 1 to 100 bytes",
		"ann :editor:" + hash:                        "a name that is not 1 to 100 bytes",
		"ann:admin:" + hash:                          "has as entry 1 a role that is none of [viewer editor approver owner]",
		"ann:server:" + hash:                         "a role that is none of",
		"ann:editor:" + hash[:62]:                    "no SHA-256 in hex",
		"ann:editor:secret-of-ann":                   "no SHA-256 in hex",
		"a:owner:" + hash + ",b:owner:" + hash:       "has as entry 2 a key that is there already",
		strings.Repeat("n", 101) + ":owner:" + hash:  "a name that is not 1 to 100 bytes",
	} {
		err := keys.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "secret-of-ann") {
			t.Errorf("%s: %v, want %q", text, err, reason)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("ann:editor:" + strings.Repeat("0a", 32) + ",bob:owner:" + strings.Repeat("0b", 32))
	f.Add(":::,\n")
	f.Fuzz(func(t *testing.T, text string) {
		var keys Keys
		if keys.UnmarshalText([]byte(text)) != nil {
			return
		}
		for _, k := range keys {
			if k.Name == "" || len(k.Hash) != 64 || !k.Role.May(Viewer) || len(k.Caller().Key) != 8 {
				t.Errorf("%q has the key %+v", text, k)
			}
		}
	})
}

// TestTheListsAreThere, and belong to whoever asks for them.
func TestTheListsAreThere(t *testing.T) {
	if got := Roles(); !slices.Equal(got, []Role{Viewer, Editor, Approver, Owner}) {
		t.Errorf("the roles are %v", got)
	}
	Roles()[0], Acts()[0], Rows()[0] = Owner, ActRow{}, Row{}
	if Roles()[0] != Viewer || Acts()[0].Act != Draft || Rows()[0].Route != "POST /v1/track" {
		t.Error("who changes a list has changed the table")
	}
	if len(Acts()) != 12 {
		t.Errorf("there are %d acts", len(Acts()))
	}
	for _, want := range Rows() {
		if got, ok := Of(want.Route); !ok || got != want {
			t.Errorf("the row of %s is %+v, %v", want.Route, got, ok)
		}
	}
}

func TestEveryRowIsWholeAndOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rows() {
		if seen[r.Route] || r.Meaning == "" {
			t.Errorf("%s stands twice or has no meaning", r.Route)
		}
		seen[r.Route] = true
		keys := r.Write || r.Person || r.Server || r.Least != ""
		if keys == (r.Open != "") {
			t.Errorf("%s takes a key and none, or neither", r.Route)
		}
		if r.Least != "" && !slices.Contains(roles, r.Least) {
			t.Errorf("%s takes the role %q", r.Route, r.Least)
		}
	}
	for _, a := range Acts() {
		if a.Act.Least() != a.Least || !slices.Contains(roles, a.Least) || a.Meaning == "" {
			t.Errorf("%+v", a)
		}
	}
	if Act("unheard of").Least() != Owner {
		t.Error("an act without a row is not the owners'")
	}
	if _, ok := Of("GET /v1/nowhere"); ok {
		t.Error("a route without a row has one")
	}
}

// line is a row as docs/SECURITY.md shows it.
func line(r Row) string {
	yes := map[bool]string{true: "yes", false: "no"}
	open, least := "no", string(r.Least)
	if r.Open != "" {
		open = r.Open
	}
	if least == "" {
		least = "no"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s |\n", r.Route, r.Meaning, open, yes[r.Write], yes[r.Person], yes[r.Server], least)
}

// TestTheDocumentationHasTheTables holds docs/SECURITY.md to the code, each row once and in its order.
func TestTheDocumentationHasTheTables(t *testing.T) {
	file, err := os.ReadFile("../../../../docs/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	var routes, of strings.Builder
	for _, r := range Rows() {
		routes.WriteString(line(r))
	}
	for _, a := range Acts() {
		fmt.Fprintf(&of, "| %s | %s | %s |\n", a.Act, a.Meaning, a.Least)
	}
	for _, table := range []string{routes.String(), of.String()} {
		var lacks strings.Builder
		for row := range strings.Lines(table) {
			if !strings.Contains(text, row) {
				lacks.WriteString(row)
			}
		}
		switch {
		case lacks.Len() > 0:
			t.Errorf("docs/SECURITY.md lacks rows, in the order of the table:\n%s", lacks.String())
		case !strings.Contains(text, table):
			t.Errorf("docs/SECURITY.md has rows that the table has not, or in another order:\n%s", table)
		}
	}
	if n := strings.Count(text, "| `GET /") + strings.Count(text, "| `HEAD /") + strings.Count(text, "| `PUT /") + strings.Count(text, "| `POST /") + strings.Count(text, "| `DELETE /"); n != len(Rows()) {
		t.Errorf("docs/SECURITY.md has %d rows of routes, the table %d", n, len(Rows()))
	}
}
