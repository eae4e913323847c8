package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/rawjson"
)

// ConsentKey names what a word is about, as profiles keep it: "email" is marketing by e-mail, "email/service" what is asked for by e-mail, and
// "profiling" has no channel. Marketing is as it was before there were purposes.
func ConsentKey(channel string, purpose Purpose) string {
	switch purpose {
	case Profiling:
		return string(Profiling)
	case Service:
		return ConsentChannel(channel) + "/" + string(Service)
	}
	return ConsentChannel(channel)
}

// ConsentChannel is the name under which a channel's consent stands: letters of both cases and blanks make no difference, and no name
// means e-mail.
func ConsentChannel(name string) string {
	if name = squeezed(name); name == "" {
		return ChannelEmail
	}
	return short(name)
}

// SetConsent records a word under its key, unless a later one is known.
func (p *Profile) SetConsent(key string, c Consent) {
	p.leave("consent", p.Reach.hear(key, c))
}

// hear is SetConsent; it tells how many words were let go.
func (r *Reach) hear(key string, c Consent) (left int) {
	key = ConsentChannel(key)
	if r.Consent == nil {
		r.Consent = map[string]Consent{}
	}
	if old, known := r.Consent[key]; known && compareConsents(c, old) <= 0 {
		return 0
	}
	as := makeRoom(r.Consent, key, maxConsents, consentKeys, func(Consent, Consent) Consent { return Consent{} })
	if _, evicted := r.Consent[OtherEvents]; evicted || as == OtherEvents {
		delete(r.Consent, OtherEvents)
		left = 1
	}
	if as != OtherEvents {
		r.Consent[key] = c
	}
	return left
}

// maxConsents bounds the channels that somebody can name beside the known ones.
const maxConsents = 16

// channels are those that a consent may name: those with an address, and those that need none of ours.
var channels = func() map[string]bool {
	of := map[string]bool{"mini-program": true, "social": true, "store": true, "phone": true, "webhook": true}
	for _, k := range addressKinds {
		of[k.Channel] = true
	}
	return of
}()

// purposes are those that a consent may name.
var purposes = map[Purpose]bool{Marketing: true, Service: true, Profiling: true}

// consentKeys are what a consent may be about. These are kept in any case: nobody's refusal is lost to a flood of other names, which the version
// before took.
var consentKeys = func() map[string]bool {
	keys := map[string]bool{}
	for channel := range channels {
		for purpose := range purposes {
			keys[ConsentKey(channel, purpose)] = true
		}
	}
	return keys
}()

// JudgeConsentKey says why a key names nothing that somebody can consent to; empty for one that does.
func JudgeConsentKey(key string) string {
	if consentKeys[ConsentChannel(key)] {
		return ""
	}
	return fmt.Sprintf("%q is nothing that somebody consents to: %s, each alone or with /%s behind it, or %s", short(key), strings.Join(names(channels), ", "), Service, Profiling)
}

// JudgeConsent refuses a word about consent whose channel or purpose nobody knows, since taken it would have no effect or another one, and one whose
// proof cannot be kept. The reason is empty for every other event.
func JudgeConsent(e *event.Event) (field, reason string) {
	if e.Kind != event.Track || !speaksOfConsent(e.Name) {
		return "", ""
	}
	var channel, several, purpose, version []byte
	pick(e.Properties, member{"channel", &channel}, member{"channels", &several}, member{"purpose", &purpose}, member{"textVersion", &version})
	if said, text := isSaid(version), rawjson.Plain(version); said && (text == "" || len(text) > MaxTextVersion) {
		return "properties.textVersion", fmt.Sprintf("is no text or number of at most %d bytes", MaxTextVersion)
	}
	of := purposeOf(purpose)
	switch {
	case isSaid(purpose) && !purposes[of]:
		return "properties.purpose", "is not a purpose: " + strings.Join(names(purposes), ", ")
	case of == Profiling && (isSaid(channel) || isSaid(several)):
		return "properties.channel", "is there, and profiling has none: leave it out"
	case of == Profiling:
		return "", ""
	}
	known := strings.Join(names(channels), ", ")
	if len(channel) == 0 && len(several) > 0 {
		return "properties.channel", "is missing, and channels is not read: send an event for each of " + known // it would count for e-mail
	}
	var name string
	if raw := string(channel); raw == "" || raw == "null" || json.Unmarshal(channel, &name) == nil && channels[ConsentChannel(name)] {
		return "", ""
	}
	return "properties.channel", "is not a channel: " + known
}

// isSaid tells whether a property says something.
func isSaid(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" && string(raw) != `""` }

// purposeOf reads a property. Letters of both cases and blanks make no difference, as with channels.
func purposeOf(raw []byte) Purpose { return Purpose(squeezed(rawjson.Text(raw))) }

// squeezed is a name in small letters and without blanks.
func squeezed(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), "")) }

// names are the keys in the order of the alphabet.
func names[K ~string](of map[K]bool) []string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		all = append(all, string(k))
	}
	return all
}

func speaksOfConsent(name string) bool {
	return name == event.ConsentGranted || name == event.ConsentRevoked || name == event.Unsubscribed
}

