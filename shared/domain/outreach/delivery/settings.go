package delivery

import (
	"fmt"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

// The ids of the two settings documents that this package reads.
const (
	SettingsID = "messaging"
	HoldoutID  = "holdout"
)

// Settings are the house's rules for all campaigns: the document "messaging".
type Settings struct {
	// KillSwitch stops everything at once, transactional notifications too. Stopped stops single channels.
	KillSwitch bool       `json:"killSwitch,omitempty"`
	Stopped    []Channel  `json:"stopped,omitempty"`
	QuietHours QuietHours `json:"quietHours,omitzero"`
	// Caps apply together. Absent means the default rule, an empty list means none.
	Caps          []Cap         `json:"caps"`
	Transactional Transactional `json:"transactional"`
	// ConfirmationsOff asks nobody to confirm an address that only a device has named. Such an address is written to never, then.
	ConfirmationsOff bool `json:"confirmationsOff,omitempty"`
	// Consent overrides the basis of a channel.
	Consent map[Channel]Basis `json:"consent,omitempty"`
	// TrialAddresses are addresses of the shop's own, to which an operator may send a template to see how it arrives.
	TrialAddresses []string `json:"testAddresses,omitempty"`
	// Rates bound what providers are handed, and Budgets what is sent at all. Prices are of a thousand notifications, for budgets of money.
	Rates   []Rate                   `json:"rates,omitempty"`
	Budgets []Budget                 `json:"budgets,omitempty"`
	Prices  map[Channel]money.Amount `json:"pricesPerThousand,omitempty"`
}

// Transactional says how the caps treat notifications that a person asked for by an act of their own.
type Transactional struct {
	IgnoreCaps bool `json:"ignoreCaps"`
	CountCaps  bool `json:"countCaps"`
}

// Holdout keeps a share of everybody out of all campaigns that are not transactional. A new season draws a new share.
type Holdout struct {
	Share  float64 `json:"share"`
	Season string  `json:"season"`
}

// DefaultSettings are in force while no document is saved: no quiet hours, three notifications a day over all channels,
// transactional ones neither capped nor counted.
func DefaultSettings() Settings {
	return Settings{
		Caps:          []Cap{{Limit: 3, Channel: AnyChannel, Per: 1, Unit: Days, Over: SkipOver}},
		Transactional: Transactional{IgnoreCaps: true},
	}
}

// ParseSettings reads and checks the document. Fields that are absent have their defaults.
func ParseSettings(body []byte) (Settings, error) {
	s := DefaultSettings()
	caps := s.Caps
	s.Caps = nil
	faults := fault.Decode(body, &s)
	if s.Caps == nil {
		s.Caps = caps
	}
	return s, faults.And(s.Validate())
}

// ParseHoldout reads and checks the document.
func ParseHoldout(body []byte) (Holdout, error) {
	var h Holdout
	faults := fault.Decode(body, &h)
	return h, faults.And(h.Validate())
}

// Validate answers every fault of the document.
func (s Settings) Validate() error {
	var f fault.Faults
	for i, c := range s.Stopped {
		if !slices.Contains(Channels(), c) {
			f.Addf(fmt.Sprintf("stopped[%d]", i), "is not a channel: %v", Channels())
		}
	}
	for c, b := range s.Consent {
		if !slices.Contains(Channels(), c) {
			f.Addf("consent."+string(c), "is not a channel: %v", Channels())
		}
		if b != OptIn && b != OptOut {
			f.Add("consent."+string(c), "must be optIn or optOut")
		}
	}
	if len(s.Caps) > maxCaps {
		f.Addf("caps", "must be at most %d rules", maxCaps)
	}
	for i, c := range s.Caps {
		f = append(f, c.faults().Under(fmt.Sprintf("caps[%d]", i))...)
	}
	return append(append(f, s.trialFaults()...), s.allowanceFaults()...).Err()
}

// Validate answers every fault of the document.
func (h Holdout) Validate() error {
	var f fault.Faults
	if !(h.Share >= 0 && h.Share <= 0.5) {
		f.Add("share", "must be from 0 to 0.5")
	}
	if h.Share > 0 && h.Season == "" {
		f.Add("season", "must name the season of the draw, for example 2026Q4")
	}
	return f.Err()
}

// basis is what marketing over a channel needs.
func (s Settings) basis(c Channel) Basis {
	if b, ok := s.Consent[c]; ok {
		return b
	}
	return KindOf(c).Basis
}

// maxTrialAddresses bounds the addresses of the shop's own.
const maxTrialAddresses = 20

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

const (
	maxRate    = 100_000
	maxBudgets = 20
	// maxSpent bounds a budget, so that a thousand times it is a number still.
	maxSpent = math.MaxInt64 / 1000
)

// PerSecond is the rate of a channel; 0 means that it has none.
func (s Settings) PerSecond(c Channel) int {
	for _, r := range s.Rates {
		if r.Channel == c {
			return r.PerSecond
		}
	}
	return 0
}

func (s Settings) allowanceFaults() (f fault.Faults) {
	known := func(c Channel) bool { return slices.Contains(Channels(), c) }
	for i, r := range s.Rates {
		at := fmt.Sprintf("rates[%d]", i)
		switch {
		case !known(r.Channel):
			f.Addf(at+".channel", "is not a channel: %v", Channels())
		case slices.ContainsFunc(s.Rates[:i], func(b Rate) bool { return b.Channel == r.Channel }):
			f.Add(at+".channel", "has a rate already")
		}
		if r.PerSecond < 1 || r.PerSecond > maxRate {
			f.Addf(at+".perSecond", "must be from 1 to %d", maxRate)
		}
	}
	for c, price := range s.Prices {
		if !known(c) {
			f.Addf("pricesPerThousand."+string(c), "is not a channel: %v", Channels())
		}
		if price.Minor < 0 || !price.Currency.Known() {
			f.Add("pricesPerThousand."+string(c), "must be an amount of a currency, not below 0")
		}
	}
	if len(s.Budgets) > maxBudgets {
		f.Addf("budgets", "must be at most %d", maxBudgets)
	}
	for i, b := range s.Budgets {
		f = append(f, s.budgetFaults(b).Under(fmt.Sprintf("budgets[%d]", i))...)
		if slices.ContainsFunc(s.Budgets[:i], func(a Budget) bool { return a.ID == b.ID }) {
			f.Add(fmt.Sprintf("budgets[%d].id", i), "is the id of another budget")
		}
	}
	return f
}

func (s Settings) budgetFaults(b Budget) (f fault.Faults) {
	if reason := slug.Fault(b.ID); reason != "" {
		f.Add("id", reason)
	}
	if b.Channel != "" && !slices.Contains(Channels(), b.Channel) {
		f.Addf("channel", "is not a channel: %v", Channels())
	}
	if b.Per != EachDay && b.Per != EachWeek && b.Per != EachMonth {
		f.Add("per", "must be day, week or month")
	}
	if b.Over != "" && b.Over != SkipOver && b.Over != DeferOver {
		f.Add("over", "must be skip or defer")
	}
	if (b.Money == nil) == (b.Notifications == 0) {
		f.Add("notifications", "must be given, or money, and not both")
		return f
	}
	if b.Money == nil {
		if b.Notifications < 1 || b.Notifications > maxSpent {
			f.Addf("notifications", "must be from 1 to %d", int64(maxSpent))
		}
		return f
	}
	if b.Money.Minor < 1 || b.Money.Minor > maxSpent {
		f.Addf("money", "must be from 1 to %d", int64(maxSpent))
	}
	priced := false
	for c, price := range s.Prices {
		if b.Covers(b.CampaignID, c) {
			priced = priced || price.Minor > 0
			if price.Currency != b.Money.Currency {
				f.Add("money", "is of another currency than a price in pricesPerThousand")
			}
		}
	}
	if !priced {
		f.Add("money", "must have a price in pricesPerThousand")
	}
	return f
}
