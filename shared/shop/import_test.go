package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

func TestImportSendsEveryEventOnce(t *testing.T) {
	g := &gateway{queues: []string{
		quiet, quiet, // is it running; how many dead letters before
		`[{"queue":"events","depth":3,"inFlight":2,"delayed":1}]`,
		quiet,
		`[{"queue":"events","depth":0,"inFlight":1}]`,
		quiet, quiet,
	}}
	c, waits := start(t, g)
	a, err := importing(c, orders(t, 1050, 7)).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.Lines != 1050 || a.Events != 1050 || a.Repeated != 0 || a.Sent != 1050 || a.Accepted != 1050 || a.Refused != 0 || a.Requests != 14 || a.Retries != 0 {
		t.Errorf("account is %+v", a)
	}
	if len(g.events) != 1050 || g.events["cdnow-master-1050"] != 1 {
		t.Errorf("%d events came", len(g.events))
	}
	if len(*waits) != 4 {
		t.Errorf("%d waits for the queues, want 4: one busy, one empty, one busy, two empty", len(*waits))
	}
	// 150 events each: a person has a full batch and one of 50.
	for _, people := range g.batches {
		if distinct := slices.Compact(slices.Clone(people)); len(distinct) != 1 {
			t.Errorf("a batch has %v, want one person's events alone", distinct)
		}
	}
}

func TestBatchesPartNobodyWhoFitsInOne(t *testing.T) {
	event := func(person string, bytes int) format.Event {
		return format.Event{Person: person, Body: json.RawMessage(strings.Repeat("x", bytes))}
	}
	many := func(person string, n int) []format.Event { return slices.Repeat([]format.Event{event(person, 10)}, n) }
	for name, c := range map[string]struct {
		events []format.Event
		want   string // people and numbers of each batch
	}{
		"all fit":                 {slices.Concat(many("a", 60), many("b", 40)), "a60b40"},
		"the second does not":     {slices.Concat(many("a", 60), many("b", 41)), "a60 b41"},
		"more than a batch":       {slices.Concat(many("a", 60), many("b", 101), many("c", 99)), "a60 b100 b1c99"},
		"scattered":               {slices.Concat(many("a", 30), many("b", 50), many("a", 40), many("c", 20)), "a70 b50c20"},
		"too many bytes together": {[]format.Event{event("a", maxBatchBytes/2), event("b", maxBatchBytes/2)}, "a1 b1"},
		"bytes that just fit":     {[]format.Event{event("a", maxBatchBytes/2-1), event("b", maxBatchBytes/2-1)}, "a1b1"},
		"one person's many bytes": {[]format.Event{event("a", maxBatchBytes-1), event("a", 1)}, "a1 a1"},
		"nothing":                 {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			b := &batcher{out: func(batch []format.Event) error {
				text := ""
				for len(batch) > 0 {
					person, n := batch[0].Person, 0
					for n < len(batch) && batch[n].Person == person {
						n++
					}
					text += person + strconv.Itoa(n)
					batch = batch[n:]
				}
				got = append(got, text)
				return nil
			}}
			for _, e := range c.events {
				if err := b.add(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.flush(); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("batches are %v, want %s", got, c.want)
			}
		})
	}
}

func TestImportWaitsForAStackThatIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		least  time.Duration
	}{
		"503": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, 0},
		"429 with Retry-After": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 7 * time.Second},
		"connection lost": {func(w http.ResponseWriter) {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				_ = conn.Close()
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gateway{batch: func(call int, _ []string, w http.ResponseWriter) bool {
				if call <= 3 {
					c.answer(w)
				}
				return call <= 3
			}}
			client, waits := start(t, g)
			a, err := importing(client, orders(t, 10, 1)).Run(t.Context())
			if err != nil || a.Accepted != 10 || a.Retries != 3 || a.Requests != 1 {
				t.Fatalf("account is %+v, error %v", a, err)
			}
			for _, d := range (*waits)[:3] {
				if d < c.least || d > longestPause && d > c.least {
					t.Errorf("waited %s, want at least %s", d, c.least)
				}
			}
		})
	}
}

func TestImportGivesUpWhenPatienceEnds(t *testing.T) {
	g := &gateway{batch: func(_ int, _ []string, w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}}
	client, waits := start(t, g)
	notices := 0
	client.Notice = func(reason string) {
		if notices++; reason != "POST /v1/batch: 503; trying again" {
			t.Errorf("notice is %q", reason)
		}
	}
	_, err := importing(client, orders(t, 10, 1)).Run(t.Context())
	if notices == 0 || notices >= len(*waits) {
		t.Errorf("%d notices of %d waits, want one for each but the first, short ones", notices, len(*waits))
	}
	if err == nil || !strings.Contains(err.Error(), "0 of 10 events done: the stack answered a batch with 503; run the same command again") {
		t.Errorf("error is %v", err)
	}
	total := time.Duration(0)
	for _, d := range *waits {
		total += d
	}
	if total < time.Minute || total > time.Minute+longestPause {
		t.Errorf("waited %s, want the patience of a minute", total)
	}
}

