package fold

import (
	"encoding/json"
	"math/bits"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
)

// tells are the names of the events that report an order, by the bits of their matches.
var tells = [...]string{event.OrderPlaced, event.OrderCompleted, event.OrderUpdated, event.OrderRefunded, event.OrderCancelled}

// said are the properties of such an event that say something of the order, and line those of its products.
var (
	said = [...]string{"order_id", "total", "revenue", "subtotal", "currency", "discount", "coupon", "refund_id", "status"}
	line = [...]string{"price", "quantity"}
)

// reports reads the reports of orders out of a block.
type reports struct {
	shop  money.Currency
	said  [len(said)]int // columns
	line  [len(line)]int
	hash  event.Hash // of two reports of one moment the later in the order of events is the newer
	event event.Event
}

// newReports asks for what it reads. Its matches are the first of the question.
func newReports(m *matcher, shop money.Currency) reports {
	r := reports{shop: shop, event: event.Event{Kind: event.Track}}
	for _, name := range tells {
		m.add(Match{Event: name})
	}
	for i, name := range said {
		r.said[i] = m.column("properties." + name)
	}
	for i, name := range line {
		r.line[i] = m.column("properties.products[]." + name)
	}
	return r
}

// read is what an event says of an order. It goes by the rules that took the event, on as much of it as they ask.
func (r *reports) read(b *Block, i int) (order.Report, error) {
	r.hash++
	e := &r.event
	e.Name, e.Timestamp = tells[bits.TrailingZeros32(b.marks[i])], time.UnixMilli(b.Times[i]).UTC()
	e.Properties = append(e.Properties[:0], '{')
	for n, column := range r.said {
		v := &b.Columns[column]
		if from, to := v.span(i); to > from {
			e.Properties = appendMember(e.Properties, said[n], v.at(from))
		}
	}
	e.Properties = append(r.products(e.Properties, b, i), '}')
	return order.ParseReport(e, r.hash, r.shop)
}

// products writes the lines of an order. A column has no gaps, so where some lines lack a quantity that others have it is not known whose it is: then no line has a price, and what the order came to has
// to be said otherwise.
func (r *reports) products(out []byte, b *Block, i int) []byte {
	prices, quantities := &b.Columns[r.line[0]], &b.Columns[r.line[1]]
	from, to := prices.span(i)
	first, last := quantities.span(i)
	lines, pieces := to-from, last-first
	if lines+pieces == 0 {
		return out
	}
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, `"products":[`...)
	for n := range max(lines, pieces) {
		if n > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		if lines == pieces || pieces == 0 {
			out = appendMember(out, line[0], prices.at(from+n))
		}
		if n < pieces {
			out = appendMember(out, line[1], quantities.at(first+n))
		}
		out = append(out, '}')
	}
	return append(out, ']')
}

// appendMember writes a member of an object, behind those that are there.
func appendMember(out []byte, name string, v Value) []byte {
	if v.Kind == None {
		return out
	}
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	out = append(strconv.AppendQuote(out, name), ':')
	if v.Kind != Text {
		return append(out, v.Text...)
	}
	text, err := json.Marshal(v.Text)
	if err != nil {
		return append(out, `""`...) // no text has an error
	}
	return append(out, text...)
}
