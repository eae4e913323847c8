package pages_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/text"
)

// files are the sources of pages with a suffix, tests apart.
func files(t *testing.T, suffix string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "pagestest") {
			return err
		}
		body, err := os.ReadFile(path)
		all[path] = string(body)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files %s, %v", len(all), suffix, err)
	}
	return all
}

var (
	action  = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	quoted  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	keyForm = regexp.MustCompile(`^[a-z]+(\.[A-Za-z0-9_-]+)+$`)
	wording = regexp.MustCompile(`\bword "([a-z0-9.]+)"`)
	wordOf  = regexp.MustCompile(`\.Word\("([a-z0-9.]+)"`)
)

// TestTheCatalogueIsComplete: each key that a template or the code names is there, and each that is there is named. Of words it is the family that is named.
func TestTheCatalogueIsComplete(t *testing.T) {
	named, families := map[string][]string{}, map[string]bool{}
	for path, body := range files(t, ".html") {
		for _, a := range action.FindAllString(body, -1) {
			for _, m := range quoted.FindAllStringSubmatch(a, -1) {
				named[m[1]] = append(named[m[1]], path)
			}
			for _, m := range wording.FindAllStringSubmatch(a, -1) {
				families[m[1]] = true
			}
		}
	}
	for path, body := range files(t, ".go") {
		f, err := parser.ParseFile(token.NewFileSet(), path, body, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					named[s] = append(named[s], path)
				}
			}
			return true
		})
		for _, m := range wordOf.FindAllStringSubmatch(body, -1) {
			families[m[1]] = true
		}
	}
	var screens []string // what keys begin with
	for _, key := range text.Keys() {
		first, _, _ := strings.Cut(key, ".")
		screens = append(screens, first)
		if rest, is := strings.CutPrefix(key, "word."); is {
			if family := rest[:strings.LastIndexByte(rest, '.')]; !families[family] {
				t.Errorf("no page has words of the family %s", family)
			}
			continue
		}
		if len(named[key]) == 0 {
			t.Errorf("nothing says %s", key)
		}
	}
	for key, where := range named {
		first, _, _ := strings.Cut(key, ".")
		if keyForm.MatchString(key) && slices.Contains(screens, first) && !text.Has(key) && !strings.HasSuffix(key, ".html") && !strings.HasSuffix(key, ".css") {
			t.Errorf("%s is in no catalogue, and %v says it", key, where)
		}
	}
	for _, r := range pages.Rows() {
		if !text.Has(r.Title) || r.Group != "" && !text.Has(r.Group) {
			t.Errorf("the page %s has the title %s in the group %q", r.Address(), r.Title, r.Group)
		}
	}
}

// TestBothLanguagesSayTheSame as far as a program can tell: the same verbs in the same sequence, Chinese with Chinese characters where English has words, and no character of the one in the other.
func TestBothLanguagesSayTheSame(t *testing.T) {
	verbs := regexp.MustCompile(`%[-+0-9.]*[a-zA-Z%]`)
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	for _, key := range text.Keys() {
		zh, en := text.Chinese.Of(key), text.English.Of(key)
		if !slices.Equal(verbs.FindAllString(zh, -1), verbs.FindAllString(en, -1)) {
			t.Errorf("%s: %q and %q are about different things", key, zh, en)
		}
		if key == "frame.language" { // the name of the other one
			continue
		}
		if han(en) || strings.ContainsAny(en, "，。：；（）“”") {
			t.Errorf("%s in English: %q", key, en)
		}
		if !han(zh) {
			t.Errorf("%s in Chinese: %q", key, zh)
		}
	}
}

// TestNoTextOutsideTheCatalogue: what stands in a template beside its actions and tags is no word of either language.
func TestNoTextOutsideTheCatalogue(t *testing.T) {
	shown := regexp.MustCompile(`\b(?:title|alt|placeholder|aria-label|label)="([^"{]*\p{L}[^"]*)"`)
	tag := regexp.MustCompile(`(?s)<[^>]*>`)
	code := regexp.MustCompile(`(?s)<(pre|code)>.*?</(pre|code)>`)
	for path, body := range files(t, ".html") {
		plain := action.ReplaceAllString(body, "")
		for _, m := range shown.FindAllStringSubmatch(plain, -1) {
			t.Errorf("%s: %s", path, m[0])
		}
		left := tag.ReplaceAllString(code.ReplaceAllString(plain, ""), "")
		if strings.ContainsFunc(left, unicode.IsLetter) {
			t.Errorf("%s has words of its own: %q", path, strings.Join(strings.Fields(left), " "))
		}
	}
}

// TestWhatScrollsIsReachedByKeys: a table that is wider than the screen scrolls within its frame, which takes the focus for whoever has no mouse.
func TestWhatScrollsIsReachedByKeys(t *testing.T) {
	for path, body := range files(t, ".html") {
		if strings.Contains(body, `class="wide">`) {
			t.Errorf("%s has a frame that scrolls and takes no focus", path)
		}
	}
}

// TestNoStyleAndNoScriptInPages: the policy would not let them in.
func TestNoStyleAndNoScriptInPages(t *testing.T) {
	for path, body := range files(t, ".html") {
		for _, bad := range []string{" style=", "<style", " onclick=", " onchange=", " onsubmit=", "hx-on", "javascript:", "http://", "https://", "<script>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
	}
}
