package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/secret"
)

const hashSecret = "user-hash-secret"

// TestTheKeySaysWhoSpeaks, whatever the source may do to orders.
func TestTheKeySaysWhoSpeaks(t *testing.T) {
	yes, no := true, false
	for key, c := range map[string]struct {
		from source.Source
		want trust.Level
	}{
		defaultKey: {want: trust.Public}, serverKey: {want: trust.Shop},
		"web-key-1": {source.Source{ID: "a", Kind: source.KindBrowser}, trust.Public}, "web-key-2": {source.Source{ID: "b", Kind: source.KindBrowser, Money: &yes}, trust.Public},
		"app-key-1": {source.Source{ID: "c", Kind: source.KindApp}, trust.Public}, "till-key-1": {source.Source{ID: "d", Kind: source.KindTill}, trust.Shop},
		"own-key-1": {source.Source{ID: "e", Kind: source.KindServer}, trust.Shop}, "own-key-2": {source.Source{ID: "f", Kind: source.KindServer, Money: &no}, trust.Shop},
	} {
		b := newBench(t)
		b.sources[key] = c.from
		b.post("/v1/track", key, track)
		j := b.jobs()
		if len(j) != 1 || j[0].Level(&j[0].Events[0]) != c.want || j[0].Events[0].Trust != "" {
			t.Errorf("%s: %+v, want %s", key, j, c.want)
		}
	}
}

