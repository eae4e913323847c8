package people

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// TestEverySectionHasItsName: the constants of the source, read as a text, and the names under which sections are shown are the same.
func TestEverySectionHasItsName(t *testing.T) {
	for file, names := range map[string]map[uint64]string{"section.go": sectionNames, "order.go": orderSectionNames} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(f, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is || !strings.HasPrefix(spec.Names[0].Name, "section") || len(spec.Values) != 1 {
				return true
			}
			value, is := spec.Values[0].(*ast.BasicLit)
			if !is {
				return true
			}
			number, err := strconv.ParseUint(value.Value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(strings.TrimPrefix(spec.Names[0].Name, "section"), map[string]string{"order.go": "Order"}[file])
			if found++; !strings.EqualFold(names[number], name) {
				t.Errorf("%s: section %d is %s and is shown as %q", file, number, name, names[number])
			}
			return true
		})
		if found != len(names) || found < 8 {
			t.Errorf("%s: %d sections, %d names", file, found, len(names))
		}
	}
}

// TestSectionsAreAllOfABody: their sizes with their heads are the body, and all that the whole says some section says, but for what two of them say.
func TestSectionsAreAllOfABody(t *testing.T) {
	for name, p := range map[string]*profile.Profile{"full": fullProfile(), "newest": newestProfile()} {
		body := packProfile(p)
		read := func(body []byte) (any, error) {
			p := &profile.Profile{}
			return p, unpackProfile(body, p)
		}
		all, unpacked, err := sections(body, sectionNames, read)
		if err != nil {
			t.Fatal(err)
		}
		sum, said := 0, map[string]bool{}
		for _, s := range all {
			w := packed.Writer{}
			w.Uint(s.Number)
			w.Uint(uint64(s.Bytes))
			sum += len(w.Out) + s.Bytes
			if s.Name != sectionNames[s.Number] {
				t.Errorf("%s: section %d is shown as %s", name, s.Number, s.Name)
			}
			var holds any
			if err := json.Unmarshal(append(s.Holds, map[bool]string{true: "null"}[s.Holds == nil]...), &holds); err != nil {
				t.Fatal(err)
			}
			leaves("", holds, said)
		}
		if sum != unpacked {
			t.Errorf("%s: the sections have %d bytes, the body %d", name, sum, unpacked)
		}
		whole, err := tree(func() []byte { plain, _ := packed.Decompress(body); return plain }(), read)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		leaves("", whole, want)
		var lacking []string
		for leaf := range want {
			if !said[leaf] && leaf != "/ErasedAt" { // the newest of the erasures says it, too
				lacking = append(lacking, leaf)
			}
		}
		if len(lacking) > 0 || len(want) < 60 {
			t.Errorf("%s: of %d none says %q", name, len(want), lacking)
		}
	}
}

// leaves are the paths of what is said; lists are leaves.
func leaves(at string, v any, into map[string]bool) {
	m, is := v.(map[string]any)
	if !is {
		if v != nil {
			into[at] = true
		}
		return
	}
	for name, one := range m {
		leaves(at+"/"+name, one, into)
	}
}
