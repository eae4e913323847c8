package mapping

import "testing"

// Whatever a function answers fails the whole batch or only messages that were in it.
func FuzzFailures(f *testing.F) {
	for _, text := range []string{`{"batchItemFailures":[{"itemIdentifier":"a"}]}`, `{"batchItemFailures":null}`, `null`, `[]`, `{"batchItemFailures":[null]}`} {
		f.Add([]byte(text))
	}
	records := []record{{id: "a"}, {id: "b"}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		failed, whole := failures(payload, records)
		if whole && len(failed) > 0 {
			t.Errorf("all and some: %v", failed)
		}
		for id := range failed {
			if id != "a" && id != "b" {
				t.Errorf("failed %q", id)
			}
		}
	})
}
