package dynamodb

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// record appends what happened to an item to the table's stream: nothing if nothing changed.
func (t *table) record(tx *txn, old, next item, byService bool) {
	event := "MODIFY"
	switch {
	case !old.exists() && !next.exists(), old.exists() && next.exists() && string(old.raw) == string(next.raw):
		return
	case !old.exists():
		event = "INSERT"
	case !next.exists():
		event = "REMOVE"
	}
	seq := tx.sequence(t.stream)
	subject := next
	if !subject.exists() {
		subject = old
	}
	keys := t.schema.project(subject)
	view := t.StreamSpecification.StreamViewType
	size := keys.size
	out := binary.BigEndian.AppendUint64(nil, uint64(tx.now.UnixNano()))
	out = append(out, `{"eventID":"`...)
	out = fmt.Appendf(out, "%08x%024x", t.ID, seq)
	out = append(out, `","eventName":"`...)
	out = append(out, event...)
	out = append(out, `","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"`...)
	out = append(out, strings.Split(t.ARN, ":")[3]...)
	out = append(out, `",`...)
	if byService {
		out = append(out, `"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"},`...)
	}
	out = append(out, `"dynamodb":{"ApproximateCreationDateTime":`...)
	out = appendInt(out, int(tx.now.Unix()))
	out = append(out, `,"Keys":`...)
	out = appendMapJSON(out, keys.raw)
	if old.exists() && (view == "OLD_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		out = append(out, `,"OldImage":`...)
		out = appendMapJSON(out, old.raw)
		size += old.size
	}
	if next.exists() && (view == "NEW_IMAGE" || view == "NEW_AND_OLD_IMAGES") {
		out = append(out, `,"NewImage":`...)
		out = appendMapJSON(out, next.raw)
		size += next.size
	}
	out = append(out, `,"SequenceNumber":"`...)
	out = append(out, sequenceNumber(seq)...)
	out = append(out, `","SizeBytes":`...)
	out = appendInt(out, size)
	out = append(out, `,"StreamViewType":"`...)
	out = append(out, view...)
	out = append(out, `"}}`...)
	tx.put(t.stream, binary.BigEndian.AppendUint64(nil, seq), out)
}

func sequenceNumber(seq uint64) string { return fmt.Sprintf("%021d", seq) }
