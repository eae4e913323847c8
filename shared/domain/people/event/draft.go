package event

// span is where a value lies in the body; the zero span is no value.
type span struct{ from, to int }

// field is a member of an event that the protocol knows.
type field int

const (
	fieldUnknown field = iota
	fieldType
	fieldMessageID
	fieldUserID
	fieldAnonymousID
	fieldPreviousID
	fieldGroupID
	fieldEvent
	fieldName
	fieldCategory
	fieldChannel
	fieldProperties
	fieldTraits
	fieldContext
	fieldIntegrations
	fieldOriginalTimestamp
	fieldTimestamp
	fieldSentAt
	fieldWriteKey
	fieldCount
)

var fieldNames = [fieldCount]string{"", "type", "messageId", "userId", "anonymousId", "previousId", "groupId", "event", "name", "category",
	"channel", "properties", "traits", "context", "integrations", "originalTimestamp", "timestamp", "sentAt", "writeKey"}

var fieldsByName = func() map[string]field {
	m := make(map[string]field, len(fieldNames))
	for f := fieldType; f < fieldCount; f++ {
		m[fieldNames[f]] = f
	}
	return m
}()

func fieldOf(name []byte) field { return fieldsByName[string(name)] }

// String is the member's name, empty for one that the protocol does not know.
func (f field) String() string { return fieldNames[f] }

// draft is an event of which only the places of its fields are known, and its first fault.
type draft struct {
	place, size   int
	at            [fieldCount]span // that of fieldUnknown means nothing
	contextTraits span
	userHash      span // the value in the context
	proving       span // the whole member of it
	proof         string
	unnamed       bool // came without a messageId
	badField, bad string
}

// refuse notes a fault; without a reason there is none.
func (d *draft) refuse(field, reason string) {
	if d.bad == "" {
		d.badField, d.bad = field, reason
	}
}
