package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzDecode holds the decoder to encoding/json: both call the same texts JSON, and where the library reads a document by exact names and nothing is left over, both read the same.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		`{"name":"a","wait":"1d","at":"2026-11-21T08:00:00Z","part":{"weight":1},"arms":[{"id":"x"}],"by":{"k":{"id":"y"}},"rule":{"a":[1]},"any":[1],"Plain":2}`, `{"name":null,"part":null,"arms":[],"by":{}}`,
		`{"name":5,"nam":1}`, `{"NAME":"a"}`, `{"arms":{"0":{}}}`, `{"a":1}{}`, `{"a":{"b":1,"\u0062":2}}`, "{\"\xff\":1,\"\xfe\":2}", `[`, ``, ` null `, `{"by":{"":{"weight":1e999}}}`, "{\"name\":\"\xff\"}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		var got, want document
		faults := Decode(body, &got)
		if !bytes.Equal(body, given) {
			t.Fatal("the document was changed")
		}
		if (Syntax(body) == "") != json.Valid(body) || !json.Valid(body) && (len(faults) != 1 || faults[0].Field != "") {
			t.Fatalf("%q is JSON: %v, and has the faults %v", body, json.Valid(body), faults)
		}
		for _, one := range faults {
			if one.Reason == "" {
				t.Fatalf("%q has a fault without a reason at %q", body, one.Field)
			}
		}
		if err := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true)).SkipValue(); json.Valid(body) && errors.Is(err, jsontext.ErrDuplicateName) != (len(Repeated(body)) > 0) {
			t.Fatalf("%s repeats %v, and another reader says %v", body, Repeated(body), err)
		}
		strict := json.NewDecoder(bytes.NewReader(body))
		strict.DisallowUnknownFields()
		err := strict.Decode(&want)
		if len(faults) == 0 && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%s is read as %+v, and the library reads %+v, %v", body, got, want, err)
		}
	})
}
