package definition

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// whole are documents of each kind that together have every field that operators write.
var whole = []struct{ kind, id, body string }{
	{Segment, "x", `{"id":"x","name":"S","description":"d","rule":{"all":[{"field":"orders.revenue","op":"gte","value":{"money":"5.00","currency":"CNY"}},{"field":"orders.lastAt","op":"within","days":3},
		{"any":[{"not":{"segment":"vip"}},{"notSegment":"vip"}]},{"performed":{"event":"E","atLeast":1,"atMost":2,"withinDays":3}},{"percent":{"seed":"s","from":0,"to":10}}]}}`},
	{Campaign, "x", `{"id":"x","name":"C","state":"running","channel":"email","wait":"1h","trigger":{"event":{"name":"E","where":[{"property":"total","op":"gte","value":1}]}},"condition":{"segment":"vip"},"cancelOn":["F"],
		"oncePerPerson":true,"expiresAfter":"1d","tags":["promo"],"transactional":false,"unproven":false,"control":0.1,"variants":[{"id":"a","weight":1,"templateId":"t"}]}`},
	{Campaign, "x", `{"id":"x","name":"C","state":"draft","channel":"email","templateId":"t","onceEvery":"1d","trigger":{"audience":{"segmentId":"vip","at":"2036-11-27T02:00:00Z"}}}`},
	{Campaign, "x", `{"id":"x","name":"C","state":"draft","channel":"email","templateId":"t","trigger":{"enteredSegment":"vip"}}`},
	{Campaign, "x", `{"id":"x","name":"C","state":"draft","channel":"email","templateId":"t","trigger":{"exitedSegment":"vip"}}`},
	{Template, "x", `{"id":"x","name":"T","channel":"email","locales":{"default":{"subject":"s","text":"t","html":"h"}}}`},
	{Template, "x", `{"id":"x","name":"T","channel":"social","locales":{"default":{"payload":"{}"}}}`},
	{Program, "x", `{"id":"x","name":"P","state":"running","hold":"0s","attributionWindow":"30d","qualifying":{"event":"Order Completed","minTotal":{"amount":100,"currency":"CNY"}},"rewards":{"friend":[{"points":5}],"advocate":[{"points":5}]},
		"ladder":[{"friends":3,"advocate":[{"points":50}]}],"maxPerAdvocate":10,"budget":[{"points":1000}]}`},
	{Source, "x", `{"id":"x","name":"S","kind":"server","disabled":false,"money":true,"writeKeys":["a-write-key-1"],"allowedEvents":["page"],"allowedOrigins":["https://shop.example"],"ratePerSecond":1,"burst":2,"newPerMinute":3,"hookSecretSet":true}`},
	{Settings, delivery.SettingsID, `{"killSwitch":true,"stopped":["email"],"quietHours":{"start":"21:30","end":"08:30"},"caps":[{"limit":1,"channel":"email","per":1,"unit":"days","over":"defer","tag":"promo"}],
		"consent":{"email":"optIn"},"transactional":{"ignoreCaps":true,"countCaps":false},"confirmationsOff":true}`},
	{Settings, delivery.HoldoutID, `{"share":0.05,"season":"2026Q4"}`},
	{Settings, Scoring.ID, `{"windowDays":365,"class8":"median","activeDays":30,"coolingDays":90,"quietDays":45,"newDays":7,"engagedDays":7,"lines":{"r":1,"f":1,"m":1},"quintiles":{"r":[1,2,3,4],"f":[1,2,3,4],"m":[1,2,3,4]}}`},
}

// free are the places where any name may stand: a locale, a channel, and units of the ledger, which are refused by themselves.
var free = []string{".locales.", ".consent."}

// TestAMisspeltFieldIsAskedBack misspells each field of each kind, wherever it stands, and is asked whether the right one was meant.
func TestAMisspeltFieldIsAskedBack(t *testing.T) {
	rows := map[string]Row{}
	for _, row := range Rows() {
		kind, _ := row.Names()
		rows[kind] = row
	}
	for _, doc := range whole {
		check := func(body any) string {
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = rows[doc.kind].Check(doc.id, text, segments); err != nil {
				return err.Error()
			}
			return ""
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(doc.body), &body); err != nil {
			t.Fatal(err)
		}
		if got := check(body); got != "" {
			t.Errorf("%s %s is refused as it is: %s", doc.kind, doc.id, got)
			continue
		}
		var walk func(path string, at any)
		walk = func(path string, at any) {
			switch at := at.(type) {
			case []any:
				for i, one := range at {
					walk(fmt.Sprintf("%s[%d]", path, i), one)
				}
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(at)) {
					value := at[name]
					if wrong := misspell(name); !slices.ContainsFunc(free, func(f string) bool { return strings.HasSuffix(path+".", f) }) && wrong != "" {
						delete(at, name)
						at[wrong] = value
						if got := check(body); !strings.Contains(got, fmt.Sprintf("did you mean %q?", name)) {
							t.Errorf("%s: %s%s is answered %q", doc.kind, path, "."+wrong, got)
						}
						delete(at, wrong)
						at[name] = value
					}
					walk(path+"."+name, value)
				}
			}
		}
		walk("", body)
	}
}

// misspell leaves out the last letter but one; a name of one or two letters has none to leave out.
func misspell(name string) string {
	if len(name) < 3 {
		return ""
	}
	return name[:len(name)-2] + name[len(name)-1:]
}
