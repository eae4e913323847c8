// Package deadletter stores messages that nobody could handle, until they are sent again or their time is over. It does not read them. The surprising thing: a body stands in parts
// of items, since a message may be larger than an item.
package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/packed"
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

// Letters keeps the jobs that failed too often, after the queues have forgotten them. A letter is an entry in its queue's list and one
// item or more with the body, and why it failed, where that was told. The parts are written before the entry, and the entry is removed last.
type Letters struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Letter is one job that failed too often.
type Letter struct {
	Queue string
	ID    string    // of its message
	Sent  time.Time // when the message was first sent
	parts int
}

// Keep writes a letter. Writing it again changes nothing.
func (d Letters) Keep(ctx context.Context, l Letter, body []byte) error {
	ttl := dynamo.NumberValue(d.Now.Time().Add(letterLife).Unix())
	for part := range slices.Chunk(packed.Encoder().EncodeAll(body, nil), letterPart) {
		i := key.LetterPart(l.Queue, l.ID, l.parts).Item()
		i[dynamo.AttrBody], i[dynamo.AttrTTL] = dynamo.BytesValue(part), ttl
		if err := d.put(ctx, i); err != nil {
			return err
		}
		l.parts++
	}
	i := key.Letter(l.Queue, l.Sent, l.ID).Item()
	i[attrParts], i[dynamo.AttrTTL] = dynamo.NumberValue(int64(l.parts)), ttl
	return d.put(ctx, i)
}

func (d Letters) put(ctx context.Context, i dynamo.Item) error {
	if _, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: i}); err != nil {
		return fmt.Errorf("keeping a dead letter: %w", err)
	}
	return nil
}

// Page lists letters of a queue that were sent before a time, oldest first, after the last one of the page before; nil begins, and a nil
// last one ends. A page may be empty and not the last.
func (d Letters) Page(ctx context.Context, queue string, before time.Time, after *Letter, size int32) (letters []Letter, last *Letter, err error) {
	of := dynamo.Stretch{Table: d.Table, PK: key.LetterList(queue), To: key.Letter(queue, before, "").SK, Limit: int(size)}
	if after != nil {
		of.After = key.Letter(queue, after.Sent, after.ID).SK
	}
	items, next, err := of.Page(ctx, d.DB)
	if err != nil {
		return nil, nil, fmt.Errorf("listing dead letters of %s: %w", queue, err)
	}
	for _, i := range items {
		l, kept, err := d.letter(queue, i)
		if err != nil {
			return nil, nil, err
		}
		if next != "" {
			last = &l
		}
		if kept {
			letters = append(letters, l)
		}
	}
	return letters, last, nil
}

// List gives a page of the letters of a queue, the newest first. A page may have fewer letters than its limit, or none, and not be the last: next says so. A cursor that List did not give
// for the queue is dynamo.ErrCursor.
func (d Letters) List(ctx context.Context, queue string, limit int, cursor string) (letters []Letter, next string, err error) {
	after, err := dynamo.SortKeyOf(cursor, "")
	if err != nil {
		return nil, "", err
	}
	if _, _, err := key.SplitLetter(after); after != "" && err != nil {
		return nil, "", dynamo.ErrCursor
	}
	items, last, err := dynamo.Stretch{Table: d.Table, PK: key.LetterList(queue), After: after, Newest: true, Limit: limit}.Page(ctx, d.DB)
	if err != nil {
		return nil, "", fmt.Errorf("listing dead letters of %s: %w", queue, err)
	}
	for _, i := range items {
		l, kept, err := d.letter(queue, i)
		if err != nil {
			return nil, "", err
		}
		if kept {
			letters = append(letters, l)
		}
	}
	if last != "" {
		next = dynamo.CursorAfter(last)
	}
	return letters, next, nil
}

// Find reads one letter of a queue, consistently. ErrNotFound says that there is none any more.
func (d Letters) Find(ctx context.Context, queue string, sent time.Time, id string) (Letter, error) {
	found, err := dynamo.Get(ctx, d.DB, d.Table, key.Letter(queue, sent, id))
	if err != nil {
		return Letter{}, fmt.Errorf("reading dead letter %s: %w", id, err)
	}
	if found == nil {
		return Letter{}, fmt.Errorf("reading dead letter %s: %w", id, dynamo.ErrNotFound)
	}
	l, kept, err := d.letter(queue, found)
	if err == nil && !kept {
		err = fmt.Errorf("reading dead letter %s: %w", id, dynamo.ErrNotFound)
	}
	return l, err
}

