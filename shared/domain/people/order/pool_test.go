package order

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// What refunds take off orders of several currencies: their own amounts, those of before currencies were kept, and too much.
func TestWhatRefundsTakeOff(t *testing.T) {
	own := func(digits int64, scale int) Refund { return Refund{Own: money.Decimal{Digits: digits, Scale: scale}} }
	for name, c := range map[string]struct {
		total     int64
		refunds   []Refund
		refunded  int64
		unmatched int
		fully     bool
	}{
		"none":                            {500, nil, 0, 0, false},
		"of before, no currency":          {500, []Refund{{Amount: 200}}, 200, 0, false},
		"its currency":                    {500, []Refund{{Amount: 200, Currency: "CNY"}}, 200, 0, false},
		"another currency":                {500, []Refund{{Amount: 200, Currency: "USD"}}, 0, 1, false},
		"another currency, whole":         {500, []Refund{{Amount: 200, Currency: "USD", Whole: true}}, 500, 0, true},
		"nothing of another currency":     {500, []Refund{{Currency: "USD"}}, 0, 0, false},
		"its own amount":                  {500, []Refund{own(15, 1)}, 150, 0, false},
		"its own amount, past everything": {500, []Refund{own(math.MaxInt64, 0)}, 500, 0, true},
		"all but one":                     {500, []Refund{{Amount: 499}}, 499, 0, false},
		"all":                             {500, []Refund{{Amount: 499}, {Amount: 1}}, 500, 0, true},
		"more than all":                   {500, []Refund{{Amount: 499}, {Amount: 2}}, 500, 0, true},
		"a whole one after a part":        {500, []Refund{{Amount: 1}, {Whole: true}}, 500, 0, true},
		"so many that a sum would wrap":   {500, []Refund{own(math.MaxInt64, 0), own(math.MaxInt64, 0), own(math.MaxInt64, 0), own(math.MaxInt64, 0), own(math.MaxInt64, 0)}, 500, 0, true},
		"of nothing, whole":               {0, []Refund{{Whole: true}}, 0, 0, true},
		"of nothing, nothing":             {0, []Refund{{}}, 0, 0, false},
		"of nothing, something":           {0, []Refund{{Amount: 5}}, 0, 0, false},
		"of less than nothing, stored so": {-5, []Refund{{Whole: true}}, 0, 0, true},
	} {
		o := Order{Total: c.total, Currency: "CNY", Refunds: c.refunds}
		if o.Refunded() != c.refunded || o.Unmatched() != c.unmatched || o.FullyRefunded() != c.fully {
			t.Errorf("%s: %d refunded, %d unmatched, fully %v", name, o.Refunded(), o.Unmatched(), o.FullyRefunded())
		}
	}
	if minor, ok := own(math.MaxInt64, 0).in("CNY"); !ok || minor != maxPool {
		t.Errorf("more than fits takes off %d, %v", minor, ok)
	}
}

// The same refund reported twice: its earliest time, and the greater of what the two say, in whichever sequence they come.
func TestTheSameRefundTwice(t *testing.T) {
	whole, part := Refund{Key: "r", At: t0, Whole: true}, Refund{Key: "r", At: t0.Add(-time.Hour), Amount: 5, Currency: "CNY"}
	named, unnamed := Refund{Key: "r", At: t0, Amount: 1, Currency: "CNY"}, Refund{Key: "r", At: t0, Amount: 9, Own: money.Decimal{Digits: 9, Scale: 2}}
	finer := Refund{Key: "r", At: t0, Amount: 9, Own: money.Decimal{Digits: 9, Scale: 3}}
	for name, c := range map[string]struct{ greater, less, want Refund }{
		"whole and part":   {whole, part, Refund{Key: "r", At: part.At, Whole: true}},
		"named and not":    {named, unnamed, named},
		"more and less":    {part, Refund{Key: "r", At: t0, Amount: 4, Currency: "CNY"}, part},
		"own amounts":      {Refund{Key: "r", At: t0, Own: money.Decimal{Digits: 10, Scale: 2}}, Refund{Key: "r", At: t0, Own: money.Decimal{Digits: 9, Scale: 2}}, Refund{Key: "r", At: t0, Own: money.Decimal{Digits: 10, Scale: 2}}},
		"own, finer":       {finer, unnamed, finer},
		"the same in both": {named, named, named},
	} {
		if got := compareRefunds(c.greater, c.less); got < 0 || got == 0 && !reflect.DeepEqual(c.greater, c.less) {
			t.Errorf("%s compare %d", name, got)
		}
		for i, both := range [][]Refund{{c.greater, c.less}, {c.less, c.greater}} {
			o := Order{Refunds: []Refund{both[0]}}
			o.refund(tells(both[1]))
			if !reflect.DeepEqual(o.Refunds, []Refund{c.want}) {
				t.Errorf("%s, sequence %d: %+v, want %+v", name, i, o.Refunds, c.want)
			}
		}
	}
}

