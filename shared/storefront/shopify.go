package storefront

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// shopifyOrder is what is read of an order of Shopify's REST Admin API.
type shopifyOrder struct {
	ID              json.Number      `json:"id"`
	Name            string           `json:"name"`
	CheckoutID      json.Number      `json:"checkout_id"`
	CreatedAt       string           `json:"created_at"`
	ProcessedAt     string           `json:"processed_at"`
	UpdatedAt       string           `json:"updated_at"`
	CancelledAt     string           `json:"cancelled_at"`
	CancelReason    string           `json:"cancel_reason"`
	FinancialStatus string           `json:"financial_status"`
	Test            bool             `json:"test"`
	Refunds         []shopifyRefund  `json:"refunds"`
	Currency        string           `json:"currency"`
	TotalPrice      any              `json:"total_price"`
	SubtotalPrice   any              `json:"subtotal_price"`
	TotalTax        any              `json:"total_tax"`
	TotalDiscounts  any              `json:"total_discounts"`
	TaxesIncluded   bool             `json:"taxes_included"`
	Shipping        shopifySet       `json:"total_shipping_price_set"`
	Email           string           `json:"email"`
	Phone           string           `json:"phone"`
	Customer        *shopifyCustomer `json:"customer"`
	DiscountCodes   []struct {
		Code string `json:"code"`
	} `json:"discount_codes"`
	LineItems      []shopifyLine `json:"line_items"`
	NoteAttributes []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"note_attributes"`
}

type shopifySet struct {
	ShopMoney struct {
		Amount any `json:"amount"`
	} `json:"shop_money"`
}

type shopifyCustomer struct {
	ID        json.Number `json:"id"`
	Email     string      `json:"email"`
	Phone     string      `json:"phone"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	CreatedAt string      `json:"created_at"`
	UpdatedAt string      `json:"updated_at"`
	Tags      *string     `json:"tags"` // behind commas; none of it in newer notices
	Address   struct {
		City     string `json:"city"`
		Province string `json:"province"`
		Country  string `json:"country_code"`
	} `json:"default_address"`
	EmailConsent shopifyConsent `json:"email_marketing_consent"`
	SMSConsent   shopifyConsent `json:"sms_marketing_consent"`
	// CustomerID stands in place of ID in the notices that are about a consent only.
	CustomerID json.Number `json:"customer_id"`
}

// shopifyConsent is what the shop knows of a person's word on a channel.
type shopifyConsent struct {
	State     string `json:"state"`
	UpdatedAt string `json:"consent_updated_at"`
}

// shopifyEvents maps a notice. An order that is not paid yet is Order Placed; a paid one is Order Completed, always with the same
// messageId, and later changes are Order Updated.
func shopifyEvents(topic string, body []byte, proves func(userID, userHash string) bool) ([]Call, error) {
	switch topic {
	case "orders/create", "orders/updated", "orders/paid", "orders/cancelled":
		var o shopifyOrder
		if err := unmarshal(body, &o); err != nil || o.ID == "" {
			return nil, ErrNotice
		}
		if o.Test {
			return nil, nil // the shop's own mark that this does not count
		}
		return o.events(topic, proves)
	case "orders/delete":
		return deleted("shopify", body)
	case "refunds/create":
		var r shopifyRefund
		if err := unmarshal(body, &r); err != nil || r.ID == "" || r.OrderID == "" {
			return nil, ErrNotice
		}
		return r.events(shopifyGuest(r.OrderID), Call{})
	case "customers/create", "customers/update":
		var c shopifyCustomer
		if err := unmarshal(body, &c); err != nil || c.ID == "" {
			return nil, ErrNotice
		}
		return c.events(topic == "customers/create"), nil
	case "customer.tags_added", "customer.tags_removed":
		var c shopifyTags
		if err := unmarshal(body, &c); err != nil || c.CustomerID == "" {
			return nil, ErrNotice
		}
		return c.events(topic == "customer.tags_added"), nil
	case "customers_email_marketing_consent/update", "customers_marketing_consent/update":
		var c shopifyCustomer
		if err := unmarshal(body, &c); err != nil || c.CustomerID == "" && c.ID == "" {
			return nil, ErrNotice
		}
		c.ID = json.Number(cmp.Or(c.CustomerID, c.ID))
		return c.consents(), nil
	case "customers/redact", "customers/data_request":
		// Taken without effect, a person's right would be lost in a 200.
		return nil, errors.New(topic + " is not handled here: erase by DELETE, answer by GET /v1/profiles/-/export, of the userId that is the customer's id")
	}
	return nil, nil
}

