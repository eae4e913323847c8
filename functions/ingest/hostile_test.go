package ingest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/source"
)

// hostile is what somebody may send in place of one good event. whole says that the text is no JSON at all, so that a batch around it
// cannot be read either; taken says that it is odd and harmless, and accepted.
var hostile = []struct {
	name, body   string
	whole, taken bool
}{
	{name: "a depth of 33", body: `{"type":"track","event":"X","userId":"u","properties":` + strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33) + `}`},
	{name: "a depth of 60,000", body: strings.Repeat(`{"a":`, 60_000) + "1" + strings.Repeat("}", 60_000), whole: true},
	{name: "a depth of 100,000 that never ends", body: strings.Repeat("[", 100_000), whole: true},
	{name: "a key twice", body: `{"type":"track","event":"X","userId":"u","userId":"v"}`},
	{name: "a key twice within properties", body: `{"type":"track","event":"X","userId":"u","properties":{"total":1,"total":2}}`},
	{name: "a key twice, once escaped", body: `{"type":"track","event":"X","userId":"u","properties":{"total":1,"tot\u0061l":2}}`},
	{name: "bytes that are not UTF-8", body: "{\"type\":\"track\",\"event\":\"X\xff\",\"userId\":\"u\"}"},
	{name: "an overlong NUL", body: "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"properties\":{\"\xc0\x80\":1}}"},
	{name: "a surrogate as bytes", body: "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"\xed\xa0\x80\"}"},
	{name: "1e999", body: `{"type":"track","event":"X","userId":"u","properties":{"total":1e999}}`},
	{name: "a number of 400 digits", body: `{"type":"track","event":"X","userId":"u","properties":{"total":` + strings.Repeat("9", 400) + `}}`},
	{name: "NaN", body: `{"type":"track","event":"X","userId":"u","properties":{"total":NaN}}`, whole: true},
	{name: "an event that is a number", body: `{"type":"track","event":7,"userId":"u"}`},
	{name: "an event that is an object", body: `{"type":"track","event":{},"userId":"u"}`},
	{name: "a userId that is a list", body: `{"type":"track","event":"X","userId":["u"]}`},
	{name: "a userId that is true", body: `{"type":"track","event":"X","userId":true}`},
	{name: "a userId of 1.5", body: `{"type":"track","event":"X","userId":1.5}`},
	{name: "properties that are a list", body: `{"type":"track","event":"X","userId":"u","properties":[]}`},
	{name: "a context that is a string", body: `{"type":"track","event":"X","userId":"u","context":"x"}`},
	{name: "traits that are a number", body: `{"type":"identify","userId":"u","traits":1}`},
	{name: "a type that is unknown", body: `{"type":"delete","event":"X","userId":""}`},
	{name: "a type that is a number", body: `{"type":1,"event":9,"userId":"u"}`},
	{name: "a messageId of 101", body: `{"type":"track","event":"X","userId":"u","messageId":"` + strings.Repeat("m", 101) + `"}`},
	{name: "a userId of 513", body: `{"type":"track","event":"X","userId":"` + strings.Repeat("u", 513) + `"}`},
	{name: "33 KB", body: `{"type":"track","event":"X","userId":"u","properties":{"a":"` + strings.Repeat("x", 33<<10) + `"}}`},
	{name: "10,001 properties", body: `{"type":"track","event":"X","userId":"u","properties":{` + manyKeys(10_001) + `}}`},
	{name: "nobody", body: `{"type":"track","event":"X","userId":"null","anonymousId":"-1"}`},
	{name: "a timestamp that is none", body: `{"type":"track","event":"X","userId":"u","timestamp":"yesterday"}`},
	{name: "a timestamp that is an object", body: `{"type":"track","event":"X","userId":"u","timestamp":{}}`},
	{name: "the 30th of February", body: `{"type":"track","event":"X","userId":"u","timestamp":"2026-02-30T00:00:00Z"}`},
	{name: "the year 2", body: `{"type":"track","event":"X","userId":"u","timestamp":"0002-01-01T00:00:00Z"}`},
	{name: "a time before 1970", body: `{"type":"track","event":"X","userId":"u","timestamp":"1969-12-31T23:59:59Z"}`},
	{name: "the year 1 is how some clients write no time", body: `{"type":"track","event":"X","userId":"u","timestamp":"0001-01-01T00:00:00Z"}`, taken: true},
	{name: "the year 99999", body: `{"type":"track","event":"X","userId":"u","timestamp":"99999-01-01T00:00:00Z"}`},
	{name: "the year 9999 is clamped", body: `{"type":"track","event":"X","userId":"u","timestamp":"9999-12-31T23:59:59Z"}`, taken: true},
	{name: "an event that is a string", body: `"x"`},
	{name: "an event that is null", body: `null`},
	{name: "an event that is a list", body: `[]`},
	{name: "nothing", body: ``, whole: true},
	{name: "a NUL", body: "\x00", whole: true},
	{name: "half an event", body: `{"type":"track","event":"X`, whole: true},
	{name: "an alias of nobody", body: `{"type":"alias","userId":"u","event":"","previousId":""}`},
	{name: "a NUL in a name", body: `{"type":"track","event":"a\u0000b","userId":"u"}`, taken: true},
	{name: "half a surrogate pair", body: `{"type":"track","event":"X\ud83d","userId":"u"}`, taken: true},
	{name: "a prototype", body: `{"type":"track","event":"X","userId":"u","properties":{"__proto__":{"admin":true}}}`, taken: true},
	{name: "a script", body: `{"type":"track","event":"<script>alert(1)</script>","userId":"u","properties":{"a":"'; DROP TABLE"}}`, taken: true},
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":1`, i)
	}
	return b.String()[1:]
}

