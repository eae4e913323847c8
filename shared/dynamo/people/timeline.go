package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const attrHashes = "h" // hashes of a pack's events, eight bytes each

// TimelineMonths is how long a pack is kept, where Timeline does not say otherwise.
const TimelineMonths = 13

// Timeline stores what people did, packed: one item holds the events of one day that one commit folded.
type Timeline struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
	// Months is how long a pack is kept after the newer of when its newest event happened and when it arrived; TimelineMonths when zero.
	Months int
}

// expired tells whether an item's time to live is over; the service deletes it days later.
func (s Timeline) expired(i dynamo.Item) bool {
	return dynamo.NumberOf(i, dynamo.AttrTTL) <= s.Now.Time().Unix()
}

// PacksTogether is how many packs one call writes.
const PacksTogether = dynamo.MaxBatchWrites

// Write stores packs, no two of them of one commit, day and part; many with one call. Writing the same pack again changes nothing. An error
// leaves open which of them were written.
func (s Timeline) Write(ctx context.Context, packs ...Pack) error {
	var puts []types.WriteRequest
	packs, err := Packed(packs)
	if err != nil {
		return err
	}
	for _, p := range packs {
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: s.item(p)}})
	}
	for chunk := range slices.Chunk(puts, dynamo.MaxBatchWrites) {
		if err := dynamo.WriteSome(ctx, s.DB, s.Table, chunk); err != nil {
			return fmt.Errorf("writing packs: %w", err)
		}
	}
	return nil
}

// item is a pack as it is stored.
func (s Timeline) item(p Pack) dynamo.Item {
	var hashes []event.Hash
	newest := time.Time{}
	for i := range p.Events {
		e := &p.Events[i]
		hashes = append(hashes, event.Fingerprint(e.Source, e.Event.MessageID))
		for _, t := range []time.Time{e.Event.Timestamp, e.Event.ReceivedAt} {
			if t.After(newest) {
				newest = t
			}
		}
	}
	i := key.Pack(p.Profile, p.Day, p.Version, p.Part).Item()
	i[dynamo.AttrBody] = dynamo.BytesValue(p.body)
	i[attrHashes] = dynamo.BytesValue(packHashes(hashes))
	i[dynamo.AttrTTL] = dynamo.NumberValue(newest.AddDate(0, cmp.Or(s.Months, TimelineMonths), 0).Unix())
	return i
}

// Written tells which of a commit's events stand in packs of the given days. It may not see yet what was written just now.
func (s Timeline) Written(ctx context.Context, id profile.ID, version int64, days []profile.Day) (map[event.Hash]bool, error) {
	found := map[event.Hash]bool{}
	take := func(i dynamo.Item) error {
		for _, h := range unpackHashes(dynamo.BytesOf(i, attrHashes)) {
			found[h] = true
		}
		return nil
	}
	whole, err := s.whole(ctx, id, version, days)
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		key := key.Pack(id, day, version, "")
		if i := whole[key.SK]; i != nil {
			_ = take(i)
			continue
		}
		// It is in parts, or not there.
		err := s.all(ctx, dynamo.Stretch{PK: key.PK, Prefix: key.SK, Only: []string{attrHashes}, Stale: true}, take)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// whole are the packs of a commit that are in one piece, by their sort keys.
func (s Timeline) whole(ctx context.Context, id profile.ID, version int64, days []profile.Day) (map[string]dynamo.Item, error) {
	var keys []dynamo.Item
	for _, day := range days {
		keys = append(keys, key.Pack(id, day, version, "").Item())
	}
	found := map[string]dynamo.Item{}
	for chunk := range slices.Chunk(keys, dynamo.MaxBatchKeys) {
		out, err := s.DB.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.Table: askPacks(chunk)}})
		if err != nil {
			return nil, fmt.Errorf("reading a timeline: %w", err)
		}
		for _, i := range out.Responses[s.Table] {
			found[dynamo.TextOf(i, dynamo.AttrSK)] = i
		}
	}
	return found, nil
}

