package dynamodb

import "time"

// load reads one visible item.
func (t *table) load(key []byte, now time.Time, e *Engine) (item, error) {
	b := e.store.bucket(t.bucket)
	if b == nil {
		return item{}, noTable()
	}
	it := loadItem(b.Get(key))
	if it.exists() && t.expired(it, now, e) {
		return item{}, nil
	}
	return it, nil
}

func (x *exchange) getItem() error {
	r, err := parseRequest(x.body)
	if err != nil {
		return err
	}
	if err := x.authorize(x.action, r.table, ""); err != nil {
		return err
	}
	if err := checkTableName(r.table); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	if !r.hasKey {
		return invalid("1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null")
	}
	paths, err := r.paths()
	if err != nil {
		return err
	}
	if err := r.subs.unused(); err != nil {
		return err
	}
	t := x.e.table(r.table)
	if t == nil {
		return noTable()
	}
	key, err := t.schema.given(r.key)
	if err != nil {
		return err
	}
	return x.e.store.view(func() error {
		it, err := t.load(key, x.e.now(), x.e)
		if err != nil {
			return err
		}
		x.charge(cost{table: t, read: readUnits(it.size, r.consistent)})
		x.out = append(x.out, '{')
		if it.exists() {
			x.member("Item")
			x.appendItem(it, paths)
		}
		x.appendCapacity(r.returnCapacity)
		x.out = append(x.out, '}')
		return nil
	})
}
