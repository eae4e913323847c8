package runs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of a list beside keys and ttl.
const (
	attrSegment = "segment"
	attrAsked   = "asked"  // milliseconds since 1970, as the other times
	attrScan    = "scan"   // the scan that answers it
	attrBegun   = "begun"  // when that was
	attrRead    = "read"   // when a shard was read last
	attrShards  = "shards" // how many the scan is divided into
	attrTotal   = "total"  // members up to the end of a part
)

// waits is how far back lists are looked for that wait for a scan.
const waits = 24 * time.Hour

// maxLists bounds a reading of the lists, in pages of 1 MB.
const maxLists = 50

// Lists keeps the lists of members that scans make. A list's item never goes back: it is asked for once, one scan takes it up, and each of its shards is read once.
type Lists struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Ask writes down that a list is asked for, with what is to stand beside it. dynamo.ErrConflict says that there is one of that id, and nothing was written.
func (s Lists) Ask(ctx context.Context, l listing.List, beside ...dynamo.Write) error {
	i := key.MadeList(l.ID).Item()
	i[attrSegment], i[attrAsked] = dynamo.TextValue(string(l.SegmentID)), dynamo.NumberValue(l.AskedAt.UnixMilli())
	i[dynamo.AttrTTL] = dynamo.NumberValue(l.AskedAt.Add(listing.Life).Unix())
	if err := dynamo.Do(ctx, s.DB, append([]dynamo.Write{dynamo.Put(s.Table, i, dynamo.Absent())}, beside...)...); err != nil {
		return fmt.Errorf("asking for list %s: %w", l.ID, err)
	}
	return nil
}

// Load reads a list, consistently. dynamo.ErrNotFound where there is none, or none any more.
func (s Lists) Load(ctx context.Context, id string) (listing.List, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.MadeList(id))
	if err != nil {
		return listing.List{}, fmt.Errorf("reading list %s: %w", id, err)
	}
	if l := listOf(found); found != nil && s.Now.Time().Before(l.Until) {
		return l, nil
	}
	return listing.List{}, fmt.Errorf("reading list %s: %w", id, dynamo.ErrNotFound)
}

func listOf(i dynamo.Item) listing.List {
	l := listing.List{
		ID: dynamo.TextOf(i, dynamo.AttrSK), SegmentID: segment.ID(dynamo.TextOf(i, attrSegment)), AskedAt: dynamo.MilliOf(i, attrAsked),
		BegunAt: dynamo.MilliOf(i, attrBegun), Scan: dynamo.TextOf(i, attrScan), Shards: int(dynamo.NumberOf(i, attrShards)), Done: map[int]bool{},
	}
	l.Until = l.AskedAt.Add(listing.Life)
	for shard := range l.Shards {
		if _, read := i[shardAttr(shard)]; read {
			l.Done[shard] = true
			l.Read++
			l.Members += int(dynamo.NumberOf(i, shardAttr(shard)))
		}
	}
	if l.State = l.Judge(); l.State == listing.Ready {
		l.ReadyAt = dynamo.MilliOf(i, attrRead)
	}
	return l
}

func shardAttr(shard int) string { return fmt.Sprint("s", shard) }

// Waiting are the lists that no scan has taken up, and those that this one has, in the order in which they were asked for.
func (s Lists) Waiting(ctx context.Context, scan string) (waiting []listing.List, err error) {
	err = s.since(ctx, s.Now.Time().Add(-waits), func(l listing.List) {
		if l.Scan == "" || l.Scan == scan && l.State != listing.Ready {
			waiting = append(waiting, l)
		}
	})
	return waiting, err
}

// Of are the lists of a segment that are kept, the newest first.
func (s Lists) Of(ctx context.Context, id segment.ID) (all []listing.List, err error) {
	err = s.since(ctx, s.Now.Time().Add(-listing.Life), func(l listing.List) {
		if l.SegmentID == id {
			all = append([]listing.List{l}, all...)
		}
	})
	return all, err
}

// since visits the lists that were asked for from a time on. Their ids are in that order to the second.
func (s Lists) since(ctx context.Context, at time.Time, visit func(listing.List)) error {
	pk := key.MadeList("").PK
	err := dynamo.Stretch{Table: s.Table, PK: pk, From: listing.ID(at.UTC().Format("20060102T150405")), To: listing.ID("~")}.All(ctx, s.DB, maxLists, func(i dynamo.Item) error {
		if l := listOf(i); s.Now.Time().Before(l.Until) && !l.AskedAt.Before(at) {
			visit(l)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the lists: %w", err)
	}
	return nil
}

// Take gives a list to a scan of so many shards. dynamo.ErrConflict says that another scan has it, or that it is gone. Taking it again changes nothing.
func (s Lists) Take(ctx context.Context, id, scan string, shards int) error {
	err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.MadeList(id), "SET #scan = :scan, #shards = if_not_exists(#shards, :shards), #begun = if_not_exists(#begun, :now)", dynamo.Condition{
		Text:   "attribute_exists(#pk) AND (attribute_not_exists(#scan) OR #scan = :scan)",
		Names:  map[string]string{"#pk": dynamo.AttrPK, "#scan": attrScan, "#shards": attrShards, "#begun": attrBegun},
		Values: dynamo.Item{":scan": dynamo.TextValue(scan), ":shards": dynamo.NumberValue(int64(shards)), ":now": dynamo.NumberValue(s.Now.Time().UnixMilli())},
	}))
	if err != nil {
		return fmt.Errorf("taking up list %s: %w", id, err)
	}
	return nil
}

