package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/functiontest/client"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 123_456_000, time.UTC)

const day = profile.Day(20778)

// calls are what clients send, usual and odd.
var calls = []string{
	`{"type":"track","messageId":"m1","userId":"mei","event":"Order Completed","timestamp":"2026-11-21T03:59:59.000001Z","properties":{"order_id":" A-1 ","total":"128.50","products":[{"product_id":"tea","price":64.25,"quantity":2}]},"context":{"page":{"url":"https://shop.example/茶?a=\"b\"","path":"/茶"},"campaign":{"source":"kol","medium":"live","name":"双十一"},"device":{"type":"ios"},"os":{"name":"iOS"},"locale":"zh-CN"}}`,
	`{"type":"track","messageId":"m2","userId":"mei","event":"Order Placed","properties":{"order_id":7,"currency":"jpy","products":[{"price":1200,"quantity":3},{"price":"80"}]}}`,
	`{"type":"track","messageId":"m3","userId":"mei","event":"Order Refunded","properties":{"order_id":"A-1","total":0.5}}`,
	`{"type":"track","messageId":"m4","userId":"mei","event":"Order Refunded","properties":{"order_id":"A-2","total":1.234,"currency":"KWD"}}`,
	`{"type":"track","messageId":"m5","anonymousId":"phone","event":"Product Viewed","properties":{"product_id":5,"price":12.3456,"quantity":0.25,"note":"tab\t \u0000 \ud83d\ude00"}}`,
	`{"type":"track","messageId":"m6","anonymousId":"phone","event":"Product Viewed","properties":{"product_id":{"a":1},"price":0.00001,"quantity":"none"}}`,
	`{"type":"track","messageId":"m7","anonymousId":"phone","event":"Product Viewed","properties":{"price":99999999999999.9999,"currency":"USD"}}`,
	`{"type":"track","messageId":"m8","anonymousId":"phone","event":"Product Viewed","properties":{"price":100000000000000,"quantity":-1e2}}`,
	`{"type":"page","messageId":"m9","anonymousId":"phone","userId":"mei","name":"Home","context":{"page":{"referrer":"https://x.example/"}},"sentAt":"2026-11-21T04:00:01Z"}`,
	`{"type":"identify","messageId":"m10","userId":"li","traits":{"name":"Li","vip":true},"integrations":{"All":false}}`,
	`{"type":"alias","messageId":"m11","userId":"li","previousId":"old"}`,
	`{"type":"group","messageId":"m12","userId":"li","groupId":"club","traits":{"tier":2}}`,
	`{"type":"screen","messageId":"m13","userId":"li","timestamp":"2026-11-22T09:00:00Z","properties":{"price":0,"order_id":null}}`,
}

// accepted are the events of calls as ingest makes them, in the archive's order.
func accepted(t testing.TB) (all []columns.Event) {
	t.Helper()
	for i, call := range calls {
		batch, err := event.ParseBatch([]byte(`{"batch":[`+call+`]}`), event.Arrival{ReceivedAt: noon.Add(time.Duration(i) * time.Second)})
		if err != nil || len(batch.Events) != 1 {
			t.Fatalf("%s: %v %v", call, err, batch.Refused)
		}
		e := batch.Events[0]
		e.Source, e.Trust = []string{"site", "till"}[i%2], []trust.Level{"", trust.Public, trust.Person}[i%3]
		who := profile.Identifier{Kind: profile.AnonymousID, Value: e.AnonymousID}
		if e.UserID != "" {
			who = profile.Identifier{Kind: profile.UserID, Value: e.UserID}
		}
		person, err := columns.PersonOf(who.ID())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, columns.Event{Person: person, Event: e})
	}
	slices.SortFunc(all, func(a, b columns.Event) int { return a.Compare(&b) })
	return all
}