// askPacks asks for the hashes in packs.
func askPacks(keys []dynamo.Item) types.KeysAndAttributes {
	return types.KeysAndAttributes{Keys: keys, ProjectionExpression: aws.String("#pk, #sk, #h"),
		ExpressionAttributeNames: map[string]string{"#pk": dynamo.AttrPK, "#sk": dynamo.AttrSK, "#h": attrHashes}}
}

// errEnough ends a query early.
var errEnough = errors.New("enough was read")

// Around gives the hashes of the events of the days from one to another to each, those of the newest commits of a day first, until that
// answers false. It is for duplicates of which the window has no hash any more. pages is how many pages of at most 1 MB may be read; what was
// read is taken off. ErrTooMuch says that there are more.
func (s Timeline) Around(ctx context.Context, id profile.ID, from, to profile.Day, pages *int, each func(event.Hash) (more bool)) error {
	of := dynamo.Stretch{Table: s.Table, PK: string(id), From: key.PackDay(from), To: key.PackDay(to + 1), Only: []string{attrHashes}, Newest: true}
	err := of.Each(ctx, s.DB, pages, func(i dynamo.Item) error {
		for _, h := range unpackHashes(dynamo.BytesOf(i, attrHashes)) {
			if !each(h) {
				return errEnough
			}
		}
		return nil
	})
	if err == nil || errors.Is(err, errEnough) {
		return nil
	}
	return fmt.Errorf("reading a timeline: %w", err)
}

// maxTimelinePages bounds one reading of a person's packs: 1 MB each.
const maxTimelinePages = 64

// all gives a stretch of the timeline to each.
func (s Timeline) all(ctx context.Context, of dynamo.Stretch, each func(dynamo.Item) error) error {
	of.Table = s.Table
	if err := of.All(ctx, s.DB, maxTimelinePages, each); err != nil {
		return fmt.Errorf("reading a timeline: %w", err)
	}
	return nil
}

func unpackEvents(i dynamo.Item) ([]PackedEvent, error) {
	return unpackBody(dynamo.BytesOf(i, dynamo.AttrBody))
}

// Packed reads all that was packed of one day of a commit, in whatever parts; nothing if no pack is there, or not yet.
func (s Timeline) Packed(ctx context.Context, id profile.ID, day profile.Day, version int64) ([]PackedEvent, error) {
	key := key.Pack(id, day, version, "")
	var all []PackedEvent
	err := s.all(ctx, dynamo.Stretch{PK: key.PK, Prefix: key.SK},
		func(i dynamo.Item) error {
			events, err := unpackEvents(i)
			all = append(all, events...)
			return err
		})
	return all, err
}

// EventRef names an event in the timeline: whose, of which day, in which commit's pack, from which source.
type EventRef struct {
	Profile profile.ID
	Day     profile.Day
	Version int64
	// Source is empty in jobs of the version before. One commit may hold events of the same messageId from two sources: Name decides then.
	Source    string
	MessageID string
	Name      string
}

// Event finds one event of a commit's pack; ErrNotFound says that the pack is not there, or not yet.
func (s Timeline) Event(ctx context.Context, ref EventRef) (PackedEvent, error) {
	all, err := s.Packed(ctx, ref.Profile, ref.Day, ref.Version)
	if err != nil {
		return PackedEvent{}, err
	}
	all = slices.DeleteFunc(all, func(e PackedEvent) bool {
		return e.Event.MessageID != ref.MessageID || ref.Source != "" && e.Source != ref.Source
	})
	if len(all) == 0 {
		return PackedEvent{}, fmt.Errorf("finding an event of %s: %w", ref.Profile, dynamo.ErrNotFound)
	}
	return all[max(slices.IndexFunc(all, func(e PackedEvent) bool { return e.Event.Name == ref.Name }), 0)], nil
}
