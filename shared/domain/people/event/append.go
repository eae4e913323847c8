package event

import (
	"encoding/json"
	"time"
)

// AppendJSON appends the event as encoding/json would write it, but for white space within the raw parts and the escaping of
// HTML. It costs a tenth of json.Marshal, since it trusts the raw parts to be JSON: call it for events that were parsed here.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"messageId":`...)
	dst = appendString(dst, e.MessageID)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, string(e.Kind))
	for _, member := range [...]struct{ name, text string }{
		{`,"userId":`, e.UserID}, {`,"anonymousId":`, e.AnonymousID}, {`,"previousId":`, e.PreviousID}, {`,"groupId":`, e.GroupID}, {`,"event":`, e.Name},
	} {
		if member.text != "" {
			dst = appendString(append(dst, member.name...), member.text)
		}
	}
	for _, member := range [...]struct {
		name string
		raw  json.RawMessage
	}{{`,"properties":`, e.Properties}, {`,"traits":`, e.Traits}, {`,"context":`, e.Context}, {`,"integrations":`, e.Integrations}} {
		if len(member.raw) > 0 {
			dst = append(append(dst, member.name...), member.raw...)
		}
	}
	dst = appendTime(append(dst, `,"timestamp":`...), e.Timestamp)
	if !e.OriginalTimestamp.IsZero() {
		dst = appendTime(append(dst, `,"originalTimestamp":`...), e.OriginalTimestamp)
	}
	if !e.SentAt.IsZero() {
		dst = appendTime(append(dst, `,"sentAt":`...), e.SentAt)
	}
	dst = appendTime(append(dst, `,"receivedAt":`...), e.ReceivedAt)
	if e.Trust != "" {
		dst = appendString(append(dst, `,"trust":`...), string(e.Trust))
	}
	return append(dst, '}')
}

func appendTime(dst []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}

// appendString appends valid UTF-8 as a JSON string.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if plain[c] || c >= 0x80 {
			continue
		}
		dst = append(dst, s[from:i]...)
		if from = i + 1; c == '"' || c == '\\' {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
