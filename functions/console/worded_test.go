package console

import (
	"strings"
	"testing"
)

// TestWordsOfATemplateAreDoubted: it is saved all the same, and only the answer to the save says so.
func TestWordsOfATemplateAreDoubted(t *testing.T) {
	b := newBench(t)
	const doubted = `{"channel":"email","locales":{"default":{"subject":"Hello","text":"Hi"},"zh":{"subject":"顶级好茶","text":"八折券在此"}}}`
	want := `"warnings":[{"field":"locales.zh.subject","reason":"says \"顶级\": the Advertising Law of China (article 9) forbids words of the highest degree about goods and services"},` +
		`{"field":"locales.zh.text","reason":"speaks of a promotion, and nothing of the message says until when it lasts or under which terms"}]`
	if saved := b.must(201, "PUT", "/v1/templates/tea", doubted); !strings.Contains(saved, want) {
		t.Errorf("the save is answered %s", saved)
	}
	if got := b.must(200, "GET", "/v1/templates/tea", ""); strings.Contains(got, "warnings") || !strings.Contains(got, "顶级") {
		t.Errorf("it is %s", got)
	}
	if saved := b.must(200, "PUT", "/v1/templates/tea", `{"channel":"email","locales":{"default":{"subject":"Hello","text":"Hi"}}}`); strings.Contains(saved, "warnings") {
		t.Errorf("mended, it is answered %s", saved)
	}
}
