package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"
)

// TestTheProofLeavesTheContext takes userHash out wherever it stands, and nothing else.
func TestTheProofLeavesTheContext(t *testing.T) {
	for context, want := range map[string]string{
		`{"userHash":"ab"}`:                                       `{}`,
		`{ "userHash" : "ab" }`:                                   `{}`,
		`{"locale":"de","userHash":"ab"}`:                         `{"locale":"de"}`,
		`{"userHash":"ab" , "locale":"de"}`:                       `{ "locale":"de"}`,
		`{"a":1,"userHash":"ab","b":{"userHash":"of its own"}}`:   `{"a":1,"b":{"userHash":"of its own"}}`,
		`{"a":{"x":1} , "\u0075serHash":"a\u0062"}`:               `{"a":{"x":1} }`,
		`{"userHash":"ab","traits":{"a":1},"locale":"de","z":[]}`: `{"traits":{"a":1},"locale":"de","z":[]}`,
	} {
		e, proof, refused := proved(t, Track, `{"event":"X","userId":"u","context":`+context+`}`)
		if refused.Reason != "" || proof != "ab" || string(e.Context) != want || !json.Valid(e.Context) {
			t.Errorf("%s: proof %q, context %s, want %s; %+v", context, proof, e.Context, want, refused)
		}
		for name, text := range map[string]string{"AppendJSON": string(e.AppendJSON(nil)), "Marshal": string(must(json.Marshal(e)))} {
			if strings.Contains(text, `"ab"`) {
				t.Errorf("%s writes the proof: %s", name, text)
			}
		}
	}
	for value, reason := range map[string]string{`7`: "is not a string", `{}`: "is not a string", `null`: "", `""`: ""} {
		_, proof, refused := proved(t, Track, `{"event":"X","userId":"u","context":{"userHash":`+value+`}}`)
		if refused.Reason != reason || reason != "" && refused.Field != "context.userHash" || proof != "" {
			t.Errorf("%s: %q, %+v", value, proof, refused)
		}
	}
	e, proof, _ := proved(t, Identify, `{"userId":"u","context":{"traits":{"name":"Mei"},"userHash":"ab"}}`)
	if string(e.Traits) != `{"name":"Mei"}` || proof != "ab" {
		t.Errorf("traits %s, proof %q", e.Traits, proof)
	}
}

// proved is one, with the proof that came with it.
func proved(t *testing.T, kind Kind, body string) (e Event, proof string, refused Refusal) {
	t.Helper()
	b, err := ParseOne([]byte(body), kind, arrival())
	if err != nil {
		t.Fatal(err)
	}
	b.Judge(func(_ *Event, as Sent) (string, string) { proof = as.UserHash; return "", "" })
	if len(b.Events) == 0 {
		return e, "", b.Refused[0]
	}
	return b.Events[0], proof, refused
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestTheProofOfABatchIsOfEachEvent unless the event brings one itself.
func TestTheProofOfABatchIsOfEachEvent(t *testing.T) {
	body := `{"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"u","context":{"userHash":"own","a":1}},{"type":"page","userId":"u","context":{"userHash":null}}],
		"context":{"locale":"de","userHash":"common"}}`
	b, err := ParseBatch([]byte(body), arrival())
	if err != nil || len(b.Events) != 3 {
		t.Fatal(err, b)
	}
	for i, want := range [...]struct{ hash, context string }{{"common", `{"locale":"de"}`}, {"own", `{"a":1,"locale":"de"}`}, {"", `{"locale":"de"}`}} {
		if e, proof := b.Events[i], b.sent[i].UserHash; proof != want.hash || string(e.Context) != want.context {
			t.Errorf("event %d: proof %q, context %s, want %+v", i, proof, e.Context, want)
		}
	}
	b, err = ParseBatch([]byte(`{"batch":[{"type":"page","userId":"u"}],"context":{"userHash":"common"}}`), arrival())
	if err != nil || b.sent[0].UserHash != "common" || b.Events[0].Context != nil {
		t.Errorf("a batch that says nothing else for all: %+v, %v", b, err)
	}
	if _, err := ParseBatch([]byte(`{"batch":[],"context":{"userHash":7}}`), arrival()); err == nil || err.Error() != "context.userHash is not a string" {
		t.Errorf("a number: %v", err)
	}
}

func TestNobodyTellsOurNews(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  Kind
		level trust.Level
		fine  bool
	}{
		{SegmentEntered, Track, trust.Shop, false}, {SegmentExited, Track, "", false}, {ProfilesMerged, Track, trust.Public, false}, {ProfilesMerged, Page, trust.Public, true},
		{"Points Earned", Track, trust.Shop, true}, {"Points Earned", Track, "", true}, {"Points Earned", Track, trust.Person, false}, {"Notification Sent", Track, trust.Public, false},
		{"Tier Changed", Track, trust.Public, false}, {"Referral Settled", Track, trust.Public, false}, {"Checked In", Track, trust.Public, true}, {"segment entered", Track, trust.Public, true},
	} {
		if field, reason := JudgeName(&Event{Kind: c.kind, Name: c.name, Trust: c.level}); (reason == "") != c.fine || reason != "" && field != "event" {
			t.Errorf("%s by %q: %s %q", c.name, c.level, field, reason)
		}
	}
}

func TestNothingHappenedAfterItWasReceived(t *testing.T) {
	for _, c := range []struct{ said, received, want time.Time }{
		{received.Add(-time.Hour), received, received.Add(-time.Hour)}, {received, received, received}, {received.Add(23 * time.Hour), received, received},
		{received, time.Time{}, received},
	} {
		if got := (&Event{Timestamp: c.said, ReceivedAt: c.received}).Happened(); !got.Equal(c.want) {
			t.Errorf("said %v, received %v: %v", c.said, c.received, got)
		}
	}
}
