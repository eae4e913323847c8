// Package shared holds what the functions have in common, in folders; here is only the test of who may import whom.
package shared

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/userops/userops/"

// layer is where a package stands: functions over adapters over jobs over the domain. The stand-ins stand beside all of it, in a module of their own, and
// know only the protocols.
func layer(pkg string) string {
	switch {
	case strings.HasPrefix(pkg, "functions"):
		return "function"
	case strings.HasPrefix(pkg, "shared/domain/"):
		return "domain"
	case pkg == "shared/job":
		return "job"
	case strings.HasPrefix(pkg, "shared/shop"):
		return "client"
	case pkg == "shared/local/cmd/userops-local" || pkg == "shared/local/cmd/export":
		return "command"
	case pkg == "shared/local/cmd/deploy":
		return "deployment"
	case pkg == "shared/local" || strings.HasPrefix(pkg, "shared/local/"):
		return "local"
	case strings.HasPrefix(pkg, "shared/standin/"):
		return "standin"
	case strings.HasPrefix(pkg, "shared/"):
		return "adapter"
	}
	return "?"
}

// allowed says which layers a layer may import.
var allowed = map[string][]string{
	"function": {"adapter", "job", "domain"},
	"adapter":  {"adapter", "job", "domain"},
	"job":      {"domain"},
	"domain":   {"domain"},
	"local":    {"local", "standin"},
	"standin":  {"standin"},
	"command":  {"local", "adapter", "domain"}, // the stack knows nothing of the product; who shows its items to people does
	// Going live reads the template as the stand-ins do, and asks of its values what the functions will.
	"deployment": {"standin", "domain"},
	"client":     {"client", "domain"}, // the demo and the importer speak HTTP alone
}

type importing struct {
	pkg, file, path string
	test            bool
}

