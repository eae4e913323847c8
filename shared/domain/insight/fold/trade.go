package fold

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Trade asks for orders, buyers and money by period. Several reports of an order are one order, as package order has it. A refund counts on its own day, and so does a cancellation, which gives back what is
// left: a closed day keeps its figures. An order that two people report who are not one person counts for each.
type Trade struct {
	Kind Kind `json:"kind"`
	Range
	By Period `json:"by"`
	// Split is a field by which orders are told apart: its first value among the reports of the order.
	Split string `json:"split,omitempty"`
}

func (d Trade) check(faults *fault.Faults) {
	d.Range.check(faults)
	checkPeriod("by", d.By, faults)
	checkSplit(d.Split, faults)
}

// saleKey is a period by its first day, a currency and a value of the split.
type saleKey struct {
	first    profile.Day
	currency money.Currency
	split    int
}

// bought is an order of the person at hand.
type bought struct {
	order.Order
	split   int
	isSplit bool
}

type tradeFold struct {
	matcher
	reports  reports
	def      Trade
	from, to profile.Day
	last     profile.Day // that is read
	asOf     profile.Day
	calendar *calendar
	split    *words
	sales    map[saleKey]*SaleRow
	buyers   map[visitKey]*BuyerRow
	cycle    map[int64]int64

	numbers map[string]int
	orders  []bought
}

// allDays is the period of all of the days together.
const allDays = profile.Day(math.MinInt32)

func (d Trade) compile(shop profile.Shop, asOf profile.Day) Fold {
	f := &tradeFold{matcher: matcher{zone: shop.Zone}, def: d, asOf: asOf, sales: map[saleKey]*SaleRow{}, buyers: map[visitKey]*BuyerRow{}, cycle: map[int64]int64{}, numbers: map[string]int{}}
	f.from, f.to = d.days()
	f.last = min(asOf, f.to+profile.Day(soon[len(soon)-1]))
	f.calendar = newCalendar(shop, f.from, max(f.to, f.last))
	f.reports = newReports(&f.matcher, shop.Currency)
	f.split = newWords(absent, 0)
	if d.Split != "" {
		f.split.column = f.column(d.Split)
	}
	return f
}

func (f *tradeFold) Fork() Fold {
	other := *f
	other.sales, other.buyers, other.cycle = map[saleKey]*SaleRow{}, map[visitKey]*BuyerRow{}, map[int64]int64{}
	return &other
}

func (f *tradeFold) Reset() {
	clear(f.sales)
	clear(f.buyers)
	clear(f.cycle)
}

func (f *tradeFold) Reads() Reads { return Reads{From: f.from, To: f.last, Beginning: true} }

func (f *tradeFold) Prepare(b *Block) {
	f.prepare(b)
	prepareGroups(b, f.split)
}

func (f *tradeFold) Add(person []Stretch) {
	f.collect(person)
	slices.SortStableFunc(f.orders, func(a, b bought) int { return a.CompletedAt.Compare(b.CompletedAt) })
	for i := range f.orders {
		f.sale(&f.orders[i])
	}
	paid := slices.DeleteFunc(f.orders, func(o bought) bool { return !o.Completed() })
	f.buyer(paid, allSplits)
	if f.def.Split != "" {
		for split := range maps.Keys(splitsOf(paid)) {
			f.buyer(paid, split)
		}
	}
	for i := range paid {
		if day := f.calendar.day(paid[i].CompletedAt.UnixMilli()); i > 0 && day >= f.from && day <= f.to {
			f.cycle[int64(day-f.calendar.day(paid[i-1].CompletedAt.UnixMilli()))]++
		}
	}
}

func splitsOf(orders []bought) map[int]bool {
	all := map[int]bool{}
	for _, o := range orders {
		all[o.split] = true
	}
	return all
}

// collect makes a person's orders of their reports.
func (f *tradeFold) collect(person []Stretch) {
	clear(f.numbers)
	f.orders = f.orders[:0]
	for _, s := range person {
		for i := s.From; i < s.To; i++ {
			if s.Block.marks[i] == 0 || f.calendar.day(s.Block.Times[i]) > f.last {
				continue
			}
			report, err := f.reports.read(s.Block, i)
			if err != nil {
				continue // it was accepted before such a report was refused, and has changed no order
			}
			n, known := f.numbers[report.OrderID]
			if !known {
				n = len(f.orders)
				f.numbers[report.OrderID], f.orders = n, append(f.orders, bought{Order: order.Order{ID: report.OrderID}})
			}
			o := &f.orders[n]
			o.Fold(report, "")
			if split, has := f.split.of(s.Block, i); has && !o.isSplit {
				o.split, o.isSplit = split, true
			}
		}
	}
}

