// Package people stores people: profiles with the orders that commit with them, the timeline of what they did, and what it takes to wipe them. It holds no rule of what a profile
// is. The surprising thing: a profile, an order and a pointer stand in one table, so that a commit is one write or one transaction of one table.
package people

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/packed"
	"github.com/userops/userops/shared/job"
)

// Attributes of the Profiles table beside keys, version and body.
const (
	attrOff    = "off"    // of a tombstone: when the device of the key was taken off who stood here, milliseconds since 1970
	attrErased = "erased" // when who stood here before was erased, milliseconds since 1970; a tombstone has no body
)

// maxPointers bounds how many pointers are followed; a merge shortens those that it knows of, so chains stay short.
const maxPointers = 32

// attrIdentity of a profile item changes when the person's keys do, by a merge or an identifier that joins, and by nothing else.
const attrIdentity = "k"

// Profiles stores profiles, the pointers of identifiers that joined another profile, tombstones, and orders.
type Profiles struct {
	DB    dynamo.API
	Table string
	// History is where a merge tells of itself. Only Merge needs it.
	History Timeline
	// Months is how long a stranger is kept who is not heard of: as long as their events, so that nothing of them is left which the next one under
	// the id could be taken for. Who writes profiles sets it; for ever when zero.
	Months int
	// Skim has ScanShard read people without their records of commits, into profiles that are used again: those of a page are the page's until the next one is read, and cannot be saved.
	Skim bool
}

// Load reads a person's profile with consistent reads, following pointers. Where there is none it answers a profile without
// identifiers under the id at which one would be made; if a tombstone stands there, it knows when the erasure was, also by the keys whose
// pointers led there.
//
// A pointer and what it leads to are read one after the other, and an erasure in between changes both. So where who is found does not go by the
// key, the way there must be the same once more: whoever is written at its end would else be somebody to whom the key does not lead.
func (s Profiles) Load(ctx context.Context, id profile.ID) (*profile.Profile, error) {
	p, way, err := s.follow(ctx, id)
	for range maxPointers {
		if err != nil || len(way) == 1 || slices.Contains(p.Keys(), id) {
			return p, err
		}
		again, same, err := s.follow(ctx, id)
		if err != nil || slices.Equal(same, way) {
			return p, err
		}
		p, way = again, same
	}
	return nil, fmt.Errorf("loading profile %s: its pointers change all the time: %w", id, dynamo.ErrConflict)
}

// follow reads what stands at the end of a key's pointers. way are the keys that were read.
func (s Profiles) follow(ctx context.Context, id profile.ID) (p *profile.Profile, way []profile.ID, err error) {
	for range maxPointers {
		way = append(way, id)
		found, err := dynamo.Get(ctx, s.DB, s.Table, key.Profile(id))
		if err != nil {
			return nil, nil, fmt.Errorf("loading profile %s: %w", id, err)
		}
		if to := dynamo.TextOf(found, dynamo.AttrTo); to != "" {
			id = profile.ID(to)
			continue
		}
		p, err := readProfile(id, found)
		if err == nil && len(p.Identifiers) == 0 && !p.ErasedAt.IsZero() {
			for _, key := range way {
				p.RememberErasure(key, p.ErasedAt)
			}
		}
		return p, way, err
	}
	return nil, nil, fmt.Errorf("loading profile %s: more than %d pointers", id, maxPointers)
}

// Resolve is Load for readers: nil where there is no profile.
func (s Profiles) Resolve(ctx context.Context, id profile.ID) (*profile.Profile, error) {
	p, err := s.Load(ctx, id)
	if err != nil || !Somebody(p) {
		return nil, err
	}
	return p, nil
}

