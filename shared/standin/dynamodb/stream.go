package dynamodb

import (
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