// sale counts an order, its refunds and its cancellation, each in its period.
func (f *tradeFold) sale(o *bought) {
	total := max(o.Total, 0)
	placed := o.PlacedAt
	if placed.IsZero() {
		placed = o.CompletedAt
	}
	f.count(placed, o, SaleRow{Placed: 1, GMV: total})
	if !o.Completed() {
		return
	}
	paid := SaleRow{Paid: 1, Sum: total, Discount: o.Discount}
	if o.ReportedAt.IsZero() {
		paid.Unknown = 1
	}
	if o.Discount > 0 || o.Coupon != "" {
		paid.Reduced = 1
	}
	for _, line := range o.Products {
		paid.Pieces += min(max(line.Quantity, 0), math.MaxInt32)
	}
	f.count(o.CompletedAt, o, paid)
	refunds := slices.Clone(o.Refunds)
	slices.SortStableFunc(refunds, func(a, b order.Refund) int { return a.At.Compare(b.At) })
	left := total
	for _, r := range refunds {
		back := int64(0)
		if said := o.Said(r); said.Currency == o.Currency {
			back = min(said.Minor, left)
		}
		left -= back
		f.count(r.At, o, SaleRow{Refunds: 1, Returned: back})
	}
	if o.Cancelled() {
		f.count(event.Latest(o.CancelledAt, o.VoidedAgainAt), o, SaleRow{Cancelled: 1, Returned: left})
	}
}

// count adds to the period in which something was.
func (f *tradeFold) count(at time.Time, o *bought, add SaleRow) {
	if at.IsZero() {
		return
	}
	day := f.calendar.day(at.UnixMilli())
	if day < f.from || day > f.to {
		return
	}
	k := saleKey{f.def.By.first(day), o.Currency, o.split}
	row := f.sales[k]
	if row == nil {
		row = &SaleRow{}
		f.sales[k] = row
	}
	row.add(&add)
}

// buyer counts a person in the periods of their paid orders, which are in order: of a value of the split, or of all.
func (f *tradeFold) buyer(paid []bought, split int) {
	periods := map[profile.Day]int{}
	for i := range paid {
		day := f.calendar.day(paid[i].CompletedAt.UnixMilli())
		if split != allSplits && paid[i].split != split || day < f.from || day > f.to {
			continue
		}
		first := f.def.By.first(day)
		for _, period := range [...]profile.Day{first, allDays} {
			periods[period]++
			if i == 0 {
				f.first(visitKey{period, split}, paid, day)
			}
		}
	}
	for period, orders := range periods {
		row := f.row(visitKey{period, split})
		row.People++
		if orders > 1 {
			row.Again++
		}
	}
}

// first counts a person whose first order was on a day, and whether a second followed soon.
func (f *tradeFold) first(k visitKey, paid []bought, day profile.Day) {
	row := f.row(k)
	row.First++
	for i, days := range soon {
		end := day + profile.Day(days)
		if end > f.asOf {
			continue
		}
		row.Due[i]++
		if len(paid) > 1 && f.calendar.day(paid[1].CompletedAt.UnixMilli()) <= end {
			row.Second[i]++
		}
	}
}

func (f *tradeFold) row(k visitKey) *BuyerRow {
	row := f.buyers[k]
	if row == nil {
		row = &BuyerRow{}
		f.buyers[k] = row
	}
	return row
}

func (f *tradeFold) Partial() Partial {
	var rows []SaleRow
	for k, r := range f.sales {
		row := *r
		row.Period, row.Currency, row.Split = f.def.By.label(k.first), k.currency, f.split.texts[k.split]
		rows = append(rows, row)
	}
	var buyers []BuyerRow
	for k, r := range f.buyers {
		row := *r
		if k.first != allDays {
			row.Period = f.def.By.label(k.first)
		}
		if row.All = k.split == allSplits; !row.All {
			row.Split = f.split.texts[k.split]
		}
		buyers = append(buyers, row)
	}
	var cycle []Gap
	for days, n := range f.cycle {
		cycle = append(cycle, Gap{days, n})
	}
	p := sales(sortRows(rows, compareSales), sortRows(buyers, compareBuyers), sortRows(cycle, compareGaps), f.split.over)
	return &p
}
