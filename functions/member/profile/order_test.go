package profile_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo/people"
)

// buys stores an order of somebody and the event that speaks of it, so many hours after noon.
func buys(b *membertest.Bench, p *profile.Profile, id string, hours int) {
	b.Helper()
	at := membertest.Noon.Add(time.Duration(hours) * time.Hour)
	o := &order.Order{ID: id, Owner: p.ID, Currency: "CNY", Total: 1000, Revenue: 900, Coupon: "SECRET8", PlacedAt: at, CompletedAt: at,
		Products: []order.Product{{ID: "p1", Name: "Oolong", Category: "Drinks", Quantity: 2, Price: 450}}, Refunds: []order.Refund{{Amount: 100, At: at}}}
	b.Must(b.Profiles.Commit(b.Context(), people.Change{Profile: p, Orders: []*order.Order{o}}))
	e := event.Event{MessageID: "m" + id, Kind: event.Track, Name: "Order Completed", UserID: "ann", Timestamp: at, ReceivedAt: at, Properties: fmt.Appendf(nil, `{"order_id":%q}`, id)}
	b.Must(b.Process.Timeline.Write(b.Context(), people.Pack{Profile: p.ID, Day: profile.DayOf(at), Version: int64(hours) + 9, Events: []people.PackedEvent{{Source: "web", Event: e}}}))
}

// TestOrdersOfAPerson are listed the newest first, once on a page, those of others left out; operators see what was bought and by which code when they say why, which is written down before.
func TestOrdersOfAPerson(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	ann := b.Save("ann", nil)
	for i, id := range []string{"order-0001", "order-0002", "order-0003"} {
		buys(b, ann, id, i)
	}
	w := b.Call("GET", "/v1/profiles/ann/orders", "")
	b.Want(w, 200, `"orderId":"order-0003"`, `"net":{"amount":900,"currency":"CNY"}`, `"coupon":"SECRET8"`, `"name":"Oolong"`)
	if three, one := strings.Index(w.Body.String(), "order-0003"), strings.Index(w.Body.String(), "order-0001"); three > one {
		t.Errorf("the newest is not first: %s", w.Body)
	}
	var all []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		if pages > 9 {
			t.Fatal("the list does not end")
		}
		page := b.Want(b.Call("GET", "/v1/profiles/ann/orders?limit=1&cursor="+url.QueryEscape(cursor), ""), 200)
		for _, one := range page["items"].([]any) {
			all = append(all, one.(map[string]any)["orderId"].(string))
		}
		cursor, _ = page["next"].(string)
	}
	if got := strings.Join(all, " "); got != "order-0003 order-0002 order-0001" {
		t.Errorf("page by page: %s", got)
	}
	masked := b.Want(b.Anybody("GET", "/v1/profiles/ann/orders", "", "Authorization", "Bearer viewer"), 200, `"masked":true`, `"total":{"amount":1000,"currency":"CNY"}`, `"quantity":2`, `"name":"Oolong"`, `"category":"Drinks"`)
	if text := fmt.Sprint(masked); strings.Contains(text, "SECRET8") || strings.Contains(text, "order-0001") {
		t.Errorf("a viewer is shown %s", text)
	}
	if status, _ := b.As(access.Viewer, "GET", "/v1/profiles/ann/orders?reason=ticket"); status != 403 {
		t.Errorf("a viewer who gives a reason: %d", status)
	}
	b.Want(b.Anybody("GET", "/v1/profiles/ann/orders?reason=ticket", "", "Authorization", "Bearer editor"), 200, "Oolong", "order-0001")
	if lines := lines(b); len(lines) != 1 || lines[0].Action != audit.Reveal || lines[0].Reason != "ticket" || lines[0].Of != string(ann.ID) {
		t.Errorf("on record: %+v", lines)
	}
	b.Want(b.Call("GET", "/v1/profiles/nobody/orders", ""), 404)
	b.Want(b.Call("GET", "/v1/profiles/ann/orders?cursor=x", ""), 400, "cursor")
	b.Want(b.Anybody("GET", "/v1/profiles/ann/orders", ""), 401)
}

