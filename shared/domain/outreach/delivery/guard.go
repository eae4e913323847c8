package delivery

import (
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Case is everything that the guards look at for one notification.
type Case struct {
	Now      time.Time
	Settings Settings
	Holdout  Holdout
	Stops    []Stop // those in force

	CampaignID    string
	Control       float64 // share of the campaign's audience that gets nothing
	Transactional bool
	// Confirms says that the notification asks whoever reads at Address to confirm it. Nobody there has said anything yet: Consent is nil.
	Confirms bool
	Channel  Channel
	Tags     []string
	NotAfter time.Time // zero means no limit

	// Person is what shares are drawn by: the userId, or the profileId of a person without one.
	Person  string
	Address string // empty when the channel needs one and the profile has none
	// Consent is the person's last word on marketing over the channel, and Service that on transactional notifications; nil if there is none. Marks are
	// what is known against Address.
	Consent *profile.Consent
	Service *profile.Consent
	Marks   Marks
	Zone    *time.Location
	// Eligible is what the campaign itself says of the person now.
	Eligible Verdict
	// Contacts are the person's records: the own one, then those of profiles that were merged into it.
	Contacts []*Contact
}

// Judge asks the guards that only read, in the order of the reference. The ones that take something are asked by Reserve.
func Judge(c Case) Verdict {
	for _, guard := range []func(Case) Verdict{killSwitch, consent, holdout, eligible, quietHours} {
		if v := guard(c); v.Action != Proceed {
			return v
		}
	}
	return Verdict{Action: Proceed}
}

func killSwitch(c Case) Verdict {
	if c.Settings.KillSwitch {
		return skip(KillSwitch, "")
	}
	if slices.Contains(c.Settings.Stopped, c.Channel) {
		return skip(KillSwitch, string(c.Channel))
	}
	if c.Confirms && c.Settings.ConfirmationsOff {
		return skip(KillSwitch, "confirmations")
	}
	for _, stop := range c.Stops {
		if stop.forbids(c) {
			return skip(KillSwitch, stop.ID)
		}
	}
	return Verdict{Action: Proceed}
}

// consent looks at what the person allows. What bars the address itself (a bounce, a complaint) holds for transactional
// notifications too; an unsubscribe does not, only a word of its own about service. A grant that was received after a complaint or an unsubscribe takes it back: the
// person has said so last. No grant revives a dead address.
func consent(c Case) Verdict {
	if reason := c.suppressed(); reason != "" {
		return skip(Suppressed, reason)
	}
	if c.Transactional && c.Service != nil && !c.Service.Granted {
		return skip(NoConsent, "service")
	}
	if !c.Transactional {
		if c.withdrawn() {
			return skip(NoConsent, "revoked")
		}
		if c.Settings.basis(c.Channel) == OptIn && c.Consent == nil {
			return skip(NoConsent, "")
		}
	}
	if KindOf(c.Channel).Address != "" && c.Address == "" {
		return skip(NoAddress, "")
	}
	return Verdict{Action: Proceed}
}

// suppressed is why nothing at all may be sent there, empty if something may.
func (c Case) suppressed() string {
	if c.Consent != nil && !c.Consent.Granted && (c.Consent.Reason == "complaint" || c.Consent.Reason == "bounce") {
		return c.Consent.Reason
	}
	for _, contact := range c.Contacts {
		s, ok := contact.Suppressions[c.Channel]
		if ok && s.bars(c.Address) {
			return s.Reason
		}
	}
	switch {
	case !c.Marks.Bounced.IsZero():
		return "bounce"
	case c.refused(c.Marks.Complained):
		return "complaint"
	}
	return ""
}

// withdrawn says whether the person, or whoever reads at the address, wants nothing more over the channel.
func (c Case) withdrawn() bool {
	if c.Consent != nil && !c.Consent.Granted || c.refused(c.Marks.Withdrawn) {
		return true
	}
	return slices.ContainsFunc(c.Contacts, func(contact *Contact) bool { return c.refused(contact.Withdrawn[c.Channel]) })
}

// refused says whether a refusal of that time still stands.
func (c Case) refused(at time.Time) bool {
	return !at.IsZero() && (c.Consent == nil || !c.Consent.Outweighs(at))
}

func holdout(c Case) Verdict {
	if c.Transactional {
		return Verdict{Action: Proceed}
	}
	if experiment.Bucket("holdout:"+c.Holdout.Season, c.Person) < c.Holdout.Share {
		return skip(InHoldout, c.Holdout.Season)
	}
	if experiment.Bucket(c.CampaignID+":control", c.Person) < c.Control {
		return skip(InControl, "")
	}
	return Verdict{Action: Proceed}
}

func eligible(c Case) Verdict {
	if c.Eligible.Action != Proceed {
		return c.deferred(c.Eligible)
	}
	if !c.NotAfter.IsZero() && c.Now.After(c.NotAfter) {
		return skip(Expired, "")
	}
	return Verdict{Action: Proceed}
}

func quietHours(c Case) Verdict {
	until := c.Settings.QuietHours.Until(c.Now, c.Zone)
	if !until.After(c.Now) {
		return Verdict{Action: Proceed}
	}
	return c.deferred(Verdict{Action: Defer, Reason: InQuietHours, Until: until})
}

// deferred skips what would expire while it waits.
func (c Case) deferred(v Verdict) Verdict {
	if v.Action == Defer && !c.NotAfter.IsZero() && v.Until.After(c.NotAfter) {
		return skip(Expired, string(v.Reason))
	}
	return v
}

// Reserve asks the guards that take something, the frequency caps, and when they agree notes the intent in the person's own
// record, the first of Contacts. The caller writes that record under the condition that nobody changed it, or calls again
// with fresh records.
func Reserve(c Case, intent Intent) Verdict {
	intent.At, intent.Channel, intent.Tags = c.Now, c.Channel, c.Tags
	intent.Counted = !c.Transactional || c.Settings.Transactional.CountCaps
	if !c.Transactional || !c.Settings.Transactional.IgnoreCaps {
		var all []Intent
		for _, contact := range c.Contacts {
			all = append(all, contact.Intents...)
		}
		if v := judgeCaps(c.Settings.Caps, c.Channel, c.Tags, all, c.Now, c.Zone); v.Action != Proceed {
			return c.deferred(v)
		}
	}
	own := c.Contacts[0]
	own.Add(intent)
	most := maxIntents
	if c.Transactional {
		most = maxTransactionalIntents
	}
	if len(own.Intents) > most {
		own.Intents = own.Intents[:len(own.Intents)-1]
		return skip(ContactFull, "")
	}
	return Verdict{Action: Proceed}
}

// forbids says whether the stop is of a notification.
func (s Stop) forbids(c Case) bool {
	return !(s.KeepTransactional && c.Transactional) && s.Of(c.CampaignID, c.Channel)
}

// Overspent is the verdict on what a budget has no room for until its next period begins.
func (c Case) Overspent(b Budget, next time.Time) Verdict {
	if b.Over == DeferOver {
		return c.deferred(Verdict{Action: Defer, Reason: OverBudget, Detail: b.ID, Until: next})
	}
	return skip(OverBudget, b.ID)
}
