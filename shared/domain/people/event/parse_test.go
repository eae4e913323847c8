package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var received = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func arrival() Arrival {
	n := 0
	return Arrival{ReceivedAt: received, NewID: func() string {
		n++
		return fmt.Sprintf("assigned-%d", n)
	}}
}

func one(t *testing.T, kind Kind, body string) (Event, Refusal) {
	t.Helper()
	b, err := ParseOne([]byte(body), kind, arrival())
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if len(b.Events)+len(b.Refused) != 1 {
		t.Fatalf("%d events, %d refused", len(b.Events), len(b.Refused))
	}
	if len(b.Events) == 1 {
		return b.Events[0], Refusal{}
	}
	return Event{}, b.Refused[0]
}

func TestParseOneKeepsWhatTheClientSaid(t *testing.T) {
	body := `{"type":"track","event":"Order Completed","messageId":"m-1","userId":"u\u0041\ud83d\ude00","anonymousId":"a-1","rudderId":"x",
		"properties": {"order_id":"o1", "total":12.30,"n":12345678901234567890},"traits":{"vip":true},"context":{"ip":"1.2.3.4"},"integrations":{"All":true},
		"originalTimestamp":"2026-11-21T07:00:00.123Z","sentAt":"2026-11-21T07:30:00.123Z","receivedAt":"1999-01-01T00:00:00Z","writeKey":"wk"}`
	b, err := ParseOne([]byte(body), Track, arrival())
	if err != nil || len(b.Events) != 1 {
		t.Fatal(err, b)
	}
	want := Event{MessageID: "m-1", Kind: Track, UserID: "uA😀", AnonymousID: "a-1", Name: "Order Completed",
		Properties: json.RawMessage(`{"order_id":"o1", "total":12.30,"n":12345678901234567890}`), Traits: json.RawMessage(`{"vip":true}`),
		Context: json.RawMessage(`{"ip":"1.2.3.4"}`), Integrations: json.RawMessage(`{"All":true}`),
		Timestamp:         received.Add(-30 * time.Minute),
		OriginalTimestamp: time.Date(2026, 11, 21, 7, 0, 0, 123e6, time.UTC),
		SentAt:            time.Date(2026, 11, 21, 7, 30, 0, 123e6, time.UTC), ReceivedAt: received}
	if !reflect.DeepEqual(b.Events[0], want) {
		t.Errorf("got  %+v\nwant %+v", b.Events[0], want)
	}
	if b.WriteKey != "wk" {
		t.Errorf("write key %q", b.WriteKey)
	}
}

