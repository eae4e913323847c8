package profile

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Doubt tells what of an accepted event counts for nothing, though whoever sent it may think otherwise: a name that nearly is a standard one, a currency, a
// price or a number of pieces that is none, and traits by which nobody can be reached or known. It says nothing of what an event that no rule asks for may
// hold. shop is the currency of prices that name none.
func Doubt(e *event.Event, shop money.Currency, warn func(field, reason string)) {
	switch e.Kind {
	case event.Track:
		if !standard[e.Name] {
			if name := Alike(e.Name); name != "" {
				reason := "is no standard name: did you mean " + strconv.Quote(name) + "? It counts as an event of your own"
				if strings.HasPrefix(name, "Order ") {
					reason += ", and no order is booked"
				}
				warn("event", reason)
			}
			return
		}
		unknown := doubtCurrency(e.Properties)
		if unknown {
			warn("properties.currency", money.ErrUnknownCurrency.Error()+", so the event's amounts are not used")
		}
		if e.Name == event.ProductAdded {
			doubtLine(e.Properties, shop, warn)
		}
	case event.Identify:
		doubtTraits("traits.", e.Traits, e.ReceivedAt, warn)
		var traits []byte
		if pick(e.Context, member{"traits", &traits}); len(traits) > 0 && !within(e.Traits, traits) {
			doubtTraits("context.traits.", traits, e.ReceivedAt, warn)
		}
	}
}

// within tells whether the traits are those of the context, as of an identify that has none of its own.
func within(traits, context []byte) bool { return len(traits) > 0 && &traits[0] == &context[0] }

// doubtCurrency tells whether the properties name a currency that there is not. Nearly every event that names one has a known one, and is not walked through.
func doubtCurrency(properties []byte) bool {
	const key = `"currency"`
	for rest := properties; ; {
		at := bytes.Index(rest, []byte(key))
		if at < 0 {
			return false
		}
		rest = rest[at+len(key):]
		if len(rest) < 6 || rest[0] != ':' || rest[1] != '"' || rest[5] != '"' || !money.Currency(rest[2:5]).Known() {
			break
		}
	}
	var raw []byte
	pick(properties, member{"currency", &raw})
	if !isSaid(raw) {
		return false
	}
	_, known := currencyOf(raw, "")
	return !known
}

// currencyOf is the currency of prices: the one that is said, else the shop's. Of what is said and is none, known is false.
func currencyOf(raw []byte, shop money.Currency) (c money.Currency, known bool) {
	if !isSaid(raw) {
		return shop, true
	}
	c, err := money.ParseCurrency(strings.TrimSpace(rawjson.Text(raw)))
	return c, err == nil && c.Known()
}

// doubtLine judges what a line of the cart is made of.
func doubtLine(properties []byte, shop money.Currency, warn func(field, reason string)) {
	var quantity, price, currency []byte
	pick(properties, member{"quantity", &quantity}, member{"price", &price}, member{"currency", &currency})
	if _, ok := piecesOf(quantity); !ok {
		warn("properties.quantity", "is not a whole number of one or more: one piece counts")
	}
	c, known := currencyOf(currency, shop)
	if _, ok := priceOf(price, c); known && !ok {
		warn("properties.price", "is not a decimal amount of zero or more, so the cart has the product without a price")
	}
}

// piecesOf is how many pieces a line of the cart has: one where it does not say.
func piecesOf(raw []byte) (n int, ok bool) {
	if !isSaid(raw) {
		return 1, true
	}
	n, err := strconv.Atoi(rawjson.Plain(raw))
	if err != nil || n < 1 || n > maxPieces {
		return 1, false
	}
	return n, true
}

// maxPieces is more than any cart has of a product.
const maxPieces = 1<<31 - 2

// priceOf is a price in minor units, zero where none is said.
func priceOf(raw []byte, c money.Currency) (minor int64, ok bool) {
	if !isSaid(raw) {
		return 0, true
	}
	amount, err := money.ParseDecimal(short(rawjson.Plain(raw)), c)
	if err != nil || amount.Minor < 0 {
		return 0, false
	}
	return amount.Minor, true
}

func doubtTraits(prefix string, traits []byte, received time.Time, warn func(field, reason string)) {
	rawjson.Members(traits, func(name, value []byte) {
		if !isSaid(value) {
			return
		}
		switch string(name) {
		case "email":
			if _, ok := email(rawjson.Plain(value)); !ok {
				warn(prefix+"email", "is no e-mail address: it is kept as a trait, and nobody is written to or known by it")
			}
		case "phone":
			if _, ok := phone(rawjson.Plain(value)); !ok {
				warn(prefix+"phone", "is no phone number: it is kept as a trait, and nobody is written to or known by it")
			}
		case "birthday", "birthdate", "dateOfBirth":
			year, month, day, ok := birthday(strings.TrimSpace(rawjson.Plain(value)))
			switch {
			case !ok:
				warn(prefix+string(name), "is no date such as 1990-05-31: it is kept as a trait, and no birthday")
			case time.Date(year, month, day, 0, 0, 0, 0, time.UTC).After(received.AddDate(0, 0, 1)):
				warn(prefix+string(name), "lies in the future: nobody has an age by it")
			}
		}
	})
}
