package outreach

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

// contactLife is how long a contact record is kept after its last change when all that it holds are intents.
const contactLife = delivery.IntentLife + 24*time.Hour

// Contact reads a person's record, consistently. Where there is none it is an empty one of version 0.
func (s Deliveries) Contact(ctx context.Context, id profile.ID) (*delivery.Contact, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Contact(id))
	if err != nil {
		return nil, fmt.Errorf("reading the contact of %s: %w", id, err)
	}
	c := &delivery.Contact{ProfileID: id}
	if found == nil {
		return c, nil
	}
	c.Version = dynamo.NumberOf(found, dynamo.AttrVersion)
	c.MovedTo = profile.ID(dynamo.TextOf(found, dynamo.AttrTo))
	if err := unpackContact(dynamo.BytesOf(found, dynamo.AttrBody), c); err != nil {
		return nil, fmt.Errorf("reading the contact of %s: %w", id, err)
	}
	return c, nil
}

// Profiles follows merges to who stands under an id by now, consistently. It is nil where nobody does.
type Profiles interface {
	Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error)
}

// ContactOf is Contact, where a pointer is asked whether it still holds. One under an id of which somebody is the head was put before an
// erasure: whoever it was merged with is gone, and this one, who came back alone, has no record yet.
func (s Deliveries) ContactOf(ctx context.Context, profiles Profiles, id profile.ID) (*delivery.Contact, error) {
	c, err := s.Contact(ctx, id)
	if err != nil || c.MovedTo == "" {
		return c, err
	}
	// Asked after the record was read: a pointer is written behind its merge.
	stands, err := profiles.Resolve(ctx, id)
	if err != nil {
		return nil, err
	}
	if stands != nil && stands.ID == id {
		c.MovedTo = ""
	}
	return c, nil
}

// AddressContact is the record of an address, whosever it is: what was sent there that only public events have started.
func (s Deliveries) AddressContact(ctx context.Context, channel delivery.Channel, address string) (*delivery.Contact, error) {
	hashes := append(addressHashes(address), delivery.AddressHash(address))
	return s.Contact(ctx, profile.ID(key.Address(string(channel), hashes[0]).PK))
}

// SaveContact writes the record if nobody has changed it since it was read, and counts its version up. ErrConflict says that
// somebody has; any other error leaves open whether the write happened.
func (s Deliveries) SaveContact(ctx context.Context, c *delivery.Contact) error {
	if err := dynamo.Do(ctx, s.DB, s.putContact(c)); err != nil {
		return fmt.Errorf("writing the contact of %s: %w", c.ProfileID, err)
	}
	c.Version++
	return nil
}

func (s Deliveries) putContact(c *delivery.Contact) dynamo.Write {
	i := key.Contact(c.ProfileID).Item()
	if body := packContact(c, s.Now.Time()); len(body) > 0 {
		i[dynamo.AttrBody] = dynamo.BytesValue(body)
	}
	if len(c.Suppressions) == 0 && len(c.Withdrawn) == 0 {
		i[dynamo.AttrTTL] = dynamo.NumberValue(s.Now.Time().Add(contactLife).Unix())
	}
	return s.overContact(c, i)
}

// overContact puts an item where the record stands, if that is still as it was read.
func (s Deliveries) overContact(c *delivery.Contact, i dynamo.Item) dynamo.Write {
	i[dynamo.AttrVersion] = dynamo.NumberValue(c.Version + 1)
	return dynamo.Put(s.Table, i, dynamo.OfVersion(c.Version))
}

