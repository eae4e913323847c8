package fold

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/money"
)

// shoppers draws people whose orders are placed, paid, updated, refunded and cancelled in any sequence, at the borders of days, and told with and without amounts.
func shoppers(t *rapid.T) map[string][]act {
	people := map[string][]act{}
	steps := []time.Duration{0, time.Second, 6 * time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 59 * 24 * time.Hour}
	for n := range rapid.IntRange(0, 5).Draw(t, "people") {
		at := on("2026-10-29 23:30")
		var acts []act
		for range rapid.IntRange(0, 9).Draw(t, "reports") {
			at = at.Add(rapid.SampledFrom(steps).Draw(t, "step"))
			a := did(at, rapid.SampledFrom([]string{"Order Placed", "Order Completed", "Order Completed", "Order Updated", "Order Refunded", "Order Cancelled", "A"}).Draw(t, "name"))
			a.values["properties.order_id"] = fmt.Sprint("o", n, rapid.IntRange(0, 2).Draw(t, "order"))
			switch rapid.IntRange(0, 4).Draw(t, "told") {
			case 0: // nothing says what it comes to
			case 1:
				a.values["properties.products[].price"] = []any{2.5, "10"}
				a.values["properties.products[].quantity"] = []any{3, 1}
			case 2:
				a.values["properties.products[].price"] = []any{7}
			default:
				a.values["properties.total"] = rapid.SampledFrom([]any{10, "12.50", 0.01, 0, 99999}).Draw(t, "total")
			}
			if rapid.IntRange(0, 3).Draw(t, "foreign") == 0 {
				a.values["properties.currency"] = "USD"
			}
			if rapid.IntRange(0, 3).Draw(t, "reduced") == 0 {
				a.values["properties.discount"] = 1.5
			}
			if rapid.Bool().Draw(t, "sourced") {
				a.values["source"] = rapid.SampledFrom([]string{"app", "site"}).Draw(t, "source")
			}
			acts = append(acts, a)
		}
		people[fmt.Sprint("person-", n)] = acts
	}
	return people
}

// recounted is an order as the recount sees it. Amounts are in hundredths.
type recounted struct {
	placed, paid, void []time.Time
	total, discount    int64
	pieces             int64
	currency, first    string // first is the split
	told               bool
	refunds            []recountedRefund
}

type recountedRefund struct {
	at       time.Time
	amount   int64 // -1 is all of it
	currency string
}

// sumTold is what an event says that it comes to, in hundredths.
func sumTold(a act) (sum int64, told bool) {
	hundredths := map[string]int64{"10": 1000, "12.50": 1250, "0.01": 1, "0": 0, "99999": 9999900}
	if v, has := a.values["properties.total"]; has {
		return hundredths[fmt.Sprint(v)], true
	}
	if v, has := a.values["properties.products[].price"]; has {
		return map[int]int64{2: 3*250 + 1000, 1: 700}[len(v.([]any))], true
	}
	return 0, false
}

// ordersOf recounts the orders of a person whose events are in order.
func ordersOf(acts []act) []*recounted {
	all := map[string]*recounted{}
	var list []*recounted // of two that were paid at one moment the one that was reported first is the first
	for _, a := range acts {
		if !strings.HasPrefix(a.name, "Order ") {
			continue
		}
		id := a.values["properties.order_id"].(string)
		o := all[id]
		if o == nil {
			o = &recounted{}
			all[id], list = o, append(list, o)
		}
		currency, stated := a.values["properties.currency"].(string)
		currency = cmp.Or(currency, "CNY")
		if source, has := a.values["source"].(string); has && o.first == "" {
			o.first = source
		}
		sum, told := sumTold(a)
		switch a.name {
		case "Order Placed":
			o.placed = append(o.placed, a.at)
		case "Order Completed":
			o.paid = append(o.paid, a.at)
		case "Order Cancelled":
			o.void = append(o.void, a.at)
		case "Order Refunded":
			r := recountedRefund{a.at, -1, ""}
			if told {
				r.amount = sum
			}
			if stated {
				r.currency = currency
			}
			o.refunds = append(o.refunds, r)
		}
		says := a.name != "Order Cancelled" && a.name != "Order Refunded"
		if says && told {
			o.total, o.currency, o.told, o.discount, o.pieces = sum, currency, true, 0, 0
			if _, has := a.values["properties.discount"]; has {
				o.discount = 150
			}
			if prices, has := a.values["properties.products[].price"].([]any); has {
				o.pieces = map[int]int64{2: 4, 1: 1}[len(prices)]
			}
		}
		if says && !o.told {
			o.currency = max(o.currency, currency)
		}
	}
	return list
}

