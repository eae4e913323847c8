package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

const (
	vip     = `{"name":"VIP","rule":{"field":"orders.paid","op":"gte","value":3}}`
	welcome = `{"channel":"email","locales":{"default":{"subject":"Hello","text":"Hello {{ profile.name }}"}}}`
	thanks  = `{"name":"C","state":"running","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"}}`
	program = `{"name":"P","state":"running","hold":"14d","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]}}`
)

func TestADefinitionComesBackAsItWasSaved(t *testing.T) {
	for plural, c := range map[string]struct{ id, body string }{
		"segments":  {"vip", vip},
		"templates": {"welcome", welcome},
		"programs":  {"invite", program},
		"sources":   {"web", `{"name":"Web","kind":"browser","writeKeys":["web-write-key"]}`},
		"settings":  {"holdout", `{"share":0.1,"season":"2026Q4"}`},
	} {
		t.Run(plural, func(t *testing.T) {
			b := newBench(t)
			path := "/v1/" + plural + "/" + c.id
			created := b.call("PUT", path, c.body)
			if created.Code != http.StatusCreated || created.Header().Get("ETag") != `"1"` {
				t.Fatalf("PUT: %d %s, ETag %s", created.Code, created.Body, created.Header().Get("ETag"))
			}
			shown := b.must(200, "GET", path, "")
			var want, got map[string]any
			b.Must(json.Unmarshal([]byte(c.body), &want))
			b.Must(json.Unmarshal([]byte(shown), &got))
			want["id"], want["version"], want["updatedAt"] = c.id, 1.0, "2026-11-21T08:00:00Z"
			want["updatedBy"] = map[string]any{"name": "operator key", "role": "owner", "key": "06e55b63"}
			if toJSON(t, got) != toJSON(t, want) {
				t.Errorf("GET: %s\nwant %s", toJSON(t, got), toJSON(t, want))
			}
			// What was read can be sent back, and nothing changes.
			b.must(200, "PUT", path, shown)
			if again := b.must(200, "GET", path, ""); again != shown {
				t.Errorf("after sending it back: %s", again)
			}
			b.must(204, "DELETE", path, "")
			b.must(404, "GET", path, "")
			b.must(404, "DELETE", path, "")
		})
	}
}