// UnitedContact reads the one record of a person. Where profiles were merged into this one since it was written, their records are united with
// it first: an intent is one conditional write, and a worker that still holds one of theirs loses its condition. ErrConflict says that the
// person is to be read again.
func (s Deliveries) UnitedContact(ctx context.Context, profiles Profiles, person *profile.Profile) (*delivery.Contact, error) {
	own, err := s.ContactOf(ctx, profiles, person.ID)
	if err != nil {
		return nil, err
	}
	if own.MovedTo != "" {
		return nil, dynamo.ErrConflict
	}
	forgetErased(own, person)
	for {
		var parts []*delivery.Contact
		for _, id := range recorded(person) {
			if id == own.ProfileID || slices.Contains(own.United, id) {
				continue
			}
			part, err := s.Contact(ctx, id)
			if err != nil {
				return nil, err
			}
			forgetErased(part, person)
			parts = append(parts, part)
		}
		if len(parts) == 0 {
			return own, nil
		}
		if err := s.UniteContacts(ctx, own, parts); err != nil {
			return nil, err
		}
	}
}

// forgetErased leaves out of a record what is of somebody who was erased, which the wipe has not reached yet: who came back was sent nothing.
func forgetErased(c *delivery.Contact, person *profile.Profile) {
	if at, erased := person.Erasures[c.ProfileID]; erased && c.MovedTo == "" {
		c.Forget(at, at, func(i delivery.Intent) bool { return slices.Contains(person.Parts, i.Of) && !person.Erased(i.Of, i.At) })
	}
}

// recorded are the ids beside the own one under which a record may stand: of those who were merged into the person, and of those who were erased
// before a key was the person's, and withdrew since.
func recorded(person *profile.Profile) []profile.ID {
	ids := slices.Clone(person.Parts)
	for _, id := range slices.Sorted(maps.Keys(person.Erasures)) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// maxWithdrawTries bounds how often Withdraw meets another writer.
const maxWithdrawTries = 20

// Withdraw notes that a person wants nothing more over a channel. When it returns nil, no notification is begun any more that looks at
// the record afterwards, and those that looked before lose their condition, also where they looked at a part of the person before a merge. Of
// somebody who was erased it is noted under the key, for whoever comes back by it.
func (s Deliveries) Withdraw(ctx context.Context, profiles people.Profiles, id profile.ID, channel delivery.Channel, at time.Time) error {
	last := dynamo.ErrConflict
	for range maxWithdrawTries {
		person, err := profiles.Load(ctx, id)
		if err != nil {
			return err
		}
		c, err := s.recordOf(ctx, profiles, person)
		if errors.Is(err, dynamo.ErrConflict) {
			last = err
			continue
		}
		if err != nil {
			return err
		}
		c.Withdraw(channel, at)
		if last = s.SaveContact(ctx, c); errors.Is(last, dynamo.ErrConflict) {
			continue
		}
		if last != nil {
			return last
		}
		// A merge that came meanwhile has brought a record that says nothing of it.
		now, err := profiles.Load(ctx, id)
		if err != nil || now.ID == person.ID && slices.Equal(now.Parts, person.Parts) {
			return err
		}
		last = dynamo.ErrConflict
	}
	return fmt.Errorf("withdrawing a consent of %s: %w", id, last)
}

// recordOf is UnitedContact, also of a key under which nobody stands: a pointer there was put before an erasure.
func (s Deliveries) recordOf(ctx context.Context, profiles Profiles, person *profile.Profile) (*delivery.Contact, error) {
	if people.Somebody(person) {
		return s.UnitedContact(ctx, profiles, person)
	}
	c, err := s.Contact(ctx, person.ID)
	if err == nil {
		c.MovedTo = ""
	}
	return c, err
}

// dropContact deletes the record if nobody has changed it since it was read. ErrConflict says that somebody has.
func (s Deliveries) dropContact(ctx context.Context, c *delivery.Contact) error {
	return dynamo.Do(ctx, s.DB, dynamo.Remove(s.Table, key.Contact(c.ProfileID), dynamo.OfVersion(c.Version)))
}

// maxUnited is how many records one transaction takes in.
const maxUnited = 90

// UniteContacts takes the records of merged profiles into the person's own and leaves a pointer in the place of each, in one
// transaction: whoever still holds one of them loses its condition. A part that has none gets a pointer all the same, and so does one
// that has a pointer: somebody who came back may take an old one for nothing. Of more than maxUnited parts the first are taken; the caller sees in own.United which. ErrConflict says that one of them was changed.
func (s Deliveries) UniteContacts(ctx context.Context, own *delivery.Contact, parts []*delivery.Contact) error {
	parts = parts[:min(len(parts), maxUnited)]
	var writes []dynamo.Write
	for _, part := range parts {
		own.Unite(part)
		i := key.Contact(part.ProfileID).Item()
		i[dynamo.AttrTo] = dynamo.TextValue(string(own.ProfileID))
		i[dynamo.AttrTTL] = dynamo.NumberValue(s.Now.Time().Add(contactLife).Unix())
		writes = append(writes, s.overContact(part, i))
	}
	if err := dynamo.Do(ctx, s.DB, append(writes, s.putContact(own))...); err != nil {
		return fmt.Errorf("uniting the contacts of %s: %w", own.ProfileID, err)
	}
	own.Version++
	return nil
}

// The marks of an address, as attributes: milliseconds since 1970.
const (
	attrBounced    = "bounced"
	attrComplained = "complained"
	attrWithdrawn  = "withdrawn"
)

// Marks reads what is known against an address, consistently, whichever way its domain is written. Of no address nothing is.
func (s Deliveries) Marks(ctx context.Context, channel delivery.Channel, address string) (delivery.Marks, error) {
	var all delivery.Marks
	for _, hash := range addressHashes(address) {
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Address(string(channel), hash))
		if err != nil {
			return delivery.Marks{}, fmt.Errorf("reading what is known of an address: %w", err)
		}
		for attr, at := range map[string]*time.Time{attrBounced: &all.Bounced, attrComplained: &all.Complained, attrWithdrawn: &all.Withdrawn} {
			if then := dynamo.MilliOf(found, attr); then.After(*at) {
				*at = then
			}
		}
	}
	return all, nil
}

