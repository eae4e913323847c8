package dynamodb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

type streamRecord struct {
	EventName    string
	UserIdentity *struct{ PrincipalId, Type string }
	Dynamodb     struct {
		Keys, NewImage, OldImage json.RawMessage
		SequenceNumber           string
		SizeBytes                int
	}
}

func (r streamRecord) String() string {
	s := fmt.Sprintf("%s %s %s>%s", r.EventName, r.Dynamodb.Keys, r.Dynamodb.OldImage, r.Dynamodb.NewImage)
	if r.UserIdentity != nil {
		s += " by " + r.UserIdentity.PrincipalId
	}
	return s
}

func streamTable(view string) string {
	return strings.TrimSuffix(tableBody("tab", "pk:S"), "}") + `,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"` + view + `"}}`
}

func streamARN(t *testing.T, e *Engine) string {
	t.Helper()
	return e.table("tab").streamARN()
}

func iteratorOf(t *testing.T, e *Engine, kind, more string) string {
	t.Helper()
	status, got := send(e, "GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,"ShardIteratorType":%q%s}`, streamARN(t, e), shardName, kind, more))
	if status != 200 {
		t.Fatal(got)
	}
	var out struct{ ShardIterator string }
	_ = json.Unmarshal([]byte(got), &out)
	return out.ShardIterator
}

func read(t *testing.T, e *Engine, iterator string, limit int) (records []streamRecord, next string) {
	t.Helper()
	status, got := send(e, "GetRecords", fmt.Sprintf(`{"ShardIterator":%q,"Limit":%d}`, iterator, limit))
	if status != 200 {
		t.Fatal(got)
	}
	var out struct {
		Records           []streamRecord
		NextShardIterator string
	}
	if err := json.Unmarshal([]byte(got), &out); err != nil {
		t.Fatal(err)
	}
	return out.Records, out.NextShardIterator
}

func TestStreamRecords(t *testing.T) {
	const k, v1, v2 = `{"pk":{"S":"k"}}`, `{"pk":{"S":"k"},"v":{"N":"1"}}`, `{"pk":{"S":"k"},"v":{"N":"2"}}`
	for _, c := range []struct{ view, insert, modify, remove string }{
		{"KEYS_ONLY", ">", ">", ">"},
		{"NEW_IMAGE", ">" + v1, ">" + v2, ">"},
		{"OLD_IMAGE", ">", v1 + ">", v2 + ">"},
		{"NEW_AND_OLD_IMAGES", ">" + v1, v1 + ">" + v2, v2 + ">"},
	} {
		t.Run(c.view, func(t *testing.T) {
			e := openEngine(t, Options{})
			create(t, e, streamTable(c.view))
			put(t, e, "tab", v1)
			put(t, e, "tab", v1) // nothing changes
			put(t, e, "tab", v2)
			exchangeCase{"DeleteItem", `{"TableName":"tab","Key":` + k + `}`, ""}.run(t, e)
			exchangeCase{"DeleteItem", `{"TableName":"tab","Key":` + k + `}`, ""}.run(t, e)
			records, next := read(t, e, iteratorOf(t, e, "TRIM_HORIZON", ""), 10)
			want := fmt.Sprintf("[INSERT %s %s MODIFY %s %s REMOVE %s %s]", k, c.insert, k, c.modify, k, c.remove)
			if got := fmt.Sprint(records); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if next == "" {
				t.Error("an open shard has no next iterator")
			}
			if again, _ := read(t, e, next, 10); len(again) != 0 {
				t.Errorf("%d records come twice", len(again))
			}
		})
	}
}

func TestStreamIterators(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, streamTable("KEYS_ONLY"))
	for i := range 5 {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"%d"}}`, i))
	}
	keys := func(records []streamRecord) string {
		var all []string
		for _, r := range records {
			all = append(all, string(r.Dynamodb.Keys)[12:13])
		}
		return strings.Join(all, "")
	}
	all, _ := read(t, e, iteratorOf(t, e, "TRIM_HORIZON", ""), 1000)
	if keys(all) != "01234" {
		t.Fatalf("the stream has %s", keys(all))
	}
	from := `,"SequenceNumber":"` + all[2].Dynamodb.SequenceNumber + `"`
	if got, _ := read(t, e, iteratorOf(t, e, "AT_SEQUENCE_NUMBER", from), 10); keys(got) != "234" {
		t.Errorf("at the third record: %s", keys(got))
	}
	if got, _ := read(t, e, iteratorOf(t, e, "AFTER_SEQUENCE_NUMBER", from), 10); keys(got) != "34" {
		t.Errorf("after the third record: %s", keys(got))
	}
	latest := iteratorOf(t, e, "LATEST", "")
	put(t, e, "tab", `{"pk":{"S":"5"}}`)
	if got, _ := read(t, e, latest, 10); keys(got) != "5" {
		t.Errorf("after the latest: %s", keys(got))
	}
	first, next := read(t, e, iteratorOf(t, e, "TRIM_HORIZON", ""), 4)
	second, _ := read(t, e, next, 4)
	if keys(first) != "0123" || keys(second) != "45" {
		t.Errorf("in two parts: %s and %s", keys(first), keys(second))
	}
	arn := streamARN(t, e)
	runAll(t, e, []exchangeCase{
		{"ListStreams", `{"TableName":"tab"}`, fmt.Sprintf(`{"Streams":[{"StreamArn":%q,"TableName":"tab","StreamLabel":%q}]}`, arn, e.table("tab").StreamLabel)},
		{"ListStreams", `{"TableName":"other"}`, `{"Streams":[]}`},
		{"DescribeStream", `{"StreamArn":"` + arn + `"}`, ""},
		{"DescribeStream", `{"StreamArn":"` + arn + `0"}`, "!ResourceNotFoundException"},
		{"GetShardIterator", `{"StreamArn":"` + arn + `","ShardId":"no","ShardIteratorType":"LATEST"}`, "!ResourceNotFoundException"},
		{"GetShardIterator", `{"StreamArn":"` + arn + `","ShardId":"` + shardName + `","ShardIteratorType":"OLDEST"}`, "!ValidationException"},
		{"GetRecords", `{"ShardIterator":"!"}`, "!ValidationException: Invalid ShardIterator"},
		{"GetRecords", `{"ShardIterator":"` + latest + `","Limit":1001}`, "!ValidationException"},
	})
}

func TestStreamIsSwitchedOffAndOn(t *testing.T) {
	clock := newClock()
	e := openEngine(t, Options{Clock: clock.Now})
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", `{"pk":{"S":"before"}}`)
	const on, off = `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`, `{"TableName":"tab","StreamSpecification":{"StreamEnabled":false}}`
	runAll(t, e, []exchangeCase{{"UpdateTable", off, "!ValidationException: Table has no stream to disable: TableName: tab"}, {"UpdateTable", on, ""}, {"UpdateTable", on, "!ValidationException: Table already has an enabled stream: TableName: tab"}})
	put(t, e, "tab", `{"pk":{"S":"a"}}`)
	first := iteratorOf(t, e, "TRIM_HORIZON", "")
	exchangeCase{"UpdateTable", off, ""}.run(t, e)
	put(t, e, "tab", `{"pk":{"S":"b"}}`)
	records, next := read(t, e, first, 10)
	if len(records) != 1 || next != "" {
		t.Errorf("the closed stream has %v and the next iterator %q", records, next)
	}
	clock.step(time.Second)
	exchangeCase{"UpdateTable", on, ""}.run(t, e)
	if records, _ = read(t, e, iteratorOf(t, e, "TRIM_HORIZON", ""), 10); len(records) != 0 {
		t.Errorf("the new stream begins with %v", records)
	}
	exchangeCase{"GetRecords", `{"ShardIterator":"` + first + `"}`, "!ResourceNotFoundException"}.run(t, e)
}

func TestStreamTellsOfExpiryAndForgets(t *testing.T) {
	clock := newClock()
	e := openEngine(t, Options{Clock: clock.Now, TTLLag: -1})
	create(t, e, streamTable("KEYS_ONLY"))
	enableTTL(t, e, "tab")
	exp := fmt.Sprint(clock.Now().Add(time.Minute).Unix())
	put(t, e, "tab", `{"pk":{"S":"swept"},"exp":{"N":"`+exp+`"}}`)
	put(t, e, "tab", `{"pk":{"S":"replaced"},"exp":{"N":"`+exp+`"}}`)
	clock.step(time.Minute)
	put(t, e, "tab", `{"pk":{"S":"replaced"}}`)
	e.sweep()
	start := iteratorOf(t, e, "TRIM_HORIZON", "")
	records, _ := read(t, e, start, 10)
	want := `[INSERT {"pk":{"S":"swept"}} > INSERT {"pk":{"S":"replaced"}} > REMOVE {"pk":{"S":"replaced"}} > by dynamodb.amazonaws.com ` +
		`INSERT {"pk":{"S":"replaced"}} > REMOVE {"pk":{"S":"swept"}} > by dynamodb.amazonaws.com]`
	if got := fmt.Sprint(records); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	clock.step(streamLife - time.Minute)
	e.sweep()
	if records, _ = read(t, e, start, 10); len(records) != 5 {
		t.Errorf("within a day %d records are left of 5", len(records))
	}
	clock.step(time.Minute + time.Second)
	e.sweep()
	if records, _ = read(t, e, start, 10); len(records) != 0 {
		t.Errorf("after a day %d records are left", len(records))
	}
}
