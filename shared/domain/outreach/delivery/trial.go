package delivery

import (
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
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

// maxTrialAddresses bounds the addresses of the shop's own.
const maxTrialAddresses = 20

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

func (s Settings) trialFaults() (f fault.Faults) {
	if len(s.TrialAddresses) > maxTrialAddresses {
		f.Addf("testAddresses", "must be at most %d", maxTrialAddresses)
	}
	for i, to := range s.TrialAddresses {
		if _, ok := profile.Written(profile.Email, to); !ok {
			f.Add(fmt.Sprintf("testAddresses[%d]", i), "is no e-mail address")
		}
	}
	return f
}
