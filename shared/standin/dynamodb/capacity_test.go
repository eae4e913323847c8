package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		size                      int
		write, strong, eventually float64
	}{
		{0, 1, 1, 0.5}, {1, 1, 1, 0.5}, {1024, 1, 1, 0.5}, {1025, 2, 1, 0.5}, {4096, 4, 1, 0.5}, {4097, 5, 2, 1}, {maxItemSize, 400, 100, 50},
	} {
		if got := writeUnits(c.size); got != c.write {
			t.Errorf("writing %d bytes takes %v, want %v", c.size, got, c.write)
		}
		if got := readUnits(c.size, true); got != c.strong {
			t.Errorf("reading %d bytes consistently takes %v, want %v", c.size, got, c.strong)
		}
		if got := readUnits(c.size, false); got != c.eventually {
			t.Errorf("reading %d bytes takes %v, want %v", c.size, got, c.eventually)
		}
	}
}

func TestConsumedCapacity(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL", "keys g:S KEYS_ONLY"))
	kb := func(n int) string { return strings.Repeat("x", n<<10-100) }
	units := func(total string, indexes ...string) string {
		table := total
		globals := ""
		if len(indexes) > 0 {
			table = indexes[0]
			globals = `,"GlobalSecondaryIndexes":{` + strings.Join(indexes[1:], ",") + `}`
		}
		return fmt.Sprintf(`{"TableName":"tab","CapacityUnits":%s,"Table":{"CapacityUnits":%s}%s}`, total, table, globals)
	}
	index := func(name, n string) string { return fmt.Sprintf(`%q:{"CapacityUnits":%s}`, name, n) }
	for _, c := range []struct{ name, action, body, want string }{
		{"put without index keys", "PutItem", `"Item":{"pk":{"S":"k"},"d":{"S":"` + kb(3) + `"}}`, units("3")},
		{"put of the same size", "PutItem", `"Item":{"pk":{"S":"k"},"d":{"S":"` + kb(3) + `"}}`, units("3")},
		{"put in place of a larger one", "PutItem", `"Item":{"pk":{"S":"k"}}`, units("3")},
		{"put into the indexes", "PutItem", `"Item":{"pk":{"S":"k"},"g":{"S":"g"},"d":{"S":"` + kb(2) + `"}}`, units("5", "2", index("gsi", "2"), index("keys", "1"))},
		{"update of an attribute one index holds", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET a = pk"`, units("4", "2", index("gsi", "2"))},
		{"update that changes nothing", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET a = pk"`, units("2")},
		{"update of an index key", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET g = pk"`, units("8", "2", index("gsi", "4"), index("keys", "2"))},
		{"consistent get", "GetItem", `"Key":{"pk":{"S":"k"}},"ConsistentRead":true,"ProjectionExpression":"nope"`, units("1")},
		{"get", "GetItem", `"Key":{"pk":{"S":"k"}},"ProjectionExpression":"nope"`, units("0.5")},
		{"get of none", "GetItem", `"Key":{"pk":{"S":"none"}}`, units("0.5")},
		{"scan", "Scan", `"Select":"COUNT"`, units("0.5")},
		{"query of an index", "Query", `"IndexName":"gsi","Select":"COUNT","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"k"}}`, units("0.5", "0", index("gsi", "0.5"))},
		{"delete", "DeleteItem", `"Key":{"pk":{"S":"k"}}`, units("5", "2", index("gsi", "2"), index("keys", "1"))},
		{"delete of none", "DeleteItem", `"Key":{"pk":{"S":"k"}}`, units("1")},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, got := send(e, c.action, `{"TableName":"tab","ReturnConsumedCapacity":"INDEXES",`+c.body+`}`)
			var answer struct{ ConsumedCapacity json.RawMessage }
			if err := json.Unmarshal([]byte(got), &answer); err != nil || status != 200 {
				t.Fatalf("%d %s", status, got)
			}
			if !sameJSON(t, string(answer.ConsumedCapacity), c.want) {
				t.Errorf("got %s\nwant %s", answer.ConsumedCapacity, c.want)
			}
		})
	}
	runAll(t, e, []exchangeCase{
		{"PutItem", `{"TableName":"tab","ReturnConsumedCapacity":"TOTAL","Item":{"pk":{"S":"k"},"g":{"S":"g"}}}`, `{"ConsumedCapacity":{"TableName":"tab","CapacityUnits":3}}`},
		{"PutItem", `{"TableName":"tab","ReturnConsumedCapacity":"NONE","Item":{"pk":{"S":"k"}}}`, `{}`},
	})
}

// A query's units are of the sum of its items, a batch's are rounded an item.
func TestCapacityOfManyItems(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N"))
	for i := range 5 {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"d":{"S":"%s"}}`, i, strings.Repeat("x", 1000)))
	}
	keys := `{"pk":{"S":"p"},"sk":{"N":"0"}},{"pk":{"S":"p"},"sk":{"N":"1"}},{"pk":{"S":"p"},"sk":{"N":"9"}}`
	get := func(n int) string {
		return fmt.Sprintf(`{"Get":{"TableName":"tab","Key":{"pk":{"S":"p"},"sk":{"N":"%d"}},"ProjectionExpression":"sk"}}`, n)
	}
	runAll(t, e, []exchangeCase{
		{"Query", `{"TableName":"tab","Select":"COUNT","ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`,
			`{"Count":5,"ScannedCount":5,"ConsumedCapacity":{"TableName":"tab","CapacityUnits":2}}`},
		{"Query", `{"TableName":"tab","Select":"COUNT","ReturnConsumedCapacity":"TOTAL","Limit":4,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`,
			`{"Count":4,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"N":"3"}},"ConsumedCapacity":{"TableName":"tab","CapacityUnits":0.5}}`},
		{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[` + keys + `],"ProjectionExpression":"sk"}},"ReturnConsumedCapacity":"TOTAL"}`,
			`{"Responses":{"tab":[{"sk":{"N":"0"}},{"sk":{"N":"1"}}]},"UnprocessedKeys":{},"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":1.5}]}`},
		{"TransactGetItems", `{"TransactItems":[` + get(0) + `,` + get(9) + `],"ReturnConsumedCapacity":"TOTAL"}`,
			`{"Responses":[{"Item":{"sk":{"N":"0"}}},{}],"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":4,"ReadCapacityUnits":4}]}`},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Delete":{"TableName":"tab","Key":{"pk":{"S":"p"},"sk":{"N":"0"}}}},{"Put":{"TableName":"tab","Item":{"pk":{"S":"p"},"sk":{"N":"77"}}}}],"ReturnConsumedCapacity":"TOTAL"}`,
			`{"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":4,"WriteCapacityUnits":4}]}`},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"Delete":{"TableName":"tab","Key":{"pk":{"S":"p"},"sk":{"N":"0"}}}},{"Put":{"TableName":"tab","Item":{"pk":{"S":"p"},"sk":{"N":"77"}}}}],"ReturnConsumedCapacity":"TOTAL"}`,
			`{"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":4,"ReadCapacityUnits":4}]}`},
		{"BatchWriteItem", `{"RequestItems":{"tab":[{"DeleteRequest":{"Key":{"pk":{"S":"p"},"sk":{"N":"0"}}}},{"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"N":"78"}}}}]},"ReturnConsumedCapacity":"TOTAL"}`,
			`{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":2}]}`},
	})
}

