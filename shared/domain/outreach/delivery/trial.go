package delivery

import (
	"strings"
	"time"
)

// Trial is a template that an operator sends to an address of the shop's own, to see how it arrives. It is of no person and of no campaign, so no cap counts it, no result has it, and nobody's data is in it.
type Trial struct {
	ID              string    `json:"trialId"`
	TemplateID      string    `json:"templateId"`
	TemplateVersion int       `json:"templateVersion"`
	Channel         Channel   `json:"channel"`
	Locale          string    `json:"locale,omitempty"`
	To              string    `json:"to"`
	At              time.Time `json:"at"`
}

// TrialMark begins the subject of a trial, so that nobody takes it for the real thing.
const TrialMark = "[TEST] "

// TakesTrials says whether an address is one of the shop's own, to which a trial may go.
func (s Settings) TakesTrials(to string) bool {
	for _, own := range s.TrialAddresses {
		if strings.EqualFold(own, to) {
			return true
		}
	}
	return false
}

// Trials judges whether a trial may go now: to an address that is still the shop's own, while nothing stops the channel.
func (s Settings) Trials(t Trial, stops []Stop) Verdict {
	switch {
	case !s.TakesTrials(t.To):
		return Verdict{Action: Skip, Reason: NoAddress, Detail: "is no test address"}
	case s.KillSwitch:
		return Verdict{Action: Skip, Reason: KillSwitch}
	}
	for _, c := range s.Stopped {
		if c == t.Channel {
			return Verdict{Action: Skip, Reason: KillSwitch, Detail: string(c)}
		}
	}
	for _, stop := range stops {
		if stop.Of("", t.Channel) {
			return Verdict{Action: Skip, Reason: KillSwitch, Detail: stop.ID}
		}
	}
	return Verdict{Action: Proceed}
}
