package console

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestTheLibrary lists what a PUT takes as it stands, in the language that is asked for.
func TestTheLibrary(t *testing.T) {
	b, slug := newBench(t), map[string]string{"": "plain", "?lang=en": "en", "?lang=zh": "zh"}
	for query, want := range map[string]string{"": "Cart abandoned: Your cart is waiting", "?lang=en": "Cart abandoned: Your cart is waiting", "?lang=zh": "购物车未结算: 您的购物车还在等您"} {
		var answer struct {
			Lang  string
			Items []struct {
				ID, Trigger string
				Template    json.RawMessage
			}
		}
		b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/library/templates"+query, "")), &answer))
		if len(answer.Items) != 15 || !strings.HasSuffix("?lang="+answer.Lang, strings.TrimPrefix(query, "?")) {
			t.Errorf("%s: %d texts, in %s", query, len(answer.Items), answer.Lang)
		}
		for _, one := range answer.Items {
			var d map[string]any
			b.Must(json.Unmarshal(one.Template, &d))
			if id, _ := d["id"].(string); id != one.ID {
				t.Errorf("%s is called %s", one.ID, id)
			}
			saved := b.must(201, "PUT", "/v1/templates/"+one.ID+"-"+slug[query], strings.Replace(string(one.Template), `"id":"`+one.ID+`",`, "", 1))
			if strings.Contains(saved, "warnings") {
				t.Errorf("%s is doubted: %s", one.ID, saved)
			}
			if one.ID == "cart-reminder" {
				subject := d["locales"].(map[string]any)["default"].(map[string]any)["subject"].(string)
				if got := d["name"].(string) + ": " + subject; got != want || one.Trigger != "cartAbandoned" {
					t.Errorf("%s: %s, of %s", query, got, one.Trigger)
				}
			}
		}
	}
	for _, query := range []string{"?lang=fr", "?lang=en&lang=zh"} {
		if got := b.must(400, "GET", "/v1/library/templates"+query, ""); errorsOf(t, got) != "lang is not en or zh" {
			t.Errorf("%s: %s", query, got)
		}
	}
}
