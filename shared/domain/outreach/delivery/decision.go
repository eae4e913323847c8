// Package delivery is whether one notification may be sent to one person now, and what became of it. It holds the guards, the
// person's contact record and the decision; it does not send, store or render anything. The surprising thing: one list, the
// intents of the contact record, answers two questions at once, "was this sent already" and "how many were sent lately".
package delivery

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Outcome is what became of one attempt.
type Outcome string

// The outcomes. Unknown is only for an attempt that ended between the call to the provider and its answer: the notification
// may have arrived, and is not sent again.
const (
	Sent     Outcome = "sent"
	Deferred Outcome = "deferred"
	Skipped  Outcome = "skipped"
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"
)

// Reason says why an outcome is not simply "sent".
type Reason string

// The reasons, in the order of the guards that give them, then those of the provider's side.
const (
	KillSwitch    Reason = "killSwitch"    // everything is stopped, or the channel or the campaign is
	NoConsent     Reason = "noConsent"     // never granted where it must be, or revoked
	Suppressed    Reason = "suppressed"    // bounced or complained
	NoAddress     Reason = "noAddress"     // the profile has no address for the channel
	InHoldout     Reason = "holdout"       // kept out of all campaigns
	InControl     Reason = "control"       // kept out of this campaign
	NotRunning    Reason = "notRunning"    // the campaign is cancelled or gone; deferred while it is paused
	NotEligible   Reason = "notEligible"   // left the segment, or the condition no longer holds
	Cancelled     Reason = "cancelled"     // an event that cancels the matter happened since, or the campaign itself was ended
	Taken         Reason = "taken"         // the campaign has had this person
	Unproven      Reason = "unproven"      // only public events say so, and the campaign takes no such word
	Expired       Reason = "expired"       // too late
	InQuietHours  Reason = "quietHours"    // deferred to the end of the window
	OverBudget    Reason = "budget"        // Detail is the budget's id
	FrequencyCap  Reason = "frequencyCap"  // Detail is the rule
	ContactFull   Reason = "contactFull"   // more intents within the retention than one record may hold
	Template      Reason = "template"      // missing, or did not render
	ChannelOff    Reason = "channelOff"    // no sender is configured
	Rejected      Reason = "rejected"      // the provider said no for good
	ProviderError Reason = "providerError" // the provider said not now; failed only after the last attempt
	TimedOut      Reason = "timedOut"      // no answer after the notification was handed over
	Interrupted   Reason = "interrupted"   // the process ended before the answer was recorded
)

// Decision is the record of one attempt at one notification. It never holds an address or a text.
type Decision struct {
	NotificationID  string     `json:"notificationId"`
	ProfileID       profile.ID `json:"profileId"`
	CampaignID      string     `json:"campaignId"`
	CampaignVersion int        `json:"campaignVersion"`
	Step            string     `json:"step"`
	Variant         string     `json:"variant,omitempty"`
	Channel         Channel    `json:"channel,omitempty"`
	TemplateID      string     `json:"templateId,omitempty"`
	Outcome         Outcome    `json:"outcome"`
	Reason          Reason     `json:"reason,omitempty"`
	Detail          string     `json:"detail,omitempty"` // a rule, a status code; no personal data
	// Asked is when the attempt was due: with NotificationID it names the decision, so that deciding again replaces it.
	Asked   time.Time `json:"asked"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until,omitzero"` // when a deferred one is tried again
	Attempt int       `json:"attempt"`        // counts from 0; each deferral adds one
	// Version is that of the profile that was judged, where the decision stands under its id, else 0. It tells of whom the decision is once somebody was
	// erased and is back: clocks may differ.
	Version int64 `json:"-"`
	// Stop is the id of the stop by which it was skipped, and Entry the notification as its job asked for it, in JSON. Where both are given, the decision is listed under the stop.
	Stop  string `json:"-"`
	Entry string `json:"-"`
}

// DecisionLife is how long a decision is kept.
const DecisionLife = 90 * 24 * time.Hour

// Action is what a guard wants.
type Action string

// The actions of a verdict.
const (
	Proceed Action = "proceed"
	Skip    Action = "skip"
	Defer   Action = "defer"
)

// Verdict is a guard's answer. "No" is a value, not an error.
type Verdict struct {
	Action Action
	Reason Reason
	Detail string
	Until  time.Time // of Defer: ask every guard again then
}

func skip(r Reason, detail string) Verdict { return Verdict{Action: Skip, Reason: r, Detail: detail} }
