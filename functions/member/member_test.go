package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/secret"
)

const (
	serverKey = "demo-server-key"
	// serverKeyHash is the hex SHA-256 of serverKey.
	serverKeyHash = "4aaad75cfe474cab35c759f361fb66dceccdd857abb9b5a948e54a3b86fab74a"
	shopSecret    = "shop secret"
)

var shopKeys = proof.New(nil, []string{shopSecret})

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// sent keeps what was sent to the events queue.
type sent struct {
	mu   sync.Mutex
	jobs []job.Events
	err  error
}

func (s *sent) Send(_ context.Context, v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.jobs = append(s.jobs, v.(job.Events))
	return nil
}

type bench struct {
	*testing.T
	db      *dynamotest.DB
	process *Process
	handler http.Handler
	sent    *sent
	now     time.Time
	mu      sync.Mutex
}

func start(t *testing.T) *bench {
	b := &bench{T: t, db: dynamotest.New(t), sent: &sent{}, now: noon}
	b.process = New(Settings{
		ProfilesTable: "Profiles", TimelineTable: "Timeline", DeliveriesTable: "Deliveries", LedgerTable: "Ledger",
		ReferralsTable: "Referrals", CatalogTable: "Catalog", DueTable: "Due", AuditTable: "Audit", ServerKeyHash: serverKeyHash,
	}, b.db, nil, func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now })
	b.process.Events = b.sent
	b.process.Secrets = secret.Fixed(map[string]string{secret.UserHash: shopSecret})
	b.process.NewID = func() string { return "receipt-1" }
	b.handler = b.process.Handler()
	return b
}

func (b *bench) pass(d time.Duration) { b.mu.Lock(); b.now = b.now.Add(d); b.mu.Unlock() }

// call asks with the server key; headers are names and values in turn.
func (b *bench) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.anybody(method, path, body, append([]string{"Authorization", "Bearer " + serverKey}, headers...)...)
}

func (b *bench) anybody(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func (b *bench) want(w *httptest.ResponseRecorder, status int, parts ...string) map[string]any {
	b.Helper()
	if w.Code != status {
		b.Fatalf("answered %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, part := range parts {
		if !strings.Contains(w.Body.String(), part) {
			b.Errorf("no %s in %s", part, w.Body)
		}
	}
	var body map[string]any
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			b.Fatalf("%v: %s", err, w.Body)
		}
	}
	return body
}

