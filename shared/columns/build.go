package columns

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// The columns that every event has. Those of values are named by their paths, such as properties.total, and begin with the part's name.
const (
	colPerson      = "person"
	colTime        = "time"
	colEvent       = "event"
	colReceived    = "receivedAt"
	colSource      = "source"
	colTrust       = "trust"
	colUser        = "userId"
	colAnonymous   = "anonymousId"
	colPrevious    = "previousId"
	colGroup       = "groupId"
	colMessage     = "messageId"
	colTail        = "messageTail" // what of the messageIds no compressor makes small
	colClock       = "clock"       // what the client's clock said, and digits below the millisecond
	partProperties = "properties"
	partTraits     = "traits"
	partContext    = "context"
	partOwn        = "integrations"
)

// parts are the open parts of an event, in the sequence in which they are read.
var parts = [...]string{partProperties, partTraits, partContext, partOwn}

func (e *Event) part(i int) []byte {
	return [...][]byte{e.Properties, e.Traits, e.Context, e.Integrations}[i]
}

// textColumns are the columns of one text an event. Setting tells whether a text is one that was written.
var textColumns = []struct {
	name string
	of   func(*Event) string
	set  func(*Event, string) bool
}{
	{colEvent, func(e *Event) string { return string(e.Kind) + "\x00" + e.Name }, func(e *Event, s string) bool {
		kind, name, ok := strings.Cut(s, "\x00")
		e.Kind, e.Name = event.Kind(kind), name
		return ok
	}},
	{colSource, func(e *Event) string { return e.Source }, func(e *Event, s string) bool { e.Source = s; return true }},
	{colTrust, func(e *Event) string { return string(e.Trust) }, func(e *Event, s string) bool { e.Trust = trust.Level(s); return true }},
	{colUser, func(e *Event) string { return e.UserID }, func(e *Event, s string) bool { e.UserID = s; return true }},
	{colAnonymous, func(e *Event) string { return e.AnonymousID }, func(e *Event, s string) bool { e.AnonymousID = s; return true }},
	{colPrevious, func(e *Event) string { return e.PreviousID }, func(e *Event, s string) bool { e.PreviousID = s; return true }},
	{colGroup, func(e *Event) string { return e.GroupID }, func(e *Event, s string) bool { e.GroupID = s; return true }},
}

// built is a block as it will be written: each column's bytes, before they are compressed.
type built struct {
	columns map[string][]byte
	stat    stat
}

// stat is what the index says of a block.
type stat struct {
	events, people           int
	first, last              Person
	begin, end               int64 // when they happened, in milliseconds since 1970
	receivedFrom, receivedTo int64
}

// build makes a block of events in their order. There is at least one.
func build(events []Event) built {
	b := built{columns: map[string][]byte{}, stat: statOf(events)}
	b.columns[colPerson] = appendPeople(nil, events)
	var times, received, clock []byte
	last := int64(0)
	for i := range events {
		e := &events[i]
		at := e.Happened().UnixMilli()
		if i == 0 || events[i-1].Person != e.Person {
			last = b.stat.begin
		}
		times = binary.AppendUvarint(times, uint64(at-last))
		last = at
		received = binary.AppendVarint(received, e.ReceivedAt.UnixMilli()-at)
		clock = appendClock(clock, e, at)
	}
	b.columns[colTime], b.columns[colReceived], b.columns[colClock] = times, received, clock
	texts := make([][]byte, len(events))
	for _, c := range textColumns {
		for i := range events {
			texts[i] = []byte(c.of(&events[i]))
		}
		b.columns[c.name] = appendVector(nil, texts)
	}
	b.columns[colMessage], b.columns[colTail] = appendIDs(events)
	for i := range parts {
		b.cut(events, i)
	}
	return b
}

func statOf(events []Event) stat {
	s := stat{events: len(events), first: events[0].Person, last: events[len(events)-1].Person}
	for i := range events {
		at, received := events[i].Happened().UnixMilli(), events[i].ReceivedAt.UnixMilli()
		if i == 0 {
			s.begin, s.end, s.receivedFrom, s.receivedTo = at, at, received, received
		}
		s.begin, s.end = min(s.begin, at), max(s.end, at)
		s.receivedFrom, s.receivedTo = min(s.receivedFrom, received), max(s.receivedTo, received)
		if i == 0 || events[i-1].Person != events[i].Person {
			s.people++
		}
	}
	return s
}

// appendPeople writes who is in a block: the ids first, and then how many events each has.
func appendPeople(out []byte, events []Event) []byte {
	var counts []byte
	for from := 0; from < len(events); {
		to := from
		for to < len(events) && events[to].Person == events[from].Person {
			to++
		}
		out = append(out, events[from].Person[:]...)
		counts = binary.AppendUvarint(counts, uint64(to-from))
		from = to
	}
	return append(out, counts...)
}

// What of an event's clock is not as it mostly is.
const (
	clockOriginal = 1 << iota // the client said when it happened
	clockSent                 // and when it was sent
	clockDigits               // there are digits below the millisecond
	clockAhead                // by its timestamp it happened after it was received
)

