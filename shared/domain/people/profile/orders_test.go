package profile

import (
	"reflect"
	"testing"
)

func TestPurchasesAreASum(t *testing.T) {
	full := Purchase{Discounted: true, Coupon: true, Cancelled: true, Refunds: 2, Lines: 5, DiscountedLines: 3, Pieces: 7, Discount: 90}
	var s Purchases
	s.Replace(nil, &full)
	s.Replace(nil, &Purchase{Lines: 1})
	want := Purchases{Discounted: 1, Coupons: 1, Cancelled: 1, Refunded: 1, Refunds: 2, Lines: 6, DiscountedLines: 3, Pieces: 7, Discount: 90}
	if s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	q := s
	q.absorb(s)
	if q != (Purchases{Discounted: 2, Coupons: 2, Cancelled: 2, Refunded: 2, Refunds: 4, Lines: 12, DiscountedLines: 6, Pieces: 14, Discount: 180}) {
		t.Errorf("twice %+v", q)
	}
	s.Replace(&full, &Purchase{Refunds: 1})
	if s != (Purchases{Refunded: 1, Refunds: 1, Lines: 1}) {
		t.Errorf("replaced %+v", s)
	}
	s.Replace(&Purchase{Refunds: 1}, nil)
	if s != (Purchases{Lines: 1}) {
		t.Errorf("taken out %+v", s)
	}
}

func TestCollapsedOrders(t *testing.T) {
	entry := func(i int, net int64) *OrderEntry {
		return &OrderEntry{At: minute(i), Net: net, Currency: "CNY"}
	}
	var o Orders
	for i := range MaxOrderEntries {
		o.Replace(nil, entry(i, 1))
	}
	if len(o.Entries) != MaxOrderEntries || o.Base != nil {
		t.Fatalf("%d entries, base %v", len(o.Entries), o.Base)
	}
	o.Replace(nil, entry(900, 1))
	if len(o.Entries) != MaxOrderEntries || !reflect.DeepEqual(o.Base, []Collapsed{{Currency: "CNY", Orders: 1, Count: 1, Net: 1, FirstAt: t0, LastAt: t0}}) {
		t.Fatalf("%d entries, base %v", len(o.Entries), o.Base)
	}
	o.Replace(nil, &OrderEntry{At: minute(-3), Net: 0, Currency: "AUD"}) // older than what is listed, of another currency, refunded
	o.Replace(nil, &OrderEntry{At: minute(-2), Net: -4, Currency: "CNY"})
	want := []Collapsed{{Currency: "AUD", Orders: 1, FirstAt: minute(-3)}, {Currency: "CNY", Orders: 2, Count: 1, Net: -3, FirstAt: minute(-2), LastAt: t0}}
	if !reflect.DeepEqual(o.Base, want) || o.Count != MaxOrderEntries+3 {
		t.Errorf("base %+v, want %+v; %d orders", o.Base, want, o.Count)
	}
	if !o.FirstAt().Equal(minute(-3)) || !o.LastAt().Equal(minute(900)) {
		t.Errorf("from %v to %v", o.FirstAt(), o.LastAt())
	}
	o.Replace(&OrderEntry{At: minute(-2), Net: -4, Currency: "CNY"}, nil)
	o.Replace(&OrderEntry{At: t0, Net: 1, Currency: "CNY"}, nil)
	if c := o.Base[1]; c.Orders != 0 || c.Count != 0 || c.Net != 0 || o.Count != MaxOrderEntries+1 {
		t.Errorf("taken out of the collapsed: %+v, %d orders", c, o.Count)
	}
	same := entry(5, 1)
	before := len(o.Entries)
	if o.Replace(same, entry(5, 1)); len(o.Entries) != before {
		t.Error("the same again changed something")
	}
	only := Orders{Base: []Collapsed{{Currency: "CNY", FirstAt: minute(2), LastAt: minute(3)}, {Currency: "USD", FirstAt: minute(1), LastAt: minute(9)}}}
	if !only.FirstAt().Equal(minute(1)) || !only.LastAt().Equal(minute(9)) || !(Orders{}).FirstAt().IsZero() || !(Orders{}).LastAt().IsZero() {
		t.Errorf("of collapsed ones alone: from %v to %v", only.FirstAt(), only.LastAt())
	}
	late := Orders{Base: only.Base, Entries: []OrderEntry{{At: minute(0)}}}
	if !late.FirstAt().Equal(minute(0)) || !late.LastAt().Equal(minute(0)) {
		t.Errorf("from %v to %v", late.FirstAt(), late.LastAt())
	}
}