func TestParseOneKinds(t *testing.T) {
	const who = `"anonymousId":"a",`
	for name, tc := range map[string]struct {
		kind          Kind
		body          string
		field, reason string
		check         func(Event) bool
	}{
		"track":                       {Track, `{` + who + `"event":"X"}`, "", "", func(e Event) bool { return e.Name == "X" && e.MessageID == "assigned-1" }},
		"track without event":         {Track, `{` + who + `"name":"X"}`, "event", "is missing", nil},
		"track with a blank event":    {Track, `{` + who + `"event":"  "}`, "event", "is missing", nil},
		"track with a null event":     {Track, `{` + who + `"event":null}`, "event", "is missing", nil},
		"track with a number":         {Track, `{` + who + `"event":7}`, "event", "is not a string", nil},
		"the path decides":            {Track, `{` + who + `"type":"page","event":"X"}`, "", "", func(e Event) bool { return e.Kind == Track }},
		"identify":                    {Identify, `{"userId":"u","traits":{"a":1}}`, "", "", func(e Event) bool { return string(e.Traits) == `{"a":1}` }},
		"identify, traits in context": {Identify, `{"userId":"u","context":{"traits":{"a":1}}}`, "", "", func(e Event) bool { return string(e.Traits) == `{"a":1}` }},
		"identify, traits in both":    {Identify, `{"userId":"u","traits":{"b":2},"context":{"traits":{"a":1}}}`, "", "", func(e Event) bool { return string(e.Traits) == `{"b":2}` }},
		"track, traits in context":    {Track, `{"userId":"u","event":"X","context":{"traits":{"a":1}}}`, "", "", func(e Event) bool { return e.Traits == nil }},
		"identify, traits an array":   {Identify, `{"userId":"u","traits":[]}`, "traits", "is not an object", nil},
		"identify, traits null":       {Identify, `{"userId":"u","traits":null}`, "", "", func(e Event) bool { return e.Traits == nil }},
		"page":                        {Page, `{` + who + `"name":"Cart"}`, "", "", func(e Event) bool { return e.Name == "Cart" && e.Properties == nil }},
		"page without a name":         {Page, `{` + who + `"properties":{}}`, "", "", func(e Event) bool { return e.Name == "" && string(e.Properties) == "{}" }},
		"page with a category":        {Page, `{` + who + `"category":"Shop"}`, "", "", func(e Event) bool { return string(e.Properties) == `{"category":"Shop"}` }},
		"category beside properties":  {Page, `{` + who + `"category":"Shop","properties":{"a":1}}`, "", "", func(e Event) bool { return string(e.Properties) == `{"a":1,"category":"Shop"}` }},
		"category in both":            {Page, `{` + who + `"category":"Shop","properties":{"category":"x"}}`, "", "", func(e Event) bool { return string(e.Properties) == `{"category":"x"}` }},
		"screen named by event":       {Screen, `{` + who + `"event":"Home"}`, "", "", func(e Event) bool { return e.Name == "Home" }},
		"channel beside the context":  {Page, `{` + who + `"channel":"web","context":{}}`, "", "", func(e Event) bool { return string(e.Context) == `{"channel":"web"}` }},
		"channel null":                {Page, `{` + who + `"channel":null}`, "", "", func(e Event) bool { return e.Context == nil }},
		"channel in properties":       {Page, `{` + who + `"channel":"web","properties":{"channel":"x"}}`, "", "", func(e Event) bool { return string(e.Context) == `{"channel":"web"}` }},
		"identify, more in context":   {Identify, `{"userId":"u","context":{"traits":{"a":1},"app":{"b":2}}}`, "", "", func(e Event) bool { return string(e.Traits) == `{"a":1}` }},
		"identify, traits of another": {Identify, `{"userId":"u","properties":{"traits":{"a":1}}}`, "", "", func(e Event) bool { return e.Traits == nil }},
		"identify, no traits":         {Identify, `{"userId":"u","context":{"traits":"x"}}`, "", "", func(e Event) bool { return e.Traits == nil }},
		"the first fault counts":      {Track, `{"event":7,"userId":[],"properties":1}`, "userId", "is not a string", nil},
		"context broken within":       {Track, `{` + who + `"event":"X","context":{"a":1e999,"traits":{"a":1,"a":2}}}`, "context", "has a number that is out of range", nil},
		"channel in both":             {Page, `{` + who + `"channel":"web","context":{"channel":"x"}}`, "", "", func(e Event) bool { return string(e.Context) == `{"channel":"x"}` }},
		"group":                       {Group, `{` + who + `"groupId":"g"}`, "", "", func(e Event) bool { return e.GroupID == "g" }},
		"group without groupId":       {Group, `{` + who + `"groupId":""}`, "groupId", "is missing", nil},
		"alias":                       {Alias, `{"previousId":"p","userId":"u"}`, "", "", func(e Event) bool { return e.PreviousID == "p" && e.UserID == "u" }},
		"alias without previousId":    {Alias, `{"userId":"u"}`, "previousId", "is missing or means nobody", nil},
		"alias without userId":        {Alias, `{` + who + `"previousId":"p"}`, "userId", "is missing or means nobody", nil},
		"properties a string":         {Track, `{` + who + `"event":"X","properties":"x"}`, "properties", "is not an object", nil},
		"context an array":            {Track, `{` + who + `"event":"X","context":[1]}`, "context", "is not an object", nil},
		"integrations a bool":         {Track, `{` + who + `"event":"X","integrations":true}`, "integrations", "is not an object", nil},
		"nobody":                      {Track, `{"event":"X"}`, "userId", "and anonymousId are missing or mean nobody; one is required", nil},
		"not an object":               {Track, `[1,2]`, "", "is not an object", nil},
		"writeKey a number":           {Track, `{` + who + `"event":"X","writeKey":1}`, "writeKey", "is not a string", nil},
		"key written with escapes":    {Track, `{` + who + `"\u0065vent":"X"}`, "", "", func(e Event) bool { return e.Name == "X" }},
	} {
		t.Run(name, func(t *testing.T) {
			e, refused := one(t, tc.kind, tc.body)
			if refused.Field != tc.field || refused.Reason != tc.reason {
				t.Fatalf("refused %+v, want %q %q", refused, tc.field, tc.reason)
			}
			if tc.check != nil && !tc.check(e) {
				t.Errorf("got %+v, properties %s, traits %s, context %s", e, e.Properties, e.Traits, e.Context)
			}
		})
	}
}

