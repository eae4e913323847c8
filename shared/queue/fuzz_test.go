package queue

import (
	"encoding/json"
	"testing"
)

// FuzzInvocation: what a function is handed is a batch, its own schedule, or an error.
func FuzzInvocation(f *testing.F) {
	for _, text := range []string{`{"schedule":"minute"}`, `{"schedule":"nightly"}`, `{"Records":[]}`, `{"Records":[{"messageId":"1","body":"{}"}],"schedule":"minute"}`, `{"Records":null,"schedule":"minute"}`, `{"Records":7}`, `{}`, `[]`, ``, `{`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := ParseInvocation(raw, "minute")
		switch {
		case err != nil:
			if in != (Invocation{}) {
				t.Fatalf("%s is %+v, and %v", raw, in, err)
			}
		case !json.Valid(raw), (in.Batch == nil) == (in.Schedule == ""), in.Schedule != "" && in.Schedule != "minute":
			t.Fatalf("%s is %+v", raw, in)
		}
	})
}