func TestMarkupIsShownAsItWasWritten(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/templates/a", `{"channel":"email","locales":{"default":{"subject":"R&D","html":"<p>Hello</p>"}}}`)
	for _, path := range []string{"/v1/templates/a", "/v1/templates"} {
		got := b.must(200, "GET", path, "")
		if !strings.Contains(got, `"<p>Hello</p>"`) || !strings.Contains(got, `"R&D"`) {
			t.Errorf("GET %s: %s", path, got)
		}
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestInvalidDocumentsNameTheirFields(t *testing.T) {
	b := newBench(t)
	b.process.DefaultKey = "default-key-1"
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.must(201, "PUT", "/v1/templates/hook", `{"channel":"social","locales":{"default":{"payload":{"a":1}}}}`)
	b.must(201, "PUT", "/v1/sources/taken", `{"name":"T","kind":"till","writeKeys":["taken-key-1"]}`)
	for name, c := range map[string]struct {
		path, body string
		status     int
		want       string // a part of the errors
	}{
		"no JSON":             {"/v1/segments/a", `{`, 400, ""},
		"a list":              {"/v1/segments/a", `[]`, 400, ""},
		"null":                {"/v1/segments/a", `null`, 400, ""},
		"another id":          {"/v1/segments/a", `{"id":"b"}`, 422, "id is not the id in the address"},
		"version is text":     {"/v1/segments/a", `{"version":"1"}`, 422, "version is not a version"},
		"segment: bad rule":   {"/v1/segments/a", `{"rule":{"all":[{"field":"orders.paid","op":"about","value":3}]}}`, 422, `rule.all[0].op "about" is not an operation`},
		"segment: misspelt":   {"/v1/segments/a", `{"rulez":1}`, 422, `rulez is not known here: did you mean "rule"?`},
		"segment: wrong type": {"/v1/segments/a", `{"name":1}`, 422, "name is a JSON number, which does not fit"},
		"segment: not there":  {"/v1/segments/a", `{"rule":{"segment":"nobody"}}`, 422, "rule.segment nobody is not a segment"},
		"segment: circle":     {"/v1/segments/vip", `{"rule":{"segment":"vip"}}`, 422, "rule.segment leads back to itself"},
		"segment: all at once": {"/v1/segments/a", `{"name":5,"rule":{"all":[{"field":"orders.payd","op":"gt","value":1},{"percent":{"seed":"","from":0,"to":10}},{"segment":"nobody"}]},"nam":1}`, 422,
			`nam is not known here: did you mean "name"?; name is a JSON number, which does not fit; rule.all[0].field "orders.payd" is not a field of a profile: did you mean "orders.paid"?; ` +
				`rule.all[1].percent.seed is not a text of 1 to 256 bytes; rule.all[2].segment nobody is not a segment`},
		"campaign: all at once": {"/v1/campaigns/a", `{"name":"C","state":"running","wait":"soon","channel":"fax","templateId":"gone","condition":{"field":"x"},"trigger":{"enteredSegment":"gone"}}`, 422,
			`wait is not a length of time such as 30m, 36h, 14d or 1d12h; condition.field "x" is not a field of a profile; channel must be one of ` + fmt.Sprint(delivery.Channels()) + `; ` +
				`trigger names the segment gone, which is not there; templateId names the template gone, which is not there`},
		"campaign: trigger": {"/v1/campaigns/a", `{"name":"C","state":"running","channel":"email","templateId":"gone","trigger":{"enteredSegment":7,"exited":"vip"}}`, 422,
			`trigger.enteredSegment is a JSON number, which does not fit; trigger.exited is not known here; templateId names the template gone, which is not there`},
		"program: hold": {"/v1/programs/a", `{"name":"","state":"running","hold":"soon","attributionWindow":"30d","rewards":{"friend":[{"points":0}]}}`, 422,
			`hold is not a length of time such as 30m, 36h, 14d or 1d12h; name must be 1 to 200 bytes; rewards.friend[0] must be from 1 to`},
		"source: all at once":    {"/v1/sources/a", `{"name":1,"kind":"shop","burst":3}`, 422, "name is a JSON number, which does not fit; kind must be browser, app, server or till; burst means nothing without ratePerSecond"},
		"setting: two at once":   {"/v1/settings/segmentation", `{"windowDays":-1,"class8":7}`, 422, "class8 is a JSON number, which does not fit; windowDays is -1"},
		"campaign: no segment":   {"/v1/campaigns/a", strings.Replace(thanks, `"vip"`, `"gone"`, 1), 422, "trigger names the segment gone, which is not there"},
		"campaign: no template":  {"/v1/campaigns/a", strings.Replace(thanks, `"welcome"`, `"gone"`, 1), 422, "templateId names the template gone, which is not there"},
		"campaign: other medium": {"/v1/campaigns/a", strings.Replace(thanks, `"welcome"`, `"hook"`, 1), 422, "templateId names the template hook, which is for the channel social and not for email"},
		"campaign: condition":    {"/v1/campaigns/a", strings.Replace(thanks, `{"name"`, `{"condition":{"segment":"gone"},"name"`, 1), 422, "condition.segment gone is not a segment"},
		"campaign: no state":     {"/v1/campaigns/a", `{"name":"C","channel":"email","templateId":"welcome","trigger":{"enteredSegment":"vip"}}`, 422, "state must be draft"},
		"template: variable":     {"/v1/templates/a", `{"channel":"email","locales":{"default":{"subject":"{{ prfile.name }}","text":"x"}}}`, 422, "locales.default.subject"},
		"program: no window":     {"/v1/programs/a", `{"name":"P","state":"running","hold":"0s","attributionWindow":"0s","rewards":{"friend":[{"points":5}]}}`, 422, "attributionWindow must be above 0s"},
		"source: kind":           {"/v1/sources/a", `{"name":"S","kind":"shop"}`, 422, "kind must be browser, app, server or till"},
		"source: a taken key":    {"/v1/sources/a", `{"name":"S","kind":"app","writeKeys":["taken-key-1"]}`, 409, "writeKeys has a key that belongs to another source"},
		"source: the first key":  {"/v1/sources/a", `{"name":"S","kind":"app","writeKeys":["own-key-1","default-key-1"]}`, 409, "writeKeys has a key that belongs to another source"},
		"setting: unknown":       {"/v1/settings/colour", `{}`, 422, "id is no setting: there are messaging, holdout and segmentation"},
		"setting: holdout":       {"/v1/settings/holdout", `{"share":0.6,"season":"x"}`, 422, "share must be from 0 to 0.5"},
		"setting: messaging":     {"/v1/settings/messaging", `{"stopped":["fax"]}`, 422, "stopped[0] is not a channel"},
		"setting: segmentation":  {"/v1/settings/segmentation", `{"windowDays":-1}`, 422, "windowDays is -1, not between 0 and 3650"},
		"too large":              {"/v1/segments/a", `{"name":"` + strings.Repeat("a", maxDocument) + `"}`, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := b.must(c.status, "PUT", c.path, c.body)
			if got := errorsOf(t, body); !strings.Contains(got, c.want) {
				t.Errorf("errors are %q, want %q", got, c.want)
			}
		})
	}
	b.must(404, "GET", "/v1/segments/a", "")
	b.must(404, "GET", "/v1/sources/a", "")
}

func TestOptimisticLocking(t *testing.T) {
	other := strings.Replace(vip, "VIP", "other", 1)
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
	}{
		"nothing said":               {other, nil, 200},
		"If-Match of the current":    {other, []string{"If-Match", `"2"`}, 200},
		"If-Match of a former one":   {other, []string{"If-Match", `"1"`}, 412},
		"If-Match of nonsense":       {other, []string{"If-Match", `"x"`}, 412},
		"If-Match: *":                {other, []string{"If-Match", "*"}, 200},
		"If-None-Match: *":           {other, []string{"If-None-Match", "*"}, 412},
		"version of the current":     {`{"version":2,` + other[1:], nil, 200},
		"version of a former one":    {`{"version":1,` + other[1:], nil, 409},
		"version 0, for a new one":   {`{"version":0,` + other[1:], nil, 409},
		"the header before the body": {`{"version":1,` + other[1:], []string{"If-Match", `"2"`}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.must(201, "PUT", "/v1/segments/vip", vip)
			b.must(200, "PUT", "/v1/segments/vip", strings.Replace(vip, "VIP", "second", 1))
			b.must(c.status, "PUT", "/v1/segments/vip", c.body, c.headers...)
			want := 2
			if c.status == 200 {
				want = 3
			}
			if d, err := b.Catalog.Definition(t.Context(), definition.Segment, "vip"); err != nil || d.Version != want {
				t.Errorf("version %d, %v; want %d", d.Version, err, want)
			}
		})
	}
	b := newBench(t)
	b.must(412, "PUT", "/v1/segments/vip", vip, "If-Match", `"1"`)
	b.must(201, "PUT", "/v1/segments/vip", vip, "If-None-Match", "*")
	b.must(412, "DELETE", "/v1/segments/vip", "", "If-Match", `"2"`)
	b.must(204, "DELETE", "/v1/segments/vip", "", "If-Match", `"1"`)
}

