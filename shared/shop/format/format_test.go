package format

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// sent is what a test looks at of an event.
type sent struct {
	Type       string `json:"type"`
	MessageID  string `json:"messageId"`
	UserID     string `json:"userId"`
	Event      string `json:"event"`
	Timestamp  string `json:"timestamp"`
	Properties struct {
		OrderID   string          `json:"order_id"`
		Total     json.RawMessage `json:"total"`
		Currency  string          `json:"currency"`
		Discount  json.RawMessage `json:"discount"`
		ProductID string          `json:"product_id"`
		Price     json.RawMessage `json:"price"`
		Session   string          `json:"session_id"`
		Products  []struct {
			ProductID string          `json:"product_id"`
			Price     json.RawMessage `json:"price"`
			Quantity  json.RawMessage `json:"quantity"`
			Name      string          `json:"name"`
		} `json:"products"`
	} `json:"properties"`
}

type result struct {
	events  []Event
	sent    []sent
	refused []Refusal
	lines   int
	err     error
}

func read(t *testing.T, f Format, text string) result {
	t.Helper()
	var r result
	r.err = Read(f, strings.NewReader(text), Options{Currency: "USD"}, Sink{
		Event: func(e Event) error {
			var s sent
			if err := json.Unmarshal(e.Body, &s); err != nil {
				t.Fatalf("event of line %d is no JSON: %v", e.Line, err)
			}
			r.events, r.sent = append(r.events, e), append(r.sent, s)
			return nil
		},
		Refuse: func(one Refusal) { r.refused = append(r.refused, one) },
		Line:   func(n int) { r.lines = n },
	})
	return r
}

func refusals(r result) string {
	texts := make([]string, len(r.refused))
	for i, one := range r.refused {
		texts[i] = one.String()
	}
	return strings.Join(texts, "\n")
}

const journeyHeader = "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp\n"

func TestCompleteJourneyJoinsTheLinesOfABasket(t *testing.T) {
	r := read(t, CompleteJourney, journeyHeader+
		"7,309,31,940996,1.0,3.86,0.43,0.0,0.0,5,2017-01-28T19:06:53Z\n"+
		"5,309,32,873902,3.0,1.00,0.0,0.0,0.0,5,2017-01-29T00:00:00Z\n"+
		"7,309,31,847901,0.0,4.440892e-16,0.10,1.0,0.5,5,2017-01-28T19:06:52Z\n")
	if r.err != nil || len(r.sent) != 2 || r.lines != 3 || len(r.refused) != 0 {
		t.Fatalf("%d events of %d lines, refused %v, error %v", len(r.sent), r.lines, r.refused, r.err)
	}
	if r.sent[0].UserID != "5" || string(r.sent[0].Properties.Products[0].Price) != "0.33" {
		t.Errorf("first event is %+v, want the order of household 5 at 0.33 apiece", r.sent[0])
	}
	got := r.sent[1]
	if got.MessageID != "cj-31" || got.Event != "Order Completed" || got.UserID != "7" || got.Timestamp != "2017-01-28T19:06:52Z" {
		t.Errorf("event is %+v", got)
	}
	p := got.Properties
	if p.OrderID != "31" || string(p.Total) != "3.86" || p.Currency != "USD" || string(p.Discount) != "0.53" || len(p.Products) != 2 {
		t.Errorf("properties are %+v", p)
	}
	if r.events[1].Line != 2 || r.events[1].Row != 1 {
		t.Errorf("line %d row %d, want 2 and 1", r.events[1].Line, r.events[1].Row)
	}
}

func TestCDNOWReadsBothLayouts(t *testing.T) {
	master := read(t, CDNOW, " customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n 00002 19970112  5    0.00\r\n")
	if master.err != nil || len(master.sent) != 2 {
		t.Fatalf("%d events, error %v", len(master.sent), master.err)
	}
	if got := master.sent[0]; got.UserID != "00001" || got.MessageID != "cdnow-master-1" || got.Timestamp != "1997-01-01T12:00:00Z" ||
		got.Properties.OrderID != "cdnow-master-1" || string(got.Properties.Total) != "11.77" || string(got.Properties.Products[0].Quantity) != "1" {
		t.Errorf("event is %+v", got)
	}
	if got := string(master.sent[1].Properties.Total); got != "0.00" {
		t.Errorf("total is %s, want 0.00: an order of nothing is an order", got)
	}
	sample := read(t, CDNOW, " 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73")
	if sample.err != nil || len(sample.sent) != 2 || sample.sent[1].MessageID != "cdnow-sample-2" || sample.sent[1].UserID != "00004" {
		t.Errorf("%+v, error %v", sample.sent, sample.err)
	}
}

