// Package reward stores the book, codes, referrals, budgets and standings. It holds no rule of who earns what. The surprising thing: nothing is read before it is written; balances
// are added to, and what the rules have seen is asked for as a condition.
package reward

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of the Ledger table. A balance's attributes carry the unit behind them: balance#points, owed#CNY.
const (
	attrBalance   = "balance#"
	attrOwed      = "owed#"
	attrLifetime  = "lifetime#"
	attrUnit      = "unit"
	attrAmount    = "amount"
	attrRemaining = "remaining"
	attrEntryKind = "kind"
	attrLot       = "lot"
	attrAt        = "at"
	attrExpiresAt = "expiresAt"
	attrEffect    = "effect"
	attrEffectID  = "effectId"
	attrEntryID   = "id"
)

// maxLedgerPages bounds a reading of all lots of an account: 1 MB each.
const maxLedgerPages = 16

// Ledger stores the book. It changes only by Apply, and by what Referrals writes together with a posting.
type Ledger struct {
	DB    dynamo.API
	Table string
}

// Apply writes a posting, all of it or nothing, in one transaction. fresh is false when the book holds the effect already: then
// nothing is written, and the earlier posting stands. ErrConflict says that a lot or a debt is no longer as the posting's builder
// saw it; any other error leaves open whether the posting was written, and applying it again is safe.
func (l Ledger) Apply(ctx context.Context, p ledger.Posting) (fresh bool, err error) {
	writes, err := l.writes(p)
	if err != nil {
		return false, fmt.Errorf("applying %s: %w", p.Effect, err)
	}
	err = dynamo.Do(ctx, l.DB, writes...)
	if errors.Is(err, errApplied) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("applying %s: %w", p.Effect, err)
	}
	return true, nil
}

// errApplied says that the book holds the effect. Whoever writes it together with something else was not as fast as another.
var errApplied = fmt.Errorf("%w: the effect is in the book", dynamo.ErrConflict)

// writes are those of a posting, its effect first. None of them reads before it writes: balances are added to, and lots
// and debts are asked to be as they were seen.
func (l Ledger) writes(p ledger.Posting) ([]dynamo.Write, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	entries, err := json.Marshal(p.Entries)
	if err != nil {
		return nil, fmt.Errorf("packing entries: %w", err)
	}
	effect := key.Effect(p.Effect.Kind, p.Effect.ID).Item()
	effect[attrAt] = dynamo.TimeValue(p.At)
	effect[dynamo.AttrBody] = dynamo.BytesValue(entries)
	writes := []dynamo.Write{dynamo.Put(l.Table, effect, dynamo.Absent()).Or(errApplied)}
	for _, e := range p.Entries {
		writes = append(writes, dynamo.Put(l.Table, entryItem(e), dynamo.Absent()))
	}
	for _, lot := range p.Opened {
		writes = append(writes, dynamo.Put(l.Table, lotItem(lot), dynamo.Absent()))
	}
	for _, c := range p.Lots {
		writes = append(writes, dynamo.Update(l.Table, key.Lot(string(c.Account), c.ID), "ADD #remaining :delta", dynamo.Condition{
			Text: "#remaining = :seen", Names: map[string]string{"#remaining": attrRemaining},
			Values: dynamo.Item{":delta": dynamo.NumberValue(c.Delta), ":seen": dynamo.NumberValue(c.Seen)},
		}))
	}
	return append(writes, l.balanceUpdates(p.Balances)...), nil
}

