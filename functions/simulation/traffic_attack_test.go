package simulation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// attacks are what somebody does who wants to speak for others: with the public key, what is known of everybody (userIds, addresses, phone
// numbers), accounts of their own with the userHash of each, and carts and guest orders that the shop system signs. Of nobody else are the ids
// of devices known, nor any secret.
var attacks = []scene{
	{"attack: words", 8, attackWords},
	{"attack: consent", 6, attackConsent},
	{"attack: devices", 6, attackDevices},
	{"attack: orders", 4, attackOrders},
	{"attack: carts", 3, attackCarts},
	{"attack: invitations", 5, attackInvitations},
	{"attack: places", 4, attackPlaces},
	{"attack: silence", 4, attackSilence},
	{"attack: proofs and names", 3, attackProofs},
	{"attack: flood", 2, attackFlood},
	{"attack: routes", 2, attackRoutes},
	{"attack: purposes", 4, attackPurposes},
}

// evil is in every text that the attacker has made up. What is sent, and what is known of others, has none of it.
const evil = "evilword"

// eve is one of the attacker's accounts, which have devices and addresses like others.
func eve(d *dice) *human {
	n := d.below(4)
	h := &human{number: 7000 + n, user: fmt.Sprintf("canaryeve%d", n)}
	for k := range 7 {
		h.devices = append(h.devices, fmt.Sprintf("canaryeve-device%d-%d", n, k))
	}
	return h
}

// userHash is a shop's proof of a customer, as docs/SECURITY.md says how it is made.
func userHash(user string) string {
	mac := hmac.New(sha256.New, []byte(hashSecret))
	mac.Write([]byte(user))
	return hex.EncodeToString(mac.Sum(nil))
}

// forge makes an event about somebody else: from the attacker's device, from one that was guessed, or from none, at any time.
func (w *world) forge(d *dice, p *human, kind, name string) *said {
	s := w.event(d, kind, name)
	s.forged, s.User = true, p.user
	switch d.below(5) {
	case 0: // no device
	case 1:
		s.Anon = fmt.Sprintf("canarydevice%03d-9%d", p.number, d.below(10))
	default:
		s.Anon = eve(d).device(d)
	}
	switch d.below(5) {
	case 0:
		s.Original, s.Moves = time.Now().UTC().Add(23*time.Hour).Format(time.RFC3339Nano), false
	case 1:
		s.Original, s.Moves = time.Now().UTC().AddDate(-d.between(1, 9), 0, 0).Format(time.RFC3339Nano), false
	}
	if d.happens(0.6) {
		s.Context = map[string]any{
			"traits":      w.lies(d),
			"device":      map[string]any{"id": evil + "-phone", "token": evil + "-push-token", "type": "ios"},
			"externalIds": []any{map[string]any{"id": w.anybody(d).email(), "type": "email"}, map[string]any{"id": evil + "-openid-0123456789", "type": "wechatOpenid"}},
			"locale":      "fr-FR", "campaign": map[string]any{"name": evil},
		}
	}
	return s
}

// anybody is one of those whose addresses the attacker knows.
func (w *world) anybody(d *dice) *human { return w.cast.people[d.below(len(w.cast.people))] }

// lies are traits: the attacker's words and addresses, or those of others.
func (w *world) lies(d *dice) map[string]any {
	traits := map[string]any{"name": "Evilword", "firstName": "Evilword", "plan": evil, "email": one(d, evil+"@evil.example", w.anybody(d).email())}
	if d.happens(0.5) {
		traits["phone"] = one(d, "13966667777", w.anybody(d).phone())
	}
	return traits
}

func attackWords(w *world, d *dice, p *human) {
	var list []*said
	for range d.between(1, 6) {
		var s *said
		switch d.below(5) {
		case 0, 1:
			s = w.forge(d, p, "identify", "")
			s.Traits = w.lies(d)
		case 2:
			s = w.forge(d, p, one(d, "page", "screen", "group"), "Evilword")
			s.Traits = map[string]any{"name": "Evilword"}
		default:
			s = w.forge(d, p, "track", one(d, "Store Visited", "Store Visited", "Product Added", "Signed Up", "Product Viewed"))
			s.Properties = map[string]any{"plan": evil, "product_id": evil, "category": evil, "name": evil, "price": 0.01}
		}
		list = append(list, s)
	}
	w.post(d, publicKey, list...)
}

