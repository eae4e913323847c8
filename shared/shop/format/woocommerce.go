package format

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The columns of the two exporters of WooCommerce that are told apart by nothing but their names: Customer/Order/Coupon Export, and Import Export Suite.
var (
	wooOrders = mapping{
		"order_id": {columns: []string{"order_id"}}, "userId": {columns: []string{"customer_id", "customer_user"}},
		"email": {columns: []string{"billing_email", "customer_email"}}, "phone": {columns: []string{"billing_phone"}}, "status": {columns: []string{"status", "order_status"}},
		"timestamp": {columns: []string{"order_date", "date"}}, "paid_at": {columns: []string{"paid_date", "date_paid"}}, "currency": {columns: []string{"order_currency", "currency"}},
		"shipping": {columns: []string{"shipping_total"}}, "tax": {columns: []string{"tax_total"}}, "discount": {columns: []string{"discount_total"}},
		"total": {columns: []string{"order_total"}}, "refunded": {columns: []string{"refunded_total", "refund_total"}},
		"traits.firstName": {columns: []string{"billing_first_name"}}, "traits.lastName": {columns: []string{"billing_last_name"}},
		"traits.city": {columns: []string{"billing_city"}}, "traits.state": {columns: []string{"billing_state"}}, "traits.country": {columns: []string{"billing_country"}},
		"product_id": {columns: []string{"item_product_id"}}, "sku": {columns: []string{"item_sku"}}, "name": {columns: []string{"item_name"}},
		"quantity": {columns: []string{"item_quantity"}}, "line_total": {columns: []string{"item_total"}},
	}
	wooCustomers = mapping{
		"userId": {columns: []string{"customer_id", "ID", "id"}}, "email": {columns: []string{"user_email", "email", "billing_email"}},
		"firstName": {columns: []string{"first_name", "billing_first_name"}}, "lastName": {columns: []string{"last_name", "billing_last_name"}},
		"phone": {columns: []string{"billing_phone"}}, "city": {columns: []string{"billing_city"}}, "state": {columns: []string{"billing_state"}},
		"country": {columns: []string{"billing_country"}}, "createdAt": {columns: []string{"user_registered", "date_registered", "date_created"}},
	}
)

func readWooCommerce(r io.Reader, o Options, sink Sink) error {
	s, err := openSheet(r, o, sink)
	if err != nil {
		return err
	}
	if !s.has("order_id") {
		m := wooCustomers.present(s)
		if err := errors.Join(m.lacks("customers of woocommerce", "userId", "email"), s.use(m)); err != nil {
			return oneLine(err)
		}
		return readPeople(s, o)
	}
	m := wooOrders.present(s)
	if err := errors.Join(m.lacks("orders of woocommerce", "status", "timestamp", "currency", "total"), s.use(m)); err != nil {
		return oneLine(err)
	}
	return readSales(s, shopStyle{system: "woocommerce", group: "order_id", items: wooItems, unsure: "processing"}, o)
}

// wooNames are the parts of a product as the columns line_item_1, line_item_2 ... and line_items have them: name:Green tea|product_id:12|quantity:2|total:20.00.
var wooNames = map[string]string{"name": "name", "product_id": "product_id", "sku": "sku", "quantity": "quantity", "total": "line_total"}

// wooItems are the products that stand in one line of the file.
func wooItems(l line) (items []map[string]cell, fault *Refusal) {
	for i, column := range l.s.names {
		packed := plainCell(l.cells[i])
		numbered := strings.HasPrefix(column, "line_item_")
		if packed == "" || !numbered && column != "line_items" {
			continue
		}
		texts := []string{packed}
		if !numbered {
			texts = strings.Split(packed, ";")
		}
		for _, text := range texts {
			item := map[string]cell{}
			for part := range strings.SplitSeq(text, "|") {
				name, value, _ := strings.Cut(part, ":")
				if field, is := wooNames[strings.TrimSpace(name)]; is {
					item[field] = cell{strings.TrimSpace(value), fmt.Sprintf("%s (%s)", column, name), l}
				}
			}
			if item["name"].text == "" && item["product_id"].text == "" {
				return nil, l.fault(column, text, "is no product such as name:Tea|product_id:12|quantity:2|total:20.00")
			}
			items = append(items, item)
		}
	}
	return items, nil
}