// letter reads an entry of a queue's list, and says whether its time is not over: TTL deletes late.
func (d Letters) letter(queue string, i dynamo.Item) (l Letter, kept bool, err error) {
	sent, id, err := key.SplitLetter(dynamo.TextOf(i, dynamo.AttrSK))
	if err != nil {
		return l, false, fmt.Errorf("listing dead letters of %s: %w", queue, err)
	}
	return Letter{Queue: queue, ID: id, Sent: sent, parts: int(dynamo.NumberOf(i, attrParts))}, dynamo.NumberOf(i, dynamo.AttrTTL) > d.Now.Time().Unix(), nil
}

// ErrTorn says that what stands in the table is not what Keep has written.
var ErrTorn = errors.New("the letter is torn")

// Body reads what a letter says. ErrNotFound means that it was sent again already and only its entry is left.
func (d Letters) Body(ctx context.Context, l Letter) ([]byte, error) {
	var whole []byte
	for part := range l.parts {
		found, err := dynamo.Get(ctx, d.DB, d.Table, key.LetterPart(l.Queue, l.ID, part))
		if err != nil {
			return nil, fmt.Errorf("reading dead letter %s: %w", l.ID, err)
		}
		if found == nil {
			return nil, fmt.Errorf("reading dead letter %s: %w", l.ID, dynamo.ErrNotFound)
		}
		whole = append(whole, dynamo.BytesOf(found, dynamo.AttrBody)...)
	}
	body, err := packed.Decoder().DecodeAll(whole, nil)
	if err != nil {
		return nil, fmt.Errorf("reading dead letter %s: %w: %w", l.ID, ErrTorn, err)
	}
	return body, nil
}

// Remove forgets a letter. Removing it again changes nothing.
func (d Letters) Remove(ctx context.Context, l Letter) error {
	for part := range l.parts {
		if err := d.remove(ctx, key.LetterPart(l.Queue, l.ID, part)); err != nil {
			return err
		}
	}
	if err := d.remove(ctx, key.LetterWhy(l.Queue, l.ID)); err != nil {
		return err
	}
	return d.remove(ctx, key.Letter(l.Queue, l.Sent, l.ID))
}

func (d Letters) remove(ctx context.Context, k dynamo.Key) error {
	if _, err := d.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &d.Table, Key: k.Item()}); err != nil {
		return fmt.Errorf("removing a dead letter: %w", err)
	}
	return nil
}

// oldestPage is how many letters are looked at for one whose time is not over.
const oldestPage = 20

// Oldest is when the oldest letter of a queue was first sent, by an eventually consistent read; the zero time where there is none.
func (d Letters) Oldest(ctx context.Context, queue string) (time.Time, error) {
	items, _, err := dynamo.Stretch{Table: d.Table, PK: key.LetterList(queue), Limit: oldestPage, Stale: true}.Page(ctx, d.DB)
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the oldest dead letter of %s: %w", queue, err)
	}
	for _, i := range items {
		l, kept, err := d.letter(queue, i)
		if err != nil || kept {
			return l.Sent, err
		}
	}
	return time.Time{}, nil
}

// Count is how many letters of a queue are kept, by an eventually consistent read; beyond some 100,000 it stops counting.
func (d Letters) Count(ctx context.Context, queue string) (int, error) {
	in := &dynamodb.QueryInput{
		TableName: &d.Table, Select: types.SelectCount,
		KeyConditionExpression:    aws.String("#pk = :pk"),
		FilterExpression:          aws.String("#ttl > :now"),
		ExpressionAttributeNames:  map[string]string{"#pk": dynamo.AttrPK, "#ttl": dynamo.AttrTTL},
		ExpressionAttributeValues: dynamo.Item{":pk": dynamo.TextValue(key.LetterList(queue)), ":now": dynamo.NumberValue(d.Now.Time().Unix())},
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