func attackConsent(w *world, d *dice, p *human) {
	for range d.between(1, 4) {
		s := w.forge(d, p, "track", one(d, "Consent Granted", "Consent Granted", "Consent Revoked", "Consent Revoked", "Unsubscribed", "Email Marked as Spam", "Email Bounced"))
		s.Properties = map[string]any{"channel": one(d, "email", "email", "social"), "email": p.email()}
		if d.happens(0.2) {
			s.Properties["restated"] = true
		}
		w.post(d, publicKey, s)
		w.sleep(d.pause(time.Second, 20*time.Minute))
	}
}

// attackDevices wants to be joined to somebody, or to have somebody joined.
func attackDevices(w *world, d *dice, p *human) {
	e := eve(d)
	switch d.below(5) {
	case 0:
		s := w.forge(d, p, "identify", "")
		s.Anon = e.device(d)
		w.post(d, publicKey, s)
	case 1:
		s := w.forge(d, p, "alias", "")
		s.Prev = one(d, e.device(d), e.user, w.anybody(d).user)
		w.post(d, publicKey, s)
	case 2:
		s := w.forge(d, e, "alias", "")
		s.Prev = p.user
		w.post(d, publicKey, s)
	case 3: // more devices than are remembered
		for _, device := range e.devices {
			s := w.forge(d, p, "identify", "")
			s.Anon = device
			w.post(d, publicKey, s)
		}
	case 4: // with the proof of an account of their own
		s := w.forge(d, e, one(d, "alias", "identify"), "")
		s.Context = map[string]any{"userHash": userHash(e.user), "externalIds": []any{map[string]any{"id": p.email(), "type": "email"}}}
		s.own = true
		if s.Anon = e.device(d); s.Kind == "alias" {
			s.Prev = p.user
		}
		w.post(d, publicKey, s)
	}
}

func attackOrders(w *world, d *dice, p *human) {
	order := func(name, id string) {
		s := w.forge(d, p, "track", name)
		s.Properties = map[string]any{"order_id": id, "total": float64(d.between(100, 900_000)) / 100, "currency": "CNY", "refund_id": evil, "plan": evil, "name": evil}
		w.post(d, publicKey, s)
	}
	order("Order Completed", fmt.Sprintf("%s-%08x", evil, d.name()))
	for _, id := range p.orders {
		order(one(d, "Order Refunded", "Order Cancelled", "Order Updated", "Order Completed"), id)
	}
}

// attackCarts buys without signing in, and types whom the cart, the mail and the phone are of.
func attackCarts(w *world, d *dice, p *human) {
	id, now := d.orderNumber(), time.Now()
	amount := d.between(1000, 30000)
	price := fmt.Sprintf("%d.%02d", amount/100, amount%100)
	typed := []any{}
	for _, name := range []string{"userId", "userHash", "anonymousId"} {
		value := map[string]string{"userId": p.user, "userHash": one(d, userHash(eve(d).user), evil), "anonymousId": eve(d).device(d)}[name]
		if d.happens(0.6) {
			typed = append(typed, map[string]any{"name": name, "key": name, "value": value})
		}
	}
	guest := func(system string) *said {
		s := &said{ID: fmt.Sprintf("%s-%d", system, id), Kind: "track", Name: "Order Completed", Anon: fmt.Sprintf("%s-order-%d", system, id), Who: -1, forged: true, Traits: map[string]any{"email": p.email(), "phone": p.phone()},
			Original: now.UTC().Truncate(time.Second).Format(time.RFC3339Nano), Properties: map[string]any{"order_id": fmt.Sprint(id), "total": float64(amount) / 100, "currency": "CNY"}}
		for _, t := range typed {
			if a := t.(map[string]any); a["name"] == "anonymousId" {
				s.Anon = a["value"].(string)
			}
		}
		return s
	}
	if d.happens(0.5) {
		stamp := now.UTC().Format(time.RFC3339)
		w.notice(d, "shopify", "orders/create", map[string]any{"id": id, "currency": "CNY", "total_price": price, "subtotal_price": price, "financial_status": "paid",
			"created_at": stamp, "processed_at": stamp, "updated_at": stamp, "email": p.email(), "phone": p.phone(), "note_attributes": typed,
			"line_items": []any{map[string]any{"product_id": 3, "title": "Evilword", "quantity": 1, "price": price}}}, guest("shopify"))
		return
	}
	local := now.UTC().Format("2006-01-02T15:04:05")
	w.notice(d, "woocommerce", "order.created", map[string]any{"id": id, "status": "processing", "currency": "CNY", "date_created_gmt": local, "date_paid_gmt": local,
		"date_modified_gmt": local, "total": price, "customer_id": 0, "billing": map[string]any{"email": p.email(), "phone": p.phone(), "first_name": "Evilword"}, "meta_data": typed,
		"line_items": []any{map[string]any{"product_id": 3, "name": "Evilword", "quantity": 1, "price": price}}}, guest("woocommerce"))
}

