package console

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
)

// member is somebody in the segment vip since three hours ago.
func (b *bench) member(userID string, change func(*profile.Profile)) profile.ID {
	return b.Person(userID, func(p *profile.Profile) {
		p.Members = map[string]profile.Membership{"vip": {Since: start.Add(-3 * time.Hour)}}
		change(p)
	}).ID
}

// listOf makes a list of the segment vip with these members, as two shards have read them.
func (b *bench) listOf(ids ...profile.ID) string {
	b.Helper()
	var asked askedList
	if err := json.Unmarshal([]byte(b.must(202, "POST", "/v1/segments/vip/members", "")), &asked); err != nil {
		b.Fatal(err)
	}
	b.Must(b.process.Lists.Take(b.Context(), asked.ListID, "scan", 2))
	l, err := b.process.Lists.Load(b.Context(), asked.ListID)
	b.Must(err)
	half := len(ids) / 2
	for shard, some := range [][]profile.ID{ids[:half], ids[half:]} {
		_, err := b.process.Lists.SavePart(b.Context(), l, runs.ListPart{Shard: shard, Members: some, Total: len(some)})
		b.Must(err)
		b.Must(b.process.Lists.Done(b.Context(), asked.ListID, shard, len(some)))
	}
	return asked.ListID
}

// TestMakingAList: of a defined segment and of a class, with a reading asked for it a minute later; of nothing else.
func TestMakingAList(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	if got := b.must(202, "POST", "/v1/segments/vip/members", `{}`); !strings.HasPrefix(got, `{"listId":"made:run-1","warnings":[{"field":"id","reason":"no run has gone by the segment vip`) {
		t.Error(got)
	}
	w := b.call("POST", "/v1/segments/class8:111/members", "")
	if got := strings.TrimSpace(w.Body.String()); got != `{"listId":"made:run-2"}` || w.Header().Get("Location") != "/v1/lists/made:run-2" {
		t.Errorf("%s, at %s", got, w.Header().Get("Location"))
	}
	if got := b.asked(); len(got) != 2 || got[0].Kind != job.Members || got[0].RunID != "made:run-1" || got[0].Shards != 0 || fmt.Sprint(b.jobs.Delays()) != "[1m0s 1m0s]" {
		t.Errorf("asked for %+v after %v", got, b.jobs.Delays())
	}
	if got := b.must(200, "GET", "/v1/lists/made:run-1", ""); strings.TrimSpace(got) != `{"listId":"made:run-1","segmentId":"vip","state":"waiting","askedAt":"2026-11-21T08:00:00Z","keptUntil":"2026-11-28T08:00:00Z","shards":0,"shardsRead":0,"members":0}` {
		t.Error(got)
	}
	if got := b.must(200, "GET", "/v1/segments/vip/members", ""); !strings.Contains(got, `{"items":[{"listId":"made:run-1"`) {
		t.Error(got)
	}
	for _, c := range []struct {
		status     int
		path, body string
	}{{404, "/v1/segments/none/members", ""}, {404, "/v1/segments/class8:777/members", ""}, {400, "/v1/segments/vip/members", `{"rule":{}}`}, {400, "/v1/segments/vip/members", `{`}} {
		b.must(c.status, "POST", c.path, c.body)
	}
	if len(b.asked()) != 2 {
		t.Errorf("%d readings are asked for", len(b.asked()))
	}
	b.hire(access.Viewer)
	if status, _ := b.as(access.Viewer, "POST", "/v1/segments/vip/members", ""); status != 403 {
		t.Errorf("a viewer makes a list: %d", status)
	}
}

// TestAListThatIsBegunIsNotAskedForAgain by the same call sent again, and one whose job was not sent is.
func TestAListThatIsBegunIsNotAskedForAgain(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.jobs.Break(errors.New("the queue is away"))
	b.must(503, "POST", "/v1/segments/vip/members", "", "Idempotency-Key", "k")
	b.jobs.Heal()
	first := b.must(202, "POST", "/v1/segments/vip/members", "", "Idempotency-Key", "k")
	var asked askedList
	b.Must(json.Unmarshal([]byte(first), &asked))
	if n := len(b.asked()); n != 1 || b.asked()[0].RunID != asked.ListID {
		t.Errorf("%d readings are asked for", n)
	}
	b.Must(b.process.Lists.Take(b.Context(), asked.ListID, "minute", 1))
	if again := b.must(202, "POST", "/v1/segments/vip/members", "", "Idempotency-Key", "k"); again != first || len(b.asked()) != 1 {
		t.Errorf("answered %s, %d readings", again, len(b.asked()))
	}
}

