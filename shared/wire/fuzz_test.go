package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// wired is what jobs are made of.
type wired struct {
	V     int             `json:"v"`
	Name  string          `json:"name,omitempty"`
	At    time.Time       `json:"at,omitzero"`
	Raw   json.RawMessage `json:"raw,omitempty"`
	Parts []struct {
		ID string `json:"id"`
		N  int64  `json:"n"`
	} `json:"parts,omitempty"`
	By  map[string]float64 `json:"by,omitempty"`
	One *struct {
		Is bool `json:"is"`
	} `json:"one,omitempty"`
}

// FuzzRead reads any text: an error that shows no value, or what encoding/json reads too, wherever that writes it.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		`{"v":1,"name":"a\ud83d","at":"2026-11-21T08:00:00Z","raw":{"a":[1,{"b":null}]},"parts":[{"id":"x","n":9007199254740993}],"by":{"k":1e300},"one":{"is":true},"next":{"later":1}}`,
		`{"v":1,"v":2,"raw":{"a":1,"a":2}}`, "{\"name\":\"\xff\"}", `{"V":3}`, `{"v":1.0}`, `{"v":"1"}`, `{"parts":null,"one":null,"by":null}`, `[]`, `null`, ``, `{}{}`, `{"at":"secret-of-ann"}`, `{"v":"secret-of-ann"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want, again wired
		if err := Read(text, &got); err != nil {
			if strings.Contains(err.Error(), "secret-of-ann") || err.Error() == "" {
				t.Fatalf("%s: %v", text, err)
			}
			return
		}
		// Names in another case mean nothing here, and something to the library; it reads what it writes itself.
		written, err := json.Marshal(got)
		if err != nil {
			return // a part that was not written by a program of ours
		}
		if err := json.Unmarshal(written, &want); err != nil {
			t.Fatalf("%s is written as %s, which the library cannot read: %v", text, written, err)
		}
		if err := Read(written, &again); err != nil || !reflect.DeepEqual(again, want) {
			t.Fatalf("%s is read as %+v, %v, and the library reads %+v", written, again, err, want)
		}
	})
}
