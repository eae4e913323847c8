package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/address"
	"github.com/userops/userops/shared/domain/people/event"
	domain "github.com/userops/userops/shared/domain/people/order"
)

// shopStyle is what a shop's software has of its own in its exports of orders.
type shopStyle struct {
	system string // empty: a table of the shop's own
	// group is the field by which lines of one order are known.
	group string
	// items are further lines of an order that stand in one line of the file.
	items func(line) ([]map[string]cell, *Refusal)
	// unsure is a state that means paid only with a time of payment, where the file has a column of them.
	unsure string
}

// cell is what stands in a field, and where.
type cell struct {
	text, column string
	of           line
}

func (c cell) fault(reason string) *Refusal { return c.of.fault(c.column, c.text, reason) }

// sale is one order as its lines add up.
type sale struct {
	key    string
	fields map[string]cell // of the order, from the first of its lines that has them
	items  []map[string]cell
	lines  []line
	faults []*Refusal
	// amounts is what each of the items comes to; of what is given back too it is not below zero.
	amounts []int64
}

// sales reads orders whose lines stand together.
type sales struct {
	sheet *sheet
	style shopStyle
	o     Options
	seen  map[string]int // the line of each order
	torn  map[string]*Refusal
	told  map[string]bool
	// bought is somebody's last order with a product, by both.
	bought map[[2]string]string
	open   *sale
}

// add takes a line of the order in. What is the order's may stand in one of its lines, or the same in several.
func (s *sale) add(in *sales, l line, column string) {
	s.lines = append(s.lines, l)
	if len(s.lines) > 1 && !in.sheet.from.has(lineNames...) {
		s.faults = append(s.faults, l.fault(column, s.key, fmt.Sprintf("is that of line %d too, and MAP names no product_id, sku or name", s.lines[0].line)))
	}
	product := map[string]cell{}
	for name := range in.sheet.from {
		text, column := l.field(name)
		c := cell{text, column, l}
		first, has := s.fields[name]
		switch {
		case slices.Contains(lineFields, name):
			product[name] = c
		case !has || first.text == "":
			s.fields[name] = c
		case text != "" && text != first.text && slices.Contains(orderFields, name) && name != "email" && name != "phone" || text != "" && text != first.text && name == "userId":
			s.faults = append(s.faults, c.fault(fmt.Sprintf("is not that of the order's line %d", first.of.line)))
		}
	}
	if slices.ContainsFunc(lineNames, func(name string) bool { return product[name].text != "" }) || len(product) > 0 && !in.sheet.from.has(lineNames...) {
		s.items = append(s.items, product)
	}
	if in.style.items != nil {
		more, fault := in.style.items(l)
		s.items = append(s.items, more...)
		if fault != nil {
			s.faults = append(s.faults, fault)
		}
	}
}

// person is whose the order is: by userId, by anonymousId, by the e-mail address of a customer who is known, or a guest who is the same whenever they give the address.
func (in *sales) person(s *sale, id string) (user, anonymous string) {
	user, anonymous = s.id("userId"), s.id("anonymousId")
	if in.style.system == "" {
		if user == "" && anonymous == "" {
			s.lack("userId", "anonymousId")
		}
		return user, anonymous
	}
	if event.Meaningful(user) == "" {
		user = ""
	}
	mail := address.Email(s.fields["email"].text)
	switch {
	case user != "":
	case in.o.People[mail] != "" && mail != "":
		user = in.o.People[mail]
	case mail != "":
		anonymous = domain.Guest(in.style.system, "email-"+digest(mail))
	default:
		anonymous = domain.Guest(in.style.system, id)
	}
	return user, anonymous
}

// id is a field that is the same byte by byte wherever it is said.
func (s *sale) id(name string) string {
	c := s.fields[name]
	if rounded.MatchString(c.text) {
		s.faults = append(s.faults, c.fault(errRounded.Error()))
	}
	return c.text
}

// lack notes that a field is empty, or the others that would do.
func (s *sale) lack(name string, others ...string) {
	column := name
	for _, field := range append([]string{name}, others...) {
		if _, at := s.lines[0].field(field); at != "" {
			column = at
			break
		}
	}
	s.faults = append(s.faults, s.lines[0].fault(column, "", "is empty"))
}

