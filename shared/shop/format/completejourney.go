package format

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// basket is one order of The Complete Journey as its lines add up.
type basket struct {
	id, household     string
	store             string
	line, row         int
	at                time.Time
	total             int64
	discount, coupons int64
	products          []product
}

// readCompleteJourney makes one Order Completed of each basket. The lines of a basket are scattered over the file, so that all
// of it is read before the first event; events come out by household and time.
func readCompleteJourney(r io.Reader, currency money.Currency, sink Sink) error {
	t, err := openTable(r, sink, []string{"household_id"}, []string{"store_id"}, []string{"basket_id"}, []string{"product_id"},
		[]string{"quantity"}, []string{"sales_value"}, []string{"retail_disc"}, []string{"coupon_disc"}, []string{"coupon_match_disc"},
		[]string{"transaction_timestamp"})
	if err != nil {
		return err
	}
	baskets := map[string]*basket{}
	if err := t.each(func(one row) error { return addLine(baskets, one) }); err != nil {
		return err
	}
	all := make([]*basket, 0, len(baskets))
	for _, b := range baskets {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *basket) int {
		return cmp.Or(cmp.Compare(a.household, b.household), a.at.Compare(b.at), cmp.Compare(a.id, b.id))
	})
	for _, b := range all {
		e, err := b.event(currency)
		if err != nil {
			return err
		}
		if err := sink.Event(e); err != nil {
			return err
		}
	}
	return nil
}

func addLine(baskets map[string]*basket, r row) error {
	id, errID := r.text("basket_id")
	household, errHousehold := r.text("household_id")
	productID, errProduct := r.text("product_id")
	at, errAt := r.time("transaction_timestamp", time.UTC, time.RFC3339, "2006-01-02 15:04:05")
	sales, errSales := r.minor("sales_value", hundredths)
	retail, errRetail := r.minor("retail_disc", hundredths)
	coupon, errCoupon := r.minor("coupon_disc", hundredths)
	match, errMatch := r.minor("coupon_match_disc", hundredths)
	if err := errors.Join(errID, errHousehold, errProduct, errAt, errSales, errRetail, errCoupon, errMatch); err != nil {
		return oneLine(err)
	}
	b := baskets[id]
	if b == nil {
		b = &basket{id: id, household: household, store: r.cell("store_id"), line: r.line, row: r.number, at: at}
		baskets[id] = b
	}
	if b.household != household {
		return errors.New("household_id is not that of the basket's first line")
	}
	if at.Before(b.at) {
		b.at = at
	}
	b.total += sales
	b.discount += retail
	b.coupons += coupon + match
	b.products = append(b.products, product{
		ProductID: productID, Quantity: r.decimal("quantity"), Price: unitPrice(sales, r.cell("quantity")), LineTotal: decimal(sales, hundredths),
	})
	return nil
}

func (b *basket) event(currency money.Currency) (Event, error) {
	return track{
		MessageID: "cj-" + b.id, UserID: b.household, Event: "Order Completed", Timestamp: b.at,
		Properties: order{
			OrderID: b.id, Total: decimal(b.total, hundredths), Currency: string(currency), Discount: some(b.discount, hundredths),
			Coupons: some(b.coupons, hundredths), Store: b.store, Products: b.products,
		},
	}.event(b.line, b.row)
}

// unitPrice is a line's total by its quantity, rounded to the cent. A quantity of nothing, as coupons and bottle returns have it,
// leaves the total.
func unitPrice(total int64, quantity string) json.Number {
	n, err := strconv.ParseInt(strings.TrimSuffix(quantity, ".0"), 10, 64)
	if err != nil || n < 1 {
		return decimal(total, hundredths)
	}
	return decimal((total+n/2)/n, hundredths)
}
