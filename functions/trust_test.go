package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
)

const publicKey = "test-write-key"

// unbuilt are the rows of the table that no code asks yet. Whoever builds one takes it off and adds its probe.
var unbuilt = map[trust.Fact]string{
	trust.Tag:    "nobody can set a tag yet",
	trust.Reward: "only orders and invitations earn anything yet",
}

// silent are the columns whose speakers send nothing here: operators have no events and erase nobody by their own key, and what a provider says
// comes as the answer to a sending.
var silent = []string{"operator", "provider"}

// cell is one try: a fact by a speaker, about a person of its own.
type cell struct {
	m              *machine
	fact           trust.Fact
	by             string // device, claimed, person, shop
	user, device   string // device is the person's for the column device, and a stranger's for all others
	other, address string // what a probe needs besides
	status         int    // of what was tried
}

type fields map[string]any

// send is an event as it stands.
func (c *cell) send(key string, e fields) {
	body, err := json.Marshal(e)
	if err != nil {
		c.m.t.Fatal(err)
	}
	c.status, _ = c.m.ask("POST", "/v1/"+fmt.Sprint(e["type"]), key, string(body))
}

// shop sends an event that is trusted.
func (c *cell) shop(e fields) {
	c.m.t.Helper()
	if c.send(serverKey, e); c.status != http.StatusOK {
		c.m.t.Fatalf("%v: %d", e, c.status)
	}
}

// say sends an event of the speaker.
func (c *cell) say(e fields) {
	if e["userId"] = c.user; c.by != "shop" && e["anonymousId"] == nil {
		e["anonymousId"] = c.device
	}
	if c.by == "person" {
		context, _ := e["context"].(fields)
		e["context"] = fields{"userHash": proof.UserHash(userHashSecret, c.user)}
		for k, v := range context {
			e["context"].(fields)[k] = v
		}
	}
	c.send(map[string]string{"shop": serverKey}[c.by]+map[bool]string{true: publicKey}[c.by != "shop"], e)
}

func (c *cell) track(name string, properties fields) {
	c.say(fields{"type": "track", "event": name, "properties": properties})
}

// shown is a profile as the API shows it.
type shown struct {
	ProfileID string
	IDs       []struct{ Kind, Value string }
	Traits    map[string]any
	Segments  []string
	Orders    struct{ Count int }
	Consent   map[string]struct{ Granted bool }
	Addresses map[string]struct{ Address string }
	Tokens    []struct{ Token string } `json:"pushTokens"`
	Unproven  struct {
		Traits, Segments []string
		Devices          []struct{ AnonymousID string } `json:"claimedDevices"`
		Addresses        map[string]string
	}
}

func (c *cell) person(id string) (p shown) {
	c.m.t.Helper()
	status, body := c.m.ask("GET", "/v1/profiles/"+id, serverKey, "")
	if status != http.StatusOK || json.Unmarshal(body, &p) != nil {
		c.m.t.Fatalf("%s: %d %s", id, status, body)
	}
	return p
}

func (p shown) goesBy(kind, value string) bool {
	return slices.Contains(p.IDs, struct{ Kind, Value string }{kind, value})
}

// reason is why a campaign did not write to somebody, "sent" if it did, and empty where nothing was decided.
func (c *cell) reason(user, campaign string) string {
	c.m.t.Helper()
	var list struct {
		Items []struct{ CampaignID, Outcome, Reason string }
	}
	_, body := c.m.ask("GET", "/v1/profiles/"+user+"/decisions", serverKey, "")
	if err := json.Unmarshal(body, &list); err != nil {
		c.m.t.Fatal(err)
	}
	for _, d := range list.Items {
		if d.CampaignID == campaign {
			return strings.Trim(d.Outcome+" "+d.Reason, " ")
		}
	}
	return ""
}

// member is what a membership says of the behaviour that it is owed to.
func (c *cell) member(segment string) trust.Answer {
	p := c.person(c.user)
	switch {
	case slices.Contains(p.Unproven.Segments, segment):
		return trust.Apart
	case slices.Contains(p.Segments, segment):
		return trust.Yes
	}
	return ""
}

