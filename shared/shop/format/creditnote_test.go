package format

import (
	"testing"
	"time"
)

const retailMap = "order_id:InvoiceNo,userId:CustomerID,timestamp:InvoiceDate,product_id:StockCode,name:Description,quantity:Quantity,price:UnitPrice"

// TestCreditNotes: a document of a table whose pieces are all below zero gives back of the orders in which the same person bought the products last.
func TestCreditNotes(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Map: retailMap, Currency: "GBP", Zone: london, Dates: "mdy"}
	events, refused, err := told(t, CSV, retailHeader+
		"1,A,Holder,6,12/1/2010 8:26,2.55,17,UK\n"+
		"1,B,Lantern,2,12/1/2010 8:26,3.39,17,UK\n"+
		"2,A,Holder,4,6/2/2011 8:26,2.55,17,UK\n"+
		"C3,A,Holder,-1,6/3/2011 9:00,2.55,17,UK\n"+ // of the last of two
		"C3,B,Lantern,-2,6/3/2011 9:00,3.39,17,UK\n"+
		"C4,A,Holder,-1,6/4/2011 9:00,2.55,18,UK\n"+ // who has bought nothing
		"C5,A,Holder,-1,6/4/2011 9:00,2.55,17,UK\n"+
		"C5,,,-1,6/4/2011 9:00,2.55,17,UK\n"+
		"6,A,Holder,1,6/5/2011 9:00,2.55,17,UK\n"+
		"6,B,Lantern,-1,6/5/2011 9:00,3.39,17,UK\n"+
		"7,A,Holder,1,6/6/2011 9:00,2.55,,UK\n"+
		"C8,A,Holder,-2,6/7/2011 9:00,1.00,17,UK\n", o)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "events", events,
		`2 order-1-completed trackOrder Completed 17 2010-12-01T08:26:00Z {"currency":"GBP","order_id":"1","products":[{"name":"Holder","price":2.55,"product_id":"A","quantity":6},{"name":"Lantern","price":3.39,"product_id":"B","quantity":2}],"total":22.08} 2208 GBP`,
		`4 order-2-completed trackOrder Completed 17 2011-06-02T07:26:00Z {"currency":"GBP","order_id":"2","products":[{"name":"Holder","price":2.55,"product_id":"A","quantity":4}],"total":10.20} 1020 GBP`,
		`5 order-2-refunded-C3 trackOrder Refunded 17 2011-06-03T08:00:00Z {"currency":"GBP","order_id":"2","products":[{"name":"Holder","price":2.55,"product_id":"A","quantity":1}],"refund_id":"C3","total":2.55} -255 GBP`,
		`5 order-1-refunded-C3 trackOrder Refunded 17 2011-06-03T08:00:00Z {"currency":"GBP","order_id":"1","products":[{"name":"Lantern","price":3.39,"product_id":"B","quantity":2}],"refund_id":"C3","total":6.78} -678 GBP`,
		`13 order-2-refunded-C8 trackOrder Refunded 17 2011-06-07T08:00:00Z {"currency":"GBP","order_id":"2","products":[{"name":"Holder","price":1.00,"product_id":"A","quantity":2}],"refund_id":"C8","total":2.00} -200 GBP`,
	)
	const want = `line 7 (row 6 below the header): Quantity is given back, and no order above is of this person and product (there stands "-1")` + "\n" +
		`line 8 (row 7 below the header): another line of its order is refused: line 9` + "\n" +
		`line 9 (row 8 below the header): Quantity is given back, and of which product is not said (there stands "-1")` + "\n" +
		`line 10 (row 9 below the header): another line of its order is refused: line 11` + "\n" +
		`line 11 (row 10 below the header): Quantity is no number of pieces (there stands "-1")` + "\n" +
		`line 12 (row 11 below the header): CustomerID is empty`
	if refused != want {
		t.Errorf("refused:\n%s\nwant:\n%s", refused, want)
	}
	// A table with the value of each line, below zero too.
	events, refused, err = told(t, CSV, "no,who,at,item,pieces,value\n1,u,2026-11-01 10:00,Tea,3,30.00\nR2,u,2026-11-02 10:00,Tea,-1,-10.00\n",
		Options{Map: "order_id:no,userId:who,timestamp:at,name:item,quantity:pieces,line_total:value,currency:=CNY"})
	if err != nil || refused != "" || len(events) != 2 {
		t.Fatalf("%v %s %q", err, refused, events)
	}
	same(t, "the second", events[1:], `3 order-1-refunded-R2 trackOrder Refunded u 2026-11-02T02:00:00Z {"currency":"CNY","order_id":"1","products":[{"line_total":10.00,"name":"Tea","price":10.00,"product_id":"Tea","quantity":1}],"refund_id":"R2","total":10.00} -1000 CNY`)
}
