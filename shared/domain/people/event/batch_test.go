package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func twenty() string {
	keys := make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(keys, ",")
}

// TestWhatIsNoBatch has the bodies that are refused as a whole; TestSyntaxErrorsSayWhere has those that are no JSON.
func TestWhatIsNoBatch(t *testing.T) {
	const event = `{"type":"page","userId":"u"}`
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for body, want := range map[string]struct{ field, reason string }{
		`{"batch":[]}{}`:                         {"", "is not valid JSON: more follows at byte 12"},
		"{\"batch\":[]} \x00":                    {"", "is not valid JSON: more follows at byte 13"},
		`[` + event + `]`:                        {"", "is not an object"},
		`7`:                                      {"", "is not an object"},
		`{"events":[]}`:                          {"batch", "is not an array of events"},
		` { "events":[]}`:                        {"batch", "is not an array of events"},
		`{"batch":{}}`:                           {"batch", "is not an array of events"},
		`{"batch":null}`:                         {"batch", "is not an array of events"},
		`{"batch":[` + event + `],"batch":[{}]}`: {"", `has the key "batch" twice`},
		`{"batch":[` + event + `],"writeKey":1}`: {"writeKey", "is not a string"},
		`{"batch":[` + event + `],"sentAt":"now"}`:                {"sentAt", notATime},
		`{"batch":[` + event + `],"context":"x"}`:                 {"context", "is not an object"},
		`{"batch":[` + event + `],"integrations":[]}`:             {"integrations", "is not an object"},
		`{"batch":[],"context":{"a":1,"a":2}}`:                    {"context", `has the key "a" twice`},
		`{"batch":[],"` + strings.Repeat("k", 65) + `":1e999}`:    {strings.Repeat("k", 64) + "...", "has a number that is out of range"},
		`{"batch":[` + event + `],"context":` + nest(32) + `}`:    {"context", "nests deeper than 32 levels"},
		`{"batch":[` + event + `],"context":` + nest(31) + `}`:    {"context", "is not an object"},
		`{"q":` + nest(511) + `}`:                                 {"q", "nests deeper than 32 levels"},
		`{"q":` + nest(512) + `}`:                                 {"", "nests deeper than 512 levels"},
		`{"q":` + strings.Repeat(`{"a":`, 512):                    {"", "nests deeper than 512 levels"},
		`{"batch":[` + event + `],"q":` + nest(512) + `}`:         {"", "nests deeper than 512 levels"},
		`{"batch":[],"q":` + strings.Repeat("[", 100_000):         {"", "nests deeper than 512 levels"},
		`{"batch":` + nest(2) + `,"q":` + nest(32) + `,"r":1e99}`: {"q", "nests deeper than 32 levels"},
	} {
		_, err := ParseBatch([]byte(body), arrival())
		var bad *Malformed
		if !errors.As(err, &bad) || *bad != (Malformed{-1, want.field, want.reason}) {
			t.Errorf("%.80s: %+v, want %+v", body, bad, want)
		}
	}
}