func (b *bench) program(id, body string) {
	b.Helper()
	if body == "" {
		body = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]}}`
	}
	if _, err := b.process.Referrals.Catalog.Save(b.Context(), catalog.KindProgram, id, json.RawMessage(body), nil, dynamotest.By(noon)); err != nil {
		b.Fatal(err)
	}
}

// save stores a profile of a userId as projection would.
func (b *bench) save(userID string, change func(*profile.Profile)) *profile.Profile {
	b.Helper()
	user := profile.Identifier{Kind: profile.UserID, Value: userID}
	p := &profile.Profile{ID: user.ID(), Identifiers: []profile.Identifier{user}, Memory: profile.Memory{FirstSeen: noon.Add(-time.Hour), LastSeen: noon.Add(-time.Hour)}}
	if change != nil {
		change(p)
	}
	if err := b.process.Referrals.Profiles.Save(b.Context(), p); err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) code(program, userID string) string {
	b.Helper()
	w := b.call("POST", "/v1/referrals/codes", fmt.Sprintf(`{"programId":%q,"userId":%q}`, program, userID))
	return b.want(w, 200)["code"].(string)
}

func (b *bench) claim(code, userID string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.call("POST", "/v1/referrals/claims", fmt.Sprintf(`{"code":%q,"userId":%q}`, code, userID), headers...)
}

func TestProfileShowsWhatIsKnown(t *testing.T) {
	b := start(t)
	p := b.save("ann", func(p *profile.Profile) {
		p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.AnonymousID, Value: "a1"})
		p.Traits = map[string]profile.Trait{"name": {Value: "Ann", At: noon}, "age": {Value: int64(30), At: noon}}
		p.Tags = []string{"vip"}
		p.Orders.Replace(nil, &profile.OrderEntry{At: noon.Add(-48 * time.Hour), Net: 1234, Currency: "CNY"})
		p.Orders.Replace(nil, &profile.OrderEntry{At: noon.Add(-24 * time.Hour), Net: 100, Currency: "USD"})
		p.Members = map[string]profile.Membership{"b": {Since: noon}, "a": {Since: noon}}
		p.Scores = profile.Scores{Run: "r1", R: 5, F: 4, M: 3, Class8: "c8", Segment11: "s11", Class15: "c15", Lifecycle: "new"}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
	})
	want := fmt.Sprintf(`{"profileId":%q,"ids":[{"kind":"user","value":"ann"},{"kind":"anonymous","value":"a1"}],`+
		`"firstSeen":"2026-11-21T11:00:00Z","lastSeen":"2026-11-21T11:00:00Z","traits":{"age":30,"name":"Ann"},"tags":["vip"],`+
		`"orders":{"count":2,"revenue":[{"amount":1234,"currency":"CNY"},{"amount":100,"currency":"USD"}],"firstAt":"2026-11-19T12:00:00Z","lastAt":"2026-11-20T12:00:00Z"},`+
		`"lifecycle":"new","rfm":{"r":5,"f":4,"m":3,"class8":"c8","segment11":"s11","class15":"c15"},"predictions":null,"segments":["a","b"],"tier":null,`+
		`"consent":{"email":{"granted":true,"at":"2026-11-21T12:00:00Z"}},`+
		`"demographics":{"gender":null,"birthday":null,"age":30},"place":{"city":null,"province":null,"country":null,"postalCode":null,"timeZone":null,"locale":null},`+
		`"addresses":{},"devices":[],"pushTokens":[],"interests":{"categories":[],"brands":[],"viewed":[]},"touch":{},"mergedFrom":[],"unproven":{"traits":[],"segments":[],"claimedDevices":[],"addresses":{}}}`, p.ID)
	for _, path := range []string{"ann", "profile:" + string(p.ID)} {
		if got := strings.TrimSpace(b.call("GET", "/v1/profiles/"+path, "").Body.String()); got != want {
			t.Errorf("%s: got %s\nwant %s", path, got, want)
		}
	}
	b.save("bob", nil)
	b.want(b.call("GET", "/v1/profiles/bob", ""), 200, `"traits":{}`, `"tags":[]`, `"segments":[]`, `"consent":{}`, `"rfm":null`, `"lifecycle":null`,
		`"orders":{"count":0,"revenue":[],"firstAt":null,"lastAt":null}`)
	b.want(b.call("GET", "/v1/profiles/nobody", ""), 404)
	b.want(b.call("GET", "/v1/profiles/anonymous:ann", ""), 404)
}

// TestConsentIsShownWithItsProof in the profile, in the export and to the person, whose own userHash opens it and nobody else's. Who refuses profiling has no
// class and no favourites, and the export shows all that is held.
func TestConsentIsShownWithItsProof(t *testing.T) {
	b := start(t)
	at := noon.Add(-time.Hour)
	said := func(granted bool, by trust.Level, version string) profile.Consent {
		return profile.Consent{Granted: granted, At: at, ReceivedAt: noon, Proof: profile.Proof{By: by, Source: "web", TextVersion: version}}
	}
	b.save("ann", func(p *profile.Profile) {
		p.Consent = map[string]profile.Consent{"email": said(true, trust.Person, "2026-11"), "email/service": said(true, trust.Shop, ""), "profiling": said(false, trust.Public, "p-2")}
		p.Scores = profile.Scores{R: 5, F: 4, M: 3, Class8: "111", Lifecycle: "active"}
		p.Categories = profile.Interests{"tea": {Last: noon.Unix() / int64(profile.HalfLife.Seconds()), Counts: []int64{3}}}
		p.Viewed = map[string]time.Time{"p1": noon}
	})
	when := `"at":"2026-11-21T11:00:00Z","receivedAt":"2026-11-21T12:00:00Z"`
	consent := `"consent":{"email":{"granted":true,` + when + `,"by":"person","source":"web","textVersion":"2026-11"},` +
		`"email/service":{"granted":true,` + when + `,"by":"shop","source":"web"},"profiling":{"granted":false,` + when + `,"by":"public","source":"web","textVersion":"p-2"}}`
	b.want(b.call("GET", "/v1/profiles/ann", ""), 200, consent, `"rfm":null`, `"lifecycle":null`, `"interests":{"categories":[],"brands":[],"viewed":[{"productId":"p1","at":"2026-11-21T12:00:00Z"}]}`)
	b.want(b.call("GET", "/v1/profiles/ann/export", ""), 200, consent, `"scores":{"r":5,"f":4,"m":3,"class8":"111","lifecycle":"active"}`, `"categories":{"tea":`)
	own := "?userHash=" + proof.UserHash(shopSecret, "ann")
	for path, want := range map[string]int{"/v1/consents/ann": 401, "/v1/consents/ann?userHash=" + proof.UserHash(shopSecret, "bob"): 401, "/v1/consents/ann" + own: 200, "/v1/consents/-" + own + "&userId=ann": 200,
		"/v1/consents/-" + own: 400, "/v1/consents/%20" + own: 400} {
		if w := b.anybody("GET", path, ""); want == 200 {
			b.want(w, 200, "{"+consent+"}")
		} else {
			b.want(w, want)
		}
	}
	b.want(b.call("GET", "/v1/consents/ann", ""), 200, "{"+consent+"}")
	b.want(b.call("GET", "/v1/consents/nobody", ""), 200, `{"consent":{}}`)
	b.want(b.call("GET", "/v1/consents/-?profileId=x", ""), 400, `"field":"userId","reason":"is missing: - in the path asks for it in the query"`)
}

func TestProfileShowsItsDetail(t *testing.T) {
	b := start(t)
	fold := func(p *profile.Profile, name, properties, context string, before time.Duration) {
		p.Fold(&event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties), Context: json.RawMessage(context), Timestamp: noon.Add(-before), ReceivedAt: noon}, profile.Shop{Currency: "CNY"})
	}
	b.save("ann", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"gender": {Value: "女"}, "birthday": {Value: "1990-05-31"}, "email": {Value: "Ann@Shop.example"}, "phone": {Value: "+86 138 1234 5678"},
			"address": {Value: `{"city":"Hangzhou","country":"CN"}`}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}, "sms": {At: noon}}
		p.Parts = []profile.ID{"old"}
		fold(p, "Product Viewed", `{"product_id":"p1","category":"tea","brand":"West Lake"}`, `{"timezone":"Asia/Shanghai","locale":"zh-CN","os":{"name":"iOS"},"device":{"id":"phone-1","token":"c2a1f00dfeedc2a1f00dfeed"},"campaign":{"name":"spring","source":"mail"}}`, 2*time.Hour)
		fold(p, "Product Viewed", `{"product_id":"p2","category":"cups"}`, `{"os":{"name":"Android"},"device":{"id":"phone-2"}}`, 48*time.Hour)
		fold(p, "Product Viewed", `{"product_id":"p3","category":"tea"}`, ``, time.Hour)
	})
	b.want(b.call("GET", "/v1/profiles/ann", ""), 200,
		`"demographics":{"gender":"female","birthday":"1990-05-31","age":36}`,
		`"place":{"city":"Hangzhou","province":null,"country":"CN","postalCode":null,"timeZone":"Asia/Shanghai","locale":"zh-CN"}`,
		`"addresses":{"email":{"address":"ann@shop.example","reachable":true},"push":{"address":"c2a1f00dfeedc2a1f00dfeed","reachable":false},"sms":{"address":"+8613812345678","reachable":false}}`,
		`"devices":[{"deviceId":"phone-1","at":"2026-11-21T10:00:00Z","os":"iOS"},{"deviceId":"phone-2","at":"2026-11-19T12:00:00Z","os":"Android"}]`,
		`"pushTokens":[{"token":"c2a1f00dfeedc2a1f00dfeed","at":"2026-11-21T10:00:00Z","os":"iOS"}]`,
		`"interests":{"categories":["tea","cups"],"brands":["West Lake"],"viewed":[{"productId":"p3","at":"2026-11-21T11:00:00Z"},{"productId":"p1","at":"2026-11-21T10:00:00Z"},{"productId":"p2","at":"2026-11-19T12:00:00Z"}]}`,
		`"campaign":"spring"`, `"mergedFrom":["old"]`)
	b.save("bob", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"birthday": {Value: "--02-29"}}
		for i := range 30 {
			fold(p, "Product Viewed", fmt.Sprintf(`{"product_id":"p%d","category":"c%d"}`, i, i), ``, time.Duration(i)*time.Hour)
		}
	})
	got := b.want(b.call("GET", "/v1/profiles/bob", ""), 200, `"birthday":"--02-29","age":null`)["interests"].(map[string]any)
	if c, v := len(got["categories"].([]any)), len(got["viewed"].([]any)); c > shownInterests || v > shownViewed || c == 0 || v == 0 {
		t.Errorf("%d categories and %d products are shown", c, v)
	}
}

func TestServerKeyIsNeeded(t *testing.T) {
	b := start(t)
	b.save("ann", nil)
	for _, route := range []string{"GET /v1/profiles/ann", "GET /v1/profiles/ann/events", "GET /v1/profiles/ann/decisions", "GET /v1/profiles/ann/ledger",
		"GET /v1/profiles/ann/export", "DELETE /v1/profiles/ann", "GET /v1/consents/ann", "GET /v1/referrals/ann", "GET /v1/programs/p/leaderboard"} {
		method, path, _ := strings.Cut(route, " ")
		for name, header := range map[string]string{"none": "", "another": "Bearer wrong"} {
			if w := b.anybody(method, path, "", "Authorization", header); w.Code != 401 {
				t.Errorf("%s with key %s: %d", route, name, w.Code)
			}
		}
	}
	if len(b.sent.jobs) != 0 {
		t.Errorf("sent %+v", b.sent.jobs)
	}
}

func TestOwnCalls(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	hash := proof.UserHash(shopSecret, "ann")
	own := b.anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann","userHash":"`+hash+`"}`)
	code := b.want(own, 200)["code"].(string)
	b.want(b.anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"bob","userHash":"`+hash+`"}`), 401)
	b.want(b.anybody("POST", "/v1/referrals/codes", `{"programId":"spring","userId":"ann"}`), 401)
	claim := `{"code":"` + code + `","userId":"bob","userHash":"`
	b.want(b.anybody("POST", "/v1/referrals/claims", claim+hash+`"}`), 401)
	b.want(b.anybody("POST", "/v1/referrals/claims", claim+proof.UserHash(shopSecret, "bob")+`"}`), 201)
	b.want(b.anybody("GET", "/v1/referrals/ann?userHash="+hash, ""), 200, `"state":"claimed"`)
	b.want(b.anybody("GET", "/v1/referrals/bob?userHash="+hash, ""), 401)
	if own := b.anybody("GET", "/v1/referrals/ann?userHash="+hash, ""); strings.Contains(own.Body.String(), "friendProfileId") {
		t.Errorf("the friend's id is shown: %s", own.Body)
	}
	b.want(b.anybody("GET", "/v1/programs/spring/leaderboard?userId=ann&userHash="+hash, ""), 200, `"items":[]`)
	b.process.Secrets = secret.Fixed(nil)
	b.want(b.anybody("GET", "/v1/referrals/ann?userHash="+proof.UserHash("", "ann"), ""), 401)
	// What cannot be judged now is no refusal; who proves nothing by it does not wait.
	b.process.Secrets = away{}
	b.want(b.anybody("GET", "/v1/referrals/ann?userHash="+hash, ""), 503)
	b.want(b.anybody("GET", "/v1/unsubscribe/a.email.n.x", ""), 503)
	b.want(b.anybody("POST", "/v1/unsubscribe/a.email.n.x", ""), 503)
	b.want(b.anybody("GET", "/v1/confirm/x", ""), 503)
	b.want(b.anybody("GET", "/v1/referrals/ann", ""), 401)
	b.want(b.call("GET", "/v1/referrals/ann", ""), 200)
}

