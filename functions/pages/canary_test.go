package pages_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func urlEscape(s string) string { return url.QueryEscape(s) }

// poisoned is an answer of the API to a path in which every text is a canary: what strangers and operators write may stand anywhere.
func poisoned(path, canary string) string {
	item := map[string]any{
		"id": canary, "name": canary, "state": "running", "channel": canary, "profileId": canary, "ids": []any{map[string]any{"kind": canary, "value": canary}}, "queue": canary,
		"addresses": map[string]any{canary: map[string]any{"address": canary}}, "campaign": canary, "by": map[string]any{"name": canary}, "runId": canary, "setting": canary,
	}
	var answer any = map[string]any{"items": []any{item}, "next": canary}
	if strings.HasSuffix(path, "/queues") {
		answer = []any{item}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// TestOnlyTheFrameWritesHTML: template.HTML and its like take what they are given for safe, so nobody uses them.
func TestOnlyTheFrameWritesHTML(t *testing.T) {
	for path, body := range files(t, ".go") {
		for _, trust := range []string{"template.HTML(", "template.JS(", "template.URL(", "template.CSS(", "template.HTMLAttr(", "text/template"} {
			if strings.Contains(body, trust) && filepath.Dir(path) != "chart" {
				t.Errorf("%s has %s", path, trust)
			}
		}
	}
	if _, err := os.Stat("view/layout.html"); err != nil {
		t.Error(err)
	}
}