// attackInvitations invites themselves with a second account. The shop knows both by one phone number or address; then the second one says to have
// other ones, before the claim or after it, with the public key and with its own proof.
func attackInvitations(w *world, d *dice, p *human) {
	tag := fmt.Sprintf("%08x", d.name())
	advocate, friend := "canaryeve-a"+tag, "canaryeve-b"+tag
	shared := map[string]any{"phone": fmt.Sprintf("137%08d", d.below(100_000_000))}
	if d.happens(0.5) {
		shared = map[string]any{"email": "canaryeve" + tag + "@evil.example"}
	}
	known := func(user string) bool {
		s := w.event(d, "identify", "")
		s.User, s.Traits = user, shared
		w.post(d, serverKey, s)
		w.sleep(d.pause(time.Minute, 20*time.Minute))
		status, body := w.ask(d, "GET", "/v1/profiles/"+user, serverKey, "")
		var v struct{ Traits map[string]any }
		if status != 200 || json.Unmarshal(body, &v) != nil {
			return false
		}
		// What was answered 2xx and is still in a queue is known to nobody yet.
		for name, value := range shared {
			if v.Traits[name] != value {
				return false
			}
		}
		return true
	}
	deny := func() {
		other := map[string]any{"phone": fmt.Sprintf("136%08d", d.below(100_000_000)), "email": evil + tag + "@evil.example"}
		for _, user := range []string{advocate, friend} {
			s := w.forge(d, &human{user: user}, "identify", "")
			s.Traits, s.Original = other, ""
			if d.happens(0.5) {
				s.Context, s.own = map[string]any{"userHash": userHash(user)}, true
			}
			w.post(d, publicKey, s)
			other = map[string]any{"phone": fmt.Sprintf("135%08d", d.below(100_000_000)), "email": evil + tag + "b@evil.example"}
		}
		w.sleep(d.pause(time.Minute, 20*time.Minute))
	}
	program, late := one(d, "invite", "ladder"), d.happens(0.5)
	if !known(advocate) || !late && !known(friend) {
		return
	}
	deny()
	code := w.codeOf(d, program, advocate)
	if code == "" {
		return
	}
	if w.claim(d, program, code, advocate, friend) != 201 {
		return
	}
	if late && !known(friend) {
		return
	}
	w.model.selves = append(w.model.selves, [2]string{advocate, friend})
	deny()
	w.pays(d, friend, "")
}

// attackPlaces signs somebody up before they do so themselves.
func attackPlaces(w *world, d *dice, p *human) {
	h := &human{number: 8000 + d.below(1000), user: fmt.Sprintf("canaryfresh-%08x", d.name())}
	for range d.between(1, 3) {
		s := w.forge(d, h, "track", "Signed Up")
		s.Properties, s.Original, s.Context = map[string]any{"plan": evil}, "", nil
		w.post(d, publicKey, s)
	}
	w.sleep(d.pause(time.Minute, time.Hour))
	known, granted := w.event(d, "identify", ""), w.event(d, "track", "Consent Granted")
	known.User, known.Traits = h.user, map[string]any{"email": h.email()}
	granted.User, granted.Properties = h.user, map[string]any{"channel": "email"}
	w.post(d, serverKey, known, granted)
	w.sleep(d.pause(time.Second, 10*time.Minute))
	signUp(w, d, h)
}

