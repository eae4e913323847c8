package columns

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/bits"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Person is whose an event is: the bytes that a profile's id stands for.
type Person [16]byte

// PersonOf reads the id of a profile.
func PersonOf(id profile.ID) (p Person, err error) {
	if !id.Valid() {
		return p, fmt.Errorf("person %.64q is not the id of a profile", id)
	}
	_, err = base64.RawURLEncoding.Decode(p[:], []byte(id))
	return p, err
}

// ID is the person as a profile's id.
func (p Person) ID() profile.ID { return profile.ID(base64.RawURLEncoding.EncodeToString(p[:])) }

// Compare brings people into the order of the files.
func (p Person) Compare(q Person) int { return bytes.Compare(p[:], q[:]) }

// Shard is in which of so many shards a person's events are, from 0.
func (p Person) Shard(shards int) int {
	h := fnv.New64a()
	_, _ = h.Write(p[:]) // it never fails
	return int(h.Sum64() % uint64(max(shards, 1)))
}

// Bound is where the n-th of so many ranges of ids begins: ids are hashes, so each has about as many people. The last one ends with nobody.
func Bound(n, ranges int) (p Person) {
	if n < ranges {
		first, _ := bits.Div64(uint64(n), 0, uint64(ranges)) // n / ranges of 2^64
		binary.BigEndian.PutUint64(p[:], first)
	}
	return p
}

// Within is the shard of a part, where each shard is divided into so many ranges, and whom of it the part begins and ends with.
func Within(part, ranges int) (shard int, from, before Person) {
	shard, n := part/ranges, part%ranges
	return shard, Bound(n, ranges), Bound(n+1, ranges)
}

// Range is in which of so many ranges of ids somebody is, from 0.
func (p Person) Range(ranges int) int {
	n, _ := bits.Mul64(binary.BigEndian.Uint64(p[:]), uint64(ranges))
	for int(n)+1 < ranges && p.Compare(Bound(int(n)+1, ranges)) >= 0 {
		n++ // a bound is cut to a whole number
	}
	return int(n)
}

// Event is one accepted event and whose it is. Its Source is that of the event.
type Event struct {
	Person Person
	event.Event
}

// Compare brings events into the order of the files: by person, when they happened, and messageId. What is behind that only makes the order one that does not
// depend on where an event came from.
func (e *Event) Compare(o *Event) int {
	if c := e.Person.Compare(o.Person); c != 0 {
		return c
	}
	c := cmp.Or(cmp.Compare(e.Happened().UnixMilli(), o.Happened().UnixMilli()), strings.Compare(e.MessageID, o.MessageID), strings.Compare(e.Source, o.Source),
		e.ReceivedAt.Compare(o.ReceivedAt))
	if c != 0 {
		return c
	}
	return bytes.Compare(e.AppendJSON(nil), o.AppendJSON(nil))
}

// identity is what two copies of an event have in common, within a person.
func (e *Event) identity() event.Hash { return event.Fingerprint(e.Source, e.MessageID) }

// size is about what the event takes in memory.
func (e *Event) size() int {
	return 200 + len(e.MessageID) + len(e.Name) + len(e.UserID) + len(e.AnonymousID) + len(e.PreviousID) + len(e.GroupID) + len(e.Properties) + len(e.Traits) + len(e.Context) + len(e.Integrations)
}

// errYear says that a time cannot be written as milliseconds.
var errYear = errors.New("has a year that is not within 0 and 9999")

// check refuses what a file cannot hold.
func (e *Event) check() error {
	for _, t := range [...]struct {
		name string
		at   time.Time
	}{{"timestamp", e.Timestamp}, {"receivedAt", e.ReceivedAt}, {"originalTimestamp", e.OriginalTimestamp}, {"sentAt", e.SentAt}} {
		if year := t.at.UTC().Year(); year < 0 || year > 9999 {
			return fmt.Errorf("%s of event %.64q %w", t.name, e.MessageID, errYear)
		}
	}
	if n := e.size(); n > maxEvent {
		return fmt.Errorf("event %.64q has %d bytes, more than %d", e.MessageID, n, maxEvent)
	}
	return nil
}
