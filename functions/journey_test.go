package functions

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

// TestJourney is the whole path once: a storefront's call becomes a profile, a segment, a mail and a settled referral, on the
// stack of the template with the rights of the template.
func TestJourney(t *testing.T) {
	t.Parallel()
	m := outside(t, t.TempDir())
	put := func(path, body string) { t.Helper(); m.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	put("/v1/segments/buyers", `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`)
	put("/v1/segments/top", `{"name":"Top","rule":{"field":"rfm.m","op":"eq","value":5}}`)
	put("/v1/segments/quiet", `{"name":"Quiet","rule":{"performed":{"event":"Product Viewed","where":[{"field":"source","op":"exists"}],"atMost":0}}}`)
	put("/v1/templates/thanks", `{"name":"Thanks","channel":"email","locales":{"default":{"subject":"Thank you, {{ profile.name | default: 'friend' }}","text":"Stop: {{ unsubscribeUrl }}"}}}`)
	put("/v1/templates/hook", `{"name":"Hook","channel":"social","locales":{"default":{"payload":"{\"what\":\"{{ event.name }}\",\"plan\":\"{{ event.properties.plan }}\"}"}}}`)
	put("/v1/campaigns/first-order", `{"name":"First order","state":"running","channel":"email","templateId":"thanks","trigger":{"enteredSegment":"buyers"},"oncePerPerson":true}`)
	put("/v1/campaigns/top", `{"name":"Top","state":"running","channel":"email","templateId":"thanks","trigger":{"enteredSegment":"top"},"oncePerPerson":true}`)
	put("/v1/campaigns/sign-up", `{"name":"Sign-up","state":"running","channel":"social","templateId":"hook","transactional":true,"trigger":{"event":{"name":"Signed Up"}}}`)
	put("/v1/campaigns/never", `{"name":"Never","state":"running","channel":"social","templateId":"hook","transactional":true,"trigger":{"event":{"name":"Signed Up"}},"condition":{"field":"orders.count","op":"gte","value":99}}`)
	put("/v1/programs/invite", `{"name":"Invite","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":500}],"friend":[{"points":200}]},"budget":[{"points":10000}]}`)

	now := time.Now().UTC()
	event := func(s string) string {
		// An hour ago, and today in the shop all the same: scores go by whole days.
		shop := profile.Shop{Zone: time.FixedZone("Shanghai", 8*60*60)}
		ago := now.Add(-time.Hour)
		if today := shop.Day(now).Start(shop.Zone).UTC(); ago.Before(today) {
			ago = today.Add(now.Sub(today) / 2)
		}
		return strings.ReplaceAll(strings.ReplaceAll(s, "NOW", now.Format(time.RFC3339Nano)), "AGO", ago.Format(time.RFC3339Nano))
	}
	// A browser: unknown first, then known, with the proof and with consent.
	m.call(http.StatusOK, "POST", "/v1/batch", "test-write-key", event(`{"batch":[
		{"type":"page","messageId":"m1","anonymousId":"device-1","name":"Home","timestamp":"AGO"},
		{"type":"identify","messageId":"m2","anonymousId":"device-1","userId":"mei","traits":{"name":"Mei","email":"mei@example.com"},"timestamp":"AGO"},
		{"type":"track","messageId":"m3","userId":"mei","event":"Consent Granted","properties":{"channel":"email"},"timestamp":"AGO"},
		{"type":"track","messageId":"m4","userId":"mei","event":"Signed Up","properties":{"plan":"tea"},"timestamp":"AGO"}],"context":{"userHash":"`+proof.UserHash(userHashSecret, "mei")+`"}}`), nil)
	m.idle()
	// An operator finds who has only told a page their name and address, with whose word that is.
	for _, q := range []string{"email:mei@example.com", "name:mei"} {
		var found struct {
			Items []struct{ ProfileID, Proof string }
		}
		m.call(http.StatusOK, "GET", "/v1/people?q="+q, operatorKey, "", &found)
		if len(found.Items) != 1 || found.Items[0].Proof != "person" {
			t.Errorf("%s finds %+v", q, found.Items)
		}
	}
	var code struct{ Code string }
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"invite","userId":"mei"}`, &code)
	m.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":"li"}`, code.Code), nil)
	m.call(http.StatusUnprocessableEntity, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":"mei"}`, code.Code), nil)
	m.call(http.StatusConflict, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":"li"}`, code.Code), nil)
	now = time.Now().UTC() // an order counts for a claim that was made before it
	// The shop's back end: orders, one refunded in part.
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, event(`{"batch":[
		{"type":"track","messageId":"o1","userId":"mei","event":"Order Completed","properties":{"order_id":"A-1","total":100.5},"timestamp":"AGO"},
		{"type":"track","messageId":"o2","userId":"li","event":"Order Completed","properties":{"order_id":"A-2","total":30},"timestamp":"NOW"},
		{"type":"track","messageId":"o3","userId":"mei","event":"Order Refunded","properties":{"order_id":"A-1","total":0.5},"timestamp":"NOW"}]}`), nil)
	m.idle()

	var mei struct {
		ProfileID string
		Orders    struct {
			Count   int
			Revenue []struct {
				Amount   int64
				Currency string
			}
		}
		Traits   map[string]any
		Segments []string
		RFM      *scores
	}
	m.call(http.StatusOK, "GET", "/v1/profiles/mei", serverKey, "", &mei)
	if mei.Orders.Count != 1 || mei.Orders.Revenue[0].Amount != 10000 || mei.Orders.Revenue[0].Currency != "CNY" || mei.Traits["name"] != "Mei" || !slices.Contains(mei.Segments, "buyers") {
		t.Errorf("mei is %+v", mei)
	}
	var same struct{ ProfileID string }
	m.call(http.StatusOK, "GET", "/v1/profiles/anonymous:device-1", serverKey, "", &same)
	if same.ProfileID != mei.ProfileID {
		t.Errorf("device-1 is %s, mei is %s", same.ProfileID, mei.ProfileID)
	}
	var timeline struct{ Items []struct{ MessageID string } }
	m.call(http.StatusOK, "GET", "/v1/profiles/mei/events", serverKey, "", &timeline)
	var ids []string
	for _, e := range timeline.Items {
		ids = append(ids, e.MessageID)
	}
	if want := "o3 o1 m1 m2 m3 m4"; strings.Join(ids, " ") != want {
		t.Errorf("timeline %v, want %s", ids, want)
	}

	report := m.run("{}")
	if report.Profiles != 2 {
		t.Errorf("the run saw %d profiles, want 2", report.Profiles)
	}
	m.call(http.StatusOK, "GET", "/v1/profiles/mei", serverKey, "", &mei)
	// Of two buyers both ordered today and once, and mei paid more.
	if want := (scores{R: 5, F: 1, M: 5}); mei.RFM == nil || *mei.RFM != want {
		t.Errorf("after the run mei's scores are %+v, want %+v", mei.RFM, want)
	}

	for person, want := range map[string]string{"mei": `[{"points":500}]`, "li": `[{"points":200}]`} {
		if got := m.balance(person); got != want {
			t.Errorf("%s has %s, want %s", person, got, want)
		}
	}
	if got := m.leaderboard("invite"); got != "1 M**: 1" {
		t.Errorf("leaderboard %q", got)
	}

	mails := m.mails()
	if len(mails["mei@example.com"]) == 0 || mails["mei@example.com"][0].Subject != "Thank you, Mei" {
		t.Errorf("mail: %+v", mails)
	}
	hooks := mails[""]
	if hooks == nil {
		for to, list := range mails {
			if list[0].Channel == "webhook" {
				hooks = mails[to]
			}
		}
	}
	var posted struct {
		CampaignID, UserID string
		Payload            struct{ What, Plan string }
	}
	if len(hooks) != 1 || json.Unmarshal([]byte(hooks[0].Text), &posted) != nil {
		t.Fatalf("webhook deliveries: %+v", hooks)
	}
	if got, want := fmt.Sprintf("%+v", posted), "{CampaignID:sign-up UserID:mei Payload:{What:Signed Up Plan:tea}}"; got != want {
		t.Errorf("posted %s, want %s", got, want)
	}
	if got, want := m.decisions("mei"), "first-order sent, never skipped notEligible, sign-up sent, top sent"; got != want {
		t.Errorf("decided for mei: %s; want %s", got, want)
	}
	if got, want := m.decisions("li"), "first-order skipped noConsent"; got != want {
		t.Errorf("decided for li, who gave no consent: %s; want %s", got, want)
	}

	// One click in the mail, and the next campaign is told.
	stop := mails["mei@example.com"][0].Text
	stop = strings.TrimSpace(stop[strings.Index(stop, "/v1/unsubscribe/"):])
	m.call(http.StatusOK, "GET", stop, "", "", nil)
	m.call(http.StatusOK, "POST", stop, "", "", nil)
	m.idle()
	var stopped struct {
		Consent map[string]struct {
			Granted bool
			Reason  string
		}
	}
	m.call(http.StatusOK, "GET", "/v1/profiles/mei", serverKey, "", &stopped)
	if c := stopped.Consent["email"]; c.Granted || c.Reason != "unsubscribe" {
		t.Errorf("after unsubscribing: %+v", stopped)
	}

	m.reports()
	m.rest(mei.ProfileID)
	m.deadLetters()
	m.rights()
}