func TestLocalIndexFetchesCostExtra(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N", "lsi1 pk:S v:N KEYS_ONLY"))
	for i := range 3 {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"v":{"N":"1"},"d":{"S":"%s"}}`, i, strings.Repeat("x", 5000)))
	}
	const q = `{"TableName":"tab","IndexName":"lsi1","ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"ProjectionExpression":"%s","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`
	_, cheap := send(e, "Query", fmt.Sprintf(q, "v"))
	_, dear := send(e, "Query", fmt.Sprintf(q, "d"))
	if !strings.Contains(cheap, `"CapacityUnits":1.0`) || !strings.Contains(dear, `"CapacityUnits":7.0`) {
		t.Errorf("projected attributes: %s, fetched ones: %.80s...%s", cheap, dear, dear[len(dear)-80:])
	}
}

func TestAuthorizeAndObserve(t *testing.T) {
	var asked, told []string
	var forbidden string
	e := openEngine(t, Options{
		Authorize: func(c Call) error {
			asked = append(asked, fmt.Sprint(c.AccessKeyID, " ", c.Action, " ", c.Table, " ", c.Index))
			if c.Action == forbidden {
				return errors.New("not authorized to perform dynamodb:" + c.Action)
			}
			return nil
		},
		Observe: func(c Call) {
			told = append(told, fmt.Sprint(c.Action, " ", c.Table, " ", c.Index, " ", c.ReadUnits, " ", c.WriteUnits, " ", c.ErrorCode))
		},
	})
	create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
	create(t, e, tableBody("two", "pk:S"))
	for _, c := range []struct {
		name, action, body, forbidden, want string
		asked, told                         []string
	}{
		{"put", "PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"},"g":{"S":"g"}}}`, "", `{}`, []string{"AKID PutItem tab "}, []string{"PutItem tab  0 2 "}},
		{"by ARN", "GetItem", `{"TableName":"arn:aws:dynamodb:eu-west-1:000000000000:table/tab","Key":{"pk":{"S":"k"}}}`, "", ``, []string{"AKID GetItem tab "}, []string{"GetItem tab  0.5 0 "}},
		{"index", "Query", `{"TableName":"tab","IndexName":"gsi","Select":"COUNT","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}}}`, "", ``, []string{"AKID Query tab gsi"}, []string{"Query tab gsi 0.5 0 "}},
		{"condition", "DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_not_exists(pk)"}`, "", "!ConditionalCheckFailedException", []string{"AKID DeleteItem tab "}, []string{"DeleteItem tab  0 1 ConditionalCheckFailedException"}},
		{"bad request", "GetItem", `{"TableName":"tab"}`, "", "!ValidationException", []string{"AKID GetItem tab "}, []string{"GetItem tab  0 0 ValidationException"}},
		{"denied", "PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"}}}`, "PutItem", "!AccessDeniedException: not authorized to perform dynamodb:PutItem", []string{"AKID PutItem tab "}, []string{"PutItem tab  0 0 AccessDeniedException"}},
		{"transaction", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"a"}}}},
			{"Update":{"TableName":"two","Key":{"pk":{"S":"a"}},"UpdateExpression":"REMOVE x"}},{"Delete":{"TableName":"tab","Key":{"pk":{"S":"b"}}}},{"ConditionCheck":{"TableName":"two","Key":{"pk":{"S":"b"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`, "", `{}`,
			[]string{"AKID PutItem tab ", "AKID UpdateItem two ", "AKID DeleteItem tab ", "AKID ConditionCheckItem two "}, []string{"TransactWriteItems tab  0 4 ", "TransactWriteItems two  0 4 "}},
		{"denied part of a transaction", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"a"}}}},{"ConditionCheck":{"TableName":"two","Key":{"pk":{"S":"b"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`, "ConditionCheckItem", "!AccessDeniedException",
			[]string{"AKID PutItem tab ", "AKID ConditionCheckItem two "}, []string{"TransactWriteItems tab  0 0 AccessDeniedException"}},
		{"transactional get", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"pk":{"S":"a"}}}}]}`, "", ``, []string{"AKID GetItem tab "}, []string{"TransactGetItems tab  2 0 "}},
		{"batch", "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"pk":{"S":"a"}}]}}}`, "", ``, []string{"AKID BatchGetItem tab "}, []string{"BatchGetItem tab  0.5 0 "}},
		{"batch of writes", "BatchWriteItem", `{"RequestItems":{"tab":[{"DeleteRequest":{"Key":{"pk":{"S":"a"}}}}]}}`, "BatchWriteItem", "!AccessDeniedException", []string{"AKID BatchWriteItem tab "}, []string{"BatchWriteItem tab  0 0 AccessDeniedException"}},
		{"no table", "ListTables", `{}`, "", ``, []string{"AKID ListTables  "}, []string{"ListTables   0 0 "}},
		{"table", "DescribeTable", `{"TableName":"tab"}`, "DescribeTable", "!AccessDeniedException", []string{"AKID DescribeTable tab "}, []string{"DescribeTable tab  0 0 AccessDeniedException"}},
		{"not implemented", "CreateBackup", `{"TableName":"tab"}`, "", "!UnknownOperationException", nil, []string{"CreateBackup   0 0 UnknownOperationException"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, told, forbidden = nil, nil, c.forbidden
			exchangeCase{c.action, c.body, c.want}.run(t, e)
			if !slices.Equal(asked, c.asked) {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			if !slices.Equal(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}
