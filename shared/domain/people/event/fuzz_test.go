package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse holds the parser to encoding/json: both find the same bodies well-formed, and an accepted event says what the
// library reads out of it, within the limits, and can be written and read again.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		`{"batch":[{"type":"track","event":"X","userId":"u","properties":{"a":[1,2.5e3,{"b":null}]},"timestamp":"2026-11-21T08:00:00Z"}],"sentAt":"2026-11-21T08:00:00Z"}`,
		`{"batch":[{"type":"page","anonymousId":"\ud83d\ude00","name":"\ud83d","category":"x"},{}],"context":{"a":1},"integrations":{"All":true}}`,
		`{"batch":[{"type":"alias","userId":1,"previousId":"\u0000"}],"writeKey":"wk"}`,
		`{"batch":[{"type":"identify","userId":"u","context":{"traits":{"a":1}},"channel":"web"}],"batch":[]}`,
		`{"batch":[[[[[]]]],-0.0,1e999,"\x"]}`, `{"batch":[{"type":"group","userId":"u","groupId":"g","userId":"v"}]}`,
		`{"batch":[{"type":"page","userId":"u","context":{"a":1 , "userHash":"x"}},{"type":"page","userId":"u"}],"context":{ "userHash" : "y","b":2}}`, "{\"batch\":[{\"a\":\"\xff\"}]}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		original := bytes.Clone(body)
		b, err := ParseBatch(body, Arrival{ReceivedAt: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), NewID: func() string { return "new" }})
		if !bytes.Equal(body, original) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			var bad *Malformed
			if !errors.As(err, &bad) || bad.Reason == "" {
				t.Fatalf("an error of another kind: %v", err)
			}
			if bytes.Contains([]byte(bad.Reason), []byte("is not valid JSON")) && json.Valid(body) {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what is no JSON: %q", body)
		}
		// A map, since the library would match the names of a struct's fields in any case.
		var whole map[string]json.RawMessage
		var reference []json.RawMessage
		if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole["batch"], &reference) != nil || len(reference) != len(b.Events)+len(b.Refused) {
			t.Fatalf("%d events, %d refused, of %d", len(b.Events), len(b.Refused), len(reference))
		}
		for i, e := range b.Events {
			if e.UserID == "" && e.AnonymousID == "" || e.MessageID == "" || e.Timestamp.Before(time.Unix(0, 0)) || e.Timestamp.Sub(e.ReceivedAt) > MaxAhead {
				t.Fatalf("accepted %+v", e)
			}
			for _, text := range []string{e.MessageID, e.UserID, e.AnonymousID, e.PreviousID, e.GroupID, e.Name} {
				if !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxName {
					t.Fatalf("accepted the text %q", text)
				}
			}
			var read map[string]any
			if json.Unmarshal(reference[b.places[i]], &read) != nil || e.Kind == Track && read["event"] != e.Name {
				t.Fatalf("event %q, library reads %q", e.Name, read["event"])
			}
			var context map[string]json.RawMessage
			if len(e.Context) > 0 && json.Unmarshal(e.Context, &context) != nil {
				t.Fatalf("the context is %s", e.Context)
			}
			if _, there := context["userHash"]; there {
				t.Fatalf("the proof is left in %s", e.Context)
			}
			written := e.AppendJSON(nil)
			var again Event
			if err := json.Unmarshal(written, &again); err != nil || again.MessageID != e.MessageID || !again.Timestamp.Equal(e.Timestamp) || again.UserID != e.UserID {
				t.Fatalf("reading %s: %v", written, err)
			}
		}
	})
}
