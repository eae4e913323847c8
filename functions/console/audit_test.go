package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/httpapi"
)

// lines are those of the audit log, the newest first, as the store has them.
func (b *bench) lines() []audit.Line {
	b.Helper()
	var all []audit.Line
	for cursor := ""; ; {
		page, next, err := b.process.Audit.List(b.Context(), audit.Query{From: start.Add(-time.Hour)}, 1000, cursor)
		b.Must(err)
		all = append(all, page...)
		if cursor = next; next == "" {
			return all
		}
	}
}

// found are the ids that the API answers to a query of the audit log.
func (b *bench) found(query string) string {
	b.Helper()
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Items []audit.Line
			Next  string
		}
		b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/audit?"+query+"&cursor="+cursor, "")), &page))
		for _, l := range page.Items {
			ids = append(ids, l.ID)
		}
		if cursor = page.Next; cursor == "" {
			return strings.Join(ids, " ")
		}
	}
}

func TestEveryChangeIsWrittenDown(t *testing.T) {
	b := newBench(t)
	b.hire(access.Editor)
	step := func(status int, role access.Role, method, path, body string) {
		t.Helper()
		b.Pass(time.Minute)
		if got, text := b.as(role, method, path, body); got != status {
			t.Fatalf("%s %s: %d %s", method, path, got, text)
		}
	}
	step(201, access.Editor, "PUT", "/v1/segments/vip", vip)
	step(200, access.Editor, "PUT", "/v1/segments/vip", vip) // no change
	step(200, access.Editor, "PUT", "/v1/segments/vip", `{"name":"Very","rule":{"field":"orders.paid","op":"gte","value":4}}`)
	step(422, access.Editor, "PUT", "/v1/segments/vip", `{"nam":"Very"}`)
	step(403, access.Editor, "PUT", "/v1/settings/holdout", `{"share":0.1,"season":"2026Q4"}`)
	step(404, access.Editor, "DELETE", "/v1/segments/none", "")
	step(204, access.Editor, "DELETE", "/v1/segments/vip", "")
	b.must(202, "POST", "/v1/runs", `{}`)
	b.Pass(time.Minute)
	b.must(201, "PUT", "/v1/sources/shop", `{"name":"Shop","kind":"server","writeKeys":["a-secret-of-the-source"],"hookSecret":"another-secret"}`)
	for _, other := range []string{"other-secret", "other-secret", "third-secret"} { // the same again is no change
		b.Pass(time.Minute)
		b.must(200, "PUT", "/v1/sources/shop", `{"name":"Shop","kind":"server","writeKeys":["a-secret-of-the-source"],"hookSecret":"`+other+`"}`)
	}
	b.must(200, "POST", "/v1/segments/new/preview", `{"rule":{"field":"traits.email","op":"eq","value":"ann@example.com"}}`)

	shown := b.must(200, "GET", "/v1/audit", "")
	editor, owner := `"by":{"name":"the editor","role":"editor","key":"1553cc62"},"from":"192.0.2.1"`, `"by":{"name":"operator key","role":"owner","key":"06e55b63"},"from":"192.0.2.1"`
	want := `{"items":[` + strings.Join([]string{
		`{"id":"rotate#shop#2026-11-21T08:11:00Z","at":"2026-11-21T08:11:00Z",` + owner + `,"action":"rotate","kind":"source","of":"shop","fields":["hookSecret"]}`,
		`{"id":"ask#run-2","at":"2026-11-21T08:11:00Z",` + owner + `,"action":"ask","kind":"segment","of":"new","fields":["traits.email"]}`,
		`{"id":"rotate#shop#2026-11-21T08:09:00Z","at":"2026-11-21T08:09:00Z",` + owner + `,"action":"rotate","kind":"source","of":"shop","fields":["hookSecret"]}`,
		`{"id":"save#source#shop#1","at":"2026-11-21T08:08:00Z",` + owner + `,"action":"save","kind":"source","of":"shop","after":1,"fields":["hookSecretSet","id","kind","name","writeKeys"]}`,
		`{"id":"rotate#shop#2026-11-21T08:08:00Z","at":"2026-11-21T08:08:00Z",` + owner + `,"action":"rotate","kind":"source","of":"shop","fields":["hookSecret"]}`,
		`{"id":"start#run-1","at":"2026-11-21T08:07:00Z",` + owner + `,"action":"start","kind":"run","of":"run-1"}`,
		`{"id":"delete#segment#vip#2","at":"2026-11-21T08:07:00Z",` + editor + `,"action":"delete","kind":"segment","of":"vip","before":2}`,
		`{"id":"save#segment#vip#2","at":"2026-11-21T08:03:00Z",` + editor + `,"action":"save","kind":"segment","of":"vip","before":1,"after":2,"fields":["name","rule"]}`,
		`{"id":"save#segment#vip#1","at":"2026-11-21T08:01:00Z",` + editor + `,"action":"save","kind":"segment","of":"vip","after":1,"fields":["id","name","rule"]}`,
	}, ",") + "]}\n"
	if shown != want {
		t.Errorf("the log shows\n%s\nwant\n%s", shown, want)
	}
	b.DB.Each(t, "Audit", func(i map[string]types.AttributeValue) {
		for _, secret := range []string{"a-secret-of-the-source", "another-secret", "other-secret", "third-secret", "ann@example.com", "Very"} {
			if strings.Contains(fmt.Sprint(i), secret) {
				t.Errorf("an item holds %s: %v", secret, i)
			}
		}
	})
}