func imports(t *testing.T) []importing {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var all []importing
	for _, top := range []string{"functions", "shared"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			for _, spec := range f.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				all = append(all, importing{filepath.ToSlash(filepath.Dir(rel)), rel, imported, strings.HasSuffix(rel, "_test.go")})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestDirectionOfImports(t *testing.T) {
	seen := 0
	for _, i := range imports(t) {
		inner, ours := strings.CutPrefix(i.path, module)
		from := layer(i.pkg)
		if from == "?" && i.pkg != "shared" {
			t.Errorf("%s stands in no layer", i.file)
			continue
		}
		// The tests' stand-in of the store is the one adapter that knows the local stack, and the bench of the console's pages has the API that they call.
		if i.test || i.pkg == "shared/dynamo/dynamotest" || i.pkg == "functions/pages/pagestest" {
			continue
		}
		switch {
		case ours:
			seen++
			to := layer(inner)
			if from == "function" && to == "function" && (strings.Split(inner, "/")[1] == strings.Split(i.pkg, "/")[1]) {
				continue // a function's own folders: TestFoldersOfAFunction
			}
			if !slices.Contains(allowed[from], to) {
				t.Errorf("%s: a %s imports %s, a %s", i.file, from, inner, to)
			}
		case from == "domain" && strings.Contains(strings.Split(i.path, "/")[0], ".") && !strings.HasPrefix(i.path, "gonum.org/v1/gonum/"):
			t.Errorf("%s: the domain imports %s", i.file, i.path)
		}
	}
	if seen < 20 {
		t.Errorf("only %d imports of our own seen: the test looks in the wrong place", seen)
	}
}

// common are folders of a function that its other folders may import.
var common = []string{"functions/member/subject", "functions/pages/api", "functions/pages/audience", "functions/pages/chart", "functions/pages/preview", "functions/pages/text", "functions/pages/view"}

// TestFoldersOfAFunction: a function puts its folders together, and they know nothing of it or of one another, what they have in common apart. Its bootstrap
// starts it, and a bench of its tests drives it.
func TestFoldersOfAFunction(t *testing.T) {
	seen := 0
	for _, i := range imports(t) {
		inner, ours := strings.CutPrefix(i.path, module)
		if !ours || i.test || layer(i.pkg) != "function" || layer(inner) != "function" {
			continue
		}
		seen++
		process := strings.Join(strings.Split(i.pkg, "/")[:2], "/")
		folder := strings.TrimPrefix(i.pkg, process)
		outside := folder == "" || folder == "/bootstrap" || strings.HasSuffix(folder, "test")
		if !outside && !slices.Contains(common, inner) || strings.HasSuffix(inner, "/bootstrap") || strings.HasSuffix(inner, "test") {
			t.Errorf("%s imports %s", i.file, inner)
		}
	}
	if seen < 10 {
		t.Errorf("only %d imports inside functions seen: the test looks in the wrong place", seen)
	}
}

// TestStandInsStandAlone holds the stand-ins to what makes them usable outside of this project: nothing of theirs, tests included, imports anything of it,
// and the two engines and what they keep their files with import nothing of AWS.
func TestStandInsStandAlone(t *testing.T) {
	const standins = "shared/standin/"
	engines := []string{standins + "dynamodb", standins + "sqs", standins + "pagefile"}
	seen := map[string]bool{}
	for _, i := range imports(t) {
		if layer(i.pkg) != "standin" {
			continue
		}
		seen[i.pkg] = true
		if inner, ours := strings.CutPrefix(i.path, module); ours && !strings.HasPrefix(inner, standins) ||
			slices.Contains(engines, i.pkg) && !i.test && strings.HasPrefix(i.path, "github.com/aws/") {
			t.Errorf("%s imports %s", i.file, i.path)
		}
	}
	for _, engine := range engines {
		if !seen[engine] {
			t.Errorf("%s was not looked at", engine)
		}
	}
}

// TestOneSpeaksEach holds the SDK's clients to the packages that wrap them.
func TestOneSpeaksEach(t *testing.T) {
	speakers := map[string]string{
		"github.com/aws/aws-sdk-go-v2/service/dynamodb": "shared/dynamo",
		"github.com/aws/aws-sdk-go-v2/service/sqs":      "shared/queue",
		"github.com/aws/aws-sdk-go-v2/service/s3":       "shared/bucket",
	}
	for _, i := range imports(t) {
		for sdk, speaker := range speakers {
			if !strings.HasPrefix(i.path, sdk) || i.test || layer(i.pkg) == "local" || layer(i.pkg) == "standin" || strings.HasSuffix(i.pkg, "/bootstrap") || strings.HasSuffix(i.pkg, "/dynamotest") {
				continue
			}
			if i.pkg != speaker && !strings.HasPrefix(i.pkg, speaker+"/") {
				t.Errorf("%s: only %s speaks %s", i.file, speaker, sdk)
			}
		}
	}
}

// stores says which other stores a store may know, besides what all have in common: the core, the key page and packed bodies. Who needs two of them takes what one writes into the
// transaction of the other.
var stores = map[string][]string{
	"key":        {},
	"packed":     {},
	"operator":   {},
	"answers":    {"operator"},
	"deadletter": {},
	"people":     {},
	"catalog":    {"operator"},
	"due":        {"people"},
	"outreach":   {"people", "due"},
	"runs":       {},
	"reward":     {"people", "due", "answers"},
}

// TestNoStoreKnowsLambda: a store is asked by functions, by tools and by tests alike.
func TestNoStoreKnowsLambda(t *testing.T) {
	for _, i := range imports(t) {
		if strings.HasPrefix(i.pkg, "shared/dynamo") && !i.test && strings.HasPrefix(i.path, "github.com/aws/aws-lambda-go") {
			t.Errorf("%s imports %s", i.file, i.path)
		}
	}
}

func TestStoresStandApart(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range imports(t) {
		inner, ours := strings.CutPrefix(i.path, module)
		to, store := strings.CutPrefix(inner, "shared/dynamo/")
		if !ours || !store || i.test || strings.HasSuffix(i.pkg, "/dynamotest") {
			continue
		}
		from, within := strings.CutPrefix(i.pkg, "shared/dynamo/")
		switch {
		case to == "key" || to == "packed":
			seen[to] = true
			if !within {
				t.Errorf("%s: only stores know where an item stands, and how", i.file)
			}
		case i.pkg == "shared/dynamo":
			t.Errorf("%s: what all stores have in common knows none of them", i.file)
		case within && !slices.Contains(stores[from], to):
			t.Errorf("%s: the store %s knows nothing of %s", i.file, from, to)
		}
	}
	if len(seen) != 2 {
		t.Errorf("seen: %v; the test looks in the wrong place", seen)
	}
}

// below says which contexts of the domain a context may know, besides itself and the words that are nobody's. Whoever acts on people knows
// people, and nobody below knows who acts.
var below = map[string][]string{
	"people":   {},
	"audience": {"people"},
	"outreach": {"people", "audience"},
	"reward":   {"people"},
	"operator": {"people"},
	"insight":  {"people"},
	// definition is the table of what operators write, of every context.
	"definition": {"people", "audience", "outreach", "reward", "operator"},
	"money":      {},
	"fault":      {},
	"span":       {},
	"slug":       {},
	"clip":       {},
	"rawjson":    {},
	"spelling":   {},
	"allowance":  {},
	"sheet":      {},
}

// nobodys are the words of no context, which all of them know.
var nobodys = []string{"money", "fault", "span", "slug", "clip", "rawjson", "spelling", "allowance", "sheet"}

func TestContextsOfTheDomain(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range imports(t) {
		inner, ours := strings.CutPrefix(i.path, module)
		if layer(i.pkg) != "domain" || !ours || i.test {
			continue
		}
		from, to := strings.Split(i.pkg, "/")[2], strings.Split(inner, "/")[2]
		seen[from] = true
		contexts, known := below[from]
		if !known {
			t.Errorf("%s stands in no context of the domain", i.file)
		}
		if from != to && !slices.Contains(slices.Concat(nobodys, contexts), to) {
			t.Errorf("%s: %s knows nothing of %s", i.file, from, to)
		}
	}
	if len(seen) < 5 {
		t.Errorf("imports of %d contexts were seen: the test looks in the wrong place", len(seen))
	}
}

func TestDomainReadsNoClockAndNoEnvironment(t *testing.T) {
	for _, word := range []string{"time.Now(", "os.Getenv(", "math/rand\"", "context.Context", "log/slog"} {
		err := filepath.WalkDir("domain", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(source), word) {
				t.Errorf("%s uses %s", path, word)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
