package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

const (
	// streamLife is how long a stream keeps its records.
	streamLife = 24 * time.Hour
	// shardName is the one shard of every stream; records keep the order of all writes, not only of an item's.
	shardName = "shardId-00000000000000000001-00000001"
	// maxRecords is how many records one GetRecords gives at most.
	maxRecords = 1000
)

func (t *table) streamARN() string { return t.ARN + "/stream/" + t.StreamLabel }

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

// trimStream deletes records that are older than a day.
func (e *Engine) trimStream(t *table, now time.Time) {
	limit := uint64(now.Add(-streamLife).UnixNano())
	old := func(v []byte) bool { return v != nil && binary.BigEndian.Uint64(v) < limit }
	stale := false
	_ = e.store.view(func() error {
		if b := e.store.bucket(t.stream); b != nil {
			_, v := b.Cursor().First()
			stale = old(v)
		}
		return nil
	})
	if !stale {
		return
	}
	_ = e.commit(func(tx *txn) {
		b := tx.bucket(t.stream)
		if b == nil {
			return
		}
		var gone [][]byte
		c := b.Cursor()
		for k, v := c.First(); old(v) && len(gone) < sweepStep; k, v = c.Next() {
			gone = append(gone, bytes.Clone(k))
		}
		for _, k := range gone {
			tx.delete(t.stream, k)
		}
	})
}

func (e *Engine) findStream(arn string) (*table, error) {
	for _, t := range *e.tables.Load() {
		if t.stream != nil && t.streamARN() == arn {
			return t, nil
		}
	}
	return nil, newFault("ResourceNotFoundException", "Requested resource not found: Stream: %s not found", arn)
}

func (t *table) streamOpen() bool {
	return t.StreamSpecification != nil && t.StreamSpecification.StreamEnabled
}

func (x *exchange) listStreams() error {
	var in struct {
		TableName, ExclusiveStartStreamArn string
		Limit                              int
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	name := tableName(in.TableName)
	if err := x.authorize(x.action, name, ""); err != nil {
		return err
	}
	streams := []map[string]string{}
	for _, t := range *x.e.tables.Load() {
		if t.stream != nil && (name == "" || t.TableName == name) {
			streams = append(streams, map[string]string{"StreamArn": t.streamARN(), "TableName": t.TableName, "StreamLabel": t.StreamLabel})
		}
	}
	return x.answer(map[string]any{"Streams": streams})
}

func (x *exchange) describeStream() error {
	var in struct{ StreamArn, ExclusiveStartShardId string }
	if err := x.decode(&in); err != nil {
		return err
	}
	if err := x.authorize(x.action, tableName(strings.Split(in.StreamArn, "/stream/")[0]), ""); err != nil {
		return err
	}
	t, err := x.e.findStream(in.StreamArn)
	if err != nil {
		return err
	}
	span := map[string]string{"StartingSequenceNumber": sequenceNumber(1)}
	status := "ENABLED"
	if !t.streamOpen() {
		status = "DISABLED"
		_ = x.e.store.view(func() error {
			if b := x.e.store.bucket(t.stream); b != nil {
				span["EndingSequenceNumber"] = sequenceNumber(max(b.Sequence(), 1))
			}
			return nil
		})
	}
	shards := []any{}
	if in.ExclusiveStartShardId == "" {
		shards = append(shards, map[string]any{"ShardId": shardName, "SequenceNumberRange": span})
	}
	view := ""
	if t.StreamSpecification != nil {
		view = t.StreamSpecification.StreamViewType
	}
	d := map[string]any{"StreamArn": t.streamARN(), "StreamLabel": t.StreamLabel, "StreamStatus": status, "TableName": t.TableName,
		"KeySchema": t.KeySchema, "Shards": shards, "CreationRequestDateTime": float64(t.Created.UnixMilli()) / 1000}
	if view != "" {
		d["StreamViewType"] = view
	}
	return x.answer(map[string]any{"StreamDescription": d})
}

func (x *exchange) shardIterator() error {
	var in struct{ StreamArn, ShardId, ShardIteratorType, SequenceNumber string }
	if err := x.decode(&in); err != nil {
		return err
	}
	if err := x.authorize(x.action, tableName(strings.Split(in.StreamArn, "/stream/")[0]), ""); err != nil {
		return err
	}
	t, err := x.e.findStream(in.StreamArn)
	if err != nil {
		return err
	}
	if in.ShardId != shardName {
		return newFault("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
	}
	next := uint64(1)
	switch in.ShardIteratorType {
	case "TRIM_HORIZON":
	case "LATEST":
		if err := x.e.store.view(func() error {
			if b := x.e.store.bucket(t.stream); b != nil {
				next = b.Sequence() + 1
			}
			return nil
		}); err != nil {
			return err
		}
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		if _, err := fmt.Sscanf(in.SequenceNumber, "%d", &next); err != nil {
			return invalid("Invalid SequenceNumber: %s", in.SequenceNumber)
		}
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			next++
		}
	default:
		return oneOf("shardIteratorType", in.ShardIteratorType+" ", "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
	}
	return x.answer(map[string]any{"ShardIterator": iterator(t.streamARN(), next)})
}

func iterator(arn string, next uint64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s|%s|%d", arn, shardName, next))
}

func (x *exchange) records() error {
	var in struct {
		ShardIterator string
		Limit         *int
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(in.ShardIterator)
	parts := strings.Split(string(raw), "|")
	next := uint64(0)
	if err == nil && len(parts) == 3 {
		_, err = fmt.Sscanf(parts[2], "%d", &next)
	}
	if err != nil || len(parts) != 3 {
		return invalid("Invalid ShardIterator")
	}
	if err := x.authorize(x.action, tableName(strings.Split(parts[0], "/stream/")[0]), ""); err != nil {
		return err
	}
	t, err := x.e.findStream(parts[0])
	if err != nil {
		return err
	}
	limit := maxRecords
	if in.Limit != nil {
		if limit = *in.Limit; limit < 1 || limit > maxRecords {
			return constraint(limit, "limit", "Member must have value between 1 and 1000")
		}
	}
	return x.e.store.view(func() error {
		b := x.e.store.bucket(t.stream)
		if b == nil {
			return newFault("ResourceNotFoundException", "Requested resource not found")
		}
		x.out = append(x.out, `{"Records":[`...)
		c := b.Cursor()
		k, v := c.Seek(binary.BigEndian.AppendUint64(nil, next))
		n := 0
		for ; k != nil && n < limit && len(x.out) < maxPage; k, v = c.Next() {
			if n++; n > 1 {
				x.out = append(x.out, ',')
			}
			x.out = append(x.out, v[8:]...)
			next = binary.BigEndian.Uint64(k) + 1
		}
		x.out = append(x.out, ']')
		if t.streamOpen() || k != nil {
			x.member("NextShardIterator")
			x.out = appendText(x.out, iterator(t.streamARN(), next))
		}
		x.out = append(x.out, '}')
		return nil
	})
}