// sequence gives events as those of a file are: of what is empty, a text may still lie somewhere.
func sequence(events []columns.Event) columns.Sequence {
	return func(yield func(columns.Event, error) bool) {
		for _, e := range events {
			for _, text := range []*string{&e.Name, &e.UserID, &e.AnonymousID, &e.PreviousID, &e.GroupID} {
				*text = ("x" + *text)[1:]
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// exported writes events as a day, in shards, and gives the files of its folder.
func exported(t testing.TB, target Target, shards int, events []columns.Event) (files map[string][]byte) {
	t.Helper()
	d, err := target.Begin(day)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for shard := range shards {
		of := slices.DeleteFunc(slices.Clone(events), func(e columns.Event) bool { return e.Person.Shard(shards) != shard })
		n, err := d.Shard(shard, shards, sequence(of))
		if err != nil || n != len(of) {
			t.Fatalf("%d of %d events: %v", n, len(of), err)
		}
		total += n
	}
	if err := d.Commit(); err != nil || total != len(events) {
		t.Fatal(err, total)
	}
	return content(t, filepath.Join(target.Folder, "day=2026-11-21"))
}

func content(t testing.TB, folder string) (files map[string][]byte) {
	t.Helper()
	files = map[string][]byte{}
	listed, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range listed {
		if files[one.Name()], err = os.ReadFile(filepath.Join(folder, one.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// told is what a row says of an event, read out of the event's JSON by encoding/json and of decimals by math/big: another way than the writer goes.
func told(t testing.TB, e *columns.Event) map[string]string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(e.AppendJSON(nil), &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"day": "2026-11-21", "profile_id": string(e.Person.ID()), "source": e.Source}
	put := func(column, value string) {
		if value != "" {
			out[column] = value
		}
	}
	for member, column := range map[string]string{"type": "type", "event": "event", "messageId": "message_id", "userId": "user_id", "anonymousId": "anonymous_id", "previousId": "previous_id", "groupId": "group_id", "trust": "trust"} {
		var value string
		_ = json.Unmarshal(all[member], &value)
		put(column, value)
	}
	for _, member := range []string{"properties", "traits", "context", "integrations"} {
		put(member, string(all[member]))
	}
	moments := map[string]time.Time{}
	for member, column := range map[string]string{"timestamp": "event_timestamp", "originalTimestamp": "original_timestamp", "sentAt": "sent_at", "receivedAt": "received_at"} {
		if all[member] != nil {
			var at time.Time
			if err := json.Unmarshal(all[member], &at); err != nil {
				t.Fatal(err)
			}
			moments[column] = at
			put(column, fmt.Sprint(at.Unix()*1_000_000+int64(at.Nanosecond()/1000)))
		}
	}
	happened := moments["event_timestamp"]
	if happened.After(moments["received_at"]) {
		happened = moments["received_at"]
	}
	put("happened_at", fmt.Sprint(happened.UnixMicro()))
	var properties, around map[string]any
	decode(all["properties"], &properties)
	decode(all["context"], &around)
	plain := func(v any) string {
		if v == nil || fmt.Sprintf("%T", v) != "string" && fmt.Sprintf("%T", v) != "json.Number" {
			return ""
		}
		return fmt.Sprint(v)
	}
	put("order_id", strings.TrimSpace(plain(properties["order_id"])))
	put("product_id", plain(properties["product_id"]))
	put("price", fixed(plain(properties["price"])))
	put("quantity", fixed(plain(properties["quantity"])))
	for _, c := range []struct{ column, parent, member string }{{"page_url", "page", "url"}, {"page_path", "page", "path"}, {"page_referrer", "page", "referrer"}, {"campaign_source", "campaign", "source"}, {"campaign_medium", "campaign", "medium"},
		{"campaign_name", "campaign", "name"}, {"device_type", "device", "type"}, {"os_name", "os", "name"}} {
		inner, _ := around[c.parent].(map[string]any)
		put(c.column, plain(inner[c.member]))
	}
	put("locale", plain(around["locale"]))
	return out
}

func decode(raw []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	_ = d.Decode(into)
}

// fixed is a number with four decimals; empty where it has more, or more than eighteen digits.
func fixed(text string) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return ""
	}
	scaled := new(big.Rat).Mul(r, big.NewRat(10_000, 1))
	if !scaled.IsInt() || len(strings.TrimLeft(scaled.Num().String(), "-")) > 18 {
		return ""
	}
	return r.FloatString(4)
}

// sums are what the order events are worth, written by hand, and in which currency.
var sums = map[string][2]string{"m1": {"128.5000", "CNY"}, "m2": {"3680.0000", "JPY"}, "m3": {"0.5000", ""}, "m4": {"1.2340", "KWD"}, "m5": {"", "CNY"}, "m7": {"", "USD"}, "m13": {"", "CNY"}}

// TestParquetIsReadByDuckDB holds every column of every event, read by a program that is not ours, to the event.
func TestParquetIsReadByDuckDB(t *testing.T) {
	client.Needs(t)
	events := accepted(t)
	target := Target{Folder: t.TempDir(), Format: Parquet, Currency: "CNY"}
	exported(t, target, 3, events)
	from := "read_parquet('" + filepath.Join(target.Folder, "day=*", "*.parquet") + "', hive_partitioning = true)"
	var described []struct {
		Name string `json:"column_name"`
		Type string `json:"column_type"`
	}
	client.DuckDB(t, &described, "describe select * from "+from)
	var selected []string
	types := map[string]string{}
	for _, c := range described {
		types[c.Name] = c.Type
		if strings.HasPrefix(c.Type, "TIMESTAMP") {
			selected = append(selected, "epoch_us("+c.Name+")::varchar as "+c.Name)
		} else {
			selected = append(selected, c.Name+"::varchar as "+c.Name)
		}
	}
	for column, want := range map[string]string{"happened_at": "TIMESTAMP WITH TIME ZONE", "order_amount": "DECIMAL(18,4)", "properties": "VARCHAR", "day": "DATE", "event": "VARCHAR"} {
		if types[column] != want {
			t.Errorf("%s is %s, want %s", column, types[column], want)
		}
	}
	var rows []map[string]*string
	client.DuckDB(t, &rows, "select "+strings.Join(selected, ", ")+" from "+from+" order by profile_id, event_timestamp, message_id")
	read := map[string]map[string]string{}
	for _, r := range rows {
		one := map[string]string{}
		for column, value := range r {
			if value != nil {
				one[column] = *value
			}
			if value != nil && *value == "" {
				t.Errorf("%s of %s is an empty text, and not nothing", column, *r["message_id"])
			}
		}
		read[one["message_id"]] = one
	}
	if len(rows) != len(events) || len(read) != len(events) {
		t.Fatalf("%d rows, %d of them different, of %d events", len(rows), len(read), len(events))
	}
	for _, e := range events {
		want := told(t, &e)
		for i, column := range []string{"order_amount", "currency"} {
			if value := sums[e.MessageID][i]; value != "" {
				want[column] = value
			}
		}
		got := read[e.MessageID]
		for _, c := range described {
			if got[c.Name] != want[c.Name] {
				t.Errorf("%s: %s is %q, want %q", e.MessageID, c.Name, got[c.Name], want[c.Name])
			}
		}
		for column := range want {
			if types[column] == "" {
				t.Errorf("there is no column %s", column)
			}
		}
	}
}

// TestLinesAreTheEvents reads JSON a line back as the API's clients would.
func TestLinesAreTheEvents(t *testing.T) {
	events := accepted(t)
	n := 0
	for name, text := range exported(t, Target{Folder: t.TempDir(), Format: NDJSON}, 2, events) {
		for line := range strings.Lines(string(text)) {
			var whose struct{ ProfileID, Source string }
			var e columns.Event
			if err := json.Unmarshal([]byte(line), &whose); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := json.Unmarshal([]byte(line), &e.Event); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at := slices.IndexFunc(events, func(o columns.Event) bool { return o.MessageID == e.MessageID })
			if at < 0 || whose.ProfileID != string(events[at].Person.ID()) || whose.Source != events[at].Source || !bytes.Equal(e.AppendJSON(nil), events[at].AppendJSON(nil)) {
				t.Errorf("%s is not an event that was written", line)
			}
			n++
		}
	}
	if n != len(events) {
		t.Errorf("%d lines of %d events", n, len(events))
	}
}

// TestTheSameBytes: the same events are the same files, and a day takes the place of the one before whole.
func TestTheSameBytes(t *testing.T) {
	events := accepted(t)
	for _, format := range []Format{Parquet, NDJSON} {
		target := Target{Folder: t.TempDir(), Format: format, Currency: "CNY"}
		first := exported(t, target, 1, events)
		again := exported(t, target, 1, events)
		if len(first) != 1 || !bytes.Equal(first["000of001."+string(format)], again["000of001."+string(format)]) {
			t.Errorf("%s: the same events are other bytes", format)
		}
		if files := exported(t, target, 4, events); files["000of001."+string(format)] != nil {
			t.Errorf("%s: a file of the day before is left: %d files", format, len(files))
		}
		if d, err := target.Begin(day); err != nil || d.Commit() != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(target.Folder); len(left) != 0 {
			t.Errorf("%s: a day without events leaves %v", format, left)
		}
	}
}

// TestADayThatFails: what cannot be written whole leaves what was there, and what an export has not written is not touched.
func TestADayThatFails(t *testing.T) {
	events := accepted(t)
	target := Target{Folder: t.TempDir(), Format: Parquet, Currency: "CNY"}
	before := exported(t, target, 1, events)
	d, err := target.Begin(day)
	if err != nil {
		t.Fatal(err)
	}
	torn := fmt.Errorf("torn")
	_, err = d.Shard(0, 1, func(yield func(columns.Event, error) bool) { _ = yield(events[0], nil) && yield(columns.Event{}, torn) })
	if err == nil || !strings.Contains(err.Error(), "torn") || d.Discard() != nil {
		t.Errorf("a torn sequence is answered %v", err)
	}
	folder := filepath.Join(target.Folder, "day=2026-11-21")
	if after := content(t, folder); len(after) != 1 || !bytes.Equal(after["000of001.parquet"], before["000of001.parquet"]) {
		t.Errorf("the day is not as it was: %d files", len(after))
	}
	if left, _ := os.ReadDir(target.Folder); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
	if err := os.WriteFile(filepath.Join(folder, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Begin(day); err == nil || !strings.Contains(err.Error(), "mine.txt") {
		t.Errorf("a folder with somebody's file is answered %v", err)
	}
	if _, err := ParseFormat("csv"); err == nil || !strings.Contains(err.Error(), "csv") {
		t.Errorf("another format is answered %v", err)
	}
}

// columnNames are the columns of a file as its schema has them.
func columnNames() (all []string) {
	for _, field := range parquet.SchemaOf(row{}).Fields() {
		all = append(all, field.Name())
	}
	return all
}