// attackSilence says that somebody has bought what lies in their cart.
func attackSilence(w *world, d *dice, p *human) {
	h := &human{number: 8000 + d.below(1000), user: fmt.Sprintf("canaryfresh-%08x", d.name())}
	s := w.event(d, "track", "Product Added")
	s.User, s.Original, s.Properties = h.user, "", map[string]any{"product_id": "sku-1", "price": 12.5}
	w.post(d, serverKey, s)
	for range d.between(1, 3) {
		w.sleep(d.pause(time.Second, 6*time.Minute))
		f := w.forge(d, h, "track", "Order Completed")
		f.Properties, f.Context = map[string]any{"order_id": fmt.Sprintf("%s-%08x", evil, d.name()), "total": 1.0, "currency": "CNY"}, nil
		w.post(d, publicKey, f)
	}
}

// attackProofs shows the proof of another account, and tells news that only userops or the shop's books know.
func attackProofs(w *world, d *dice, p *human) {
	s := w.forge(d, p, one(d, "identify", "page", "track"), "Store Visited")
	s.Context, s.Traits = map[string]any{"userHash": one(d, userHash(eve(d).user), userHash(""), "00")}, w.lies(d)
	w.post(d, publicKey, s)
	news := w.forge(d, p, "track", one(d, "Segment Entered", "Segment Exited", "Profiles Merged", "Points Earned", "Tier Changed", "Referral Settled", "Notification Sent", "Notification Complained"))
	news.Properties = map[string]any{"segmentId": "buyers", "points": 1000}
	w.post(d, publicKey, news)
	for _, e := range []*said{s, news} {
		if e.Accepted {
			w.violate(nobodyElseSpeaks, p.user, "%s %s %q was accepted of the public key", e.ID, e.Kind, e.Name)
		}
	}
}

// attackFlood sends more than anybody needs: names, ids, words as long as are taken.
func attackFlood(w *world, d *dice, p *human) {
	long := strings.Repeat(evil, 12)
	for n := range d.between(2, 6) {
		var list []*said
		for k := range d.between(10, 30) {
			s := w.forge(d, p, "track", fmt.Sprintf("Evilword %d %d", n, k))
			s.Anon = fmt.Sprintf("%s-%d-%d", long, n, k)
			s.Properties = map[string]any{"category": fmt.Sprint(evil, n, k), "text": strings.Repeat("evil ", d.below(400))}
			list = append(list, s)
		}
		go w.post(&dice{d.next()}, publicKey, list...)
		w.sleep(d.pause(time.Millisecond, time.Minute))
	}
}

// attackRoutes asks for what is not theirs.
func attackRoutes(w *world, d *dice, p *human) {
	e := eve(d)
	for _, key := range []string{"", publicKey, userHash(e.user)} {
		for _, r := range [][3]string{
			{"GET", "/v1/profiles/" + escape(p.user), ""}, {"GET", "/v1/profiles/" + escape(p.user) + "/export", ""}, {"GET", "/v1/profiles/" + escape(p.user) + "/events", ""},
			{"DELETE", "/v1/profiles/" + escape(p.user), ""}, {"GET", "/v1/referrals/" + escape(p.user) + "?userHash=" + userHash(e.user), ""},
			{"POST", "/v1/referrals/codes", fmt.Sprintf(`{"programId":"ladder","userId":%q,"userHash":%q}`, p.user, userHash(e.user))},
			{"POST", "/v1/referrals/claims", fmt.Sprintf(`{"code":"ABCDEFGH","userId":%q,"userHash":%q}`, p.user, userHash(e.user))},
			{"PUT", "/v1/campaigns/welcome", `{}`}, {"POST", "/v1/runs", `{}`}, {"GET", "/v1/campaigns", ""},
		} {
			if status, body := w.ask(d, r[0], r[1], key, r[2]); !slices.Contains([]int{0, 401, 403, 404, 405, 429, 500, 502, 503}, status) {
				w.violate(nobodyElseSpeaks, p.user, "%s %s was answered %d: %.200s", r[0], r[1], status, body)
			}
		}
	}
	for _, token := range []string{evil, userHash(p.user), strings.Repeat("A", 80)} {
		if status, _ := w.ask(d, "POST", "/v1/unsubscribe/"+token, "", ""); status == 200 {
			w.violate(nobodyElseSpeaks, p.user, "unsubscribed by a made-up link")
		}
	}
}