func (o *shopifyOrder) events(topic string, proves func(userID, userHash string) bool) ([]Call, error) {
	id := o.ID.String()
	user, anonymous := o.person(proves)
	if err := o.readable(); err != nil {
		return nil, err
	}
	content := filled(map[string]any{
		"order_id": id, "checkout_id": o.CheckoutID.String(), "affiliation": "shopify", "currency": o.Currency,
		"total": number(o.TotalPrice), "subtotal": number(o.SubtotalPrice), "revenue": o.revenue(), "tax": number(o.TotalTax),
		"shipping": number(o.Shipping.ShopMoney.Amount), "discount": number(o.TotalDiscounts), "coupon": o.coupon(), "products": o.products(),
	})
	track := func(name, key, at string, properties map[string]any) Call {
		return Call{Type: event.Track, Event: name, MessageID: "order-" + id + "-" + key, UserID: user, AnonymousID: anonymous, Properties: properties, Timestamp: at}
	}
	var calls []Call
	if traits := filled(map[string]any{"email": o.Email, "phone": o.Phone}); topic == "orders/create" && o.Customer == nil && len(traits) > 0 {
		calls = append(calls, Call{Type: event.Identify, MessageID: "order-" + id + "-guest", UserID: user, AnonymousID: anonymous, Traits: traits, Timestamp: o.CreatedAt, Level: trust.Public})
	}
	if topic == "orders/create" && o.Customer != nil {
		calls = append(calls, o.Customer.identify())
	}
	begun := o.ProcessedAt
	if begun == "" {
		begun = o.CreatedAt
	}
	switch o.FinancialStatus {
	case "paid", "partially_refunded", "refunded":
		calls = append(calls, track(event.OrderCompleted, "completed", begun, content))
	default:
		calls = append(calls, track(event.OrderPlaced, "placed", begun, content))
	}
	if topic == "orders/updated" {
		calls = append(calls, track(event.OrderUpdated, "updated-"+o.UpdatedAt, o.UpdatedAt, content))
	}
	if o.CancelledAt != "" {
		calls = append(calls, track(event.OrderCancelled, "cancelled", o.CancelledAt,
			filled(map[string]any{"order_id": id, "currency": o.Currency, "reason": o.CancelReason})))
	}
	for i := range o.Refunds {
		r := &o.Refunds[i]
		r.OrderID = o.ID
		refunds, err := r.events("", Call{UserID: user, AnonymousID: anonymous})
		if err != nil {
			return nil, err
		}
		calls = append(calls, refunds...)
	}
	return calls, nil
}

// readable refuses an order with an amount that is none.
func (o *shopifyOrder) readable() error {
	amounts := map[string]any{"total_price": o.TotalPrice, "subtotal_price": o.SubtotalPrice, "total_tax": o.TotalTax, "total_discounts": o.TotalDiscounts,
		"total_shipping_price_set.shop_money.amount": o.Shipping.ShopMoney.Amount}
	for i, l := range o.LineItems {
		amounts[fmt.Sprintf("line_items[%d].price", i)] = l.Price
	}
	return readable(amounts)
}

// person is whom the cart's attributes prove, or the customer, or the device that they name, or a guest known by the order alone. Any visitor
// writes what they like into a cart.
func (o *shopifyOrder) person(proves func(userID, userHash string) bool) (user, anonymous string) {
	var attributes []attribute
	for _, a := range o.NoteAttributes {
		attributes = append(attributes, attribute{a.Name, a.Value})
	}
	user, anonymous = person(attributes, proves)
	if user == "" && o.Customer != nil {
		user = o.Customer.ID.String()
	}
	if user == "" && anonymous == "" {
		anonymous = shopifyGuest(o.ID)
	}
	return user, anonymous
}

// shopifyGuest stands for the person of an order of which nothing else is known.
func shopifyGuest(id json.Number) string { return order.Guest("shopify", id.String()) }

// revenue is the subtotal, which has the discounts off, without the tax where the shop's prices include it.
func (o *shopifyOrder) revenue() json.Number {
	subtotal := number(o.SubtotalPrice)
	currency, err := money.ParseCurrency(o.Currency)
	if !o.TaxesIncluded || err != nil {
		return subtotal
	}
	gross, err := money.ParseDecimal(subtotal.String(), currency)
	if err != nil {
		return subtotal
	}
	tax, err := money.ParseDecimal(number(o.TotalTax).String(), currency)
	if err != nil {
		return subtotal
	}
	return json.Number(money.Amount{Minor: gross.Minor - tax.Minor, Currency: currency}.Decimal())
}

