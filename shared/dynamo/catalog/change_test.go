package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestWhatIsSavedIsInForceForTheNextInvocation asks a cache over three invocations, with a definition saved and one deleted in between.
func TestWhatIsSavedIsInForceForTheNextInvocation(t *testing.T) {
	db := dynamotest.New(t)
	saved := catalog.Catalog{DB: db, Table: "Catalog"}
	cache := &catalog.Cache{Catalog: saved}
	invocation := func(id string) context.Context {
		return lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: id})
	}
	count := func(id string) int {
		t.Helper()
		all, err := cache.All(invocation(id), definition.Segment)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	save := func(id string) {
		t.Helper()
		if _, err := saved.Save(context.Background(), definition.Segment, id, json.RawMessage(`{}`), nil, dynamotest.By(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	if n := count("1"); n != 0 {
		t.Fatalf("%d definitions before any", n)
	}
	save("a")
	if n := count("1"); n != 0 {
		t.Errorf("%d definitions within the invocation that has asked, want those of its beginning", n)
	}
	if n := count("2"); n != 1 {
		t.Errorf("%d definitions in the next invocation, want 1", n)
	}
	queries := db.Calls("Query")
	if n := count("3"); n != 1 || db.Calls("Query") != queries {
		t.Errorf("%d definitions; %d queries for what has not changed", n, db.Calls("Query")-queries)
	}
	if err := saved.Delete(context.Background(), definition.Segment, "a", 1, dynamotest.By(time.Now())); err != nil {
		t.Fatal(err)
	}
	save("b")
	save("c")
	if n := count("4"); n != 2 {
		t.Errorf("%d definitions after a deletion and two more, want 2", n)
	}
}

// strict is a table in which only consistent reads see what was written last; every other one sees what was there before.
type strict struct {
	*dynamotest.DB
	stale map[string]*dynamodb.QueryOutput
}

func (s *strict) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := s.DB.Query(ctx, in, o...)
	key := in.ExpressionAttributeValues[":pk"].(*types.AttributeValueMemberS).Value
	old, known := s.stale[key]
	if s.stale[key] = out; known && !aws.ToBool(in.ConsistentRead) {
		return old, err
	}
	return out, err
}

func (s *strict) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if !aws.ToBool(in.ConsistentRead) {
		return &dynamodb.GetItemOutput{}, nil // not seen yet
	}
	return s.DB.GetItem(ctx, in, o...)
}

// TestAStaleReadIsNeverFiledUnderAFreshNumber: what a warm instance holds is never older than the number of changes that it has seen.
func TestAStaleReadIsNeverFiledUnderAFreshNumber(t *testing.T) {
	db := &strict{dynamotest.New(t), map[string]*dynamodb.QueryOutput{}}
	saved := catalog.Catalog{DB: db, Table: "Catalog"}
	now := catalogNow
	cache := &catalog.Cache{Catalog: saved, Now: func() time.Time { return now }}
	for version := 1; version <= 3; version++ {
		if _, err := saved.Save(t.Context(), definition.Settings, "messaging", json.RawMessage(fmt.Sprintf(`{"v":%d}`, version)), nil, dynamotest.By(now)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(catalog.TTL)
		for range 2 {
			d, err := cache.Definition(t.Context(), definition.Settings, "messaging")
			if err != nil || d.Version != version {
				t.Errorf("version %d is seen as %d, %v", version, d.Version, err)
			}
		}
		if d, err := cache.Version(t.Context(), definition.Settings, "messaging", version); err != nil || d.Version != version {
			t.Errorf("version %d by its number: %+v, %v", version, d, err)
		}
	}
}

// TestAnInvocationAsksAgain: what is saved while an invocation lasts is in force within TTL.
func TestAnInvocationAsksAgain(t *testing.T) {
	saved := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
	now := catalogNow
	cache := &catalog.Cache{Catalog: saved, Now: func() time.Time { return now }}
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "1"})
	for step, c := range []struct {
		pass time.Duration
		want int
	}{{0, 0}, {catalog.TTL - 1, 0}, {1, 1}} {
		now = now.Add(c.pass)
		all, err := cache.All(ctx, definition.Campaign)
		if err != nil || len(all) != c.want {
			t.Errorf("step %d: %d definitions, %v", step, len(all), err)
		}
		if step == 0 {
			if _, err := saved.Save(ctx, definition.Campaign, "a", json.RawMessage(`{}`), nil, dynamotest.By(now)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
