package dynamodb

import (
	"encoding/json"
	"slices"
)

// account is the account that all tables belong to.
const account = "000000000000"

// exchange is one request under way and the answer being built.
type exchange struct {
	e         *Engine
	action    string
	accessKey string
	region    string
	body      []byte
	out       []byte
	table     string // of the operation, for Observe when it failed
	index     string
	costs     []cost
}

// authorize asks whether the caller may do the action and remembers what it is about.
func (x *exchange) authorize(action, table, index string) error {
	if x.table == "" {
		x.table, x.index = table, index
	}
	if x.e.options.Authorize == nil {
		return nil
	}
	if err := x.e.options.Authorize(Call{AccessKeyID: x.accessKey, Action: action, Table: table, Index: index}); err != nil {
		return denied(err.Error())
	}
	return nil
}

func (x *exchange) observe(code string) {
	f := x.e.options.Observe
	if f == nil {
		return
	}
	call := Call{AccessKeyID: x.accessKey, Action: x.action, Table: x.table, Index: x.index, ErrorCode: code}
	if len(x.costs) == 0 {
		f(call)
	}
	for i := range x.costs {
		c := &x.costs[i]
		call.Table, call.Index, call.ReadUnits, call.WriteUnits = c.table.TableName, "", c.read, c.totalWrite()
		if c.index != nil {
			call.Index = c.index.name
		}
		f(call)
	}
}

// charge adds to what the operation consumed on a table.
func (x *exchange) charge(c cost) {
	for i := range x.costs {
		if x.costs[i].table.ID == c.table.ID {
			x.costs[i].add(c)
			return
		}
	}
	x.costs = append(x.costs, c)
}

// decode reads the parameters of an operation on tables; these are rare enough for reflection.
func (x *exchange) decode(into any) error {
	if err := json.Unmarshal(x.body, into); err != nil {
		return badJSON("%v", err)
	}
	return nil
}

func (x *exchange) answer(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return internal(err)
	}
	x.out = append(x.out, text...)
	return nil
}

// named reads a TableName parameter and finds the table.
func (x *exchange) named(name string) (*table, error) {
	name = tableName(name)
	if err := x.authorize(x.action, name, ""); err != nil {
		return nil, err
	}
	if err := checkTableName(name); err != nil {
		return nil, err
	}
	t := x.e.table(name)
	if t == nil {
		return nil, noSuchTable(name)
	}
	return t, nil
}

// asked is the table that a request names which asks for nothing else.
func (x *exchange) asked() (*table, error) {
	var in struct{ TableName string }
	if err := x.decode(&in); err != nil {
		return nil, err
	}
	return x.named(in.TableName)
}

// edit changes a table's definition inside a write; f says whether it may.
func (x *exchange) edit(t *table, f func(tx *txn, d *definition) error) (*table, error) {
	var failure error
	var edited *table
	err := x.e.commit(func(tx *txn) {
		now := tx.table(x.e, t.TableName)
		if now == nil || now.ID != t.ID {
			failure = noSuchTable(t.TableName)
			return
		}
		d := now.definition
		d.GlobalSecondaryIndexes = slices.Clone(d.GlobalSecondaryIndexes)
		d.Tags = slices.Clone(d.Tags)
		if failure = f(tx, &d); failure != nil {
			return
		}
		edited = d.ready(now)
		x.e.replaceTable(tx, d.TableName, edited)
	})
	if err != nil {
		return nil, internal(err)
	}
	return edited, failure
}

// member begins a member of the answer's outer object, with a comma if it is not the first.
func (x *exchange) member(name string) {
	if x.out[len(x.out)-1] != '{' {
		x.out = append(x.out, ',')
	}
	x.out = append(x.out, '"')
	x.out = append(x.out, name...)
	x.out = append(x.out, '"', ':')
}

// appendItem writes an item, or what the paths keep of it.
func (x *exchange) appendItem(it item, paths []path) {
	raw := it.raw
	if paths != nil {
		raw = project(raw, paths)
	}
	x.out = appendMapJSON(x.out, raw)
}

// appendCapacity writes the ConsumedCapacity member of an operation on one table.
func (x *exchange) appendCapacity(wanted string) {
	if (wanted == "TOTAL" || wanted == "INDEXES") && len(x.costs) > 0 {
		x.member("ConsumedCapacity")
		x.out = x.costs[0].appendJSON(x.out, wanted == "INDEXES")
	}
}

// appendCapacities writes the ConsumedCapacity member of an operation on many tables.
func (x *exchange) appendCapacities(wanted string) {
	if wanted != "TOTAL" && wanted != "INDEXES" {
		return
	}
	x.member("ConsumedCapacity")
	x.out = append(x.out, '[')
	for i := range x.costs {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.out = x.costs[i].appendJSON(x.out, wanted == "INDEXES")
	}
	x.out = append(x.out, ']')
}
