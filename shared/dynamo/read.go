package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// MaxBatchKeys is the service's limit of one BatchGetItem.
	MaxBatchKeys = 100
	// maxBatchRounds bounds how often keys are asked for that the service left unread.
	maxBatchRounds = 20
)

var errUnread = errors.New("the table left keys unread too often")

// ErrTooMuch says that a reading was ended where it had read as much as it may.
var ErrTooMuch = errors.New("there is more than may be read at once")

// Get reads an item consistently; nil if there is none.
func Get(ctx context.Context, db API, table string, k Key) (Item, error) {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: k.Item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// GetAll reads items consistently, in no order, a hundred with one call. Those that are not there are left out. Keys are distinct.
func GetAll(ctx context.Context, db API, table string, keys []Key) (found []Item, err error) {
	for part := range slices.Chunk(keys, MaxBatchKeys) {
		wanted := make([]Item, len(part))
		for i, k := range part {
			wanted[i] = k.Item()
		}
		ask := map[string]types.KeysAndAttributes{table: {Keys: wanted, ConsistentRead: aws.Bool(true)}}
		for round := 0; len(ask) > 0; round++ {
			if round == maxBatchRounds {
				return nil, errUnread
			}
			out, err := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
			if err != nil {
				return nil, err
			}
			found = append(found, out.Responses[table]...)
			ask = out.UnprocessedKeys
		}
	}
	return found, nil
}

// Stretch is a part of a partition, in the order of its sort keys: what begins with a prefix, or what lies between two keys; all of it where neither is given.
type Stretch struct {
	Table, PK string
	Prefix    string
	From, To  string   // both are within; From is asked where To is
	After     string   // the sort key behind which to begin, of a page before; may be empty
	Only      []string // the attributes that are read; all where empty
	Newest    bool     // the last keys first
	Stale     bool     // eventually consistent, for half the price
	Limit     int      // of a page; 1 MB where 0
}

// Under is what stands in a key's partition and begins with its sort key.
func Under(table string, k Key) Stretch { return Stretch{Table: table, PK: k.PK, Prefix: k.SK} }

// Page reads a page. next is the sort key behind which the following one begins, "" at the end.
func (s Stretch) Page(ctx context.Context, db API) (items []Item, next string, err error) {
	out, err := db.Query(ctx, s.input())
	if err != nil {
		return nil, "", err
	}
	return out.Items, TextOf(out.LastEvaluatedKey, AttrSK), nil
}

// Each gives all items to visit, page by page, until it returns an error. pages is how many may be read; what was read is taken off. ErrTooMuch says that there are more.
func (s Stretch) Each(ctx context.Context, db API, pages *int, visit func(Item) error) error {
	for ; *pages > 0; *pages-- {
		items, next, err := s.Page(ctx, db)
		if err != nil {
			return err
		}
		for _, i := range items {
			if err := visit(i); err != nil {
				return err
			}
		}
		if s.After = next; next == "" {
			*pages--
			return nil
		}
	}
	return ErrTooMuch
}

// All is Each of at most so many pages.
func (s Stretch) All(ctx context.Context, db API, pages int, visit func(Item) error) error {
	return s.Each(ctx, db, &pages, visit)
}

func (s Stretch) input() *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName: &s.Table, ConsistentRead: aws.Bool(!s.Stale),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": AttrPK},
		ExpressionAttributeValues: Item{":pk": TextValue(s.PK)},
	}
	within := func(condition string, values ...string) {
		in.KeyConditionExpression = aws.String("#pk = :pk AND " + condition)
		in.ExpressionAttributeNames["#sk"] = AttrSK
		for i, v := range values {
			in.ExpressionAttributeValues[fmt.Sprintf(":sk%d", i)] = TextValue(v)
		}
	}
	switch {
	case s.Prefix != "":
		within("begins_with(#sk, :sk0)", s.Prefix)
	case s.From != "":
		within("#sk BETWEEN :sk0 AND :sk1", s.From, s.To)
	case s.To != "":
		within("#sk <= :sk0", s.To)
	}
	var only []string
	for i, name := range s.Only {
		as := fmt.Sprintf("#a%d", i)
		in.ExpressionAttributeNames[as] = name
		only = append(only, as)
	}
	if len(only) > 0 {
		in.ProjectionExpression = aws.String(strings.Join(only, ", "))
	}
	if s.Newest {
		in.ScanIndexForward = aws.Bool(false)
	}
	if s.Limit > 0 {
		in.Limit = aws.Int32(int32(s.Limit))
	}
	if s.After != "" {
		in.ExclusiveStartKey = Key{s.PK, s.After}.Item()
	}
	return in
}