func TestMalformedAsText(t *testing.T) {
	for _, c := range []struct {
		fault Malformed
		text  string
	}{{Malformed{-1, "", "is not an object"}, "the body is not an object"}, {Malformed{2500, "batch", "has more than 2500 events"}, "batch has more than 2500 events"}} {
		if got := c.fault.Error(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
	}
}

// TestOneCallIsNoBatch refuses bodies of single calls as a whole.
func TestOneCallIsNoBatch(t *testing.T) {
	for body, want := range map[string]Malformed{
		`{"a":nul}`:                              {0, "", "is not valid JSON: unexpected character at byte 5"},
		`nul`:                                    {0, "", "is not valid JSON: unexpected character at byte 0"},
		`{"userId":"u"} {}`:                      {-1, "", "is not valid JSON: more follows at byte 15"},
		"{\"userId\":\"u\"}\x00":                 {-1, "", "is not valid JSON: more follows at byte 14"},
		`{"context":{"traits":{"a":]}}}`:         {0, "", "is not valid JSON: unexpected character at byte 26"},
		`{"a":` + strings.Repeat("[", 512) + `}`: {0, "", "nests deeper than 512 levels"},
	} {
		_, err := ParseOne([]byte(body), Page, arrival())
		var bad *Malformed
		if !errors.As(err, &bad) || *bad != want {
			t.Errorf("%.80s: %+v, want %+v", body, bad, want)
		}
	}
}

func TestMalformedNamesTheEvent(t *testing.T) {
	for body, want := range map[string]Malformed{
		`{"batch":[{"type":"page","userId":"u"},{"a":}]}`:   {1, "", "is not valid JSON: unexpected character at byte 44"},
		`{"batch":[{"a":[}]}`:                               {0, "", "is not valid JSON: unexpected character at byte 16"},
		`{"batch":[7,` + strings.Repeat("[", 511):           {1, "", "nests deeper than 512 levels"},
		`{"batch":[` + strings.Repeat(`{},`, 2500) + `{}]}`: {2500, "batch", "has more than 2500 events"},
	} {
		_, err := ParseBatch([]byte(body), arrival())
		var bad *Malformed
		if !errors.As(err, &bad) || *bad != want {
			t.Errorf("got %+v, want %+v", bad, want)
		}
	}
	b, err := ParseBatch([]byte(`{"batch":[`+strings.Repeat(`{"type":"page","userId":"u"},`, 2499)+`{"type":"page","userId":"u"}]}`), arrival())
	if err != nil || len(b.Events) != 2500 {
		t.Errorf("2500 events: %v, %v", b, err)
	}
}

func TestParseBatchJudgesEventByEvent(t *testing.T) {
	body := `{"writeKey":"wk","batch":[
		{"type":"track","event":"A","userId":"u"},
		{"type":"track","userId":"u"},
		7,
		{"type":"purchase","userId":"u"},
		{"type":"page","userId":"u","timestamp":"yesterday"},
		{"userId":"u"},
		{"type":"track","event":"B","userId":"u","properties":{"a":1,"a":2}},
		{"type":"identify","anonymousId":"x","messageId":"mine"},
		{"type":"track","event":"C","userId":"u","sentAt":5},
		[1e999],
		{"type":"page","userId":"u","messageId":"after"}
	]}`
	b, err := ParseBatch([]byte(body), arrival())
	if err != nil {
		t.Fatal(err)
	}
	const notAType = "is not track, identify, page, screen, group or alias"
	want := []Refusal{{1, "event", "is missing"}, {2, "", "is not an object"}, {3, "type", notAType}, {4, "timestamp", notATime}, {5, "type", notAType},
		{6, "properties", `has the key "a" twice`}, {8, "sentAt", notATime}, {9, "", "is not an object"}}
	if !reflect.DeepEqual(b.Refused, want) {
		t.Errorf("refused %+v", b.Refused)
	}
	if len(b.Events) != 3 || b.Events[0].MessageID != "assigned-1" || b.Events[1].MessageID != "mine" || b.Events[2].MessageID != "after" || b.WriteKey != "wk" {
		t.Errorf("got %+v", b)
	}
	b.Judge(func(e *Event, _ Sent) (string, string) {
		if e.MessageID != "mine" {
			return "event", "not today"
		}
		return "", ""
	})
	if len(b.Events) != 1 || b.Events[0].MessageID != "mine" || len(b.Refused) != 10 || b.Refused[0] != (Refusal{0, "event", "not today"}) || b.Refused[9] != (Refusal{10, "event", "not today"}) {
		t.Errorf("after Judge: %+v", b)
	}
}

func TestParseBatchMergesWhatItSaysForAll(t *testing.T) {
	body := `{"batch":[
		{"type":"page","userId":"u"},
		{"type":"page","userId":"u","context":{"locale":"de","app":{"name":"b"}},"integrations":{"All":true}},
		{"type":"page","userId":"u","context":{},"sentAt":"2026-11-21T07:00:00Z","timestamp":"2026-11-21T07:00:00Z"},
		{"type":"page","userId":"u","context":null,"timestamp":"2026-11-21T06:00:00Z"},
		{"type":"page","userId":"u","context":{"l\u006fcale":"fr"}}
	],"context":{"locale" : "en","app":{"name":"a","version":"1"}},"integrations":{"All":false,"X":1},"sentAt":"2026-11-21T07:30:00Z"}`
	b, err := ParseBatch([]byte(body), arrival())
	if err != nil || len(b.Refused) > 0 {
		t.Fatal(err, b.Refused)
	}
	const common = `{"locale" : "en","app":{"name":"a","version":"1"}}`
	for i, want := range []struct {
		context, integrations string
		at                    time.Time
	}{
		{common, `{"All":false,"X":1}`, received},
		{`{"locale":"de","app":{"name":"b"}}`, `{"All":true,"X":1}`, received},
		{`{"locale" : "en","app":{"name":"a","version":"1"}}`, `{"All":false,"X":1}`, received},
		{common, `{"All":false,"X":1}`, received.Add(-90 * time.Minute)},
		{`{"l\u006fcale":"fr","app":{"name":"a","version":"1"}}`, `{"All":false,"X":1}`, received},
	} {
		e := b.Events[i]
		if string(e.Context) != want.context || string(e.Integrations) != want.integrations || !e.Timestamp.Equal(want.at) {
			t.Errorf("event %d: %s %s %s", i, e.Context, e.Integrations, e.Timestamp)
		}
		if !json.Valid(e.Context) {
			t.Errorf("event %d: context is not JSON: %s", i, e.Context)
		}
	}
}

func TestParseBatchBoundsWhatMergingMakes(t *testing.T) {
	const item = `{"type":"page","userId":"u"}` // 28 bytes
	context := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	parse := func(events, contextBytes int) *Batch {
		t.Helper()
		body := `{"batch":[` + strings.Repeat(item+",", events-1) + item + `],"context":` + context(contextBytes) + `}`
		b, err := ParseBatch([]byte(body), arrival())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if b := parse(2, 256<<10-len(item)); len(b.Events) != 2 {
		t.Errorf("an event of 256 KB after merging: %+v", b.Refused)
	}
	if b := parse(2, 256<<10-len(item)+1); len(b.Events) != 0 || b.Refused[1] != (Refusal{1, "context", "makes the event larger than 262144 bytes when the batch's is merged into it"}) {
		t.Errorf("an event over 256 KB after merging: %+v", b.Refused)
	}
	// Who takes the batch is told the size after merging.
	grown := parse(2, 32<<10-len(item)+1)
	grown.Judge(func(_ *Event, as Sent) (string, string) { return "", Fits(as.Size, false) })
	if len(grown.Events) != 0 || grown.Refused[1] != (Refusal{1, "", "has 32769 bytes, more than 32768"}) {
		t.Errorf("an event of 32 KB and a byte after merging: %+v", grown.Refused)
	}
	// 128 events of 32 KB are 4 MB to the byte. What is refused for something else takes no part.
	context128 := context(32<<10 - len(item))
	if b, err := ParseBatch([]byte(`{"batch":[`+strings.Repeat(`{"type":"what","userId":"u"},`, 9)+strings.Repeat(item+",", 128)+item+`],"context":`+context128+`}`), arrival()); err != nil ||
		len(b.Events) != 128 || len(b.Refused) != 10 || b.Refused[9] != (Refusal{137, "context", "makes the batch larger than 4194304 bytes when it is merged into every event"}) {
		t.Errorf("%d events, refused %+v, %v", len(b.Events), b.Refused, err)
	}
	// Where nothing is merged nothing grows.
	if b, err := ParseBatch([]byte(`{"batch":[`+strings.Repeat(`{"type":"page","userId":"u","q":"`+strings.Repeat("x", 2000)+`"},`, 2499)+item+`],"context":{}}`), arrival()); err != nil || len(b.Events) != 2500 {
		t.Errorf("5 MB without anything common: %v", err)
	}
	b := parse(2500, 30_000)
	if fit := (4 << 20) / 30_028; len(b.Events) != fit || len(b.Refused) != 2500-fit || b.Refused[0].Field != "context" || b.Refused[0].Index != fit {
		t.Errorf("%d of 2500 events fit, want %d", len(b.Events), fit)
	}
}

// TestTheSizeThatIsJudged is that of the event as it was sent, with what it was given.
func TestTheSizeThatIsJudged(t *testing.T) {
	for _, c := range []struct{ name, own, common, context, integrations string }{
		{"nothing common", `,"context":{"a":1}`, ``, `{"a":1}`, ``},
		{"empty common", `,"context":{"a":1}`, `,"context":{},"integrations":{}`, `{"a":1}`, ``},
		{"empty common and none", ``, `,"context":{},"integrations":null`, ``, ``},
		{"empty common and another", ``, `,"context":{},"integrations":{"X":true}`, ``, `{"X":true}`},
		{"null common", `,"integrations":{"X":1}`, `,"context":null`, ``, `{"X":1}`},
		{"both common", ``, `,"context":{"a":1,"b":2},"integrations":{"X":true}`, `{"a":1,"b":2}`, `{"X":true}`},
		{"both in both", `,"context":{"a":7},"integrations":{"Y":false}`, `,"context":{"a":1,"b":2},"integrations":{"X":true}`, `{"a":7,"b":2}`, `{"Y":false,"X":true}`},
		{"integrations only", `,"context":{"a":1},"integrations":{}`, `,"integrations":{"X":true}`, `{"a":1}`, `{"X":true}`},
		{"context only", `,"context":{},"integrations":{"X":1}`, `,"context":{"a":1}`, `{"a":1}`, `{"X":1}`},
	} {
		event := `{"type":"page","userId":"u"` + c.own + `}`
		b, err := ParseBatch([]byte(`{"batch":[`+event+`]`+c.common+`}`), arrival())
		if err != nil || len(b.Events) != 1 {
			t.Errorf("%s: %v, %v", c.name, b, err)
			continue
		}
		if e := b.Events[0]; string(e.Context) != c.context || string(e.Integrations) != c.integrations {
			t.Errorf("%s: %s %s, want %s %s", c.name, e.Context, e.Integrations, c.context, c.integrations)
		}
		own, _ := one(t, Page, event)
		want := len(event) + len(c.context) - len(own.Context) + len(c.integrations) - len(own.Integrations)
		b.Judge(func(_ *Event, as Sent) (string, string) {
			if as.Size != want {
				t.Errorf("%s: %d bytes are judged, want %d", c.name, as.Size, want)
			}
			return "", ""
		})
	}
}

func TestParseBatchWithoutEvents(t *testing.T) {
	b, err := ParseBatch([]byte(` {"batch" : [ ] , "sentAt" : null } `), arrival())
	if err != nil || len(b.Events)+len(b.Refused) != 0 {
		t.Errorf("got %+v, %v", b, err)
	}
}
