package simulation

import (
	"fmt"
	"slices"
	"time"
)

// scene is something that happens in a shop. weight says how often, against the others.
type scene struct {
	name   string
	weight int
	play   func(w *world, d *dice, p *human)
}

// scenes are the whole traffic. It knows of no fault.
var scenes = []scene{
	{"browse", 22, browse},
	{"browse, known", 10, browseKnown},
	{"identify", 14, identify},
	{"sign up", 6, signUp},
	{"consent by event", 8, consentByEvent},
	{"order", 16, buy},
	{"refund", 6, refund},
	{"cancel", 3, cancel},
	{"alias", 2, alias},
	{"erase", 3, erase},
	{"send again", 8, sendAgain},
	{"visit a shared device", 5, visitShared},
	{"claim a code", 7, claimCode},
	{"unsubscribe by link", 5, unsubscribe},
	{"read", 4, look},
	{"busy person", 2, busy},
	{"other calls", 3, otherCalls},
	{"operator edits", 5, edit},
	{"woocommerce", 3, wooCommerce},
	{"shopify", 3, shopify},
	{"wholesale", 1, wholesale},
	{"paid after all", 2, paidAfterAll},
	{"yen", 2, yen},
	{"twin", 3, twin},
	{"borrow a device", 5, borrow},
	{"placeholder", 2, placeholder},
	{"return", 4, returns},
	{"new program", 1, newProgram},
	{"run", 2, startRun},
	{"offline", 1, offline},
	{"private windows", 2, privateWindows},
	{"leave in the middle", 2, leaveInTheMiddle},
	{"refund in another currency", 2, foreignRefund},
	{"second account", 2, secondAccount},
	{"guest order", 3, guestOrder},
	{"popular advocate", 2, popular},
	{"two accounts", 2, twoAccounts},
	{"newsletter", 1, newsletter},
	{"edit in a run", 2, editInARun},
	{"friends at once", 2, friendsAtOnce},
	{"subscribe", 6, subscribe},
	{"take a device off", 4, takeOff},
	{"tag somebody", 5, tagSomebody},
	{"consent to what", 7, consentToWhat},
	{"back and merged", 2, backAndMerged},
	{"rotate a secret", 2, rotateSecret},
	{"operators look", 4, operatorsLook},
	{"prove anew", 3, proveAnew},
	{"edit together", 2, editTogether},
	{"stop and resume", 3, stopAndResume},
	{"try a template", 3, tryATemplate},
	{"operators find", 2, operatorsFind},
	{"change a name", 4, changeName},
	{"ask what was done", 6, askWhatWasDone},
}

// human is one of the people of a seed.
type human struct {
	number  int
	user    string
	devices []string
	orders  []string
}

// cast are the people of a seed. Their names and addresses are words that may stand in no log.
type cast struct {
	people []*human
	shared []string // devices that several people use
	d      dice
}

func newCast(seed uint64) *cast {
	c := &cast{d: dice{hash(seed, "cast")}}
	n := one(&c.d, 4, 6, 8, 12, 20, 35)
	for i := range n {
		h := &human{number: i, user: fmt.Sprintf("canaryuser%03d", i)}
		if c.d.happens(0.08) { // shops have ids of all forms
			h.user = one(&c.d, "canaryuser/%03d", "gid://canary/Customer/%03d", "canaryuser?%03d", "canary user+%03d", "canary用户%03d")
			h.user = fmt.Sprintf(h.user, i)
		}
		for k := range c.d.between(1, 3) {
			h.devices = append(h.devices, fmt.Sprintf("canarydevice%03d-%d", i, k))
		}
		c.people = append(c.people, h)
	}
	for k := range c.d.between(0, 2) {
		c.shared = append(c.shared, fmt.Sprintf("canarykiosk%d", k))
	}
	return c
}

func (h *human) email() string { return fmt.Sprintf("canarymail%03d@canary.example", h.number) }
func (h *human) phone() string { return fmt.Sprintf("139%08d", 55550000+h.number) }

// numberOf is whose address comes with an id: a person's own, and that of a customer in a shop system.
func (c *cast) numberOf(id string) (number int, has bool) {
	for _, h := range c.people {
		if id == h.user || id == fmt.Sprint(wooCustomer+h.number) || id == fmt.Sprint(shopifyCustomer+h.number) {
			return h.number, true
		}
	}
	return 0, false
}

// act is one scene at its time.
type act struct {
	index  int
	at     time.Duration
	scene  scene
	who    int
	chance uint64 // what the scene's dice begin with
}

