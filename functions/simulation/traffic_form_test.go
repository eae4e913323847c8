package simulation

import (
	"fmt"
	"strings"
	"time"
)

// confirmation is the campaign that asks whoever reads at an address to confirm it.
const confirmation = "userops:confirm-address"

// form is what a visitor has typed into a form of a page.
type form struct {
	Device, Address string
	Granted         bool // with consent
	Accepted        bool
	Joined          bool // somebody has proved since whose device it is
	Begun           time.Time
}

// click is the button behind the link of a confirmation.
type click struct {
	Address, Profile string
	Begun, Ended     time.Time
	Accepted         bool
}

// subscribe is a visitor who types an address into a form for news, reads the mail that comes, and presses its button. Some type that of another,
// some take no consent, and some sign in later.
func subscribe(w *world, d *dice, p *human) {
	f := &form{Device: fmt.Sprintf("canaryform-%08x", d.name()), Address: fmt.Sprintf("canaryform%08x@canary.example", d.name()), Granted: d.happens(0.85), Begun: time.Now()}
	if n := len(w.model.forms); n > 0 && d.happens(0.3) {
		f.Address = w.model.forms[d.below(n)].Address
	}
	w.model.forms = append(w.model.forms, f)
	f.Accepted = w.fill(d, f)
	if d.happens(0.3) {
		w.sleep(d.pause(time.Second, 10*time.Minute))
		w.fill(d, f)
	}
	if d.happens(0.2) {
		w.join(d, f, p)
	}
	mail := w.mailAt(f.Address)
	for range 20 {
		if mail != nil {
			break
		}
		w.sleep(d.pause(5*time.Second, 2*time.Minute))
		mail = w.mailAt(f.Address)
	}
	if mail == nil {
		return
	}
	path := linkIn(mail.Text)
	if status, _ := w.ask(d, "GET", path, "", ""); status != 200 { // whoever scans mail follows links
		w.tell("person: the link of %s is answered %d", mail.Notification, status)
	}
	if !d.happens(0.7) {
		return
	}
	w.sleep(d.pause(time.Second, 10*time.Minute))
	c := &click{Address: f.Address, Profile: mail.Profile, Begun: time.Now()}
	w.model.clicks = append(w.model.clicks, c)
	status, _ := w.ask(d, "POST", path, "", "")
	c.Ended, c.Accepted = time.Now(), status == 200
	w.tell("person: confirms %s of profile %s: %d", f.Address, mail.Profile, status)
	w.sleep(d.pause(time.Second, 5*time.Minute))
	visit := w.event(d, "track", "Store Visited")
	visit.Anon = f.Device
	w.post(d, publicKey, visit)
	if d.happens(0.3) {
		w.join(d, f, p)
	}
}

// fill sends what a page says of a form: together, or one after the other in either sequence.
func (w *world) fill(d *dice, f *form) bool {
	named, granted := w.event(d, "identify", ""), w.event(d, "track", "Consent Granted")
	named.Anon, named.Traits = f.Device, map[string]any{"email": f.Address}
	granted.Anon, granted.Properties = f.Device, map[string]any{"channel": "email"}
	list := []*said{named, granted}
	switch {
	case !f.Granted:
		return w.post(d, publicKey, named)
	case d.happens(0.5):
		return w.post(d, publicKey, list...)
	case d.happens(0.5):
		list[0], list[1] = granted, named
	}
	first := w.post(d, publicKey, list[0])
	w.sleep(d.pause(time.Millisecond, 20*time.Second))
	return w.post(d, publicKey, list[1]) && first
}

// join is the shop, which has found out whose device it is.
func (w *world) join(d *dice, f *form, p *human) {
	f.Joined = true
	s := w.event(d, "identify", "")
	s.User, s.Anon = p.user, f.Device
	w.post(d, serverKey, s)
}

// mailAt is the newest confirmation that came to an address.
func (w *world) mailAt(address string) (found *sending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.sendings {
		if x := &w.sendings[i]; x.Campaign == confirmation && x.Address == address && x.Delivered {
			one := *x
			found = &one
		}
	}
	return found
}

// linkIn is the path of the link in a confirmation.
func linkIn(text string) string {
	_, rest, _ := strings.Cut(text, "http://shop.sim")
	path, _, _ := strings.Cut(rest, "\n")
	return path
}
