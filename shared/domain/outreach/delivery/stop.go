package delivery

import "github.com/userops/userops/shared/domain/fault"

// Stop says that nothing is to be sent: of everything, of one channel or of one campaign. What comes due while it is in force is skipped.
type Stop struct {
	// ID is its own: a scope that is stopped again has another. A decision that it has caused names it.
	ID         string  `json:"id,omitempty"`
	Channel    Channel `json:"channel,omitempty"`
	CampaignID string  `json:"campaign,omitempty"`
	// KeepTransactional lets go on what a person asked for by an act of their own.
	KeepTransactional bool `json:"keepTransactional,omitempty"`
}

// StopEverything is the scope of a stop that names neither a channel nor a campaign.
const StopEverything = "everything"

// Scope is what the stop is of. Of each scope one is in force at most.
func (s Stop) Scope() string {
	switch {
	case s.Channel != "":
		return "channel-" + string(s.Channel)
	case s.CampaignID != "":
		return "campaign-" + s.CampaignID
	}
	return StopEverything
}

// ParseStop reads a stop. A word that is not known is a fault of one that was saved before too: in the words of a newer program it may stop less or more than could be read here.
func ParseStop(body []byte) (Stop, error) {
	var s Stop
	faults := fault.Decode(body, &s)
	if s.Channel != "" && s.CampaignID != "" {
		faults.Add("campaign", "stands beside a channel: a stop is of one of them, or of everything")
	}
	return s, faults.Err()
}

// Of says whether the stop is of a campaign over a channel.
func (s Stop) Of(campaign string, c Channel) bool {
	return (s.Channel == "" || s.Channel == c) && (s.CampaignID == "" || s.CampaignID == campaign)
}
