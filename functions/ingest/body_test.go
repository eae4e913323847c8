package ingest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

func zipped(t *testing.T, body string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBodies(t *testing.T) {
	pad := func(n int) string { return track + strings.Repeat(" ", n-len(track)) }
	whole := zipped(t, track)
	for name, tc := range map[string]struct {
		body, encoding string
		status         int
	}{
		"500 KB":                 {`{"batch":[]` + strings.Repeat(" ", 500<<10-12) + `}`, "", 200},
		"500 KB and a byte":      {`{"batch":[]` + strings.Repeat(" ", 500<<10-11) + `}`, "", 413},
		"gzip":                   {zipped(t, `{"batch":[`+track+`]}`), "gzip", 200},
		"gzip in capitals":       {zipped(t, `{"batch":[`+track+`]}`), " GZIP ", 200},
		"gzip of 500 KB":         {zipped(t, `{"batch":[]`+strings.Repeat(" ", 500<<10-12)+`}`), "gzip", 200},
		"gzip of a byte more":    {zipped(t, `{"batch":[]`+strings.Repeat(" ", 500<<10-11)+`}`), "gzip", 413},
		"a gzip bomb":            {zipped(t, strings.Repeat(" ", 64<<20)), "gzip", 413},
		"gzip cut off":           {whole[:len(whole)-9], "gzip", 400},
		"gzip with a wrong sum":  {whole[:len(whole)-8] + "00000000", "gzip", 400},
		"said to be gzip":        {pad(100), "gzip", 400},
		"said to be identity":    {`{"batch":[` + track + `]}`, "identity", 200},
		"another encoding":       {pad(100), "br", 400},
		"nothing, as if gzipped": {"", "gzip", 400},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			in := request("/v1/batch", defaultKey, base64.StdEncoding.EncodeToString([]byte(tc.body)), "content-encoding", tc.encoding)
			in.IsBase64Encoded = true
			a := b.do(in)
			if a.status != tc.status {
				t.Errorf("got %+v, want %d", a, tc.status)
			}
			if reason := map[string]string{"gzip cut off": "inflating the body", "gzip with a wrong sum": "inflating the body", "said to be gzip": "the body is not gzip",
				"nothing, as if gzipped": "the body is not gzip"}[name]; !strings.HasPrefix(a.Detail, reason) {
				t.Errorf("the reason is %q, want %q", a.Detail, reason)
			}
			if tc.status != 200 && len(b.queue.Bodies()) != 0 {
				t.Error("refused, and yet queued")
			}
		})
	}
}

func TestLargeRequestsTakeSeveralMessages(t *testing.T) {
	b := newBench(t)
	const n = 2500
	item := `{"type":"page","userId":"u"}`
	body := `{"batch":[` + strings.Repeat(item+",", n-1) + item + `],"context":{"a":"` + strings.Repeat("x", 1500) + `"}}`
	if a := b.post("/v1/batch", defaultKey, body); a.status != 200 || len(a.Errors) != 0 {
		t.Fatalf("%d %.200s", a.status, a.faults())
	}
	seen := map[string]bool{}
	jobs := b.jobs()
	for _, j := range jobs {
		for _, e := range j.Events {
			seen[e.MessageID] = true
		}
		if j.Source != "default" || !j.NoMoney {
			t.Errorf("a part has lost its head: %s %v", j.Source, j.NoMoney)
		}
	}
	if len(jobs) < 4 || len(jobs) > 8 || len(seen) != n {
		t.Errorf("%d messages with %d events", len(jobs), len(seen))
	}
}

func TestPackFillsMessages(t *testing.T) {
	head := job.Events{Source: "s"}
	of := func(sizes ...int) []event.Event {
		all := make([]event.Event, len(sizes))
		for i, n := range sizes {
			all[i] = event.Event{Kind: event.Page, MessageID: "m", UserID: "u"}
			rest := len(all[i].AppendJSON(nil)) + len(`,"properties":`)
			all[i].Properties = json.RawMessage(`"` + strings.Repeat("x", n-rest-2) + `"`)
			if got := len(all[i].AppendJSON(nil)); got != n {
				t.Fatalf("made an event of %d bytes, not %d", got, n)
			}
		}
		return all
	}
	const frame = len(`{"source":"s","events":[]}`)
	const room = queue.MaxBytes - frame
	for name, tc := range map[string]struct {
		sizes []int
		want  []int // events in each message
	}{
		"one":                        {[]int{300}, []int{1}},
		"just full":                  {[]int{room - 1000 - 1, 1000}, []int{2}},
		"a byte too many":            {[]int{room - 1000, 1000}, []int{1, 1}},
		"the last of three":          {[]int{1000, room - 1001, 500}, []int{2, 1}},
		"each by itself":             {[]int{room - 10, room - 10, room - 10}, []int{1, 1, 1}},
		"small ones after a big one": {[]int{room - 10, 200, 200}, []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			bodies, err := pack(head, of(tc.sizes...))
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, body := range bodies {
				var j job.Events
				if err := json.Unmarshal(body, &j); err != nil || len(body) > queue.MaxBytes || j.Source != "s" {
					t.Fatalf("message of %d bytes: %v", len(body), err)
				}
				got = append(got, len(j.Events))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
