package functions

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/standin/sam"
)

// claims are what the READMEs say that can be looked up, and how each is. Others hold the rest: TestIdleCost the cost of a stack at rest, TestTheTourAnswersAsShown the five minutes, TestLinksOfDocumentsResolve
// the links, TestBothLanguagesSayTheSame that both say the same, TestReliabilityNamesWhatThereIs and the tests that it finds the promises.
var claims = []struct {
	name  string
	check func(t *testing.T, text string)
}{
	{"commands and their variables are there", claimsCommands},
	{"files and folders are there", claimsFolders},
	{"functions are named whole", claimsFunctions},
	{"addresses and variables are those that the stack has", claimsAddresses},
	{"routes are served", claimsRoutes},
	{"keys are those of this machine", claimsKeys},
	{"parameters and outputs are the template's", claimsParameters},
	{"tests that are named are there", claimsTests},
	{"figures follow from the code", claimsFigures},
	{"what is not there yet is not there", claimsAbsent},
	{"the licence is that of the file", func(t *testing.T, text string) {
		if !strings.Contains(content(t, "LICENSE"), "Apache License\n") || !strings.Contains(text, "Apache-2.0") {
			t.Error("it is another one")
		}
	}},
}

// TestTheREADMEsAreTrue looks up each claim in both languages.
func TestTheREADMEsAreTrue(t *testing.T) {
	for _, document := range []string{"README.md", "README.zh-CN.md"} {
		text := content(t, document)
		for _, c := range claims {
			t.Run(document+": "+c.name, func(t *testing.T) { c.check(t, text) })
		}
	}
}

// content is a file of the repository.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// found are the groups of all matches; a claim that is not found at least so often is not tested.
func found(t *testing.T, text, pattern string, least int) [][]string {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(all) < least {
		t.Errorf("%s is found %d times, not %d", pattern, len(all), least)
	}
	return all
}

// claimsCommands: each is a target of the Makefile with a line in `make help`, and its variables are read there or by the command.
func claimsCommands(t *testing.T, text string) {
	makefile := content(t, "Makefile")
	read := makefile + content(t, "shared/local/cmd/deploy/wish.go") + content(t, "shared/local/cmd/deploy/main.go") + content(t, "shared/shop/cmd/import/main.go")
	for _, m := range found(t, text, "(?m)(?:^    |`|\\$ )make ([a-z][a-z-]*)((?: +[A-Z]+=[^ `#]*)*)", 12) {
		if m[1] != "help" && !regexp.MustCompile(`(?m)^`+m[1]+`:.*## `).MatchString(makefile) {
			t.Errorf("there is no make %s", m[1])
		}
		for _, variable := range regexp.MustCompile(`[A-Z]+=`).FindAllString(m[2], -1) {
			if name := strings.TrimSuffix(variable, "="); !regexp.MustCompile(`\b` + name + `\b`).MatchString(read) {
				t.Errorf("make %s reads no %s", m[1], name)
			}
		}
	}
}

// claimsFolders: each path in backticks is there; that no folder is left out says TestDocumentsNameEveryFolder.
func claimsFolders(t *testing.T, text string) {
	for _, m := range found(t, text, "`((?:functions|shared|events|docs)/[^` ]*|template\\.yaml)`", 15) {
		path := strings.NewReplacer("<name>", "*", "<function>", "*").Replace(strings.TrimSuffix(m[1], "/"))
		there, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(path)))
		if err != nil || len(there) == 0 {
			t.Errorf("there is no %s", m[1])
		}
	}
	for _, m := range found(t, text, "`shared/domain/`[^\n]*", 1) {
		for _, context := range regexp.MustCompile("`([a-z]+)`").FindAllStringSubmatch(m[0], -1) {
			if _, err := os.Stat(filepath.Join("..", "shared", "domain", context[1])); err != nil {
				t.Errorf("the domain has no %s", context[1])
			}
		}
	}
}

// claimsFunctions: the path of an event names each function, those that are for HTTP in its picture.
func claimsFunctions(t *testing.T, text string) {
	named := map[string]bool{}
	for _, m := range found(t, text, `\*\*([a-z]+)\*\*`, 7) {
		named[m[1]] = true
	}
	for _, m := range found(t, text, `--> ([a-z]+)\n`, 3) {
		named[m[1]] = true
	}
	for _, f := range parse(t).Functions {
		if !named[f.Folder] {
			t.Errorf("%s is not named", f.Folder)
		}
		delete(named, f.Folder)
	}
	if len(named) > 0 {
		t.Errorf("these are no functions: %v", named)
	}
}

// claimsAddresses: the table of variables is what `make run` reads, with what it takes without them.
func claimsAddresses(t *testing.T, text string) {
	options := content(t, "shared/local/cmd/userops-local/options.go")
	defaults := map[string]string{}
	for _, m := range found(t, options, `setting\("([A-Z_]+)", "([^"]*)"\)`, 5) {
		defaults[m[1]] = m[2]
	}
	rows := 0
	for _, m := range found(t, text, "(?m)^\\| ((?:`[A-Z_]+`[,、 ]*)+) \\|[^|]*\\| ([^|]*) \\|$", 4) {
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[1], -1)
		values := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[2], -1)
		for i, name := range names {
			if rows++; len(values) == 0 {
				if !strings.Contains(options, name[1]) {
					t.Errorf("nothing reads %s", name[1])
				}
			} else if want, value := defaults[name[1]], values[i][1]; want == "" || value != want && "127.0.0.1"+value != want {
				t.Errorf("%s is %q without it, not %q", name[1], want, value)
			}
		}
	}
	if rows != 7 {
		t.Errorf("%d variables are named", rows)
	}
}

