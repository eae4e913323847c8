package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

func TestKeysOfWrites(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N", "gsi g:S h:B ALL"))
	create(t, e, tableBody("str", "pk:S sk:S"))
	long := func(n int) string { return strings.Repeat("x", n) }
	const key = "!ValidationException: The provided key element does not match the schema"
	runAll(t, e, []exchangeCase{
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}`, `{}`},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"}}}`, "!ValidationException: One or more parameter values were invalid: Missing the key sk in the item"},
		{"PutItem", `{"TableName":"tab","Item":{"sk":{"N":"1"}}}`, "!ValidationException: One or more parameter values were invalid: Missing the key pk in the item"},
		{"PutItem", `{"TableName":"tab","Item":{}}`, "!ValidationException: One or more parameter values were invalid: Missing the key pk in the item"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"N":"1"},"sk":{"N":"1"}}}`, "!ValidationException: One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"NULL":true}}}`, "!ValidationException: One or more parameter values were invalid: Type mismatch for key sk expected: N actual: NULL"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":""},"sk":{"N":"1"}}}`, "!ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"g":{"N":"1"}}}`, "!ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"g":{"S":""}}}`,
			"!ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"h":{"B":""}}}`,
			"!ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty binary value. IndexName: gsi, IndexKey: h"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"` + long(2048) + `"},"sk":{"N":"1"}}}`, `{}`},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"` + long(2049) + `"},"sk":{"N":"1"}}}`, "!ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"sk":{"N":"1"},"g":{"S":"` + long(2049) + `"}}}`, "!ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"PutItem", `{"TableName":"str","Item":{"pk":{"S":"a"},"sk":{"S":"` + long(1024) + `"}}}`, `{}`},
		{"PutItem", `{"TableName":"str","Item":{"pk":{"S":"a"},"sk":{"S":"` + long(1025) + `"}}}`, "!ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"Query", `{"TableName":"str","KeyConditionExpression":"pk = :p AND sk = :s","ExpressionAttributeValues":{":p":{"S":"` + long(2048) + `"},":s":{"S":"` + long(1024) + `"}}}`, `{"Items":[],"Count":0,"ScannedCount":0}`},
		{"Query", `{"TableName":"str","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"` + long(2049) + `"}}}`, "!ValidationException: One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"Query", `{"TableName":"str","KeyConditionExpression":"pk = :p AND sk > :s","ExpressionAttributeValues":{":p":{"S":"p"},":s":{"S":"` + long(1025) + `"}}}`,
			"!ValidationException: One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1.0"}}}`, `{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}`},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, key},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"S":"1"}}}`, key},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"N":"1"}}}`, key},
		{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"a"},"x":{"N":"1"}}}`, key},
		{"GetItem", `{"TableName":"tab"}`, "!ValidationException: 1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null"},
		{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, key},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, key},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":""},"sk":{"N":"1"}}}`, "!ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
	})
}

func TestReturnValues(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	const old = `{"pk":{"S":"k"},"a":{"N":"1"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"l":{"L":[{"N":"1"},{"N":"2"}]}}`
	for _, c := range []struct{ name, action, body, want string }{
		{"put", "PutItem", `"Item":{"pk":{"S":"k"}}`, `{}`},
		{"put NONE", "PutItem", `"Item":{"pk":{"S":"k"}},"ReturnValues":"NONE"`, `{}`},
		{"put ALL_OLD", "PutItem", `"Item":{"pk":{"S":"k"}},"ReturnValues":"ALL_OLD"`, `{"Attributes":` + old + `}`},
		{"put ALL_OLD of none", "PutItem", `"Item":{"pk":{"S":"new"}},"ReturnValues":"ALL_OLD"`, `{}`},
		{"put ALL_NEW", "PutItem", `"Item":{"pk":{"S":"k"}},"ReturnValues":"ALL_NEW"`, "!ValidationException: Return values set to invalid value"},
		{"delete ALL_OLD", "DeleteItem", `"Key":{"pk":{"S":"k"}},"ReturnValues":"ALL_OLD"`, `{"Attributes":` + old + `}`},
		{"delete UPDATED_OLD", "DeleteItem", `"Key":{"pk":{"S":"k"}},"ReturnValues":"UPDATED_OLD"`, "!ValidationException: Return values set to invalid value"},
		{"update", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET a = m"`, `{}`},
		{"update ALL_OLD", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"REMOVE a","ReturnValues":"ALL_OLD"`, `{"Attributes":` + old + `}`},
		{"update ALL_NEW", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"REMOVE m, l","ReturnValues":"ALL_NEW"`, `{"Attributes":{"pk":{"S":"k"},"a":{"N":"1"}}}`},
		{"update ALL_NEW of none", "UpdateItem", `"Key":{"pk":{"S":"new2"}},"ReturnValues":"ALL_NEW"`, `{"Attributes":{"pk":{"S":"new2"}}}`},
		{"update UPDATED_OLD", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET m.x = a, b = a","ReturnValues":"UPDATED_OLD"`, `{"Attributes":{"m":{"M":{"x":{"N":"1"}}}}}`},
		{"update UPDATED_NEW", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET m.x = l[1], b = a REMOVE a","ReturnValues":"UPDATED_NEW"`, `{"Attributes":{"m":{"M":{"x":{"N":"2"}}},"b":{"N":"1"}}}`},
		{"update UPDATED_NEW of a list", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET l[1] = a","ReturnValues":"UPDATED_NEW"`, `{"Attributes":{"l":{"L":[{"N":"1"}]}}}`},
		{"update UPDATED_NEW of a removal", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"REMOVE a","ReturnValues":"UPDATED_NEW"`, `{}`},
		{"update ALL", "UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"REMOVE a","ReturnValues":"ALL"`,
			"!ValidationException: 1 validation error detected: Value 'ALL' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			put(t, e, "tab", old)
			exchangeCase{c.action, `{"TableName":"tab",` + c.body + `}`, c.want}.run(t, e)
		})
	}
}

func TestConditionFailureCarriesTheItem(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", `{"pk":{"S":"k"},"a":{"N":"1"}}`)
	const with, without = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"pk":{"S":"k"},"a":{"N":"1"}}}`,
		`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`
	for _, c := range []struct{ name, action, body, want string }{
		{"put", "PutItem", `"Item":{"pk":{"S":"k"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`, with},
		{"update", "UpdateItem", `"Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`, with},
		{"delete", "DeleteItem", `"Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`, with},
		{"none asked for", "DeleteItem", `"Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"NONE"`, without},
		{"no item", "DeleteItem", `"Key":{"pk":{"S":"x"}},"ConditionExpression":"attribute_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`, without},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, got := send(e, c.action, `{"TableName":"tab",`+c.body+`}`)
			if status != 400 || !sameJSON(t, got, c.want) {
				t.Errorf("got %d %s\nwant %s", status, got, c.want)
			}
		})
	}
}

