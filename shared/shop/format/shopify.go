package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/userops/userops/shared/domain/people/address"
)

// The columns of Shopify's exports. An order's own stand in the first of its lines, its Name in each.
var (
	shopifyOrders = mapping{
		"group": {columns: []string{"Name"}}, "order_id": {columns: []string{"Id", "Name"}}, "email": {columns: []string{"Email"}},
		"phone": {columns: []string{"Phone"}}, "status": {columns: []string{"Financial Status"}}, "timestamp": {columns: []string{"Created at"}},
		"paid_at": {columns: []string{"Paid at"}}, "cancelled_at": {columns: []string{"Cancelled at"}}, "currency": {columns: []string{"Currency"}},
		"subtotal": {columns: []string{"Subtotal"}}, "shipping": {columns: []string{"Shipping"}}, "tax": {columns: []string{"Taxes"}}, "total": {columns: []string{"Total"}},
		"coupon": {columns: []string{"Discount Code"}}, "discount": {columns: []string{"Discount Amount"}}, "refunded": {columns: []string{"Refunded Amount"}},
		"store_id": {columns: []string{"Location"}}, "name": {columns: []string{"Lineitem name"}}, "sku": {columns: []string{"Lineitem sku"}},
		"brand": {columns: []string{"Vendor"}}, "price": {columns: []string{"Lineitem price"}}, "quantity": {columns: []string{"Lineitem quantity"}},
	}
	shopifyCustomers = mapping{
		"userId": {columns: []string{"Customer ID"}}, "firstName": {columns: []string{"First Name"}}, "lastName": {columns: []string{"Last Name"}},
		"email": {columns: []string{"Email"}}, "phone": {columns: []string{"Phone", "Default Address Phone"}}, "city": {columns: []string{"Default Address City", "City"}},
		"state":   {columns: []string{"Default Address Province Code", "Province Code"}},
		"country": {columns: []string{"Default Address Country Code", "Country Code"}},
	}
)

// present is a preset as far as a header has its columns.
func (m mapping) present(s *sheet) mapping {
	there := mapping{}
	for field, from := range m {
		var columns []string
		for _, c := range from.columns {
			if s.has(c) {
				columns = append(columns, c)
			}
		}
		if len(columns) > 0 {
			there[field] = origin{columns: columns}
		}
	}
	return there
}

// lacks says which columns of a preset, those that it cannot do without, a header has not.
func (m mapping) lacks(what string, fields ...string) error {
	for _, f := range fields {
		if !m.has(f) {
			return fmt.Errorf("%s: the header has no column for %s: the file has another layout", what, f)
		}
	}
	return nil
}

func readShopify(r io.Reader, o Options, sink Sink) error {
	s, err := openSheet(r, o, sink)
	if err != nil {
		return err
	}
	if s.has("Customer ID") && !s.has("Financial Status") {
		m := shopifyCustomers.present(s)
		if err := errors.Join(m.lacks("customers of shopify", "userId", "email"), s.use(m)); err != nil {
			return oneLine(err)
		}
		return readPeople(s, o)
	}
	m := shopifyOrders.present(s)
	if id := m["order_id"]; len(id.columns) > 0 {
		m["order_id"] = origin{columns: id.columns[:1]} // the lines below an order's first have a Name and no Id
	}
	if err := errors.Join(m.lacks("orders of shopify", "group", "status", "timestamp", "currency", "total", "name"), s.use(m)); err != nil {
		return oneLine(err)
	}
	return readSales(s, shopStyle{system: "shopify", group: "group"}, o)
}

// ReadShopifyCustomers reads from Shopify's export of customers which userId an e-mail address belongs to, in the form in which addresses are compared: its orders name
// their customer by the address alone.
func ReadShopifyCustomers(r io.Reader) (map[string]string, error) {
	plain, err := unpack(r)
	if err != nil {
		return nil, err
	}
	s, err := openSheet(plain, Options{}, Sink{Refuse: func(Refusal) {}})
	if err != nil {
		return nil, err
	}
	m := shopifyCustomers.present(s)
	if err := errors.Join(m.lacks("customers of shopify", "userId", "email"), s.use(m)); err != nil {
		return nil, oneLine(err)
	}
	people := map[string]string{}
	for {
		l, err := s.next()
		if errors.Is(err, io.EOF) {
			return people, nil
		}
		if err != nil {
			return nil, err
		}
		id, _ := l.field("userId")
		if mail, _ := l.field("email"); id != "" && mail != "" {
			people[address.Email(mail)] = id
		}
	}
}