func yes(is bool) trust.Answer {
	if is {
		return trust.Yes
	}
	return ""
}

// ok is yes where the request was taken.
func (c *cell) ok() trust.Answer { return yes(c.status/100 == 2) }

// probe tries one fact. before is what the shop has said, try what the speaker tries, after what the shop says then, and look what has become of it:
// empty for nothing so far.
type probe struct {
	before, try, after func(*cell)
	look               func(*cell) trust.Answer
}

func granted(channel string) func(*cell) {
	return func(c *cell) {
		c.shop(fields{"type": "track", "event": "Consent Granted", "userId": c.user, "properties": fields{"channel": channel}})
	}
}

func tracks(name string, properties fields) func(*cell) {
	return func(c *cell) { c.track(name, properties) }
}

// probes are the rows of the table.
var probes = map[trust.Fact]probe{
	trust.Behaviour: {try: tracks("Store Visited", nil), look: func(c *cell) trust.Answer { return c.member("visitors") }},
	trust.Trait: {try: func(c *cell) { c.say(fields{"type": "identify", "traits": fields{"plan": "gold"}}) }, look: func(c *cell) trust.Answer {
		p := c.person(c.user)
		if slices.Contains(p.Unproven.Traits, "plan") {
			return trust.Apart
		}
		return yes(p.Traits["plan"] == "gold")
	}},
	trust.Place: {try: func(c *cell) { c.say(fields{"type": "page", "context": fields{"locale": "fr-FR"}}) }, look: func(c *cell) trust.Answer { return c.member("french") }},
	trust.Group: {try: func(c *cell) { c.say(fields{"type": "group", "groupId": "club"}) }, look: func(c *cell) trust.Answer { return c.member("joiners") }},
	trust.Address: {try: func(c *cell) { c.say(fields{"type": "identify", "traits": fields{"email": c.address}}) }, look: func(c *cell) trust.Answer {
		p := c.person(c.user)
		if p.Unproven.Addresses["email"] != "" {
			return trust.Confirm
		}
		return yes(p.Addresses["email"].Address == c.address)
	}},
	trust.Token: {try: func(c *cell) {
		c.say(fields{"type": "page", "context": fields{"device": fields{"token": "token-of-" + c.user}}})
	},
		look: func(c *cell) trust.Answer { return yes(len(c.person(c.user).Tokens) == 1) }},
	trust.Grant: {try: tracks("Consent Granted", fields{"channel": "sms"}), look: func(c *cell) trust.Answer { return yes(c.person(c.user).Consent["sms"].Granted) }},
	trust.Withdrawal: {before: granted("sms"), try: tracks("Consent Revoked", fields{"channel": "sms"}),
		look: func(c *cell) trust.Answer { return yes(!c.person(c.user).Consent["sms"].Granted) }},
	trust.RefuseProfiling: {try: tracks("Consent Revoked", fields{"purpose": "profiling"}), look: func(c *cell) trust.Answer {
		return yes(slices.Contains(c.person(c.user).Segments, "unprofiled"))
	}},
	trust.Complaint: {before: granted("email"), try: tracks("Email Marked as Spam", nil), look: func(c *cell) trust.Answer { return yes(!c.person(c.user).Consent["email"].Granted) }},
	trust.AgainstAddress: {before: func(c *cell) {
		for _, user := range []string{c.other, c.user} {
			c.shop(fields{"type": "identify", "userId": user, "traits": fields{"email": c.address}})
			c.shop(fields{"type": "track", "event": "Consent Granted", "userId": user, "properties": fields{"channel": "email"}})
		}
	}, try: func(c *cell) { c.track("Email Bounced", fields{"email": c.address}) },
		after: func(c *cell) { c.shop(fields{"type": "track", "event": "Ticket Opened", "userId": c.other}) },
		look:  func(c *cell) trust.Answer { return yes(c.reason(c.other, "mail") == "skipped suppressed") }},
	trust.Order: {try: func(c *cell) { c.track("Order Completed", fields{"order_id": c.user, "total": 5}) }, look: func(c *cell) trust.Answer { return yes(c.person(c.user).Orders.Count == 1) }},
	trust.JoinDevice: {try: func(c *cell) {
		if c.by == "device" {
			c.say(fields{"type": "alias", "previousId": c.other})
			return
		}
		c.say(fields{"type": "identify", "anonymousId": c.other})
	}, look: func(c *cell) trust.Answer {
		p := c.person(c.user)
		if slices.ContainsFunc(p.Unproven.Devices, func(d struct{ AnonymousID string }) bool { return d.AnonymousID == c.other }) {
			return trust.Apart
		}
		return yes(p.goesBy("anonymous", c.other))
	}},
	trust.JoinToken: {try: func(c *cell) {
		c.say(fields{"type": "identify", "context": fields{"device": fields{"token": "token-of-" + c.user}}})
	}, look: func(c *cell) trust.Answer { return yes(c.person(c.user).goesBy("device", "token-of-"+c.user)) }},
	trust.JoinAddress: {before: func(c *cell) {
		c.shop(fields{"type": "identify", "anonymousId": c.other, "traits": fields{"email": c.address}})
	},
		try:  func(c *cell) { c.say(fields{"type": "identify", "traits": fields{"email": c.address}}) },
		look: func(c *cell) trust.Answer { return yes(c.person(c.user).goesBy("anonymous", c.other)) }},
	trust.Unite: {before: func(c *cell) { c.shop(fields{"type": "identify", "userId": c.other}) }, try: func(c *cell) { c.say(fields{"type": "alias", "previousId": c.other}) },
		look: func(c *cell) trust.Answer { return yes(c.person(c.user).ProfileID == c.person(c.other).ProfileID) }},
	trust.ClaimReferral: {try: func(c *cell) {
		body := fields{"code": c.other, "userId": c.user}
		if c.by == "person" {
			body["userHash"] = proof.UserHash(userHashSecret, c.user)
		}
		text, _ := json.Marshal(body)
		c.status, _ = c.m.ask("POST", "/v1/referrals/claims", map[bool]string{true: serverKey, false: publicKey}[c.by == "shop"], string(text))
	}, look: (*cell).ok},
	trust.StartCampaign: {try: tracks("Checked In", nil), look: func(c *cell) trust.Answer {
		switch open, strict := c.reason(c.user, "open"), c.reason(c.user, "strict"); {
		case open == "sent" && strict == "sent":
			return trust.Yes
		case open == "sent" && strict == "skipped unproven":
			return trust.Apart
		}
		return ""
	}},
	trust.StartTransactional: {try: tracks("Checked In", nil), look: func(c *cell) trust.Answer { return yes(c.reason(c.user, "asked") == "sent") }},
	trust.StartByOrder: {try: func(c *cell) { c.track("Order Completed", fields{"order_id": c.user, "total": 5}) },
		look: func(c *cell) trust.Answer { return yes(c.reason(c.user, "bought") == "sent") }},
	trust.OurNews:  {try: tracks("Segment Entered", nil), look: (*cell).ok},
	trust.OurBooks: {try: tracks("Points Earned", fields{"points": 5}), look: (*cell).ok},
	trust.Erase: {try: func(c *cell) {
		query := map[string]string{"person": "?userHash=" + proof.UserHash(userHashSecret, c.user)}[c.by]
		c.status, _ = c.m.ask("DELETE", "/v1/profiles/"+c.user+query, map[bool]string{true: serverKey, false: publicKey}[c.by == "shop"], "")
	}, look: (*cell).ok},
}

