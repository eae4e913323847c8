package settlement

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// meddler is a database in which something happens right before the next transaction, and reads can be made to fail.
type meddler struct {
	*dynamotest.DB
	mu      sync.Mutex
	between func() // runs once, before the next transaction
	reads   int
	fails   int // which read fails, counted from 1; 0 none
	largest int // how many actions the largest transaction had
	// refuses fails GetItem of one table for keys that contain a text; unwritable fails PutItem of one table.
	refuses    struct{ table, text string }
	unwritable string
}

var errRead, errWrite = errors.New("a read that fails"), errors.New("a write that fails")

func (m *meddler) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	m.mu.Lock()
	act := m.between
	m.between = nil
	m.largest = max(m.largest, len(in.TransactItems))
	m.mu.Unlock()
	if act != nil {
		act()
	}
	return m.DB.TransactWriteItems(ctx, in, o...)
}

func (m *meddler) read() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.reads == m.fails {
		return errRead
	}
	return nil
}

func (m *meddler) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	for _, part := range in.Key {
		if text, ok := part.(*types.AttributeValueMemberS); ok && *in.TableName == m.refuses.table && strings.Contains(text.Value, m.refuses.text) {
			return nil, errRead
		}
	}
	return m.DB.GetItem(ctx, in, o...)
}

func (m *meddler) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.DB.BatchGetItem(ctx, in, o...)
}

func (m *meddler) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.DB.Query(ctx, in, o...)
}

func (m *meddler) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if *in.TableName == m.unwritable {
		return nil, errWrite
	}
	return m.DB.PutItem(ctx, in, o...)
}

// refuse fails reads from a table until heal.
func (m *meddler) refuse(table, text string) { m.refuses.table, m.refuses.text = table, text }

func (m *meddler) heal() { m.refuse("", ""); m.unwritable = "" }
