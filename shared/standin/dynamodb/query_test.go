package dynamodb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestQueryRanges(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:S"))
	create(t, e, tableBody("num", "pk:S sk:N"))
	for _, sk := range []string{"a", "ab", "abc", "b", "b!", "c", "é"} {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"S":%q}}`, sk))
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"other"},"sk":{"S":%q}}`, sk))
	}
	for _, sk := range []string{"-50", "-5", "0", "2.5", "9", "10", "100", "1e3"} {
		put(t, e, "num", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":%q}}`, sk))
	}
	for _, c := range []struct{ table, condition, values, want string }{
		{"tab", "pk = :p", ``, "a ab abc b b! c é"},
		{"tab", "pk = :p AND sk = :a", `,":a":{"S":"ab"}`, "ab"},
		{"tab", "sk = :a AND pk = :p", `,":a":{"S":"ab"}`, "ab"},
		{"tab", "(pk = :p) AND (sk = :a)", `,":a":{"S":"nope"}`, ""},
		{"tab", "pk = :p AND sk < :a", `,":a":{"S":"abc"}`, "a ab"},
		{"tab", "pk = :p AND sk <= :a", `,":a":{"S":"abc"}`, "a ab abc"},
		{"tab", "pk = :p AND sk > :a", `,":a":{"S":"b"}`, "b! c é"},
		{"tab", "pk = :p AND sk >= :a", `,":a":{"S":"b"}`, "b b! c é"},
		{"tab", "pk = :p AND begins_with(sk, :a)", `,":a":{"S":"ab"}`, "ab abc"},
		{"tab", "pk = :p AND sk BETWEEN :a AND :b", `,":a":{"S":"ab"},":b":{"S":"b"}`, "ab abc b"},
		{"num", "pk = :p", ``, "-50 -5 0 2.5 9 10 100 1000"},
		{"num", "pk = :p AND sk = :a", `,":a":{"N":"1000.0"}`, "1000"},
		{"num", "pk = :p AND sk < :a", `,":a":{"N":"9"}`, "-50 -5 0 2.5"},
		{"num", "pk = :p AND sk > :a", `,":a":{"N":"-5"}`, "0 2.5 9 10 100 1000"},
		{"num", "pk = :p AND sk BETWEEN :a AND :b", `,":a":{"N":"-5"},":b":{"N":"10"}`, "-5 0 2.5 9 10"},
	} {
		t.Run(c.condition+c.values, func(t *testing.T) {
			body := fmt.Sprintf(`{"TableName":%q,"KeyConditionExpression":%q,"ExpressionAttributeValues":{":p":{"S":"p"}%s}`, c.table, c.condition, c.values)
			got, _ := query(t, e, "Query", body+`}`, "sk")
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("forward: %s, want %s", text, c.want)
			}
			got, _ = query(t, e, "Query", body+`,"ScanIndexForward":false}`, "sk")
			slices.Reverse(got)
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("backward, reversed: %s, want %s", text, c.want)
			}
			for _, forward := range []bool{true, false} {
				all := pages(t, e, "Query", fmt.Sprintf(`%s,"Limit":1,"ScanIndexForward":%v`, body, forward), "sk")
				if !forward {
					slices.Reverse(all)
				}
				if text := strings.Join(all, " "); text != c.want {
					t.Errorf("page by page, forward %v: %s, want %s", forward, text, c.want)
				}
			}
		})
	}
}

