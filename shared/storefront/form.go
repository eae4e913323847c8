package storefront

import (
	"encoding/json"
	"maps"
	"slices"
)

// form are the members by which a notice of a topic is told from all others. A shop system signs the body alone: neither the topic, which stands in a
// header, nor the address. Without a form, a signed notice that somebody got hold of could be sent again as one of another kind.
type form struct {
	with, without []string
	alone         bool // nothing is beside with
}

var forms = map[string]form{
	"orders/create": shopifyOrderForm, "orders/updated": shopifyOrderForm, "orders/paid": shopifyOrderForm, "orders/cancelled": shopifyOrderForm,
	"orders/delete":    {with: []string{"id"}, alone: true},
	"refunds/create":   {with: []string{"id", "order_id"}, without: []string{"total_price"}},
	"customers/create": shopifyCustomerForm, "customers/update": shopifyCustomerForm,
	"customer.tags_added": shopifyTagsForm, "customer.tags_removed": shopifyTagsForm,
	"customers_email_marketing_consent/update": {without: notOfCustomers}, "customers_marketing_consent/update": {without: notOfCustomers},

	"order.created": wooOrderForm, "order.updated": wooOrderForm, "order.restored": wooOrderForm,
	"order.deleted":    {with: []string{"id"}, alone: true},
	"customer.created": wooCustomerForm, "customer.updated": wooCustomerForm,
}

var (
	notOfCustomers      = []string{"total_price", "total", "line_items", "order_id", "date_created_gmt"}
	shopifyOrderForm    = form{with: []string{"id", "total_price"}, without: []string{"date_created_gmt"}}
	shopifyCustomerForm = form{with: []string{"id"}, without: notOfCustomers}
	// Both topics of tags have one form; see shopifyTags.
	shopifyTagsForm = form{with: []string{"customerId", "tags"}, without: []string{"id"}}
	wooOrderForm    = form{with: []string{"id", "total"}, without: []string{"total_price", "created_at"}}
	wooCustomerForm = form{with: []string{"id", "email", "date_created_gmt"}, without: []string{"total", "line_items"}}
)

// Topics are those of all systems that a form tells apart, in the order of the alphabet.
func Topics() []string { return slices.Sorted(maps.Keys(forms)) }

// formed says whether a body has the form of its topic, as one without a form always has.
func formed(topic string, body []byte) bool {
	f, known := forms[topic]
	if !known {
		return true
	}
	var members map[string]json.RawMessage
	if unmarshal(body, &members) != nil || f.alone && len(members) != len(f.with) {
		return false
	}
	has := func(name string) bool { _, found := members[name]; return found }
	return !slices.ContainsFunc(f.without, has) && !slices.ContainsFunc(f.with, func(name string) bool { return !has(name) })
}
