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
	one := map[string]any{canary: canary, "name": canary}
	for name, value := range map[string]any{
		"traits": one, "tags": []any{canary}, "lifecycle": canary, "segments": []any{canary}, "consent": map[string]any{canary: map[string]any{"granted": false, "reason": canary, "by": canary, "source": canary, "textVersion": canary}},
		"demographics": one, "place": one, "mergedFrom": []any{canary}, "rfm": map[string]any{"class8": canary}, "masked": true, "type": canary, "event": canary, "trust": canary, "properties": one,
		"proof": map[string]any{"by": canary, "source": canary}, "campaignId": canary, "variant": canary, "outcome": canary, "reason": canary, "detail": canary, "anonymousId": canary,
	} {
		item[name] = value
	}
	item["job"] = map[string]any{"kind": canary, "count": 2, "source": canary, "campaign": canary, "run": canary, "profileId": canary}
	item["message"], item["why"] = canary, map[string]any{"cause": canary, "text": canary}
	item["updatedBy"], item["values"] = map[string]any{"name": canary}, []any{map[string]any{"value": canary, "count": 1}}
	// It is also a document of every kind: what it does not know, a form carries along.
	var answer any = map[string]any{
		"items": []any{item}, "next": canary, "id": canary, "name": canary, "description": canary, "rule": map[string]any{"field": "traits." + canary, "op": "eq", "value": canary}, "cancelOn": []any{canary},
		"locales": map[string]any{canary: map[string]any{"subject": canary, "text": canary, "html": canary}}, "tags": []any{canary}, "templateId": canary,
	}
	switch {
	case strings.HasPrefix(path, "/v1/reports/"):
		of := []any{map[string]any{
			"period": canary, "split": canary, "event": canary, "page": canary, "screen": canary, "currency": canary, "state": canary, "people": 5, "views": 5, "sum": 5, "step": 1, "reached": 5, "after": 1, "size": 5, "back": 2, "share": 0.4, "due30": 1,
			"interval": map[string]any{"people": []any{1, 9}},
		}, map[string]any{"period": canary, "after": 2, "share": 0.2}}
		answer = map[string]any{"id": canary, "state": "working", "asOf": canary, "currency": canary, "open": []any{canary}, "sample": map[string]any{"people": 5, "share": 0.5}, "answer": map[string]any{"rows": of, "pages": of, "buyers": of, "mean": of},
			"items": []any{map[string]any{"profileId": canary, "userId": canary, "count": 2}}, "next": canary, "masked": true}
	case strings.HasSuffix(path, "/stops"):
		answer = map[string]any{"items": []any{item}, "off": []any{map[string]any{"channel": canary, "lacks": canary}}}
	case strings.HasSuffix(path, "/queues"):
		answer = []any{item}
	case strings.Contains(path, "/templates/") && strings.HasSuffix(path, "/tests"):
		answer = map[string]any{"items": []any{map[string]any{"to": canary, "locale": canary, "outcome": canary, "reason": canary, "detail": canary, "by": map[string]any{"name": canary}}}}
	case strings.HasSuffix(path, "/runs"):
		item["state"], item["asOf"], item["segments"] = "finished", canary, map[string]int{canary: 5}
		answer = map[string]any{"items": []any{item, item}}
	case strings.HasSuffix(path, "/profiles/-/orders"):
		answer = map[string]any{"items": []any{map[string]any{"orderId": canary, "coupon": canary, "products": []any{map[string]any{"name": canary, "productId": canary, "quantity": 1}}, "refunds": []any{map[string]any{}}}}, "next": canary}
	case strings.HasSuffix(path, "/profiles/-/referrals"):
		one := map[string]any{"programId": canary, "code": canary, "state": canary, "reason": canary, "friendProfileId": canary, "advocateProfileId": canary + "2", "flags": []any{canary}}
		answer = map[string]any{"asAdvocate": []any{one}, "asFriend": []any{one}, "next": canary}
	case strings.HasSuffix(path, "/live"):
		answer = map[string]any{"currency": canary, "sum": map[string]int{"gmv": 5}}
	case strings.HasSuffix(path, "/audit"):
		item["action"], item["kind"], item["of"], item["from"], item["before"], item["after"], item["fields"] = canary, canary, canary, canary, 1, 2, []any{canary}
		item["by"] = map[string]any{"name": canary, "role": canary}
		other := map[string]any{"kind": "segment", "of": canary, "before": 1, "after": 2, "by": map[string]any{}}
		answer = map[string]any{"items": []any{item, other}, "next": canary}
	case strings.HasSuffix(path, "/refusals"):
		item["what"], item["field"], item["messageId"], item["orderId"], item["source"], item["refused"] = canary, canary, canary, canary, canary, map[string]int{"day": 5, "week": 5}
		item["writeKeys"] = []any{canary}
		hours := []any{map[string]any{"hour": "2026-11-21T08:00:00Z", "counts": map[string]int{canary: 2}}}
		answer = map[string]any{"items": []any{item}, "hours": hours, "warnings": map[string]any{"items": []any{item}, "hours": hours}}
	case strings.Contains(path, "/runs/"):
		item["segments"], item["counts"] = map[string]int{canary: 5}, map[string]any{"lifecycle": map[string]any{canary: 1}, "class8": map[string]any{canary: 1}}
		item["asOf"], item["state"] = canary, canary
		answer = item
	case strings.HasSuffix(path, "/profiles/-"):
		answer = item
	case strings.HasSuffix(path, "/devices"):
		item["events"] = 1
	case strings.HasSuffix(path, "/ledger"):
		answer = map[string]any{"balance": []any{map[string]any{"water": 5}}, "entries": []any{map[string]any{"kind": canary, "amount": map[string]any{"points": 5}, "effect": map[string]any{"kind": canary, "id": canary}}}, "next": canary}
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
