package format

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// invoice is one order of the Online Retail file, or what a cancellation gave back of one.
type invoice struct {
	id, order, customer string // order is id, or the invoice that is refunded
	country             string
	line, row           int
	at                  time.Time
	total               int64
	products            []product
}

// invoices sums up the lines of an Online Retail file.
type invoices struct {
	orders  map[string]*invoice // by invoice number
	refunds map[string]*invoice // by cancellation and the invoice that it refunds
	bought  map[[2]string]string
}

// readOnlineRetail makes one Order Completed of each invoice and an Order Refunded of each cancellation (an invoice number with a
// C) and the invoice it takes back. The file does not say which one that is: it is taken to be the customer's last one
// with that product. Lines without a customer, and cancellations of what was never bought, are refused.
func readOnlineRetail(r io.Reader, currency money.Currency, sink Sink) error {
	t, err := openTable(r, sink, []string{"InvoiceNo", "Invoice"}, []string{"StockCode"}, []string{"Description"}, []string{"Quantity"},
		[]string{"InvoiceDate"}, []string{"UnitPrice", "Price"}, []string{"CustomerID", "Customer ID"}, []string{"Country"})
	if err != nil {
		return err
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return fmt.Errorf("the shop's time zone: %w", err)
	}
	in := invoices{orders: map[string]*invoice{}, refunds: map[string]*invoice{}, bought: map[[2]string]string{}}
	if err := t.each(func(one row) error { return in.add(one, london) }); err != nil {
		return err
	}
	return in.emit(currency, sink)
}

func (in *invoices) add(r row, zone *time.Location) error {
	id, errID := r.text("InvoiceNo")
	stock, errStock := r.text("StockCode")
	customer, errCustomer := r.text("CustomerID")
	quantity, errQuantity := quantityOf(r)
	price, errPrice := r.minor("UnitPrice", hundredths)
	at, errAt := r.time("InvoiceDate", zone, "1/2/2006 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "02/01/06 15:04")
	if err := errors.Join(errID, errStock, errCustomer, errQuantity, errPrice, errAt); err != nil {
		return oneLine(err)
	}
	customer = strings.TrimSuffix(customer, ".0")
	if price < 0 {
		return errors.New("the unit price is below zero")
	}
	p := product{ProductID: stock, Name: r.cell("Description"), Price: decimal(price, hundredths), Quantity: plainNumber(fmt.Sprint(max(quantity, -quantity)))}
	line := invoice{id: id, order: id, customer: customer, country: r.cell("Country"), line: r.line, row: r.number, at: at}
	if strings.HasPrefix(id, "C") || strings.HasPrefix(id, "c") {
		if quantity > 0 {
			return errors.New("the quantity of a cancellation is above zero")
		}
		line.order = in.bought[[2]string{customer, stock}]
		if line.order == "" {
			return errors.New("no earlier invoice of this customer has the product that is given back")
		}
		grow(in.refunds, id+"-"+line.order, line, -quantity*price, p)
		return nil
	}
	if quantity <= 0 {
		return errors.New("the quantity is not above zero")
	}
	if have := in.orders[id]; have != nil && have.customer != customer {
		return errors.New("the customer is not that of the invoice's first line")
	}
	in.bought[[2]string{customer, stock}] = id
	grow(in.orders, id, line, quantity*price, p)
	return nil
}

func grow(all map[string]*invoice, key string, line invoice, amount int64, p product) {
	have := all[key]
	if have == nil {
		have = &line
		all[key] = have
	}
	if line.at.Before(have.at) {
		have.at = line.at
	}
	have.total += amount
	have.products = append(have.products, p)
}

func (in *invoices) emit(currency money.Currency, sink Sink) error {
	var all []*invoice
	for _, one := range in.orders {
		all = append(all, one)
	}
	for _, one := range in.refunds {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *invoice) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), a.at.Compare(b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.order, b.order))
	})
	for _, one := range all {
		name, id := "Order Completed", "or-"+one.id
		if one.order != one.id {
			name, id = "Order Refunded", "or-"+one.id+"-"+one.order
		}
		e, err := track{
			MessageID: id, UserID: one.customer, Event: name, Timestamp: one.at,
			Properties: order{OrderID: one.order, Total: decimal(one.total, hundredths), Currency: string(currency), Country: one.country, Products: one.products},
		}.event(one.line, one.row)
		if err != nil {
			return err
		}
		if err := sink.Event(e); err != nil {
			return err
		}
	}
	return nil
}