// TestWhoIsInAList: page by page, each once, masked until a reason is given, and nobody who is gone.
func TestWhoIsInAList(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	var ids []profile.ID
	for n := range 7 {
		ids = append(ids, b.member(fmt.Sprintf("mei%d@example.com", n), func(p *profile.Profile) {
			switch n {
			case 2:
				p.Members = nil // has left
			case 4:
				p.RememberErasure(p.ID, start.Add(time.Second)) // came back
			case 5:
				p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.Phone, Value: "13800001111"})
				p.Consent = map[string]profile.Consent{"sms": {Granted: true}}
			}
		}))
	}
	ids = append(ids, profile.Identifier{Kind: profile.UserID, Value: "never heard of"}.ID())
	id := b.listOf(ids...)
	var got []listing.Member
	gone := 0
	for cursor := ""; ; {
		var page membersShown
		b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/lists/"+id+"/members?limit=3&cursor="+cursor, "")), &page))
		if !page.Masked || len(page.Items) > 3 {
			t.Errorf("a page of %d, masked: %v", len(page.Items), page.Masked)
		}
		got, gone = append(got, page.Items...), gone+page.Gone
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	var shown []profile.ID
	for _, m := range got {
		shown = append(shown, m.ProfileID)
		if !strings.Contains(m.UserID, "***@example.com") || !m.Since.Equal(start.Add(-3*time.Hour)) || (len(m.Reachable) > 0) != (m.ProfileID == ids[5]) {
			t.Errorf("shown is %+v", m)
		}
	}
	if want := []profile.ID{ids[0], ids[1], ids[3], ids[5], ids[6]}; !slices.Equal(shown, want) || gone != 3 {
		t.Errorf("shown are %v, want %v; %d are gone, want 3", shown, want, gone)
	}
	if n := len(b.lines()); n != 2 {
		t.Errorf("%d lines of the audit log, want those of the segment and of the list", n)
	}
	reason := "&reason=" + url.QueryEscape("ticket 7")
	plain := b.must(200, "GET", "/v1/lists/"+id+"/members?limit=4"+reason, "")
	if !strings.Contains(plain, `"userId":"mei0@example.com"`) || strings.Contains(plain, "masked") {
		t.Error(plain)
	}
	lines := 0
	for _, l := range b.lines() {
		if l.Action == audit.Reveal && l.Reason == "ticket 7" {
			lines++
		}
	}
	if lines != 3 {
		t.Errorf("%d people are told to be revealed, want the three that are shown", lines)
	}
	b.hire(access.Viewer)
	if status, body := b.as(access.Viewer, "GET", "/v1/lists/"+id+"/members?"+reason[1:], ""); status != 403 {
		t.Errorf("a viewer sees people as they are: %d %s", status, body)
	}
}