func TestItemSizeLimit(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	// "pk" + "k" + "d" leave this much of 400 KB.
	fill := func(n int) string { return fmt.Sprintf(`{"pk":{"S":"k"},"d":{"S":"%s"}}`, strings.Repeat("x", n)) }
	room := maxItemSize - 4
	runAll(t, e, []exchangeCase{
		{"PutItem", `{"TableName":"tab","Item":` + fill(room) + `}`, `{}`},
		{"PutItem", `{"TableName":"tab","Item":` + fill(room+1) + `}`, "!ValidationException: Item size has exceeded the maximum allowed size"},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"SET e = :e","ExpressionAttributeValues":{":e":{"S":""}}}`, "!ValidationException: Item size to update has exceeded the maximum allowed size"},
		{"PutItem", `{"TableName":"tab","Item":` + fill(room-1) + `}`, `{}`},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"SET e = :e","ExpressionAttributeValues":{":e":{"S":""}}}`, `{}`},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"SET e = :e","ExpressionAttributeValues":{":e":{"S":"a"}}}`, "!ValidationException: Item size to update has exceeded the maximum allowed size"},
	})
}

func TestItemSizes(t *testing.T) {
	for item, want := range map[string]int{
		`{"a":{"S":"hé"}}`:              4,
		`{"a":{"N":"123"}}`:             4,
		`{"a":{"B":"AAEC"}}`:            4,
		`{"a":{"BOOL":true}}`:           2,
		`{"a":{"NULL":true}}`:           2,
		`{"a":{"L":[]}}`:                4,
		`{"a":{"L":[{"S":"xy"}]}}`:      7,
		`{"a":{"M":{}}}`:                4,
		`{"a":{"M":{"bc":{"S":"xy"}}}}`: 9,
		`{"a":{"SS":["x","yz"]}}`:       4,
		`{"a":{"NS":["1","123"]}}`:      6,
	} {
		if got := parseItem(&scanner{b: []byte(item)}); got.size != want {
			t.Errorf("the size of %s is %d, want %d", item, got.size, want)
		}
	}
}

func TestBatchWrite(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("one", "pk:S"))
	create(t, e, tableBody("two", "pk:S"))
	puts := func(table string, from, n int) string {
		var all []string
		for i := from; i < from+n; i++ {
			all = append(all, fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"%d"}}}}`, i))
		}
		return `"` + table + `":[` + strings.Join(all, ",") + `]`
	}
	request := func(parts ...string) string { return `{"RequestItems":{` + strings.Join(parts, ",") + `}}` }
	runAll(t, e, []exchangeCase{
		{"BatchWriteItem", request(puts("one", 0, 25)), `{"UnprocessedItems":{}}`},
		{"BatchWriteItem", request(puts("one", 0, 26)), "!ValidationException"},
		{"BatchWriteItem", request(puts("one", 0, 13), puts("two", 0, 12)), `{"UnprocessedItems":{}}`},
		{"BatchWriteItem", request(puts("one", 0, 13), puts("two", 0, 13)), "!ValidationException: Too many items requested for the BatchWriteItem call"},
		{"BatchWriteItem", request(`"one":[{"DeleteRequest":{"Key":{"pk":{"S":"0"}}}},{"PutRequest":{"Item":{"pk":{"S":"1"},"v":{"N":"1"}}}}]`), `{"UnprocessedItems":{}}`},
		{"GetItem", `{"TableName":"one","Key":{"pk":{"S":"0"}}}`, `{}`},
		{"GetItem", `{"TableName":"one","Key":{"pk":{"S":"1"}}}`, `{"Item":{"pk":{"S":"1"},"v":{"N":"1"}}}`},
		{"BatchWriteItem", request(`"one":[{"DeleteRequest":{"Key":{"pk":{"S":"0"}}}},{"PutRequest":{"Item":{"pk":{"S":"0"}}}}]`), "!ValidationException: Provided list of item keys contains duplicates"},
		{"BatchWriteItem", request(`"one":[]`), "!ValidationException"},
		{"BatchWriteItem", request(), "!ValidationException: 1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"BatchWriteItem", `{}`, "!ValidationException: 1 validation error detected: Value null at 'requestItems' failed to satisfy constraint: Member must not be null"},
		{"BatchWriteItem", request(`"one":[{}]`), "!ValidationException"},
		{"BatchWriteItem", request(`"one":[{"Put":{"Item":{"pk":{"S":"0"}}}}]`), "!ValidationException"},
		{"BatchWriteItem", request(puts("none", 0, 1)), "!ResourceNotFoundException: Requested resource not found"},
		{"BatchWriteItem", request(`"one":[{"PutRequest":{"Item":{"pk":{"N":"0"}}}}]`), "!ValidationException: One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},
	})
}

func TestBatchGet(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("one", "pk:S"))
	create(t, e, tableBody("two", "pk:S"))
	put(t, e, "one", `{"pk":{"S":"1"},"v":{"N":"1"}}`)
	put(t, e, "two", `{"pk":{"S":"2"},"v":{"N":"2"}}`)
	keys := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"pk":{"S":"%d"}}`, i))
		}
		return `{"RequestItems":{"one":{"Keys":[` + strings.Join(all, ",") + `]}}}`
	}
	runAll(t, e, []exchangeCase{
		{"BatchGetItem", keys(100), `{"Responses":{"one":[{"pk":{"S":"1"},"v":{"N":"1"}}]},"UnprocessedKeys":{}}`},
		{"BatchGetItem", keys(101), "!ValidationException"},
		{"BatchGetItem", keys(0), "!ValidationException"},
		{"BatchGetItem", `{"RequestItems":{"one":{"Keys":[{"pk":{"S":"1"}}],"ProjectionExpression":"#v","ExpressionAttributeNames":{"#v":"v"}},"two":{"Keys":[{"pk":{"S":"2"}}],"ConsistentRead":true}}}`,
			`{"Responses":{"one":[{"v":{"N":"1"}}],"two":[{"pk":{"S":"2"},"v":{"N":"2"}}]},"UnprocessedKeys":{}}`},
		{"BatchGetItem", `{"RequestItems":{"one":{"Keys":[{"pk":{"S":"1"}},{"pk":{"S":"1"}}]}}}`, "!ValidationException: Provided list of item keys contains duplicates"},
		{"BatchGetItem", `{"RequestItems":{"one":{"Keys":[{"pk":{"N":"1"}}]}}}`, "!ValidationException: The provided key element does not match the schema"},
		{"BatchGetItem", `{"RequestItems":{"one":{"Keys":[{"pk":{"S":"1"}}],"AttributesToGet":["v"]}}}`, "!ValidationException: The legacy parameter AttributesToGet is not implemented by this DynamoDB stand-in"},
		{"BatchGetItem", `{"RequestItems":{"none":{"Keys":[{"pk":{"S":"1"}}]}}}`, "!ResourceNotFoundException: Requested resource not found"},
	})
}

func TestBatchGetStopsAt16MB(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	fat := strings.Repeat("x", 399<<10)
	var keys []string
	for i := range 50 {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"%02d"},"d":{"S":"%s"}}`, i, fat))
		keys = append(keys, fmt.Sprintf(`{"pk":{"S":"%02d"}}`, i))
	}
	// 41 items of 399 KB fit into 16 MB.
	_, got := send(e, "BatchGetItem", `{"RequestItems":{"tab":{"Keys":[`+strings.Join(keys, ",")+`],"ProjectionExpression":"pk"}}}`)
	want := `{"Responses":{"tab":[` + strings.Join(keys[:41], ",") + `]},"UnprocessedKeys":{"tab":{"Keys":[` + strings.Join(keys[41:], ",") + `],"ProjectionExpression":"pk"}}}`
	if !sameJSON(t, got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
