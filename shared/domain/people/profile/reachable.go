package profile

import (
	"cmp"
	"maps"
	"slices"
)

// The channels whose addresses a profile knows. A campaign may name others; they need no address, or the shop knows it.
const (
	ChannelEmail  = "email"
	ChannelSMS    = "sms"
	ChannelPush   = "push"
	ChannelWeChat = "wechat"
)

// AddressKind is a kind of address under which people are reached, in words: "a phone number".
type AddressKind struct {
	Channel, Noun string
	of            func(*Profile) string
}

// addressKinds are the addresses that a profile knows. What the person said last counts before what joined once.
var addressKinds = []AddressKind{
	{ChannelEmail, "an e-mail address", func(p *Profile) string { return cmp.Or(p.provenEmail(), p.Confirmed.Value) }},
	{ChannelSMS, "a phone number", func(p *Profile) string {
		if i, ok := phone(p.Traits.proven("phone")); ok {
			return i.Value
		}
		return p.Identifier(Phone)
	}},
	{ChannelPush, "a push token", (*Profile).newestToken},
	{ChannelWeChat, "an openid", func(p *Profile) string {
		if i, ok := token(OpenID, p.Traits.proven("openid", "openId")); ok {
			return i.Value
		}
		return p.Identifier(OpenID)
	}},
}

// AddressKinds are the kinds of addresses that a profile knows.
func AddressKinds() []AddressKind { return addressKinds }

// Address is where a channel reaches the person: an e-mail address, a phone number, the newest push token, an openid; empty where there is none.
func (p *Profile) Address(channel string) string {
	for _, k := range addressKinds {
		if k.Channel == channel {
			return k.of(p)
		}
	}
	return ""
}

// Addresses are all at which a channel reaches the person, the newest first: each device that has a token; of other channels the one address.
func (p *Profile) Addresses(channel string) []string {
	if channel == ChannelPush {
		return slices.SortedFunc(maps.Keys(p.Tokens), func(a, b string) int { return cmp.Or(p.Tokens[b].At.Compare(p.Tokens[a].At), cmp.Compare(b, a)) })
	}
	if address := p.Address(channel); address != "" {
		return []string{address}
	}
	return nil
}

func (p *Profile) newestToken() string {
	newest := ""
	for token, t := range p.Tokens {
		if old := p.Tokens[newest]; newest == "" || t.At.After(old.At) || t.At.Equal(old.At) && token > newest {
			newest = token
		}
	}
	return newest
}

// provenEmail is the e-mail address that the person or the shop has named, empty if there is none. An address that a link confirmed is none of
// these.
func (p *Profile) provenEmail() string {
	if i, ok := email(p.Traits.proven("email")); ok {
		return i.Value
	}
	return p.Identifier(Email)
}

// Reachable tells whether a channel has an address for the person and the person's consent.
func (p *Profile) Reachable(channel string) bool {
	return p.Address(channel) != "" && p.Consent[channel].Granted
}

// RefusesProfiling tells whether the person's last word on profiling is a refusal. Who has said nothing may be profiled.
func (p *Profile) RefusesProfiling() bool {
	word, said := p.Consent[string(Profiling)]
	return said && !word.Granted
}
