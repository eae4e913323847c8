package dynamodb

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTransactWrite(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("one", "pk:S", "gsi g:S ALL"))
	create(t, e, tableBody("two", "pk:S"))
	seed := func() {
		put(t, e, "one", `{"pk":{"S":"upd"},"n":{"N":"1"}}`)
		put(t, e, "one", `{"pk":{"S":"chk"},"ok":{"N":"1"}}`)
		put(t, e, "two", `{"pk":{"S":"del"},"v":{"N":"7"}}`)
		exchangeCase{"DeleteItem", `{"TableName":"one","Key":{"pk":{"S":"new"}}}`, `{}`}.run(t, e)
	}
	const put1 = `{"Put":{"TableName":"one","Item":{"pk":{"S":"new"},"g":{"S":"g"}},"ConditionExpression":"attribute_not_exists(pk)"}}`
	const upd = `{"Update":{"TableName":"one","Key":{"pk":{"S":"upd"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"4"}}}}`
	const chk = `{"ConditionCheck":{"TableName":"one","Key":{"pk":{"S":"chk"}},"ConditionExpression":"ok = :o","ExpressionAttributeValues":{":o":{"N":"1"}}}}`
	const del = `{"Delete":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`
	transact := func(actions ...string) string { return `{"TransactItems":[` + strings.Join(actions, ",") + `]}` }
	read := transact(`{"Get":{"TableName":"one","Key":{"pk":{"S":"new"}}}}`, `{"Get":{"TableName":"one","Key":{"pk":{"S":"upd"}}}}`, `{"Get":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`)

	seed()
	exchangeCase{"TransactWriteItems", transact(put1, upd, chk, del), `{}`}.run(t, e)
	exchangeCase{"TransactGetItems", read, `{"Responses":[{"Item":{"pk":{"S":"new"},"g":{"S":"g"}}},{"Item":{"pk":{"S":"upd"},"n":{"N":"5"}}},{}]}`}.run(t, e)

	seed()
	const unchanged = `{"Responses":[{},{"Item":{"pk":{"S":"upd"},"n":{"N":"1"}}},{"Item":{"pk":{"S":"del"},"v":{"N":"7"}}}]}`
	for _, c := range []struct {
		name, body, message, reasons string
	}{
		{"a condition fails", transact(put1, strings.Replace(chk, "ok = :o", "ok > :o", 1), del), "[None, ConditionalCheckFailed, None]",
			`[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"},{"Code":"None"}]`},
		{"the item is asked for", transact(put1, `{"Delete":{"TableName":"two","Key":{"pk":{"S":"del"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}`), "[None, ConditionalCheckFailed]",
			`[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"pk":{"S":"del"},"v":{"N":"7"}}}]`},
		{"an update does not fit", transact(put1, `{"Update":{"TableName":"two","Key":{"pk":{"S":"del"}},"UpdateExpression":"SET v = nope"}}`), "[None, ValidationError]",
			`[{"Code":"None"},{"Code":"ValidationError","Message":"The provided expression refers to an attribute that does not exist in the item"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := send(e, "TransactWriteItems", c.body)
			want := fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled, please refer cancellation reasons for specific reasons %s","CancellationReasons":%s}`, c.message, c.reasons)
			if !sameJSON(t, got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
			exchangeCase{"TransactGetItems", read, unchanged}.run(t, e)
		})
	}
	for _, c := range []exchangeCase{
		{"TransactWriteItems", transact(upd, strings.Replace(upd, ":d", ":e", 2)), "!ValidationException: Transaction request cannot include multiple operations on one item"},
		{"TransactWriteItems", transact(), "!ValidationException: 1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"TransactWriteItems", `{}`, "!ValidationException: 1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null"},
		{"TransactWriteItems", transact(`{}`), "!ValidationException: TransactItems can only contain one of Check, Put, Update or Delete"},
		{"TransactWriteItems", transact(`{"Delete":{"TableName":"two","Key":{"pk":{"S":"del"}}},"Put":{"TableName":"two","Item":{"pk":{"S":"x"}}}}`), "!ValidationException: TransactItems can only contain one of Check, Put, Update or Delete"},
		{"TransactWriteItems", transact(`{"Update":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`), "!ValidationException: 1 validation error detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null"},
		{"TransactWriteItems", transact(`{"ConditionCheck":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`), "!ValidationException: 1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null"},
		{"TransactWriteItems", transact(put1, `{"Delete":{"TableName":"none","Key":{"pk":{"S":"del"}}}}`), "!ResourceNotFoundException: Requested resource not found"},
		{"TransactWriteItems", transact(put1, `{"Delete":{"TableName":"two","Key":{"pk":{"N":"1"}}}}`), "!ValidationException: The provided key element does not match the schema"},
		{"TransactWriteItems", transact(put1, strings.Replace(del, `"TableName"`, `"ConditionExpression":"a b","TableName"`, 1)), "!ValidationException"},
		{"TransactWriteItems", `{"ClientRequestToken":"` + strings.Repeat("x", 37) + `","TransactItems":[` + put1 + `]}`, "!ValidationException"},
		{"TransactGetItems", transact(`{"Get":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`, `{"Get":{"TableName":"two","Key":{"pk":{"S":"del"}}}}`), "!ValidationException: Transaction request cannot include multiple operations on one item"},
		{"TransactGetItems", transact(`{"Put":{"TableName":"two","Item":{"pk":{"S":"del"}}}}`), "!ValidationException: TransactItems of TransactGetItems can only contain Get"},
		{"TransactGetItems", transact(`{"Get":{"TableName":"two","Key":{"pk":{"S":"del"}},"ProjectionExpression":"v"}}`), `{"Responses":[{"Item":{"v":{"N":"7"}}}]}`},
		{"TransactGetItems", read, unchanged},
	} {
		c.run(t, e)
	}
}

