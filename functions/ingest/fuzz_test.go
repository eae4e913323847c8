package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/storefront"
)

// FuzzNotice reads any text as a notice of each topic of both shop systems: refused with the field and the reason, nothing, or calls of which each is accepted or refused for itself.
// No amount goes through that is none, and whom an attribute of a cart names is nobody without a proof.
func FuzzNotice(f *testing.F) {
	topics := append(storefront.Topics(), "app/uninstalled")
	for _, body := range []string{
		`{"id":820982911946154508,"total_price":"199.50","currency":"USD","created_at":"2026-03-01T12:00:00+08:00","updated_at":"2026-03-01T12:00:00+08:00","financial_status":"paid",
		"line_items":[{"product_id":1,"price":"199.50","quantity":1}],"note_attributes":[{"name":"userId","value":"eve"},{"name":"anonymousId","value":"d-1"}],"customer":{"id":7,"email":"ann@example.com","email_marketing_consent":{"state":"subscribed","consent_updated_at":"2026-03-01T12:00:00Z"}},
		"discount_codes":[{"code":"SPRING"}],"refunds":[{"id":1,"order_id":2,"transactions":[{"kind":"refund","status":"success","amount":"1.00"}]}]}`,
		`{"id":7,"total":"12.50","total_tax":"1.5","shipping_total":"2","currency":"EUR","status":"completed","date_created_gmt":"2026-03-01T12:00:00",
		"customer_id":0,"meta_data":[{"key":"userId","value":"eve"}],"refunds":[{"id":3,"total":"-1.00"}],"line_items":[{"product_id":5,"quantity":2,"price":6.25}],"coupon_lines":[{"code":"x"}]}`,
		`{"id":1}`, `{"id":"1e400"}`, `{"id":1,"order_id":2,"refund_line_items":[],"transactions":[]}`, `{"id":9,"email":"a@example.com","date_created_gmt":"2026-03-01T12:00:00"}`,
		`{"customer_id":3,"email_marketing_consent":{"state":"unsubscribed","consent_updated_at":"now"}}`, `{"id":1,"total_price":"12\n"}`, `{"id":1,"total":[]}`, `{"id":1,"total":true}{}`, "\uFEFF{}", `[]`, `null`, ``,
	} {
		for which := range uint8(len(topics)) {
			f.Add(which, []byte(body))
		}
	}
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		topic := topics[int(which)%len(topics)]
		given := bytes.Clone(body)
		system := storefront.Shopify
		if strings.Contains(topic, ".") {
			system = storefront.WooCommerce
		}
		calls, err := system.Events(topic, body, func(string, string) bool { return false })
		if !bytes.Equal(body, given) {
			t.Fatal("the notice was changed")
		}
		if err != nil {
			if field, reason, named := strings.Cut(err.Error(), ": "); !errors.Is(err, storefront.ErrNotice) && (!named || field == "" || reason == "") || len(calls) > 0 {
				t.Fatalf("%s: %d calls, %v", topic, len(calls), err)
			}
			return
		}
		batch, err := parseCalls(calls, event.Arrival{ReceivedAt: now, NewID: func() string { return "new" }})
		if err != nil {
			if reason := err.Error(); reason == "" {
				t.Fatalf("%s is refused without a reason", topic)
			}
			return
		}
		if len(batch.Events)+len(batch.Refused) != len(calls) {
			t.Fatalf("%s: of %d calls %d are taken and %d refused", topic, len(calls), len(batch.Events), len(batch.Refused))
		}
		for _, e := range batch.Events {
			if e.MessageID == "" || e.MessageID == "new" {
				t.Fatalf("%s makes an event without an id of the shop's: %+v", topic, e)
			}
			if e.UserID == "eve" {
				t.Fatalf("%s says that it was eve, whom only the cart names: %+v", topic, e)
			}
			if r, err := order.ParseReport(&e, 1, "CNY"); err == nil && r.OrderID == "" {
				t.Fatalf("%s reports an order without an id", topic)
			}
		}
		for _, c := range calls {
			if c.Type == event.Identify && len(c.Traits) > 0 && c.Level == "" && strings.HasPrefix(topic, "order") {
				t.Fatalf("%s passes what was typed as the shop's word: %+v", topic, c)
			}
			if c.Level != "" && c.Level != trust.Public && c.Level != trust.Person {
				t.Fatalf("%s has the level %q", topic, c.Level)
			}
		}
	})
}

// FuzzBody: what a client has packed arrives as it was, and any other bytes with the name of a coding are refused or a body within the limit.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"batch":[]}`), "gzip")
	f.Add([]byte("\x1f\x8b\x08\x00"), " X-GZIP ")
	f.Add([]byte(``), "identity")
	f.Add([]byte(`x`), "gzip, gzip")
	f.Add([]byte(`x`), "br")
	f.Fuzz(func(t *testing.T, raw []byte, coding string) {
		read := func(body []byte, coding string) ([]byte, error) {
			r := httptest.NewRequest("POST", "/v1/batch", bytes.NewReader(body))
			r.Header["Content-Encoding"] = []string{coding}
			return readBody(r)
		}
		if got, err := read(raw, ""); err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%d bytes arrive as %d, %v", len(raw), len(got), err)
		}
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, _ = zip.Write(raw)
		_ = zip.Close()
		if got, err := read(packed.Bytes(), "gzip"); err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%d packed bytes arrive as %d, %v", len(raw), len(got), err)
		}
		got, err := read(raw, coding)
		if plain := strings.ToLower(strings.TrimSpace(coding)); err == nil && !slices.Contains([]string{"", "identity", "gzip", "x-gzip"}, plain) {
			t.Fatalf("%q is taken", coding)
		}
		if len(got) > event.MaxBody || err != nil && len(got) > 0 {
			t.Fatalf("%q: %d bytes, %v", coding, len(got), err)
		}
	})
}

// FuzzNetwork: a quota goes by the network that an address is in, and by none where the address is of the shop's own network or none at all.
func FuzzNetwork(f *testing.F) {
	for _, remote := range []string{"203.0.113.9:0", "[2001:db8::1]:0", "[::ffff:203.0.113.9]:0", "10.0.0.1:0", "[::1]:0", "[2001:db8::1%eth0]:0", "203.0.113.9", "", ":0", "[::ffff:10.0.0.1]:0", "0.0.0.0:0"} {
		f.Add(remote)
	}
	f.Fuzz(func(t *testing.T, remote string) {
		network := networkOf(remote)
		host, _, err := net.SplitHostPort(remote)
		host, _, _ = strings.Cut(host, "%")
		at := net.ParseIP(host)
		if err != nil || at == nil || at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast() || at.IsUnspecified() {
			if network.IsValid() {
				t.Fatalf("%q is of %s", remote, network)
			}
			return
		}
		if !network.IsValid() {
			return // a port or a zone that netip is stricter about
		}
		bits := 64
		if four := at.To4(); four != nil {
			at, bits = four, 32
		}
		if address, _ := netip.AddrFromSlice(at); network.Bits() != bits || !network.Contains(address) || network != network.Masked() {
			t.Fatalf("%q is of %s", remote, network)
		}
	})
}
