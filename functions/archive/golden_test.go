package archive

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenInvocations hands over what AWS does.
func TestGoldenInvocations(t *testing.T) {
	type wanted struct {
		answer string   // a part of the answer or of the error
		kept   []string // events and merges
	}
	want := map[string]wanted{
		"packs":         {`{"batchItemFailures":null}`, []string{"1", "2", "3", "merge"}},
		"newer-version": {`{"batchItemFailures":null}`, []string{"1", "2"}},
		"not-a-job":     {`[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830001"}]`, []string{"1", "2"}},
		"neither":       {`neither a batch nor the schedule`, nil},
	}
	functiontest.Golden(t, "archive", want, func(t *testing.T, _ string, raw []byte, want wanted) {
		b := buckettest.New()
		p := &Process{Objects: b}
		out, err := p.Invoke(t.Context(), raw)
		text, _ := json.Marshal(out)
		if err != nil {
			text = []byte(err.Error())
		}
		got := ids(t, b)
		for i, id := range got {
			if strings.Contains(id, "<") {
				got[i] = "merge"
			}
		}
		slices.Sort(got)
		if !strings.Contains(string(text), want.answer) || !slices.Equal(got, want.kept) {
			t.Errorf("%s, kept %q; want %s, %q", text, got, want.answer, want.kept)
		}
	})
}