// TestEveryKindInABatch has the type in the event itself.
func TestEveryKindInABatch(t *testing.T) {
	kinds := []Kind{Track, Identify, Page, Screen, Group, Alias}
	var events []string
	for _, kind := range kinds {
		events = append(events, `{"type":"`+string(kind)+`","userId":"u","event":"X","groupId":"g","previousId":"p","messageId":"`+string(kind)+`"}`)
	}
	b, err := ParseBatch([]byte(`{"batch":[`+strings.Join(events, ",")+`,{"type":"Track","userId":"u","event":"X"}]}`), arrival())
	if err != nil || len(b.Events) != len(kinds) || len(b.Refused) != 1 || b.Refused[0].Field != "type" {
		t.Fatal(b, err)
	}
	for i, e := range b.Events {
		if e.Kind != kinds[i] || e.MessageID != string(kinds[i]) {
			t.Errorf("%+v is of kind %s", e, kinds[i])
		}
	}
}

func TestParseOneIDs(t *testing.T) {
	for value, want := range map[string]string{
		`"u"`: "u", `"0"`: "", `0`: "", `-1`: "", `"-1"`: "", `null`: "", `"null"`: "", `"NULL"`: "", `" anonymous "`: "", `"undefined"`: "",
		`""`: "", `"  "`: "", `"00000000-0000-0000-0000-000000000000"`: "", `"----"`: "", `"000"`: "", `"00000000-0000-0000-0000-000000000001"`: "00000000-0000-0000-0000-000000000001",
		`42`: "42", `19`: "19", `90`: "90", `-7`: "-7", `1.5`: "bad", `1e3`: "bad", `true`: "bad", `{}`: "bad", `["u"]`: "bad", `"anonymous2"`: "anonymous2", `"-1a"`: "-1a",
	} {
		e, refused := one(t, Track, `{"event":"X","anonymousId":"a","userId":`+value+`}`)
		if got := e.UserID; want == "bad" && refused.Field != "userId" || want != "bad" && (got != want || refused.Reason != "") {
			t.Errorf("%s: got %q, %+v, want %q", value, got, refused, want)
		}
	}
}