const rees46Header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"

func TestREES46GivesEqualLinesOneMessageID(t *testing.T) {
	view := "2019-10-01 00:00:00 UTC,view,44600062,2103,,shiseido,35.79,541312140,72d7\n"
	r := read(t, REES46, rees46Header+view+view+
		"2019-10-01 00:00:01 UTC,cart,44600062,2103,a.b,shiseido,35.79,541312140,72d7\n"+
		"2019-10-01 00:00:02 UTC,purchase,44600062,2103,a.b,shiseido,35.79,541312140,72d7\n")
	if r.err != nil || len(r.sent) != 4 {
		t.Fatalf("%d events, error %v", len(r.sent), r.err)
	}
	if r.sent[0].MessageID != r.sent[1].MessageID || r.sent[1].MessageID == r.sent[2].MessageID {
		t.Errorf("messageIds %s, %s, %s: want the first two equal", r.sent[0].MessageID, r.sent[1].MessageID, r.sent[2].MessageID)
	}
	for i, want := range []string{"Product Viewed", "Product Viewed", "Product Added", "Order Completed"} {
		if r.sent[i].Event != want || r.sent[i].UserID != "541312140" || r.sent[i].Properties.Session != "72d7" {
			t.Errorf("event %d is %+v, want %s", i, r.sent[i], want)
		}
	}
	if p := r.sent[3].Properties; string(p.Total) != "35.79" || p.OrderID != r.sent[3].MessageID || p.Products[0].ProductID != "44600062" {
		t.Errorf("order is %+v", p)
	}
}

const retailHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func TestOnlineRetailRefundsTheLastInvoiceWithTheProduct(t *testing.T) {
	r := read(t, OnlineRetail, "\ufeff"+retailHeader+
		"536365,85123A,\"HOLDER, WHITE\",6,12/1/2010 8:26,2.55,17850.0,United Kingdom\n"+
		"536365,71053,LANTERN,2,12/1/2010 8:26,3.39,17850,United Kingdom\n"+
		"536370,85123A,HOLDER CAF\xc9,4,6/2/2011 8:26,2.55,17850,United Kingdom\n"+
		"C536400,85123A,HOLDER,-1,6/3/2011 9:00,2.55,17850,United Kingdom\n"+
		"C536400,71053,LANTERN,-2,6/3/2011 9:00,3.39,17850,United Kingdom\n"+
		"C536401,71053,LANTERN,-2,6/3/2011 9:00,3.39,99999,United Kingdom\n"+
		"536402,71053,LANTERN,2,6/3/2011 9:00,3.39,,United Kingdom\n"+
		"536403,71053,LANTERN,0,6/3/2011 9:00,3.39,17850,United Kingdom\n")
	if r.err != nil {
		t.Fatal(r.err)
	}
	var got []string
	for _, s := range r.sent {
		got = append(got, strings.Join([]string{s.MessageID, s.Event, s.UserID, s.Properties.OrderID, string(s.Properties.Total), s.Properties.Currency, s.Timestamp}, " "))
	}
	want := []string{
		"or-536365 Order Completed 17850 536365 22.08 USD 2010-12-01T08:26:00Z",
		"or-536370 Order Completed 17850 536370 10.20 USD 2011-06-02T07:26:00Z",
		"or-C536400-536365 Order Refunded 17850 536365 6.78 USD 2011-06-03T08:00:00Z",
		"or-C536400-536370 Order Refunded 17850 536370 2.55 USD 2011-06-03T08:00:00Z",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("events:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if name := r.sent[1].Properties.Products[0].Name; name != "HOLDER CAFÉ" {
		t.Errorf("name is %q, want the Latin-1 of the export as UTF-8", name)
	}
	wantRefused := "line 7 (row 6 below the header): no earlier invoice of this customer has the product that is given back\n" +
		"line 8 (row 7 below the header): CustomerID is empty\n" +
		"line 9 (row 8 below the header): the quantity is not above zero"
	if refusals(r) != wantRefused {
		t.Errorf("refused:\n%s\nwant:\n%s", refusals(r), wantRefused)
	}
}

func TestSegmentKeepsEventsAsTheyAre(t *testing.T) {
	named := `{"type":"track","userId":"u1","event":"X","messageId":"m1","properties":{"n":1.50}}`
	unnamed := `{"type":"page","anonymousId":"a1"}`
	text := named + "\n" + unnamed + "\n\n" + unnamed + "\n"
	first, second := read(t, Segment, text), read(t, Segment, text)
	if first.err != nil || len(first.events) != 3 {
		t.Fatalf("%d events, error %v", len(first.events), first.err)
	}
	if string(first.events[0].Body) != named || first.events[0].Person != "u1" || first.events[2].Person != "a1" {
		t.Errorf("events are %+v", first.events)
	}
	if first.sent[1].MessageID == "" || first.sent[1].MessageID == first.sent[2].MessageID {
		t.Errorf("messageIds of two equal lines are %q and %q, want two names", first.sent[1].MessageID, first.sent[2].MessageID)
	}
	for i := range first.sent {
		if first.sent[i].MessageID != second.sent[i].MessageID {
			t.Errorf("event %d is %q and then %q: want the same name in every reading", i, first.sent[i].MessageID, second.sent[i].MessageID)
		}
	}
}

func TestBadLinesAreRefusedWithTheirNumber(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		text   string
		want   string
		events int
	}{
		"torn line": {REES46, rees46Header + "2019-10-01 02:50:00 UTC,view,10900305,2053,a.b,elenberg,25.71,52040330",
			"line 2 (row 1 below the header): the line is torn in user_id: it has 8 of 9 columns", 0},
		"too many columns": {REES46, rees46Header + "a,b,c,d,e,f,g,h,i,j\n",
			"line 2 (row 1 below the header): the line has 10 columns, the header 9", 0},
		"unknown kind": {REES46, rees46Header + "2019-10-01 02:50:00 UTC,remove,1,2,a,b,25.71,5,s\n",
			`line 2 (row 1 below the header): event_type is "remove", not view, cart or purchase`, 0},
		"two faults in a line": {REES46, rees46Header + "yesterday,view,1,2,a,b,much,5,s\n",
			"line 2 (row 1 below the header): price is not a decimal amount within range; event_time is no time like 2006-01-02 15:04:05 UTC", 0},
		"no household": {CompleteJourney, journeyHeader + ",309,31,9,1.0,3.86,0.43,0.0,0.0,5,2017-01-28T19:06:53Z\n",
			"line 2 (row 1 below the header): household_id is empty", 0},
		"basket of two households": {CompleteJourney, journeyHeader + "1,309,31,9,1.0,3.86,0,0,0,5,2017-01-28T19:06:53Z\n2,309,31,9,1.0,3.86,0,0,0,5,2017-01-28T19:06:53Z\n",
			"line 3 (row 2 below the header): household_id is not that of the basket's first line", 1},
		"three columns": {CDNOW, "00001 19970101 1\n00001 19970101 1 5.00\n", "line 1: the line has 3 columns, not 4 or 5", 1},
		"no such day":   {CDNOW, "00001 19970231 1 5.00\n", "line 1: date is no day like 19970101", 0},
		"not JSON":      {Segment, "{\n{\"type\":\"page\",\"userId\":\"u\"}", "line 1: the line is no event in JSON: unexpected end of JSON input", 1},
		"no type":       {Segment, "{\"userId\":\"u\"}\n{\"type\":\"page\",\"userId\":\"u\"}", "line 1: type is empty", 1},
		"32 KB and a byte": {Segment, `{"type":"page","userId":"u","x":"` + strings.Repeat("a", 32<<10-35+1) + "\"}\n{\"type\":\"page\",\"userId\":\"u\"}",
			"line 1: the event is over 32768 bytes", 1},
		"32 KB": {Segment, `{"type":"page","userId":"u","x":"` + strings.Repeat("a", 32<<10-35) + "\"}\n", "", 1},
		"a line without end": {Segment, strings.Repeat("a", maxLine*2) + "\n{\"type\":\"page\",\"userId\":\"u\"}",
			"line 1: the event is over 32768 bytes", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, c.format, c.text)
			if r.err != nil {
				t.Fatal(r.err)
			}
			if refusals(r) != c.want || len(r.events) != c.events {
				t.Errorf("%d events, refused %q; want %d and %q", len(r.events), refusals(r), c.events, c.want)
			}
		})
	}
}

func TestAFileOfAnotherLayoutIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		format Format
		text   string
		want   string
	}{
		"empty":             {REES46, "", "the file is empty"},
		"another header":    {REES46, journeyHeader, "the header has no column event_time: the file has another layout"},
		"no order list":     {CDNOW, "a,b,c\n1,2,3\n", "line 1 begins neither with a customer's number nor with customer_id: the file has another layout"},
		"no JSON at all":    {Segment, journeyHeader, "no line is an event of the protocol: the file has another layout"},
		"torn gzip":         {CDNOW, "\x1f\x8b\x08", "it begins as gzip and ends too early: the file is torn, or no gzip"},
		"gzip in name only": {CDNOW, "\x1f\x8bis no gzip at all", "it begins as gzip and goes on as something else: the file is damaged, or no gzip"},
		"a format not ours": {"xlsx", "x", `there is no format "xlsx": use one of csv, shopify, woocommerce, complete-journey, cdnow, online-retail, rees46, segment`},
	} {
		t.Run(name, func(t *testing.T) {
			if r := read(t, c.format, c.text); r.err == nil || r.err.Error() != c.want {
				t.Errorf("error is %v, want %s", r.err, c.want)
			}
		})
	}
}

func TestGzipIsRecognised(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("00001 19970101 1 5.00\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := read(t, CDNOW, packed.String()); r.err != nil || len(r.sent) != 1 {
		t.Errorf("%d events, error %v; want 1", len(r.sent), r.err)
	}
	torn := packed.String()[:packed.Len()-4]
	if r := read(t, CDNOW, torn); r.err == nil {
		t.Error("a torn gzip file was read without an error")
	}
}

func TestTheSinkCanStopTheReading(t *testing.T) {
	stop := errors.New("enough")
	calls := 0
	err := Read(CDNOW, strings.NewReader("1 19970101 1 5.00\n2 19970101 1 5.00\n"), Options{}, Sink{
		Event:  func(Event) error { calls++; return stop },
		Refuse: func(Refusal) {},
	})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%d events before %v, want one", calls, err)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Format{"rees46": REES46, " CDNOW ": CDNOW, "segment ndjson": Segment, "ndjson": Segment} {
		if got, err := Parse(text); got != want || err != nil {
			t.Errorf("Parse(%q) = %q, %v", text, got, err)
		}
	}
	if _, err := Parse(""); err == nil {
		t.Error("an empty format was accepted")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(byte(0), journeyHeader+"7,309,31,940996,1.0,3.86,0.43,0.0,0.0,5,2017-01-28T19:06:53Z\n")
	f.Add(byte(1), " 00004 0001 19970101  2   29.33\n")
	f.Add(byte(2), retailHeader+"C536400,85123A,HOLDER,-1,6/3/2011 9:00,2.55,17850,United Kingdom\n")
	f.Add(byte(3), rees46Header+"2019-10-01 02:50:00 UTC,view,10900305,2053,a.b,elenberg,25.71,52040330")
	f.Add(byte(4), `{"type":"page","anonymousId":"a1"}`)
	f.Add(byte(5), "n,u,s,t,i,q\n1,u,\"1,234.50\",2026/11/29,Tea,2\n1,u,\"1,234.50\",2026/11/29,Cup,x\n")
	f.Add(byte(6), "Name,Email,Financial Status,Created at,Currency,Total,Lineitem name,Refunded Amount\n#1,a@b.example,paid,2026-03-04 10:00:00 +0800,USD,2,Tea,1\n#1,,,,,,Cup,\n")
	f.Add(byte(7), "order_id,order_date,status,order_total,order_currency,line_item_1\n1,2026-03-04,wc-completed,2,EUR,name:Tea|quantity:2|total:2\n")
	all := []Format{CompleteJourney, CDNOW, OnlineRetail, REES46, Segment, CSV, Shopify, WooCommerce}
	o := Options{Map: "order_id:n,userId:u,total:s,timestamp:t,name:i,quantity:q,currency:=CNY"}
	f.Fuzz(func(t *testing.T, which byte, text string) {
		err := Read(all[int(which)%len(all)], strings.NewReader(text), o, Sink{
			Event: func(e Event) error {
				if !json.Valid(e.Body) || e.MessageID == "" {
					t.Errorf("line %d made %q", e.Line, e.Body)
				}
				return nil
			},
			Refuse: func(r Refusal) {
				if strings.Contains(r.Reason, "\n") {
					t.Errorf("the reason has several lines: %q", r.Reason)
				}
			},
		})
		_ = err
	})
}

func TestWithoutACurrencyOrdersNameNone(t *testing.T) {
	err := Read(CDNOW, strings.NewReader("1 19970101 1 5.00\n"), Options{}, Sink{Event: func(e Event) error {
		if strings.Contains(string(e.Body), "currency") {
			t.Errorf("event is %s", e.Body)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}