// away is a store of secrets that cannot be read.
type away struct{}

func (away) Keys(context.Context) (*proof.Keys, error) { return nil, errors.New("away") }

func TestCodes(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.program("autumn", "")
	b.program("over", `{"name":"P","state":"finished","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	first := b.code("spring", "ann")
	if again := b.code("spring", "ann"); again != first {
		t.Errorf("asked twice: %s and %s", first, again)
	}
	if other := b.code("autumn", "ann"); other == first {
		t.Error("the same code in two programs")
	}
	if other := b.code("spring", "bob"); other == first {
		t.Error("the same code for two people")
	}
	b.want(b.call("POST", "/v1/referrals/claims", `{"code":"`+first+`","userId":"[object Object]"}`), 400, "userId", "means nobody")
	for name, c := range map[string]struct {
		body   string
		status int
		part   string
	}{
		"a placeholder":   {`{"programId":"spring","userId":"undefined"}`, 400, "means nobody"},
		"no such program": {`{"programId":"none","userId":"ann"}`, 422, `{"field":"programId","reason":"programClosed"}`},
		"a finished one":  {`{"programId":"over","userId":"ann"}`, 422, "programClosed"},
		"no program":      {`{"userId":"ann"}`, 400, `{"field":"programId","reason":"is missing"}`},
		"no user":         {`{"programId":"spring"}`, 400, `"field":"userId"`},
		"a long user":     {`{"programId":"spring","userId":"` + strings.Repeat("x", 513) + `"}`, 400, `"field":"userId"`},
		"a wrong type":    {`{"programId":7,"userId":"ann"}`, 400, "programId"},
		"a misspelt one":  {`{"programID":"spring","user":"ann"}`, 400, "user"},
		"no JSON":         {`{`, 400, "JSON"},
		"too large":       {`{"userId":"` + strings.Repeat("x", 17<<10) + `"}`, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := b.call("POST", "/v1/referrals/codes", c.body)
			b.want(w, c.status, c.part)
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %s", got)
			}
		})
	}
	// A merge moves the advocate to another id; the code stays the same.
	anonymous := profile.Identifier{Kind: profile.AnonymousID, Value: "a1"}
	known := profile.Identifier{Kind: profile.UserID, Value: "ann"}
	merged := &profile.Profile{ID: anonymous.ID(), Identifiers: []profile.Identifier{anonymous, known}, Memory: profile.Memory{FirstSeen: noon}}
	if err := b.process.Referrals.Profiles.Commit(t.Context(), people.Change{Profile: merged, Attach: []*profile.Profile{{ID: known.ID()}}}); err != nil {
		t.Fatal(err)
	}
	if again := b.code("spring", "ann"); again != first {
		t.Errorf("after a merge: %s and %s", first, again)
	}
}

func TestCodeOfAnotherPairIsPassedOver(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	taken := b.code("spring", "ann")
	if err := b.process.Referrals.PutCode(t.Context(), "ABCDEFGH", "spring", "x", noon, nil); err != nil {
		t.Fatal(err)
	}
	err := b.process.Referrals.PutCode(t.Context(), taken, "spring", "x2", noon, nil)
	if err == nil || !strings.Contains(err.Error(), reward.ErrCodeTaken.Error()) {
		t.Errorf("another pair's code: %v", err)
	}
	err = b.process.Referrals.PutCode(t.Context(), "HGFEDCBA", "spring", "x", noon, nil)
	if err == nil || !strings.Contains(err.Error(), dynamo.ErrConflict.Error()) {
		t.Errorf("a second code of a pair: %v", err)
	}
	if err := b.process.Referrals.PutCode(t.Context(), "ABCDEFGH", "spring", "x", noon, nil); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

func TestClaimRules(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.save("buyer", func(p *profile.Profile) { p.Orders.Count = 1 })
	b.save("mail1", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "x@example.com"}} })
	b.save("mail2", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "X@example.com"}} })
	says := func(email string) profile.Memory { // a page
		return profile.Memory{FirstSeen: noon, Traits: profile.Traits{"email": {Value: email, At: noon.Add(time.Hour)}}}
	}
	b.save("mail3", func(p *profile.Profile) {
		p.Traits, p.Unproven = profile.Traits{"email": {Value: "x@example.com"}}, says("other@example.com")
	})
	b.save("honest", func(p *profile.Profile) { p.Unproven = says("x@example.com") })
	ann, mail := b.code("spring", "ann"), b.code("spring", "mail1")
	b.want(b.claim(ann, "bob"), 201, `"state":"claimed"`, `"expiresAt":"2026-12-21T12:00:00Z"`)
	bob := b.code("spring", "bob")
	b.want(b.claim(bob, "cid"), 201)
	cid := b.code("spring", "cid")
	for name, c := range map[string]struct {
		code, user string
		status     int
		rule       string
	}{
		"an unknown code":            {"ABCDEFGH", "dan", 422, "unknownCode"},
		"no code at all":             {"hello", "dan", 422, "unknownCode"},
		"the same claim again":       {ann, "bob", 409, "alreadyReferred"},
		"another advocate":           {mail, "bob", 409, "alreadyReferred"},
		"oneself":                    {ann, "ann", 422, "selfReferral"},
		"oneself by another account": {mail, "mail2", 422, "selfReferral"},
		"oneself, says a page not":   {mail, "mail3", 422, "selfReferral"},
		"somebody who has bought":    {ann, "buyer", 422, "existingCustomer"},
		"a circle of two":            {bob, "ann", 422, "circle"},
		"a circle of three":          {cid, "ann", 422, "circle"},
	} {
		t.Run(name, func(t *testing.T) {
			b.want(b.claim(c.code, c.user), c.status, `"reason":"`+c.rule+`"`)
		})
	}
	b.want(b.claim(mail, "honest"), 201) // whoever a page says that they are
	b.want(b.claim(strings.ToLower(ann[:4])+"-"+ann[4:], "dan"), 201)
	b.program("spring", `{"name":"P","state":"paused","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	b.want(b.claim(ann, "eve"), 422, "programClosed")
}

func TestClaimSeesAMergedFriend(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	ann, bea := b.code("spring", "ann"), b.code("spring", "bea")
	b.want(b.claim(ann, "bob"), 201)
	other := b.save("robert", nil)
	absorbed := b.save("bob", nil)
	other.Absorb(absorbed)
	if err := b.process.Referrals.Profiles.Merge(t.Context(), other, absorbed, people.Pack{}); err != nil {
		t.Fatal(err)
	}
	b.want(b.claim(bea, "robert"), 409, "alreadyReferred")
	b.want(b.call("GET", "/v1/referrals/robert", ""), 200, `"asFriend":[{"programId":"spring"`)
}

// Merges may close a circle that no claim could have made; who comes by its codes is claimed all the same.
func TestClaimBelowAClosedCircle(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.want(b.claim(b.code("spring", "ann"), "bob"), 201)
	b.want(b.claim(b.code("spring", "bob"), "cid"), 201)
	ann, cid := b.save("ann", nil), b.save("cid", nil)
	ann.Absorb(cid)
	if err := b.process.Referrals.Profiles.Merge(t.Context(), ann, cid, people.Pack{}); err != nil {
		t.Fatal(err)
	}
	b.want(b.claim(b.code("spring", "bob"), "dan"), 201)
	b.want(b.claim(b.code("spring", "dan"), "eve"), 201)
}

// One friend, two advocates, at the same time: exactly one claim stands, and both sides of it.
func TestConcurrentClaimsOfOneFriend(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	codes := []string{b.code("spring", "ann"), b.code("spring", "bea")}
	var wait sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		wait.Go(func() { statuses[i] = b.claim(codes[i%2], "bob").Code })
	}
	wait.Wait()
	made := 0
	for _, status := range statuses {
		switch status {
		case 201:
			made++
		case 409:
		default:
			t.Errorf("answered %d", status)
		}
	}
	friends := 0
	for _, advocate := range []string{"ann", "bea"} {
		friends += len(b.want(b.call("GET", "/v1/referrals/"+advocate, ""), 200)["asAdvocate"].([]any))
	}
	if made != 1 || friends != 1 {
		t.Errorf("%d claims made, %d listed", made, friends)
	}
}

// Two people who claim each other's codes at the same time make no circle.
func TestConcurrentClaimsOfEachOther(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	for i := range 5 {
		left, right := fmt.Sprint("left", i), fmt.Sprint("right", i)
		codes := map[string]string{right: b.code("spring", left), left: b.code("spring", right)}
		var wait sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for user, code := range codes {
			wait.Go(func() {
				if w := b.claim(code, user); w.Code == 201 {
					mu.Lock()
					made++
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if made != 1 {
			t.Errorf("pair %d: %d claims stand", i, made)
		}
	}
}

// An order that is committed between the reading and the claim is seen.
func TestClaimAfterAnOrderUnderWay(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	code := b.code("spring", "ann")
	friend, err := b.process.Referrals.Person(t.Context(), userKey("bob"))
	if err != nil {
		t.Fatal(err)
	}
	b.save("bob", func(p *profile.Profile) { p.Orders.Count = 1 })
	r := b.process.Referrals
	stale := referralOf(code, friend)
	if err := r.Claim(t.Context(), stale); err == nil || !strings.Contains(err.Error(), dynamo.ErrConflict.Error()) {
		t.Errorf("claimed over an order: %v", err)
	}
	b.want(b.claim(code, "bob"), 422, "existingCustomer")
}

func TestIdempotencyKeys(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	code := b.code("spring", "ann")
	first := b.claim(code, "bob", "Idempotency-Key", "k1")
	b.want(first, 201)
	again := b.claim(code, "bob", "Idempotency-Key", "k1")
	if b.want(again, 201); again.Body.String() != first.Body.String() {
		t.Errorf("answered %s, then %s", first.Body, again.Body)
	}
	b.want(b.claim(code, "cid", "Idempotency-Key", "k1"), 422, "another body")
	b.want(b.claim(code, "bob", "Idempotency-Key", "k2"), 409)
	b.want(b.claim(code, "bob", "Idempotency-Key", strings.Repeat("x", 256)), 400, "Idempotency-Key")

	// A refusal is an answer too: it stays although the reason has gone.
	b.program("late", `{"name":"P","state":"paused","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}]}}`)
	ask := func(key string) *httptest.ResponseRecorder {
		return b.call("POST", "/v1/referrals/codes", `{"programId":"late","userId":"ann"}`, "Idempotency-Key", key)
	}
	b.want(ask("k1"), 422, "programClosed")
	b.program("late", "")
	refusal := ask("k1")
	b.want(refusal, 422, "programClosed")
	if got := refusal.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type of the second refusal: %s", got)
	}
	b.want(ask("k2"), 200)
	b.pass(24*time.Hour - time.Second)
	b.want(ask("k1"), 422)
	b.pass(time.Second)
	b.want(ask("k1"), 200)

	// Keys of one caller are not those of another.
	own := `{"code":"` + code + `","userId":"dan","userHash":"` + proof.UserHash(shopSecret, "dan") + `"}`
	b.want(b.anybody("POST", "/v1/referrals/claims", own, "Idempotency-Key", "k1"), 201)
}

// Each write is broken both ways; the caller comes again with the same key, and hears the same in the end.
func TestClaimSurvivesFaults(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, key := range []string{"", "k1"} {
			t.Run(fmt.Sprint(how, " key=", key), func(t *testing.T) {
				b := start(t)
				b.program("spring", "")
				b.db.Fail(dynamotest.AnyWrite, 1, how)
				ask := `{"programId":"spring","userId":"ann"}`
				b.want(b.call("POST", "/v1/referrals/codes", ask, "Idempotency-Key", key), 503)
				code := b.want(b.call("POST", "/v1/referrals/codes", ask, "Idempotency-Key", key), 200)["code"].(string)
				b.db.Fail(dynamotest.AnyWrite, 1, how)
				b.want(b.claim(code, "bob", "Idempotency-Key", key), 503)
				status := 201
				if how == dynamotest.Persisted && key == "" {
					status = 409 // without a key, nobody knows that it was the same caller
				}
				b.want(b.claim(code, "bob", "Idempotency-Key", key), status)
				listed := b.want(b.call("GET", "/v1/referrals/ann", ""), 200)["asAdvocate"].([]any)
				if len(listed) != 1 {
					t.Errorf("%d referrals listed", len(listed))
				}
			})
		}
	}
}

func TestReferralsInPages(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	b.program("autumn", "")
	for i := range 5 {
		b.want(b.claim(b.code([]string{"spring", "autumn"}[i%2], "ann"), fmt.Sprint("friend", i)), 201)
	}
	seen := map[string]bool{}
	cursor := ""
	for range 5 {
		body := b.want(b.call("GET", "/v1/referrals/ann?limit=2&cursor="+cursor, ""), 200)
		items := body["asAdvocate"].([]any)
		if len(items) > 2 {
			t.Fatalf("a page of %d", len(items))
		}
		for _, i := range items {
			seen[i.(map[string]any)["friendProfileId"].(string)] = true
		}
		cursor, _ = body["next"].(string)
		if cursor == "" {
			break
		}
	}
	if len(seen) != 5 || cursor != "" {
		t.Errorf("%d friends, next %q", len(seen), cursor)
	}
	b.want(b.call("GET", "/v1/referrals/ann?cursor=!", ""), 400, "cursor")
	b.want(b.call("GET", "/v1/referrals/ann?limit=0", ""), 400, "limit")
	b.want(b.call("GET", "/v1/referrals/nobody", ""), 200, `"asAdvocate":[]`, `"asFriend":[]`)
}

// TestEveryIDIsReached reads and erases people by each id that ingest takes, wherever it would not survive in a path.
func TestEveryIDIsReached(t *testing.T) {
	b := start(t)
	for i, id := range []string{"ann?x", "user/13", "gid://shopify/Customer/1", "profile:x", "anonymous:x", "a&userId=b", "50%", "..", "张三 ", "a+b", strings.Repeat("界", 512)} {
		p := b.save(id, nil)
		query := "?userId=" + url.QueryEscape(id)
		b.want(b.call("GET", "/v1/profiles/-"+query, ""), 200, `"profileId":"`+string(p.ID)+`"`)
		b.want(b.call("GET", "/v1/profiles/-/events"+query+"&limit=1", ""), 200)
		b.want(b.call("GET", "/v1/referrals/-"+query, ""), 200)
		b.want(b.call("DELETE", "/v1/profiles/-"+query, ""), 202, `"profileId":"`+string(p.ID)+`"`)
		if got := b.sent.jobs[i].Command.ProfileID; got != p.ID {
			t.Errorf("%q: erases %s, want %s", id, got, p.ID)
		}
	}
	b.sent.jobs = nil
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "a/1?"}
	b.want(b.call("DELETE", "/v1/profiles/-?anonymousId=a%2F1%3F", ""), 202, `"profileId":"`+string(phone.ID())+`"`)
	b.want(b.call("DELETE", "/v1/profiles/-?profileId="+string(phone.ID()), ""), 202, `"profileId":"`+string(phone.ID())+`"`)
	b.sent.jobs = nil
	for _, path := range []string{"profile:", "profile:x", "profile:gbOBfCNI2WeriD7lUXFExR", "profile:gbOBfCNI2WeriD7lUXFEx%0AQ", "profile:" + strings.Repeat("x", 3000), "anonymous:", "anonymous:%20", "%20", "-", "-?userId=", "-?userId=a&userId=b",
		"-?userId=a&anonymousId=b", "-?profileId=ann", "-?other=ann", "ann?userId=ann", "ann?x=", "ann?limit=1", "-?userId=ann&x=1"} {
		b.want(b.call("DELETE", "/v1/profiles/"+path, ""), 400)
		if len(b.sent.jobs) != 0 {
			t.Fatalf("%s erased %+v", path, b.sent.jobs[0].Command)
		}
	}
	// A prefix in a path is no licence to read or erase somebody else: here are people whose whole userIds begin so.
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "shared-device"}
	for _, path := range []string{"anonymous:" + device.Value, "profile:" + string(device.ID())} {
		b.want(b.call("DELETE", "/v1/profiles/"+path, ""), 202, string(device.ID()))
		b.save(path, nil)
		b.sent.jobs = nil
		for _, method := range []string{"DELETE", "GET"} {
			b.want(b.call(method, "/v1/profiles/"+path, ""), 400, "is also the whole userId of somebody", "/v1/profiles/-?userId=")
		}
		b.want(b.call("GET", "/v1/profiles/"+path+"/export", ""), 400)
		if len(b.sent.jobs) != 0 {
			t.Errorf("%s erased %+v", path, b.sent.jobs[0].Command)
		}
	}
	b.want(b.call("GET", "/v1/referrals/-", ""), 400, "userId")
	b.want(b.call("DELETE", "/v1/profiles/null", ""), 202) // what was stored under a placeholder before is still reached
}

func TestErase(t *testing.T) {
	b := start(t)
	p := b.save("ann", nil)
	b.want(b.call("DELETE", "/v1/profiles/ann", ""), 202, `"receipt":"receipt-1"`, `"at":"`+noon.Format(time.RFC3339)+`"`)
	if len(b.sent.jobs) != 1 {
		t.Fatalf("sent %+v", b.sent.jobs)
	}
	got := b.sent.jobs[0].Command
	if got == nil || got.Kind != job.CommandErase || got.ProfileID != p.ID || got.ID != "receipt-1" || !got.At.Equal(noon) || got.Nobody {
		t.Errorf("sent %+v", got)
	}
	b.want(b.call("DELETE", "/v1/profiles/nobody", ""), 202)
	if got := b.sent.jobs[1].Command; !got.Nobody {
		t.Errorf("sent %+v for somebody unknown", got)
	}
	b.sent.err = dynamotest.ErrInjected
	b.want(b.call("DELETE", "/v1/profiles/ann", ""), 503)
}

// TestAWithdrawalHoldsFromItsAnswerOn breaks each write of the call both ways: either it answers an error, or what dispatch asks says
// that the person and the address want nothing more, though no event was folded yet.
func TestAWithdrawalHoldsFromItsAnswerOn(t *testing.T) {
	for nth := 1; nth <= 3; nth++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			b := start(t)
			p := b.save("ann", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}} })
			path := "/v1/unsubscribe/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(shopKeys)
			holds := func() bool {
				t.Helper()
				c, err := b.process.Deliveries.Contact(t.Context(), p.ID)
				if err != nil {
					t.Fatal(err)
				}
				marks, err := b.process.Deliveries.Marks(t.Context(), delivery.Email, "ann@example.com")
				if err != nil {
					t.Fatal(err)
				}
				return c.Withdrawn[delivery.Email].Equal(noon) && marks.Withdrawn.Equal(noon)
			}
			b.db.Fail(dynamotest.AnyWrite, nth, how)
			code := b.anybody("POST", path, "").Code
			if want := map[bool]int{true: 503, false: 200}[nth <= 2]; code != want || code == 200 && !holds() {
				t.Errorf("write %d %s: answered %d, want %d; it holds: %v", nth, how, code, want, holds())
			}
			b.db.Heal()
			b.want(b.anybody("POST", path, ""), 200)
			if !holds() || len(b.sent.jobs) == 0 {
				t.Errorf("write %d %s: after the second try it holds: %v, events %d", nth, how, holds(), len(b.sent.jobs))
			}
		}
	}
}

