package functions

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

// TestBrowsersMaySendWhatIsRead: a page of another origin may send each header that a function reads of it, at both APIs, and read the ones that it needs.
// What a browser sets by itself or may always send, and what shop systems and the gateway set, needs no leave.
func TestBrowsersMaySendWhatIsRead(t *testing.T) {
	without := []string{"x-forwarded-proto", "origin", "host", "content-encoding", "retry-after"}
	want := map[string]bool{"content-type": true}
	for _, pattern := range []string{"member/*.go", "console/*.go", "ingest/*.go", "../shared/httpapi/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`Header\.Get\("([^"]+)"\)`).FindAllStringSubmatch(string(text), -1) {
				if name := strings.ToLower(found[1]); !slices.Contains(without, name) {
					want[name] = true
				}
			}
		}
	}
	for _, name := range []string{"authorization", "idempotency-key", "if-match"} {
		if !want[name] {
			t.Errorf("nothing reads %s: the search is wrong", name)
		}
	}
	parsed, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{Parameters: map[string]string{"Issuer": "https://issuer.example", "RoleClaim": "groups"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed.APIs) != 2 {
		t.Fatalf("%d APIs", len(parsed.APIs))
	}
	for _, api := range parsed.APIs {
		for name := range want {
			if !slices.Contains(api.CORS.AllowHeaders, name) {
				t.Errorf("%s does not let a page send %s", api.LogicalID, name)
			}
		}
		for _, name := range []string{"etag", "retry-after"} {
			if !slices.Contains(api.CORS.ExposeHeaders, name) {
				t.Errorf("%s does not let a page read %s", api.LogicalID, name)
			}
		}
	}
}
