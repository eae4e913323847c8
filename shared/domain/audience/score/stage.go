package score

import "github.com/userops/userops/shared/domain/people/profile"

// The stages of a shop's relation with somebody: they came, looked at something, ordered, came back after their order, ordered again, brought somebody, or are gone.
const (
	Acquire    = "acquire"
	Activate   = "activate"
	Convert    = "convert"
	Retain     = "retain"
	Repurchase = "repurchase"
	Refer      = "refer"
	Churn      = "churn"
)

// Stages lists them in the order in which people go through them.
func Stages() []string {
	return []string{Acquire, Activate, Convert, Retain, Repurchase, Refer, Churn}
}

// stage is the furthest one that somebody has reached, or churn once nothing was heard of them for as long as the lifecycle has it.
func stage(f Facts, lifecycle string) string {
	switch {
	case lifecycle == Churned:
		return Churn
	case f.Referred:
		return Refer
	case f.F >= 2:
		return Repurchase
	case f.F == 1 && f.SinceLast < f.R:
		return Retain
	case f.F == 1:
		return Convert
	case f.Explored:
		return Activate
	}
	return Acquire
}

// referrals are the events that say that somebody brought a friend.
var referrals = [...]string{"Invite Accepted", "Referral Qualified", "Referral Settled"}

// happened says whether an event of a name came up to the as-of date, as far as the profile remembers.
func (o *observer) happened(p *profile.Profile, names ...string) bool {
	for _, name := range names {
		counter, ok := p.Counters[name]
		if !ok || counter.Total == 0 {
			continue
		}
		if counter.Last.Before(o.end) {
			return true
		}
		for _, recent := range counter.Recent {
			if recent.Count > 0 && recent.Day <= o.asOf {
				return true
			}
		}
	}
	return false
}