func TestParseOneLimits(t *testing.T) {
	fill := func(n int) string { // a whole event of n bytes
		const head, tail = `{"anonymousId":"a","event":"X","properties":{"p":"`, `"}}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	nest := func(n int) string { // an event of n levels
		return `{"anonymousId":"a","event":"X","properties":` + strings.Repeat(`{"a":`, n-1) + "1" + strings.Repeat("}", n-1) + "}"
	}
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":1`, i)
		}
		return b.String()[1:]
	}
	for name, tc := range map[string]struct{ body, field, reason string }{
		"256 KB":               {fill(256 << 10), "", ""},
		"256 KB and a byte":    {fill(256<<10 + 1), "", "has 262145 bytes, more than 262144"},
		"32 levels":            {nest(32), "", ""},
		"33 levels":            {nest(33), "properties", "nests deeper than 32 levels"},
		"10,000 properties":    {`{"anonymousId":"a","event":"X","properties":{` + many(10_000) + `}}`, "", ""},
		"10,001 properties":    {`{"anonymousId":"a","event":"X","properties":{` + many(10_001) + `}}`, "properties", "has 10001 members, more than 10000"},
		"10,001 traits":        {`{"anonymousId":"a","event":"X","traits":{` + many(10_001) + `}}`, "traits", "has 10001 members, more than 10000"},
		"messageId of 100":     {`{"anonymousId":"a","event":"X","messageId":"` + strings.Repeat("你", 100) + `"}`, "", ""},
		"messageId of 101":     {`{"anonymousId":"a","event":"X","messageId":"` + strings.Repeat("你", 101) + `"}`, "messageId", "has more than 100 characters"},
		"userId of 512":        {`{"event":"X","userId":"` + strings.Repeat("u", 512) + `"}`, "", ""},
		"userId of 513":        {`{"event":"X","userId":"` + strings.Repeat("u", 513) + `"}`, "userId", "has more than 512 characters"},
		"event of 512":         {`{"anonymousId":"a","event":"` + strings.Repeat("你", 512) + `"}`, "", ""},
		"number of 100":        {`{"anonymousId":"a","event":"X","messageId":1` + strings.Repeat("0", 99) + `}`, "", ""},
		"number of 101":        {`{"anonymousId":"a","event":"X","messageId":1` + strings.Repeat("0", 100) + `}`, "messageId", "has more than 100 characters"},
		"10,001 of both":       {`{"anonymousId":"a","event":"X","traits":{` + many(10_001) + `},"properties":{` + many(10_002) + `}}`, "properties", "has 10002 members, more than 10000"},
		"event of 513":         {`{"anonymousId":"a","event":"` + strings.Repeat("X", 513) + `"}`, "event", "has more than 512 characters"},
		"a key twice":          {`{"anonymousId":"a","event":"X","properties":{"a":{"b":1,"c":2,"b":3}}}`, "properties", `has the key "b" twice`},
		"a long key twice":     {`{"anonymousId":"a","event":"X","properties":{"` + strings.Repeat("k", 64) + `":1,"` + strings.Repeat("k", 64) + `":1}}`, "properties", `has the key "` + strings.Repeat("k", 64) + `" twice`},
		"a longer key twice":   {`{"anonymousId":"a","event":"X","properties":{"` + strings.Repeat("k", 65) + `":1,"` + strings.Repeat("k", 65) + `":1}}`, "properties", `has the key "` + strings.Repeat("k", 64) + `..." twice`},
		"cut in a character":   {`{"anonymousId":"a","event":"X","` + strings.Repeat("k", 62) + `未未":1e999}`, strings.Repeat("k", 62) + "...", "has a number that is out of range"},
		"cut after one":        {`{"anonymousId":"a","event":"X","` + strings.Repeat("k", 61) + `未未":1e999}`, strings.Repeat("k", 61) + "未...", "has a number that is out of range"},
		"no character at all":  {`{"anonymousId":"a","event":"X","` + strings.Repeat("\x80", 65) + `":1}`, "...", "has bytes that are not UTF-8"},
		"two defects":          {`{"anonymousId":"a","event":"X","q":[1e999,{"z":1,"z":1}]}`, "q", "has a number that is out of range"},
		"two fields' defects":  {`{"anonymousId":"a","event":"X","q":1e999,"r":{"z":1,"z":1}}`, "q", "has a number that is out of range"},
		"a key twice, escaped": {`{"anonymousId":"a","event":"X","properties":{"ab":1,"\u0061b":2}}`, "properties", `has the key "ab" twice`},
		"a field twice":        {`{"anonymousId":"a","event":"X","event":"Y"}`, "", `has the key "event" twice`},
		"an unknown one twice": {`{"anonymousId":"a","event":"X","q":{"z":1,"z":1}}`, "q", `has the key "z" twice`},
		"one of 20 keys twice": {`{"anonymousId":"a","event":"X","context":{` + twenty() + `,"k7":1}}`, "context", `has the key "k7" twice`},
		"20 keys":              {`{"anonymousId":"a","event":"X","context":{` + twenty() + `}}`, "", ""},
		"not UTF-8":            {"{\"anonymousId\":\"a\",\"event\":\"X\",\"properties\":{\"a\":\"\xff\"}}", "properties", "has bytes that are not UTF-8"},
		"a key not UTF-8":      {"{\"anonymousId\":\"a\",\"event\":\"X\",\"properties\":{\"\xc0\x80\":1}}", "properties", "has bytes that are not UTF-8"},
		"an id not UTF-8":      {"{\"anonymousId\":\"\xed\xa0\x80\",\"event\":\"X\"}", "anonymousId", "has bytes that are not UTF-8"},
		"a lone surrogate":     {`{"anonymousId":"a\ud83d","event":"X"}`, "", ""},
		"1e308":                {`{"anonymousId":"a","event":"X","properties":{"a":1e308}}`, "", ""},
		"1e309":                {`{"anonymousId":"a","event":"X","properties":{"a":[-1e309]}}`, "properties", "has a number that is out of range"},
		"309 digits":           {`{"anonymousId":"a","event":"X","properties":{"a":` + strings.Repeat("1", 309) + `}}`, "", ""},
		"310 digits":           {`{"anonymousId":"a","event":"X","properties":{"a":` + strings.Repeat("1", 310) + `}}`, "properties", "has a number that is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, refused := one(t, Track, tc.body); refused.Field != tc.field || refused.Reason != tc.reason {
				t.Errorf("refused %+v, want %q %q", refused, tc.field, tc.reason)
			}
		})
	}
}

