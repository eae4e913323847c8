package ingest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/secret"
)

// from is a request that comes from a network address.
func (b *bench) from(address, path, key, body string) answer {
	b.Helper()
	in := request(path, key, body)
	in.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: in.RequestContext.HTTP.Method, SourceIP: address}
	return b.do(in)
}

// pages are events of as many devices, from a number on.
func pages(from, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"type":"page","anonymousId":"a-%d"}`, from+i))
	}
	return `{"batch":[` + strings.Join(all, ",") + `]}`
}

// TestNobodyFillsTheTables: one address names as many new identifiers as its quota has, and then no more; those that are known go on, others too.
func TestNobodyFillsTheTables(t *testing.T) {
	b := newBench(t)
	b.NewPerAddress, b.Secrets = 12, secret.Fixed(map[string]string{secret.UserHash: hashSecret}) // 60 at once
	const eve, mei = "203.0.113.9", "203.0.113.10"
	for i, c := range []struct {
		after              time.Duration
		address, key, body string
		status             int
		retryAfter, reason string
	}{
		{0, eve, defaultKey, pages(0, 59), 200, "", ""},
		{0, eve, defaultKey, pages(59, 2), 429, "5", "too many new userIds and anonymousIds from this network address"}, // one is there, 12 a minute come
		{0, eve, defaultKey, pages(59, 1), 200, "", ""},
		{0, eve, defaultKey, pages(0, 60), 200, "", ""}, // all are known
		{0, eve, defaultKey, `{"batch":[{"type":"page","userId":"a-0","anonymousId":"a-0"}]}`, 429, "5", "too many new userIds and anonymousIds from this network address"}, // a userId is no device
		{0, eve, defaultKey, `{"batch":[{"type":"page","userId":"u","context":{"userHash":"` + proof.UserHash(hashSecret, "u") + `"}}]}`, 200, "", ""},
		{0, eve, serverKey, pages(1000, 100), 200, "", ""},
		{0, mei, defaultKey, pages(2000, 1), 200, "", ""},
		{0, "", defaultKey, pages(2100, 100), 200, "", ""},
		{0, "127.0.0.1", defaultKey, pages(2200, 100), 200, "", ""},
		{0, "10.1.2.3", defaultKey, pages(2300, 100), 200, "", ""},
		{4999 * time.Millisecond, eve, defaultKey, pages(3000, 1), 429, "1", "too many new userIds and anonymousIds from this network address"},
		{time.Millisecond, eve, defaultKey, pages(3000, 1), 200, "", ""},
		// More than a quota holds passes once, and is owed.
		{time.Hour, eve, defaultKey, pages(4000, 120), 200, "", ""},
		{5 * time.Minute, eve, defaultKey, pages(5000, 1), 429, "5", "too many new userIds and anonymousIds from this network address"},
		{5 * time.Second, eve, defaultKey, pages(5000, 1), 200, "", ""},
	} {
		b.Pass(c.after)
		if a := b.from(c.address, "/v1/batch", c.key, c.body); a.status != c.status || a.header["retry-after"] != c.retryAfter || a.Detail != c.reason {
			t.Errorf("%d: %d, retry after %q, %q; want %d, %q, %q", i, a.status, a.header["retry-after"], a.Detail, c.status, c.retryAfter, c.reason)
		}
	}
	if b.NewPerAddress = 0; b.from(eve, "/v1/batch", defaultKey, pages(6000, 1000)).status != 200 {
		t.Error("without a limit it is refused")
	}
}

// TestASourceNamesNotTooMany, from however many addresses.
func TestASourceNamesNotTooMany(t *testing.T) {
	b := newBench(t)
	b.NewPerAddress = 120
	b.sources["web-key-1"] = source.Source{ID: "web", Kind: source.KindBrowser, NewPerMinute: 10}
	refused := 0
	for i := range 60 {
		a := b.from(fmt.Sprintf("198.51.100.%d", i), "/v1/batch", "web-key-1", pages(i, 1))
		if a.status == 429 && a.Detail == "too many new userIds and anonymousIds from this source" && a.header["retry-after"] == "6" {
			refused++
		} else if a.status != 200 {
			t.Errorf("%+v", a)
		}
	}
	if refused != 10 || len(b.queue.Bodies()) != 50 {
		t.Errorf("%d were refused and %d taken", refused, len(b.queue.Bodies()))
	}
	if a := b.from("198.51.100.200", "/v1/batch", defaultKey, pages(0, 60)); a.status != 200 {
		t.Errorf("another source: %+v", a)
	}
	// The usual number holds where nothing is said.
	if a := b.from("198.51.100.201", "/v1/batch", defaultKey, pages(10000, 600)); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

// TestTheBuiltInSourceHasARate where the deployment gives it one.
func TestTheBuiltInSourceHasARate(t *testing.T) {
	b := newBench(t)
	b.DefaultRate = 2
	for i, want := range []int{200, 200, 429} {
		if a := b.post("/v1/track", defaultKey, track); a.status != want {
			t.Errorf("call %d: %d, want %d", i, a.status, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.9:0": "203.0.113.9/32", "[2001:db8:1:2:3::4]:0": "2001:db8:1:2::/64", "[::ffff:203.0.113.9]:0": "203.0.113.9/32",
		"127.0.0.1:0": "", "[::1]:9": "", "10.0.0.1:0": "", "192.168.1.1:0": "", "[fd00::1]:0": "", "[fe80::1]:0": "", "": "", "@": "", "0.0.0.0:0": "",
	} {
		got := networkOf(remote)
		if want == "" && got.IsValid() || want != "" && got != netip.MustParsePrefix(want) {
			t.Errorf("%s: %v, want %q", remote, got, want)
		}
	}
}

// TestTheMemoryOfQuotasIsBounded, whatever is named.
func TestTheMemoryOfQuotasIsBounded(t *testing.T) {
	b := newBench(t)
	b.NewPerAddress = 1e9
	b.sources["web-key-1"] = source.Source{ID: "web", Kind: source.KindBrowser, NewPerMinute: 1e7}
	for i := range 80 {
		if a := b.from(fmt.Sprintf("2001:db8:%x::1", i), "/v1/batch", "web-key-1", pages(i*2000, 2000)); a.status != 200 {
			t.Fatalf("%+v", a)
		}
		if n := len(b.quotas.seen) + len(b.quotas.old); n > 2*maxSeen {
			t.Fatalf("%d identifiers are kept", n)
		}
	}
	if len(b.quotas.old) == 0 {
		t.Error("nothing was let go, so nothing was tried")
	}
	for i := range maxAddresses + 10 {
		b.quotas.over(source.Source{ID: "web"}, netip.PrefixFrom(netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)}), 32), 1,
			[]event.Event{{UserID: fmt.Sprint("u", i), Trust: trust.Public}}, b.Now())
		if len(b.quotas.addresses) > maxAddresses {
			t.Fatalf("%d addresses are kept", len(b.quotas.addresses))
		}
	}
}