func TestTransactionLimits(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	puts := func(n, size int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"Put":{"TableName":"tab","Item":{"pk":{"S":"%03d"},"d":{"S":"%s"}}}}`, i, strings.Repeat("x", size-6)))
		}
		return `{"TransactItems":[` + strings.Join(all, ",") + `]}`
	}
	runAll(t, e, []exchangeCase{
		{"TransactWriteItems", puts(100, 10), `{}`},
		{"TransactWriteItems", puts(101, 10), "!ValidationException: 1 validation error detected: Value '[101 actions]' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100"},
		{"TransactWriteItems", puts(16, 256<<10), `{}`},
		{"TransactWriteItems", puts(16, 256<<10+1), "!ValidationException: Collection size of items in the transaction exceeds the limit of 4 MB"},
	})
}

func TestClientRequestToken(t *testing.T) {
	clock := newClock()
	path := t.TempDir() + "/store.db"
	e, err := Open(Options{Path: path, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	create(t, e, tableBody("tab", "pk:S"))
	add := func(token, amount string) string {
		return fmt.Sprintf(`{"ClientRequestToken":%q,"TransactItems":[{"Update":{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":%q}}}}]}`, token, amount)
	}
	total := func(want string) {
		t.Helper()
		exchangeCase{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`, `{"Item":{"pk":{"S":"k"},"n":{"N":"` + want + `"}}}`}.run(t, e)
	}
	exchangeCase{"TransactWriteItems", add("a", "1"), `{}`}.run(t, e)
	exchangeCase{"TransactWriteItems", add("a", "1"), `{}`}.run(t, e)
	exchangeCase{"TransactWriteItems", add("a", "1.0"), `{}`}.run(t, e)
	total("1")
	exchangeCase{"TransactWriteItems", add("a", "2"), "!IdempotentParameterMismatchException"}.run(t, e)
	exchangeCase{"TransactWriteItems", add("b", "1"), `{}`}.run(t, e)
	total("2")

	// The token outlives a restart.
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, Options{Path: path, Clock: clock.Now})
	clock.step(10*time.Minute - time.Second)
	e.sweep()
	exchangeCase{"TransactWriteItems", add("a", "1"), `{}`}.run(t, e)
	total("2")
	clock.step(time.Second)
	exchangeCase{"TransactWriteItems", add("a", "1"), `{}`}.run(t, e)
	total("3")
	clock.step(tokenLife + time.Second)
	e.sweep()
	if n := len(e.tokens.known); n != 0 {
		t.Errorf("%d tokens are kept past their life", n)
	}
	// A transaction that was cancelled may be tried again with its token.
	failing := `{"ClientRequestToken":"c","TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"c"}},"ConditionExpression":"attribute_exists(pk)"}}]}`
	exchangeCase{"TransactWriteItems", failing, "!TransactionCanceledException"}.run(t, e)
	put(t, e, "tab", `{"pk":{"S":"c"},"v":{"N":"1"}}`)
	exchangeCase{"TransactWriteItems", failing, `{}`}.run(t, e)
}

// group runs requests in one group commit, in their order.
func group(t *testing.T, e *Engine, requests ...exchangeCase) {
	t.Helper()
	e.writer.mu.Lock()
	e.writer.busy = true
	e.writer.mu.Unlock()
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() { r.run(t, e) })
		e.waitQueued(i + 1)
	}
	e.writer.mu.Lock()
	e.writer.waiting[0].wake <- true
	e.writer.mu.Unlock()
	wg.Wait()
}

// waitQueued waits until so many writes wait.
func (e *Engine) waitQueued(n int) {
	for {
		e.writer.mu.Lock()
		have := len(e.writer.waiting)
		e.writer.mu.Unlock()
		if have >= n {
			return
		}
		time.Sleep(50 * time.Microsecond)
	}
}

func TestTransactionConflict(t *testing.T) {
	const tx = `{"TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"other"}}}},{"Update":{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}}]}`
	const tx2 = `{"TransactItems":[{"Update":{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}}]}`
	const failing = `{"TransactItems":[{"ConditionCheck":{"TableName":"tab","Key":{"pk":{"S":"k"}},"ConditionExpression":"attribute_exists(nope)"}}]}`
	const upd = `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}`
	const conflict = "!TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons "
	for _, c := range []struct {
		name     string
		requests []exchangeCase
		n        string
	}{
		{"two transactions", []exchangeCase{{"TransactWriteItems", tx, `{}`}, {"TransactWriteItems", tx2, conflict + "[TransactionConflict]"}}, "1"},
		{"a transaction and a write", []exchangeCase{{"TransactWriteItems", tx, `{}`}, {"UpdateItem", upd, "!TransactionConflictException: Transaction is ongoing for the item"}}, "1"},
		{"a write and a transaction", []exchangeCase{{"UpdateItem", upd, `{}`}, {"TransactWriteItems", tx, conflict + "[None, TransactionConflict]"}}, "1"},
		{"two writes", []exchangeCase{{"UpdateItem", upd, `{}`}, {"UpdateItem", upd, `{}`}}, "2"},
		{"a cancelled transaction and a write", []exchangeCase{{"TransactWriteItems", failing, "!TransactionCanceledException"}, {"UpdateItem", upd, `{}`}}, "1"},
		{"a transaction and a batch", []exchangeCase{{"TransactWriteItems", tx, `{}`},
			{"BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"pk":{"S":"free"}}}},{"PutRequest":{"Item":{"pk":{"S":"k"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"other"}}}}]}}`,
				`{"UnprocessedItems":{"tab":[{"PutRequest":{"Item":{"pk":{"S":"k"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"other"}}}}]}}`}}, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := openEngine(t, Options{})
			create(t, e, tableBody("tab", "pk:S"))
			group(t, e, c.requests...)
			exchangeCase{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`, `{"Item":{"pk":{"S":"k"},"n":{"N":"` + c.n + `"}}}`}.run(t, e)
		})
	}
}

func TestTableChangesInsideAGroup(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	group(t, e,
		exchangeCase{"DeleteTable", `{"TableName":"tab"}`, ""},
		exchangeCase{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"}}}`, "!ResourceNotFoundException: Requested resource not found"},
		exchangeCase{"CreateTable", tableBody("tab", "pk:S"), ""},
		exchangeCase{"CreateTable", tableBody("tab", "pk:S"), "!ResourceInUseException: Table already exists: tab"},
		exchangeCase{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"}}}`, "!ResourceNotFoundException: Requested resource not found"},
	)
	exchangeCase{"Scan", `{"TableName":"tab"}`, `{"Items":[],"Count":0,"ScannedCount":0}`}.run(t, e)
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 25 {
				exchangeCase{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}`, `{}`}.run(t, e)
			}
		})
	}
	wg.Wait()
	exchangeCase{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`, `{"Item":{"pk":{"S":"k"},"n":{"N":"800"}}}`}.run(t, e)
}
