package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/profile"
)

// IntentLife is how long an intent refuses a second sending. A job can come back from a dead-letter queue after 28 days.
const IntentLife = 35 * 24 * time.Hour

// maxIntents bounds the record: past it nothing is sent to the person until intents expire.
const maxIntents = 500

// Contact is what dispatch remembers of one person: intents, which are at once the memory of duplicates and the counters of the
// caps, and suppressions. It is stored as one item with a version, and every change is one conditional write.
type Contact struct {
	ProfileID    profile.ID
	Version      int64 // of the stored item; 0 when it is not stored yet
	Intents      []Intent
	Suppressions map[Channel]Suppression
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
}

// Suppression bars a channel after a bounce or a complaint. With Address it bars only that one address.
type Suppression struct {
	Reason  string
	At      time.Time
	Address string // AddressHash
}

// AddressHash stands for an address where the address itself must not be kept: 16 hex digits, of the address in lower case.
func AddressHash(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(sum[:8])
}

// Known finds the intent of a notification.
func (c *Contact) Known(id string) (Intent, bool) {
	i := slices.IndexFunc(c.Intents, func(i Intent) bool { return i.ID == id })
	if i < 0 {
		return Intent{}, false
	}
	return c.Intents[i], true
}

// Forget takes out what is not newer than a time, and tells whether there was any.
func (c *Contact) Forget(until time.Time) bool {
	kept := slices.DeleteFunc(slices.Clone(c.Intents), func(i Intent) bool { return !i.Asked.After(until) })
	found := len(kept) < len(c.Intents)
	c.Intents = kept
	for channel, one := range c.Suppressions {
		if !one.At.After(until) {
			delete(c.Suppressions, channel)
			found = true
		}
	}
	return found
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