// claimsRoutes: each call and each address of this machine leads to a route of the template, or is the machine's own.
func claimsRoutes(t *testing.T, text string) {
	template := parse(t)
	served := func(method, path string) bool {
		for _, f := range template.Functions {
			for _, r := range f.Routes {
				pattern := "^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(r.Path), "[^/]+") + "$"
				if (method == "" || r.Method == method) && regexp.MustCompile(pattern).MatchString(path) {
					return true
				}
			}
		}
		return path == "/local/inbox"
	}
	for _, m := range found(t, text, "(?:(GET|POST|PUT|DELETE) |127\\.0\\.0\\.1:8080)(/[A-Za-z0-9/{}:_-]+)", 5) {
		if !served(m[1], m[2]) {
			t.Errorf("nothing serves %s%s", m[1], m[2])
		}
	}
}

// claimsKeys: those that the examples use are the ones that `make run` knows.
func claimsKeys(t *testing.T, text string) {
	known := content(t, "shared/local/cmd/userops-local/key.go")
	for _, m := range found(t, text, `-u ([a-z-]+):`, 3) {
		if !strings.Contains(known, `"`+m[1]+`"`) {
			t.Errorf("no key is %s", m[1])
		}
	}
}

// claimsParameters looks up names in camel case that begin with a capital, which are the template's.
func claimsParameters(t *testing.T, text string) {
	template := content(t, "template.yaml")
	_, deploy, _ := strings.Cut(text, "CHECK=1")
	for _, m := range found(t, deploy, "`([A-Z][a-z]+(?:[A-Z][a-z]+)+)(?:=[^`]*)?`", 4) {
		if !strings.Contains(template, "\n  "+m[1]+":\n") {
			t.Errorf("the template has no parameter and no output %s", m[1])
		}
	}
}

func claimsTests(t *testing.T, text string) {
	for _, m := range found(t, text, "`(Test[A-Z]\\w+)`", 1) {
		there := false
		for _, pattern := range []string{"*_test.go", "*/*_test.go", "../shared/*_test.go", "../shared/*/*_test.go"} {
			files, err := filepath.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				source, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				there = there || strings.Contains(string(source), "\nfunc "+m[1]+"(")
			}
		}
		if !there {
			t.Errorf("there is no test %s", m[1])
		}
	}
}

// claimsFigures: prices, how often and how long a dead letter is kept, how many fields there are.
func claimsFigures(t *testing.T, text string) {
	for what, price := range map[string]string{
		"a million requests": fmt.Sprintf("%.2f", priceRequest*1e6), "a million invocations": fmt.Sprintf("%.2f", priceInvocation*1e6), "a GB-second": fmt.Sprintf("%.10f", priceGBSecond),
		"a million calls of SQS": fmt.Sprintf("%.2f", priceQueueCall*1e6), "a million write units": fmt.Sprintf("%.3f", priceWriteUnit*1e6), "a million read units": fmt.Sprintf("%.3f", priceReadUnit*1e6),
		"a GB of logs": fmt.Sprintf("%.2f", priceLoggedByte*1e9),
	} {
		if !strings.Contains(text, price) {
			t.Errorf("%s cost %s, and the text does not say so", what, price)
		}
	}
	if !strings.Contains(content(t, "shared/dynamo/deadletter/deadletter.go"), "letterLife = 180 * 24 * time.Hour") || !regexp.MustCompile(`\b180( days| 天)`).MatchString(text) {
		t.Error("dead letters are kept for another time")
	}
	if n := len(found(t, content(t, "template.yaml"), `maxReceiveCount: 10\n`, 5)); !regexp.MustCompile(`ten times|失败 10 次`).MatchString(text) || n != strings.Count(content(t, "template.yaml"), "maxReceiveCount") {
		t.Error("a job fails otherwise than ten times")
	}
	if n := len(rule.Fields(rule.English)); n < 375 || n > 389 || !strings.Contains(text, "380") {
		t.Errorf("there are %d fields", n)
	}
}

// absent are what the READMEs say that there is not yet, by a word of each language, with what would be there if it were.
var absent = []struct{ english, chinese, route, file string }{
	{"receipts", "回执", "/receipts/", ""},
	{"WeChat mini-program", "小程序", "/receipts/mini-program", "shared/channel/miniprogram"},
	{"store tasks", "门店任务", "/store/", "shared/channel/store"},
	{"coupons", "优惠券", "/batches", "shared/domain/reward/coupon"},
	{"tiers", "等级", "/tiers", "shared/domain/reward/tier"},
	{"games", "玩法", "/games", "shared/domain/reward/game"},
	{"experiments", "实验", "/experiments", "functions/console/experiment.go"},
	{"Provider rates", "速率", "", "shared/domain/outreach/lease"},
	{"budgets are not leased", "预算", "/budgets", "shared/dynamo/outreach/lease.go"},
}

// claimsAbsent: it is said, and neither a route nor a place in the tree has it.
func claimsAbsent(t *testing.T, text string) {
	_, said, ok := strings.Cut(text, "\n## What it does not do yet\n")
	if !ok {
		if _, said, ok = strings.Cut(text, "\n## 还没有的\n"); !ok {
			t.Fatal("there is no such heading")
		}
	}
	said, _, _ = strings.Cut(said, "\n## ")
	for _, a := range absent {
		if !strings.Contains(said, a.english) && !strings.Contains(said, a.chinese) {
			t.Errorf("it is not said of %s", a.english)
		}
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(a.file))); a.file != "" && err == nil {
			t.Errorf("%s are there: %s", a.english, a.file)
		}
		for _, f := range parse(t).Functions {
			if a.route != "" && slices.ContainsFunc(f.Routes, func(r sam.Route) bool { return strings.Contains(r.Path, a.route) }) {
				t.Errorf("%s are there: a route has %s", a.english, a.route)
			}
		}
	}
}
