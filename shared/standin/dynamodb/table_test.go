package dynamodb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestBadTables(t *testing.T) {
	e := openEngine(t, Options{})
	const prefix = "!ValidationException: One or more parameter values were invalid: "
	const defs, keys = `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}]`, `"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]`
	for _, c := range []struct{ name, body, want string }{
		{"billing without throughput", `"TableName":"tab",` + defs + `,` + keys, prefix + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{"unknown billing", `"TableName":"tab","BillingMode":"FREE",` + defs + `,` + keys, "!ValidationException: 1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"},
		{"throughput with on demand", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},` + defs + `,` + keys, prefix + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{"undefined key", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"x","AttributeType":"S"}],` + keys, prefix + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: [x]"},
		{"definition without use", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"x","AttributeType":"S"},{"AttributeName":"pk","AttributeType":"S"}],` + keys,
			prefix + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions: [pk, x]"},
		{"type of a key", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"M"}],` + keys,
			"!ValidationException: 1 validation error detected: Value 'M' at 'attributeDefinitions.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]"},
		{"range key first", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs + `,"KeySchema":[{"AttributeName":"pk","KeyType":"RANGE"}]`, prefix + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"no key", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs, "!ValidationException"},
		{"short name", `"TableName":"ab","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys, "!ValidationException"},
		{"long name", `"TableName":"` + strings.Repeat("x", 256) + `","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys, "!ValidationException"},
		{"longest name", `"TableName":"` + strings.Repeat("x", 255) + `","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys, ""},
		{"stream without view", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys + `,"StreamSpecification":{"StreamEnabled":true}`, prefix + "StreamViewType is required when StreamEnabled is true"},
		{"index without projection", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys + `,"GlobalSecondaryIndexes":[{"IndexName":"gsi",` + keys + `}]`, prefix + "Unknown ProjectionType: null"},
		{"local index without sort key", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys + `,"LocalSecondaryIndexes":[{"IndexName":"lsi",` + keys + `,"Projection":{"ProjectionType":"ALL"}}]`,
			prefix + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
		{"attributes without INCLUDE", `"TableName":"tab","BillingMode":"PAY_PER_REQUEST",` + defs + `,` + keys + `,"GlobalSecondaryIndexes":[{"IndexName":"gsi",` + keys + `,"Projection":{"ProjectionType":"ALL","NonKeyAttributes":["a"]}}]`,
			prefix + "ProjectionType is ALL, but NonKeyAttributes is specified"},
		{"no JSON", `"TableName":5`, "!SerializationException"},
	} {
		t.Run(c.name, func(t *testing.T) { exchangeCase{"CreateTable", `{` + c.body + `}`, c.want}.run(t, e) })
	}
}

func TestTableLife(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N", "gsi g:S ALL", "lsi1 pk:S v:N ALL"))
	exchangeCase{"CreateTable", tableBody("tab", "pk:S"), "!ResourceInUseException: Table already exists: tab"}.run(t, e)
	_, got := send(e, "DescribeTable", `{"TableName":"tab"}`)
	var d struct {
		Table struct {
			TableName, TableStatus, TableArn string
			ItemCount                        int
			BillingModeSummary               struct{ BillingMode string }
			GlobalSecondaryIndexes           []struct{ IndexName, IndexStatus string }
			LocalSecondaryIndexes            []struct{ IndexName string }
			KeySchema                        []keyElement
		}
	}
	if err := json.Unmarshal([]byte(got), &d); err != nil {
		t.Fatal(err)
	}
	want := "{tab ACTIVE arn:aws:dynamodb:eu-west-1:000000000000:table/tab 0 {PAY_PER_REQUEST} [{gsi ACTIVE}] [{lsi1}] [{pk HASH} {sk RANGE}]}"
	if text := fmt.Sprint(d.Table); text != want {
		t.Errorf("described as %s\nwant %s", text, want)
	}
	put(t, e, "tab", `{"pk":{"S":"a"},"sk":{"N":"1"}}`)
	if _, got = send(e, "DescribeTable", `{"TableName":"tab"}`); !strings.Contains(got, `"ItemCount":1`) {
		t.Errorf("with one item described as %s", got)
	}
	runAll(t, e, []exchangeCase{
		{"UpdateTable", `{"TableName":"tab","DeletionProtectionEnabled":true}`, ""},
		{"DeleteTable", `{"TableName":"tab"}`, "!ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."},
		{"UpdateTable", `{"TableName":"tab","DeletionProtectionEnabled":false}`, ""},
		{"UpdateTable", `{"TableName":"tab"}`, "!ValidationException"},
		{"DeleteTable", `{"TableName":"tab"}`, ""},
		{"DeleteTable", `{"TableName":"tab"}`, "!ResourceNotFoundException: Requested resource not found: Table: tab not found"},
		{"DescribeTable", `{"TableName":"tab"}`, "!ResourceNotFoundException: Requested resource not found: Table: tab not found"},
		{"UpdateTable", `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST"}`, "!ResourceNotFoundException: Requested resource not found: Table: tab not found"},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"}}}`, "!ResourceNotFoundException: Requested resource not found"},
	})
	create(t, e, tableBody("tab", "pk:S"))
	exchangeCase{"Scan", `{"TableName":"tab"}`, `{"Items":[],"Count":0,"ScannedCount":0}`}.run(t, e)
}

func TestListTables(t *testing.T) {
	e := openEngine(t, Options{})
	exchangeCase{"ListTables", `{}`, `{"TableNames":[]}`}.run(t, e)
	for _, n := range []string{"ccc", "aaa", "bbb"} {
		create(t, e, tableBody(n, "pk:S"))
	}
	runAll(t, e, []exchangeCase{
		{"ListTables", `{}`, `{"TableNames":["aaa","bbb","ccc"]}`},
		{"ListTables", `{"Limit":3}`, `{"TableNames":["aaa","bbb","ccc"]}`},
		{"ListTables", `{"Limit":2}`, `{"TableNames":["aaa","bbb"],"LastEvaluatedTableName":"bbb"}`},
		{"ListTables", `{"Limit":2,"ExclusiveStartTableName":"bbb"}`, `{"TableNames":["ccc"]}`},
		{"ListTables", `{"Limit":0}`, "!ValidationException"},
		{"ListTables", `{"Limit":101}`, "!ValidationException"},
	})
}

func TestTagsAndBackups(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	const arn = `"ResourceArn":"arn:aws:dynamodb:eu-west-1:000000000000:table/tab"`
	runAll(t, e, []exchangeCase{
		{"ListTagsOfResource", `{` + arn + `}`, `{"Tags":[]}`},
		{"TagResource", `{` + arn + `,"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]}`, ""},
		{"TagResource", `{` + arn + `,"Tags":[{"Key":"a","Value":"3"}]}`, ""},
		{"ListTagsOfResource", `{` + arn + `}`, `{"Tags":[{"Key":"b","Value":"2"},{"Key":"a","Value":"3"}]}`},
		{"UntagResource", `{` + arn + `,"TagKeys":["b"]}`, ""},
		{"ListTagsOfResource", `{` + arn + `}`, `{"Tags":[{"Key":"a","Value":"3"}]}`},
		{"ListTagsOfResource", `{"ResourceArn":"tab"}`, "!ValidationException: Invalid TableArn: Invalid ResourceArn provided as input tab"},
		{"DescribeContinuousBackups", `{"TableName":"tab"}`, `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`},
		{"UpdateContinuousBackups", `{"TableName":"tab","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}`, `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`},
		{"DescribeContinuousBackups", `{"TableName":"tab"}`, `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`},
		{"DescribeLimits", `{}`, ""},
		{"DescribeEndpoints", `{}`, ""},
	})
}