// pages follows LastEvaluatedKey; body lacks its closing brace.
func pages(t *testing.T, e *Engine, action, body, attr string) []string {
	t.Helper()
	var all []string
	start := ""
	for range 10000 {
		got, answer := query(t, e, action, body+start+"}", attr)
		all = append(all, got...)
		last, ok := answer["LastEvaluatedKey"]
		if !ok {
			return all
		}
		text, _ := json.Marshal(last)
		start = `,"ExclusiveStartKey":` + string(text)
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestQueryAnswers(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N", "gsi g:S v:N ALL", "keys g:S KEYS_ONLY", "some g:S INCLUDE=a", "lsi1 pk:S v:N ALL", "lsi2 pk:S v:N KEYS_ONLY"))
	for i := range 4 {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"v":{"N":"%d"},"g":{"S":"g"},"a":{"S":"a"},"b":{"S":"b"}}`, i, 10-i))
	}
	const p, g = `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`, `"KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}}`
	item := func(i int, more string) string { return fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"}%s}`, i, more) }
	v := func(i int) string { return fmt.Sprintf(`,"v":{"N":"%d"}`, 10-i) }
	const ga, gab = `,"g":{"S":"g"},"a":{"S":"a"}`, `,"g":{"S":"g"},"a":{"S":"a"},"b":{"S":"b"}`
	for _, c := range []struct{ name, action, body, want string }{
		{"limit", "Query", p + `,"Limit":1`, `{"Items":[` + item(0, v(0)+gab) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(0, "") + `}`},
		{"limit that is just enough", "Query", p + `,"Limit":4,"Select":"COUNT"`, `{"Count":4,"ScannedCount":4,"LastEvaluatedKey":` + item(3, "") + `}`},
		{"limit that is more than enough", "Query", p + `,"Limit":5,"Select":"COUNT"`, `{"Count":4,"ScannedCount":4}`},
		{"filter counts what it sees", "Query", `"KeyConditionExpression":"pk = :p","FilterExpression":"v > :v","ExpressionAttributeValues":{":p":{"S":"p"},":v":{"N":"9"}},"ProjectionExpression":"sk"`,
			`{"Items":[{"sk":{"N":"0"}}],"Count":1,"ScannedCount":4}`},
		{"limit comes before the filter", "Query", `"KeyConditionExpression":"pk = :p","FilterExpression":"v > :v","ExpressionAttributeValues":{":p":{"S":"p"},":v":{"N":"99"}},"Limit":2`,
			`{"Items":[],"Count":0,"ScannedCount":2,"LastEvaluatedKey":` + item(1, "") + `}`},
		{"global index", "Query", g + `,"IndexName":"gsi","Limit":1`, `{"Items":[` + item(3, v(3)+gab) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(3, v(3)+`,"g":{"S":"g"}`) + `}`},
		{"keys only", "Query", g + `,"IndexName":"keys","Limit":1`, `{"Items":[` + item(0, `,"g":{"S":"g"}`) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(0, `,"g":{"S":"g"}`) + `}`},
		{"included attributes", "Query", g + `,"IndexName":"some","Limit":1`, `{"Items":[` + item(0, ga) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(0, `,"g":{"S":"g"}`) + `}`},
		{"filter on what the index lacks", "Query", `"KeyConditionExpression":"g = :g","FilterExpression":"attribute_exists(b)","ExpressionAttributeValues":{":g":{"S":"g"}},"IndexName":"some"`, `{"Items":[],"Count":0,"ScannedCount":4}`},
		{"local index", "Query", p + `,"IndexName":"lsi1","Limit":1,"ScanIndexForward":false`, `{"Items":[` + item(0, v(0)+gab) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(0, v(0)) + `}`},
		{"local index, keys only", "Query", p + `,"IndexName":"lsi2","Limit":1`, `{"Items":[` + item(3, v(3)) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(3, v(3)) + `}`},
		{"local index fetches what it lacks", "Query", p + `,"IndexName":"lsi2","Limit":1,"ProjectionExpression":"a"`, `{"Items":[{"a":{"S":"a"}}],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(3, v(3)) + `}`},
		{"local index, all attributes", "Query", p + `,"IndexName":"lsi2","Limit":1,"Select":"ALL_ATTRIBUTES"`, `{"Items":[` + item(3, v(3)+gab) + `],"Count":1,"ScannedCount":1,"LastEvaluatedKey":` + item(3, v(3)) + `}`},
		{"scan of an index", "Scan", `"IndexName":"keys","Select":"COUNT"`, `{"Count":4,"ScannedCount":4}`},
		{"scan with a filter on a key", "Scan", `"FilterExpression":"sk = :s","ExpressionAttributeValues":{":s":{"N":"2"}},"ProjectionExpression":"v"`, `{"Items":[{"v":{"N":"8"}}],"Count":1,"ScannedCount":4}`},
	} {
		t.Run(c.name, func(t *testing.T) { exchangeCase{c.action, `{"TableName":"tab",` + c.body + `}`, c.want}.run(t, e) })
	}
}

func TestBadQueries(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:S", "gsi g:S ALL", "keys g:S n:N KEYS_ONLY"))
	key := func(condition, values string) string {
		return fmt.Sprintf(`"KeyConditionExpression":%q,"ExpressionAttributeValues":{%s}`, condition, values)
	}
	p := key("pk = :p", `":p":{"S":"p"}`)
	for _, c := range []struct{ name, action, body, want string }{
		{"no condition", "Query", ``, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{"no hash key", "Query", key("sk = :s", `":s":{"S":"s"}`), "Query condition missed key schema element: pk"},
		{"another attribute", "Query", key("pk = :p AND x = :x", `":p":{"S":"p"},":x":{"S":"s"}`), "Query condition missed key schema element: sk"},
		{"hash key with another operator", "Query", key("pk > :p", `":p":{"S":"p"}`), "Query key condition not supported"},
		{"OR", "Query", key("pk = :p OR sk = :p", `":p":{"S":"p"}`), "Invalid operator used in KeyConditionExpression: OR"},
		{"NOT", "Query", key("pk = :p AND NOT sk = :p", `":p":{"S":"p"}`), "Invalid operator used in KeyConditionExpression: NOT"},
		{"<>", "Query", key("pk = :p AND sk <> :p", `":p":{"S":"p"}`), "Invalid operator used in KeyConditionExpression: <>"},
		{"IN", "Query", key("pk = :p AND sk IN (:p)", `":p":{"S":"p"}`), "Invalid operator used in KeyConditionExpression: IN"},
		{"contains", "Query", key("pk = :p AND contains(sk, :p)", `":p":{"S":"p"}`), "Invalid operator used in KeyConditionExpression: contains"},
		{"two conditions on a key", "Query", key("pk = :p AND sk > :p AND sk < :q", `":p":{"S":"p"},":q":{"S":"q"}`), "KeyConditionExpressions must only contain one condition per key"},
		{"wrong type", "Query", key("pk = :p", `":p":{"N":"1"}`), "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"wrong type of the sort key", "Query", key("pk = :p AND sk = :n", `":p":{"S":"p"},":n":{"N":"1"}`), "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"empty key", "Query", key("pk = :p", `":p":{"S":""}`), "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		{"attribute on the right", "Query", key("pk = sk", ``), "ExpressionAttributeValues must not be empty"},
		{"syntax", "Query", key("pk = = :p", `":p":{"S":"p"}`), `Invalid KeyConditionExpression: Syntax error; token: "=", near: "= = :p"`},
		{"filter on a key", "Query", `"KeyConditionExpression":"pk = :p","FilterExpression":"sk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`, "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"},
		{"filter syntax", "Scan", `"FilterExpression":"a b"`, `Invalid FilterExpression: Syntax error; token: "b", near: "a b"`},
		{"unused name", "Query", p + `,"ExpressionAttributeNames":{"#u":"zz"}`, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u}"},
		{"limit 0", "Query", p + `,"Limit":0`, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"unknown index", "Query", p + `,"IndexName":"nope"`, "The table does not have the specified index: nope"},
		{"consistent read of a global index", "Query", key("g = :p", `":p":{"S":"p"}`) + `,"IndexName":"gsi","ConsistentRead":true`, "Consistent reads are not supported on global secondary indexes"},
		{"attribute the index lacks", "Query", key("g = :p", `":p":{"S":"p"}`) + `,"IndexName":"keys","ProjectionExpression":"a"`, "One or more parameter values were invalid: Global secondary index keys does not project [a]"},
		{"all attributes of a partial index", "Query", key("g = :p", `":p":{"S":"p"}`) + `,"IndexName":"keys","Select":"ALL_ATTRIBUTES"`,
			"One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection type is not ALL"},
		{"count with a projection", "Query", p + `,"Select":"COUNT","ProjectionExpression":"a"`, "Cannot specify the ProjectionExpression when choosing to get only the Count"},
		{"all with a projection", "Query", p + `,"Select":"ALL_ATTRIBUTES","ProjectionExpression":"a"`, "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"},
		{"projected without an index", "Query", p + `,"Select":"ALL_PROJECTED_ATTRIBUTES"`, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
		{"specific without a projection", "Query", p + `,"Select":"SPECIFIC_ATTRIBUTES"`, "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"},
		{"unknown select", "Query", p + `,"Select":"SOME"`, "1 validation error detected: Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
		{"start without sort key", "Query", p + `,"ExclusiveStartKey":{"pk":{"S":"p"}}`, "The provided starting key is invalid"},
		{"start with too much", "Query", p + `,"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"s"},"x":{"S":"s"}}`, "The provided starting key is invalid"},
		{"start of a wrong type", "Query", p + `,"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"N":"1"}}`, "The provided starting key is invalid"},
		{"start without the index's keys", "Query", key("g = :p", `":p":{"S":"p"}`) + `,"IndexName":"gsi","ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"1"}}`, "The provided starting key is invalid"},
		{"start of another partition", "Query", p + `,"ExclusiveStartKey":{"pk":{"S":"q"},"sk":{"S":"1"}}`, "The provided starting key is outside query boundaries based on provided conditions"},
		{"segment without total", "Scan", `"Segment":1`, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"total without segment", "Scan", `"TotalSegments":1`, "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"segment past the total", "Scan", `"Segment":4,"TotalSegments":4`, "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 4 is not less than TotalSegments: 4"},
		{"no segments", "Scan", `"Segment":0,"TotalSegments":0`, "1 validation error detected: Value '0' at 'totalSegments' failed to satisfy constraint: Member must have value between 1 and 1000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `{"TableName":"tab"`
			if c.body != "" {
				body += "," + c.body
			}
			exchangeCase{c.action, body + `}`, "!ValidationException: " + c.want}.run(t, e)
		})
	}
}

func TestPagesOfOneMegabyte(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S sk:N"))
	// Four items of 256 KB are exactly 1 MB: "pk"+"p"+"sk"+2 bytes+"d" beside the filling.
	fill := strings.Repeat("x", 256<<10-8)
	for i := 1; i <= 9; i++ {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"d":{"S":"%s"}}`, i, fill))
	}
	const body = `{"TableName":"tab","ProjectionExpression":"sk","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}`
	got, answer := query(t, e, "Query", body+"}", "sk")
	if strings.Join(got, " ") != "1 2 3 4" || answer["LastEvaluatedKey"] == nil {
		t.Errorf("the first page is %v, last key %v", got, answer["LastEvaluatedKey"])
	}
	if all := pages(t, e, "Query", body, "sk"); strings.Join(all, " ") != "1 2 3 4 5 6 7 8 9" {
		t.Errorf("all pages: %v", all)
	}
	put(t, e, "tab", `{"pk":{"S":"p"},"sk":{"N":"1"},"d":{"S":"`+fill+`y"}}`)
	if got, _ = query(t, e, "Query", body+"}", "sk"); strings.Join(got, " ") != "1 2 3" {
		t.Errorf("one byte above 1 MB the first page is %v", got)
	}
}

func TestParallelScan(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S", "gsi g:N ALL"))
	const items = 300
	for i := range items {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"%d"},"g":{"N":"%d"}}`, i, i/7))
	}
	for _, index := range []string{"", `,"IndexName":"gsi"`} {
		for _, segments := range []int{1, 2, 3, 7, 1000} {
			seen := map[string]int{}
			used := 0
			for s := range segments {
				got := pages(t, e, "Scan", fmt.Sprintf(`{"TableName":"tab","Segment":%d,"TotalSegments":%d,"Limit":7%s`, s, segments, index), "pk")
				if len(got) > 0 {
					used++
				}
				for _, pk := range got {
					seen[pk]++
				}
			}
			if len(seen) != items {
				t.Errorf("%d segments%s: %d items, want %d", segments, index, len(seen), items)
			}
			for pk, n := range seen {
				if n != 1 {
					t.Errorf("%d segments%s: item %s came %d times", segments, index, pk, n)
				}
			}
			if want := min(segments, 7); index == "" && used < want {
				t.Errorf("%d segments: only %d have items", segments, used)
			}
		}
	}
	exchangeCase{"Scan", `{"TableName":"tab","Segment":0,"TotalSegments":2,"ExclusiveStartKey":{"pk":{"S":"` + inSegment(1) + `"}}}`, "!ValidationException"}.run(t, e)
	exchangeCase{"Scan", `{"TableName":"tab","Segment":1,"TotalSegments":2,"ExclusiveStartKey":{"pk":{"S":"` + inSegment(1) + `"}},"Limit":1}`, ""}.run(t, e)
}

// inSegment is a key in one of two segments.
func inSegment(segment uint32) string {
	for i := 0; ; i++ {
		k := fmt.Sprint(i)
		if spread(appendPart(nil, scalar(tagString, []byte(k))))>>31 == segment {
			return k
		}
	}
}

func TestSparseIndexFollowsItems(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S", "gsi g:S n:N ALL"))
	in := func(g string) string {
		got, _ := query(t, e, "Query", `{"TableName":"tab","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"`+g+`"}}}`, "pk")
		return strings.Join(got, " ")
	}
	steps := []struct{ action, body, one, two string }{
		{"PutItem", `"Item":{"pk":{"S":"k"}}`, "", ""},
		{"UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"one"}}`, "", ""},
		{"UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}`, "k", ""},
		{"UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"two"}}`, "", "k"},
		{"PutItem", `"Item":{"pk":{"S":"j"},"g":{"S":"two"},"n":{"N":"-1"}}`, "", "j k"},
		{"DeleteItem", `"Key":{"pk":{"S":"j"}}`, "", "k"},
		{"UpdateItem", `"Key":{"pk":{"S":"k"}},"UpdateExpression":"REMOVE n"`, "", ""},
	}
	for i, s := range steps {
		exchangeCase{s.action, `{"TableName":"tab",` + s.body + `}`, `{}`}.run(t, e)
		if one, two := in("one"), in("two"); one != s.one || two != s.two {
			t.Errorf("after step %d the index has %q and %q, want %q and %q", i, one, two, s.one, s.two)
		}
	}
}
