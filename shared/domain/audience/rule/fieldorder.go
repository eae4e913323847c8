package rule

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// orderFields are what somebody buys, how, and what lies in the cart.
var orderFields = slices.Concat([]field{
	{name: "orders.max", kind: Number, unit: Money, meaning: "greatest net of a paid order listed one by one, in minor units of the shop's currency", read: greatest},
	{name: "orders.firstNet", kind: Number, unit: Money, meaning: "net of the first paid order listed one by one", read: entryNet(func(list []profile.OrderEntry) profile.OrderEntry { return list[0] })},
	{name: "orders.lastNet", kind: Number, unit: Money, meaning: "net of the last paid order", read: entryNet(func(list []profile.OrderEntry) profile.OrderEntry { return list[len(list)-1] })},
	{name: "orders.daysSinceFirst", kind: Number, unit: Days, meaning: "whole days since the first paid order, in the shop's time zone", read: since(func(s *Subject) time.Time { return s.orders().first })},
	{name: "orders.spanDays", kind: Number, unit: Days, meaning: "days between the first and the last paid order",
		read: func(s *Subject, _ string) (value, bool) {
			o := s.orders()
			return whole(int64(s.shop.Day(o.last) - s.shop.Day(o.first))), o.count > 0
		}},
	{name: "orders.gaps", kind: Number, meaning: "gaps between days with a paid order, of those listed one by one",
		read: func(s *Subject, _ string) (value, bool) {
			_, _, gaps := s.p.Orders.Rhythm(s.shop.Zone)
			return count(gaps)
		}},
	{name: "orders.gapMean", kind: Number, unit: Days, concluded: true, meaning: "their mean in days; absent without one", read: rhythm(func(mean, _ float64) float64 { return mean })},
	{name: "orders.gapDeviation", kind: Number, unit: Days, concluded: true, meaning: "their standard deviation in days", read: rhythm(func(_, deviation float64) float64 { return deviation })},
	{name: "orders.expectedAt", kind: Time, concluded: true, meaning: "the last paid order and the mean gap together: when the next one is due",
		read: func(s *Subject, _ string) (value, bool) {
			mean, _, gaps := s.p.Orders.Rhythm(s.shop.Zone)
			last := s.orders().last
			return value{kind: Time, at: last.Add(time.Duration(mean * 24 * float64(time.Hour)))}, gaps > 0 && !last.IsZero()
		}},
	{name: "orders.overdueDays", kind: Number, unit: Days, concluded: true, meaning: "days since the last paid order beyond the mean gap; negative before",
		read: func(s *Subject, _ string) (value, bool) {
			mean, _, gaps := s.p.Orders.Rhythm(s.shop.Zone)
			days, ok := s.daysSince(s.orders().last)
			return whole(days.num.whole - int64(math.Round(mean))), ok && gaps > 0
		}},
	{name: "orders.currencies", kind: List, meaning: "currencies of the orders",
		read: many(func(s *Subject) []string {
			var list []string
			for _, a := range s.p.Orders.Revenue() {
				list = append(list, string(a.Currency))
			}
			return list
		})},
	{name: "orders.discounted", kind: Number, meaning: "orders with a discount or coupon", read: bought(func(b profile.Purchases) int64 { return int64(b.Discounted) })},
	{name: "orders.discountedShare", kind: Number, unit: Percent, meaning: "their share of all orders in percent", read: shareOfOrders(func(b profile.Purchases) int { return b.Discounted })},
	{name: "orders.coupons", kind: Number, meaning: "orders with a coupon", read: bought(func(b profile.Purchases) int64 { return int64(b.Coupons) })},
	{name: "orders.couponShare", kind: Number, unit: Percent, meaning: "their share of all orders in percent", read: shareOfOrders(func(b profile.Purchases) int { return b.Coupons })},
	{name: "orders.discount", kind: Number, unit: Money, meaning: "sum of the discounts, in minor units of the shop's currency", read: bought(func(b profile.Purchases) int64 { return b.Discount })},
	{name: "orders.discountRate", kind: Number, unit: Percent, meaning: "the discounts' share of what the orders would have cost, in percent",
		read: func(s *Subject, _ string) (value, bool) {
			discount := max(s.p.Purchases.Discount, 0)
			return percentOf(min(discount, math.MaxInt64/200), min(money.AddCapped(s.orders().net, discount), math.MaxInt64/2))
		}},
	{name: "orders.lines", kind: Number, meaning: "lines of the orders", read: bought(func(b profile.Purchases) int64 { return int64(b.Lines) })},
	{name: "orders.discountedLines", kind: Number, meaning: "lines with a discount or coupon of their own", read: bought(func(b profile.Purchases) int64 { return int64(b.DiscountedLines) })},
	{name: "orders.discountedLinesShare", kind: Number, unit: Percent, meaning: "their share of all lines in percent",
		read: func(s *Subject, _ string) (value, bool) {
			return percentOf(int64(s.p.Purchases.DiscountedLines), int64(s.p.Purchases.Lines))
		}},
	{name: "orders.pieces", kind: Number, meaning: "pieces bought", read: bought(func(b profile.Purchases) int64 { return b.Pieces })},
	{name: "orders.piecesAverage", kind: Number, meaning: "pieces of an order, on average", read: perOrder(func(b profile.Purchases) int64 { return b.Pieces })},
	{name: "orders.linesAverage", kind: Number, meaning: "lines of an order, on average", read: perOrder(func(b profile.Purchases) int64 { return int64(b.Lines) })},
	{name: "orders.refunds", kind: Number, meaning: "refunds, partial and whole ones", read: bought(func(b profile.Purchases) int64 { return int64(b.Refunds) })},
	{name: "orders.refunded", kind: Number, meaning: "orders with a refund", read: bought(func(b profile.Purchases) int64 { return int64(b.Refunded) })},
	{name: "orders.refundedShare", kind: Number, unit: Percent, meaning: "their share of all orders in percent", read: shareOfOrders(func(b profile.Purchases) int { return b.Refunded })},
	{name: "orders.cancelled", kind: Number, meaning: "paid orders that were cancelled", read: bought(func(b profile.Purchases) int64 { return int64(b.Cancelled) })},
	{name: "orders.cancelledShare", kind: Number, unit: Percent, meaning: "their share of all orders in percent", read: shareOfOrders(func(b profile.Purchases) int { return b.Cancelled })},
	{name: "priceSensitivity", kind: Text, concluded: true, values: of("low", "medium", "high"), meaning: "by the share of discounted orders: low below 20%, high from 60%; absent without an order",
		read: func(s *Subject, _ string) (value, bool) {
			share, ok := percentOf(int64(s.p.Purchases.Discounted), int64(s.p.Orders.Count))
			level := "medium"
			switch {
			case share.num.whole < 20:
				level = "low"
			case share.num.whole >= 60:
				level = "high"
			}
			return value{kind: Text, text: level}, ok
		}},

	{name: "cart.lines", kind: Number, meaning: "different products in the open cart", read: amount(func(s *Subject) int { return len(cartProducts(s.p)) })},
	{name: "cart.names", kind: List, meaning: "names of the products in the open cart",
		read: many(func(s *Subject) []string {
			var names []string
			for _, id := range cartProducts(s.p) {
				names = append(names, s.p.Cart[id].Name)
			}
			return names
		})},
	{name: "cart.abandonedAt", kind: Time, meaning: "when the open cart was last touched: changed, looked at, or taken a step towards the till", read: moment(func(s *Subject) time.Time { return s.p.AbandonedAt() })},
	{name: "cart.idleHours", kind: Number, unit: Hours, meaning: "whole hours since then",
		read: func(s *Subject, _ string) (value, bool) {
			at := s.p.AbandonedAt()
			return whole(int64(s.now.Sub(at) / time.Hour)), !at.IsZero()
		}},
	{name: "cart.atCheckout", kind: Flag, meaning: "whether the checkout was begun since the last order", read: yes(func(s *Subject) bool { return s.p.Counters["Checkout Started"].Last.After(s.p.CartClearedAt) })},
	{name: "cart.clearedAt", kind: Time, meaning: "when an order last emptied the cart", read: moment(func(s *Subject) time.Time { return s.p.CartClearedAt })},
}, recentOrders())