// TestUserHashProvesThePerson of the event that it comes with, and of no other.
func TestUserHashProvesThePerson(t *testing.T) {
	mei := proof.UserHash(hashSecret, "mei")
	const refused = "context.userHash is not that of the userId"
	for name, c := range map[string]struct {
		key, body string
		levels    []trust.Level // of the accepted, in the job
		faults    string
	}{
		"her own":                 {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{trust.Person}, ""},
		"in capitals":             {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":"` + strings.ToUpper(mei) + `"}}]}`, []trust.Level{trust.Person}, ""},
		"none":                    {defaultKey, `{"batch":[{"type":"page","userId":"mei"}]}`, []trust.Level{""}, ""},
		"somebody else's":         {defaultKey, `{"batch":[{"type":"page","userId":"bob","context":{"userHash":"` + mei + `"}}]}`, nil, "0 " + refused},
		"without a userId":        {defaultKey, `{"batch":[{"type":"page","anonymousId":"mei","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{""}, ""},
		"an empty one":            {defaultKey, `{"batch":[{"type":"page","userId":"mei","context":{"userHash":""}}]}`, []trust.Level{""}, ""},
		"of a batch":              {defaultKey, `{"context":{"userHash":"` + mei + `"},"batch":[{"type":"page","anonymousId":"a"},{"type":"page","userId":"mei"},{"type":"page","userId":"bob"}]}`, []trust.Level{"", trust.Person}, "2 " + refused},
		"of a back end":           {serverKey, `{"batch":[{"type":"page","userId":"bob","context":{"userHash":"` + mei + `"}}]}`, []trust.Level{""}, ""},
		"news of ours":            {defaultKey, `{"batch":[{"type":"track","event":"Points Earned","userId":"mei","context":{"userHash":"` + mei + `"}}]}`, nil, "0 event is the name of news that a public key cannot tell"},
		"news of ours, by a page": {defaultKey, `{"batch":[{"type":"track","event":"Segment Entered","userId":"mei"},{"type":"page","userId":"mei"}]}`, []trust.Level{""}, "0 event is the name of news that only userops tells"},
		"news by the back end":    {serverKey, `{"batch":[{"type":"track","event":"Profiles Merged","userId":"mei"},{"type":"track","event":"Points Earned","userId":"mei"}]}`, []trust.Level{""}, "0 event is the name of news that only userops tells"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Secrets = secret.Fixed(map[string]string{secret.UserHash: hashSecret})
			a := b.post("/v1/batch", c.key, c.body)
			if a.faults() != c.faults || (a.status == 200) != (c.levels != nil) {
				t.Errorf("answered %d, %s; want %q", a.status, a.faults(), c.faults)
			}
			var levels []trust.Level
			for _, j := range b.jobs() {
				for _, e := range j.Events {
					levels = append(levels, e.Trust)
				}
			}
			if !slices.Equal(levels, c.levels) {
				t.Errorf("levels %q, want %q", levels, c.levels)
			}
			for _, body := range b.queue.Bodies() {
				if strings.Contains(strings.ToLower(body), mei) || strings.Contains(body, "userHash") {
					t.Errorf("the proof is on the queue: %s", body)
				}
			}
		})
	}
	b := newBench(t) // without a secret
	if a := b.post("/v1/page", defaultKey, `{"userId":"mei","context":{"userHash":"`+proof.UserHash("", "mei")+`"}}`); a.status != 400 || len(b.queue.Bodies()) != 0 {
		t.Errorf("without a secret: %+v", a)
	}
}

// TestWhatACustomerTypedIsNotTheShopsWord: a signature proves who sent a notice. Whom a cart names counts with the userHash of theirs only; the
// address of an order is public, what stands in an account the person's own word, and everything else the shop's.
func TestWhatACustomerTypedIsNotTheShopsWord(t *testing.T) {
	mei := proof.UserHash(hashSecret, "mei")
	shopify := func(customer, attributes string) string {
		return `{"id":7,"created_at":"2026-11-21T07:00:00Z","updated_at":"2026-11-21T07:00:00Z","financial_status":"paid","currency":"CNY","total_price":"1.00","email":"eve@evil.example","customer":` + customer + `,"note_attributes":` + attributes + `}`
	}
	woo := func(customer, meta string) string {
		return `{"id":7,"status":"processing","currency":"EUR","date_created_gmt":"2026-11-21T07:00:00","date_paid_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":` + customer + `,"billing":{"email":"eve@evil.example"},"meta_data":` + meta + `}`
	}
	for name, c := range map[string]struct {
		system, topic, body string
		want                string // kind, ids and level of each event
	}{
		"shopify, a stranger's userId":      {"shopify", "orders/create", shopify("null", `[{"name":"userId","value":"mei"}]`), "identify /shopify-order-7 public, track /shopify-order-7 shop"},
		"shopify, of a customer":            {"shopify", "orders/create", shopify(`{"id":42}`, `[{"name":"userId","value":"mei"},{"name":"userHash","value":"`+proof.UserHash(hashSecret, "bob")+`"}]`), "identify 42/ person, track 42/ shop"},
		"shopify, with the proof":           {"shopify", "orders/create", shopify("null", `[{"name":"userId","value":"mei"},{"name":"userHash","value":"`+mei+`"},{"name":"anonymousId","value":"a-1"}]`), "identify mei/a-1 public, track mei/a-1 shop"},
		"shopify, a device":                 {"shopify", "orders/create", shopify("null", `[{"name":"anonymousId","value":"a-1"}]`), "identify /a-1 public, track /a-1 shop"},
		"shopify, a customer's consent":     {"shopify", "customers/update", `{"id":42,"updated_at":"2026-11-21T07:00:00Z","email_marketing_consent":{"state":"unsubscribed"}}`, "identify 42/ person, track 42/ shop"},
		"woocommerce, a stranger's userId":  {"woocommerce", "order.created", woo("0", `[{"key":"userId","value":"mei"}]`), "identify /woocommerce-order-7 public, track /woocommerce-order-7 shop"},
		"woocommerce, of a customer":        {"woocommerce", "order.created", woo("26", `[{"key":"userId","value":"mei"}]`), "identify 26/ public, track 26/ shop"},
		"woocommerce, with the proof":       {"woocommerce", "order.created", woo("26", `[{"key":"userId","value":"mei"},{"key":"userHash","value":"`+mei+`"}]`), "identify mei/ public, track mei/ shop"},
		"woocommerce, a customer's account": {"woocommerce", "customer.created", `{"id":26,"email":"ann@shop.example","date_created_gmt":"2026-11-21T06:00:00"}`, "identify 26/ person, track 26/ shop"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newHookBench(t)
			b.Secrets = secret.Fixed(map[string]string{secret.UserHash: hashSecret})
			if a := b.notify(c.system, "shop", c.topic, c.body, signature(hookSecret, c.body)); a.status != 200 || len(a.Errors) > 0 {
				t.Fatalf("answered %+v %s", a, a.faults())
			}
			var got []string
			for _, j := range b.jobs() {
				for _, e := range j.Events {
					got = append(got, string(e.Kind)+" "+e.UserID+"/"+e.AnonymousID+" "+string(j.Level(&e)))
				}
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
			for _, body := range b.queue.Bodies() {
				if strings.Contains(body, mei) {
					t.Errorf("the proof is on the queue: %s", body)
				}
			}
		})
	}
}

// TestNobodyElseSpeaksForAGuest: the id that stands for an order's guest follows from the order's number, which anybody can guess. By a public key it names nobody, whatever the
// call proves, and in a cart neither.
func TestNobodyElseSpeaksForAGuest(t *testing.T) {
	mei := proof.UserHash(hashSecret, "mei")
	const reason = " stands for the guest of an order, of whom only the shop speaks"
	for name, c := range map[string]struct {
		key, event string
		faults     string
	}{
		"a consent":              {defaultKey, `{"type":"track","event":"Consent Granted","anonymousId":"woocommerce-order-8"}`, "0 anonymousId" + reason},
		"an address":             {defaultKey, `{"type":"identify","anonymousId":"shopify-order-8","traits":{"email":"eve@evil.example"}}`, "0 anonymousId" + reason},
		"a claim":                {defaultKey, `{"type":"identify","anonymousId":"shopify-order-8","userId":"eve"}`, "0 anonymousId" + reason},
		"by the person's proof":  {defaultKey, `{"type":"identify","anonymousId":"woocommerce-order-8","userId":"mei","context":{"userHash":"` + mei + `"}}`, "0 anonymousId" + reason},
		"by an alias":            {defaultKey, `{"type":"alias","previousId":"woocommerce-order-8","userId":"mei","context":{"userHash":"` + mei + `"}}`, "0 previousId" + reason},
		"by the shop":            {serverKey, `{"type":"identify","anonymousId":"woocommerce-order-8","userId":"mei"}`, ""},
		"another system's":       {defaultKey, `{"type":"page","anonymousId":"magento-order-8"}`, ""},
		"a device with a number": {defaultKey, `{"type":"page","anonymousId":"shopify-8"}`, ""},
		"a userId that looks so": {defaultKey, `{"type":"page","userId":"shopify-order-8"}`, ""},
	} {
		b := newBench(t)
		b.Secrets = secret.Fixed(map[string]string{secret.UserHash: hashSecret})
		if a := b.post("/v1/batch", c.key, `{"batch":[`+c.event+`]}`); a.faults() != c.faults || (a.status == 200) != (c.faults == "") || (len(b.queue.Bodies()) > 0) != (c.faults == "") {
			t.Errorf("%s: %d, %s, with %d messages; want %q", name, a.status, a.faults(), len(b.queue.Bodies()), c.faults)
		}
	}
	for system, c := range map[string][2]string{
		"shopify":     {"orders/create", `{"id":7,"created_at":"2026-11-21T07:00:00Z","financial_status":"paid","currency":"CNY","total_price":"1.00","note_attributes":[{"name":"anonymousId","value":"shopify-order-8"}]}`},
		"woocommerce": {"order.updated", `{"id":7,"status":"processing","currency":"EUR","date_created_gmt":"2026-11-21T07:00:00","date_paid_gmt":"2026-11-21T07:00:00","total":"1.00","customer_id":0,"meta_data":[{"key":"anonymousId","value":"woocommerce-order-8"}]}`},
	} {
		b := newHookBench(t)
		if a := b.notify(system, "shop", c[0], c[1], signature(hookSecret, c[1])); a.status != 200 || len(a.Errors) > 0 {
			t.Fatalf("%s: %+v %s", system, a, a.faults())
		}
		for _, j := range b.jobs() {
			for _, e := range j.Events {
				if e.AnonymousID != system+"-order-7" {
					t.Errorf("%s: order 7 goes by %q", system, e.AnonymousID)
				}
			}
		}
	}
}

// away is a store of secrets that cannot be read.
type away struct{}

func (away) Keys(context.Context) (*proof.Keys, error) { return nil, errors.New("away") }

// TestWhatCannotBeJudgedComesAgain: while the secrets cannot be read, a call with a proof is neither refused nor taken for public, and all others go on.
func TestWhatCannotBeJudgedComesAgain(t *testing.T) {
	mei := proof.UserHash(hashSecret, "mei")
	proven := `{"type":"page","userId":"mei","context":{"userHash":"` + mei + `"}}`
	for name, c := range map[string]struct {
		key, body string
		status    int
	}{
		"a proof":                    {defaultKey, `{"batch":[` + proven + `]}`, 503},
		"a proof among others":       {defaultKey, `{"batch":[{"type":"page","anonymousId":"a"},` + proven + `]}`, 503},
		"no proof":                   {defaultKey, `{"batch":[{"type":"page","userId":"mei"}]}`, 200},
		"a proof that nobody judges": {serverKey, `{"batch":[` + proven + `]}`, 200},
	} {
		b := newBench(t)
		b.Secrets = away{}
		if a := b.post("/v1/batch", c.key, c.body); a.status != c.status || (len(b.queue.Bodies()) > 0) != (c.status == 200) {
			t.Errorf("%s: %d with %d messages", name, a.status, len(b.queue.Bodies()))
		}
		b.Secrets = secret.Fixed(map[string]string{secret.Root: "new", secret.Root + secret.Previous: "old", secret.UserHash: hashSecret})
		b.queue.Take()
		if a := b.post("/v1/batch", c.key, c.body); a.status != 200 || len(b.queue.Bodies()) != 1 {
			t.Errorf("%s, later: %d", name, a.status)
		}
	}
	b := newBench(t)
	b.Secrets = secret.Fixed(map[string]string{secret.Root: "new", secret.Root + secret.Previous: "old"})
	for root, status := range map[string]int{"new": 200, "old": 200, "older": 400} {
		body := `{"userId":"mei","context":{"userHash":"` + proof.UserHash(proof.UserHashSecret(root), "mei") + `"}}`
		if a := b.post("/v1/page", defaultKey, body); a.status != status {
			t.Errorf("of the root %s: %d", root, a.status)
		}
	}
}