// Stands tells whether a profile is still as it was read: not written since, nor part of another one. It reads two numbers.
func (s Profiles) Stands(ctx context.Context, p *profile.Profile) (bool, error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: key.Profile(p.ID).Item(), ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("#v, #to"), ExpressionAttributeNames: map[string]string{"#v": dynamo.AttrVersion, "#to": dynamo.AttrTo}})
	if err != nil {
		return false, fmt.Errorf("looking at profile %s again: %w", p.ID, err)
	}
	return dynamo.TextOf(out.Item, dynamo.AttrTo) == "" && dynamo.NumberOf(out.Item, dynamo.AttrVersion) == p.Version, nil
}

// Somebody tells a profile from a free key or a tombstone.
func Somebody(p *profile.Profile) bool {
	first, _ := p.Seen()
	return p.Version != 0 && !first.IsZero()
}

// OfErased tells whether a notification came of somebody who was erased since: nobody is there, which a nil person says, or who stands
// under the id now came later. Nothing of before is theirs, neither the event nor the intent that says it was sent.
func (s Profiles) OfErased(ctx context.Context, n job.Notification, person *profile.Profile) (bool, error) {
	switch {
	case person == nil:
		return true, nil
	case n.EventOf == "":
		return person.Erased(n.ProfileID, n.Since), nil
	}
	return s.outlived(ctx, person, n.EventOf, n.EventVersion)
}

// Outlived tells whether what was noted of a key at a version of its profile is of somebody who was erased since. person is whom the key leads to.
func (s Profiles) Outlived(ctx context.Context, person *profile.Profile, key profile.ID, version int64) (bool, error) {
	return s.outlived(ctx, person, key, version)
}

// outlived tells whether a commit under a key was of somebody who was erased since. person is whom the key led to; of a key that is a
// part of theirs the tombstone tells, since who came back remembers the keys only that they came by.
func (s Profiles) outlived(ctx context.Context, person *profile.Profile, key profile.ID, version int64) (bool, error) {
	if person.Predates(key, version) || key == person.ID {
		return person.Predates(key, version), nil
	}
	now, err := s.Load(ctx, key)
	if err != nil {
		return false, err
	}
	return now.Predates(key, version), nil
}

func readProfile(id profile.ID, item map[string]types.AttributeValue) (*profile.Profile, error) {
	p := &profile.Profile{ID: id}
	if err := readInto(p, item, unpackProfile); err != nil {
		return nil, err
	}
	return p, nil
}

// readInto reads an item into a profile of whom nothing is known yet.
func readInto(p *profile.Profile, item map[string]types.AttributeValue, unpack func([]byte, *profile.Profile) error) error {
	if item == nil {
		return nil
	}
	stands := profile.Mark{Version: dynamo.NumberOf(item, dynamo.AttrVersion)}
	if at := dynamo.NumberOf(item, attrErased); at != 0 {
		stands.Erased = time.UnixMilli(at).UTC()
	}
	body := dynamo.BytesOf(item, dynamo.AttrBody)
	if body == nil && !stands.Erased.IsZero() {
		p.Bury(stands)
		if off := dynamo.MilliOf(item, attrOff); !off.IsZero() {
			p.RememberOff(p.ID, off)
		}
		return nil
	}
	p.Stored(stands)
	if err := unpack(body, p); err != nil {
		return fmt.Errorf("reading profile %s: %w: %w", p.ID, dynamo.ErrUnreadable, err)
	}
	attributeErasure(p)
	return nil
}

// attributeErasure gives an erasure that the version before has noted to every key: it does not say which one it was of.
func attributeErasure(p *profile.Profile) {
	for _, at := range p.Erasures {
		if !at.Before(p.ErasedAt) {
			return
		}
	}
	if !p.ErasedAt.IsZero() {
		for _, key := range p.Keys() {
			p.RememberErasure(key, p.ErasedAt)
		}
	}
}

