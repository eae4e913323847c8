package dynamo

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
)

// FuzzCursors reads any text as the cursor of each list: ErrCursor, or a place whose own cursor leads to the same place, and a key that DynamoDB takes.
func FuzzCursors(f *testing.F) {
	within := place{day: "20261121", within: true, id: "p", pack: "20261121#000000000001", last: listed{event: event.Event{MessageID: "m|1", Timestamp: time.Unix(1764000000, 5).UTC()}, hash: 7, of: "q"}}
	month := auditMonth(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	for _, cursor := range []string{
		"", cursorAfter("e#1"), cursorAfter("d#2026"), place{day: "20261121"}.String(), within.String(), place{day: "20261121", within: true}.String(), auditCursor(month, ""), auditCursor(month, "2026"),
		profileKey("p").PK, orderKey("A-1").PK, "x", "====", "gg", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe")), cursorAfter(strings.Repeat("e#", 600)),
		base64.RawURLEncoding.EncodeToString([]byte("20261121|p|20261121#1|9223372036854775808|zz|m")), base64.RawURLEncoding.EncodeToString([]byte("2026112\xff")),
		base64.RawURLEncoding.EncodeToString([]byte("20261121|p|20261121#\xff||0|")), auditCursor(month, "001764000000000#\xff"), auditCursor(month, "001764000000000#"+strings.Repeat("a", 1024)),
	} {
		f.Add(cursor)
	}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, prefix := range []string{"", "e#", decisionPrefix} {
			key, err := sortKeyOf(cursor, prefix)
			if err != nil {
				if !errors.Is(err, ErrCursor) || key != "" {
					t.Fatalf("%q: %q, %v", cursor, key, err)
				}
				continue
			}
			if again, err := sortKeyOf(cursorAfter(key), prefix); err != nil || again != key || !strings.HasPrefix(key, prefix) || len(key) == 0 || len(key) > maxSortKey {
				t.Fatalf("%q leads to %q, and its cursor to %q, %v", cursor, key, again, err)
			}
		}
		switch at, err := parsePlace(cursor); {
		case err != nil:
			if !errors.Is(err, ErrCursor) || !reflect.DeepEqual(at, place{}) {
				t.Fatalf("%q: %+v, %v", cursor, at, err)
			}
		case cursor != "":
			if again, err := parsePlace(at.String()); err != nil || !reflect.DeepEqual(again, at) || len(at.pack) > maxSortKey || !dayForm.MatchString(at.day) || !utf8.ValidString(at.pack) {
				t.Fatalf("%q is %+v, and its cursor %+v, %v", cursor, at, again, err)
			}
		}
		switch key, err := parseCursor(cursor); {
		case err != nil:
			if !errors.Is(err, ErrCursor) || key != nil {
				t.Fatalf("%q: %v, %v", cursor, key, err)
			}
		case cursor != "":
			if textOf(key, attrPK) != cursor || textOf(key, attrSK) == "" {
				t.Fatalf("%q begins at %v", cursor, key)
			}
		}
		for _, q := range []audit.Query{{From: now.AddDate(0, -13, 0), To: now}, {From: now.AddDate(0, -1, 0), To: now, Kind: "profile", Of: "p"}, {From: now.AddDate(0, -1, 0), To: now, Operator: "ann"}} {
			list, after, err := Audit{}.start(q, cursor)
			if err != nil {
				if !errors.Is(err, ErrCursor) || list != "" {
					t.Fatalf("%q: %q, %v", cursor, list, err)
				}
				continue
			}
			first, _, err := Audit{}.start(q, "")
			if err != nil || !strings.HasPrefix(list, auditMonths) && list != first || after != "" && after < auditKey(list, q.From, "").SK || !utf8.ValidString(list+after) || len(after) > maxSortKey {
				t.Fatalf("%q leads for %+v into %q after %q", cursor, q, list, after)
			}
			if again, behind, err := (Audit{}).start(q, auditCursor(list, after)); err != nil || again != list || behind != after {
				t.Fatalf("%q leads to %q after %q, and its cursor to %q after %q, %v", cursor, list, after, again, behind, err)
			}
		}
	})
}

// FuzzUnpackContact reads any bytes as a contact record: a fault, or one that is written the same after it was written and read again.
func FuzzUnpackContact(f *testing.F) {
	full := fullContact()
	f.Add(packContact(&full, time.Unix(1764000000, 0)))
	f.Fuzz(func(t *testing.T, body []byte) {
		var c, again delivery.Contact
		if unpackContact(body, &c) != nil {
			return
		}
		text := packContact(&c, time.Unix(1764000000, 0))
		if err := unpackContact(text, &again); err != nil || !bytes.Equal(packContact(&again, time.Unix(1764000000, 0)), text) {
			t.Fatalf("%+v comes back as %+v, %v", c, again, err)
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
