package functions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/proof"
)

// What somebody is made of in TestPeopleAreMasked: every text that was sent of them holds the canary, every number is the odd one.
const (
	canary      = "canary"
	canaryPhone = "13955551234"
	oddNumber   = "987654321"
)

// leaks are the canaries in an answer, in what it has as base64 too.
func leaks(answer string) []string {
	var found []string
	texts := []string{answer}
	for _, part := range encoded.FindAllString(answer, -1) {
		if raw, err := base64.RawURLEncoding.DecodeString(part); err == nil {
			texts = append(texts, string(raw))
		}
	}
	for _, text := range texts {
		for _, c := range []string{canary, canaryPhone, oddNumber} {
			if i := strings.Index(strings.ToLower(text), c); i >= 0 {
				found = append(found, text[max(0, i-40):min(len(text), i+40)])
			}
		}
	}
	return found
}

var encoded = regexp.MustCompile(`[A-Za-z0-9_-]{12,}`)

// TestPeopleAreMasked asks every route that operators have, as each role, for a person of whom every datum is a canary, and holds it that only who may and says why is shown one.
func TestPeopleAreMasked(t *testing.T) {
	t.Parallel()
	m := newMachineWith(t, t.TempDir(), map[string]string{"OperatorKeys": roleKeys()})
	put := func(path, body string) { t.Helper(); m.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	put("/v1/segments/buyers", `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`)
	put("/v1/templates/thanks", `{"name":"Thanks","channel":"email","locales":{"default":{"subject":"Thank you, {{ profile.name | default: 'friend' }}","text":"Stop: {{ unsubscribeUrl }}"}}}`)
	put("/v1/campaigns/thanks", `{"name":"Thanks","state":"running","channel":"email","templateId":"thanks","trigger":{"event":{"name":"Order Completed"}}}`)
	put("/v1/campaigns/everybody", `{"name":"Everybody","state":"draft","channel":"email","templateId":"thanks","trigger":{"audience":{"segmentId":"buyers","at":"2036-01-01T00:00:00Z"}}}`)
	put("/v1/programs/invite", `{"name":"Invite","state":"running","attributionWindow":"30d","rewards":{"friend":[{"points":70}]}}`)
	put("/v1/sources/web", `{"name":"Web","kind":"browser","writeKeys":["web-shop-write-key"]}`)
	put("/v1/settings/holdout", `{"share":0,"season":"2026"}`)

	const user, device = "canary-user@example.com", "canary-device"
	context := `"context":{"ip":"canary-ip","userAgent":"canary-agent","locale":"canary-locale","timezone":"Asia/Shanghai","page":{"url":"https://canary.example/","referrer":"https://canary.example/from"},
		"campaign":{"name":"canary-campaign","source":"canary-source","medium":"canary-medium"},"device":{"id":"canary-hardware","token":"canary-token","type":"ios","manufacturer":"canary-maker","model":"canary-model"},
		"os":{"name":"canary-os","version":"canary-1"},"app":{"name":"canary-app","version":"canary-2"},"library":{"name":"canary-library"},"traits":{"nickname":"canary-nickname"}}`
	traits := fmt.Sprintf(`"traits":{"name":"Canary Name","firstName":"Canary","lastName":"Canary","email":"canary-mail@example.com","phone":%q,"gender":"female","birthday":"1990-05-31","city":"Canary-Road 7",
		"address":{"city":"Canary-Road 7","canary-key":"canary-street","postalCode":"canary-code"},"plan":"canary-plan","points":%s,"list":["canary-entry",%s]}`, canaryPhone, oddNumber, oddNumber)
	events := []string{
		`{"type":"identify","messageId":"a1",` + context + `,` + traits + `}`,
		`{"type":"page","messageId":"a2","name":"Canary title","category":"canary-category","properties":{"title":"Canary title","path":"/canary","url":"https://canary.example/"},` + context + `}`,
		`{"type":"screen","messageId":"a3","name":"Canary screen","properties":{"note":"canary"}}`,
		`{"type":"group","messageId":"a4","groupId":"canary-group","traits":{"name":"Canary group"}}`,
		`{"type":"track","messageId":"a5","event":"Product Viewed","properties":{"product_id":"canary-product","category":"canary-category","brand":"canary-brand","name":"Canary product","price":` + oddNumber + `}}`,
		`{"type":"track","messageId":"a6","event":"Product Added","properties":{"product_id":"canary-product","cart_id":"canary-cart","quantity":1,"price":1}}`,
		`{"type":"track","messageId":"a7","event":"Products Searched","properties":{"query":"canary-query"}}`,
		`{"type":"track","messageId":"a8","event":"Consent Granted","properties":{"channel":"email","textVersion":"canary-text","reason":"canary-reason"}}`,
		`{"type":"track","messageId":"a9","event":"Consent Revoked","properties":{"channel":"sms","reason":"canary-reason"}}`,
		`{"type":"track","messageId":"a10","event":"Coupon Entered","properties":{"coupon":"canary-coupon","deep":{"canary":"canary"},"list":["canary",{"canary":1}]}}`,
		`{"type":"alias","messageId":"a11","previousId":"canary-before"}`,
	}
	for _, e := range events {
		m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[`+strings.TrimSuffix(e, "}")+fmt.Sprintf(`,"userId":%q,"anonymousId":%q}]}`, user, device), nil)
	}
	m.idle()
	var code struct{ Code string }
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"invite","userId":"canary-advocate"}`, &code)
	m.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":%q}`, code.Code, user), nil)
	var stop struct{ ID string }
	m.call(http.StatusCreated, "POST", "/v1/stop", operatorKey, `{}`, &stop)
	for _, e := range []string{
		`{"type":"track","messageId":"o1","event":"Order Completed","properties":{"order_id":"canary-order","total":12.5,"coupon":"canary-coupon","products":[{"product_id":"canary@product","name":"Canary 13955551234","brand":"canary-brand","category":"canary@category","price":12.5,"quantity":1}]}`,
		`{"type":"track","messageId":"o2","event":"Email Bounced","properties":{"email":"canary-mail@example.com","reason":"canary-reason"}`,
	} {
		m.call(http.StatusOK, "POST", "/v1/track", serverKey, e+fmt.Sprintf(`,"userId":%q}`, user), nil)
		m.idle()
	}
	m.call(http.StatusOK, "POST", "/v1/resume", operatorKey, `{}`, nil)
	// What a page says of them, and of a device that nobody knows.
	for _, of := range []string{fmt.Sprintf(`"userId":%q,"anonymousId":"canary-claimed"`, user), `"anonymousId":"canary-stranger"`} {
		m.call(http.StatusOK, "POST", "/v1/batch", publicKey, `{"batch":[{"type":"identify","messageId":"p1",`+of+`,`+context+`,"traits":{"email":"canary-typed@example.com","phone":"`+canaryPhone+`","plan":"canary-plan","mood":"canary-mood"}},
			{"type":"track","messageId":"p2",`+of+`,"event":"Consent Granted","properties":{"channel":"email"}},{"type":"track","messageId":"p3",`+of+`,"event":"Product Viewed","properties":{"product_id":"canary-product"}}]}`, nil)
	}
	m.dies("Events", `{"v":1,"source":"web","events":[{"messageId":"canary-message","type":"identify","userId":"canary-dead","traits":{"email":"canary-dead@example.com"}}]}`)
	m.idle()
	report := m.run("{}")
	if report.Profiles == 0 {
		t.Fatal("the run saw nobody")
	}
	var runs struct{ Items []struct{ RunID string } }
	m.call(http.StatusOK, "GET", "/v1/runs", operatorKey, "", &runs)

	// Who asks is shown figures, and split by what people said of themselves the values too; those behind a number are people.
	m.archived()
	question := m.exactly(`{"kind":"count","from":"` + time.Now().UTC().AddDate(0, 0, -2).Format(time.DateOnly) + `","to":"` + time.Now().UTC().AddDate(0, 0, 2).Format(time.DateOnly) + `","by":"month"}`)

	var list struct{ ListID string }
	m.call(http.StatusAccepted, "POST", "/v1/segments/buyers/members", operatorKey, `{}`, &list)
	m.idle()

	// definitions are the ids that the paths of each kind may name.
	definitions := map[string]string{"segments": "buyers", "campaigns": "everybody", "templates": "thanks", "programs": "invite", "sources": "web", "settings": "holdout", "runs": runs.Items[0].RunID, "stops": stop.ID, "reports": question.ID}
	people := []string{"userId=" + url.QueryEscape(user), "anonymousId=" + device, "anonymousId=canary-stranger"}
	asked, shown := 0, map[string]bool{}
	for _, row := range access.Rows() {
		method, path, _ := strings.Cut(row.Route, " ")
		preview := strings.HasSuffix(path, "/preview")
		if row.Least == "" || method != "GET" && !preview {
			continue
		}
		kind := strings.Split(path, "/")[2]
		if kind != "profiles" && strings.Contains(path, "{id}") && definitions[kind] == "" {
			t.Errorf("%s: save one of the %s above and name its id in definitions, so that it is seen whom its answers show", row.Route, kind)
			continue
		}
		paths := []string{strings.NewReplacer("{id}", definitions[kind], "{n}", "1", "{queue}", "events", "{other}", definitions[kind], "{listId}", url.PathEscape(list.ListID)).Replace(path)}
		if kind == "reports" && strings.HasSuffix(path, "/people") {
			at := paths[0] + "?cell=" + url.QueryEscape(`{"figure":"people"}`)
			paths, kind = []string{at, at + "&reason=ticket%2010"}, "profiles"
		} else if kind == "people" {
			paths = nil
			for _, q := range []string{"email:canary-mail@example.com", "phone:" + canaryPhone, "user:" + user, "anonymous:" + device, "order:canary-order", "email:canary-nobody@example.com"} {
				at := path + "?q=" + url.QueryEscape(q)
				paths = append(paths, at, at+"&reason=ticket%208")
			}
			kind = "profiles"
		} else if kind == "profiles" {
			paths = nil
			for _, who := range people {
				at := strings.Replace(path, "{id}", "-", 1) + "?" + who
				paths = append(paths, at, at+"&reason=ticket%207")
				if part := strings.TrimPrefix(path, "/v1/profiles/{id}"); slices.Contains([]string{"/events", "/decisions", "/ledger", "/orders", "/referrals"}, part) {
					paths = append(paths, at+"&limit=1") // with a cursor in the answer
				}
			}
		}
		for _, path := range paths {
			for _, role := range access.Roles() {
				status, body := m.ask(method, path, keyOf(role), map[bool]string{true: "{}"}[preview])
				open := strings.Contains(path, "reason=") && role.May(access.Editor) || strings.Contains(path, "/export") && role.May(access.Approver)
				want := http.StatusOK
				if !role.May(row.Least) || strings.Contains(path, "reason=") && !open && kind == "profiles" {
					want = http.StatusForbidden
				}
				if status != want {
					t.Errorf("%s %s as %s: %d %s, want %d", method, path, role, status, body, want)
				}
				found := leaks(string(body))
				if len(found) > 0 && !open {
					t.Errorf("%s %s shows %s\n%s", method, path, role, strings.Join(found, "\n"))
				}
				if shown[path] = shown[path] || open && len(found) > 0; kind == "profiles" && !open && status == http.StatusOK && !masked(body) {
					t.Errorf("%s %s as %s does not say that it is masked: %s", method, path, role, body)
				}
				asked++
			}
		}
	}
	if asked < 100 {
		t.Errorf("%d calls were made", asked)
	}
	// The canaries are there to be found: in each answer that is open, but for the book and the decisions, which say nothing of a person.
	for _, who := range people {
		for _, part := range []string{"", "/events", "/devices", "/orders"} {
			if path := "/v1/profiles/-" + part + "?" + who + "&reason=ticket%207"; !shown[path] && !(strings.Contains(who, "stranger") && (part == "/devices" || part == "/orders")) {
				t.Errorf("nothing of the person is in %s, so the test would not notice a leak", path)
			}
		}
	}
	// Each reveal is on record with its reason, and no look without one is.
	log := m.call(http.StatusOK, "GET", "/v1/audit?action=reveal&limit=200", operatorKey, "", nil)
	reveals, finds := 7*len(people)*3, 5*3
	if n, with := strings.Count(log, `"action":"reveal"`)-strings.Count(log, `"reason":"ticket 10"`), strings.Count(log, `"reason":"ticket 7"`); n != reveals+finds || with != reveals || strings.Count(log, `"reason":"ticket 8"`) != finds {
		t.Errorf("%d reveals are on record, %d with the reason, want %d and %d of who was found", n, with, reveals, finds)
	}
	if found := leaks(log); len(found) > 0 {
		t.Errorf("the audit log shows %v", found)
	}
	// Whom a stop has skipped is a list of people: the canary is on it, and is shown to who says why.
	if _, body := m.ask("GET", "/v1/stops/"+stop.ID+"/skipped?reason=ticket%209", keyOf(access.Editor), ""); !strings.Contains(string(body), `"userId":"`+user+`"`) {
		t.Errorf("whom the stop has skipped is %s", body)
	}
	if _, body := m.ask("GET", "/v1/reports/"+question.ID+"/people?reason=ticket%2010&cell="+url.QueryEscape(`{"figure":"people"}`), keyOf(access.Editor), ""); !strings.Contains(string(body), `"userId":"`+user+`"`) {
		t.Errorf("behind the number is %s", body)
	}
	if log := m.call(http.StatusOK, "GET", "/v1/audit?action=reveal&limit=200", operatorKey, "", nil); strings.Count(log, `"reason":"ticket 10"`) < 4 {
		t.Errorf("who was shown behind the number has no lines in the audit log: %s", log)
	}
	// A person's own proof opens none of it.
	if status, body := m.ask("GET", "/v1/profiles/-?userId="+url.QueryEscape(user)+"&userHash="+proof.UserHash(userHashSecret, user), "", ""); status != http.StatusUnauthorized {
		t.Errorf("with a userHash: %d %s", status, body)
	}
}

func masked(body []byte) bool {
	var answer struct{ Masked bool }
	return json.Unmarshal(body, &answer) == nil && answer.Masked
}
