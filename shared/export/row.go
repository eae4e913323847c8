package export

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/rawjson"
)

// row is an event as a row of the table. Times are microseconds since 1970; money is ten-thousandths of its currency, which every currency's minor unit divides. docs/export.md says what each column
// is; a column never changes its meaning, new ones come last.
type row struct {
	ProfileID         string  `parquet:"profile_id,dict"`
	HappenedAt        int64   `parquet:"happened_at,timestamp(microsecond)"`
	Type              string  `parquet:"type,dict"`
	Event             *string `parquet:"event,optional,dict"`
	Source            string  `parquet:"source,dict"`
	MessageID         string  `parquet:"message_id"`
	UserID            *string `parquet:"user_id,optional,dict"`
	AnonymousID       *string `parquet:"anonymous_id,optional,dict"`
	PreviousID        *string `parquet:"previous_id,optional,dict"`
	GroupID           *string `parquet:"group_id,optional,dict"`
	Trust             *string `parquet:"trust,optional,dict"`
	EventTimestamp    int64   `parquet:"event_timestamp,timestamp(microsecond)"`
	OriginalTimestamp *int64  `parquet:"original_timestamp,optional,timestamp(microsecond)"`
	SentAt            *int64  `parquet:"sent_at,optional,timestamp(microsecond)"`
	ReceivedAt        int64   `parquet:"received_at,timestamp(microsecond)"`
	OrderID           *string `parquet:"order_id,optional,dict"`
	OrderAmount       *int64  `parquet:"order_amount,optional,decimal(4:18)"`
	ProductID         *string `parquet:"product_id,optional,dict"`
	Price             *int64  `parquet:"price,optional,decimal(4:18)"`
	Quantity          *int64  `parquet:"quantity,optional,decimal(4:18)"`
	Currency          *string `parquet:"currency,optional,dict"`
	PageURL           *string `parquet:"page_url,optional,dict"`
	PagePath          *string `parquet:"page_path,optional,dict"`
	PageReferrer      *string `parquet:"page_referrer,optional,dict"`
	CampaignSource    *string `parquet:"campaign_source,optional,dict"`
	CampaignMedium    *string `parquet:"campaign_medium,optional,dict"`
	CampaignName      *string `parquet:"campaign_name,optional,dict"`
	DeviceType        *string `parquet:"device_type,optional,dict"`
	OSName            *string `parquet:"os_name,optional,dict"`
	Locale            *string `parquet:"locale,optional,dict"`
	Properties        *string `parquet:"properties,optional"`
	Traits            *string `parquet:"traits,optional"`
	Context           *string `parquet:"context,optional,dict"`
	Integrations      *string `parquet:"integrations,optional,dict"`
}

// scale is how many decimals the columns of money have.
const scale = 4

// rowOf is an event as a row. shop is the currency of amounts that name none.
func rowOf(e *columns.Event, shop money.Currency) row {
	r := row{
		ProfileID: string(e.Person.ID()), HappenedAt: e.Happened().UnixMicro(), Type: string(e.Kind), Event: text(e.Name), Source: e.Source, MessageID: e.MessageID,
		UserID: text(e.UserID), AnonymousID: text(e.AnonymousID), PreviousID: text(e.PreviousID), GroupID: text(e.GroupID), Trust: text(string(e.Trust)),
		EventTimestamp: e.Timestamp.UnixMicro(), OriginalTimestamp: micro(e.OriginalTimestamp), SentAt: micro(e.SentAt), ReceivedAt: e.ReceivedAt.UnixMicro(),
		Properties: text(string(e.Properties)), Traits: text(string(e.Traits)), Context: text(string(e.Context)), Integrations: text(string(e.Integrations)),
	}
	r.properties(&e.Event, shop)
	r.context(e.Context)
	return r
}

// text is a text, nil for an empty one. The library would tell an empty text from none by where it lies.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func micro(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

// properties takes out what nearly every question about goods and money asks.
func (r *row) properties(e *event.Event, shop money.Currency) {
	rawjson.Members(e.Properties, func(name, value []byte) {
		switch string(name) {
		case "order_id":
			r.OrderID = text(strings.TrimSpace(rawjson.Plain(value)))
		case "product_id":
			r.ProductID = text(rawjson.Plain(value))
		case "price":
			r.Price = decimal(rawjson.Plain(value))
		case "quantity":
			r.Quantity = decimal(rawjson.Plain(value))
		case "currency":
			if c, err := money.ParseCurrency(rawjson.Text(value)); err == nil {
				r.Currency = text(string(c))
			}
		}
	})
	named := r.Currency != nil
	report, err := order.ParseReport(e, 0, shop)
	switch {
	case err != nil: // no order, or one that counts nowhere
	case report.Amount != (money.Decimal{}): // of a refund that speaks in the order's currency, whichever that is
		r.OrderAmount = scaled(report.Amount)
	case report.Total != nil:
		r.OrderAmount = scaled(money.Decimal{Digits: *report.Total, Scale: report.Currency.Exponent()})
	}
	speaksInOrders := err == nil && e.Name == event.OrderRefunded
	if !named && !speaksInOrders && (r.OrderAmount != nil || r.Price != nil) {
		r.Currency = text(string(shop))
	}
}

// decimal reads an amount as it is written; nil is what is none, or has more digits than the column.
func decimal(text string) *int64 {
	d, err := money.ReadDecimal(text)
	if err != nil {
		return nil
	}
	return scaled(d)
}

// scaled is a decimal in the columns' unit, nil where it does not fit.
func scaled(d money.Decimal) *int64 {
	n := d.Digits
	for ; d.Scale < scale; d.Scale++ {
		if n > most/10 || n < -most/10 {
			return nil
		}
		n *= 10
	}
	for ; d.Scale > scale; d.Scale-- {
		if n%10 != 0 {
			return nil
		}
		n /= 10
	}
	if n > most || n < -most {
		return nil
	}
	return &n
}

// most is the greatest number of 18 digits.
const most = 999_999_999_999_999_999

// context takes out where somebody was and where they came from.
func (r *row) context(raw json.RawMessage) {
	rawjson.Members(raw, func(name, value []byte) {
		switch string(name) {
		case "locale":
			r.Locale = text(rawjson.Text(value))
		case "page":
			members(value, map[string]**string{"url": &r.PageURL, "path": &r.PagePath, "referrer": &r.PageReferrer})
		case "campaign":
			members(value, map[string]**string{"source": &r.CampaignSource, "medium": &r.CampaignMedium, "name": &r.CampaignName})
		case "device":
			members(value, map[string]**string{"type": &r.DeviceType})
		case "os":
			members(value, map[string]**string{"name": &r.OSName})
		}
	})
}

func members(raw []byte, into map[string]**string) {
	rawjson.Members(raw, func(name, value []byte) {
		if to := into[string(name)]; to != nil {
			*to = text(rawjson.Text(value))
		}
	})
}