// TestAnOrderThatKeptAnErasedOwner is not listed for whoever stands under the owner's key by now and names it.
func TestAnOrderThatKeptAnErasedOwner(t *testing.T) {
	b := membertest.Start(t)
	ann := b.Save("ann", nil)
	buys(b, ann, "kept", 0)
	buys(b, ann, "own", 1)
	kept, err := b.Process.Orders.Load(b.Context(), "kept")
	b.Must(err)
	kept.OwnerErased = true
	b.Must(b.Process.Orders.Save(b.Context(), kept))
	w := b.Call("GET", "/v1/profiles/ann/orders", "")
	b.Want(w, 200, `"orderId":"own"`)
	if strings.Contains(w.Body.String(), "kept") {
		t.Errorf("the list has the order of one who was erased: %s", w.Body)
	}
	exported := ""
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		if pages > 9 {
			t.Fatal("the export does not end")
		}
		w := b.Call("GET", "/v1/profiles/ann/export?cursor="+url.QueryEscape(cursor), "")
		cursor, _ = b.Want(w, 200)["next"].(string)
		exported += w.Body.String()
	}
	if !strings.Contains(exported, `"orderId":"own"`) || strings.Contains(exported, `"orderId":"kept"`) {
		t.Errorf("the export is %s", exported)
	}
}

// TestReferralsOfAPerson tell operators who is on the other side, on both sides; the person's own call is told nobody's id.
func TestReferralsOfAPerson(t *testing.T) {
	b := membertest.Start(t)
	b.Hire()
	b.Program("spring", "")
	for _, id := range []string{"ann", "bob", "cid", "dan"} {
		b.Save(id, nil)
	}
	b.Want(b.Claim(b.Code("spring", "ann"), "bob"), 201)
	b.Want(b.Claim(b.Code("spring", "bob"), "cid"), 201)
	b.Want(b.Claim(b.Code("spring", "bob"), "dan"), 201)
	ann, cid, dan := subject.UserKey("ann"), subject.UserKey("cid"), subject.UserKey("dan")
	for name, asks := range map[string][]string{"the server": {"Authorization", "Bearer " + membertest.ServerKey}, "a viewer": {"Authorization", "Bearer viewer"}} {
		w := b.Anybody("GET", "/v1/profiles/bob/referrals", "", asks...)
		b.Want(w, 200)
		text := w.Body.String()
		made, taken, _ := strings.Cut(text[strings.Index(text, `"asAdvocate"`):], `"asFriend"`)
		for _, id := range []profile.ID{cid, dan} {
			if !strings.Contains(made, `"friendProfileId":"`+string(id)+`"`) {
				t.Errorf("%s is not told of a friend: %s", name, text)
			}
		}
		if !strings.Contains(taken, `"advocateProfileId":"`+string(ann)+`"`) || strings.Contains(taken, "friendProfileId") {
			t.Errorf("%s is not told of the advocate: %s", name, text)
		}
		if strings.Contains(text, b.Code("spring", "ann")) == (name == "a viewer") {
			t.Errorf("%s is shown the code so: %s", name, text)
		}
	}
	first := b.Want(b.Call("GET", "/v1/profiles/bob/referrals?limit=1", ""), 200)
	second := b.Want(b.Call("GET", "/v1/profiles/bob/referrals?limit=1&cursor="+url.QueryEscape(first["next"].(string)), ""), 200)
	if len(first["asAdvocate"].([]any)) != 1 || len(second["asAdvocate"].([]any)) != 1 || fmt.Sprint(first["asAdvocate"]) == fmt.Sprint(second["asAdvocate"]) {
		t.Errorf("page by page: %v, %v", first, second)
	}
	b.Want(b.Call("GET", "/v1/profiles/bob/referrals?cursor=x", ""), 400, "cursor")
	b.Want(b.Call("GET", "/v1/profiles/nobody/referrals", ""), 404)
	b.Want(b.Anybody("GET", "/v1/profiles/bob/referrals", ""), 401)
	own := b.Anybody("GET", "/v1/referrals/bob?userHash="+proof.UserHash(membertest.Secret, "bob"), "")
	if own.Code != 200 || strings.Contains(own.Body.String(), "ProfileId") {
		t.Errorf("the person's own call: %d %s", own.Code, own.Body)
	}
}
