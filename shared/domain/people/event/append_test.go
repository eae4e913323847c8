package event

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/trust"
)

func TestAppendJSONReadsBackAsWritten(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 0, 0, 123e6, time.UTC)
	for name, e := range map[string]Event{
		"least": {MessageID: "m", Kind: Page, UserID: "u", Timestamp: at, ReceivedAt: at},
		"whole": {MessageID: "m\"\\\n\x00\x1f\u2028你😀<&>", Kind: Alias, UserID: "u/", AnonymousID: "a\t", PreviousID: "p", GroupID: "g", Name: "n\ufffd\x7f",
			Properties: json.RawMessage(`{"a":[1.0,"<"]}`), Traits: json.RawMessage(`{}`), Context: json.RawMessage(`{"b":null}`), Integrations: json.RawMessage(`{"All":true}`),
			Timestamp: at, OriginalTimestamp: at.Add(-time.Hour), SentAt: at.Truncate(time.Second), ReceivedAt: at.Add(time.Millisecond), Trust: trust.Public},
	} {
		t.Run(name, func(t *testing.T) {
			ours := e.AppendJSON([]byte("head"))[4:]
			var read Event
			if err := json.Unmarshal(ours, &read); err != nil || !reflect.DeepEqual(read, e) {
				t.Errorf("%v: %s\nreads as %+v\nwant     %+v", err, ours, read, e)
			}
			library, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var a, b map[string]json.RawMessage
			if json.Unmarshal(ours, &a) != nil || json.Unmarshal(library, &b) != nil || len(a) != len(b) {
				t.Errorf("members differ:\n%s\n%s", ours, library)
			}
		})
	}
}

// TestAppendJSONKnowsEveryField fails when Event gets a field that AppendJSON does not write.
func TestAppendJSONKnowsEveryField(t *testing.T) {
	var e Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") == "-" {
			continue // it stands beside the event
		}
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			*f = "x"
		case *Kind:
			*f = Track
		case *trust.Level:
			*f = trust.Person
		case *json.RawMessage:
			*f = json.RawMessage(`{"x":1}`)
		case *time.Time:
			*f = time.Unix(1, 0).UTC()
		default:
			t.Fatalf("a field of type %T", f)
		}
	}
	var read Event
	if err := json.Unmarshal(e.AppendJSON(nil), &read); err != nil || !reflect.DeepEqual(read, e) {
		t.Errorf("%v: got %+v, want %+v", err, read, e)
	}
}