// tells is the report that a refund is made of.
func tells(r Refund) Report {
	out := Report{Name: event.OrderRefunded, RefundID: r.Key, At: r.At, Currency: "CNY", Amount: r.Own}
	if r.Currency != "" {
		out.Currency, out.Stated = r.Currency, true
	}
	if !r.Whole {
		out.Total = &r.Amount
	}
	return out
}

// Past the most refunds, sums stand for them: one for each way in which amounts are told. The keys are stored.
func TestPooledRefunds(t *testing.T) {
	o := Order{Currency: "CNY"}
	for i := range MaxRefunds {
		o.Refunds = append(o.Refunds, Refund{Key: string(rune('0' + i)), At: t0})
	}
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	for i, r := range []Refund{
		{At: at(3), Amount: 5, Currency: "CNY"}, {At: at(1), Amount: 6, Currency: "CNY"}, {At: at(2), Amount: 7, Currency: "USD"},
		{At: at(4), Amount: 15, Own: money.Decimal{Digits: 15, Scale: 2}}, {At: at(2), Amount: 25, Own: money.Decimal{Digits: 25, Scale: 2}},
		{At: at(2), Amount: 1, Own: money.Decimal{Digits: 3, Scale: 3}}, {At: at(2), Whole: true}, {At: at(5), Whole: true}, {At: at(1), Amount: 0},
		{At: at(9), Amount: math.MaxInt64 / 2, Currency: "EUR"}, {At: at(9), Amount: math.MaxInt64 / 2, Currency: "EUR"},
		{At: at(9), Own: money.Decimal{Digits: math.MaxInt64, Scale: 1}}, {At: at(9), Own: money.Decimal{Digits: math.MaxInt64, Scale: 1}},
	} {
		r.Key = string(rune('a'+i)) + "-new"
		o.refund(tells(r))
	}
	want := []Refund{
		{Key: "~", At: at(1)},
		{Key: "~1", At: at(9), Own: money.Decimal{Digits: 2 * maxPool, Scale: 1}},
		{Key: "~2", At: at(2), Amount: 40, Own: money.Decimal{Digits: 40, Scale: 2}},
		{Key: "~3", At: at(2), Amount: 1, Own: money.Decimal{Digits: 3, Scale: 3}},
		{Key: "~CNY", At: at(1), Amount: 11, Currency: "CNY"}, {Key: "~EUR", At: at(9), Amount: maxPool, Currency: "EUR"}, {Key: "~USD", At: at(2), Amount: 7, Currency: "USD"},
		{Key: "~whole", At: at(2), Whole: true},
	}
	if got := o.Refunds[MaxRefunds:]; !reflect.DeepEqual(got, want) {
		for i := range got {
			t.Errorf("pooled %+v", got[i])
		}
	}
}

// A refund that is told with the other sign takes off as much, and one without an id is known by its report.
func TestRefundsWithoutIDOrSign(t *testing.T) {
	r := report(t, event.OrderRefunded, `{"order_id":"A","total":-1.5}`, t0, 0xabc)
	o := Order{ID: "A"}
	o.Fold(r, "p")
	want := []Refund{{Key: "0000000000000abc", At: t0, Amount: 150, Own: money.Decimal{Digits: 15, Scale: 1}}}
	if !reflect.DeepEqual(o.Refunds, want) {
		t.Errorf("%+v, want %+v", o.Refunds, want)
	}
	o.Fold(report(t, event.OrderRefunded, `{"order_id":"A","total":-2,"currency":"CNY"}`, t0, 0xabd), "p")
	if last := o.Refunds[1]; last.Amount != 200 || last.Currency != "CNY" || last.Own != (money.Decimal{}) {
		t.Errorf("%+v", last)
	}
	// What lines of the shop's currency come to is told in its minor units.
	r = report(t, event.OrderRefunded, `{"order_id":"A","products":[{"price":2.5,"quantity":2}]}`, t0, 1)
	if r.Amount != (money.Decimal{Digits: 500, Scale: 2}) {
		t.Errorf("lines come to %+v", r.Amount)
	}
}

// Refunds of orders that were stored before their keys were bounded are put in sequence again.
func TestShortenedKeysAreSorted(t *testing.T) {
	o := Order{Refunds: []Refund{{Key: "c"}, {Key: "a"}, {Key: "b"}}}
	o.shorten()
	if got := []string{o.Refunds[0].Key, o.Refunds[1].Key, o.Refunds[2].Key}; !reflect.DeepEqual(got, []string{"a", "b", "c"}) {
		t.Errorf("%v", got)
	}
}