// balanceUpdates makes one update of each account, since a transaction may touch an item only once.
func (l Ledger) balanceUpdates(changes []ledger.BalanceChange) []dynamo.Write {
	byAccount := map[ledger.Account][]ledger.BalanceChange{}
	for _, c := range changes {
		byAccount[c.Account] = append(byAccount[c.Account], c)
	}
	var writes []dynamo.Write
	for _, account := range slices.Sorted(maps.Keys(byAccount)) {
		names, values := map[string]string{}, dynamo.Item{}
		var adds, conditions []string
		add := func(n string, attribute string, by int64) {
			names["#"+n], values[":"+n] = attribute, dynamo.NumberValue(by)
			adds = append(adds, "#"+n+" :"+n)
		}
		for i, c := range byAccount[account] {
			add(fmt.Sprintf("b%d", i), attrBalance+string(c.Unit), c.Amount)
			if c.Lifetime != 0 {
				add(fmt.Sprintf("l%d", i), attrLifetime+string(c.Unit), c.Lifetime)
			}
			owed := fmt.Sprintf("o%d", i)
			if c.Owed != 0 {
				add(owed, attrOwed+string(c.Unit), c.Owed)
			}
			if c.GuardsDebt() {
				names["#"+owed], values[":seen"+owed] = attrOwed+string(c.Unit), dynamo.NumberValue(c.SeenOwed)
				as := fmt.Sprintf("#%s = :seen%s", owed, owed)
				if c.SeenOwed == 0 {
					as = fmt.Sprintf("(attribute_not_exists(#%s) OR %s)", owed, as)
				}
				conditions = append(conditions, as)
			}
		}
		writes = append(writes, dynamo.Update(l.Table, key.Account(string(account)), "ADD "+strings.Join(adds, ", "),
			dynamo.Condition{Text: strings.Join(conditions, " AND "), Names: names, Values: values}))
	}
	return writes
}

// EffectEntries are the entries of an effect in the order in which they were posted. ErrNotFound if the book does not hold the
// effect.
func (l Ledger) EffectEntries(ctx context.Context, effect ledger.Effect) ([]ledger.Entry, error) {
	found, err := dynamo.Get(ctx, l.DB, l.Table, key.Effect(effect.Kind, effect.ID))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", effect, err)
	}
	if found == nil {
		return nil, fmt.Errorf("reading %s: %w", effect, dynamo.ErrNotFound)
	}
	var entries []ledger.Entry
	if err := json.Unmarshal(dynamo.BytesOf(found, dynamo.AttrBody), &entries); err != nil {
		return nil, fmt.Errorf("reading %s: %w", effect, err)
	}
	return entries, nil
}

// Balances of one account by unit, with a consistent read; empty for an account that has never had an entry.
func (l Ledger) Balances(ctx context.Context, account ledger.Account) (map[ledger.Unit]ledger.Balance, error) {
	found, err := dynamo.Get(ctx, l.DB, l.Table, key.Account(string(account)))
	if err != nil {
		return nil, fmt.Errorf("reading balances of %s: %w", account, err)
	}
	balances := map[ledger.Unit]ledger.Balance{}
	for name := range found {
		if unit, ok := strings.CutPrefix(name, attrBalance); ok {
			balances[ledger.Unit(unit)] = ledger.Balance{
				Amount: dynamo.NumberOf(found, name), Owed: dynamo.NumberOf(found, attrOwed+unit), Lifetime: dynamo.NumberOf(found, attrLifetime+unit),
			}
		}
	}
	return balances, nil
}