func TestImportBooksWhatTheStackRefuses(t *testing.T) {
	tooLarge := func(_ int, ids []string, w http.ResponseWriter) bool {
		if !slices.Contains(ids, "cdnow-master-3") {
			return false
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, `{"title":"Request Entity Too Large"}`)
		return true
	}
	named := func(status int) func(int, []string, http.ResponseWriter) bool {
		return func(_ int, ids []string, w http.ResponseWriter) bool {
			at := slices.Index(ids, "cdnow-master-3")
			if at < 0 {
				return false
			}
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"success":true,"errors":[{"index":%d,"field":"userId","reason":"is odd"}]}`, at)
			return true
		}
	}
	for name, c := range map[string]struct {
		batch    func(int, []string, http.ResponseWriter) bool
		accepted int // by the fake gateway, which takes nothing of a batch that it answers itself
		reason   string
	}{
		"by index in a good answer": {named(200), 0, "refused by the stack: userId is odd"},
		"by index in a bad answer":  {named(400), 9, "refused by the stack: userId is odd"},
		"the batch as a whole":      {tooLarge, 9, "refused by the stack: 413 Request Entity Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gateway{batch: c.batch}
			client, _ := start(t, g)
			a, err := importing(client, orders(t, 10, 1)).Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if a.Sent != 10 || a.Accepted != 9 || a.Refused != 1 || len(g.events) != c.accepted {
				t.Errorf("account is %+v, %d events came", a, len(g.events))
			}
			if len(a.Shown) != 1 || a.Shown[0].Line != 3 || a.Shown[0].Reason != c.reason {
				t.Errorf("refused %v, want line 3: %s", a.Shown, c.reason)
			}
		})
	}
}

func TestImportSaysInOneLineWhatIsWrong(t *testing.T) {
	g := &gateway{}
	client, _ := start(t, g)
	wrongOperator, wrongServer, away := *client, *client, *client
	wrongOperator.OperatorKey, wrongServer.ServerKey = "x", "x"
	away.Base = "http://127.0.0.1:1"
	good, noOrders := orders(t, 3, 1), file(t, "00001 19970101\n")
	otherLayout, torn := file(t, "a,b\n1,2\n"), file(t, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	for name, c := range map[string]struct {
		client *Client
		file   string
		want   string
	}{
		"no such file":       {client, "/nowhere/x.txt", "/nowhere/x.txt cannot be read as cdnow: opening the file: no such file or directory; nothing was sent"},
		"a folder":           {client, t.TempDir(), " cannot be read as cdnow: it is a folder; nothing was sent"},
		"another layout":     {client, otherLayout, "the file has another layout; nothing was sent"},
		"torn gzip":          {client, torn, "it begins as gzip and ends too early: the file is torn, or no gzip; nothing was sent"},
		"no event":           {client, noOrders, "holds no event as cdnow: line 1: the line has 2 columns, not 4 or 5; nothing was sent"},
		"stack not running":  {&away, good, "the stack does not answer at http://127.0.0.1:1: connect: connection refused; start it with `make run`, or set GATEWAY_ADDR"},
		"wrong operator key": {&wrongOperator, good, "refuses the operator key: set OPERATOR_KEY"},
		"wrong server key":   {&wrongServer, good, "the stack refuses the key of the events: 401; set SERVER_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := importing(c.client, c.file).Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
	if len(g.events) != 0 {
		t.Errorf("%d events were sent", len(g.events))
	}
}

func TestImportCountsDeadLettersThatCame(t *testing.T) {
	g := &gateway{queues: []string{`[{"queue":"events","deadLettered":2}]`, `[{"queue":"events","deadLettered":2}]`, `[{"queue":"events","deadLettered":5}]`}}
	client, _ := start(t, g)
	a, err := importing(client, orders(t, 3, 1)).Run(t.Context())
	if err != nil || a.Dead != 3 {
		t.Errorf("%d dead letters, error %v; want 3", a.Dead, err)
	}
}

func TestSettleEndsWhenNothingMoves(t *testing.T) {
	g := &gateway{queues: []string{`[{"queue":"events","depth":4},{"queue":"settlement","depth":5}]`}}
	client, waits := start(t, g)
	err := client.Settle(t.Context(), func(int) {})
	if !errors.Is(err, ErrStuck) || !strings.Contains(err.Error(), "9 jobs are left in settlement") {
		t.Errorf("error is %v", err)
	}
	if got := len(*waits); got != int(maxStill/queuePause) {
		t.Errorf("%d waits, want %d", got, int(maxStill/queuePause))
	}
}

func TestImportStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := &gateway{batch: func(int, []string, http.ResponseWriter) bool { cancel(); return false }}
	client, _ := start(t, g)
	_, err := importing(client, orders(t, 5000, 50)).Run(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run the same command again to complete it") {
		t.Errorf("error is %v", err)
	}
}
