package score

import (
	"github.com/userops/userops/shared/domain/people/profile"
)

// What is lacking, or in doubt, of a profile.
const (
	LacksName     = "noName"
	LacksUser     = "anonymous"
	LacksEmail    = "noEmail"
	LacksPhone    = "noPhone"
	LacksAddress  = "noAddress"
	LacksConsent  = "noConsent"
	OnlyPublic    = "unproven"
	LeftDetailOut = "detailLeftOut"
	WaitsToBeSent = "owesFollows"
	FromBefore    = "daysByUTC"
)

// lacks are the questions of data quality, in the order in which they are told.
var lacks = []struct {
	name string
	is   func(p, all *profile.Profile) bool
}{
	{LacksUser, func(p, _ *profile.Profile) bool { return p.UserID() == "" }},
	{LacksName, func(_, all *profile.Profile) bool { return all.Traits["name"].Value == nil }},
	{LacksEmail, func(p, _ *profile.Profile) bool { return p.Address(profile.ChannelEmail) == "" }},
	{LacksPhone, func(p, _ *profile.Profile) bool { return p.Address(profile.ChannelSMS) == "" }},
	{LacksAddress, func(p, _ *profile.Profile) bool {
		for _, k := range profile.AddressKinds() {
			if p.Address(k.Channel) != "" {
				return false
			}
		}
		return true
	}},
	{LacksConsent, func(p, _ *profile.Profile) bool {
		for key, word := range p.Consent {
			if word.Granted && profile.MarketingConsent(key) {
				return false
			}
		}
		return true
	}},
	{OnlyPublic, func(p, _ *profile.Profile) bool { return p.Memory.Empty() }},
	{LeftDetailOut, func(_, all *profile.Profile) bool { return len(all.LeftOut) > 0 }},
	{WaitsToBeSent, func(p, _ *profile.Profile) bool { return len(p.Outbox) > 0 }},
	{FromBefore, func(_, all *profile.Profile) bool { return all.ShopDays == 0 && len(all.Active.Bits) > 0 }},
}

// Lacks lists what is asked of data quality.
func Lacks() []string {
	names := make([]string, len(lacks))
	for i, l := range lacks {
		names[i] = l.name
	}
	return names
}

// Quality counts profiles by what is lacking of them. Nil is one of a run that did not count.
type Quality map[string]int

// Add counts a profile: p by what is proven, all with what only public events say.
func (q Quality) Add(p, all *profile.Profile) {
	for _, l := range lacks {
		if l.is(p, all) {
			q[l.name]++
		}
	}
}

// Merge adds what another part has counted.
func (q Quality) Merge(other Quality) {
	for name, n := range other {
		q[name] += n
	}
}