// usualWeight is what a number of acts is shared out by: about the sum of all weights, when each scene is as frequent as it is on average.
const usualWeight = 240.0

// plan draws what happens in a seed. Each scene draws for itself, so that one that is added to the table leaves the others where they are.
func plan(seed uint64, c *cast, horizon time.Duration) []act {
	d := dice{hash(seed, "plan")}
	often := float64(d.between(60, 220)) / usualWeight
	moments := make([]time.Duration, d.between(8, 40)) // at which much happens at once
	for i := range moments {
		moments[i] = time.Duration(d.share() * float64(horizon))
	}
	var acts []act
	for _, s := range slices.Concat(scenes, attacks) {
		d := dice{hash(seed, "plan", s.name)}
		n := often * float64(s.weight*one(&d, 0, 1, 1, 2, 3))
		for range int(n + d.share()) {
			at := time.Duration(d.share() * float64(horizon))
			if d.happens(0.5) {
				at = min(moments[d.below(len(moments))]+d.pause(time.Millisecond, 20*time.Second), horizon)
			}
			acts = append(acts, act{at: at, scene: s, who: d.below(len(c.people)), chance: d.next()})
		}
	}
	if crowded(seed) {
		acts = append(acts, act{at: time.Duration(d.share() * float64(horizon)), scene: scene{"promotion", 0, promotion}, who: d.below(len(c.people)), chance: d.next()})
	}
	faults := newRates(seed)
	if begin, _, is := faults.window(denied, horizon); is { // somebody asks what cannot be counted now
		for range d.between(2, 4) {
			acts = append(acts, act{at: begin + d.pause(0, 20*time.Minute), scene: scene{"ask in vain", 0, askInVain}, who: d.below(len(c.people)), chance: d.next()})
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int { return int(a.at - b.at) })
	for i := range acts {
		acts[i].index = i
	}
	return acts
}

// play runs the acts, each when its time has come and beside those that are not over.
func (w *world) play(c *cast, acts []act) {
	w.cast = c
	left := 0
	begin := time.Now()
	for _, a := range acts {
		w.sleep(time.Until(begin.Add(a.at)))
		if w.scenes != nil && !slices.Contains(w.scenes, a.index) {
			continue
		}
		w.played = append(w.played, played{a.index, a.scene.name, a.who})
		left++
		go func() {
			defer func() { left-- }()
			d := dice{a.chance}
			w.tell("-- %d: %s (person %d)", a.index, a.scene.name, a.who)
			a.scene.play(w, &d, c.people[a.who])
		}()
	}
	for left > 0 {
		w.sleep(time.Second)
	}
}

// event makes one for a person. Its id follows from the act alone, and so it keeps it where other acts are left out.
func (w *world) event(d *dice, kind, name string) *said {
	s := &said{ID: fmt.Sprintf("m-%08x", d.name()), Kind: kind, Name: name, Who: -1}
	now := time.Now().UTC()
	switch d.below(6) {
	case 0:
		s.Original, s.Moves = now.Format(time.RFC3339Nano), true
	case 1:
		s.Original = now.Add(-d.pause(time.Second, 72*time.Hour)).Format(time.RFC3339Nano)
	case 2: // a clock that is ahead
		s.Original, s.Moves = now.Add(d.pause(time.Minute, 20*time.Hour)).Format(time.RFC3339Nano), d.happens(0.5)
	}
	return s
}

var pages_ = []string{"Home", "Tea", "Cups", "Cart"}
var views = []string{"Product Viewed", "Product Added", "Products Searched", "Store Visited"}

func (h *human) device(d *dice) string { return h.devices[d.below(len(h.devices))] }

func browsing(w *world, d *dice, anon, user string, n int) []*said {
	var list []*said
	for range n {
		s := w.event(d, "track", one(d, views...))
		if d.happens(0.4) {
			s = w.event(d, "page", one(d, pages_...))
		}
		s.Anon, s.User = anon, user
		if s.Kind == "track" {
			s.Properties = map[string]any{"product_id": fmt.Sprintf("sku-%d", d.below(5)), "category": "tea", "price": 12.5}
		}
		list = append(list, s)
	}
	return list
}

func browse(w *world, d *dice, p *human) {
	w.post(d, publicKey, browsing(w, d, p.device(d), "", d.between(1, 5))...)
}

func browseKnown(w *world, d *dice, p *human) {
	w.post(d, one(d, publicKey, serverKey), browsing(w, d, p.device(d), p.user, d.between(1, 4))...)
}

func visitShared(w *world, d *dice, p *human) {
	if len(w.cast.shared) == 0 {
		return
	}
	list := browsing(w, d, one(d, w.cast.shared...), "", d.between(1, 3))
	w.post(d, publicKey, list...)
}

func identify(w *world, d *dice, p *human) {
	s := w.event(d, "identify", "")
	s.User = p.user
	if d.happens(0.85) {
		s.Anon = p.device(d)
	}
	if len(w.cast.shared) > 0 && d.happens(0.08) {
		s.Anon = one(d, w.cast.shared...)
	}
	s.Traits = map[string]any{"name": fmt.Sprintf("Canaryname%03d", p.number)}
	if d.happens(0.7) {
		s.Traits["email"] = p.email()
	}
	if d.happens(0.4) {
		s.Traits["phone"] = p.phone()
	}
	if d.happens(0.2) { // a form's own field
		s.Traits["emailConsent"] = true
	}
	w.post(d, serverKey, s)
}

func signUp(w *world, d *dice, p *human) {
	s := w.event(d, "track", "Signed Up")
	s.User = p.user
	s.Properties = map[string]any{"plan": one(d, "tea", "cups")}
	w.post(d, serverKey, s)
}

func consentByEvent(w *world, d *dice, p *human) {
	s := w.event(d, "track", one(d, "Consent Granted", "Consent Granted", "Consent Revoked", "Unsubscribed"))
	s.User = p.user
	s.Properties = map[string]any{"channel": one(d, "email", "email", "email", "social", "Email", " email")}
	w.post(d, serverKey, s)
}

// sum is a price in cents, and as a shop writes it.
func (d *dice) sum() (int64, float64) {
	cents := int64(d.between(500, 30000))
	return cents, float64(cents) / 100
}

func buy(w *world, d *dice, p *human) {
	id := fmt.Sprintf("o-%08x", d.name())
	p.orders = append(p.orders, id)
	currency := one(d, "CNY", "CNY", "CNY", "USD")
	_, total := d.sum()
	when := time.Now().UTC()
	report := func(name string, total float64, at time.Time) *said {
		s := w.event(d, "track", name)
		s.User, s.Original, s.Moves = p.user, at.Format(time.RFC3339Nano), false
		s.Properties = map[string]any{"order_id": id, "total": total, "currency": currency,
			"products": []any{map[string]any{"product_id": "sku-1", "quantity": 1, "price": total}}}
		return s
	}
	var list []*said
	if d.happens(0.3) {
		list = append(list, report("Order Placed", total, when.Add(-time.Minute)))
	}
	list = append(list, report("Order Completed", total, when))
	if d.happens(0.25) { // another reporter, with other words
		list = append(list, report("Order Completed", total, when.Add(time.Second)))
	}
	if d.happens(0.15) {
		_, other := d.sum()
		list = append(list, report("Order Updated", other, when.Add(2*time.Second)))
	}
	for _, s := range list {
		if d.happens(0.5) {
			w.post(d, serverKey, s)
		} else {
			go w.post(&dice{d.next()}, serverKey, s)
		}
		if d.happens(0.3) {
			w.sleep(d.pause(time.Second, 5*time.Minute))
		}
	}
	if d.happens(0.2) {
		// The browser tells the same, which moves no money.
		s := report("Order Completed", total, when)
		s.Anon = p.device(d)
		w.post(d, publicKey, s)
	}
}

func refund(w *world, d *dice, p *human) {
	if len(p.orders) == 0 {
		return
	}
	s := w.event(d, "track", "Order Refunded")
	s.User = p.user
	s.Properties = map[string]any{"order_id": one(d, p.orders...)}
	if d.happens(0.6) {
		s.Properties["total"] = float64(d.between(100, 2000)) / 100
		s.Properties["refund_id"] = fmt.Sprintf("r-%d", d.below(3))
	}
	w.post(d, serverKey, s)
}

func cancel(w *world, d *dice, p *human) {
	if len(p.orders) == 0 {
		return
	}
	s := w.event(d, "track", "Order Cancelled")
	s.User, s.Original, s.Moves = p.user, time.Now().UTC().Format(time.RFC3339Nano), false
	s.Properties = map[string]any{"order_id": one(d, p.orders...)}
	w.post(d, serverKey, s)
}

func alias(w *world, d *dice, p *human) {
	s := w.event(d, "alias", "")
	s.User, s.Prev = p.user, p.device(d)
	if d.happens(0.3) {
		other := w.cast.people[d.below(len(w.cast.people))]
		if other != p {
			s.Prev = other.user
		}
	}
	w.post(d, serverKey, s)
}
