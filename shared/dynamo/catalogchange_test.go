package dynamo_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestWhatIsSavedIsInForceForTheNextInvocation asks a cache over three invocations, with a definition saved and one deleted in between.
func TestWhatIsSavedIsInForceForTheNextInvocation(t *testing.T) {
	db := dynamotest.New(t)
	catalog := dynamo.Catalog{DB: db, Table: "Catalog"}
	cache := &dynamo.CatalogCache{Catalog: catalog}
	invocation := func(id string) context.Context {
		return lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: id})
	}
	count := func(id string) int {
		t.Helper()
		all, err := cache.All(invocation(id), dynamo.KindSegment)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	save := func(id string) {
		t.Helper()
		if _, err := catalog.Save(context.Background(), dynamo.KindSegment, id, json.RawMessage(`{}`), nil, time.Now()); err != nil {
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
	if err := catalog.Delete(context.Background(), dynamo.KindSegment, "a", nil); err != nil {
		t.Fatal(err)
	}
	save("b")
	save("c")
	if n := count("4"); n != 2 {
		t.Errorf("%d definitions after a deletion and two more, want 2", n)
	}
}
