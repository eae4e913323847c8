package simulation

import (
	"fmt"
	"time"
)

// consentToWhat is somebody who likes tea, and says of a purpose and a text what they want: by the shop, by themselves with their userHash, or by a device of
// theirs. Some take it back.
func consentToWhat(w *world, d *dice, p *human) {
	if havePrevious {
		return // to the version before each such word is about marketing
	}
	if len(w.model.history("segments", "tea-lovers")) == 0 {
		likes := map[string]any{"field": "category.first", "op": "eq", "value": "tea"}
		w.define(d, "segments", "tea-lovers", map[string]any{"name": "Tea", "rule": likes})
		w.define(d, "segments", "no-tea-lovers", map[string]any{"name": "No tea", "rule": map[string]any{"not": likes}})
		w.define(d, "campaigns", "tea-offer", map[string]any{"name": "Offer", "state": "running", "channel": "social", "templateId": "hook", "trigger": map[string]any{"enteredSegment": "tea-lovers"}})
		w.define(d, "campaigns", "tea-left", map[string]any{"name": "Left", "state": "running", "channel": "social", "templateId": "hook", "wait": "3m", "trigger": map[string]any{"exitedSegment": "tea-lovers"}})
	}
	device := p.device(d)
	if d.happens(0.6) {
		w.post(d, serverKey, browsing(w, d, "", p.user, d.between(1, 3))...)
		w.sleep(d.pause(time.Second, 10*time.Minute))
	}
	for range d.between(1, 3) {
		s := w.event(d, "track", one(d, "Consent Granted", "Consent Revoked", "Consent Revoked"))
		s.Properties = map[string]any{"purpose": one(d, "profiling", "profiling", "service", "marketing"), "textVersion": fmt.Sprintf("text-%d", d.below(4))}
		if s.Properties["purpose"] != "profiling" {
			s.Properties["channel"] = one(d, "email", "social")
		}
		if d.happens(0.2) {
			delete(s.Properties, "textVersion")
		}
		switch d.below(4) {
		case 0:
			s.Anon = device
			if s.Properties["channel"] == "email" {
				s.Properties["channel"] = "social" // consent to mail is what forms give: see subscribe
			}
			w.post(d, publicKey, s)
		case 1:
			s.User, s.own, s.Context = p.user, true, map[string]any{"userHash": userHash(p.user)}
			w.post(d, publicKey, s)
		default:
			s.User = p.user
			w.post(d, serverKey, s)
		}
		w.sleep(d.pause(time.Millisecond, 20*time.Minute))
		if d.happens(0.4) {
			w.post(d, serverKey, browsing(w, d, "", p.user, 1)...)
		}
	}
}

// attackPurposes refuses for others what they allow, and allows what they refuse, for every purpose and to texts that nobody has read.
func attackPurposes(w *world, d *dice, p *human) {
	for range d.between(1, 4) {
		s := w.forge(d, p, "track", one(d, "Consent Granted", "Consent Revoked", "Unsubscribed"))
		s.Properties = map[string]any{"purpose": one(d, "profiling", "profiling", "service", "marketing"), "textVersion": evil}
		if s.Properties["purpose"] != "profiling" {
			s.Properties["channel"] = one(d, "email", "social")
		}
		w.post(d, publicKey, s)
		w.sleep(d.pause(time.Second, 20*time.Minute))
	}
}