// decisions are what was decided for a person, "campaign outcome reason", in the order of the campaigns.
func (m *machine) decisions(userID string) string {
	m.t.Helper()
	var list struct {
		Items []struct{ CampaignID, Outcome, Reason string }
	}
	m.call(http.StatusOK, "GET", "/v1/profiles/"+userID+"/decisions", serverKey, "", &list)
	var all []string
	for _, d := range list.Items {
		all = append(all, strings.TrimSpace(d.CampaignID+" "+d.Outcome+" "+d.Reason))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// balance is what a person has.
func (m *machine) balance(userID string) string {
	m.t.Helper()
	var book struct{ Balance json.RawMessage }
	m.call(http.StatusOK, "GET", "/v1/profiles/"+userID+"/ledger", serverKey, "", &book)
	return string(book.Balance)
}

// leaderboard is a program's, "rank name: settled".
func (m *machine) leaderboard(program string) string {
	m.t.Helper()
	var board struct {
		Items []struct {
			Rank, Settled int
			Name          string
		}
	}
	m.call(http.StatusOK, "GET", "/v1/programs/"+program+"/leaderboard", serverKey, "", &board)
	var all []string
	for _, p := range board.Items {
		all = append(all, fmt.Sprintf("%d %s: %d", p.Rank, p.Name, p.Settled))
	}
	return strings.Join(all, ", ")
}

type mail struct {
	Channel, To, Subject, Text string
	Headers                    map[string]string
}

// mails are what the inbox holds, by recipient, newest first.
func (m *machine) mails() map[string][]mail {
	m.t.Helper()
	var all []mail
	m.call(http.StatusOK, "GET", "/local/inbox.json", "", "", &all)
	by := map[string][]mail{}
	for _, x := range all {
		by[x.To] = append(by[x.To], x)
	}
	return by
}

// refusal sends an order that cannot be: operators see that it was refused.
func (m *machine) refusal() {
	m.t.Helper()
	m.call(http.StatusBadRequest, "POST", "/v1/track", "test-write-key", `{"userId":"mei","event":"Order Completed","properties":{"order_id":"A-9","total":-5}}`, nil)
	var seen struct {
		Items []struct{ What, Field, Reason string }
		Hours []struct{ Counts map[string]int }
	}
	m.call(http.StatusOK, "GET", "/v1/sources/default/refusals", operatorKey, "", &seen)
	if len(seen.Items) != 1 || seen.Items[0] != (struct{ What, Field, Reason string }{"Order Completed", "properties.total", "amount"}) || len(seen.Hours) != 1 || seen.Hours[0].Counts["amount"] != 1 {
		m.t.Errorf("refused were %+v", seen)
	}
}

// rest goes the ways that the journey has not, so that every right of the template is needed.
func (m *machine) rest(profileID string) {
	m.t.Helper()
	for _, path := range []string{"/v1/segments", "/v1/campaigns", "/v1/templates", "/v1/programs", "/v1/sources", "/v1/settings", "/v1/runs", "/v1/queues", "/v1/segments/buyers", "/v1/audit", "/v1/segments/buyers/versions"} {
		m.call(http.StatusOK, "GET", path, operatorKey, "", nil)
	}
	m.call(http.StatusOK, "POST", "/v1/segments/buyers/preview", operatorKey, "{}", nil)
	m.call(http.StatusOK, "GET", "/v1/referrals/mei", serverKey, "", nil)
	for page := (struct{ Next string }{}); ; {
		cursor := page.Next
		page.Next = ""
		m.call(http.StatusOK, "GET", "/v1/profiles/profile:"+profileID+"/export?limit=500&cursor="+cursor, serverKey, "", &page)
		if page.Next == "" {
			break
		}
	}
	behind := base64.RawURLEncoding.EncodeToString([]byte("w#0#" + profileID)) // where a page of people would go on that ends with this one
	m.call(http.StatusOK, "GET", "/v1/people?q=name:mei&cursor="+behind, operatorKey, "", nil)
	m.call(http.StatusOK, "GET", "/v1/projects/test-write-key/settings", "", "", nil)
	m.call(http.StatusUnauthorized, "POST", "/v1/track", "no-such-key", `{"userId":"mei","event":"Product Viewed"}`, nil)
	m.refusal()
	m.console("mei")

	// A refund that somebody else reports finds its way to the order's owner.
	m.call(http.StatusOK, "POST", "/v1/track", serverKey, `{"messageId":"till","userId":"till-7","event":"Order Refunded","properties":{"order_id":"A-2","total":10}}`, nil)
	m.idle()
	var li struct {
		Orders struct {
			Count   int
			Revenue []struct{ Amount int64 }
		}
	}
	m.call(http.StatusOK, "GET", "/v1/profiles/li", serverKey, "", &li)
	if li.Orders.Count != 1 || len(li.Orders.Revenue) != 1 || li.Orders.Revenue[0].Amount != 2000 {
		m.t.Errorf("after the till's refund li is %+v", li)
	}

	// The back end knows that an address is dead.
	m.call(http.StatusOK, "POST", "/v1/track", serverKey, `{"messageId":"dead","userId":"li","event":"Email Bounced","properties":{"email":"li@example.com"}}`, nil)

	// An audience, a wait and a hold: what the minute's tick does.
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		m.t.Fatal(err)
	}
	now := time.Now().In(zone)
	put := func(path, body string) { m.t.Helper(); m.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	put("/v1/campaigns/everybody", fmt.Sprintf(`{"name":"Everybody","state":"scheduled","channel":"social","templateId":"hook","transactional":true,"trigger":{"audience":{"segmentId":"buyers","at":%q}}}`, now.Add(-time.Second).Format(time.RFC3339)))
	put("/v1/campaigns/later", `{"name":"Later","state":"running","channel":"social","templateId":"hook","transactional":true,"wait":"1s","trigger":{"event":{"name":"Signed Up","where":[{"property":"plan","op":"eq","value":"later"}]}}}`)
	put("/v1/programs/held", `{"name":"Held","state":"running","hold":"1s","attributionWindow":"30d","rewards":{"friend":[{"points":70}]}}`)
	var code struct{ Code string }
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"held","userId":"mei"}`, &code)
	m.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":"wang"}`, code.Code), nil)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[
		{"type":"track","messageId":"w1","userId":"wang","event":"Signed Up","properties":{"plan":"later"}},
		{"type":"track","messageId":"w2","userId":"wang","event":"Order Completed","properties":{"order_id":"W-1","total":5}}]}`, nil)
	m.idle()
	last := ""
	defer func() {
		if m.t.Failed() {
			m.t.Logf("wang at last: %s", last)
		}
	}()
	m.until("wang is told later, and is rewarded after the hold", func() bool {
		m.tick()
		last = m.decisions("wang") + ", " + m.balance("wang")
		return last == `everybody sent, first-order skipped noConsent, later sent, never skipped notEligible, sign-up sent, [{"points":70}]`
	})

	m.idle()
	m.results("profile:"+profileID, "li", "wang")
	m.stopAndEnterAgain()

	// Quiet hours around now put a notification off.
	put("/v1/settings/messaging", fmt.Sprintf(`{"quietHours":{"start":%q,"end":%q}}`, now.Add(-2*time.Hour).Format("15:04"), now.Add(2*time.Hour).Format("15:04")))
	put("/v1/campaigns/quiet", `{"name":"Quiet","state":"running","channel":"social","templateId":"hook","trigger":{"event":{"name":"Store Visited"}}}`)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[
		{"type":"track","messageId":"v1","userId":"wang","event":"Consent Granted","properties":{"channel":"social"}},
		{"type":"track","messageId":"v2","userId":"wang","event":"Store Visited"}]}`, nil)
	m.idle()
	const quiet = "everybody sent, first-order skipped noConsent, later sent, never skipped notEligible, quiet deferred quietHours, sign-up sent"
	if got := m.decisions("wang"); got != quiet {
		m.t.Errorf("within quiet hours: %s, want %s", got, quiet)
	}
	m.call(http.StatusNoContent, "DELETE", "/v1/campaigns/quiet", operatorKey, "", nil)

	// A second friend of mei's, who was invited under two ids and turns out to be one person.
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"invite","userId":"mei"}`, &code)
	m.call(http.StatusOK, "POST", "/v1/batch", serverKey, `{"batch":[
		{"type":"identify","messageId":"c1","userId":"chen"},{"type":"identify","messageId":"c2","userId":"chen-old"}]}`, nil)
	m.idle()
	for _, userID := range []string{"chen", "chen-old"} {
		m.call(http.StatusCreated, "POST", "/v1/referrals/claims", serverKey, fmt.Sprintf(`{"code":%q,"userId":%q}`, code.Code, userID), nil)
	}
	m.call(http.StatusOK, "POST", "/v1/alias", serverKey, `{"messageId":"c3","userId":"chen","previousId":"chen-old"}`, nil)
	m.idle()
	m.call(http.StatusOK, "POST", "/v1/track", serverKey, `{"messageId":"c4","userId":"chen","event":"Order Completed","properties":{"order_id":"C-1","total":5}}`, nil)
	m.idle()
	if got := m.leaderboard("invite"); got != "1 M**: 2" {
		m.t.Errorf("leaderboard %q", got)
	}

	m.call(http.StatusAccepted, "DELETE", "/v1/profiles/mei", serverKey, "", nil)
	m.idle()
	m.call(http.StatusNotFound, "GET", "/v1/profiles/mei", serverKey, "", nil)
}

// tick plays the minute's schedules once, and waits for what follows.
func (m *machine) tick() {
	m.t.Helper()
	for _, function := range []string{"Orchestration", "Settlement", "Projection"} {
		result, err := m.stack.Host().Invoke(context.Background(), "test-"+function, []byte(`{"schedule":"minute"}`))
		if err == nil {
			err = result.Err()
		}
		if err != nil {
			m.t.Fatal(function, err)
		}
	}
	m.idle()
}

// until asks again and again whether something has come true, for as long as its patience.
func (m *machine) until(what string, holds func() bool) {
	m.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			m.t.Fatalf("it never comes true: %s", what)
		}
		<-time.After(20 * time.Millisecond) // asking is work too
	}
}
