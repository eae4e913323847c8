package ingest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/refusal"
)

// warned adds up what is kept of warnings.
func (s *shelf) warned() (all refusal.Noted) {
	for _, key := range slices.Sorted(maps.Keys(s.kept)) {
		for _, e := range s.kept[key].Warned.Last {
			all.Add(e)
		}
	}
	return all
}

// TestWarningsAreKept as refusals are, and apart from them: each that an answer has, of single calls, batches and webhooks, and none of what was not taken.
func TestWarningsAreKept(t *testing.T) {
	b, s := newRefusing(t)
	at := b.Now()
	const batch = `{"sentAt":"2026-11-21T08:00:00","batch":[{"type":"trak","userId":"u"},
		{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"A","discount":"much","products":[{"discount":"?"}]}},` + doubtful + `,
		{"type":"identify","userId":"u","traits":{"email":"-","phone":"x","birthday":"soon"},"context":{"traits":{"birthdate":"2999-01-01"}}},
		{"type":"track","event":"Product Added","userId":"u","properties":{"price":"free","quantity":"few"}},
		{"type":"track","event":"Product Viewed","userId":"u","properties":{"currency":"RMB"},"timestamp":"2030-01-01T00:00:00"}]}`
	answer := b.post("/v1/batch", serverKey, batch)
	b.post("/v1/track", defaultKey, `{"event":"Order Completed","userId":"u","properties":{"total":1}}`)
	b.post("/v1/track", serverKey, `{"event":"order_completed"}`) // of what is not taken nothing is warned
	entry := func(what, field string, code refusal.Code) refusal.Entry {
		return refusal.Entry{At: at, What: what, Field: field, Code: code}
	}
	want := []refusal.Entry{
		entry("Order Completed", "event", "noMoney"), entry("Order Completed", "properties.order_id", "missing"), // of the source default
		entry("", "sentAt", "zone"),
		entry("Order Completed", "properties.total", "missing"), entry("Order Completed", "properties.discount", "amount"), entry("Order Completed", "properties.products.discount", "amount"),
		entry("Order Completed", "event", "name"),
		entry("identify", "traits.email", "address"), entry("identify", "traits.phone", "address"), entry("identify", "traits.birthday", "birthday"), entry("identify", "context.traits.birthdate", "birthday"),
		entry("Product Added", "properties.quantity", "amount"), entry("Product Added", "properties.price", "amount"),
		entry("Product Viewed", "timestamp", "zone"), entry("Product Viewed", "timestamp", "time"), entry("Product Viewed", "properties.currency", "currency"),
	}
	// Each names the event as the timeline has it, whose messageId ingest made for those that came without.
	names := strings.Split("6/ 6/ / 1/A 1/A 1/A 2/ 3/ 3/ 3/ 3/ 4/ 4/ 5/ 5/ 5/", " ")
	for i, name := range names {
		if message, order, _ := strings.Cut(name, "/"); message != "" {
			want[i].MessageID, want[i].OrderID = "assigned-"+message, order
		}
	}
	if got := s.warned().Last; !slices.Equal(got, want) || len(answer.Warnings) != len(want)-2 || len(answer.Errors) != 1 {
		t.Errorf("the answer has %d warnings; kept are\n%+v\nwant\n%+v", len(answer.Warnings), got, want)
	}
	if server := s.kept["server one 08:00"]; !maps.Equal(server.Counts, map[refusal.Code]int{"call": 1, "missing": 1}) || server.Warned.Counts["amount"] != 4 {
		t.Errorf("%+v", server)
	}
}

// TestANameAmissByTheServerKey books no order, and says so wherever somebody looks: in the 200, in what operators see, and in the log.
func TestANameAmissByTheServerKey(t *testing.T) {
	b, s := newRefusing(t)
	log := logged(t)
	a := b.post("/v1/track", serverKey, `{"messageId":"order-A-2","userId":"u-1001","event":"Order Complete","properties":{"order_id":"A-2","total":12}}`)
	const want = `0 event is no standard name: did you mean "Order Completed"? It counts as an event of your own, and no order is booked`
	if got := told(a.Warnings); a.status != 200 || !a.Success || got != want {
		t.Errorf("answered %d %q, want %q", a.status, got, want)
	}
	entry := refusal.Entry{At: b.Now(), What: "Order Completed", Field: "event", Code: refusal.Name, MessageID: "order-A-2", OrderID: "A-2"}
	if got := s.kept["server one 08:00"].Warned.Last; !slices.Equal(got, []refusal.Entry{entry}) {
		t.Errorf("kept is %+v", got)
	}
	if line := log.String(); !strings.Contains(line, `"msg":"warned"`) || !strings.Contains(line, `"what":"Order Completed"`) {
		t.Errorf("logged is %s", line)
	}
}

// TestAFloodOfWarnings sends for hours what is taken with a warning, as a shop does that does not know: it costs fewer writes and lines than what is refused.
func TestAFloodOfWarnings(t *testing.T) {
	b, s := newRefusing(t)
	log := logged(t)
	const requests, span = 4000, 3 * time.Hour
	for range requests {
		b.post("/v1/batch", serverKey, `{"batch":[`+doubtful+`]}`)
		b.Pass(span / requests)
	}
	if most := refusedWrites + int(span/warnedSpan) + 1; s.puts > most || s.puts < most-3 {
		t.Errorf("%d writes, want at most %d", s.puts, most)
	}
	if lines, most := strings.Count(log.String(), `"msg":"warned"`), refusedLines+int(span/warnedLineSpan)+1; lines > most || lines < most-3 {
		t.Errorf("%d lines of the log, want at most %d", lines, most)
	}
	b.Pass(warnedSpan)
	if b.post("/v1/page", serverKey, `{"userId":"u"}`); s.total() != requests {
		t.Errorf("%d warnings are kept, want %d", s.total(), requests)
	}
	// What is refused meanwhile is seen at once: warnings do not use up its turns.
	before := s.puts
	b.post("/v1/batch", serverKey, `{"batch":[`+doubtful+`,{"type":"trak","userId":"u"}]}`)
	if s.puts != before+1 || s.total() != requests+2 {
		t.Errorf("%d writes more, %d kept", s.puts-before, s.total())
	}
}

// TestWarningsHoldNothingThatWasSent looks for texts of the client's in what is kept and logged.
func TestWarningsHoldNothingThatWasSent(t *testing.T) {
	b, s := newRefusing(t)
	log := logged(t)
	const canary = "mei-canary"
	b.post("/v1/batch", serverKey, `{"batch":[{"type":"identify","userId":"`+canary+`","traits":{"email":"`+canary+`","phone":"`+canary+`","birthday":"`+canary+`"}},
		{"type":"track","event":"Ordr Completed","userId":"`+canary+`"},{"type":"track","event":"Product Viewed","userId":"u","properties":{"currency":"`+canary+`"}}]}`)
	kept, err := json.Marshal(s.kept)
	b.Must(err)
	for where, text := range map[string]string{"kept": string(kept), "logged": log.String()} {
		if strings.Contains(text, "canary") || strings.Contains(text, "Ordr") || !strings.Contains(text, "currency") {
			t.Errorf("%s: %s", where, text)
		}
	}
	if s.total() != 5 {
		t.Errorf("%d warnings are kept, want 5", s.total())
	}
}
