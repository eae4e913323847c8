package dynamo

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// A pack's body is compressed columns. What no compressor makes small stands as numbers: ids that end in a UUID as its sixteen
// bytes, times as differences. The open parts of the events follow as they were accepted. So a batch of twenty browser events fits
// into two kilobytes, which is what a write is paid by.

// packColumns is the first byte of the columns. The layout behind it never changes; another one takes another byte.
const packColumns = 1

// packEvents is the body of a pack.
func packEvents(events []PackedEvent) []byte {
	w := &packer{out: make([]byte, 0, 1024*len(events))}
	w.out = append(w.out, packColumns)
	var sources []string
	for i := range events {
		if !slices.Contains(sources, events[i].Source) {
			sources = append(sources, events[i].Source)
		}
	}
	w.uint(uint64(len(sources)))
	for _, s := range sources {
		w.text(s)
	}
	w.uint(uint64(len(events)))
	for i := range events {
		w.uint(uint64(slices.Index(sources, events[i].Source)))
	}
	packTimes(w, events)
	for i := range events {
		packID(w, events[i].Event.MessageID)
	}
	for i := range events {
		e := &events[i].Event
		w.text(string(e.Kind))
		w.name(e.Name)
		w.text(e.UserID)
		w.text(e.AnonymousID)
		w.text(e.PreviousID)
		w.text(e.GroupID)
		w.bytes(e.Properties)
		w.bytes(e.Traits)
		w.bytes(e.Context)
		w.bytes(e.Integrations)
	}
	packTrust(w, events)
	return encoder().EncodeAll(w.out, make([]byte, 0, len(w.out)/4))
}

// unpackBody reads what packEvents wrote, and the JSON of bodies before it.
func unpackBody(body []byte) ([]PackedEvent, error) {
	raw, err := decoder().DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("unpacking events: %w", err)
	}
	if len(raw) > 0 && raw[0] == '[' {
		var events []PackedEvent
		if err := json.Unmarshal(raw, &events); err != nil {
			return nil, fmt.Errorf("unpacking events: %w", err)
		}
		return events, nil
	}
	if len(raw) == 0 || raw[0] != packColumns {
		return nil, errors.New("unpacking events: the layout is of a newer version")
	}
	r := &unpacker{in: raw[1:]}
	sources := make([]string, r.count())
	for i := range sources {
		sources[i] = r.text()
	}
	events := make([]PackedEvent, r.count())
	for i := range events {
		s := r.uint()
		if s >= uint64(len(sources)) {
			r.fail()
			break
		}
		events[i].Source = sources[s]
	}
	unpackTimes(r, events)
	for i := range events {
		events[i].Event.MessageID = unpackID(r)
	}
	for i := range events {
		e := &events[i].Event
		e.Kind, e.Name = event.Kind(r.text()), r.name()
		e.UserID, e.AnonymousID, e.PreviousID, e.GroupID = r.text(), r.text(), r.text(), r.text()
		e.Properties, e.Traits, e.Context, e.Integrations = r.raw(), r.raw(), r.raw(), r.raw()
	}
	unpackTrust(r, events)
	if r.err != nil {
		return nil, fmt.Errorf("unpacking events: %w", r.err)
	}
	return events, nil
}

// packTrust writes behind the columns who says each event, where not all are the shop's. The version before reads no further than the columns.
func packTrust(w *packer, events []PackedEvent) {
	if !slices.ContainsFunc(events, func(e PackedEvent) bool { return e.Event.Trust != "" }) {
		return
	}
	for i := range events {
		w.text(string(events[i].Event.Trust))
	}
}

func unpackTrust(r *unpacker, events []PackedEvent) {
	for i := 0; i < len(events) && r.more(); i++ {
		events[i].Event.Trust = trust.Level(r.text())
	}
}

// raw is a JSON part of an event, nil where there was none.
func (r *unpacker) raw() json.RawMessage {
	b := r.bytes()
	if len(b) == 0 {
		return nil
	}
	return b
}

// The units of a pack's times: whole milliseconds as clients send them, or nanoseconds where one event has more digits.
const (
	unitMilli = 0
	unitNano  = 1
)

// packTimes writes each column of times as differences: happened from the event before, arrived from the event before, said from
// happened, sent from arrived. A time that is not there is a flag.
func packTimes(w *packer, events []PackedEvent) {
	unit, step := uint64(unitMilli), int64(time.Millisecond)
	for i := range events {
		e := &events[i].Event
		for _, t := range [...]time.Time{e.Timestamp, e.ReceivedAt, e.OriginalTimestamp, e.SentAt} {
			if t.Nanosecond()%int(time.Millisecond) != 0 {
				unit, step = unitNano, 1
			}
		}
	}
	w.uint(unit)
	since := func(t, base time.Time) int64 { return (t.UnixNano() - base.UnixNano()) / step }
	happened, arrived := epoch, epoch
	for i := range events {
		w.int(since(events[i].Event.Timestamp, happened))
		happened = events[i].Event.Timestamp
	}
	for i := range events {
		w.int(since(events[i].Event.ReceivedAt, arrived))
		arrived = events[i].Event.ReceivedAt
	}
	optional := func(t, base time.Time) {
		w.flag(!t.IsZero())
		if !t.IsZero() {
			w.int(since(t, base))
		}
	}
	for i := range events {
		optional(events[i].Event.OriginalTimestamp, events[i].Event.Timestamp)
	}
	for i := range events {
		optional(events[i].Event.SentAt, events[i].Event.ReceivedAt)
	}
}

func unpackTimes(r *unpacker, events []PackedEvent) {
	step := int64(time.Millisecond)
	if r.uint() == unitNano {
		step = 1
	}
	after := func(base time.Time) time.Time { return time.Unix(0, base.UnixNano()+r.int()*step).UTC() }
	happened, arrived := epoch, epoch
	for i := range events {
		happened = after(happened)
		events[i].Event.Timestamp = happened
	}
	for i := range events {
		arrived = after(arrived)
		events[i].Event.ReceivedAt = arrived
	}
	for i := range events {
		if r.flag() {
			events[i].Event.OriginalTimestamp = after(events[i].Event.Timestamp)
		}
	}
	for i := range events {
		if r.flag() {
			events[i].Event.SentAt = after(events[i].Event.ReceivedAt)
		}
	}
}

// The kinds of a packed id.
const (
	idText = 0
	idUUID = 1 // a text and a UUID in lower case behind it
	idHex  = 2 // a text and 32 digits of hexadecimal in lower case behind it
)

func packID(w *packer, id string) {
	if n := len(id) - 36; n >= 0 {
		if b, ok := parseUUID(id[n:]); ok {
			w.uint(idUUID)
			w.text(id[:n])
			w.out = append(w.out, b...)
			return
		}
	}
	if n := len(id) - 32; n >= 0 {
		if b, ok := parseHex(id[n:]); ok {
			w.uint(idHex)
			w.text(id[:n])
			w.out = append(w.out, b...)
			return
		}
	}
	w.uint(idText)
	w.text(id)
}

func unpackID(r *unpacker) string {
	kind, text := r.uint(), r.text()
	if kind == idText {
		return text
	}
	if kind > idHex || len(r.in) < 16 {
		r.fail()
		return ""
	}
	digits := hex.EncodeToString(r.in[:16])
	r.in = r.in[16:]
	if kind == idHex {
		return text + digits
	}
	return text + digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

func parseUUID(s string) ([]byte, bool) {
	if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return nil, false
	}
	return parseHex(strings.Join([]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]}, ""))
}

func parseHex(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "ABCDEF") {
		return nil, false
	}
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) == 16
}