// unchanged holds while the item is as the profile was read, whatever was done to the profile since. The version alone would not do:
// where a profile stood, a pointer or a tombstone may stand now, with a count of its own. Every conditional write of a profile, and every
// check of one, asks this and nothing else.
func unchanged(p *profile.Profile) dynamo.Condition {
	read := p.Mark()
	if read.Version == 0 {
		return dynamo.Absent()
	}
	c := dynamo.Condition{Text: "#v = :v AND attribute_not_exists(#to) AND ", Names: map[string]string{"#v": dynamo.AttrVersion, "#to": dynamo.AttrTo, "#erased": attrErased},
		Values: dynamo.Item{":v": dynamo.NumberValue(read.Version)}}
	if read.Erased.IsZero() {
		c.Text += "attribute_not_exists(#erased)"
		return c
	}
	c.Text += "#erased = :erased"
	c.Values[":erased"] = dynamo.NumberValue(read.Erased.UnixMilli())
	return c
}

// written notes that the profile's item was written as item says.
func written(p *profile.Profile) {
	at := p.ErasedAt
	p.Stored(profile.Mark{Version: p.Version + 1, Erased: at})
}

// strangerGrace is by how much a stranger outlives the last of their events.
const strangerGrace = 48 * time.Hour

// identity stands for all keys of a person, in whatever order: eight bytes.
func identity(p *profile.Profile) []byte {
	keys := p.Keys()
	slices.Sort(keys)
	h := fnv.New64a()
	for _, key := range keys {
		h.Write([]byte(key))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

func (s Profiles) item(p *profile.Profile) dynamo.Item {
	i := key.Profile(p.ID).Item()
	i[dynamo.AttrVersion] = dynamo.NumberValue(p.Version + 1)
	i[dynamo.AttrBody] = dynamo.BytesValue(trim(p))
	i[attrIdentity] = dynamo.BytesValue(identity(p))
	if !p.ErasedAt.IsZero() {
		i[attrErased] = dynamo.NumberValue(p.ErasedAt.UnixMilli())
	}
	if s.Months > 0 && p.Stranger() {
		i[dynamo.AttrTTL] = dynamo.NumberValue(p.HeardOf().AddDate(0, s.Months, 0).Add(strangerGrace).Unix())
	}
	return i
}

// trim packs the profile. Where it saves a write unit, remembered hashes are let go before their time; the timeline then decides
// about duplicates of those events.
func trim(p *profile.Profile) []byte {
	body := packProfile(p)
	short, shorter := p.Window.Newest()
	if packed.WriteUnits(body) == 1 || !shorter {
		return body
	}
	trimmed := *p
	trimmed.Window = short
	if small := packProfile(&trimmed); packed.WriteUnits(small) < packed.WriteUnits(body) {
		p.Window = short
		return small
	}
	return body
}

func pointerItem(from, to profile.ID) dynamo.Item {
	i := key.Profile(from).Item()
	i[dynamo.AttrTo] = dynamo.TextValue(string(to))
	return i
}

// tombstone stands where somebody was erased. Under the key of a device that was taken off them before, it says that the device has another key.
func tombstone(p *profile.Profile, id profile.ID, version int64, at time.Time) dynamo.Item {
	i := key.Profile(id).Item()
	i[dynamo.AttrVersion] = dynamo.NumberValue(version)
	i[attrErased] = dynamo.NumberValue(at.UnixMilli())
	if off, is := p.Off[id]; is {
		i[attrOff] = dynamo.NumberValue(off.UnixMilli())
	}
	return i
}

// Save writes the profile if it is still as it was loaded, and counts its Version up. ErrConflict says that it is not; any other
// error leaves open whether the write happened.
func (s Profiles) Save(ctx context.Context, p *profile.Profile) error {
	if err := dynamo.Do(ctx, s.DB, s.put(p)); err != nil {
		return fmt.Errorf("saving profile %s: %w", p.ID, err)
	}
	written(p)
	return nil
}

// Change is what one commit writes at once: a profile, the orders that its events changed, and pointers for identifiers that
// had no profile of their own.
type Change struct {
	Profile *profile.Profile
	Orders  []*order.Order
	// Attach are keys that from now on point to the profile, as they were loaded: nobody stands there. What is known of erasures under
	// them the profile remembers.
	Attach []*profile.Profile
}

// MaxChangeItems is how many orders and pointers one change may hold.
const MaxChangeItems = 90

// Commit writes a change: all of it or nothing. It is one conditional write where only the profile changes, else a transaction.
// ErrConflict says that something was not as it was loaded; any other error leaves open whether the write happened.
func (s Profiles) Commit(ctx context.Context, c Change) error {
	if len(c.Orders) == 0 && len(c.Attach) == 0 {
		return s.Save(ctx, c.Profile)
	}
	p := c.Profile
	for _, vacant := range c.Attach {
		p.Inherit(vacant)
	}
	writes := []dynamo.Write{s.put(p)}
	for _, o := range c.Orders {
		writes = append(writes, Orders{Table: s.Table}.put(o))
	}
	for _, vacant := range c.Attach {
		writes = append(writes, dynamo.Put(s.Table, pointerItem(vacant.ID, p.ID), unchanged(vacant)))
	}
	if err := dynamo.Do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("committing profile %s: %w", p.ID, err)
	}
	written(p)
	for _, o := range c.Orders {
		o.Version++
	}
	return nil
}

// put writes a profile while it is as it was loaded.
func (s Profiles) put(p *profile.Profile) dynamo.Write {
	return dynamo.Put(s.Table, s.item(p), unchanged(p))
}

// Merge writes keep, which has absorbed the other, leaves a forward pointer where the other stood and where its identifiers
// pointed, and puts what tells of it into the timeline; all of it or nothing, if both are still as they were loaded. Nothing is told
// where told has no events.
func (s Profiles) Merge(ctx context.Context, keep, absorbed *profile.Profile, told Pack) error {
	writes := []dynamo.Write{s.put(keep), dynamo.Put(s.Table, pointerItem(absorbed.ID, keep.ID), unchanged(absorbed))}
	if len(told.Events) > 0 {
		packs, err := Packed([]Pack{told})
		if err != nil {
			return fmt.Errorf("telling of a merge: %w", err)
		}
		for _, p := range packs {
			writes = append(writes, dynamo.Put(s.History.Table, s.History.item(p), dynamo.Condition{}))
		}
	}
	for _, i := range absorbed.Identifiers {
		// These pointed to the absorbed profile and cannot have changed while it is as it was loaded.
		if id := i.ID(); id != absorbed.ID && len(writes) < MaxChangeItems {
			writes = append(writes, dynamo.Put(s.Table, pointerItem(id, keep.ID), dynamo.Condition{}))
		}
	}
	if err := dynamo.Do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("merging profile %s into %s: %w", absorbed.ID, keep.ID, err)
	}
	written(keep)
	return nil
}

// Erase puts tombstones of one version (profile.TombstoneVersion) where the profile, its parts and its identifiers' pointers stand, if it
// is still as it was loaded, and files what follows from them. A key under which somebody else's profile stands is a conflict.
func (s Profiles) Erase(ctx context.Context, p *profile.Profile, at time.Time, version int64, beside ...dynamo.Write) error {
	writes := []dynamo.Write{dynamo.Put(s.Table, tombstone(p, p.ID, version, at), unchanged(p))}
	for _, id := range p.Keys()[1:] {
		if len(writes) < MaxChangeItems {
			writes = append(writes, dynamo.Put(s.Table, tombstone(p, id, version, at), dynamo.Condition{Text: "attribute_not_exists(#b)", Names: map[string]string{"#b": dynamo.AttrBody}}))
		}
	}
	if err := dynamo.Do(ctx, s.DB, append(writes, beside...)...); err != nil {
		return fmt.Errorf("erasing profile %s: %w", p.ID, err)
	}
	p.Stored(profile.Mark{Version: version, Erased: at.Truncate(time.Millisecond)})
	return nil
}