// recentOrders ask of the orders of some time.
func recentOrders() []field {
	var all []field
	for _, days := range []int{7, 30, 60, 90, 180, 365} {
		within := func(s *Subject) (n int, net int64) {
			for _, e := range s.paid() {
				if s.today-s.shop.Day(e.At) < profile.Day(days) {
					n, net = n+1, money.AddCapped(net, e.Net)
				}
			}
			return n, net
		}
		all = append(all,
			field{name: fmt.Sprintf("orders.paid%d", days), kind: Number, meaning: fmt.Sprintf("paid orders of the last %d days, of those listed one by one", days),
				read: amount(func(s *Subject) int { n, _ := within(s); return n })},
			field{name: fmt.Sprintf("orders.revenue%d", days), kind: Number, unit: Money, meaning: fmt.Sprintf("net sum of the paid orders of the last %d days", days),
				read: func(s *Subject, _ string) (value, bool) { _, net := within(s); return whole(net), true }})
	}
	return all
}

// paid are the orders listed one by one, with a net above zero, in the shop's currency.
func (s *Subject) paid() []profile.OrderEntry {
	return slices.DeleteFunc(slices.Clone(s.p.Orders.Entries), func(e profile.OrderEntry) bool { return e.Net <= 0 || e.Currency != s.shop.Currency })
}

func entryNet(which func([]profile.OrderEntry) profile.OrderEntry) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		list := s.paid()
		if len(list) == 0 {
			return value{}, false
		}
		return whole(which(list).Net), true
	}
}

func greatest(s *Subject, _ string) (value, bool) {
	var most int64
	for _, e := range s.paid() {
		most = max(most, e.Net)
	}
	return whole(most), most > 0
}

func rhythm(part func(mean, deviation float64) float64) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		mean, deviation, gaps := s.p.Orders.Rhythm(s.shop.Zone)
		return decimal(part(mean, deviation)), gaps > 0
	}
}

func bought(part func(profile.Purchases) int64) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return whole(max(part(s.p.Purchases), 0)), true }
}

func shareOfOrders(part func(profile.Purchases) int) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		return percentOf(int64(part(s.p.Purchases)), int64(s.p.Orders.Count))
	}
}

func perOrder(part func(profile.Purchases) int64) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) {
		if s.p.Orders.Count <= 0 {
			return value{}, false
		}
		return decimal(float64(max(part(s.p.Purchases), 0)) / float64(s.p.Orders.Count)), true
	}
}

func cartProducts(p *profile.Profile) []string {
	var ids []string
	for id, line := range p.Cart {
		if line.Quantity > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