func queued(b *bench) (n int) {
	for _, j := range b.jobs() {
		for _, e := range j.Events {
			if e.Timestamp.IsZero() || e.Timestamp.After(b.Now().Add(24*time.Hour)) || e.MessageID == "" || e.UserID+e.AnonymousID == "" {
				b.Errorf("queued: %+v", e)
			}
			n++
		}
	}
	return n
}

// TestHostileInput sends each alone as a call, alone in a batch and between two good events: it is a 4xx, or the answer names exactly it.
func TestHostileInput(t *testing.T) {
	const good = `{"type":"page","userId":"u"}`
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			refuse := map[bool]int{false: 400, true: 200}[c.taken]
			b := newBench(t)
			path := "/v1/track"
			for _, kind := range []string{"identify", "alias"} {
				if strings.Contains(c.body, `"type":"`+kind) {
					path = "/v1/" + kind
				}
			}
			if !strings.Contains(c.body, `"type":"delete"`) && !strings.Contains(c.body, `"type":1`) || c.whole {
				if a := b.post(path, defaultKey, c.body); a.status != refuse {
					t.Errorf("as a call: %d %s", a.status, a.faults())
				}
			}
			b = newBench(t)
			if a := b.post("/v1/batch", defaultKey, `{"batch":[`+c.body+`]}`); c.body != "" && a.status != refuse {
				t.Errorf("alone in a batch: %d %s", a.status, a.faults())
			}
			if n := queued(b); !c.taken && n != 0 {
				t.Errorf("%d events queued", n)
			}
			b = newBench(t)
			a := b.post("/v1/batch", defaultKey, `{"batch":[`+good+`,`+c.body+`,`+good+`]}`)
			n := queued(b)
			switch {
			case c.taken:
				if a.status != 200 || len(a.Errors) != 0 || n != 3 {
					t.Errorf("in a batch: %d %s, %d queued", a.status, a.faults(), n)
				}
			case c.whole:
				if a.status != 400 || n != 0 {
					t.Errorf("in a batch: %d, %d queued", a.status, n)
				}
			default:
				if a.status != 200 || len(a.Errors) != 1 || *a.Errors[0].Index != 1 || a.Errors[0].Reason == "" || n != 2 {
					t.Errorf("in a batch: %d %s, %d queued", a.status, a.faults(), n)
				}
			}
		})
	}
}

// TestMutilatedRequests changes bytes of good requests at random: whatever comes of it is accepted or refused whole or in part, every event
// of an accepted batch is queued or named, and nothing is a 5xx.
func TestMutilatedRequests(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seeds := []string{
		`{"batch":[{"type":"track","event":"Order Completed","userId":"u","messageId":"m","properties":{"order_id":"o","total":12.5,"products":[{"price":"1.0"}]},"timestamp":"2026-11-21T08:00:00Z"},` +
			`{"type":"identify","userId":7,"traits":{"name":"张"}},{"type":"page","anonymousId":"a"}],"sentAt":"2026-11-21T08:00:00Z","context":{"ip":"::1"}}`,
		`{"batch":[{"type":"alias","userId":"u","previousId":"a"},{"type":"group","groupId":"g","userId":"u"}]}`,
	}
	odd := []byte("{}[]\",:\\0-9e.ntf \x00\xff\xc3/u")
	statuses := map[int]int{}
	for range 4000 {
		body := []byte(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(4) {
			switch at := random.IntN(len(body)); random.IntN(4) {
			case 0:
				body[at] = odd[random.IntN(len(odd))]
			case 1:
				body = append(body[:at], body[min(at+1+random.IntN(9), len(body)):]...)
			case 2:
				body = append(body[:at:at], append([]byte{odd[random.IntN(len(odd))]}, body[at:]...)...)
			default:
				body[at] = byte(random.IntN(256))
			}
			if len(body) == 0 {
				body = []byte("{")
			}
		}
		b := newBench(t)
		a := b.post("/v1/batch", serverKey, string(body))
		statuses[a.status]++
		switch a.status {
		case 200:
			var said struct{ Batch []json.RawMessage }
			if err := json.Unmarshal(body, &said); err != nil {
				t.Fatalf("accepted, and no JSON: %q: %v", body, err)
			}
			if got := queued(b) + len(a.Errors); got != len(said.Batch) {
				t.Fatalf("%q: %d queued or refused of %d", body, got, len(said.Batch))
			}
		case 400:
			if len(b.queue.Bodies()) != 0 || len(a.Errors) == 0 && a.Detail == "" {
				t.Fatalf("%q: refused with %d messages queued, %+v", body, len(b.queue.Bodies()), a)
			}
		default:
			t.Fatalf("%q: %d", body, a.status)
		}
	}
	if statuses[200] < 100 || statuses[400] < 100 {
		t.Errorf("statuses %v: the test shows little", statuses)
	}
}

// TestARevokedKeyIsRefusedWithinAMinute steps the clock: on an instance that has just read the key, and on one that knows the source by its
// webhook address.
func TestARevokedKeyIsRefusedWithinAMinute(t *testing.T) {
	b := newBench(t)
	web := source.Source{ID: "web", Kind: source.KindBrowser}
	b.sources["web-key-1"] = web
	if a := b.post("/v1/track", "web-key-1", track); a.status != 200 {
		t.Fatalf("before: %d", a.status)
	}
	web.Disabled = true
	b.sources["web-key-1"] = web
	for _, c := range []struct {
		after  time.Duration
		status int
	}{{0, 200}, {keyAge - time.Millisecond, 200}, {time.Minute, 403}} {
		start := b.Now()
		b.Set(start.Add(c.after))
		if a := b.post("/v1/track", "web-key-1", track); a.status != c.status {
			t.Errorf("%v after: %d, want %d", c.after, a.status, c.status)
		}
		b.Set(start)
	}
}