// ListPart is what a part of a shard's reading has for a list: its members, in the order of the scan.
type ListPart struct {
	Shard, Number int
	Members       []profile.ID
	// Total is how many members the shard has up to the end of the part, Next where the reading goes on, "" at its end.
	Total int
	Next  string
}

// idBytes is how many bytes an id is packed into: it is a hash of so many.
const idBytes = 16

// SavePart keeps a part of a list. It replaces nothing: where there is one of that number already, that one is answered, and the reading goes on behind it.
func (s Lists) SavePart(ctx context.Context, l listing.List, part ListPart) (ListPart, error) {
	body := make([]byte, 0, idBytes*len(part.Members))
	for _, id := range part.Members {
		var err error
		if body, err = base64.RawURLEncoding.AppendDecode(body, []byte(id)); err != nil || len(body)%idBytes != 0 {
			return ListPart{}, fmt.Errorf("packing part %d of shard %d of list %s: %.32q is no profile id", part.Number, part.Shard, l.ID, id)
		}
	}
	i := key.ListPart(l.ID, part.Shard, part.Number).Item()
	i[dynamo.AttrBody], i[attrNext], i[attrTotal] = dynamo.BytesValue(body), dynamo.TextValue(part.Next), dynamo.NumberValue(int64(part.Total))
	i[dynamo.AttrTTL] = dynamo.NumberValue(l.AskedAt.Add(listing.Life).Unix())
	err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, i, dynamo.Absent()))
	if errors.Is(err, dynamo.ErrConflict) {
		return s.Part(ctx, l.ID, part.Shard, part.Number)
	}
	if err != nil {
		return ListPart{}, fmt.Errorf("saving part %d of shard %d of list %s: %w", part.Number, part.Shard, l.ID, err)
	}
	return part, nil
}

// Part reads a part of a list, consistently. dynamo.ErrNotFound where it was not saved.
func (s Lists) Part(ctx context.Context, id string, shard, number int) (ListPart, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.ListPart(id, shard, number))
	if err == nil && found == nil {
		err = dynamo.ErrNotFound
	}
	if err != nil {
		return ListPart{}, fmt.Errorf("reading part %d of shard %d of list %s: %w", number, shard, id, err)
	}
	body := dynamo.BytesOf(found, dynamo.AttrBody)
	part := ListPart{Shard: shard, Number: number, Total: int(dynamo.NumberOf(found, attrTotal)), Next: dynamo.TextOf(found, attrNext), Members: make([]profile.ID, len(body)/idBytes)}
	for i := range part.Members {
		part.Members[i] = profile.ID(base64.RawURLEncoding.EncodeToString(body[i*idBytes : (i+1)*idBytes]))
	}
	return part, nil
}

// Done notes that a shard was read, and how many members it has. Noting it again changes nothing: all who read a shard go by the same parts.
func (s Lists) Done(ctx context.Context, id string, shard, members int) error {
	err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.MadeList(id), "SET #shard = :members, #read = :now", dynamo.Condition{
		Text:   "attribute_exists(#pk) AND attribute_not_exists(#shard)",
		Names:  map[string]string{"#pk": dynamo.AttrPK, "#shard": shardAttr(shard), "#read": attrRead},
		Values: dynamo.Item{":members": dynamo.NumberValue(int64(members)), ":now": dynamo.NumberValue(s.Now.Time().UnixMilli())},
	}))
	if errors.Is(err, dynamo.ErrConflict) && !errors.Is(err, dynamo.ErrMet) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("noting shard %d of list %s: %w", shard, id, err)
	}
	return nil
}

// Place is behind whom a page of a list goes on.
type Place struct{ Shard, Part, Row int }

// String is the place as a cursor.
func (p Place) String() string { return fmt.Sprintf("%d.%d.%d", p.Shard, p.Part, p.Row) }

// ParsePlace reads a cursor of a list of so many shards; the empty one is the beginning. What can be none is dynamo.ErrCursor.
func ParsePlace(cursor string, shards int) (p Place, err error) {
	if cursor == "" {
		return p, nil
	}
	if _, err := fmt.Sscanf(cursor, "%d.%d.%d", &p.Shard, &p.Part, &p.Row); err != nil || p.String() != cursor || p.Shard < 0 || p.Part < 0 || p.Row < 0 || p.Shard >= shards {
		return Place{}, dynamo.ErrCursor
	}
	return p, nil
}

// Members are at most so many members behind a place, and the place behind them; end says that there are no more. Fewer than asked for does not mean the end. dynamo.ErrCursor says that there is no such place.
func (s Lists) Members(ctx context.Context, l listing.List, at Place, most int) (ids []profile.ID, next Place, end bool, err error) {
	for ; at.Shard < l.Shards; at = (Place{Shard: at.Shard + 1}) {
		for {
			part, err := s.Part(ctx, l.ID, at.Shard, at.Part)
			if errors.Is(err, dynamo.ErrNotFound) && at.Part > 0 {
				err = dynamo.ErrCursor
			}
			if err == nil && at.Row > len(part.Members) {
				err = dynamo.ErrCursor
			}
			if err != nil {
				return nil, at, false, err
			}
			rest := part.Members[at.Row:]
			rest = rest[:min(len(rest), most-len(ids))]
			ids, at.Row = append(ids, rest...), at.Row+len(rest)
			if at.Row < len(part.Members) {
				return ids, at, false, nil
			}
			if part.Next == "" {
				break
			}
			at.Part, at.Row = at.Part+1, 0
		}
		if len(ids) == most && at.Shard < l.Shards-1 {
			return ids, Place{Shard: at.Shard + 1}, false, nil
		}
	}
	return ids, at, true, nil
}
