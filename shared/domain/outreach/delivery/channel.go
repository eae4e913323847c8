package delivery

import (
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Channel names a way to reach people.
type Channel string

// The channels that have a sender. SMS is a text of the provider's that was approved before, with values. Push goes to each device of a person that has the app. Social is the signed webhook to a service of the shop's own choice.
const (
	Email  Channel = "email"
	SMS    Channel = "sms"
	Push   Channel = "push"
	Social Channel = "social"
)

// Part names a part of what a channel carries.
type Part string

// The parts. Payload is JSON.
const (
	Subject Part = "subject"
	Text    Part = "text"
	HTML    Part = "html"
	Payload Part = "payload"
)

// Kind is what there is to know of a channel outside of its sender.
type Kind struct {
	Channel Channel
	// Address is the address of a profile to which it goes, as profile.Address has it; empty where the channel needs none.
	Address string
	// Basis is what allows marketing where the settings say nothing else.
	Basis Basis
	// Parts are what its content is made of: of each group at least one is there.
	Parts [][]Part
	// Link says that whatever is not transactional has a signed link to unsubscribe, and does not go without one.
	Link bool
	// Optional are parts that it may have beside them.
	Optional []Part
	// Several says that it goes to each of the addresses of the kind that a person has: one that took it is enough.
	Several bool
	// OptOut says that whatever is not transactional has words in its text by which to want no more, and does not go without them.
	OptOut bool
}

// kinds are the channels. docs/channels.md says what else a new one takes.
var kinds = []Kind{
	{Channel: Email, Address: profile.ChannelEmail, Basis: OptIn, Parts: [][]Part{{Subject}, {Text, HTML}}, Link: true},
	{Channel: SMS, Address: profile.ChannelSMS, Basis: OptIn, Parts: [][]Part{{Text}, {Payload}}, OptOut: true},
	{Channel: Push, Address: profile.ChannelPush, Basis: OptIn, Parts: [][]Part{{Subject}, {Text}}, Optional: []Part{Payload}, Several: true},
	{Channel: Social, Basis: OptOut, Parts: [][]Part{{Payload}}},
}

// Channels lists the channels that a campaign may name.
func Channels() []Channel {
	all := make([]Channel, len(kinds))
	for i, k := range kinds {
		all[i] = k.Channel
	}
	return all
}

// KindOf is what is known of a channel; of one that is not here it is a channel without an address and parts that needs consent.
func KindOf(c Channel) Kind {
	for _, k := range kinds {
		if k.Channel == c {
			return k
		}
	}
	return Kind{Channel: c, Basis: OptIn}
}

// Carries tells whether a part is one of the channel's.
func (k Kind) Carries(p Part) bool {
	return slices.Contains(k.Optional, p) || slices.ContainsFunc(k.Parts, func(group []Part) bool { return slices.Contains(group, p) })
}

// Basis says what allows marketing over a channel.
type Basis string

// OptIn needs a consent on record; OptOut needs only that none was revoked.
const (
	OptIn  Basis = "optIn"
	OptOut Basis = "optOut"
)
