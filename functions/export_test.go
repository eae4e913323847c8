package functions

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/dynamo/people"
	_ "github.com/userops/userops/shared/export" // what was tested counts until the program changes
	"github.com/userops/userops/shared/functiontest/client"
)

// rowsOfDuckDB reads what an export has written, every text as it is and every time in microseconds, as one line an event.
const rowsOfDuckDB = `SELECT concat_ws('|', profile_id, source, message_id, type, event, user_id, anonymous_id, epoch_us(event_timestamp), epoch_us(received_at), properties, traits, context) AS line
	FROM read_parquet('%s/day=*/*.parquet', hive_partitioning = true) WHERE day = '%s'`

// TestExport: what `make export` writes of a day, read by a program that is not ours, is what the timeline has of it, under who people are by now and without who was erased.
func TestExport(t *testing.T) {
	client.Program(t, "npm") // installs DuckDB
	data, out := t.TempDir(), t.TempDir()
	m := newMachine(t, data)
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	local := time.Now().In(zone)
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, zone).AddDate(0, 0, -1)
	day := noon.Format(time.DateOnly)
	var calls []string
	call := func(kind, who, more string) {
		calls = append(calls, fmt.Sprintf(`{"type":%q,"messageId":"m-%03d",%s,"timestamp":%q,%s}`, kind, len(calls), who, noon.Add(time.Duration(len(calls))*time.Second).Format(time.RFC3339), more))
	}
	for n := range 30 {
		call("track", fmt.Sprintf(`"anonymousId":"phone-%d"`, n%3), fmt.Sprintf(`"event":"Product Viewed","properties":{"product_id":"tea-%d","price":%d.5,"note":"茶 \"%d\" | \t"},"context":{"page":{"path":"/tea/%d"}}`, n, n, n, n))
	}
	// Who browsed with a phone signs in on it, and so does somebody who was known before.
	call("identify", `"userId":"mei","anonymousId":"phone-0"`, `"traits":{"name":"Mei"}`)
	call("track", `"userId":"li"`, `"event":"Order Completed","properties":{"order_id":"A-1","total":99.90}`)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[`+strings.Join(calls, ",")+`]}`, nil)
	m.idle()
	calls = calls[:0:0]
	noon = noon.Add(time.Hour)
	call("identify", `"userId":"li","anonymousId":"phone-1"`, `"traits":{"name":"Li"}`)
	call("page", `"userId":"an"`, `"name":"Home"`)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, strings.ReplaceAll(`{"batch":[`+strings.Join(calls, ",")+`]}`, `"m-`, `"n-`), nil)
	m.idle()

	program := filepath.Join(t.TempDir(), "export")
	if text, err := exec.Command("go", "build", "-o", program, "../shared/local/cmd/export").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	export := func(more ...string) (said string, err error) {
		t.Helper()
		c := exec.Command(program)
		c.Env = append(append(os.Environ(), "OUT="+out), more...)
		text, err := c.CombinedOutput()
		return string(text), err
	}
	ofStack := []string{"DAY=" + day, "DATA=" + data, "STACK=test"}
	if said, err := export(ofStack...); err == nil || !strings.Contains(said, "is empty") {
		t.Errorf("an empty archive is answered %s, %v", said, err)
	}
	// The function, minutes later: an erasure of now comes due with the next minute.
	at := m.stack.Addresses()
	keys := credentials.NewStaticCredentialsProvider("developer", "developer", "")
	queues := at.SQS + "/000000000000/test-"
	regroups := archive.New(archive.Settings{Bucket: "test-archivebucket", Queue: queues + "ArchiveQueue", Events: queues + "EventsQueue", Timeline: "test-Timeline", Due: "test-Due", Dead: "test-DeadLetters", Zone: zone, Shards: 4}, m.tables(),
		bucket.NewClient(aws.Config{Region: "us-east-1", BaseEndpoint: &at.S3, HTTPClient: cloud.Client(), Credentials: keys}),
		sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &at.SQS, HTTPClient: cloud.Client(), Credentials: keys}), func() time.Time { return time.Now().Add(2 * time.Minute) })
	closeDay := func() {
		t.Helper()
		if _, err := regroups.CloseAgain(t.Context(), day); err != nil {
			t.Fatal(err)
		}
	}
	closeDay()
	// The files hold who is erased now, for days yet.
	m.call(http.StatusAccepted, "DELETE", "/v1/profiles/an", serverKey, "", nil)
	m.idle()
	closeDay()
	if said, err := export(ofStack...); err != nil || !strings.Contains(said, day+": ") || !strings.Contains(said, "closed 2 times") {
		t.Fatalf("%s, %v", said, err)
	}
	held := func() {
		t.Helper()
		var rows []struct{ Line string }
		client.DuckDB(t, &rows, fmt.Sprintf(rowsOfDuckDB, out, day))
		var got []string
		for _, r := range rows {
			got = append(got, r.Line)
		}
		slices.Sort(got)
		if want := m.told(noon); !slices.Equal(got, want) {
			t.Errorf("%d rows are exported, want %d:\n%s\nwant\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		} else if len(got) != 33 {
			t.Errorf("%d events", len(got))
		}
	}
	held()
	// The same archive is the same bytes, also where it is found as one on AWS would be.
	before := folderContent(t, filepath.Join(out, "day="+day))
	if said, err := export("FROM="+day, "TO="+day, "BUCKET=test-archivebucket", "AWS_ENDPOINT_URL_S3="+at.S3, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=developer", "AWS_SECRET_ACCESS_KEY=developer"); err != nil {
		t.Fatalf("%s, %v", said, err)
	}
	if after := folderContent(t, filepath.Join(out, "day="+day)); after != before {
		t.Error("the same archive gives other bytes")
	}
	for _, wrong := range []struct {
		settings []string
		says     string
	}{
		{nil, "no day is named"}, {[]string{"DAY=21.11.2026"}, "is not a date"}, {[]string{"DAY=" + day, "TO=" + day}, "not both"}, {[]string{"FROM=2026-02-02", "TO=2026-02-01"}, "is before FROM"},
		{[]string{"DAY=" + day, "FORMAT=csv"}, `"csv"`}, {[]string{"DAY=" + day, "CURRENCY=RMB"}, "RMB"}, {[]string{"DAY=" + day, "DATA=" + out}, "no stack runs on"},
		{[]string{"DAY=2020-01-01", "DATA=" + data, "STACK=test"}, "its days are from " + day},
	} {
		if said, err := export(wrong.settings...); err == nil || !strings.Contains(said, wrong.says) {
			t.Errorf("%v is answered %s, %v", wrong.settings, said, err)
		}
	}
	// Of today there is something, and it is not closed.
	now := time.Now().In(zone)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[{"type":"page","messageId":"now","userId":"mei","name":"Now","timestamp":"`+now.Format(time.RFC3339)+`"}]}`, nil)
	m.idle()
	closeDay()
	today := []string{"DAY=" + now.Format(time.DateOnly), "DATA=" + data, "STACK=test", "FORMAT=ndjson"}
	if said, err := export(today...); err == nil || !strings.Contains(said, "not closed yet: "+now.Format(time.DateOnly)) {
		t.Errorf("an open day is answered %s, %v", said, err)
	}
	if said, err := export(append(today, "OPEN=1")...); err != nil || !strings.Contains(said, "1 events in 1 files") || !strings.Contains(said, "NOT CLOSED YET") {
		t.Errorf("an open day is written as %s, %v", said, err)
	}
}