func TestTheAuditLogIsSearched(t *testing.T) {
	b := newBench(t)
	b.hire(access.Viewer, access.Editor, access.Approver)
	ann := profile.Identifier{Kind: profile.UserID, Value: "ann?x"}.ID()
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "d-1"}.ID()
	for i, l := range []audit.Line{
		audit.Line{By: access.Caller{Name: "Ann Li"}}.Changed("segment", "vip", 0, 1),
		audit.Line{By: access.Caller{Name: "Bo"}}.Changed("segment", "vip", 1, 2),
		audit.Line{By: access.Caller{Name: "server key"}, Asked: string(ann)}.Done(audit.Erase, audit.KindProfile, string(device), "e1"),
	} {
		l.At = b.Now().Add(time.Duration(i-5) * time.Hour)
		b.Must(b.process.Audit.Write(t.Context(), l))
	}
	const one, two, three = "save#segment#vip#1", "save#segment#vip#2", "erase#e1"
	for query, want := range map[string]string{
		"limit=1":                        three + " " + two + " " + one,
		"operator=Ann+Li":                one,
		"kind=segment":                   two + " " + one,
		"kind=segment&id=vip&limit=1":    two + " " + one,
		"kind=segment&id=vi":             "",
		"action=erase":                   three,
		"action=rotate":                  "",
		"kind=setting":                   "",
		"kind=profile":                   three,
		"userId=ann%3Fx":                 three,
		"anonymousId=d-1":                three,
		"profileId=" + string(device):    three,
		"userId=bob":                     "",
		"from=2026-11-21T04:00:00Z":      three + " " + two,
		"to=2026-11-21T12:00:00%2B08:00": one,
		"from=2026-11-21T04:00:00Z&to=2026-11-21T05:00:00Z": two,
		"operator=server+key&userId=ann%3Fx":                three,
		"operator=Bo&userId=ann%3Fx":                        "",
	} {
		if got := b.found(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"operater=Bo": "operater is not known here", "id=vip": "id needs the kind", "from=yesterday": "from is no time such as", "userId=a&kind=segment": "userId names a person beside",
		"userId=a&profileId=" + string(ann): "userId names a person beside", "profileId=ann": "profileId means nobody", "profileId=gbOBfCNI2WeriD7lUXFExR": "profileId means nobody", "operator=": "operator is empty", "limit=201": "limit is not",
		"action=erased": "action is not save, delete", "kind=segments": "kind is not segment, campaign", "kind=segments&id=vip": "kind is not segment",
		"operator=a&operator=b": "operator is empty, or there are several",
	} {
		if got := errorsOf(t, b.must(400, "GET", "/v1/audit?"+query, "")); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q", query, got, want)
		}
	}
	for role, want := range map[access.Role]int{access.Viewer: 403, access.Editor: 403, access.Approver: 200} {
		if status, body := b.as(role, "GET", "/v1/audit", ""); status != want {
			t.Errorf("%s: %d %s", role, status, body)
		}
	}
	b.DB.Fail("Query", 1, dynamotest.NotPersisted)
	b.must(503, "GET", "/v1/audit", "")
}