// time is the time in a field, zero where there is none.
func (s *sale) time(name string, o Options) time.Time {
	c := s.fields[name]
	if c.text == "" {
		return time.Time{}
	}
	at, err := timeIn(c.text, o)
	if err != nil {
		s.faults = append(s.faults, c.fault(err.Error()))
	}
	return at
}

// minor is the amount in a cell; ok is false where there is none.
func (s *sale) minor(c cell, currency money.Currency) (minor int64, ok bool) {
	if c.text == "" || currency == "" {
		return 0, false
	}
	minor, err := amountIn(c.text, currency)
	if err != nil {
		s.faults = append(s.faults, c.fault(err.Error()))
	}
	return minor, err == nil
}

// currency is the order's; empty with a fault.
func (s *sale) currency(o Options) money.Currency {
	c := s.fields["currency"]
	if c.text == "" {
		if o.Currency == "" {
			s.lack("currency")
		}
		return o.Currency
	}
	code, ok := signs[strings.ToUpper(c.text)]
	if !ok || strings.Contains(code, " ") {
		code = c.text
	}
	currency, err := money.ParseCurrency(code)
	if err != nil || !currency.Known() {
		s.faults = append(s.faults, c.fault("is no currency of ISO 4217, such as CNY"))
		return ""
	}
	return currency
}

// products are the order's lines as its events have them, and what they come to.
func (s *sale) products(currency money.Currency) (products []map[string]any, sum int64) {
	note := s.givesBack()
	for _, item := range s.items {
		p := map[string]any{}
		for _, name := range []string{"sku", "name", "brand", "category", "variant"} {
			if text := item[name].text; text != "" {
				p[name] = text
			}
		}
		p["product_id"] = cmp.Or(item["product_id"].text, item["sku"].text, item["name"].text)
		quantity := int64(1)
		if c := item["quantity"]; c.text != "" {
			digits, err := ungrouped(c.text)
			n, numberErr := money.ReadDecimal(digits)
			if note {
				n.Digits = -n.Digits
			}
			switch {
			case err != nil || numberErr != nil || n.Digits < 0 || n.Scale > 0 && item["line_total"].text == "":
				s.faults = append(s.faults, c.fault("is no number of pieces"))
			default:
				p["quantity"] = plainDecimal(n)
				if quantity = n.Digits; n.Scale > 0 {
					quantity = 0
				}
			}
		}
		price, priced := s.minor(item["price"], currency)
		total, totalled := s.minor(item["line_total"], currency)
		if note {
			total = max(total, -total)
		}
		switch {
		case !totalled:
			total = price * quantity
		case !priced && quantity > 0:
			price, priced = (total+quantity/2)/quantity, total >= 0
		}
		if priced {
			p["price"] = decimal(price, currency)
		}
		if totalled {
			p["line_total"] = decimal(total, currency)
		}
		if !priced && !totalled && !s.stated("total") && len(s.faults) == 0 {
			s.faults = append(s.faults, item["price"].of.fault(cmp.Or(item["line_total"].column, item["price"].column), "", "is empty"))
		}
		sum += total
		s.amounts = append(s.amounts, total)
		if p["product_id"] != "" {
			products = append(products, p)
		}
	}
	return products, sum
}

// stated tells whether a field says something of the order.
func (s *sale) stated(name string) bool { return s.fields[name].text != "" }

// givesBack tells whether an order is a credit note: all of its lines are of pieces below zero.
func (s *sale) givesBack() bool {
	for _, item := range s.items {
		digits, err := ungrouped(item["quantity"].text)
		if err != nil {
			return false
		}
		if n, err := money.ReadDecimal(digits); err != nil || n.Digits >= 0 {
			return false
		}
	}
	return len(s.items) > 0
}

// messageID names what happened to an order, the same whenever the file or a later one tells it.
func messageID(id, what string) string {
	if whole := "order-" + id + "-" + what; len(whole) <= event.MaxMessageID {
		return whole
	}
	return "order-" + digest(id) + "-" + what
}