// TestLevelsAreThoseOfTheEvent has the events of a batch nest as deep as one that comes alone.
func TestLevelsAreThoseOfTheEvent(t *testing.T) {
	nest := func(n int) string { // an event of n levels
		return `{"type":"page","userId":"u","properties":` + strings.Repeat(`{"a":`, n-1) + "1" + strings.Repeat("}", n-1) + "}"
	}
	b, err := ParseBatch([]byte(`{"batch":[`+nest(32)+`,`+nest(33)+`,`+nest(32)+`]}`), arrival())
	if err != nil || len(b.Events) != 2 || len(b.Refused) != 1 || b.Refused[0] != (Refusal{1, "properties", "nests deeper than 32 levels"}) {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestParseAllocatesNothingForUnknownFields(t *testing.T) {
	body := func(unknown int) []byte {
		var b strings.Builder
		b.WriteString(`{"batch":[{"type":"track","event":"X","userId":"u","messageId":"m","properties":{"a":1`)
		for i := range unknown {
			fmt.Fprintf(&b, `,"unknown%d":{"x":[%d,"y"]}`, i, i)
		}
		b.WriteString(`}}]}`)
		return []byte(b.String())
	}
	count := func(body []byte) float64 {
		return testing.AllocsPerRun(100, func() {
			if b, err := ParseBatch(body, Arrival{ReceivedAt: received}); err != nil || len(b.Events) != 1 {
				t.Fatal(err, b)
			}
		})
	}
	few, many := count(body(1)), count(body(900))
	if many > few+1 {
		t.Errorf("%v allocations with 900 unknown fields, %v with one", many, few)
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		size   int
		money  bool
		reason string
	}{
		{32 << 10, false, ""}, {32<<10 + 1, false, "has 32769 bytes, more than 32768"}, {256<<10 + 1, false, "has 262145 bytes, more than 32768"},
		{32<<10 + 1, true, ""}, {256 << 10, true, ""}, {256<<10 + 1, true, "has 262145 bytes, more than 262144"},
	} {
		if reason := Fits(c.size, c.money); reason != c.reason {
			t.Errorf("%d bytes, money %v: %q, want %q", c.size, c.money, reason, c.reason)
		}
	}
}
