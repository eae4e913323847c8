package refusal

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCodesOfReasons has a reason of each kind as verdicts give them; the bench of ingest holds every reason that its tests provoke to have a code.
func TestCodesOfReasons(t *testing.T) {
	for reason, want := range map[string]Code{
		"is not valid JSON: a colon is missing at byte 9": Malformed, `has the key "a" twice`: Malformed, `has the key "is negative" twice`: Malformed, "nests deeper than 32 levels": Malformed,
		"has bytes that are not UTF-8": Malformed, "has a number that is out of range": Malformed, "is not an object": Type, "is neither a string nor a whole number": Type,
		"is not an array of events": Type, "is not a list": Type, "is not a string": Type, "is missing": Missing, "is missing or means nobody": Missing, "is missing or longer than 128 bytes": Missing,
		"and anonymousId are missing or mean nobody; one is required": Missing, "has more than 100 characters": Size, "has 33842 bytes, more than 32768": Size, "has 10002 members, more than 10000": Size,
		"makes the event larger than 262144 bytes when the batch's is merged into it": Size, "has more than 2500 events": Size,
		"is not track, identify, page, screen, group or alias": Call, "is not a time such as 2026-11-21T08:00:00.000Z": Time, "is before 1970": Time,
		"is not a decimal amount within range": Amount, "is negative": Amount, "is greater than an order may be": Amount, "makes the sum of the lines greater than an order may be": Amount,
		"is not an ISO 4217 code of three letters": Currency, "is not a currency of ISO 4217, such as CNY": Currency,
		"is not a channel: email, sms": Consent, "is missing, and channels is not read: send an event for each of email": Consent, "is no text or number of at most 64 bytes": Consent,
		"is not one that the source may send": NotAllowed, "is the name of news that only userops tells": Reserved, "is not that of the userId": Proof,
		"stands for the guest of an order, of whom only the shop speaks": Guest, "is odd": Other, "": Other,
	} {
		if got := CodeOf(reason); got != want {
			t.Errorf("%q is %s, want %s", reason, got, want)
		}
	}
	for _, m := range marks {
		if !slices.Contains(Codes(), m.code) {
			t.Errorf("%s is not listed", m.code)
		}
	}
}

// TestCodesOfWarnings has a reason of each kind as answers give them.
func TestCodesOfWarnings(t *testing.T) {
	for reason, want := range map[string]Code{
		"moves no money, since the source may not: send it with the server key": NoMoney, `is no standard name: did you mean "Order Completed"? It counts as an event of your own, and no order is booked`: Name,
		"has no zone and is read in the shop's, UTC: end it in Z or +08:00": Zone, "is more than 24 hours ahead and counts as now": Time, "is missing or longer than 128 bytes": Missing,
		"is missing, and so are revenue, subtotal and prices of all products": Missing, "is not a decimal amount within range, so it is not used": Amount, "is not a whole number of one or more: one piece counts": Amount,
		"is greater than an order may be, so it is not used": Amount, "is not a currency of ISO 4217, such as CNY, so the event's amounts are not used": Currency,
		"is no e-mail address: it is kept as a trait": Address, "is no phone number: it is kept as a trait": Address, "is no date such as 1990-05-31: it is kept as a trait, and no birthday": Birthday,
		"lies in the future: nobody has an age by it": Birthday, "is odd": Other,
	} {
		if got := WarningOf(reason); got != want {
			t.Errorf("%q is %s, want %s", reason, got, want)
		}
	}
	for _, m := range markedWarnings {
		if !slices.Contains(Warnings(), m.code) {
			t.Errorf("%s is not listed", m.code)
		}
	}
}

func TestFields(t *testing.T) {
	for field, want := range map[string]string{
		"": "", "userId": "userId", "properties.total": "properties.total", "properties.products[17].price": "properties.products.price", "properties.products[0]": "properties.products",
		"context.userHash": "context.userHash", "mei@example.com": "other", "properties.mei": "other", "UserId": "other", "a]b[c": "other", "[": "other", "[]": "",
	} {
		if got := FieldOf(field); got != want {
			t.Errorf("%q is kept as %q, want %q", field, got, want)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[string]string{
		"": "", "order-1001-completed": "order-1001-completed", "ajs-next-1700000000000-f81d4fae": "ajs-next-1700000000000-f81d4fae", "A:8#1.2_3": "A:8#1.2_3",
		"20261121000123": "20261121000123", "12345678901": "12345678901", "1380013800": "1380013800", "138001380001": "138001380001", "13800138000": "", "19912345678": "", "1380013800a": "1380013800a",
		"+8613800138000": "", "mei@example.com": "", "Ann Lee": "", "王小明": "", "https://evil.example/x": "", "<b>": "",
		strings.Repeat("m", 100): strings.Repeat("m", 100), strings.Repeat("m", 101): "",
	} {
		if got := IDOf(id); got != want {
			t.Errorf("%q is kept as %q, want %q", id, got, want)
		}
	}
}

// TestSum adds up tallies of two instances in two hours.
func TestSum(t *testing.T) {
	hour := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return hour.Add(time.Duration(minutes) * time.Minute) }
	one, two, later := Tally{Hour: hour}, Tally{Hour: hour}, Tally{Hour: hour.Add(time.Hour)}
	for i := range MaxLast + 20 {
		one.Add(Entry{At: at(0).Add(time.Duration(i) * time.Second), What: "page", Code: Missing})
	}
	two.Add(Entry{At: at(1), Field: "type", Code: Call})
	two.Add(Entry{At: at(59), Code: Missing})
	later.Add(Entry{At: at(61), Code: Time})
	two.Warned.Add(Entry{At: at(2), Code: Zone})
	one.Warned.Add(Entry{At: at(3), Code: Zone})
	if one.total() != MaxLast+20 || len(one.Last) != MaxLast || !one.Last[0].At.Equal(at(0).Add(20*time.Second)) {
		t.Errorf("%d counted, %d kept from %s", one.Total(), len(one.Last), one.Last[0].At)
	}
	r := Sum([]Tally{two, later, one})
	if want := []Hour{{later.Hour, map[Code]int{Time: 1}}, {hour, map[Code]int{Missing: MaxLast + 21, Call: 1}}}; !reflect.DeepEqual(r.Hours, want) {
		t.Errorf("by hour: %+v", r.Hours)
	}
	if len(r.Items) != MaxLast || r.Items[0].Code != Time || !r.Items[1].At.Equal(at(59)) || !slices.IsSortedFunc(r.Items, func(a, b Entry) int { return b.At.Compare(a.At) }) {
		t.Errorf("%d items, the newest %+v", len(r.Items), r.Items[:2])
	}
	if want := (Told{[]Entry{{At: at(3), Code: Zone}, {At: at(2), Code: Zone}}, []Hour{{hour, map[Code]int{Zone: 2}}}}); !reflect.DeepEqual(r.Warnings, want) || one.Total() != MaxLast+21 {
		t.Errorf("warnings: %+v, %d counted", r.Warnings, one.Total())
	}
	if r := Sum(nil); r.Items == nil || r.Hours == nil || len(r.Items)+len(r.Hours) > 0 || r.Partial || r.Warnings.Items == nil || r.Warnings.Hours == nil {
		t.Errorf("of nothing: %+v", r)
	}
}
