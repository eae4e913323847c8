package people

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
	"github.com/userops/userops/shared/dynamo/packed"
)

// PackedEvent is an event with the source that it came from; both together make its hash.
type PackedEvent struct {
	Source string      `json:"s"`
	Event  event.Event `json:"e"`
}

// A pack's body is compressed columns. What no compressor makes small stands as numbers: ids that end in a UUID as its sixteen
// bytes, times as differences. The open parts of the events follow as they were accepted. So a batch of twenty browser events fits
// into two kilobytes, which is what a write is paid by.

// packColumns is the first byte of the columns. The layout behind it never changes; another one takes another byte.
const packColumns = 1

// packEvents is the body of a pack.
func packEvents(events []PackedEvent) []byte {
	w := &packed.Writer{Out: make([]byte, 0, 1024*len(events))}
	w.Out = append(w.Out, packColumns)
	var sources []string
	for i := range events {
		if !slices.Contains(sources, events[i].Source) {
			sources = append(sources, events[i].Source)
		}
	}
	w.Uint(uint64(len(sources)))
	for _, s := range sources {
		w.Text(s)
	}
	w.Uint(uint64(len(events)))
	for i := range events {
		w.Uint(uint64(slices.Index(sources, events[i].Source)))
	}
	packTimes(w, events)
	for i := range events {
		packID(w, events[i].Event.MessageID)
	}
	for i := range events {
		e := &events[i].Event
		w.Text(string(e.Kind))
		w.Name(e.Name)
		w.Text(e.UserID)
		w.Text(e.AnonymousID)
		w.Text(e.PreviousID)
		w.Text(e.GroupID)
		w.Bytes(e.Properties)
		w.Bytes(e.Traits)
		w.Bytes(e.Context)
		w.Bytes(e.Integrations)
	}
	packTrust(w, events)
	return packed.Encoder().EncodeAll(w.Out, make([]byte, 0, len(w.Out)/4))
}

// unpackBody reads what packEvents wrote, and the JSON of bodies before it.
func unpackBody(body []byte) ([]PackedEvent, error) {
	raw, err := packed.Decoder().DecodeAll(body, nil)
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
	r := &packed.Reader{In: raw[1:]}
	sources := make([]string, r.Count())
	for i := range sources {
		sources[i] = r.Text()
	}
	events := make([]PackedEvent, r.Count())
	for i := range events {
		s := r.Uint()
		if s >= uint64(len(sources)) {
			r.Fail()
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
		e.Kind, e.Name = event.Kind(r.Text()), r.Name()
		e.UserID, e.AnonymousID, e.PreviousID, e.GroupID = r.Text(), r.Text(), r.Text(), r.Text()
		e.Properties, e.Traits, e.Context, e.Integrations = rawOf(r), rawOf(r), rawOf(r), rawOf(r)
	}
	unpackTrust(r, events)
	if r.Err != nil {
		return nil, fmt.Errorf("unpacking events: %w", r.Err)
	}
	return events, nil
}

// packTrust writes behind the columns who says each event, where not all are the shop's. The version before reads no further than the columns.
func packTrust(w *packed.Writer, events []PackedEvent) {
	if !slices.ContainsFunc(events, func(e PackedEvent) bool { return e.Event.Trust != "" }) {
		return
	}
	for i := range events {
		w.Text(string(events[i].Event.Trust))
	}
}

func unpackTrust(r *packed.Reader, events []PackedEvent) {
	for i := 0; i < len(events) && r.More(); i++ {
		events[i].Event.Trust = trust.Level(r.Text())
	}
}

// rawOf is a JSON part of an event, nil where there was none.
func rawOf(r *packed.Reader) json.RawMessage {
	b := r.Bytes()
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
func packTimes(w *packed.Writer, events []PackedEvent) {
	unit := uint64(unitMilli)
	for i := range events {
		e := &events[i].Event
		for _, t := range [...]time.Time{e.Timestamp, e.ReceivedAt, e.OriginalTimestamp, e.SentAt} {
			if t.Nanosecond()%int(time.Millisecond) != 0 {
				unit = unitNano
			}
		}
	}
	w.Uint(unit)
	since := func(t, base time.Time) int64 {
		if unit == unitMilli {
			return t.UnixMilli() - base.UnixMilli() // of every year; nanoseconds end in 1678 and 2262
		}
		return t.UnixNano() - base.UnixNano()
	}
	happened, arrived := packed.Epoch, packed.Epoch
	for i := range events {
		w.Int(since(events[i].Event.Timestamp, happened))
		happened = events[i].Event.Timestamp
	}
	for i := range events {
		w.Int(since(events[i].Event.ReceivedAt, arrived))
		arrived = events[i].Event.ReceivedAt
	}
	optional := func(t, base time.Time) {
		w.Flag(!t.IsZero())
		if !t.IsZero() {
			w.Int(since(t, base))
		}
	}
	for i := range events {
		optional(events[i].Event.OriginalTimestamp, events[i].Event.Timestamp)
	}
	for i := range events {
		optional(events[i].Event.SentAt, events[i].Event.ReceivedAt)
	}
}

func unpackTimes(r *packed.Reader, events []PackedEvent) {
	milli := r.Uint() != unitNano
	after := func(base time.Time) time.Time {
		if milli {
			return time.UnixMilli(base.UnixMilli() + r.Int()).UTC()
		}
		return time.Unix(0, base.UnixNano()+r.Int()).UTC()
	}
	happened, arrived := packed.Epoch, packed.Epoch
	for i := range events {
		happened = after(happened)
		events[i].Event.Timestamp = happened
	}
	for i := range events {
		arrived = after(arrived)
		events[i].Event.ReceivedAt = arrived
	}
	for i := range events {
		if r.Flag() {
			events[i].Event.OriginalTimestamp = after(events[i].Event.Timestamp)
		}
	}
	for i := range events {
		if r.Flag() {
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

func packID(w *packed.Writer, id string) {
	if n := len(id) - 36; n >= 0 {
		if b, ok := parseUUID(id[n:]); ok {
			w.Uint(idUUID)
			w.Text(id[:n])
			w.Out = append(w.Out, b...)
			return
		}
	}
	if n := len(id) - 32; n >= 0 {
		if b, ok := parseHex(id[n:]); ok {
			w.Uint(idHex)
			w.Text(id[:n])
			w.Out = append(w.Out, b...)
			return
		}
	}
	w.Uint(idText)
	w.Text(id)
}

func unpackID(r *packed.Reader) string {
	kind, text := r.Uint(), r.Text()
	if kind == idText {
		return text
	}
	if kind > idHex || len(r.In) < 16 {
		r.Fail()
		return ""
	}
	digits := hex.EncodeToString(r.In[:16])
	r.In = r.In[16:]
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