// heardAt is when the word of an event counts as received. A shop's notices tell the state of a consent again with every later change of
// the customer, days apart, and mark it as told (PropertyRestated): what is only told again is as old as it says, and takes nothing back
// that was said meanwhile.
func heardAt(e *event.Event) time.Time {
	received := e.ReceivedAt
	if received.IsZero() {
		received = e.Timestamp
	}
	var restated []byte
	if pick(e.Properties, member{PropertyRestated, &restated}); string(restated) == "true" && e.Timestamp.Before(received) {
		received = e.Timestamp
	}
	return received.UTC().Truncate(time.Millisecond)
}

// PropertyRestated of an event about consent says that it tells a state which has held since the event's own time.
const PropertyRestated = "restated"

// consentOf is the word about consent that an event says, and under which key it is kept. A bounce is none: it is about an address.
func consentOf(e *event.Event, at time.Time) (fact trust.Fact, key string, c Consent, ok bool) {
	if e.Kind != event.Track || e.Name != event.EmailMarkedAsSpam && !speaksOfConsent(e.Name) {
		return 0, "", c, false
	}
	c = Consent{At: at, ReceivedAt: heardAt(e), Proof: Proof{By: speaker(e.Trust), Source: short(e.Source)}}
	if c.At.After(c.ReceivedAt) {
		c.At = c.ReceivedAt
	}
	if e.Name == event.EmailMarkedAsSpam {
		c.Reason = "complaint"
		return trust.Complaint, ChannelEmail, c, true
	}
	var name, purpose, reason, version []byte
	pick(e.Properties, member{"channel", &name}, member{"purpose", &purpose}, member{"reason", &reason}, member{"textVersion", &version})
	of := purposeOf(purpose)
	c.Reason, c.TextVersion, fact = short(rawjson.Text(reason)), clip.To(rawjson.Plain(version), MaxTextVersion), trust.Withdrawal
	if of == Profiling {
		fact = trust.RefuseProfiling
	}
	switch e.Name {
	case event.ConsentGranted:
		c.Granted, fact = true, trust.Grant
	case event.Unsubscribed:
		c.Reason = "unsubscribe"
	}
	return fact, ConsentKey(rawjson.Text(name), of), c, true
}

// ProofOf is the proof of the word about consent that an event says, nil where it says none. Whether the word counts is not asked.
func ProofOf(e *event.Event) *Proof {
	_, _, c, ok := consentOf(e, e.Timestamp)
	if !ok {
		return nil
	}
	return &c.Proof
}

// speaker is who a proof names. A level that is not known here is trusted as a public one, and shown as one.
func speaker(l trust.Level) trust.Level {
	switch l = l.Or(trust.Shop); l {
	case trust.Person, trust.Shop, trust.Operator, trust.Provider:
		return l
	}
	return trust.Public
}

// Withdrawal is what an event says against an address: that it is dead, or that whoever reads there wants nothing more. Reason is empty for
// every other event.
type Withdrawal struct {
	Channel string
	Reason  string // bounce, complaint, unsubscribe
	Address string // empty where the event names none: then it is the person's
	At      time.Time
}

// WithdrawalOf reads an event. A bounce that the shop calls soft says nothing yet, and a word that is not about marketing nothing of an address.
func WithdrawalOf(e *event.Event) Withdrawal {
	if e.Kind != event.Track {
		return Withdrawal{}
	}
	var channel, address, purpose []byte
	w := Withdrawal{Channel: ChannelEmail}
	switch e.Name {
	case event.EmailMarkedAsSpam:
		w.Reason = "complaint"
	case event.EmailBounced:
		if w.Reason = "bounce"; softBounce(e.Properties) {
			return Withdrawal{}
		}
	case event.Unsubscribed, event.ConsentRevoked:
		w.Reason = "unsubscribe"
	default:
		return Withdrawal{}
	}
	w.At = heardAt(e)
	pick(e.Properties, member{"channel", &channel}, member{"email", &address}, member{"purpose", &purpose})
	if w.Reason == "unsubscribe" {
		if !MarketingConsent(ConsentKey("", purposeOf(purpose))) {
			return Withdrawal{}
		}
		w.Channel = ConsentChannel(rawjson.Text(channel))
	}
	if w.Channel == ChannelEmail {
		w.Address = strings.TrimSpace(rawjson.Text(address))
	}
	return w
}

// softBounces begin what services call a refusal that may pass: of SoftBounce, soft_bounce and Soft bounce only the letters count.
var softBounces = []string{"soft", "transient", "temporary", "undetermined", "block", "defer", "delay", "mailboxfull"}

// softBounce tells whether a shop says of a bounce that it may pass, under whichever name its service has for that.
func softBounce(properties []byte) (soft bool) {
	rawjson.Members(properties, func(name, value []byte) {
		switch string(name) {
		case "type", "bounce_type", "bounceType", "classification", "severity":
			kind := strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' {
					return r
				}
				return -1
			}, strings.ToLower(rawjson.Text(value)))
			soft = soft || slices.ContainsFunc(softBounces, func(mark string) bool { return strings.HasPrefix(kind, mark) })
		}
	})
	return soft
}
