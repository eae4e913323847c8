//go:build unix

package functions

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/format"
)

// invoices are a dozen lines as UCI's Online Retail has them: a product of an invoice each, cancellations with a C and pieces below zero, lines of nobody.
const invoices = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,WHITE LANTERN,6,12/1/2010 8:26,3.39,17850,United Kingdom
536367,84879,BIRD ORNAMENT,32,12/1/2010 8:34,1.69,13047,United Kingdom
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
536544,21773,ROSE BOTTLE,1,12/1/2010 14:32,2.51,,United Kingdom
C536379,84879,BIRD ORNAMENT,-2,12/1/2010 9:41,1.69,13047,United Kingdom
540001,22423,CAKESTAND,2,1/4/2011 10:00,12.75,17850,United Kingdom
540002,POST,POSTAGE,1,1/5/2011 9:05,18,12583,France
540002,22728,"CLOCK, PINK",24,1/5/2011 9:05,3.75,12583,France
C540003,22423,CAKESTAND,-1,1/20/2011 12:30,12.75,17850,United Kingdom
550004,22728,"CLOCK, PINK",12,3/2/2011 16:07,3.75,12583,France
C550005,D,Discount,-1,3/3/2011 9:00,5.00,14527,United Kingdom
`

// TestInvoicesByMapping imports them by MAP into a whole stack, as `make import` does, and asks for orders, revenue, the mean of an order, who bought again, and cohorts. The figures are added up by hand.
func TestInvoicesByMapping(t *testing.T) {
	m := newMachineWith(t, t.TempDir(), map[string]string{"ShopTimeZone": "Europe/London", "ShopCurrency": "GBP"})
	file := filepath.Join(t.TempDir(), "online_retail.csv")
	if err := os.WriteFile(file, []byte(invoices), 0o600); err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	at := shop.New()
	at.Base, at.ServerKey, at.OperatorKey = m.base, serverKey, operatorKey
	account, err := shop.Import{
		Client: at, Progress: &shop.Progress{Out: io.Discard, Now: time.Now}, File: file, Format: format.CSV,
		Options: format.Options{Currency: "GBP", Zone: london, Dates: "mdy", Map: "order_id:InvoiceNo,userId:CustomerID,timestamp:InvoiceDate,product_id:StockCode,name:Description,quantity:Quantity,price:UnitPrice,properties.country:Country"},
	}.Run(t.Context())
	if err != nil || account.Events != 7 || account.Refused != 3 { // two of nobody, and a discount for nothing
		t.Fatalf("%v: %d events, %d lines refused", err, account.Events, account.Refused)
	}
	result, err := m.stack.Host().Invoke(context.Background(), "test-Archive", []byte(`{"schedule":"archive"}`))
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		t.Fatal(err)
	}

	type month struct {
		Period                    string
		Paid                      int
		Sum, Returned, Net        int64
		Refunds, People, Size     int
		Again, First, After, Back int
		Aov, RepurchaseRate       float64
		Currency                  string
		All                       bool
	}
	var trade struct {
		Answer struct{ Rows, Buyers []month }
	}
	m.answered(`{"kind":"trade","from":"2010-12-01","to":"2011-03-31","by":"month"}`, "2011-12-09", &trade)
	got := map[string]month{}
	for _, r := range trade.Answer.Rows {
		got[r.Period] = r
	}
	for _, want := range []month{
		{Period: "2010-12", Currency: "GBP", Paid: 2, Sum: 8972, Returned: 338, Net: 8634, Aov: 4317, Refunds: 1},
		{Period: "2011-01", Currency: "GBP", Paid: 2, Sum: 13350, Returned: 1275, Net: 12075, Aov: 6037.5, Refunds: 1},
		{Period: "2011-03", Currency: "GBP", Paid: 1, Sum: 4500, Net: 4500, Aov: 4500},
	} {
		if got[want.Period] != want {
			t.Errorf("%+v, want %+v", got[want.Period], want)
		}
	}
	buyers := map[string]month{}
	for _, b := range trade.Answer.Buyers {
		if b.All {
			buyers[b.Period] = b
		}
	}
	for period, want := range map[string][3]int{"": {3, 2, 3}, "2010-12": {2, 0, 2}, "2011-01": {2, 0, 1}, "2011-03": {1, 0, 0}} {
		if b := buyers[period]; b.People != want[0] || b.Again != want[1] || b.First != want[2] {
			t.Errorf("buyers of %q are %+v, want %v", period, b, want)
		}
	}
	if rate := buyers[""].RepurchaseRate; rate < 0.6666 || rate > 0.6667 {
		t.Errorf("%f buy again, want two of three", rate)
	}

	var cohorts struct {
		Answer struct{ Rows []month }
	}
	m.answered(`{"kind":"retention","from":"2010-12-01","to":"2011-03-31","by":"month","periods":3,"first":{"event":"Order Completed"},"return":{"event":"Order Completed"}}`, "2011-12-09", &cohorts)
	back := map[string][4]int{}
	for _, r := range cohorts.Answer.Rows {
		c := back[r.Period]
		if c[0] = r.Size; r.After > 0 {
			c[r.After] = r.Back
		}
		back[r.Period] = c
	}
	for period, want := range map[string][4]int{"2010-12": {2, 1, 0, 0}, "2011-01": {1, 0, 1, 0}} {
		if back[period] != want {
			t.Errorf("cohort %s is %v, want %v", period, back[period], want)
		}
	}
}

// answered asks a question as of a day and waits for the exact answer.
func (m *machine) answered(definition, asOf string, out any) {
	m.t.Helper()
	var a asked
	m.call(http.StatusOK, "POST", "/v1/reports/ask", operatorKey, `{"asOf":"`+asOf+`","definition":`+definition+`}`, &a)
	m.idle()
	m.call(http.StatusOK, "GET", "/v1/reports/"+a.ID, operatorKey, "", out)
}
