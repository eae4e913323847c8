package reporting

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestWhoListsPeopleByWhatMasksHide: a list of the people behind a search, a coupon or an order's number tells of each of them what their page hides, so it takes an editor and has a line; the figures do not.
func TestWhoListsPeopleByWhatMasksHide(t *testing.T) {
	b := newBench(t)
	b.archive(2, 1, addresses())
	for i := range 6 {
		b.Person(fmt.Sprint("user-", i), nil)
	}
	behind := func(id, cell string) (code int, body string) {
		out := b.call("GET", "/v1/reports/"+id+"/people?cell="+url.QueryEscape(cell), "")
		return out.Code, out.Body.String()
	}
	const days = `"from":"2026-11-06","to":"2026-11-09","by":"day"`
	count := func(where, split string) string {
		return `{"kind":"count",` + days + `,"events":[{"event":"Seen","where":[` + where + `]}],"split":"` + split + `"}`
	}
	b.as("viewer")
	for field, hides := range map[string]bool{
		"properties.what": true, "properties.query": true, "properties.coupon": true, "properties.order_id": true, "properties.name": true, "name": true, "properties.products.name": true, "properties.products": true,
		"properties": true, "context.page.path": true, "context.page.url": true, "context.campaign": true, "integrations.crm.id": true, "properties.priced": true,
		"source": false, "trust": false, "properties.category": false, "properties.products.product_id": false, "properties.total": false, "context.campaign.source": false, "context.device.type": false, "context.locale": false,
	} {
		for way, definition := range map[string]string{"split": count("", field), "where": count(`{"field":"`+field+`","op":"exists","value":false}`, "source")} {
			if !strings.Contains(field, ".") && field == "properties" {
				continue // no question has it
			}
			answer := b.read(b.call("POST", "/v1/reports/ask", `{"mode":"sample","definition":`+definition+`}`).Body.Bytes())
			code, body := behind(answer.ID, `{"figure":"people"}`)
			if refused := code == 403 && strings.Contains(body, "by "+field+", takes editor"); refused != hides || !hides && code != 200 || answer.ID == "" {
				t.Errorf("%s, %s: a viewer is answered %d, %s", field, way, code, body)
			}
			if takes := strings.Contains(b.call("GET", "/v1/reports/"+answer.ID, "").Body.String(), `"peopleTake":"editor"`); takes != hides {
				t.Errorf("%s, %s: the answer says that people take an editor: %t", field, way, takes)
			}
		}
	}
	if got := b.lines(); got != "" {
		t.Errorf("what was refused has %s", got)
	}
	visits := `{"kind":"sessions",` + days + `}`
	id := b.ask("sample", visits).ID
	if code, body := behind(id, `{"figure":"people"}`); code != 200 {
		t.Errorf("who was there: %d %s", code, body)
	}
	if code, body := behind(id, `{"figure":"pageViews","page":"/orders/7"}`); code != 403 || !strings.Contains(body, "context.page.path") {
		t.Errorf("who looked at a page: %d %s", code, body)
	}
	b.as("editor")
	id = b.ask("exact", asksWhat).ID
	b.work()
	if code, body := behind(id, `{"figure":"people","split":"tea-7"}`); code != 200 || strings.Count(body, `"profileId"`) != 1 || strings.Contains(body, "user-") || !strings.Contains(body, `"masked":true`) {
		t.Errorf("an editor is answered %d, %s", code, body)
	}
	if got, want := b.lines(), "ann ask "+id+" [properties.what]"; got != want {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
}

// TestWhatSaysWhoSomebodyIs is of a person in whatever part of an event, and however it is written.
func TestWhatSaysWhoSomebodyIs(t *testing.T) {
	for field, is := range map[string]bool{
		"properties.email": true, "properties.customer.Email": true, "properties.shipping_address": true, "properties.contactPhone": true, "properties.hotel": false, "properties.address": true, "properties.phone_number": true, "properties.First-Name": true, "context.userId": true,
		"integrations.wechat.openid": true, "properties.emails": false, "properties.query": false, "context.page.path": false, "properties.products.name": false,
	} {
		if got := ofAPerson(field); got != is {
			t.Errorf("%s: %t", field, got)
		}
	}
	b := newBench(t)
	b.archive(2, 1, addresses())
	b.as("viewer")
	if out := b.call("POST", "/v1/reports/ask", `{"mode":"sample","definition":`+strings.Replace(asksWhat, "properties.what", "properties.customer.email", 1)+`}`); out.Code != 403 {
		t.Errorf("a viewer is answered %d, %s", out.Code, out.Body)
	}
}
