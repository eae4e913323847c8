package profile

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/trust"
)

// Consent says whether a person may be contacted over a channel. The last word counts, by the time at which it was received: a
// client's clock decides nothing, so a withdrawal stands against every grant that was received before it.
type Consent struct {
	Granted bool `json:"granted"`
	// At is when the person said so, as the client tells it, and not after it was received.
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"` // what revoked it: unsubscribe, complaint, bounce
	// ReceivedAt is zero for what the version before has stored.
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
}

// Heard is when the word was received. What was stored without that time counts from the time that it claims.
func (c Consent) Heard() time.Time {
	if c.ReceivedAt.IsZero() {
		return c.At
	}
	return c.ReceivedAt
}

// Outweighs tells whether the word is a grant that was received after a refusal of that time. One of which nobody knows when it was
// received came after nothing.
func (c Consent) Outweighs(refused time.Time) bool {
	return c.Granted && c.ReceivedAt.After(refused)
}

// unproven is a grant of which nobody knows when it was received. Its claimed time may lie ahead, so it stands against nothing.
func (c Consent) unproven() bool { return c.Granted && c.ReceivedAt.IsZero() }

// compareConsents orders two words about a channel; the greater one holds. It is a total order, so that it does not matter in
// which sequence words are folded or profiles united.
func compareConsents(a, b Consent) int {
	return cmp.Or(
		yes(b.unproven())-yes(a.unproven()),
		a.Heard().Compare(b.Heard()),
		a.At.Compare(b.At),
		yes(b.Granted)-yes(a.Granted), // of two at the same time the stricter one holds
		strings.Compare(a.Reason, b.Reason),
		a.ReceivedAt.Compare(b.ReceivedAt),
	)
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SetConsent records a word about a channel, unless a later one is known.
func (p *Profile) SetConsent(channel string, c Consent) {
	p.leave("consent", p.Reach.hear(channel, c))
}

// hear is SetConsent; it tells how many words were let go.
func (r *Reach) hear(channel string, c Consent) (left int) {
	channel = ConsentChannel(channel)
	if r.Consent == nil {
		r.Consent = map[string]Consent{}
	}
	if old, known := r.Consent[channel]; known && compareConsents(c, old) <= 0 {
		return 0
	}
	place := admit(r.Consent, channel, maxConsents, channels, func(Consent, Consent) Consent { return Consent{} })
	if _, evicted := r.Consent[OtherEvents]; evicted || place == OtherEvents {
		delete(r.Consent, OtherEvents)
		left = 1
	}
	if place != OtherEvents {
		r.Consent[channel] = c
	}
	return left
}

// maxConsents bounds the channels that somebody can name beside the known ones.
const maxConsents = 16

// channels are those that a consent may name. Their consent is kept in any case: nobody's refusal is lost to a flood of other names,
// which the version before took.
var channels = map[string]bool{"email": true, "sms": true, "push": true, "wechat": true, "mini-program": true, "social": true, "store": true, "phone": true, "webhook": true}

// ConsentChannel is the name under which a channel's consent stands: letters of both cases and blanks make no difference, and no name
// means e-mail.
func ConsentChannel(name string) string {
	name = strings.ToLower(strings.Join(strings.Fields(name), ""))
	if name == "" {
		return ChannelEmail
	}
	return clip(name)
}

// JudgeConsent refuses a word about consent whose channel nobody knows: taken, it would have no effect. The reason is empty for every
// other event.
func JudgeConsent(e *event.Event) (field, reason string) {
	if e.Kind != event.Track || !speaksOfConsent(e.Name) {
		return "", ""
	}
	var channel, several []byte
	pick(e.Properties, member{"channel", &channel}, member{"channels", &several})
	known := strings.Join(slices.Sorted(maps.Keys(channels)), ", ")
	if len(channel) == 0 && len(several) > 0 {
		return "properties.channel", "is missing, and channels is not read: send an event for each of " + known // it would count for e-mail
	}
	var name string
	if raw := string(channel); raw == "" || raw == "null" || json.Unmarshal(channel, &name) == nil && channels[ConsentChannel(name)] {
		return "", ""
	}
	return "properties.channel", "is not a channel: " + known
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

// consentOf is the word about consent that an event says. A bounce is none: it is about an address.
func consentOf(e *event.Event, at time.Time) (fact trust.Fact, channel string, c Consent, ok bool) {
	if e.Kind != event.Track || e.Name != event.EmailMarkedAsSpam && !speaksOfConsent(e.Name) {
		return 0, "", c, false
	}
	c = Consent{At: at, ReceivedAt: heardAt(e)}
	if c.At.After(c.ReceivedAt) {
		c.At = c.ReceivedAt
	}
	if e.Name == event.EmailMarkedAsSpam {
		c.Reason = "complaint"
		return trust.Complaint, ChannelEmail, c, true
	}
	var name, reason []byte
	pick(e.Properties, member{"channel", &name}, member{"reason", &reason})
	c.Reason, fact = clip(unquote(reason)), trust.Withdrawal
	switch e.Name {
	case event.ConsentGranted:
		c.Granted, fact = true, trust.Grant
	case event.Unsubscribed:
		c.Reason = "unsubscribe"
	}
	return fact, unquote(name), c, true
}

// Withdrawal is what an event says against an address: that it is dead, or that whoever reads there wants nothing more. Reason is empty for
// every other event.
type Withdrawal struct {
	Channel string
	Reason  string // bounce, complaint, unsubscribe
	Address string // empty where the event names none: then it is the person's
	At      time.Time
}

// WithdrawalOf reads an event. A bounce that the shop calls soft says nothing yet.
func WithdrawalOf(e *event.Event) Withdrawal {
	if e.Kind != event.Track {
		return Withdrawal{}
	}
	var channel, address []byte
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
	pick(e.Properties, member{"channel", &channel}, member{"email", &address})
	if w.Reason == "unsubscribe" {
		w.Channel = ConsentChannel(unquote(channel))
	}
	if w.Channel == ChannelEmail {
		w.Address = strings.TrimSpace(unquote(address))
	}
	return w
}

// softBounces begin what services call a refusal that may pass: of SoftBounce, soft_bounce and Soft bounce only the letters count.
var softBounces = []string{"soft", "transient", "temporary", "undetermined", "block", "defer", "delay", "mailboxfull"}

// softBounce tells whether a shop says of a bounce that it may pass, under whichever name its service has for that.
func softBounce(properties []byte) (soft bool) {
	members(properties, func(name, value []byte) {
		switch string(name) {
		case "type", "bounce_type", "bounceType", "classification", "severity":
			kind := strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' {
					return r
				}
				return -1
			}, strings.ToLower(unquote(value)))
			soft = soft || slices.ContainsFunc(softBounces, func(mark string) bool { return strings.HasPrefix(kind, mark) })
		}
	})
	return soft
}