func TestListsComeInPages(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"c", "a", "b"} {
		b.must(201, "PUT", "/v1/segments/"+id, vip)
	}
	var page struct {
		Items []struct {
			ID      string `json:"id"`
			Version int    `json:"version"`
		} `json:"items"`
		Next string `json:"next"`
	}
	read := func(path string) string {
		page.Items, page.Next = nil, ""
		b.Must(json.Unmarshal([]byte(b.must(200, "GET", path, "")), &page))
		ids := ""
		for _, i := range page.Items {
			ids += i.ID
		}
		return ids
	}
	if got := read("/v1/segments?limit=2"); got != "ab" || page.Next == "" || page.Items[0].Version != 1 {
		t.Errorf("first page %s, next %q", got, page.Next)
	}
	if got := read("/v1/segments?limit=2&cursor=" + page.Next); got != "c" || page.Next != "" {
		t.Errorf("second page %s, next %q", got, page.Next)
	}
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/campaigns", "")); got != `{"items":[]}` {
		t.Errorf("no campaigns are %s", got)
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "cursor=%25"} {
		b.must(400, "GET", "/v1/segments?"+query, "")
	}
}

func TestWhatIsInUseIsNotDeleted(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/segments/asked", vip)
	b.must(201, "PUT", "/v1/segments/vip-abroad", `{"rule":{"all":[{"segment":"vip"},{"field":"locale","op":"ne","value":"zh-CN"}]}}`)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.must(201, "PUT", "/v1/campaigns/thanks", strings.Replace(thanks, `{"name"`, `{"condition":{"notSegment":"asked"},"name"`, 1))
	for path, want := range map[string]string{
		"/v1/segments/vip":      "the segment is used by segment vip-abroad, campaign thanks",
		"/v1/segments/asked":    "the segment is used by campaign thanks",
		"/v1/templates/welcome": "the template is used by campaign thanks",
	} {
		if body := b.must(409, "DELETE", path, ""); !strings.Contains(body, want) {
			t.Errorf("DELETE %s: %s, want %s", path, body, want)
		}
	}
	b.must(204, "DELETE", "/v1/campaigns/thanks", "")
	b.must(204, "DELETE", "/v1/segments/vip-abroad", "")
	for _, path := range []string{"/v1/segments/vip", "/v1/segments/asked", "/v1/templates/welcome"} {
		b.must(204, "DELETE", path, "")
	}
}

