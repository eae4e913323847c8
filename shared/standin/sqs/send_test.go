package sqs

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func TestSendMessageRules(t *testing.T) {
	w := newWorld(t)
	standard := w.queue("standard")
	small := w.queue("small", "MaximumMessageSize", "1024")
	fifo := w.queue("f.fifo", "FifoQueue", "true")
	content := w.queue("c.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	attribute := func(name, dataType, value string) object {
		return object{name: object{"DataType": dataType, "StringValue": value}}
	}
	many := func(n int) object {
		a := object{}
		for i := range n {
			a[fmt.Sprint("a", i)] = object{"DataType": "String", "StringValue": "v"}
		}
		return a
	}
	for _, c := range []struct {
		name, queue string
		in          object
		code, text  string
	}{
		{"empty body", standard, object{"MessageBody": ""}, "MissingParameter", "MessageBody"},
		{"no body", standard, object{}, "MissingParameter", "MessageBody"},
		{"1 MiB", standard, object{"MessageBody": strings.Repeat("x", 1<<20)}, "", ""},
		{"1 MiB and a byte", standard, object{"MessageBody": strings.Repeat("x", 1<<20+1)}, "InvalidParameterValue", "shorter than 1048576"},
		{"1 MiB with attributes", standard, object{"MessageBody": strings.Repeat("x", 1<<20-8), "MessageAttributes": attribute("a", "String", "b")}, "", ""},
		{"more than 1 MiB with attributes", standard, object{"MessageBody": strings.Repeat("x", 1<<20-7), "MessageAttributes": attribute("a", "String", "b")}, "InvalidParameterValue", "shorter"},
		{"as long as the queue allows", small, object{"MessageBody": strings.Repeat("x", 1024)}, "", ""},
		{"longer than the queue allows", small, object{"MessageBody": strings.Repeat("x", 1025)}, "InvalidParameterValue", "shorter than 1024"},
		{"bytes count, not characters", small, object{"MessageBody": strings.Repeat("ж", 513)}, "InvalidParameterValue", "shorter than 1024"},
		{"tab and newlines", standard, object{"MessageBody": "\t\r\n"}, "", ""},
		{"control character", standard, object{"MessageBody": "a\x01"}, "InvalidMessageContents", "#x1"},
		{"null character", standard, object{"MessageBody": "a\x00"}, "InvalidMessageContents", "#x0"},
		{"U+FFFD", standard, object{"MessageBody": "a\ufffd"}, "", ""},
		{"U+FFFE", standard, object{"MessageBody": "a\ufffe"}, "InvalidMessageContents", "#xFFFE"},
		{"U+1F600", standard, object{"MessageBody": "😀"}, "", ""},
		{"delay 900", standard, object{"MessageBody": "x", "DelaySeconds": 900}, "", ""},
		{"delay 901", standard, object{"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue", "DelaySeconds"},
		{"delay -1", standard, object{"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValue", "DelaySeconds"},
		{"10 attributes", standard, object{"MessageBody": "x", "MessageAttributes": many(10)}, "", ""},
		{"11 attributes", standard, object{"MessageBody": "x", "MessageAttributes": many(11)}, "InvalidParameterValue", "[11]"},
		{"attribute name with a period", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a.b", "String", "v")}, "", ""},
		{"two periods", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a..b", "String", "v")}, "InvalidParameterValue", "a..b"},
		{"period first", standard, object{"MessageBody": "x", "MessageAttributes": attribute(".a", "String", "v")}, "InvalidParameterValue", ".a"},
		{"AWS.", standard, object{"MessageBody": "x", "MessageAttributes": attribute("aws.x", "String", "v")}, "InvalidParameterValue", "aws.x"},
		{"Amazon.", standard, object{"MessageBody": "x", "MessageAttributes": attribute("Amazon.x", "String", "v")}, "InvalidParameterValue", "Amazon.x"},
		{"256 letters", standard, object{"MessageBody": "x", "MessageAttributes": attribute(strings.Repeat("n", 256), "String", "v")}, "", ""},
		{"257 letters", standard, object{"MessageBody": "x", "MessageAttributes": attribute(strings.Repeat("n", 257), "String", "v")}, "InvalidParameterValue", "name"},
		{"own type", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "Number.int", "1")}, "", ""},
		{"unknown type", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "Date", "1")}, "InvalidParameterValue", "type prefixes"},
		{"no type", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "", "1")}, "InvalidParameterValue", "non-empty message attribute type"},
		{"no value", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "String", "")}, "InvalidParameterValue", "non-empty message attribute value"},
		{"number", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "Number", "-12.5e3")}, "", ""},
		{"no number", standard, object{"MessageBody": "x", "MessageAttributes": attribute("a", "Number", "1x")}, "InvalidParameterValue", "to a number"},
		{"list", standard, object{"MessageBody": "x", "MessageAttributes": object{"a": object{"DataType": "String", "StringListValues": []string{"v"}}}}, "InvalidParameterValue", "list values"},
		{"bad base64", standard, object{"MessageBody": "x", "MessageAttributes": object{"a": object{"DataType": "Binary", "BinaryValue": "*"}}}, "SerializationException", "base64"},
		{"trace header", standard, object{"MessageBody": "x", "MessageSystemAttributes": attribute("AWSTraceHeader", "String", "Root=1")}, "", ""},
		{"other system attribute", standard, object{"MessageBody": "x", "MessageSystemAttributes": attribute("SenderId", "String", "me")}, "InvalidParameterValue", "AWSTraceHeader"},
		{"fair queue", standard, object{"MessageBody": "x", "MessageGroupId": "tenant"}, "", ""},
		{"deduplication id in a standard queue", standard, object{"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue", "queue type"},
		{"no group", fifo, object{"MessageBody": "x", "MessageDeduplicationId": "d"}, "MissingParameter", "MessageGroupId"},
		{"no deduplication id", fifo, object{"MessageBody": "x", "MessageGroupId": "g"}, "InvalidParameterValue", "ContentBasedDeduplication"},
		{"both", fifo, object{"MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}, "", ""},
		{"by content", content, object{"MessageBody": "x", "MessageGroupId": "g"}, "", ""},
		{"delay in a FIFO queue", content, object{"MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 1}, "InvalidParameterValue", "queue type"},
		{"no delay in a FIFO queue", content, object{"MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 0}, "", ""},
		{"empty group", content, object{"MessageBody": "x", "MessageGroupId": ""}, "InvalidParameterValue", "MessageGroupId"},
		{"group of 128", content, object{"MessageBody": "x", "MessageGroupId": strings.Repeat("g", 128)}, "", ""},
		{"group of 129", content, object{"MessageBody": "x", "MessageGroupId": strings.Repeat("g", 129)}, "InvalidParameterValue", "MessageGroupId"},
		{"group with a space", content, object{"MessageBody": "x", "MessageGroupId": "a b"}, "InvalidParameterValue", "MessageGroupId"},
		{"deduplication id of 129", fifo, object{"MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": strings.Repeat("d", 129)}, "InvalidParameterValue", "MessageDeduplicationId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			in := with(c.in, "QueueUrl", c.queue)
			if c.code != "" {
				w.fail("SendMessage", in, c.code, c.text)
				return
			}
			out := w.do("SendMessage", in)
			if len(out["MessageId"].(string)) != 36 {
				t.Errorf("MessageId %v", out["MessageId"])
			}
		})
	}
}

func TestMessageRoundTrip(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	const body = "héllo <&> \"ж\" \\ \n\t {\"a\":1} 😀"
	out := w.send(url, body, "MessageAttributes", object{
		"bin":   object{"DataType": "Binary", "BinaryValue": base64.StdEncoding.EncodeToString([]byte{0, 1, 255})},
		"num":   object{"DataType": "Number", "StringValue": "42"},
		"str.a": object{"DataType": "String.own", "StringValue": "v\"w"},
	}, "MessageSystemAttributes", object{"AWSTraceHeader": object{"DataType": "String", "StringValue": "Root=1-2"}}, "MessageGroupId", "tenant")
	if out["MD5OfMessageSystemAttributes"] == nil {
		t.Error("no digest of the system attributes")
	}
	if out["SequenceNumber"] != nil {
		t.Error("a sequence number in a standard queue")
	}
	get := func(in ...any) received {
		t.Helper()
		all := messages(w.do("ReceiveMessage", with(object{"QueueUrl": url, "VisibilityTimeout": 0}, in...)))
		if len(all) != 1 {
			t.Fatalf("%d messages", len(all))
		}
		return all[0]
	}
	m := get("MessageAttributeNames", []string{"All"}, "MessageSystemAttributeNames", []string{"All"})
	equal(t, "body", m.body, body)
	equal(t, "digest", fmt.Sprint(m.all["MD5OfBody"]), fmt.Sprint(out["MD5OfMessageBody"]))
	equal(t, "digest of the attributes", fmt.Sprint(m.all["MD5OfMessageAttributes"]), fmt.Sprint(out["MD5OfMessageAttributes"]))
	equal(t, "attributes", fmt.Sprint(m.all["MessageAttributes"]),
		`map[bin:map[BinaryValue:AAH/ DataType:Binary] num:map[DataType:Number StringValue:42] str.a:map[DataType:String.own StringValue:v"w]]`)
	equal(t, "system attributes", fmt.Sprint(m.attributes),
		"map[AWSTraceHeader:Root=1-2 ApproximateFirstReceiveTimestamp:1772366400000 ApproximateReceiveCount:1 MessageGroupId:tenant SenderId:AKIDTEST SentTimestamp:1772366400000]")
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"num"}, "map[num:map[DataType:Number StringValue:42]]"},
		{[]string{"str.*"}, `map[str.a:map[DataType:String.own StringValue:v"w]]`},
		{[]string{".*"}, fmt.Sprint(m.all["MessageAttributes"])},
		{[]string{"nu"}, "<nil>"},
		{nil, "<nil>"},
	} {
		m := get("MessageAttributeNames", c.names)
		equal(t, fmt.Sprint(c.names), fmt.Sprint(m.all["MessageAttributes"]), c.want)
		if (c.want == "<nil>") != (m.all["MD5OfMessageAttributes"] == nil) {
			t.Errorf("%v: digest %v", c.names, m.all["MD5OfMessageAttributes"])
		}
	}
	equal(t, "older names", fmt.Sprint(get("AttributeNames", []string{"SenderId"}).attributes), "map[SenderId:AKIDTEST]")
	w.fail("ReceiveMessage", object{"QueueUrl": url, "MessageSystemAttributeNames": []string{"Colour"}}, "InvalidAttributeName", "Colour")
}

// The digests are the ones that SQS answered to the same attributes.
func TestAttributesMD5(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	out := w.send(url, "derp", "MessageAttributes", object{"timestamp": object{"DataType": "Number", "StringValue": "1493147359900"}})
	equal(t, "digest", fmt.Sprint(out["MD5OfMessageAttributes"]), "235c5c510d26fb653d073faed50ae77c")
	equal(t, "digest of the body", fmt.Sprint(out["MD5OfMessageBody"]), "58fd9edd83341c29f1aebba81c31e257")
}

func TestSendMessageBatch(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "MaximumMessageSize", "1024")
	big := w.queue("big")
	fifo := w.queue("f.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	entries := func(n, size int) []object {
		var all []object
		for i := range n {
			all = append(all, object{"Id": fmt.Sprint("id", i), "MessageBody": strings.Repeat("x", size)})
		}
		return all
	}
	for _, c := range []struct {
		name    string
		queue   string
		entries any
		code    string
	}{
		{"ten", url, entries(10, 1), ""},
		{"eleven", url, entries(11, 1), "TooManyEntriesInBatchRequest"},
		{"none", url, []object{}, "EmptyBatchRequest"},
		{"absent", url, nil, "EmptyBatchRequest"},
		{"the same id twice", url, []object{entries(1, 1)[0], entries(1, 1)[0]}, "BatchEntryIdsNotDistinct"},
		{"bad id", url, []object{{"Id": "a b", "MessageBody": "x"}}, "InvalidBatchEntryId"},
		{"no id", url, []object{{"MessageBody": "x"}}, "InvalidBatchEntryId"},
		{"id of 80", url, []object{{"Id": strings.Repeat("i", 80), "MessageBody": "x"}}, ""},
		{"id of 81", url, []object{{"Id": strings.Repeat("i", 81), "MessageBody": "x"}}, "InvalidBatchEntryId"},
		{"1 MiB in all", big, entries(8, 1<<17), ""},
		{"more than 1 MiB in all", big, append(entries(8, 1<<17), object{"Id": "one", "MessageBody": "x"}), "BatchRequestTooLong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			in := object{"QueueUrl": c.queue, "Entries": c.entries}
			if c.code != "" {
				w.fail("SendMessageBatch", in, c.code, "")
				return
			}
			out := w.do("SendMessageBatch", in)
			if out["Failed"] != nil {
				t.Errorf("failed: %v", out["Failed"])
			}
		})
	}
	w.t = t
	out := w.do("SendMessageBatch", object{"QueueUrl": url, "Entries": []object{
		{"Id": "good", "MessageBody": "x"},
		{"Id": "long", "MessageBody": strings.Repeat("x", 1025)},
		{"Id": "bad", "MessageBody": "\x01"},
		{"Id": "attribute", "MessageBody": "x", "MessageAttributes": object{"a": object{"DataType": "Date", "StringValue": "v"}}},
	}})
	successful, failed := out["Successful"].([]any), out["Failed"].([]any)
	equal(t, "successful", len(successful), 1)
	equal(t, "id", successful[0].(object)["Id"].(string), "good")
	for i, want := range []string{"long InvalidParameterValue true", "bad InvalidMessageContents true", "attribute InvalidParameterValue true"} {
		f := failed[i].(object)
		equal(t, "failed", fmt.Sprint(f["Id"], " ", f["Code"], " ", f["SenderFault"]), want)
	}
	out = w.do("SendMessageBatch", object{"QueueUrl": fifo, "Entries": []object{
		{"Id": "1", "MessageBody": "a", "MessageGroupId": "g"},
		{"Id": "2", "MessageBody": "a", "MessageGroupId": "g"},
		{"Id": "3", "MessageBody": "b"},
	}})
	successful, failed = out["Successful"].([]any), out["Failed"].([]any)
	equal(t, "a duplicate inside a batch", successful[0].(object)["MessageId"], successful[1].(object)["MessageId"])
	equal(t, "its sequence number", successful[0].(object)["SequenceNumber"], successful[1].(object)["SequenceNumber"])
	equal(t, "failed", failed[0].(object)["Code"].(string), "MissingParameter")
}