// addressHashes are the hashes under which an address is known: with its domain in letters of ASCII first, then as the version before marked it. None of no address.
func addressHashes(address string) []string {
	if address == "" {
		return nil
	}
	ascii := address
	at := strings.LastIndexByte(address, '@')
	if domain, err := idna.Lookup.ToASCII(strings.TrimSpace(address[at+1:])); err == nil && at >= 0 {
		ascii = address[:at+1] + domain
	}
	hashes := []string{delivery.AddressHash(ascii)}
	for _, before := range []string{delivery.FormerHash(ascii), delivery.FormerHash(address)} {
		if !slices.Contains(hashes, before) {
			hashes = append(hashes, before)
		}
	}
	return hashes
}

// errMarked says that as much or more is noted already.
var errMarked = errors.New("the address has a later mark")

// Mark notes something against an address: "bounce", "complaint" or "unsubscribe". The latest time stays, so marking again changes
// nothing. The address itself is not kept, and a mark stays when a person is erased: it holds nobody's name, and forgetting it would
// write to somebody who wanted nothing more.
func (s Deliveries) Mark(ctx context.Context, channel delivery.Channel, address, reason string, at time.Time) error {
	attr := map[string]string{"bounce": attrBounced, "complaint": attrComplained, "unsubscribe": attrWithdrawn}[reason]
	hashes := addressHashes(address)
	if attr == "" || len(hashes) == 0 {
		return nil
	}
	err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.Address(string(channel), hashes[0]), "SET #mark = :at", dynamo.Condition{
		Text: "attribute_not_exists(#mark) OR #mark < :at", Names: map[string]string{"#mark": attr}, Values: dynamo.Item{":at": dynamo.NumberValue(at.UnixMilli())},
	}).Or(errMarked))
	if err != nil && !errors.Is(err, errMarked) {
		return fmt.Errorf("marking an address: %w", err)
	}
	return nil
}
