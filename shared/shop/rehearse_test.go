package shop

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

const csvMap = "order_id:No,userId:Who,total:Sum,timestamp:When,currency:Cur,refunded:Back"

const csvOrders = "No,Who,Sum,When,Cur,Back\n" +
	"A-1,u1,\"1,000.10\",2026-01-02T03:04:05Z,CNY,0.10\n" +
	"A-2,u2,20,2026-01-02,USD,\n" +
	"A-3,u3,abc,2026-01-02,CNY,\n" +
	"A-4,null,5,2026-01-02,CNY,\n" +
	"A-5,u5,0.20,2026-01-02,CNY,\n"

func TestRehearsalShowsWhatWouldBeSent(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	a, err := Import{File: file(t, csvOrders), Format: format.CSV, Options: format.Options{Map: csvMap, Now: now}}.Rehearse(&out)
	if err != nil {
		t.Fatal(err)
	}
	event := func(n int, id, what, name, user, at, properties string) string {
		return fmt.Sprintf("Event %d of 4:\n{\n  \"type\": \"track\",\n  \"messageId\": \"order-%s-%s\",\n  \"userId\": %q,\n  \"event\": %q,\n  \"timestamp\": %q,\n  \"properties\": {\n%s\n  }\n}\n",
			n, id, what, user, name, at, properties)
	}
	want := "Would be refused:\n" +
		"  line 4 (row 3 below the header): Sum is no amount of money (there stands \"abc\")\n" +
		"  line 5 (row 4 below the header): the event would be refused: userId and anonymousId are missing or mean nobody; one is required\n" +
		event(1, "A-1", "completed", "Order Completed", "u1", "2026-01-02T03:04:05Z", "    \"currency\": \"CNY\",\n    \"order_id\": \"A-1\",\n    \"total\": 1000.10") +
		event(2, "A-1", "refunded-10", "Order Refunded", "u1", "2026-01-02T03:04:05Z", "    \"currency\": \"CNY\",\n    \"order_id\": \"A-1\",\n    \"refund_id\": \"exported\",\n    \"total\": 0.10") +
		event(3, "A-2", "completed", "Order Completed", "u2", "2026-01-02T12:00:00Z", "    \"currency\": \"USD\",\n    \"order_id\": \"A-2\",\n    \"total\": 20.00") +
		"file       read as UTF-8, 6 columns parted by commas\nlines      5\nevents     4, 4 distinct\nrefused    2\n" +
		"           1: Sum is no amount of money\n           1: the event would be refused: userId and anonymousId are missing or mean nobody; one is required\n" +
		"money      1000.30 CNY, orders 2; given back 0.10, refunds 1\nmoney      20.00 USD, orders 1\n" +
		"sent       nothing: it was a rehearsal (DRY=1)\n"
	if out.String() != want {
		t.Errorf("it shows\n%s\nwant\n%s", out.String(), want)
	}
	if a.Lines != 5 || a.Events != 4 || a.Refused != 2 {
		t.Errorf("account is %+v", a)
	}
	_, err = Import{File: "/nowhere", Format: format.CSV, Options: format.Options{Map: csvMap}}.Rehearse(&out)
	if err == nil || err.Error() != "/nowhere cannot be read as csv: opening the file: no such file or directory" {
		t.Errorf("error is %v", err)
	}
}

// TestImportSumsUpWhatTheStackTook leaves out what the stack refused, and sends the same events when it is run again.
func TestImportSumsUpWhatTheStackTook(t *testing.T) {
	g := &gateway{batch: func(_ int, ids []string, w http.ResponseWriter) bool {
		at := slices.Index(ids, "order-A-5-completed")
		if at >= 0 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"success":false,"errors":[{"index":%d,"field":"userId","reason":"is odd"}]}`, at)
		}
		return at >= 0
	}}
	client, _ := start(t, g)
	one := importing(client, file(t, csvOrders))
	one.Format, one.Options = format.CSV, format.Options{Map: csvMap}
	for run := 1; run <= 2; run++ {
		a, err := one.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		a.Print(&out)
		for _, want := range []string{"lines      5\n", "events     5, 5 distinct\n", "accepted   4\n", "refused    2\n", "line 4 (row 3 below the header): Sum is no amount of money (there stands \"abc\")\n",
			"line 6 (row 5 below the header): refused by the stack: userId is odd\n", "money      1005.10 CNY, orders 2; given back 0.10, refunds 1\nmoney      20.00 USD, orders 1\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("run %d: the account lacks %q:\n%s", run, want, out.String())
			}
		}
		if len(g.events) != 4 || g.events["order-A-1-completed"] != run || g.events["order-A-1-refunded-10"] != run {
			t.Errorf("run %d: %v came", run, g.events)
		}
	}
}
