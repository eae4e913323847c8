package format

import (
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// exported is the refund_id of what an export says was given back of an order in all. A later export may say more; then the greater sum stands.
const exported = "exported"

// events are what the order says, or faults.
func (in *sales) events(s *sale) ([]Event, error) {
	id := s.id("order_id")
	if id == "" {
		s.lack("order_id")
	}
	user, anonymous := in.person(s, id)
	currency := s.currency(in.o)
	at, paidAt := s.time("timestamp", in.o), s.time("paid_at", in.o)
	refundedAt, cancelledAt := s.time("refunded_at", in.o), s.time("cancelled_at", in.o)
	if at.IsZero() && !s.stated("timestamp") {
		s.lack("timestamp")
	}
	products, sum := s.products(currency)
	total, ok := s.minor(s.fields["total"], currency)
	if !ok && !s.stated("total") {
		if total = sum; in.sheet.from.has("total") && !in.sheet.from.has("line_total", "price") || len(s.items) == 0 {
			s.lack("total", "line_total", "price")
		}
	}
	if total < 0 && !s.givesBack() {
		s.faults = append(s.faults, s.fields["total"].fault("is below zero: what is given back goes into refunded"))
	}
	back, _ := s.minor(s.fields["refunded"], currency)
	back = max(back, -back)
	content := map[string]any{"order_id": id, "total": decimal(total, currency), "currency": currency}
	for _, name := range moneyFields {
		if minor, ok := s.minor(s.fields[name], currency); ok {
			content[name] = decimal(max(minor, -minor), currency)
		}
	}
	for _, name := range []string{"coupon", "store_id", "affiliation"} {
		if s.stated(name) {
			content[name] = s.fields[name].text
		}
	}
	if in.style.system != "" {
		content["affiliation"] = in.style.system
	}
	if len(products) > 0 {
		content["products"] = products
	}
	s.fill(content, "properties.", in.o)
	how := in.state(s, paidAt)
	traits := in.traits(s)
	if in.style.system == "" && s.givesBack() {
		return in.note(s, id, call{UserID: user, AnonymousID: anonymous, Timestamp: &at}, products, currency)
	}
	if len(s.faults) > 0 || how == draft {
		return nil, nil
	}
	var all []Event
	var failed error
	tell := func(c call, when time.Time, moves Money) {
		c.UserID, c.AnonymousID, c.Timestamp = user, anonymous, &when
		e, err := c.event(s.lines[0], moves)
		if err != nil {
			failed = err
		}
		all = append(all, e)
	}
	track := func(name, what string, when time.Time, properties map[string]any, moves Money) {
		tell(call{Type: "track", Event: name, MessageID: messageID(id, what), Properties: properties}, when, moves)
	}
	if name := "person-" + digest(user, anonymous, fmt.Sprint(traits)); len(traits) > 0 && !in.told[name] {
		in.told[name] = true
		tell(call{Type: "identify", MessageID: name, Traits: traits}, at, Money{})
	}
	if how == unpaid || how == cancelled {
		track(event.OrderPlaced, "placed", at, content, Money{})
	} else {
		track(event.OrderCompleted, "completed", first(paidAt, at), content, Money{Amount: money.Amount{Minor: total, Currency: currency}})
		in.remember(id, user+anonymous, products)
	}
	given := map[string]any{"order_id": id, "currency": currency, "refund_id": exported}
	switch {
	case back > 0 && (how == paid || how == partly || how == refunded):
		given["total"] = decimal(back, currency)
		track(event.OrderRefunded, fmt.Sprintf("refunded-%d", back), first(refundedAt, cancelledAt, paidAt, at), given, Money{money.Amount{Minor: back, Currency: currency}, true})
	case how == refunded:
		track(event.OrderRefunded, "refunded", first(refundedAt, cancelledAt, paidAt, at), given, Money{money.Amount{Minor: total, Currency: currency}, true})
	}
	if how == cancelled || !cancelledAt.IsZero() {
		track(event.OrderCancelled, "cancelled", first(cancelledAt, at), map[string]any{"order_id": id}, Money{})
	}
	return all, failed
}

// first is the first time that is known.
func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// state is how far the order has come; without a column for it, it is paid.
func (in *sales) state(s *sale, paidAt time.Time) state {
	c := s.fields["status"]
	if c.text == "" {
		return paid
	}
	how, known := stateOf(c.text)
	switch {
	case !known:
		s.faults = append(s.faults, c.fault("is no state of an order that is known (docs/import.md)"))
	case how == partly && !s.stated("refunded"):
		s.faults = append(s.faults, c.fault("says that a part was given back, and not how much: map refunded"))
	case in.style.unsure != "" && strings.EqualFold(strings.TrimPrefix(c.text, "wc-"), in.style.unsure) && in.sheet.from.has("paid_at") && paidAt.IsZero():
		return unpaid
	}
	return how
}

// traits are what the order says of its person.
func (in *sales) traits(s *sale) map[string]any {
	traits := map[string]any{}
	for _, name := range []string{"email", "phone"} {
		if s.stated(name) {
			traits[name] = s.fields[name].text
		}
	}
	s.fill(traits, "traits.", in.o)
	return traits
}

// fill adds the fields of a prefix without it.
func (s *sale) fill(to map[string]any, prefix string, o Options) {
	for field, c := range s.fields {
		if name, is := strings.CutPrefix(field, prefix); is && c.text != "" {
			name, value, reason := typed(name, c.text, o)
			if reason != "" {
				s.faults = append(s.faults, c.fault(reason))
			}
			to[name] = value
		}
	}
}
