package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// API is what the stores call of the SDK's client.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Table is one table as the template must declare it. Every table has the string keys pk and sk.
type Table struct {
	Name string // logical name in the template
	TTL  bool   // expires by the attribute ttl
	// Kept says that the table has point-in-time recovery and deletion protection, and stays when the stack goes.
	Kept bool
}

// Tables lists every table of the product.
func Tables() []Table {
	return []Table{
		{Name: "Profiles", TTL: true, Kept: true},
		{Name: "Timeline", TTL: true, Kept: true},
		{Name: "Catalog", TTL: true, Kept: true},
		{Name: "Referrals", TTL: true, Kept: true},
		{Name: "Ledger", Kept: true},
		{Name: "Deliveries", TTL: true, Kept: true},
		{Name: "Due", TTL: true, Kept: true},
		{Name: "Runs", TTL: true},
		{Name: "DeadLetters", TTL: true, Kept: true},
		{Name: "Audit", TTL: true, Kept: true},
		{Name: "Refusals", TTL: true},
		{Name: "Live", TTL: true},
		{Name: "Results", TTL: true, Kept: true},
		{Name: "Search", Kept: true},
		{Name: "Sessions", TTL: true},
	}
}