// TestWhoMaySayWhat tries every cell of the table of package trust, which docs/SECURITY.md shows, over HTTP against the running stack.
func TestWhoMaySayWhat(t *testing.T) {
	t.Parallel()
	m := newMachine(t, t.TempDir())
	put := func(path, body string) { t.Helper(); m.call(http.StatusCreated, "PUT", path, operatorKey, body, nil) }
	for id, rule := range map[string]string{
		"visitors": `{"field":"events.Store Visited.count","op":"gte","value":1}`, "joiners": `{"field":"groups.count","op":"gte","value":1}`, "french": `{"field":"locale","op":"eq","value":"fr-FR"}`,
		"unprofiled": `{"field":"profiling.refused","op":"eq","value":true}`,
	} {
		put("/v1/segments/"+id, `{"name":"A","rule":`+rule+`}`)
	}
	put("/v1/templates/hook", `{"name":"Hook","channel":"social","locales":{"default":{"payload":"{}"}}}`)
	put("/v1/templates/mail", `{"name":"Mail","channel":"email","locales":{"default":{"subject":"A","text":"Stop: {{ unsubscribeUrl }}"}}}`)
	put("/v1/settings/messaging", `{"caps":[]}`)
	for id, more := range map[string]string{
		"open": `"channel":"social","templateId":"hook","trigger":{"event":{"name":"Checked In"}}`, "strict": `"channel":"social","templateId":"hook","unproven":false,"trigger":{"event":{"name":"Checked In"}}`,
		"asked": `"channel":"social","templateId":"hook","transactional":true,"trigger":{"event":{"name":"Checked In"}}`, "bought": `"channel":"social","templateId":"hook","trigger":{"event":{"name":"Order Completed"}}`,
		"mail": `"channel":"email","templateId":"mail","trigger":{"event":{"name":"Ticket Opened"}}`,
	} {
		put("/v1/campaigns/"+id, `{"name":"A","state":"running",`+more+`}`)
	}
	put("/v1/programs/invite", `{"name":"Invite","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"friend":[{"points":200}]}}`)
	var code struct{ Code string }
	m.call(http.StatusOK, "POST", "/v1/referrals/codes", serverKey, `{"programId":"invite","userId":"advocate"}`, &code)

	var cells []*cell
	for _, fact := range slices.Sorted(maps.Keys(probes)) {
		for _, by := range []string{"device", "claimed", "person", "shop"} {
			name := fmt.Sprintf("%s-%d", by, fact)
			c := &cell{m: m, fact: fact, by: by, user: "user-" + name, device: "device-" + name, other: "other-" + name, address: name + "@shop.example"}
			if fact == trust.ClaimReferral {
				c.other = code.Code
			}
			cells = append(cells, c)
			known := fields{"type": "identify", "userId": c.user}
			if by == "device" {
				known["anonymousId"] = c.device
			}
			c.shop(known)
		}
	}
	each := func(do func(*cell) func(*cell)) {
		t.Helper()
		for _, c := range cells {
			if f := do(c); f != nil {
				f(c)
			}
		}
		m.idle()
	}
	each(func(c *cell) func(*cell) { return probes[c.fact].before })
	each(func(c *cell) func(*cell) { return probes[c.fact].try })
	tried := map[*cell]int{}
	for _, c := range cells {
		tried[c] = c.status
	}
	each(func(c *cell) func(*cell) { return probes[c.fact].after })
	got := map[*cell]trust.Answer{}
	for _, c := range cells {
		c.status = tried[c]
		got[c] = probes[c.fact].look(c)
	}
	// What is kept beside a claim shows once the shop says whose the device is.
	for _, c := range cells {
		if c.by == "claimed" && got[c] == "" && c.fact != trust.Erase {
			c.shop(fields{"type": "identify", "userId": c.user, "anonymousId": c.device})
		}
	}
	m.idle()
	want := map[trust.Fact]trust.Row{}
	for _, r := range trust.Matrix() {
		want[r.Fact] = r
		if _, probed := probes[r.Fact]; probed == (unbuilt[r.Fact] != "") {
			t.Errorf("%q has a probe: %v, and is said to be unbuilt: %q", r.Meaning, probed, unbuilt[r.Fact])
		}
	}
	for _, c := range cells {
		answer := got[c]
		if c.status = tried[c]; answer == "" {
			answer = trust.No
			if c.by == "claimed" && probes[c.fact].look(c) != "" {
				answer = trust.Apart
			}
		}
		r := want[c.fact]
		table := map[string]trust.Answer{"device": r.Device, "claimed": r.Claimed, "person": r.Person, "shop": r.Shop}[c.by]
		if answer != table {
			t.Errorf("%s, by %s: %s, and the table says %s (answered %d)", r.Meaning, c.by, answer, table, tried[c])
		}
	}
	t.Logf("%d cells were tried; not built yet: %d rows, and the columns %v", len(cells), len(unbuilt), silent)
}
