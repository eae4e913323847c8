package dynamo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// letterLife is how long a dead letter is kept. It may hold personal data, so it is not kept for ever.
	letterLife = 180 * 24 * time.Hour
	// letterPart is how much of a body one item holds: no item of ours has over 300 KB, and a message may have 1 MiB.
	letterPart = 290 << 10
	// maxCountPages bounds a count: some 10,000 letters a page.
	maxCountPages = 10

	attrParts = "parts"
)

// DeadLetters keeps the jobs that failed too often, after the queues have forgotten them. A letter is an entry in its queue's list and one
// item or more with the body. The parts are written before the entry, and the entry is removed last.
type DeadLetters struct {
	DB    API
	Table string
	Now   func() time.Time
}

// Letter is one job that failed too often.
type Letter struct {
	Queue string
	ID    string    // of its message
	Sent  time.Time // when the message was first sent
	parts int
}

// Keep writes a letter. Writing it again changes nothing.
func (d DeadLetters) Keep(ctx context.Context, l Letter, body []byte) error {
	ttl := numberValue(d.Now().Add(letterLife).Unix())
	for part := range slices.Chunk(encoder().EncodeAll(body, nil), letterPart) {
		i := letterPartKey(l.Queue, l.ID, l.parts).item()
		i[attrBody], i[attrTTL] = bytesValue(part), ttl
		if err := d.put(ctx, i); err != nil {
			return err
		}
		l.parts++
	}
	i := letterKey(l.Queue, l.Sent, l.ID).item()
	i[attrParts], i[attrTTL] = numberValue(int64(l.parts)), ttl
	return d.put(ctx, i)
}

func (d DeadLetters) put(ctx context.Context, i item) error {
	if _, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: i}); err != nil {
		return fmt.Errorf("keeping a dead letter: %w", err)
	}
	return nil
}

// Page lists letters of a queue that were sent before a time, oldest first, after the last one of the page before; nil begins, and a nil
// last one ends. A page may be empty and not the last.
func (d DeadLetters) Page(ctx context.Context, queue string, before time.Time, after *Letter, size int32) (letters []Letter, last *Letter, err error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, Limit: &size, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk AND #sk < :before"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK, "#sk": attrSK},
		ExpressionAttributeValues: item{":pk": textValue(letterList(queue)), ":before": textValue(letterKey(queue, before, "").SK)},
	}
	if after != nil {
		in.ExclusiveStartKey = letterKey(queue, after.Sent, after.ID).item()
	}
	out, err := d.DB.Query(ctx, in)
	if err != nil {
		return nil, nil, fmt.Errorf("listing dead letters of %s: %w", queue, err)
	}
	for _, i := range out.Items {
		sent, id, err := splitLetterKey(textOf(i, attrSK))
		if err != nil {
			return nil, nil, fmt.Errorf("listing dead letters of %s: %w", queue, err)
		}
		l := Letter{Queue: queue, ID: id, Sent: sent, parts: int(numberOf(i, attrParts))}
		if out.LastEvaluatedKey != nil {
			last = &l
		}
		// TTL deletes late.
		if numberOf(i, attrTTL) > d.Now().Unix() {
			letters = append(letters, l)
		}
	}
	return letters, last, nil
}

// Body reads what a letter says. ErrNotFound means that it was sent again already and only its entry is left.
func (d DeadLetters) Body(ctx context.Context, l Letter) ([]byte, error) {
	var packed []byte
	for part := range l.parts {
		out, err := d.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &d.Table, Key: letterPartKey(l.Queue, l.ID, part).item(), ConsistentRead: aws.Bool(true)})
		if err != nil {
			return nil, fmt.Errorf("reading dead letter %s: %w", l.ID, err)
		}
		if len(out.Item) == 0 {
			return nil, fmt.Errorf("reading dead letter %s: %w", l.ID, ErrNotFound)
		}
		packed = append(packed, bytesOf(out.Item, attrBody)...)
	}
	body, err := decoder().DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("reading dead letter %s: %w", l.ID, err)
	}
	return body, nil
}

// Remove forgets a letter. Removing it again changes nothing.
func (d DeadLetters) Remove(ctx context.Context, l Letter) error {
	for part := range l.parts {
		if err := d.remove(ctx, letterPartKey(l.Queue, l.ID, part)); err != nil {
			return err
		}
	}
	return d.remove(ctx, letterKey(l.Queue, l.Sent, l.ID))
}

func (d DeadLetters) remove(ctx context.Context, k Key) error {
	if _, err := d.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &d.Table, Key: k.item()}); err != nil {
		return fmt.Errorf("removing a dead letter: %w", err)
	}
	return nil
}

// Count is how many letters of a queue are kept, by an eventually consistent read; beyond some 100,000 it stops counting.
func (d DeadLetters) Count(ctx context.Context, queue string) (int, error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, Select: types.SelectCount,
		KeyConditionExpression:    aws.String("#pk = :pk"),
		FilterExpression:          aws.String("#ttl > :now"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK, "#ttl": attrTTL},
		ExpressionAttributeValues: item{":pk": textValue(letterList(queue)), ":now": numberValue(d.Now().Unix())},
	}
	n := 0
	for range maxCountPages {
		out, err := d.DB.Query(ctx, in)
		if err != nil {
			return 0, fmt.Errorf("counting dead letters of %s: %w", queue, err)
		}
		n += int(out.Count)
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			break
		}
	}
	return n, nil
}
