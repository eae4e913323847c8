package dynamodb

import (
	"fmt"
	"strings"
)

const (
	maxActions         = 100
	maxTransactionSize = 4 << 20
)

func checkActions(actions []action) error {
	switch n := len(actions); {
	case actions == nil:
		return invalid("1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null")
	case n == 0:
		return constraint("[]", "transactItems", "Member must have length greater than or equal to 1")
	case n > maxActions:
		return constraint(fmt.Sprintf("[%d actions]", n), "transactItems", "Member must have length less than or equal to 100")
	}
	return nil
}

// reason is one element of CancellationReasons.
type reason struct {
	code, message string
	item          item
}

func cancelled(reasons []reason) error {
	codes := make([]string, len(reasons))
	members := []byte(`,"CancellationReasons":[`)
	for i, r := range reasons {
		if r.code == "" {
			r.code = "None"
		}
		codes[i] = r.code
		if i > 0 {
			members = append(members, ',')
		}
		members = append(members, `{"Code":`...)
		members = appendText(members, r.code)
		if r.message != "" {
			members = append(members, `,"Message":`...)
			members = appendText(members, r.message)
		}
		if r.item.exists() {
			members = append(members, `,"Item":`...)
			members = appendMapJSON(members, r.item.raw)
		}
		members = append(members, '}')
	}
	f := newFault("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	f.members = append(members, ']')
	return f
}

func (x *exchange) transactWrite() error {
	r, err := parseRequest(x.body)
	if err != nil {
		return err
	}
	if err := checkActions(r.actions); err != nil {
		return err
	}
	for i := range r.actions {
		a := &r.actions[i]
		switch a.verb {
		case "Put", "Update", "Delete", "ConditionCheck":
		default:
			return invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
		if err := x.authorize(iamAction(a.verb), a.request.table, ""); err != nil {
			return err
		}
	}
	if len(r.token) > 36 {
		return constraint(r.token, "clientRequestToken", "Member must have length less than or equal to 36")
	}
	if err := r.check(); err != nil {
		return err
	}
	all := make([]*mutation, len(r.actions))
	seen := map[string]bool{}
	size := 0
	for i := range r.actions {
		a := &r.actions[i]
		switch {
		case a.verb == "Update" && !a.hasUpdate:
			return invalid("1 validation error detected: Value null at 'transactItems.%d.member.update.updateExpression' failed to satisfy constraint: Member must not be null", i+1)
		case a.verb == "ConditionCheck" && !a.hasCondition:
			return invalid("1 validation error detected: Value null at 'transactItems.%d.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null", i+1)
		}
		m, err := x.e.prepare(a.verb, &a.request)
		if err != nil {
			return err
		}
		id := string(m.table.bucket) + string(m.key)
		if seen[id] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id] = true
		size += m.item.size
		all[i] = m
	}
	if size > maxTransactionSize {
		return invalid("Collection size of items in the transaction exceeds the limit of 4 MB")
	}
	var failure error
	if err := x.e.commit(func(tx *txn) { failure = x.writeTransaction(tx, r, all) }); err != nil {
		return internal(err)
	}
	return failure
}

// writeTransaction runs inside the group: all actions are judged, then all are done or none.
func (x *exchange) writeTransaction(tx *txn, r *request, all []*mutation) error {
	var fingerprint [16]byte
	if r.token != "" {
		fingerprint = r.fingerprint()
		if known, same := x.e.tokens.find(x.accessKey+"/"+r.token, fingerprint, tx.now); known && !same {
			return newFault("IdempotentParameterMismatchException", "The request uses the same client token as a previous, but non-identical request")
		} else if known {
			return x.repeated(tx, r, all)
		}
	}
	reasons := make([]reason, len(all))
	bad := false
	for i, m := range all {
		if tx.conflicts(m.table, m.key, touchedByTransaction|touchedByWrite) {
			reasons[i] = reason{code: "TransactionConflict", message: "Transaction is ongoing for the item"}
			bad = true
		}
	}
	if bad {
		return cancelled(reasons)
	}
	outcomes := make([]outcome, len(all))
	size := 0
	for i, m := range all {
		o := &outcomes[i]
		*o = m.judge(tx, x.e)
		switch {
		case o.failure != nil && asFault(o.failure).code() == "ValidationException":
			reasons[i] = reason{code: "ValidationError", message: o.failure.Error()}
			bad = true
		case o.failure != nil:
			return o.failure
		case o.failed:
			reasons[i] = reason{code: "ConditionalCheckFailed", message: "The conditional request failed"}
			if m.request.returnOnFailure == "ALL_OLD" {
				reasons[i].item = o.old
			}
			bad = true
		}
		size += max(o.old.size, o.next.size)
	}
	if bad {
		for i := range all {
			c := cost{table: outcomes[i].table, write: writeUnits(outcomes[i].old.size)}
			c.double()
			x.charge(c)
		}
		return cancelled(reasons)
	}
	if size > maxTransactionSize {
		return invalid("Collection size of items in the transaction exceeds the limit of 4 MB")
	}
	for i, m := range all {
		c := m.perform(tx, &outcomes[i])
		tx.touch(m.table, m.key, touchedByTransaction)
		c.double()
		x.charge(c)
	}
	if r.token != "" {
		x.e.tokens.add(tx, x.accessKey+"/"+r.token, fingerprint)
	}
	x.out = append(x.out, '{')
	x.appendCapacities(r.returnCapacity)
	x.out = append(x.out, '}')
	return nil
}

// repeated answers a transaction whose token has been seen: nothing is written, the items are read.
func (x *exchange) repeated(tx *txn, r *request, all []*mutation) error {
	for _, m := range all {
		o := m.judge(tx, x.e)
		if o.table == nil {
			continue
		}
		c := cost{table: o.table, read: readUnits(o.old.size, true)}
		c.double()
		x.charge(c)
	}
	x.out = append(x.out, '{')
	x.appendCapacities(r.returnCapacity)
	x.out = append(x.out, '}')
	return nil
}

func (x *exchange) transactGet() error {
	r, err := parseRequest(x.body)
	if err != nil {
		return err
	}
	if err := checkActions(r.actions); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	type get struct {
		table *table
		key   []byte
		paths []path
	}
	gets := make([]get, len(r.actions))
	seen := map[string]bool{}
	for i := range r.actions {
		a := &r.actions[i]
		if a.verb != "Get" {
			return invalid("TransactItems of TransactGetItems can only contain Get")
		}
		if err := x.authorize("GetItem", a.request.table, ""); err != nil {
			return err
		}
		if err := checkTableName(a.request.table); err != nil {
			return err
		}
		if err := a.check(); err != nil {
			return err
		}
		if !a.hasKey {
			return invalid("1 validation error detected: Value null at 'transactItems.%d.member.get.key' failed to satisfy constraint: Member must not be null", i+1)
		}
		g := &gets[i]
		if g.paths, err = a.paths(); err != nil {
			return err
		}
		if err := a.subs.unused(); err != nil {
			return err
		}
		if g.table = x.e.table(a.request.table); g.table == nil {
			return noTable()
		}
		if g.key, err = g.table.schema.given(a.key); err != nil {
			return err
		}
		id := string(g.table.bucket) + string(g.key)
		if seen[id] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id] = true
	}
	return x.e.store.view(func() error {
		now := x.e.now()
		size := 0
		x.out = append(x.out, `{"Responses":[`...)
		for i, g := range gets {
			it, err := g.table.load(g.key, now, x.e)
			if err != nil {
				return err
			}
			if size += it.size; size > maxTransactionSize {
				return invalid("Collection size of items in the transaction exceeds the limit of 4 MB")
			}
			if i > 0 {
				x.out = append(x.out, ',')
			}
			x.out = append(x.out, '{')
			if it.exists() {
				x.member("Item")
				x.appendItem(it, g.paths)
			}
			x.out = append(x.out, '}')
			c := cost{table: g.table, read: readUnits(it.size, true)}
			c.double()
			x.charge(c)
		}
		x.out = append(x.out, ']')
		x.appendCapacities(r.returnCapacity)
		x.out = append(x.out, '}')
		return nil
	})
}