func least(times []time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }

// recountSales goes over the orders one figure at a time.
func recountSales(people map[string][]act, from, to, asOf, by string, split bool) (want Sales) {
	rows := map[[3]string]*SaleRow{}
	buyers := map[[3]string]*BuyerRow{}
	cycle := map[int64]int64{}
	last := asOf
	if end := on(to+" 12:00").AddDate(0, 0, 180).Format("2006-01-02"); end < last {
		last = end
	}
	buyer := func(period, of string) *BuyerRow {
		k := [3]string{period, of}
		if buyers[k] == nil {
			buyers[k] = &BuyerRow{Period: period, All: of == "all", Split: strings.TrimPrefix(of, "all")}
		}
		return buyers[k]
	}
	for _, acts := range people {
		acts = slices.DeleteFunc(slices.Clone(acts), func(a act) bool { return !within(a.at, "0000", last) })
		slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
		bought := map[string]map[string]int{} // by value of the split and period
		type payment struct {
			at time.Time
			of string
		}
		var paid []payment
		for _, o := range ordersOf(acts) {
			value := ""
			if split {
				value = o.first
			}
			row := func(at time.Time, add func(r *SaleRow)) {
				if !within(at, from, to) {
					return
				}
				k := [3]string{label(at, by), o.currency, value}
				if rows[k] == nil {
					rows[k] = &SaleRow{Period: k[0], Currency: money.Currency(k[1]), Split: k[2]}
				}
				add(rows[k])
			}
			if first := append(slices.Clone(o.placed), o.paid...); len(o.placed) > 0 || len(o.paid) > 0 {
				if len(o.placed) > 0 {
					first = o.placed
				}
				row(least(first), func(r *SaleRow) { r.Placed++; r.GMV += o.total })
			}
			if len(o.paid) == 0 {
				continue
			}
			paid = append(paid, payment{least(o.paid), value})
			row(least(o.paid), func(r *SaleRow) {
				r.Paid++
				r.Sum += o.total
				r.Pieces += o.pieces
				r.Discount += o.discount
				if o.discount > 0 {
					r.Reduced++
				}
				if !o.told {
					r.Unknown++
				}
			})
			left := o.total
			for _, refund := range o.refunds {
				back := refund.amount
				if back < 0 || back > left {
					back = left
				}
				if refund.amount >= 0 && refund.currency != "" && refund.currency != o.currency {
					back = 0
				}
				left -= back
				row(refund.at, func(r *SaleRow) { r.Refunds++; r.Returned += back })
			}
			if len(o.void) > 0 && !slices.MaxFunc(o.paid, time.Time.Compare).After(slices.MaxFunc(o.void, time.Time.Compare)) {
				row(slices.MaxFunc(o.void, time.Time.Compare), func(r *SaleRow) { r.Cancelled++; r.Returned += left })
			}
		}
		slices.SortStableFunc(paid, func(a, b payment) int { return a.at.Compare(b.at) })
		for i, p := range paid {
			if !within(p.at, from, to) {
				continue
			}
			values := []string{"all"}
			if split {
				values = append(values, p.of)
			}
			for _, of := range values {
				for _, period := range []string{label(p.at, by), ""} {
					if bought[of] == nil {
						bought[of] = map[string]int{}
					}
					bought[of][period]++
					if i > 0 {
						continue
					}
					b := buyer(period, of)
					b.First++
					for n, days := range []int{30, 60, 90, 180} {
						end := p.at.In(shanghai).AddDate(0, 0, days).Format("2006-01-02")
						if end > asOf {
							continue
						}
						b.Due[n]++
						if len(paid) > 1 && within(paid[1].at, "0000", end) {
							b.Second[n]++
						}
					}
				}
			}
			if i > 0 {
				a, b := dayOf(label(paid[i-1].at, "day")), dayOf(label(p.at, "day"))
				cycle[int64(b-a)]++
			}
		}
		for of, periods := range bought {
			for period, n := range periods {
				b := buyer(period, of)
				b.People++
				if n >= 2 {
					b.Again++
				}
			}
		}
	}
	for _, r := range rows {
		want.Rows = append(want.Rows, *r)
	}
	for _, b := range buyers {
		want.Buyers = append(want.Buyers, *b)
	}
	for days, n := range cycle {
		want.Cycle = append(want.Cycle, Gap{days, n})
	}
	slices.SortFunc(want.Rows, func(a, b SaleRow) int {
		return strings.Compare(a.Period+" "+string(a.Currency)+" "+a.Split, b.Period+" "+string(b.Currency)+" "+b.Split)
	})
	slices.SortFunc(want.Buyers, func(a, b BuyerRow) int {
		key := func(r BuyerRow) string { return fmt.Sprint(r.Period, " ", !r.All, " ", r.Split) }
		return strings.Compare(key(a), key(b))
	})
	slices.SortFunc(want.Cycle, func(a, b Gap) int { return int(a.Days - b.Days) })
	return want
}

func TestTradeIsRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people, by, split := shoppers(r), rapid.SampledFrom(periods).Draw(r, "by"), rapid.Bool().Draw(r, "split")
		asOf := rapid.SampledFrom([]string{"2026-11-20", "2027-03-01", "2027-12-31"}).Draw(r, "asOf")
		const from, to = "2026-10-30", "2026-12-31"
		asks := ""
		if split {
			asks = `,"split":"source"`
		}
		holds(r, t, fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"by":%q%s}`, from, to, by, asks), asOf, people, recountSales(people, from, to, asOf, by, split))
	})
}

// TestTradeOfAMonth is figures that were worked out by hand.
func TestTradeOfAMonth(t *testing.T) {
	people := map[string][]act{
		"mei": {
			did(on("2026-11-01 00:00"), "Order Placed", "properties.order_id", "1", "properties.total", 100),
			did(on("2026-11-01 00:05"), "Order Completed", "properties.order_id", "1", "properties.total", 90, "properties.discount", 10),
			did(on("2026-11-03 09:00"), "Order Refunded", "properties.order_id", "1", "properties.total", 30, "properties.refund_id", "r"),
			did(on("2026-11-03 09:01"), "Order Refunded", "properties.order_id", "1", "properties.total", 30, "properties.refund_id", "r"), // told again
			did(on("2026-11-11 09:00"), "Order Completed", "properties.order_id", "2", "properties.revenue", 50),
			did(on("2026-12-02 09:00"), "Order Cancelled", "properties.order_id", "2"),
		},
		"li":   {did(on("2026-11-30 23:59:59"), "Order Placed", "properties.order_id", "3", "properties.total", 20)},
		"wang": {did(on("2026-10-31 23:59:59"), "Order Completed", "properties.order_id", "4", "properties.total", 7)},
	}
	s := answer(t, `{"kind":"trade","from":"2026-11-01","to":"2026-11-30","by":"month"}`, "2026-12-31", people).(*Sales)
	want := SaleRow{Period: "2026-11", Currency: "CNY", Placed: 3, GMV: 16000, Paid: 2, Sum: 14000, Reduced: 1, Discount: 1000, Refunds: 1, Returned: 3000}
	if len(s.Rows) != 1 || s.Rows[0] != want || s.Rows[0].Net() != 11000 {
		t.Errorf("rows are %+v", s.Rows)
	}
	buyer := BuyerRow{All: true, People: 1, Again: 1, First: 1, Due: [4]int64{1, 1}, Second: [4]int64{1, 1}}
	if len(s.Buyers) != 2 || s.Buyers[0] != buyer || s.Buyers[1].Period != "2026-11" {
		t.Errorf("buyers are %+v", s.Buyers)
	}
	if days, known := s.Within(0.5); !known || days != 10 {
		t.Errorf("the median is %d days, %t", days, known)
	}
	if _, known := new(Sales).Within(0.5); known {
		t.Error("nobody bought again, and a median is known")
	}
}

// TestNoSumTurnsAround: orders as great as an order may be add up to the greatest number at the most.
func TestNoSumTurnsAround(t *testing.T) {
	a := SaleRow{Sum: 1<<63 - 2}
	a.add(&SaleRow{Sum: 100})
	if a.Sum != 1<<63-1 {
		t.Errorf("the sum is %d", a.Sum)
	}
}

// TestLinesOfUnknownQuantity: where it is not known whose a quantity is, nothing is made up.
func TestLinesOfUnknownQuantity(t *testing.T) {
	people := map[string][]act{"p": {did(on("2026-11-01 12:00"), "Order Completed", "properties.order_id", "1", "properties.products[].price", []any{1, 2}, "properties.products[].quantity", []any{5})}}
	s := answer(t, `{"kind":"trade","from":"2026-11-01","to":"2026-11-30","by":"month"}`, "2026-12-31", people).(*Sales)
	if want := (SaleRow{Period: "2026-11", Currency: "CNY", Placed: 1, Paid: 1, Unknown: 1}); len(s.Rows) != 1 || s.Rows[0] != want {
		t.Errorf("rows are %+v", s.Rows)
	}
}
