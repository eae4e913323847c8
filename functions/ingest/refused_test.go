package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
)

// shelf keeps refusals as the table does: the greater of two tallies stays.
type shelf struct {
	puts int
	kept map[string]refusal.Tally // by source and hour
	fail func() (before, after error)
}

func (s *shelf) Put(_ context.Context, of source.ID, instance string, t refusal.Tally) error {
	s.puts++
	var before, after error
	if s.fail != nil {
		before, after = s.fail()
	}
	if before != nil {
		return before
	}
	if s.kept == nil {
		s.kept = map[string]refusal.Tally{}
	}
	key := fmt.Sprint(of, " ", instance, " ", t.Hour.Format("15:04"))
	if old, there := s.kept[key]; !there || old.Total() < t.Total() {
		s.kept[key] = t
	}
	return after
}

func (s *shelf) total() (n int) {
	for _, t := range s.kept {
		n += t.Total()
	}
	return n
}

// doubtful is an event that is taken, with one warning.
const doubtful = `{"type":"track","event":"order_completed","userId":"u"}`

func newRefusing(t *testing.T) (*bench, *shelf) {
	b, s := newMoneyBench(t), &shelf{}
	b.Refusals, b.Instance = s, "one"
	return b, s
}

// knowEveryReason fails a test in which something was refused or warned of for a reason that has no code.
func (b *bench) knowEveryReason() {
	for id, of := range b.refused.of {
		for _, t := range of.tallies {
			for did, noted := range map[string]refusal.Noted{"refusals": t.Noted, "warnings": t.Warned} {
				if n := noted.Counts[refusal.Other]; n > 0 {
					b.Errorf("%d %s of %s have no code", n, did, id)
				}
				for _, e := range noted.Last {
					if e.Field == string(refusal.Other) && e.Code != refusal.Malformed {
						b.Errorf("%s of %s are about a field that is not known: %+v", did, id, e)
					}
				}
			}
		}
	}
}

// TestRefusalsAreKept refuses in every way: by event, by request, by notice.
func TestRefusalsAreKept(t *testing.T) {
	b, s := newRefusing(t)
	b.sources["few-key-1"] = source.Source{ID: "few", Kind: source.KindApp, AllowedEvents: []string{"page"}, AllowedOrigins: []string{"https://shop.example"}}
	b.sources["off-key-1"] = source.Source{ID: "off", Kind: source.KindApp, Disabled: true}
	b.sources["hook-key-1"] = source.Source{ID: "hook", Kind: source.KindServer, HookSecret: hookSecret}
	at := b.Now()
	b.post("/v1/batch", serverKey, `{"batch":[{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"A","products":[{},{"price":"?"}]}},
		{"type":"page","userId":"u"},{"type":"trak","userId":"u"},{"type":"track","event":"Wheel Spun","userId":"u","timestamp":"now"},7]}`)
	b.post("/v1/identify", serverKey, `{"traits":{}}`)
	b.post("/v1/track", serverKey, `{`)
	b.post("/v1/track", "few-key-1", track, "origin", "https://shop.example")
	b.post("/v1/track", "few-key-1", track)
	b.post("/v1/track", "off-key-1", track)
	b.notify("shopify", "hook", "orders/create", shopifyOrderNotice, "odd")
	b.notify("shopify", "hook", "orders/create", `{}`, signature(hookSecret, `{}`))
	b.notify("shopify", "nobody", "orders/create", shopifyOrderNotice, "odd")
	b.post("/v1/track", "unknown-key", track)
	entry := func(what, field string, code refusal.Code) refusal.Entry {
		return refusal.Entry{At: at, What: what, Field: field, Code: code}
	}
	of := func(e refusal.Entry, messageID, orderID string) refusal.Entry {
		e.MessageID, e.OrderID = messageID, orderID
		return e
	}
	want := map[string][]refusal.Entry{
		"server one 08:00": {of(entry("Order Completed", "properties.products.price", "amount"), "", "A"), entry("", "type", "call"), entry("track", "timestamp", "time"), entry("", "", "type"),
			entry("identify", "userId", "missing"), entry("", "", "malformed")},
		"few one 08:00":  {of(entry("Product Viewed", "event", "allowed"), "m-1", ""), entry("", "", "origin")},
		"off one 08:00":  {entry("", "", "disabled")},
		"hook one 08:00": {entry("", "", "signature"), entry("", "", "malformed")},
	}
	if got := slices.Sorted(maps.Keys(s.kept)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("kept of %q", got)
	}
	for key, entries := range want {
		counts := map[refusal.Code]int{}
		for _, e := range entries {
			counts[e.Code]++
		}
		if got := s.kept[key]; !slices.Equal(got.Last, entries) || !maps.Equal(got.Counts, counts) || !got.Hour.Equal(at) {
			t.Errorf("%s: %+v\nwant %+v", key, got, entries)
		}
	}
}

