package people

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// FuzzPlaces reads any text as the cursor of a person's events and of a scan: ErrCursor, or a place whose own cursor leads to the same place, and a key that DynamoDB takes.
func FuzzPlaces(f *testing.F) {
	within := position{day: "20261121", within: true, id: "p", pack: "20261121#000000000001", last: listed{event: event.Event{MessageID: "m|1", Timestamp: time.Unix(1764000000, 5).UTC()}, hash: 7, of: "q"}}
	for _, cursor := range []string{
		"", dynamo.CursorAfter("e#1"), position{day: "20261121"}.String(), within.String(), position{day: "20261121", within: true}.String(),
		key.Profile("p").PK, key.Order("A-1").PK, "x", "====", "gg", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe")), dynamo.CursorAfter(strings.Repeat("e#", 600)),
		base64.RawURLEncoding.EncodeToString([]byte("20261121|p|20261121#1|9223372036854775808|zz|m")), base64.RawURLEncoding.EncodeToString([]byte("2026112\xff")),
		base64.RawURLEncoding.EncodeToString([]byte("20261121|p|20261121#\xff||0|")),
	} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		switch at, err := parsePosition(cursor); {
		case err != nil:
			if !errors.Is(err, dynamo.ErrCursor) || !reflect.DeepEqual(at, position{}) {
				t.Fatalf("%q: %+v, %v", cursor, at, err)
			}
		case cursor != "":
			if again, err := parsePosition(at.String()); err != nil || !reflect.DeepEqual(again, at) || len(at.pack) > dynamo.MaxSortKey || !dayForm.MatchString(at.day) || !utf8.ValidString(at.pack) {
				t.Fatalf("%q is %+v, and its cursor %+v, %v", cursor, at, again, err)
			}
		}
		switch key, err := parseCursor(cursor); {
		case err != nil:
			if !errors.Is(err, dynamo.ErrCursor) || key != nil {
				t.Fatalf("%q: %v, %v", cursor, key, err)
			}
		case cursor != "":
			if dynamo.TextOf(key, dynamo.AttrPK) != cursor || dynamo.TextOf(key, dynamo.AttrSK) == "" {
				t.Fatalf("%q begins at %v", cursor, key)
			}
		}
	})
}

// FuzzUnpackOrder does the same with an order, of which nothing goes: it is written again as it was read.
func FuzzUnpackOrder(f *testing.F) {
	f.Add(packOrder(&order.Order{Owner: "p", Currency: "CNY", Total: 100, Revenue: 90, Coupon: "C", Products: []order.Product{{ID: "p1", Name: "Tea", Quantity: 2, Price: 50}},
		Refunds: []order.Refund{{Key: "r", Amount: 5, Whole: true, At: time.Unix(1764000000, 0)}}, Told: []event.Hash{1, 1 << 63}, Unknown: []byte{99, 1, 'x'}}))
	f.Fuzz(func(t *testing.T, body []byte) {
		var o, again order.Order
		if unpackOrder(body, &o) != nil {
			return
		}
		if err := unpackOrder(packOrder(&o), &again); err != nil || !reflect.DeepEqual(again, o) {
			t.Fatalf("%+v comes back as %+v, %v", o, again, err)
		}
	})
}
