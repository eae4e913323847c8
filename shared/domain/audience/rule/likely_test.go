package rule

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAMisspeltFieldIsRecognised names what was meant, and nothing where nothing is near.
func TestAMisspeltFieldIsRecognised(t *testing.T) {
	for name, want := range map[string]string{
		"profile.nmae": "traits.name", "orders.revenu": "orders.revenue", "orders.payd": "orders.paid", "Orders.Count": "orders.count", "orders_count": "orders.count", "ORDERS.PAID30": "orders.paid30",
		"profile.orders.count": "orders.count", "user.city": "city", "person.trait.city": "", "email": "traits.email", "phone": "traits.phone", "fristName": "traits.firstName", "lifecicle": "lifecycle",
		"trait.favouriteTea": "traits.favouriteTea", "triats.city": "traits.city", "consents.email": "consent.email", "consent": "", "event.Order Completed.count": "events.Order Completed.count",
		"events.Product Viewed.cuont": "events.Product Viewed.count", "events.Product Viewed.dayssince": "events.Product Viewed.daysSince", "events.Product Viewed.sum": "", "catgory.tea.weight": "category.tea.weight",
		"Revenue": "orders.revenue", "累计消费金额": "orders.revenue", "累计消费金": "orders.revenue", "生命周期": "lifecycle", "": "", "x": "", "nothing.like.it": "", "fields.rfm.r": "rfm.r",
		"place.city": "city", "place.citty": "city", "place.timeZone": "timezone", "place.postalCode": "postalCode", "demographics.gender": "gender", "demographics.birthday": "traits.birthday",
		"addresses.email.reachable": "reachable.email", "addresses.sms.address": "traits.phone", "interests.viewed": "viewed.products", "daysSince": "",
		strings.Repeat("orders.", 40): "",
	} {
		if _, _, ok := lookUp(name); ok {
			t.Errorf("%s is a field", name)
		}
		if got := likely(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		} else if _, _, ok := lookUp(got); got != "" && !ok {
			t.Errorf("%s: %q is no field either", name, got)
		}
	}
}

func TestWhatIsMisspeltInARuleIsRecognised(t *testing.T) {
	for body, want := range map[string]string{
		`{"field":"orders.revenu","op":"gte","value":1}`:       `rule.field "orders.revenu" is not a field of a profile: did you mean "orders.revenue"?`,
		`{"field":"orders.count","op":"gt ","value":1}`:        `rule.op "gt " is not an operation of a number, which has eq, ne, gt, gte, lt, lte, between, in, notIn, exists: did you mean "gt"?`,
		`{"field":"orders.count","op":"gte","Value":1}`:        `rule.Value is not known here: did you mean "value"?; rule.value is missing`,
		`{"al":[{"field":"tags","op":"exists"}]}`:              `rule must have exactly one of all, any, not, field, performed, segment, notSegment, percent: did you mean "all"?`,
		`{"feild":"tags","op":"exists"}`:                       `rule must have exactly one of all, any, not, field, performed, segment, notSegment, percent: did you mean "field"?`,
		`{"performed":{"event":"A","atleast":2}}`:              `rule.performed.atleast is not known here: did you mean "atLeast"?`,
		`{"field":"place.city","op":"eq","value":"Hangzhou"}`:  `rule.field "place.city" is not a field of a profile: did you mean "city"?`,
		`{"field":"daysSince","op":"gte","value":30}`:          `rule.field "daysSince" is not a field of a profile: did you mean "orders.daysSince" or "activity.daysSince"?`,
		`{"field":"behaviour.dayssince","op":"gte","value":3}`: `rule.field "behaviour.dayssince" is not a field of a profile: did you mean "orders.daysSince" or "activity.daysSince"?`,
		`{"field":"spanDays","op":"gte","value":3}`:            `rule.field "spanDays" is not a field of a profile: did you mean "orders.spanDays"?`,
		`{"field":"nothing.like.it","op":"eq","value":"secr"}`: `rule.field "nothing.like.it" is not a field of a profile`,
	} {
		_, faults := Parse(json.RawMessage(body))
		if got := faults.Error(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", body, got, want)
		}
	}
}
