package order

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// TestLaterStateCounts tells of payments and cancellations in every sequence; which of them counts is read off the hours alone.
func TestLaterStateCounts(t *testing.T) {
	for _, c := range []struct {
		name            string
		paid, cancelled []int // hours
		net             int64
	}{
		{"paid", []int{10}, nil, 1000},
		{"cancelled after", []int{10}, []int{16}, 0},
		{"paid after the cancellation", []int{17}, []int{16}, 1000},
		{"paid before and after", []int{10, 17}, []int{16}, 1000},
		{"cancelled, paid, cancelled", []int{17}, []int{16, 18}, 0},
		{"both in one hour", []int{16}, []int{16}, 0},
		{"paid twice before", []int{10, 12}, []int{16}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reports []Report
			for i, h := range c.paid {
				reports = append(reports, report(t, event.OrderCompleted, `{"order_id":"A","total":10}`, t0.Add(time.Duration(h)*time.Hour), event.Hash(i)))
			}
			for i, h := range c.cancelled {
				reports = append(reports, report(t, event.OrderCancelled, `{"order_id":"A"}`, t0.Add(time.Duration(h)*time.Hour), event.Hash(10+i)))
			}
			var want Order
			permute(reports, func(n int, list []Report) {
				o := Order{ID: "A"}
				for _, r := range list {
					o.Fold(r, "p")
				}
				if o.Net() != c.net || !o.CompletedAt.Equal(t0.Add(time.Duration(c.paid[0])*time.Hour)) {
					t.Errorf("sequence %d: net %d, paid at %v; want %d", n, o.Net(), o.CompletedAt, c.net)
				}
				if n == 0 {
					want = o
				} else if !reflect.DeepEqual(o, want) {
					t.Errorf("sequence %d: %+v, want %+v", n, o, want)
				}
			})
		})
	}
}

func permute(list []Report, each func(n int, list []Report)) {
	n := 0
	var walk func(k int)
	walk = func(k int) {
		if k == len(list) {
			each(n, list)
			n++
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			walk(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	walk(0)
}

// TestCurrenciesOfRefunds refunds orders of three currencies in a shop of yuan, before the order is known and after.
func TestCurrenciesOfRefunds(t *testing.T) {
	said := map[string]money.Amount{
		"its own currency, not named": {Minor: 14000, Currency: "USD"}, "another one": {Minor: 14000, Currency: "USD"},
		"yen, not named": {Minor: 4, Currency: "JPY"}, "the whole of it": {Minor: 10, Currency: "JPY"},
	}
	for _, c := range []struct {
		name, order, refund string
		net                 int64
		unmatched           int
	}{
		{"its own currency, named", `"total":1000,"currency":"USD"`, `"total":140,"currency":"USD"`, 86000, 0},
		{"its own currency, not named", `"total":1000,"currency":"USD"`, `"total":140`, 86000, 0},
		{"another one", `"total":1000`, `"total":140,"currency":"USD"`, 100000, 1},
		{"nothing, in another one", `"total":1000`, `"total":0,"currency":"USD"`, 100000, 0},
		{"another one beside the own", `"total":1000`, `"total":1000,"presentment_total":140,"presentment_currency":"USD"`, 0, 0},
		{"yen, not named", `"total":10,"currency":"JPY"`, `"total":4`, 6, 0},
		{"yen, all of it", `"total":10,"currency":"JPY"`, `"total":10`, 0, 0},
		{"dinars of three decimals, not named", `"total":10,"currency":"KWD"`, `"total":"0.001"`, 9999, 0},
		{"half a yen is one", `"total":10,"currency":"JPY"`, `"total":0.5`, 9, 0},
		{"the whole of it", `"total":10,"currency":"JPY"`, `"currency":"USD"`, 0, 0},
		{"a line of the shop's currency", `"total":10`, `"products":[{"product_id":"p","price":2.5,"quantity":2}]`, 500, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			reports := []Report{
				report(t, event.OrderCompleted, `{"order_id":"A",`+c.order+`}`, t0, 1),
				report(t, event.OrderRefunded, `{"order_id":"A",`+c.refund+`}`, t0.Add(time.Hour), 2),
				report(t, event.OrderCancelled, `{"order_id":"A","currency":"EUR"}`, t0.Add(-time.Hour), 3),
			}
			permute(reports, func(n int, list []Report) {
				o := Order{ID: "A"}
				for _, r := range list {
					o.Fold(r, "p")
				}
				if o.Net() != c.net || o.Unmatched() != c.unmatched || string(o.Currency) == "EUR" {
					t.Errorf("sequence %d: net %d %s, %d unmatched; want %d, %d", n, o.Net(), o.Currency, o.Unmatched(), c.net, c.unmatched)
				}
				if want, asked := said[c.name]; asked && o.Said(o.Refunds[0]) != want {
					t.Errorf("sequence %d: it says %v, want %v", n, o.Said(o.Refunds[0]), want)
				}
			})
		})
	}
}

// TestAnyReports folds random reports of one order in two sequences: the orders are the same.
func TestAnyReports(t *testing.T) {
	names := []string{event.OrderPlaced, event.OrderCompleted, event.OrderUpdated, event.OrderRefunded, event.OrderCancelled}
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		reports := make([]Report, 2+rng.IntN(6))
		for i := range reports {
			properties := `{"order_id":"A"`
			if rng.IntN(4) > 0 {
				properties += fmt.Sprintf(`,"total":%d.%d`, rng.IntN(100), rng.IntN(10))
			}
			if rng.IntN(3) == 0 {
				properties += fmt.Sprintf(`,"currency":%q`, []string{"CNY", "USD", "JPY"}[rng.IntN(3)])
			}
			if rng.IntN(2) == 0 {
				properties += fmt.Sprintf(`,"refund_id":"r%d"`, rng.IntN(2))
			}
			reports[i] = report(t, names[rng.IntN(len(names))], properties+"}", t0.Add(time.Duration(rng.IntN(4))*time.Hour), event.Hash(i))
		}
		var a, b Order
		for _, r := range reports {
			a.Fold(r, "p")
		}
		rng.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
		for _, r := range reports {
			b.Fold(r, "p")
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: %+v\nand %+v", seed, a, b)
		}
		if a.Net() > a.Total || a.Refunded() > max(a.Total, 0) {
			t.Fatalf("seed %d: %d of %d is left, %d refunded", seed, a.Net(), a.Total, a.Refunded())
		}
	}
}

// TestNoContentNoPanic: an order that was paid for an amount that nobody told is one without a worth.
func TestNoContentNoPanic(t *testing.T) {
	var o Order
	o.Fold(report(t, event.OrderCompleted, `{"order_id":"A","currency":"USD"}`, t0, 1), "p")
	if entry := o.entry(); entry == nil || entry.Net != 0 || entry.Currency != "USD" {
		t.Errorf("%+v", entry)
	}
}
