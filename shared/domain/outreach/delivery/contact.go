package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/address"
	"github.com/userops/userops/shared/domain/people/profile"
)

// IntentLife is how long an intent refuses a second sending. A job can come back from a dead-letter queue after 28 days.
const IntentLife = 35 * 24 * time.Hour

// maxIntents bounds the record: past it nothing is sent to the person until intents expire. What a person asked for by an act of
// their own may take as much again, so that no campaign takes its place.
const (
	maxIntents              = 500
	maxTransactionalIntents = 2 * maxIntents
)

// Contact is what dispatch remembers of one person: intents, which are at once the memory of duplicates and the counters of the
// caps, suppressions and withdrawals. It is stored as one item with a version, and every change is one conditional write. The
// records of merged people are united, so that an intent stays one conditional write.
type Contact struct {
	ProfileID    profile.ID
	Version      int64 // of the stored item; 0 when it is not stored yet
	Intents      []Intent
	Suppressions map[Channel]Suppression
	// Withdrawn is what the person said to us directly: it holds from our answer on, before the profile has heard of it.
	Withdrawn map[Channel]time.Time
	// United are the profiles whose records are part of this one.
	United []profile.ID
	// MovedTo is whose record this one is part of, since the profile was merged into that one. Nothing else is kept here then.
	MovedTo profile.ID
	// Unknown keeps what a newer version of the program has stored, to be written back as it was.
	Unknown []byte
}

// Intent is the record that a notification is about to be sent. It is written before the provider is called.
type Intent struct {
	ID    string    // of the notification
	Asked time.Time // finds its decision
	At    time.Time // when it was reserved
	// Holder is who reserved it, so that a writer whose answer got lost can find out that it was itself.
	Holder  string
	Channel Channel
	Tags    []string // as they were when it was sent
	Counted bool     // counts for the caps
	// Of is the profile under which the notification was decided, when that was merged into another since; else empty.
	Of profile.ID
}

// Suppression bars a channel after a bounce or a complaint. With Address it bars only that one address.
type Suppression struct {
	Reason  string
	At      time.Time
	Address string // AddressHash
}

// AddressHash stands for an address where the address itself must not be kept: 16 hex digits, the same for all its spellings.
func AddressHash(text string) string {
	if address.Number(text) != "" {
		if number := address.Phone(text); number != "" {
			return addressHash(number)
		}
	}
	return addressHash(address.Email(text))
}

// FormerHash is the AddressHash of the version before, which folded letters of any script and knew no full-width forms. What stands under it holds.
func FormerHash(text string) string { return addressHash(strings.ToLower(strings.TrimSpace(text))) }

func addressHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// bars tells whether the suppression holds for an address.
func (s Suppression) bars(address string) bool {
	return s.Address == "" || s.Address == AddressHash(address) || s.Address == FormerHash(address)
}

// Marks is what is known against an address, whoever's it is: since when it is dead, and when somebody who reads there complained of us
// or wanted nothing more. A zero time means never.
type Marks struct{ Bounced, Complained, Withdrawn time.Time }

// Intent finds the intent of a notification. ok is false where the record holds none.
func (c *Contact) Intent(id string) (found Intent, ok bool) {
	i := slices.IndexFunc(c.Intents, func(i Intent) bool { return i.ID == id })
	if i < 0 {
		return Intent{}, false
	}
	return c.Intents[i], true
}

// Forget takes out what was noted until a time, and tells whether there was any. What an intent was asked for may be a time that a
// client claims, long ago or to come: only when it was written tells whose it is. A withdrawal was answered when it was received: it goes if it
// came before the erasure was asked for. What came with a part that somebody else was then, and was united since, is spared.
func (c *Contact) Forget(until, asked time.Time, spared func(Intent) bool) bool {
	if c.MovedTo != "" {
		c.MovedTo = "" // who stands here now was never part of anybody
		return true
	}
	kept := slices.DeleteFunc(slices.Clone(c.Intents), func(i Intent) bool {
		return !i.At.After(until) && (i.Of == "" || !spared(i))
	})
	found := len(kept) < len(c.Intents)
	c.Intents = kept
	for channel, one := range c.Suppressions {
		if !one.At.After(until) {
			delete(c.Suppressions, channel)
			found = true
		}
	}
	for channel, at := range c.Withdrawn {
		if !at.After(asked) {
			delete(c.Withdrawn, channel)
			found = true
		}
	}
	return found
}

// Objections is the record of somebody who is gone: nothing but what they withdrew after the erasure was asked for.
func (c *Contact) Objections(asked time.Time) *Contact {
	left := &Contact{ProfileID: c.ProfileID, Version: c.Version}
	for channel, at := range c.Withdrawn {
		if at.After(asked) {
			left.Withdraw(channel, at)
		}
	}
	return left
}

// Bare tells whether a record holds nothing but withdrawals.
func (c *Contact) Bare() bool {
	return len(c.Intents)+len(c.Suppressions)+len(c.United)+len(c.Unknown) == 0 && c.MovedTo == ""
}

// Add notes an intent and lets go of those past their life.
func (c *Contact) Add(intent Intent) {
	c.Intents = slices.DeleteFunc(c.Intents, func(i Intent) bool { return intent.At.Sub(i.At) >= IntentLife })
	c.Intents = append(c.Intents, intent)
}

// Release takes an intent back: the provider refused for now, and the notification may be sent later.
func (c *Contact) Release(id, holder string) {
	c.Intents = slices.DeleteFunc(c.Intents, func(i Intent) bool { return i.ID == id && i.Holder == holder })
}

// Refuse keeps an intent, so that the notification is never tried again, but gives back its place in the caps.
func (c *Contact) Refuse(id, holder string) {
	for n, i := range c.Intents {
		if i.ID == id && i.Holder == holder {
			c.Intents[n].Counted = false
		}
	}
}

// Suppress bars a channel.
func (c *Contact) Suppress(channel Channel, s Suppression) {
	if c.Suppressions == nil {
		c.Suppressions = map[Channel]Suppression{}
	}
	c.Suppressions[channel] = s
}

// Withdraw notes that the person wants nothing more over a channel.
func (c *Contact) Withdraw(channel Channel, at time.Time) {
	if c.Withdrawn == nil {
		c.Withdrawn = map[Channel]time.Time{}
	}
	if at.After(c.Withdrawn[channel]) {
		c.Withdrawn[channel] = at
	}
}

// Unite takes in the record of a profile that was merged into this one's.
func (c *Contact) Unite(part *Contact) {
	for _, i := range part.Intents {
		if _, stored := c.Intent(i.ID); stored {
			continue
		}
		if i.Of == "" {
			i.Of = part.ProfileID
		}
		c.Intents = append(c.Intents, i)
	}
	slices.SortStableFunc(c.Intents, func(a, b Intent) int { return a.At.Compare(b.At) })
	for channel, s := range part.Suppressions {
		// What bars the channel outweighs what bars one address.
		if old, known := c.Suppressions[channel]; !known || old.Address != "" && (s.Address == "" || s.At.After(old.At)) {
			c.Suppress(channel, s)
		}
	}
	for channel, at := range part.Withdrawn {
		c.Withdraw(channel, at)
	}
	for _, id := range append([]profile.ID{part.ProfileID}, part.United...) {
		if !slices.Contains(c.United, id) {
			c.United = append(c.United, id)
		}
	}
	c.Unknown = append(slices.Clip(c.Unknown), part.Unknown...)
}