func TestUnsubscribe(t *testing.T) {
	b := start(t)
	p := b.save("ann", nil)
	token := delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(shopKeys)
	page := b.anybody("GET", "/v1/unsubscribe/"+token, "")
	b.want(page, 200, `<form method="post">`, "email")
	if len(b.sent.jobs) != 0 {
		t.Fatal("looking at the page unsubscribed")
	}
	b.want(b.anybody("POST", "/v1/unsubscribe/"+token, "List-Unsubscribe=One-Click"), 200, "no more")
	if len(b.sent.jobs) != 1 || len(b.sent.jobs[0].Events) != 1 {
		t.Fatalf("sent %+v", b.sent.jobs)
	}
	e := b.sent.jobs[0].Events[0]
	if e.UserID != "ann" || e.Name != "Unsubscribed" || e.Kind != "track" || string(e.Properties) != `{"channel":"email","notificationId":"n1"}` || !e.Timestamp.Equal(noon) {
		t.Errorf("sent %+v", e)
	}
	b.want(b.anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	b.pass(time.Second)
	b.want(b.anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	if id := b.sent.jobs[1].Events[0].MessageID; id != e.MessageID || b.sent.jobs[2].Events[0].MessageID == id {
		t.Errorf("message ids %s, %s, %s", e.MessageID, id, b.sent.jobs[2].Events[0].MessageID)
	}
	for _, bad := range []string{"x" + token, "nonsense"} {
		b.want(b.anybody("GET", "/v1/unsubscribe/"+bad, ""), 404)
		b.want(b.anybody("POST", "/v1/unsubscribe/"+bad, ""), 404)
	}
}

// TestWhoWasErasedWithdraws presses the button of an old mail after an erasure: no event is made of nobody, and it holds for whoever comes
// back, also where the record still points to that of a person whom they were part of.
func TestWhoWasErasedWithdraws(t *testing.T) {
	b := start(t)
	p := b.save("ann", nil)
	deliveries := b.process.Deliveries
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(deliveries.UniteContacts(t.Context(), &delivery.Contact{ProfileID: "other"}, []*delivery.Contact{{ProfileID: p.ID}}))
	must(b.process.Referrals.Profiles.Erase(t.Context(), p, noon.Add(-time.Hour), p.TombstoneVersion(noon)))
	gone := delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(shopKeys)
	b.want(b.anybody("POST", "/v1/unsubscribe/"+gone, ""), 200, "no more")
	c, err := deliveries.Contact(t.Context(), p.ID)
	if must(err); !c.Withdrawn[delivery.Social].Equal(noon) || c.MovedTo != "" {
		t.Errorf("the record is %+v", c)
	}
	if len(b.sent.jobs) != 0 {
		t.Errorf("sent for somebody who is gone: %+v", b.sent.jobs)
	}
}

// grant posts points and a voucher to somebody.
func (b *bench) grant(id, userID string, at time.Time) {
	b.Helper()
	account := ledger.Person(userKey(userID))
	p, err := ledger.Accrue(ledger.Effect{Kind: "test", ID: id}, at, []ledger.Grant{
		{To: account, From: ledger.House("spring"), Quantity: ledger.Quantity{Unit: ledger.Points, Amount: 100}},
		{To: account, From: ledger.House("spring"), Quantity: ledger.Quantity{Unit: "CNY", Amount: 500}},
	}, nil)
	b.book(p, err)
}

// book writes a posting, if it could be made.
func (b *bench) book(p ledger.Posting, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := b.process.Referrals.Ledger.Apply(b.Context(), p); err != nil {
		b.Fatal(err)
	}
}

func TestLedger(t *testing.T) {
	b := start(t)
	b.grant("1", "ann", noon)
	b.grant("2", "ann", noon.Add(time.Hour))
	first := b.want(b.call("GET", "/v1/profiles/ann/ledger?limit=3", ""), 200,
		`"balance":[{"voucher":{"amount":1000,"currency":"CNY"}},{"points":200}],"owed":[],"lifetime":[{"voucher":{"amount":1000,"currency":"CNY"}},{"points":200}]`,
		`{"lotId":"test/1/00","granted":{"points":100},"remaining":{"points":100},"at":"2026-11-21T12:00:00Z"}`,
		`{"entryId":"test/2/02","kind":"accrual","amount":{"voucher":{"amount":500,"currency":"CNY"}},"lotId":"test/2/01","at":"2026-11-21T13:00:00Z","effect":{"kind":"test","id":"2"}}`)
	if entries := first["entries"].([]any); len(entries) != 3 || len(first["lots"].([]any)) != 4 {
		t.Errorf("%d entries, %d lots", len(entries), len(first["lots"].([]any)))
	}
	second := b.want(b.call("GET", "/v1/profiles/ann/ledger?limit=3&cursor="+first["next"].(string), ""), 200)
	if entries := second["entries"].([]any); len(entries) != 1 || second["next"] != nil {
		t.Errorf("then %v, next %v", entries, second["next"])
	}
	b.want(b.call("GET", "/v1/profiles/ann/ledger?cursor=x", ""), 400, "cursor")
	b.want(b.call("GET", "/v1/profiles/nobody/ledger", ""), 200, `{"balance":[],"owed":[],"lifetime":[],"lots":[],"entries":[]}`)
}

// whole makes Ann, of whom there is something of every kind, and a program with its advocates.
func (b *bench) whole() {
	b.Helper()
	t := b.T
	p := b.save("ann", nil)
	b.program("spring", "")
	b.grant("1", "ann", noon)
	b.want(b.claim(b.code("spring", "bob"), "ann"), 201)
	for i := range 3 {
		b.want(b.claim(b.code("spring", "ann"), fmt.Sprint("friend", i)), 201)
		e := event.Event{MessageID: fmt.Sprint("m", i), Kind: event.Track, Name: "Product Viewed", UserID: "ann", Timestamp: noon, ReceivedAt: noon}
		pack := people.Pack{Profile: p.ID, Day: profile.DayOf(noon) - profile.Day(i), Version: int64(i), Events: []people.PackedEvent{{Source: "web", Event: e}}}
		if err := b.process.Timeline.Write(t.Context(), pack); err != nil {
			t.Fatal(err)
		}
		decision := delivery.Decision{NotificationID: fmt.Sprint("n", i), ProfileID: p.ID, Outcome: delivery.Sent, Asked: noon.Add(time.Duration(i) * time.Minute), At: noon}
		if err := b.process.Deliveries.Decide(t.Context(), decision); err != nil {
			t.Fatal(err)
		}
	}
	// An order that was placed and paid, of which two events tell, and one of somebody else.
	for id, owner := range map[string]profile.ID{"A": p.ID, "B": "other"} {
		o := &order.Order{ID: id, Owner: owner, Currency: "CNY", Total: 1000, CompletedAt: noon, Refunds: []order.Refund{{Amount: 100, At: noon}, {Key: "2", Amount: 14000, Currency: "USD", At: noon}}}
		if err := b.process.Referrals.Profiles.Commit(t.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"Order Placed", "Order Completed"} {
			e := event.Event{MessageID: name + id, Kind: event.Track, Name: name, UserID: "ann", Timestamp: noon, ReceivedAt: noon, Properties: json.RawMessage(`{"order_id":"` + id + `"}`)}
			pack := people.Pack{Profile: p.ID, Day: profile.DayOf(noon) - 5, Version: int64(10*i) + int64(id[0]), Events: []people.PackedEvent{{Source: "web", Event: e}}}
			if err := b.process.Timeline.Write(t.Context(), pack); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.process.Deliveries.SaveContact(t.Context(), &delivery.Contact{ProfileID: p.ID, Intents: []delivery.Intent{{ID: "n1", Channel: delivery.Email, Asked: noon, At: noon}}, Withdrawn: map[delivery.Channel]time.Time{delivery.Email: noon}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.process.Takings.Take(t.Context(), outreach.Taking{IDs: []profile.ID{p.ID}, CampaignID: "welcome", Cause: "c", Until: noon.Add(time.Hour)}, noon); err != nil {
		t.Fatal(err)
	}
	if err := b.process.Referrals.Due.Wait(t.Context(), due.OwnerOrchestration, p.ID, noon.Add(time.Hour), "n9", []byte("{}")); err != nil {
		t.Fatal(err)
	}
}

func TestExportGivesEverythingInPages(t *testing.T) {
	b := start(t)
	b.whole()
	kinds, texts := map[string]int{}, map[string]string{}
	cursor, pages := "", 0
	for ; pages < 40; pages++ {
		body := b.want(b.call("GET", "/v1/profiles/ann/export?limit=2&cursor="+cursor, ""), 200)
		for _, item := range body["items"].([]any) {
			kind := item.(map[string]any)["kind"].(string)
			kinds[kind]++
			text, err := json.Marshal(item.(map[string]any)["value"])
			if err != nil {
				t.Fatal(err)
			}
			texts[kind] += string(text)
		}
		if cursor, _ = body["next"].(string); cursor == "" {
			break
		}
	}
	want := map[string]int{"profile": 1, "detail": 1, "ledger": 1, "entry": 2, "referralAsFriend": 1, "referralAsAdvocate": 3, "decision": 3, "event": 7, "code": 1, "campaign": 1, "contact": 1, "wait": 1}
	orders := kinds["order"]
	delete(kinds, "order")
	if !maps.Equal(kinds, want) || cursor != "" || orders < 1 || orders > 2 {
		t.Errorf("got %v and %d orders in %d pages, want %v", kinds, orders, pages, want)
	}
	for kind, part := range map[string]string{"order": `"net":{"amount":900,"currency":"CNY"}`, "code": `"programId":"spring"`, "campaign": `"campaignId":"welcome","notBefore":"` + noon.Add(time.Hour).UTC().Format(time.RFC3339),
		"contact": `"notificationId":"n1"`, "wait": `"notificationId":"n9"`, "detail": `"counters"`} {
		if !strings.Contains(texts[kind], part) || strings.Contains(texts[kind], `"orderId":"B"`) {
			t.Errorf("%s: %s; want %s", kind, texts[kind], part)
		}
	}
	if part := `"refunds":[{"amount":{"amount":100,"currency":"CNY"},`; !strings.Contains(texts["order"], part) || !strings.Contains(texts["order"], `{"amount":14000,"currency":"USD"}`) {
		t.Errorf("refunds of the order: %s", texts["order"])
	}
	for _, bad := range []string{"x", "9:", "-1:", "1", "5:!"} {
		b.want(b.call("GET", "/v1/profiles/ann/export?cursor="+bad, ""), 400, "cursor")
	}
	b.want(b.call("GET", "/v1/profiles/nobody/export", ""), 404)
	b.want(b.call("GET", "/v1/profiles/ann/events?limit=2", ""), 200, `"messageId":"m0"`, `"next"`)
	b.want(b.call("GET", "/v1/profiles/ann/decisions?limit=2", ""), 200, `"notificationId":"n2"`, `"next"`)
	b.want(b.call("GET", "/v1/profiles/nobody/events", ""), 404)
	b.want(b.call("GET", "/v1/profiles/nobody/decisions", ""), 404)
}

// settle counts a friend for an advocate, as settlement would.
func (b *bench) settle(friend, advocate string, at time.Time) {
	b.Helper()
	b.want(b.claim(b.code("spring", advocate), friend), 201)
	r, err := b.process.Referrals.Referral(b.Context(), userKey(friend), "spring")
	if err != nil {
		b.Fatal(err)
	}
	by, err := b.process.Referrals.Person(b.Context(), userKey(advocate))
	if err != nil {
		b.Fatal(err)
	}
	standings, err := b.process.Referrals.StandingsOf(b.Context(), by.Keys, "spring")
	if err != nil {
		b.Fatal(err)
	}
	who, err := b.process.Referrals.Person(b.Context(), r.Friend)
	if err != nil {
		b.Fatal(err)
	}
	r.State, r.SettledAt, r.SettledFor = referral.Settled, at, by.Keys[0]
	paid, err := b.process.Referrals.Settle(b.Context(), reward.Settlement{
		Referral: r, Friend: who, Advocate: by, Standings: standings,
	})
	if err != nil || !paid {
		b.Fatal(paid, err)
	}
}

func TestLeaderboard(t *testing.T) {
	b := start(t)
	b.program("spring", "")
	for i, who := range []string{"old", "ann", "bea", "cid"} {
		b.save(who, func(p *profile.Profile) {
			p.Traits = map[string]profile.Trait{"name": {Value: strings.ToUpper(who[:1]) + who[1:] + " Smith", At: noon.Add(time.Duration(i) * time.Second)}}
		})
	}
	b.settle("f1", "bea", noon.Add(2*time.Hour))
	b.settle("f2", "ann", noon.Add(time.Hour))
	b.settle("f3", "cid", noon)
	b.settle("f4", "old", noon.Add(3*time.Hour))
	b.want(b.claim(b.code("spring", "eve"), "f5"), 201) // not settled: not listed
	b.want(b.call("GET", "/v1/programs/spring/leaderboard", ""), 200, `{"items":[`+
		`{"rank":1,"name":"C**","settled":1,"at":"2026-11-21T12:00:00Z"},{"rank":2,"name":"A**","settled":1,"at":"2026-11-21T13:00:00Z"},`+
		`{"rank":3,"name":"B**","settled":1,"at":"2026-11-21T14:00:00Z"},{"rank":4,"name":"O**","settled":1,"at":"2026-11-21T15:00:00Z"}]}`)
	load := func(id string) *profile.Profile {
		p, err := b.process.Referrals.Profiles.Load(t.Context(), userKey(id))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	bea, old := load("bea"), load("old")
	bea.Absorb(old)
	if err := b.process.Referrals.Profiles.Merge(t.Context(), bea, old, people.Pack{}); err != nil {
		t.Fatal(err)
	}
	b.want(b.call("GET", "/v1/programs/spring/leaderboard?limit=2", ""), 200, `{"items":[`+
		`{"rank":1,"name":"B**","settled":2,"at":"2026-11-21T15:00:00Z"},{"rank":2,"name":"C**","settled":1,"at":"2026-11-21T12:00:00Z"}]}`)
	b.settle("f6", "old", noon.Add(5*time.Hour))
	b.want(b.call("GET", "/v1/programs/spring/leaderboard?limit=1", ""), 200, `"settled":3`)
	b.want(b.call("GET", "/v1/programs/none/leaderboard", ""), 404)
	b.want(b.call("GET", "/v1/programs/spring/leaderboard?limit=101", ""), 400)
}

// TestTheExportShowsEveryFieldOfAProfile holds what the export shows of a profile to what a profile holds.
func TestTheExportShowsEveryFieldOfAProfile(t *testing.T) {
	// Where a field is shown under another name, or why it is not.
	shown := map[string]string{
		"ID": "ProfileID", "Identifiers": "IDs", "Parts": "Parts", "FirstSeen": "FirstSeen", "LastSeen": "LastSeen", "Consent": "Consent", "Tags": "Tags", "Orders": "OrderEntries",
		"Members": "Memberships", "Touch": "Touch", "Active": "ActiveDays", "Devices": "Devices", "Tokens": "Tokens",
	}
	ours := map[string]string{
		"Version": "of the item", "Window": "which events were folded", "Outbox": "what is still to be told", "Unknown": "of a newer version", "ErasedAt": "the newest of Erasures",
		"ShopDays": "from when on days are the shop's",
	}
	fields := map[string]bool{}
	for _, v := range []reflect.Type{reflect.TypeOf(view{}), reflect.TypeOf(detail{}), reflect.TypeOf(memory{})} {
		for i := range v.NumField() {
			fields[v.Field(i).Name] = true
		}
	}
	var check func(v reflect.Type)
	check = func(v reflect.Type) {
		for i := range v.NumField() {
			f := v.Field(i)
			switch {
			case f.Anonymous:
				check(f.Type)
			case !f.IsExported() || ours[f.Name] != "" || fields[f.Name] || fields[shown[f.Name]]:
			default:
				t.Errorf("the export does not show %s", f.Name)
			}
		}
	}
	check(reflect.TypeOf(profile.Profile{}))
}

// TestWhatIsShownIsNamedLikeTheRest: a field without a name in JSON is shown by its name in Go.
func TestWhatIsShownIsNamedLikeTheRest(t *testing.T) {
	seen := map[reflect.Type]bool{reflect.TypeOf(time.Time{}): true}
	var check func(v reflect.Type)
	check = func(v reflect.Type) {
		switch {
		case v.Kind() == reflect.Pointer, v.Kind() == reflect.Slice, v.Kind() == reflect.Array, v.Kind() == reflect.Map:
			check(v.Elem())
			return
		case v.Kind() != reflect.Struct, seen[v]:
			return
		}
		seen[v] = true
		for i := range v.NumField() {
			f := v.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if !f.Anonymous && (name == "" || name[0] < 'a' || name[0] > 'z') {
				t.Errorf("%s.%s is shown as %q", v, f.Name, name)
			}
			check(f.Type)
		}
	}
	for _, v := range []any{view{}, detail{}, deviceList{}} {
		check(reflect.TypeOf(v))
	}
}