func TestIndexOnTableWithItems(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	const items = 3*buildStep/2 + 1 // more than one step
	for from := 0; from < items; from += 25 {
		var all []string
		for i := from; i < min(from+25, items); i++ {
			all = append(all, fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"%d"},"g":{"S":"g%d"}}}}`, i, i%2))
		}
		exchangeCase{"BatchWriteItem", `{"RequestItems":{"tab":[` + strings.Join(all, ",") + `]}}`, ""}.run(t, e)
	}
	put(t, e, "tab", `{"pk":{"S":"other type"},"g":{"N":"1"}}`)
	const update = `{"TableName":"tab","AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[%s]}`
	const gsi = `{"Create":{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}`
	exchangeCase{"UpdateTable", fmt.Sprintf(update, gsi), ""}.run(t, e)
	exchangeCase{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"late"},"g":{"S":"g0"}}}`, ""}.run(t, e)
	e.building.Wait()
	runAll(t, e, []exchangeCase{
		{"Query", `{"TableName":"tab","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g1"}},"Select":"COUNT"}`, fmt.Sprintf(`{"Count":%d,"ScannedCount":%d}`, items/2, items/2)},
		{"Scan", `{"TableName":"tab","IndexName":"gsi","Select":"COUNT"}`, fmt.Sprintf(`{"Count":%d,"ScannedCount":%d}`, items+1, items+1)},
		{"UpdateTable", fmt.Sprintf(update, gsi), "!ValidationException: One or more parameter values were invalid: Attempting to create an index which already exists"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"},"g":{"N":"1"}}}`, "!ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"},
		{"UpdateTable", fmt.Sprintf(update, `{"Delete":{"IndexName":"nope"}}`), "!ResourceNotFoundException: Requested resource not found"},
		{"UpdateTable", fmt.Sprintf(update, `{"Delete":{"IndexName":"gsi"}},`+strings.Replace(gsi, `"gsi"`, `"gs2"`, 1)), "!LimitExceededException"},
		{"UpdateTable", fmt.Sprintf(update, `{"Delete":{"IndexName":"gsi"}}`), ""},
		{"Scan", `{"TableName":"tab","IndexName":"gsi"}`, "!ValidationException: The table does not have the specified index: gsi"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"},"g":{"N":"1"}}}`, `{}`},
	})
}