// logged keeps what the log says until the test ends.
func logged(t *testing.T) *bytes.Buffer {
	log, was := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(was) })
	return log
}

// TestTheLineOfARefusalNamesItsRequest, by the id that the answer of the gateway has in its head.
func TestTheLineOfARefusalNamesItsRequest(t *testing.T) {
	b, _ := newRefusing(t)
	log := logged(t)
	for id, body := range map[string]string{"JKJaXmPLvHcESHA=": `{"batch":[{"type":"trak","userId":"u"}]}`, "JKJaXmPLvHcESHB=": `{"batch":[` + doubtful + `]}`} {
		in := request("/v1/batch", serverKey, body)
		in.RequestContext.RequestID = id
		b.do(in)
		var line struct{ Msg, Request, Reason string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, log.String())
		}
		if line.Request != id || line.Reason == "" || line.Msg == "" {
			t.Errorf("%s is logged as %s", body, log.String())
		}
		log.Reset()
	}
}

// TestARefusalNamesItsEvent by the ids that its sender gave, in what is kept and in the log; a messageId of ours its sender does not know.
func TestARefusalNamesItsEvent(t *testing.T) {
	const refund = `"type":"track","event":"Order Refunded","userId":"u","properties":{"order_id":`
	for body, want := range map[string]struct{ refused, warned string }{
		`{"messageId":"r-1",` + refund + `"A-7","total":"?"}}`:                                                     {"r-1 A-7", ""},
		`{` + refund + `20261121000123,"total":"?"}}`:                                                              {" 20261121000123", ""}, // judged as an event
		`{"messageId":"r-2",` + refund + `"A-7"},"timestamp":"now"}`:                                               {"r-2 A-7", ""},         // refused before
		`{` + refund + `"A-7"},"timestamp":"1969-01-01T00:00:00Z"}`:                                                {" A-7", ""},
		`{"messageId":null,"type":"trak","userId":"u"}`:                                                            {" ", ""},
		`{"messageId":"r-3","type":"track","event":"order_refunded","userId":"u","properties":{"order_id":"A-8"}}`: {"", "r-3 A-8"},
		`{"type":"track","event":"order_refunded","userId":"u","properties":{"order_id":"A:8#1.2_3"}}`:             {"", "assigned-1 A:8#1.2_3"},
		`{"messageId":"mei@shop.example",` + refund + `"mei@shop.example","total":"?"}}`:                           {" ", ""},
		`{"messageId":"王小明",` + refund + `"Ann Lee","total":"?"}}`:                                                 {" ", ""},
		`{"messageId":"13800138000",` + refund + `"19912345678","total":"?"}}`:                                     {" ", ""},
		`{"messageId":"` + strings.Repeat("m", 101) + `",` + refund + `"` + strings.Repeat("o", 101) + `"}}`:       {" ", ""},
	} {
		b, s := newRefusing(t)
		var log bytes.Buffer
		was := slog.Default()
		slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		b.post("/v1/batch", serverKey, `{"batch":[`+body+`]}`)
		slog.SetDefault(was)
		kept := s.kept["server one 08:00"]
		shown := func(of refusal.Noted) (all string) {
			for _, e := range of.Last {
				all += e.MessageID + " " + e.OrderID
			}
			return all
		}
		var line struct{ MessageID, OrderID string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if refused, warned := shown(kept.Noted), shown(kept.Warned); refused != want.refused || warned != want.warned || line.MessageID+" "+line.OrderID != want.refused+want.warned {
			t.Errorf("%s: kept are %q and %q, logged is %+v; want %+v", body, refused, warned, line, want)
		}
		var other bytes.Buffer
		slog.SetDefault(slog.New(slog.NewJSONHandler(&other, nil)))
		b.post("/v1/batch", serverKey, `{"batch":[`+body+`]}`)
		slog.SetDefault(was)
		if text := other.String(); strings.Contains(text, `"messageId":`) || strings.Contains(text, `"orderId":`) || text == "" {
			t.Errorf("%s: above the level debug %s is logged", body, text)
		}
	}
}

// TestWhatIsSentAgainIsNotCounted: of what is answered 429 or 503 everything comes again.
func TestWhatIsSentAgainIsNotCounted(t *testing.T) {
	b, s := newRefusing(t)
	b.sources["slow-key-1"] = source.Source{ID: "slow", Kind: source.KindServer, RatePerSecond: 1}
	const mixed = `{"batch":[{"type":"page","userId":"u"},{"type":"trak","userId":"u"}]}`
	for _, want := range []int{200, 429} {
		if a := b.post("/v1/batch", "slow-key-1", mixed); a.status != want {
			t.Fatalf("%d, want %d", a.status, want)
		}
	}
	b.down = errors.New("no catalog")
	b.post("/v1/batch", "another-key-1", mixed)
	if n := s.total(); n != 1 {
		t.Errorf("%d refusals are kept, want 1", n)
	}
}

// TestAFloodOfRefusals sends what a page can in ten minutes: it costs few writes and few lines, and at its end everything is counted.
func TestAFloodOfRefusals(t *testing.T) {
	b, s := newRefusing(t)
	log := logged(t)
	body := `{"batch":[` + strings.Repeat(`{"type":"trak","userId":"u"},`, 9) + `{"type":"page"}]}`
	const requests, minutes = 3000, 10
	for range requests {
		b.post("/v1/batch", defaultKey, body)
		b.Pass(minutes * time.Minute / requests)
	}
	if most := refusedWrites + int(minutes*time.Minute/refusedSpan) + 1; s.puts > most || s.puts < most-3 {
		t.Errorf("%d writes, want at most %d", s.puts, most)
	}
	if lines, most := strings.Count(log.String(), "\n"), refusedLines+int(minutes*time.Minute/refusedLineSpan)+1; lines > most || lines < most-3 {
		t.Errorf("%d lines of the log, want at most %d", lines, most)
	}
	var logged int
	for line := range strings.Lines(log.String()) {
		var l struct{ Before int }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		logged += 1 + l.Before
	}
	if n := logged + b.refused.refusals.unlogged; n != 10*requests {
		t.Errorf("the log tells of %d refusals, want %d", n, 10*requests)
	}
	b.Pass(refusedSpan)
	b.post("/v1/page", defaultKey, `{"userId":"u"}`) // a good one
	if s.total() != 10*requests || len(s.kept) != 1 {
		t.Errorf("%d refusals are kept in %d items, want %d in one", s.total(), len(s.kept), 10*requests)
	}
	for _, kept := range s.kept {
		if len(kept.Last) != refusal.MaxLast || kept.Last[refusal.MaxLast-1] != (refusal.Entry{At: kept.Last[refusal.MaxLast-1].At, What: "page", Field: "userId", Code: refusal.Missing}) {
			t.Errorf("the newest %d: %+v", len(kept.Last), kept.Last[len(kept.Last)-1])
		}
	}
	before := s.puts
	b.Pass(refusedSpan)
	if b.post("/v1/page", defaultKey, `{"userId":"u"}`); s.puts != before {
		t.Error("what is kept is written again")
	}
}

// TestNoRefusalIsLostOrCountedTwice writes to a table that fails before and after a write, over hours: never more is kept than was refused, and all of it
// once the table answers.
func TestNoRefusalIsLostOrCountedTwice(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b, s := newRefusing(t)
		away := false
		s.fail = func() (before, after error) {
			switch {
			case away:
				return errors.New("away"), nil
			case s.puts%5 == 3:
				return nil, errors.New("no answer")
			}
			return nil, nil
		}
		made, hours := map[string]int{}, 0
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				b.Pass(time.Duration(rapid.IntRange(0, 90).Draw(r, "seconds")) * time.Second)
			case 1:
				if hours < 2 { // of more hours the oldest is let go while the table is away
					hours++
					b.Pass(time.Hour)
				}
			case 2:
				away = rapid.Bool().Draw(r, "away")
			default:
				key := rapid.SampledFrom([]string{serverKey, defaultKey}).Draw(r, "key")
				n, warned := rapid.IntRange(0, 3).Draw(r, "events"), rapid.IntRange(0, 2).Draw(r, "warned of")
				b.post("/v1/batch", key, `{"batch":[{"type":"page","userId":"u"}`+strings.Repeat(`,{"type":"trak","userId":"u"}`, n)+strings.Repeat(`,`+doubtful, warned)+`]}`)
				made[key] += n + warned
			}
			if all := made[serverKey] + made[defaultKey]; s.total() > all {
				r.Fatalf("%d refusals are kept of %d", s.total(), all)
			}
		}
		away = false
		for range 3 {
			b.Pass(warnedSpan)
			b.post("/v1/page", serverKey, `{"userId":"u"}`)
			b.post("/v1/page", defaultKey, `{"userId":"u"}`)
		}
		if all := made[serverKey] + made[defaultKey]; s.total() != all {
			r.Fatalf("at the end %d refusals are kept of %d", s.total(), all)
		}
	})
}

