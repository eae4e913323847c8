package dynamodb

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.etcd.io/bbolt"
)

func TestStoreOutlivesTheEngine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "store.db")
	e, err := Open(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
	put(t, e, "tab", `{"pk":{"S":"k"},"g":{"S":"g"}}`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if status, got := send(e, "PutItem", `{"TableName":"tab","Item":{"pk":{"S":"late"}}}`); status != 500 {
		t.Errorf("a write after Close is answered %d %s", status, got)
	}
	if status, got := send(e, "GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`); status != 500 {
		t.Errorf("a read after Close is answered %d %s", status, got)
	}
	e = openEngine(t, Options{Path: path})
	exchangeCase{"Query", `{"TableName":"tab","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}}}`,
		`{"Items":[{"pk":{"S":"k"},"g":{"S":"g"}}],"Count":1,"ScannedCount":1}`}.run(t, e)
}

func TestTemporaryStoreIsRemoved(t *testing.T) {
	e, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(e.temporary); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(e.temporary); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", e.temporary, err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	newer, junk := filepath.Join(dir, "newer.db"), filepath.Join(dir, "junk.db")
	db, err := bbolt.Open(newer, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		return b.Put(keyFormat, []byte("2"))
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(junk, []byte(strings.Repeat("no store\n", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"of a newer format", newer, "opening dynamodb store " + newer + ": its format is version 2, this program knows up to 1: use a newer program"},
		{"no store at all", junk, junk + " is damaged: neither of its first two pages is that of a store"},
		{"in a file's place of a folder", filepath.Join(junk, "x.db"), "opening dynamodb store " + filepath.Join(junk, "x.db") + ": mkdir " + junk + ": not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Open(Options{Path: c.path})
			if err == nil {
				_ = e.Close()
				t.Fatal("it was opened")
			}
			if err.Error() != c.want {
				t.Errorf("refused with %q, want %q", err, c.want)
			}
		})
	}
}

// TestMain lets the test binary be the other process that some tests need.
func TestMain(m *testing.M) {
	switch os.Getenv("DYNAMODB_TEST_CHILD") {
	case "open":
		e, err := Open(Options{Path: os.Getenv("DYNAMODB_TEST_PATH")})
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(0)
		}
		_ = e.Close()
		os.Exit(0)
	case "write":
		writeUntilKilled(os.Getenv("DYNAMODB_TEST_PATH"))
	}
	os.Exit(m.Run())
}

func childCommand(t *testing.T, kind, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "DYNAMODB_TEST_CHILD="+kind, "DYNAMODB_TEST_PATH="+path)
	return cmd
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	openEngine(t, Options{Path: path})
	out, err := childCommand(t, "open", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "opening dynamodb store " + path + ": another process has the file open"; string(out) != want {
		t.Errorf("the other process got %q, want %q", out, want)
	}
}

// The SDK turns error codes and bodies into typed errors; that it can is part of the contract.
func TestTypedErrorsOfTheSDK(t *testing.T) {
	e := openEngine(t, Options{})
	server := httptest.NewServer(e)
	defer server.Close()
	client := sdk.NewFromConfig(aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")},
		func(o *sdk.Options) { o.BaseEndpoint = &server.URL })
	ctx := context.Background()
	name := aws.String("tab")
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "k"}}
	if _, err := client.CreateTable(ctx, &sdk.CreateTableInput{TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}}}); err != nil {
		t.Fatal(err)
	}
	item := map[string]types.AttributeValue{"pk": key["pk"], "v": &types.AttributeValueMemberN{Value: "42"}}
	if _, err := client.PutItem(ctx, &sdk.PutItemInput{TableName: name, Item: item}); err != nil {
		t.Fatal(err)
	}
	number := func(item map[string]types.AttributeValue) string {
		n, _ := item["v"].(*types.AttributeValueMemberN)
		if n == nil {
			return ""
		}
		return n.Value
	}
	_, err := client.PutItem(ctx, &sdk.PutItemInput{TableName: name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || number(failed.Item) != "42" {
		t.Errorf("a failed condition: %v", err)
	}
	_, err = client.TransactWriteItems(ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: name, Item: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "x"}}}},
		{ConditionCheck: &types.ConditionCheck{TableName: name, Key: key, ConditionExpression: aws.String("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}},
	}})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 2 || *cancelled.CancellationReasons[1].Code != "ConditionalCheckFailed" || number(cancelled.CancellationReasons[1].Item) != "42" {
		t.Errorf("a cancelled transaction: %v", err)
	}
	_, err = client.GetItem(ctx, &sdk.GetItemInput{TableName: aws.String("none"), Key: key})
	var absent *types.ResourceNotFoundException
	if !errors.As(err, &absent) {
		t.Errorf("an absent table: %v", err)
	}
	_, err = client.CreateTable(ctx, &sdk.CreateTableInput{TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}}})
	var exists *types.ResourceInUseException
	if !errors.As(err, &exists) {
		t.Errorf("an existing table: %v", err)
	}
}
