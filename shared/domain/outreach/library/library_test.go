package library_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/library"
	"github.com/userops/userops/shared/domain/outreach/wording"
	"github.com/userops/userops/shared/liquid"
)

// TestEveryText is a template that would be saved without a fault or a doubt, in both languages, with a way to want no more; it reads well of somebody of whom much is known and of somebody of whom nothing is.
func TestEveryText(t *testing.T) {
	triggers := map[string]bool{}
	for _, one := range library.Texts() {
		triggers[one.Trigger] = true
		for _, language := range library.Languages() {
			d := one.Definition(language)
			body, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			_, compiled, err := liquid.Parse(body)
			if err != nil {
				t.Errorf("%s, %s: %v", one.ID, language, err)
				continue
			}
			if doubts := wording.Doubts(d); len(doubts) > 0 {
				t.Errorf("%s, %s: %v", one.ID, language, doubts)
			}
			if d.Name == "" || len(d.Locales) != 2 {
				t.Errorf("%s, %s: %q in %d locales", one.ID, language, d.Name, len(d.Locales))
			}
			for who, v := range map[string]liquid.Variables{"nobody": {}, "ann": known} {
				v.ShopName, v.UnsubscribeURL, v.Currency = "茶铺", "https://shop.example/out", "CNY"
				got, err := compiled.Render("", v)
				if err != nil {
					t.Errorf("%s, %s, %s: %v", one.ID, language, who, err)
				}
				for part, text := range map[string]string{"subject": got.Subject, "text": got.Text, "html": got.HTML} {
					chinese := strings.ContainsFunc(strings.ReplaceAll(text, "茶铺", ""), func(r rune) bool { return unicode.Is(unicode.Han, r) })
					if (language == "zh") != chinese || strings.Contains(text, "{{") || strings.Contains(text, "  ") || strings.Contains(text, " .") || strings.Contains(text, "until .") || part != "subject" && !strings.Contains(text, "https://shop.example/out") {
						t.Errorf("%s, %s, %s: the %s is %q", one.ID, language, who, part, text)
					}
				}
			}
		}
	}
	if len(triggers) != 15 || len(library.Texts()) != 15 {
		t.Errorf("%d texts of %d triggers", len(library.Texts()), len(triggers))
	}
}

var known = liquid.Variables{
	Traits: map[string]any{"name": "Ann"},
	Event: &liquid.Event{Name: "Order Completed", Timestamp: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
		Properties: json.RawMessage(`{"order_id":"A-1","total":91,"products":[{"product_id":"p","name":"Oolong","quantity":2,"price":45.5}],"expiresAt":"2026-12-01T00:00:00Z","points":40,"tier":"gold"}`)},
	Known: func() liquid.Known {
		return liquid.Known{Orders: liquid.Orders{Count: 3, LastAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, Categories: []string{"tea"},
			Cart: []liquid.Line{{ProductID: "p", Name: "Oolong", Quantity: 2, Price: money.Amount{Minor: 4550, Currency: "CNY"}}}}
	},
}

// TestTheCartIsInItsReminder line by line, with its sum.
func TestTheCartIsInItsReminder(t *testing.T) {
	one, found := library.Find("cart-reminder")
	if !found {
		t.Fatal("there is none")
	}
	compiled, err := liquid.Compile(one.Definition("zh"))
	if err != nil {
		t.Fatal(err)
	}
	v := known
	v.Currency = "CNY"
	got, err := compiled.Render("zh-CN", v)
	if err != nil || !strings.Contains(got.Text, "- Oolong × 2：91.00\n合计：91.00\n") || !strings.Contains(got.HTML, "<td>Oolong</td><td>2</td><td>91.00</td>") {
		t.Errorf("%q, %v", got, err)
	}
	english, err := compiled.Render("en-GB", v)
	if err != nil || !strings.Contains(english.Text, "- Oolong x 2: 91.00\nTogether: 91.00\n") {
		t.Errorf("%q, %v", english.Text, err)
	}
	if _, found := library.Find("nothing"); found {
		t.Error("there is one of no id")
	}
}