// TestRefusalsHoldNothingThatWasSent looks for texts of the client's in what is kept, logged and counted.
func TestRefusalsHoldNothingThatWasSent(t *testing.T) {
	b, s := newRefusing(t)
	b.sources["few-key-1"] = source.Source{ID: "few", Kind: source.KindApp, AllowedEvents: []string{"page"}}
	log := logged(t)
	const canary = "mei@canary.example"
	for _, body := range []string{
		`{"type":"` + canary + `","userId":"` + canary + `"}`, `{"type":"track","event":"` + canary + `","userId":"u","` + canary + `":1e999}`,
		`{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"` + canary + `","currency":"` + canary + `"}}`,
		`{"type":"track","event":"` + canary + `"}`, `{"type":"page","event":"` + canary + `","name":"` + canary + `"}`,
		`{"type":"track","event":"Consent Granted","userId":"u","properties":{"channel":"` + canary + `"}}`, `{"type":"page","userId":"u","properties":{"` + canary + `":1,"` + canary + `":2}}`,
	} {
		if a := b.post("/v1/batch", serverKey, `{"batch":[`+body+`]}`); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, a.status)
		}
		b.post("/v1/batch", "few-key-1", `{"batch":[`+body+`]}`)
	}
	b.post("/v1/batch", serverKey, `{"batch":[],"`+canary+`":1e999}`)
	kept, err := json.Marshal(s.kept)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"kept": string(kept), "logged": log.String()} {
		if strings.Contains(text, "canary") || !strings.Contains(text, "currency") {
			t.Errorf("%s: %s", where, text)
		}
	}
	if s.total() != 15 {
		t.Errorf("%d refusals are kept, want 15", s.total())
	}
}

// TestEveryInstanceKeepsItsOwn: two that had one name would write over each other's items.
func TestEveryInstanceKeepsItsOwn(t *testing.T) {
	one, two := New(Settings{}, nil, nil, time.Now), New(Settings{}, nil, nil, time.Now)
	if one.Instance == two.Instance || len(one.Instance) < 8 {
		t.Errorf("two instances are %q and %q", one.Instance, two.Instance)
	}
}
