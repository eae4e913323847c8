package format

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// readREES46 makes one event of each line: Product Viewed, Product Added or Order Completed. The messageId is a digest of the
// line, so that a line that is there twice counts once. A purchase is an order of its own: the file does not say which
// purchases were paid together.
func readREES46(r io.Reader, currency money.Currency, sink Sink) error {
	t, err := openTable(r, sink, []string{"event_time"}, []string{"event_type"}, []string{"product_id"}, []string{"category_id"},
		[]string{"category_code"}, []string{"brand"}, []string{"price"}, []string{"user_id"}, []string{"user_session"})
	if err != nil {
		return err
	}
	for {
		one, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, err := rees46Event(one, currency)
		if err != nil {
			one.refuse(err)
			continue
		}
		if err := sink.Event(e); err != nil {
			return err
		}
	}
}

func rees46Event(r row, currency money.Currency) (Event, error) {
	user, errUser := r.text("user_id")
	productID, errProduct := r.text("product_id")
	price, errPrice := r.minor("price", hundredths)
	at, errAt := r.time("event_time", time.UTC, "2006-01-02 15:04:05 UTC", time.RFC3339)
	if err := errors.Join(errUser, errProduct, errPrice, errAt); err != nil {
		return Event{}, oneLine(err)
	}
	id := "rees46-" + digest(r.cells...)
	p := product{
		ProductID: productID, CategoryID: r.cell("category_id"), Category: r.cell("category_code"), Brand: r.cell("brand"),
		Price: decimal(price, hundredths), Quantity: "1",
	}
	session := r.cell("user_session")
	call := track{MessageID: id, UserID: user, Timestamp: at}
	switch kind := r.cell("event_type"); kind {
	case "view":
		call.Event = "Product Viewed"
	case "cart":
		call.Event = "Product Added"
	case "purchase":
		call.Event = "Order Completed"
		call.Properties = order{OrderID: id, Total: decimal(price, hundredths), Currency: string(currency), Session: session, Products: []product{p}}
		return call.event(r.line, r.number)
	default:
		return Event{}, fmt.Errorf("event_type is %q, not view, cart or purchase", strings.ToValidUTF8(kind, "?"))
	}
	p.Currency, p.Session = string(currency), session
	call.Properties = p
	return call.event(r.line, r.number)
}