// file is a list's members as a file: its cells, and the answer.
func (b *bench) file(id, query string) ([][]string, *httptest.ResponseRecorder) {
	b.Helper()
	w := b.call("GET", "/v1/lists/"+id+"/members?reason=ads&"+query, "")
	if w.Code != 200 {
		b.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
	b.Must(err)
	return rows, w
}

// TestMembersAsAFile: in parts, for an approver with a reason, with a line in the log for each part, and no formula.
func TestMembersAsAFile(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	address := func(email, phone string) func(*profile.Profile) {
		return func(p *profile.Profile) {
			p.Identifiers = append(p.Identifiers, profile.Identifier{Kind: profile.Email, Value: email}, profile.Identifier{Kind: profile.Phone, Value: phone})
			p.Consent = map[string]profile.Consent{"email": {Granted: true}}
		}
	}
	ids := []profile.ID{b.member(`=HYPERLINK("http://x","y")`, address("a.b@gmail.com", "+8613800001111")), b.member("+8613900002222", address("c@example.com", "13900002222")), b.member("u-3", func(*profile.Profile) {})}
	id := b.listOf(ids...)
	rows, w := b.file(id, "format=csv&limit=2")
	want := fmt.Sprintf("[[userId profileId since reachable] ['=HYPERLINK(\"http://x\",\"y\") %s 2026-11-21T05:00:00Z email] ['+8613900002222 %s 2026-11-21T05:00:00Z email]]", cell(ids[0]), cell(ids[1]))
	if got := fmt.Sprint(rows); got != want || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || w.Header().Get("Content-Disposition") != `attachment; filename="vip-csv.csv"` {
		t.Errorf("%s, want %s: %v", got, want, w.Header())
	}
	next := w.Header().Get("Next-Cursor")
	if rows, w := b.file(id, "format=csv&cursor="+next); len(rows) != 2 || rows[1][0] != "u-3" || rows[1][3] != "" || w.Header().Get("Next-Cursor") != "" {
		t.Errorf("behind %s: %v", next, rows)
	}
	w = b.call("GET", "/v1/lists/"+id+"/members?reason=ads&format=ndjson", "")
	if lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n"); len(lines) != 3 || lines[2] != fmt.Sprintf(`{"userId":"u-3","profileId":%q,"since":"2026-11-21T05:00:00Z","reachable":[]}`, ids[2]) || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%q", lines)
	}
	for query, want := range map[string][][2]string{
		"format=hashed": {{"email", "phone"}, {"a.b@gmail.com", "8613800001111"}, {"c@example.com", ""}},
		"format=hashed&platform=google&country=86":  {{"Email", "Phone"}, {"ab@gmail.com", "+8613800001111"}, {"c@example.com", "+8613900002222"}},
		"format=hashed&platform=meta&country=86&a=": {{"email", "phone"}, {"a.b@gmail.com", "8613800001111"}, {"c@example.com", "8613900002222"}},
	} {
		rows, _ := b.file(id, query)
		if len(rows) != len(want) {
			t.Fatalf("%s: %v", query, rows)
		}
		for i, row := range want {
			for n, text := range row {
				if i > 0 && text != "" {
					text = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
				}
				if rows[i][n] != text {
					t.Errorf("%s: line %d has %s, want %s", query, i, rows[i][n], text)
				}
			}
		}
	}
	var told []string
	for _, l := range b.lines() {
		if l.Action == audit.Download {
			told = append(told, fmt.Sprint(l.Kind, l.Of == id, l.Fields, l.Reason))
		}
	}
	slices.Sort(told)
	if got := fmt.Sprint(told); got != "[listtrue [csv]ads listtrue [csv]ads listtrue [hashed google]ads listtrue [hashed meta]ads listtrue [hashed meta]ads listtrue [ndjson]ads]" {
		t.Errorf("the log tells %s", got)
	}
	for query, want := range map[string]string{
		"format=xml":                             "format is not json, csv, ndjson or hashed",
		"format=csv":                             "reason is missing: a file shows people without masks, and takes one",
		"format=hashed&reason=x&platform=tiktok": "platform is not meta or google",
		"format=hashed&reason=x&country=0086":    "country is no calling code such as 86",
		"format=hashed&reason=x&country=%2B86":   "country is no calling code such as 86",
		"format=csv&reason=":                     "reason must say once",
		"format=csv&reason=x&limit=2001":         "limit",
		"cursor=x":                               "cursor is not one that this list gave",
		"cursor=0.7.0":                           "cursor is not one that this list gave",
	} {
		if got := errorsOf(t, b.must(400, "GET", "/v1/lists/"+id+"/members?"+query, "")); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	b.hire(access.Viewer, access.Editor)
	for _, role := range []access.Role{access.Viewer, access.Editor} {
		for _, form := range []string{"csv", "ndjson", "hashed"} {
			if status, body := b.as(role, "GET", "/v1/lists/"+id+"/members?reason=x&format="+form, ""); status != 403 || !strings.Contains(body, "as a file it takes approver") {
				t.Errorf("the %s gets %s: %d %s", role, form, status, body)
			}
		}
	}
}

// cell is an id as a table has it.
func cell(id profile.ID) string {
	if strings.HasPrefix(string(id), "-") {
		return "'" + string(id)
	}
	return string(id)
}

// TestAListThatIsNotThere is not told of, nor one that is not read to its end.
func TestAListThatIsNotThere(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"made:none", "vip", "run-1"} {
		for _, path := range []string{"", "/members"} {
			if got := b.must(404, "GET", "/v1/lists/"+id+path, ""); !strings.Contains(got, "a list is kept for 7 days") {
				t.Error(got)
			}
		}
	}
	b.must(202, "POST", "/v1/segments/class8:111/members", "")
	if got := b.must(409, "GET", "/v1/lists/made:run-1/members", ""); !strings.Contains(got, "the list is waiting") {
		t.Error(got)
	}
	if got := b.must(200, "GET", "/v1/segments/vip/members", ""); strings.TrimSpace(got) != `{"items":[]}` {
		t.Error(got)
	}
}

// TestNobodyIsShownBeforeItIsTold: where the line cannot be written, there is no answer with people in it.
func TestNobodyIsShownBeforeItIsTold(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	id := b.listOf(b.member("mei@example.com", func(*profile.Profile) {}), b.member("li@example.com", func(*profile.Profile) {}))
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for _, form := range []string{"json", "csv", "ndjson", "hashed"} {
			b.DB.Fail(dynamotest.AnyWrite, 1, how)
			if got := b.must(503, "GET", "/v1/lists/"+id+"/members?reason=x&format="+form, ""); strings.Contains(got, "example.com") {
				t.Errorf("%s %s: %s", form, how, got)
			}
			b.DB.Heal()
		}
	}
}
