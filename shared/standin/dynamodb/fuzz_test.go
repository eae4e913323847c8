package dynamodb

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzExpression feeds texts to every parser of expressions and judges an item with what they accept.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"a = :v", "NOT (a <> :v AND b < :n) OR size(c) >= :n", "a BETWEEN :n AND :n", "a IN (:v, :n)", "begins_with(a, :v)", "contains(#n, :v)",
		"attribute_type(a, :v)", "attribute_exists(m.a[0].b)", "SET a = if_not_exists(a, :n) + :n, l[3] = :v REMOVE m.x ADD c :n DELETE s :s",
		"SET l = list_append(l, :l)", "a, m.b, l[1]", "((((((a", "SET a = = :v", "#n.#n", ":", "#", "a[99999999999]", "\x00", "é = :v",
	} {
		f.Add(s)
	}
	it := parseItem(&scanner{b: []byte(sampleItem)})
	f.Fuzz(func(t *testing.T, text string) {
		subs := func() *substitutions {
			s := &substitutions{}
			s.names = []nameSubstitution{{key: "#n", name: "n"}}
			for name, v := range sampleValues {
				s.values = append(s.values, valueSubstitution{key: name, value: parseValue(&scanner{b: []byte(v)}, nil, 0)})
			}
			return s
		}
		if c, err := parseCondition("ConditionExpression", text, subs()); err == nil {
			held := c.holds(it)
			if not, err := parseCondition("ConditionExpression", "NOT ("+text+")", subs()); err == nil && not.holds(it) == held {
				t.Errorf("%q and its negation both give %v", text, held)
			}
			c.holds(item{})
		}
		if u, err := parseUpdate(text, subs()); err == nil {
			if next, err := u.apply(it, it); err == nil {
				checkItem(t, next)
			}
		}
		if paths, err := parseProjection(text, subs()); err == nil {
			checkItem(t, itemOf(project(it.raw, paths)))
		}
	})
}

// checkItem fails if the item is not what its own JSON reads as.
func checkItem(t *testing.T, it item) {
	t.Helper()
	text := appendMapJSON(nil, it.raw)
	if !json.Valid(text) {
		t.Fatalf("an item is written as %s", text)
	}
	s := &scanner{b: text}
	again := parseItem(s)
	if s.err != nil {
		t.Fatalf("%s is not read again: %v", text, s.err)
	}
	if !bytes.Equal(again.raw, it.raw) || again.size != it.size {
		t.Fatalf("%s is read as %q (%d bytes), it was %q (%d)", text, again.raw, again.size, it.raw, it.size)
	}
}

// FuzzItem feeds texts to the decoder of items: what it accepts is written and read again as the same.
func FuzzItem(f *testing.F) {
	f.Add([]byte(sampleItem))
	for _, s := range []string{`{"a":{"N":"-0.00100"}}`, `{"a":{"NS":["1","1e1"]}}`, `{"b":{"S":"\ud83d\u0041\n"},"a":{"B":"AA=="}}`, `{"a":{"M":{"b":{"L":[{"NULL":true}]}}}}`, `{"a":{"BS":["","AA=="]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &scanner{b: text}
		if it := parseItem(s); s.err == nil {
			checkItem(t, it)
		}
	})
}

// FuzzWire feeds bodies to the whole engine: every answer is JSON, no answer is an internal error, and what is stored reads back.
func FuzzWire(f *testing.F) {
	for _, s := range []struct{ action, body string }{
		{"PutItem", `{"TableName":"tab","Item":` + sampleItem + `}`},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"k"},"n":{"N":"1e-5"},"s":{"S":"\ud83d\u0041"}},"ReturnValues":"ALL_OLD"}`},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}},"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"L":[{"NULL":true}]}},"ReturnValues":"ALL_NEW"}`},
		{"Query", `{"TableName":"tab","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"g"}},"Limit":1,"ReturnConsumedCapacity":"INDEXES"}`},
		{"Scan", `{"TableName":"tab","Segment":0,"TotalSegments":3,"ExclusiveStartKey":{"pk":{"S":"k"}}}`},
		{"BatchGetItem", `{"RequestItems":{"tab":{"Keys":[{"pk":{"S":"k"}}]}}}`},
		{"BatchWriteItem", `{"RequestItems":{"tab":[{"PutRequest":{"Item":{"pk":{"S":"k"}}}}]}}`},
		{"TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"tab","Key":{"pk":{"S":"k"}}}}]}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tab","Key":{"pk":{"S":"k"}}}}]}`},
		{"UpdateTimeToLive", `{"TableName":"tab","TimeToLiveSpecification":{"AttributeName":"x","Enabled":true}}`},
		{"UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`},
		{"CreateTable", tableBody("oth", "pk:S sk:N", "gsi sk:N INCLUDE=a", "lsi1 pk:S b:B ALL")},
		{"GetRecords", `{"ShardIterator":"YXxifDE="}`},
		{"GetShardIterator", `{"StreamArn":"arn:x","ShardId":"s","ShardIteratorType":"LATEST"}`},
		{"DescribeTable", `{"TableName":"arn:aws:dynamodb:a:b:table/tab"}`},
		{"TagResource", `{"ResourceArn":"arn:aws:dynamodb:a:b:table/tab","Tags":[{"Key":"a","Value":"b"}]}`},
	} {
		f.Add(s.action, []byte(s.body))
	}
	var e *Engine
	runs := 0
	f.Cleanup(func() {
		if e != nil {
			_ = e.Close()
		}
	})
	f.Fuzz(func(t *testing.T, action string, body []byte) {
		if runs++; runs%1000 == 1 { // a fresh store now and then, or tables pile up
			if e != nil {
				_ = e.Close()
			}
			var err error
			if e, err = Open(Options{}); err != nil {
				t.Fatal(err)
			}
			create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
		}
		if operations[action] == nil && streamOperations[action] == nil {
			action = "PutItem"
		}
		status, got := send(e, action, string(body))
		if status >= 500 {
			t.Fatalf("%s %q gives %d %s", action, body, status, got)
		}
		if got != "" && !json.Valid([]byte(got)) {
			t.Fatalf("%s %q gives %s", action, body, got)
		}
		if status == 200 && action == "PutItem" {
			checkStored(t, e)
		}
	})
}

// checkStored reads all that is stored and expects it to be canonical.
func checkStored(t *testing.T, e *Engine) {
	t.Helper()
	tab := e.table("tab")
	if tab == nil {
		return
	}
	_ = e.store.view(func() error {
		entries := 0
		n := 0
		_ = e.store.bucket(tab.bucket).ForEach(func(k, v []byte) error {
			it := loadItem(v)
			if n++; n <= 20 {
				checkItem(t, it)
			}
			if len(tab.indexes) > 0 && tab.indexes[0].entry(it, k) != nil {
				entries++
			}
			return nil
		})
		if len(tab.indexes) > 0 && !tab.indexes[0].building {
			have := 0
			_ = e.store.bucket(tab.indexes[0].bucket).ForEach(func(_, _ []byte) error { have++; return nil })
			if have != entries {
				t.Fatalf("the index has %d entries, the items make %d", have, entries)
			}
		}
		return nil
	})
}