func TestWriteKeysFollowTheirSource(t *testing.T) {
	b := newBench(t)
	sources := catalog.Sources(b.Catalog)
	owner := func(key string) string {
		s, ok, err := sources.ByWriteKey(t.Context(), key)
		b.Must(err)
		if !ok {
			return ""
		}
		return string(s.ID)
	}
	b.must(201, "PUT", "/v1/sources/web", `{"name":"Web","kind":"browser","writeKeys":["first-key","second-key"]}`)
	if owner("first-key") != "web" || owner("second-key") != "web" {
		t.Fatal("the keys do not lead to the source")
	}
	b.must(200, "PUT", "/v1/sources/web", `{"name":"Web","kind":"browser","writeKeys":["second-key","third-key"]}`)
	if owner("first-key") != "" || owner("second-key") != "web" || owner("third-key") != "web" {
		t.Errorf("owners are %q, %q, %q", owner("first-key"), owner("second-key"), owner("third-key"))
	}
	b.must(201, "PUT", "/v1/sources/app", `{"name":"App","kind":"app","writeKeys":["first-key"]}`)
	if owner("first-key") != "app" {
		t.Errorf("a key given up by one source is %q's", owner("first-key"))
	}
	b.must(204, "DELETE", "/v1/sources/web", "")
	if owner("second-key") != "" || owner("first-key") != "app" {
		t.Errorf("after the deletion the owners are %q, %q", owner("second-key"), owner("first-key"))
	}
}

func TestASaveWhoseAnswerIsLostCanBeRepeated(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		t.Run(string(how), func(t *testing.T) {
			b := newBench(t)
			b.must(201, "PUT", "/v1/segments/vip", vip)
			changed := strings.Replace(vip, "VIP", "changed", 1)
			b.DB.Fail("TransactWriteItems", 1, how)
			b.must(503, "PUT", "/v1/segments/vip", changed)
			b.must(200, "PUT", "/v1/segments/vip", changed)
			if d, err := b.Catalog.Definition(t.Context(), definition.Segment, "vip"); err != nil || d.Version != 2 {
				t.Errorf("version %d, %v; want 2", d.Version, err)
			}
		})
	}
}