// Lots of one account, oldest first, also those with nothing left; a consistent read.
func (l Ledger) Lots(ctx context.Context, account ledger.Account) ([]ledger.Lot, error) {
	var lots []ledger.Lot
	err := dynamo.Stretch{Table: l.Table, PK: string(account), Prefix: "l#"}.All(ctx, l.DB, maxLedgerPages, func(i dynamo.Item) error {
		lot, err := lotOf(account, i)
		lots = append(lots, lot)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading lots of %s: %w", account, err)
	}
	slices.SortFunc(lots, func(a, b ledger.Lot) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return lots, nil
}

// Lot is one lot, with a consistent read. ErrNotFound if there is none.
func (l Ledger) Lot(ctx context.Context, account ledger.Account, id string) (ledger.Lot, error) {
	found, err := dynamo.Get(ctx, l.DB, l.Table, key.Lot(string(account), id))
	if err != nil {
		return ledger.Lot{}, fmt.Errorf("reading lot %s: %w", id, err)
	}
	if found == nil {
		return ledger.Lot{}, fmt.Errorf("reading lot %s: %w", id, dynamo.ErrNotFound)
	}
	return lotOf(account, found)
}

// Entries reads a page of the entries of several accounts together, newest first: those of one person after merges, or of one
// house. An empty next says that this was the last page. A cursor that Entries did not give is ErrCursor.
func (l Ledger) Entries(ctx context.Context, accounts []ledger.Account, limit int, cursor string) (page []ledger.Entry, next string, err error) {
	before, err := dynamo.SortKeyOf(cursor, "e#")
	if err != nil {
		return nil, "", err
	}
	for _, account := range accounts {
		for _, partition := range partitions(account) {
			items, _, err := dynamo.Stretch{Table: l.Table, PK: partition, Prefix: "e#", After: before, Newest: true, Limit: limit + 1}.Page(ctx, l.DB)
			if err != nil {
				return nil, "", fmt.Errorf("reading entries of %s: %w", account, err)
			}
			for _, i := range items {
				e, err := entryOf(account, i)
				if err != nil {
					return nil, "", fmt.Errorf("reading entries of %s: %w", account, err)
				}
				page = append(page, e)
			}
		}
	}
	slices.SortFunc(page, func(a, b ledger.Entry) int { return cmp.Compare(entrySortKey(b), entrySortKey(a)) })
	if len(page) > limit {
		page = page[:limit]
		next = dynamo.CursorAfter(entrySortKey(page[limit-1]))
	}
	return page, next, nil
}

// partitions are where an account's entries stand: one for a person, several for a house, which takes part in every posting. The bare
// one holds what was written before they were spread.
func partitions(account ledger.Account) []string {
	all := []string{string(account)}
	if account.IsHouse() {
		for shard := range key.HouseShards {
			all = append(all, key.HousePartition(account, shard))
		}
	}
	return all
}

func entrySortKey(e ledger.Entry) string { return key.Entry(e.Account, e.At, e.ID).SK }

func entryItem(e ledger.Entry) dynamo.Item {
	i := key.Entry(e.Account, e.At, e.ID).Item()
	i[attrEntryID] = dynamo.TextValue(e.ID)
	i[attrUnit] = dynamo.TextValue(string(e.Unit))
	i[attrAmount] = dynamo.NumberValue(e.Amount)
	i[attrEntryKind] = dynamo.TextValue(string(e.Kind))
	i[attrAt] = dynamo.TimeValue(e.At)
	i[attrEffect] = dynamo.TextValue(e.Effect.Kind)
	i[attrEffectID] = dynamo.TextValue(e.Effect.ID)
	if e.Lot != "" {
		i[attrLot] = dynamo.TextValue(e.Lot)
	}
	return i
}

func entryOf(account ledger.Account, i dynamo.Item) (ledger.Entry, error) {
	at, err := dynamo.TimeOf(i, attrAt)
	return ledger.Entry{
		ID: dynamo.TextOf(i, attrEntryID), Account: account, Unit: ledger.Unit(dynamo.TextOf(i, attrUnit)), Amount: dynamo.NumberOf(i, attrAmount),
		Kind: ledger.Kind(dynamo.TextOf(i, attrEntryKind)), Lot: dynamo.TextOf(i, attrLot), At: at,
		Effect: ledger.Effect{Kind: dynamo.TextOf(i, attrEffect), ID: dynamo.TextOf(i, attrEffectID)},
	}, err
}

func lotItem(l ledger.Lot) dynamo.Item {
	i := key.Lot(string(l.Account), l.ID).Item()
	i[attrUnit] = dynamo.TextValue(string(l.Unit))
	i[attrAmount] = dynamo.NumberValue(l.Amount)
	i[attrRemaining] = dynamo.NumberValue(l.Remaining)
	i[attrAt] = dynamo.TimeValue(l.At)
	if !l.ExpiresAt.IsZero() {
		i[attrExpiresAt] = dynamo.TimeValue(l.ExpiresAt)
	}
	return i
}

func lotOf(account ledger.Account, i dynamo.Item) (ledger.Lot, error) {
	at, err := dynamo.TimeOf(i, attrAt)
	if err != nil {
		return ledger.Lot{}, err
	}
	expires, err := dynamo.TimeOf(i, attrExpiresAt)
	return ledger.Lot{
		ID: strings.TrimPrefix(dynamo.TextOf(i, dynamo.AttrSK), key.Lot("", "").SK), Account: account, Unit: ledger.Unit(dynamo.TextOf(i, attrUnit)),
		Amount: dynamo.NumberOf(i, attrAmount), Remaining: dynamo.NumberOf(i, attrRemaining), At: at, ExpiresAt: expires,
	}, err
}