func TestVersionsHaveAuthors(t *testing.T) {
	b := newBench(t)
	b.hire(access.Editor)
	if status, body := b.as(access.Editor, "PUT", "/v1/segments/vip", vip); status != 201 || !strings.Contains(body, `"updatedBy":{"name":"the editor","role":"editor","key":"1553cc62"}`) {
		t.Fatalf("%d %s", status, body)
	}
	b.must(200, "PUT", "/v1/segments/vip", strings.Replace(vip, "VIP", "two", 1))
	b.must(204, "DELETE", "/v1/segments/vip", "")
	const owner = `{"name":"operator key","role":"owner","key":"06e55b63"}`
	want := `{"items":[{"version":2,"updatedAt":"2026-11-21T08:00:00Z","updatedBy":` + owner + `},{"version":1,"updatedAt":"2026-11-21T08:00:00Z","updatedBy":{"name":"the editor","role":"editor","key":"1553cc62"}}]}` + "\n"
	if got := b.must(200, "GET", "/v1/segments/vip/versions", ""); got != want {
		t.Errorf("versions are %s\nwant %s", got, want)
	}
	if got := b.must(200, "GET", "/v1/segments/vip/versions?limit=1", ""); !strings.Contains(got, `"next":"2"`) {
		t.Errorf("the first page is %s", got)
	}
	if got := b.must(200, "GET", "/v1/segments/vip/versions?limit=1&cursor=2", ""); !strings.Contains(got, `"version":1,`) || strings.Contains(got, `"version":2,`) {
		t.Errorf("the second page is %s", got)
	}
	if got := b.must(200, "GET", "/v1/segments/vip/versions/1", ""); !strings.Contains(got, `"name":"VIP"`) || !strings.Contains(got, `"updatedBy":{"name":"the editor"`) {
		t.Errorf("version 1 is %s", got)
	}
	for path, status := range map[string]int{"none/versions": 404, "vip/versions?cursor=x": 400, "vip/versions?limit=0": 400, "vip/versions/3": 404, "vip/versions/0": 400, "vip/versions/x": 400} {
		b.must(status, "GET", "/v1/segments/"+path, "")
	}
}

// TestNoQuestionIsTooLongForAKey: what is longer than any name or id is the caller's fault, and becomes no call that DynamoDB refuses.
func TestNoQuestionIsTooLongForAKey(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("x", httpapi.MaxParameter)
	for query, status := range map[string]int{
		"operator=" + long: 200, "operator=" + long + "x": 400, "kind=segment&id=" + long: 200, "kind=segment&id=" + strings.Repeat(long, 3): 400, "kind=" + strings.Repeat(long, 3) + "&id=x": 400,
	} {
		b.must(status, "GET", "/v1/audit?"+query, "")
	}
}

func TestAnUnknownActionIsNamed(t *testing.T) {
	if got := unless(audit.Actions()); got != "is not save, delete, start, export, reveal, erase, takeOff, tag, ask, find, rotate, reenter, redrive, try, download or upload" {
		t.Errorf("an unknown action %s", got)
	}
}