func appendClock(out []byte, e *Event, at int64) []byte {
	var flags byte
	stamp := e.Timestamp.UnixMilli()
	if stamp != at {
		flags |= clockAhead
	}
	if !e.OriginalTimestamp.IsZero() {
		flags |= clockOriginal
	}
	if !e.SentAt.IsZero() {
		flags |= clockSent
	}
	times := [...]time.Time{e.Timestamp, e.ReceivedAt, e.OriginalTimestamp, e.SentAt}
	for _, t := range times {
		if t.Nanosecond()%int(time.Millisecond) != 0 {
			flags |= clockDigits
		}
	}
	out = append(out, flags)
	if flags&clockAhead != 0 {
		out = binary.AppendVarint(out, stamp-at)
	}
	if flags&clockOriginal != 0 {
		out = binary.AppendVarint(out, e.OriginalTimestamp.UnixMilli()-stamp)
	}
	if flags&clockSent != 0 {
		out = binary.AppendVarint(out, e.SentAt.UnixMilli()-e.ReceivedAt.UnixMilli())
	}
	if flags&clockDigits != 0 {
		for _, t := range times {
			out = binary.AppendUvarint(out, uint64(t.Nanosecond()%int(time.Millisecond)))
		}
	}
	return out
}

// How a messageId ends, which many do in sixteen bytes of chance.
const (
	idText = 0
	idUUID = 1
	idHex  = 2 // 32 digits of hexadecimal in lower case
)

// appendIDs writes the messageIds: how each ends, what is before that, and the sixteen bytes of those that end in them.
func appendIDs(events []Event) (heads, tails []byte) {
	ends := make([][]byte, len(events))
	texts := make([][]byte, len(events))
	for i := range events {
		id := events[i].MessageID
		end, length := idText, 0
		var tail []byte
		if n := len(id) - 36; n >= 0 && isUUID(id[n:]) {
			end, length, tail = idUUID, 36, digits(strings.ReplaceAll(id[n:], "-", ""))
		}
		if n := len(id) - 32; tail == nil && n >= 0 {
			end, length, tail = idHex, 32, digits(id[n:])
		}
		if tail == nil {
			end, length = idText, 0
		}
		ends[i], texts[i] = []byte{byte(end)}, []byte(id[:len(id)-length])
		tails = append(tails, tail...)
	}
	first := appendVector(nil, ends)
	heads = append(binary.AppendUvarint(nil, uint64(len(first))), first...)
	return appendVector(heads, texts), tails
}

func isUUID(s string) bool {
	return s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && strings.Count(s, "-") == 4
}

// digits are the sixteen bytes that a text of lower case stands for, nil where it does not.
func digits(s string) []byte {
	if strings.ContainsAny(s, "ABCDEF") {
		return nil
	}
	if b, err := hex.DecodeString(s); err == nil && len(b) == 16 {
		return b
	}
	return nil
}

// found is a leaf of an event, by the number of its path.
type found struct{ path, from, to int }

// cut takes a part of the events apart: a column for each path that has enough values, and the shapes.
func (b *built) cut(events []Event, part int) {
	var all []found
	counts, numbers := []int{}, map[string]int{}
	ends := make([]int, len(events))
	whole := make([]bool, len(events)) // which parts have no holes for what they are
	for i := range events {
		raw := events[i].part(part)
		before := len(all)
		if whole[i] = len(raw) > 0; whole[i] && plain(raw) {
			whole[i] = !leaves(raw, parts[part], func(l leaf) {
				n, known := numbers[string(l.path)]
				if !known {
					n = len(counts)
					numbers[string(l.path)], counts = n, append(counts, 0)
				}
				all = append(all, found{n, l.from, l.to})
			})
		}
		if whole[i] {
			all = all[:before]
		}
		for _, f := range all[before:] {
			counts[f.path]++
		}
		ends[i] = len(all)
	}
	chosen := choose(numbers, counts, len(events))
	values := make([][][]byte, len(counts))
	shapes := make([][]byte, len(events))
	at := 0
	for i := range events {
		raw := events[i].part(part)
		if whole[i] {
			shapes[i] = append([]byte{opaque}, raw...)
			continue
		}
		from := 0
		var shape []byte
		for ; at < ends[i]; at++ {
			if f := all[at]; chosen[f.path] {
				values[f.path] = append(values[f.path], raw[f.from:f.to])
				shape = append(append(shape, raw[from:f.from]...), hole)
				from = f.to
			}
		}
		shapes[i] = append(shape, raw[from:]...)
	}
	b.columns[parts[part]] = appendVector(nil, shapes)
	for path, n := range numbers {
		if chosen[n] {
			b.columns[path] = appendVector(nil, values[n])
		}
	}
}

// choose says which paths of a part get a column of their own in a block. The others are rare: their values stay in the shapes, where they are found too.
func choose(numbers map[string]int, counts []int, events int) []bool {
	chosen := make([]bool, len(counts))
	paths := slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(counts[numbers[b]]-counts[numbers[a]], strings.Compare(a, b))
	})
	for i, path := range paths {
		chosen[numbers[path]] = i < maxPaths && counts[numbers[path]] >= max(leastValues, events/rareShare)
	}
	return chosen
}