// tables is a client of the stack's tables that may do everything.
func (m *machine) tables() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(m.stack.Addresses().DynamoDB), HTTPClient: cloud.Client(), Credentials: credentials.NewStaticCredentialsProvider("developer", "developer", "")})
}

// told is what the timeline has of the shop's day of a moment, a line an event as rowsOfDuckDB has it.
func (m *machine) told(noon time.Time) (lines []string) {
	m.t.Helper()
	timeline := people.Timeline{DB: m.tables(), Table: "test-Timeline"}
	var packs []people.StoredPack
	for place, begun := (people.Place{}), false; !begun || place != (people.Place{}); begun = true {
		some, next, err := timeline.Scan(m.t.Context(), place)
		if err != nil {
			m.t.Fatal(err)
		}
		packs, place = append(packs, some...), next
	}
	// Who somebody is by now, the API tells.
	survivors := map[string]string{}
	for _, name := range []string{"mei", "li", "anonymous:phone-0", "anonymous:phone-1", "anonymous:phone-2"} {
		var who struct{ ProfileID string }
		m.call(http.StatusOK, "GET", "/v1/profiles/"+name, serverKey, "", &who)
		survivors[name] = who.ProfileID
	}
	for _, p := range packs {
		list, err := people.EventsOf(p.Body)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range list {
			if e.Source == "projection" || e.Event.Timestamp.In(noon.Location()).Format(time.DateOnly) != noon.Format(time.DateOnly) {
				continue
			}
			name := "anonymous:" + e.Event.AnonymousID
			if e.Event.UserID != "" {
				name = e.Event.UserID
			}
			var line []string
			for _, part := range []string{survivors[name], e.Source, e.Event.MessageID, string(e.Event.Kind), e.Event.Name, e.Event.UserID, e.Event.AnonymousID, fmt.Sprint(e.Event.Timestamp.UnixMicro()), fmt.Sprint(e.Event.ReceivedAt.UnixMicro()),
				string(e.Event.Properties), string(e.Event.Traits), string(e.Event.Context)} {
				if part != "" {
					line = append(line, part)
				}
			}
			lines = append(lines, strings.Join(line, "|"))
		}
	}
	slices.Sort(lines)
	return lines
}

// folderContent is all files of a folder, as one text.
func folderContent(t *testing.T, folder string) (all string) {
	t.Helper()
	listed, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range listed {
		text, err := os.ReadFile(filepath.Join(folder, one.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all += one.Name() + "\x00" + string(text)
	}
	return all
}
