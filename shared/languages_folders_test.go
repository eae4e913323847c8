package shared

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentsNameEveryFolder: whoever looks for where things are finds each folder of shared in both READMEs, and each of the domain in the English one; the Chinese one names those that
// belong to nobody by what they are.
func TestDocumentsNameEveryFolder(t *testing.T) {
	for _, document := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", document))
		if err != nil {
			t.Fatal(err)
		}
		row := regexp.MustCompile("`shared/domain/`[^\n]*").FindString(string(text))
		for _, top := range []string{".", "domain"} {
			entries, err := os.ReadDir(top)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				name := e.Name()
				switch {
				case !e.IsDir():
				case top == "domain" && (document != "README.md" || regexp.MustCompile(`\b`+name+`\b`).MatchString(row)):
				case top == "." && (strings.Contains(string(text), "`shared/"+name+"/`") || strings.Contains(string(text), "`"+name+"/`")):
				default:
					t.Errorf("%s does not say what is in %s: add it to where things are", document, filepath.Join("shared", top, name))
				}
			}
		}
	}
}
