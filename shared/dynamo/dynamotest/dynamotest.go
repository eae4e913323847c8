// Package dynamotest gives tests a DynamoDB of their own: the stand-in of package local/dynamodb with the product's tables, and
// writes that fail on request. It is for tests only. The surprising thing: a write can be made to fail after it has happened,
// which is what a lost answer looks like.
package dynamotest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/dynamo"
	standin "github.com/userops/userops/shared/standin/dynamodb"
)

// How says what became of a write that fails.
type How string

// A failed write did not happen, or happened and only its answer was lost.
const (
	NotPersisted How = "failed, not persisted"
	Persisted    How = "failed, but persisted"
)

// ErrInjected is what a write answers that was made to fail.
var ErrInjected = errors.New("injected fault")

// AnyWrite counts every kind of write in Fail and Calls.
const AnyWrite = "write"

// DB is a dynamo.API over a fresh stand-in. Table names are the logical names of dynamo.Tables.
type DB struct {
	*dynamodb.Client

	mu     sync.Mutex
	calls  map[string]int
	faults []fault
	breaks []interruption
}

// interruption is something that happens just before the nth call of an operation.
type interruption struct {
	op  string
	nth int
	act func()
}

type fault struct {
	op  string
	nth int
	how How
}

// EndpointVariable names another endpoint for the tests, such as a stack that runs, Amazon's DynamoDB Local or another emulator. The
// tests make their tables anew there, so they must run one after the other (go test -p 1).
const EndpointVariable = "USEROPS_DYNAMODB_ENDPOINT"

// New gives the test all tables, empty: in a stand-in of its own, or where EndpointVariable says.
func New(t testing.TB) *DB { return NewAt(t, time.Now) }

// NewAt is New with a clock of the test's own, which only a stand-in goes by.
func NewAt(t testing.TB, now func() time.Time) *DB {
	t.Helper()
	endpoint := os.Getenv(EndpointVariable)
	options := dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer:     aws.NopRetryer{},
		HTTPClient:  cloud.Client(),
	}
	if endpoint == "" {
		endpoint = "http://stand-in.invalid"
		options.HTTPClient = inProcess{open(t, now)}
	}
	client := dynamodb.New(options)
	db := &DB{Client: client, calls: map[string]int{}}
	for _, table := range dynamo.Tables() {
		db.create(t, table)
	}
	return db
}

// open is a stand-in for the test.
func open(t testing.TB, now func() time.Time) http.Handler {
	t.Helper()
	engine, err := standin.Open(standin.Options{Clock: now, SyncEvery: time.Hour})
	if err != nil {
		t.Fatalf("opening the stand-in: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("closing the stand-in: %v", err)
		}
	})
	return engine
}

// inProcess calls a handler without a network, so that a test may run in a bubble of virtual time.
type inProcess struct{ http.Handler }

// Do is what the SDK calls.
func (h inProcess) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func (db *DB) create(t testing.TB, table dynamo.Table) {
	t.Helper()
	_, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table.Name})
	var absent *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &absent) {
		t.Fatalf("emptying table %s: %v", table.Name, err)
	}
	_, err = db.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: &table.Name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange}},
	})
	if err != nil {
		t.Fatalf("creating table %s: %v", table.Name, err)
	}
}

// Fail makes the nth call from now of an operation ("PutItem", ... or AnyWrite) fail, counting from 1.
func (db *DB) Fail(op string, nth int, how How) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.faults = append(db.faults, fault{op: op, nth: db.calls[op] + nth, how: how})
}

// Interrupt lets something happen just before the nth call from now of an operation, counting from 1: what another worker does between
// two steps of the one under test.
func (db *DB) Interrupt(op string, nth int, act func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.breaks = append(db.breaks, interruption{op: op, nth: db.calls[op] + nth, act: act})
}

// interrupted takes out what is to happen before a call.
func (db *DB) interrupted(op string, write bool) (acts []func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.breaks = slices.DeleteFunc(db.breaks, func(i interruption) bool {
		due := (i.op == op || write && i.op == AnyWrite) && db.calls[i.op]+1 == i.nth
		if due {
			acts = append(acts, i.act)
		}
		return due
	})
	return acts
}

// Heal forgets the faults that have not fired.
func (db *DB) Heal() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.faults = nil
}

// Calls is how often an operation was called so far.
func (db *DB) Calls(op string) int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.calls[op]
}

// count notes a call and finds the fault that it meets.
func (db *DB) count(op string, write bool) How {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.calls[op]++
	if write {
		db.calls[AnyWrite]++
	}
	for i, f := range db.faults {
		if db.calls[f.op] == f.nth && (f.op == op || write && f.op == AnyWrite) {
			db.faults = append(db.faults[:i:i], db.faults[i+1:]...)
			return f.how
		}
	}
	return ""
}

func call[In, Out any](db *DB, op string, write bool, ctx context.Context, in In, do func(context.Context, In, ...func(*dynamodb.Options)) (Out, error)) (Out, error) {
	for _, act := range db.interrupted(op, write) {
		act()
	}
	how := db.count(op, write)
	var none Out
	if how == NotPersisted {
		return none, ErrInjected
	}
	out, err := do(ctx, in)
	if err == nil && how == Persisted {
		return none, ErrInjected
	}
	return out, err
}

// GetItem reads, unless told to fail.
func (db *DB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return call(db, "GetItem", false, ctx, in, db.Client.GetItem)
}

// BatchGetItem reads, unless told to fail.
func (db *DB) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return call(db, "BatchGetItem", false, ctx, in, db.Client.BatchGetItem)
}

// Query reads, unless told to fail.
func (db *DB) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return call(db, "Query", false, ctx, in, db.Client.Query)
}

// Scan reads, unless told to fail.
func (db *DB) Scan(ctx context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	return call(db, "Scan", false, ctx, in, db.Client.Scan)
}

// PutItem writes, unless told to fail.
func (db *DB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return call(db, "PutItem", true, ctx, in, db.Client.PutItem)
}

// UpdateItem writes, unless told to fail.
func (db *DB) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return call(db, "UpdateItem", true, ctx, in, db.Client.UpdateItem)
}

// DeleteItem writes, unless told to fail.
func (db *DB) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return call(db, "DeleteItem", true, ctx, in, db.Client.DeleteItem)
}

// BatchWriteItem writes, unless told to fail.
func (db *DB) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return call(db, "BatchWriteItem", true, ctx, in, db.Client.BatchWriteItem)
}

// TransactWriteItems writes, unless told to fail.
func (db *DB) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return call(db, "TransactWriteItems", true, ctx, in, db.Client.TransactWriteItems)
}