func (o *shopifyOrder) coupon() string {
	var codes []string
	for _, d := range o.DiscountCodes {
		codes = append(codes, d.Code)
	}
	return strings.Join(codes, ",")
}

func (o *shopifyOrder) products() []map[string]any {
	var all []map[string]any
	for _, line := range o.LineItems[:min(len(o.LineItems), maxLines)] {
		all = append(all, line.product())
	}
	return all
}

// identify is what the customer has entered into an account of theirs: the person's own word, whose address may be anybody's.
func (c *shopifyCustomer) identify() Call {
	id := c.ID.String()
	return Call{Type: event.Identify, MessageID: "customer-" + id + "-" + c.UpdatedAt, UserID: id, Timestamp: c.UpdatedAt, Level: trust.Person,
		Traits: filled(map[string]any{"email": c.Email, "phone": c.Phone, "firstName": c.FirstName, "lastName": c.LastName, "createdAt": c.CreatedAt,
			"city": c.Address.City, "state": c.Address.Province, "country": c.Address.Country})}
}

func (c *shopifyCustomer) events(created bool) []Call {
	id := c.ID.String()
	calls := []Call{c.identify()}
	if created {
		calls = append(calls, Call{Type: event.Track, Event: event.SignedUp, MessageID: "customer-" + id + "-signed-up", UserID: id, Timestamp: c.CreatedAt})
	}
	if c.Tags != nil {
		tags := tagsOf(strings.Split(*c.Tags, ","))
		calls = append(calls, Call{Type: event.Track, Event: event.TagsChanged, MessageID: "customer-" + id + "-tags-" + c.UpdatedAt, UserID: id, Timestamp: c.UpdatedAt,
			Properties: map[string]any{"all": tags, "by": "shopify"}})
	}
	return append(calls, c.consents()...)
}

// shopifyTags are tags that somebody was given or that were taken away. The two topics have one form, and a signature does not tell them apart: what is said under both
// has one messageId, so that the first counts alone.
type shopifyTags struct {
	CustomerID string   `json:"customerId"` // gid://shopify/Customer/42
	Tags       []string `json:"tags"`
	At         string   `json:"occurredAt"`
}

func (c *shopifyTags) events(added bool) []Call {
	id := c.CustomerID[strings.LastIndex(c.CustomerID, "/")+1:]
	tags := tagsOf(c.Tags)
	if len(tags) == 0 || id == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.Join(tags, "\x00")))
	name := map[bool]string{true: "add", false: "remove"}[added]
	return []Call{{Type: event.Track, Event: event.TagsChanged, MessageID: fmt.Sprintf("customer-%s-tags-%s-%x", id, c.At, sum[:8]), UserID: id, Timestamp: c.At,
		Properties: map[string]any{name: tags, "by": "shopify"}}}
}

// tagsOf are the texts that are tags here, each once; a longer one is left out.
func tagsOf(texts []string) []string {
	tags := []string{}
	for _, text := range texts {
		if tag := strings.TrimSpace(text); profile.JudgeTag(tag) == "" && !slices.Contains(tags, tag) && len(tags) < profile.MaxTagChange {
			tags = append(tags, tag)
		}
	}
	return tags
}

// consents tells what the shop knows of the person's word. A grant without its time is none; a refusal counts without one, and so do the
// states in which the shop itself may not write to the address.
func (c *shopifyCustomer) consents() []Call {
	id := c.ID.String()
	var calls []Call
	for _, of := range []struct {
		channel string
		shopifyConsent
	}{{"email", c.EmailConsent}, {"sms", c.SMSConsent}} {
		name, key, at := event.ConsentRevoked, of.channel, of.UpdatedAt
		properties := map[string]any{"channel": of.channel}
		if at != "" {
			properties[profile.PropertyRestated] = true
		}
		switch strings.ToLower(of.State) {
		case "subscribed":
			name = event.ConsentGranted
			if at == "" {
				continue
			}
		case "unsubscribed", "redacted", "invalid":
			at = cmp.Or(at, c.UpdatedAt)
			key += "-" + strings.ToLower(of.State)
		default: // not_subscribed, pending: nobody has said anything yet
			continue
		}
		calls = append(calls, Call{Type: event.Track, Event: name, MessageID: "customer-" + id + "-" + key + "-" + at, UserID: id, Timestamp: at, Properties: properties})
	}
	return calls
}
