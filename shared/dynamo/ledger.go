package dynamo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/reward/ledger"
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
	DB    API
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
	err = do(ctx, l.DB, writes...)
	if errors.Is(err, errApplied) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("applying %s: %w", p.Effect, err)
	}
	return true, nil
}

// errApplied says that the book holds the effect. Whoever writes it together with something else was not as fast as another.
var errApplied = fmt.Errorf("%w: the effect is in the book", ErrConflict)

// writes are those of a posting, its effect first. None of them reads before it writes: balances are added to, and lots
// and debts are asked to be as they were seen.
func (l Ledger) writes(p ledger.Posting) ([]write, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	entries, err := json.Marshal(p.Entries)
	if err != nil {
		return nil, fmt.Errorf("packing entries: %w", err)
	}
	effect := effectKey(p.Effect.Kind, p.Effect.ID).item()
	effect[attrAt] = timeValue(p.At)
	effect[attrBody] = bytesValue(entries)
	writes := []write{put(l.Table, effect, absent()).or(errApplied)}
	for _, e := range p.Entries {
		writes = append(writes, put(l.Table, entryItem(e), absent()))
	}
	for _, lot := range p.Opened {
		writes = append(writes, put(l.Table, lotItem(lot), absent()))
	}
	for _, c := range p.Lots {
		writes = append(writes, update(l.Table, lotKey(string(c.Account), c.ID), "ADD #remaining :delta", condition{
			text: "#remaining = :seen", names: map[string]string{"#remaining": attrRemaining},
			values: item{":delta": numberValue(c.Delta), ":seen": numberValue(c.Seen)},
		}))
	}
	return append(writes, l.balanceUpdates(p.Balances)...), nil
}

// balanceUpdates makes one update of each account, since a transaction may touch an item only once.
func (l Ledger) balanceUpdates(changes []ledger.BalanceChange) []write {
	byAccount := map[ledger.Account][]ledger.BalanceChange{}
	for _, c := range changes {
		byAccount[c.Account] = append(byAccount[c.Account], c)
	}
	var writes []write
	for _, account := range slices.Sorted(maps.Keys(byAccount)) {
		names, values := map[string]string{}, item{}
		var adds, conditions []string
		add := func(n string, attribute string, by int64) {
			names["#"+n], values[":"+n] = attribute, numberValue(by)
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
				names["#"+owed], values[":seen"+owed] = attrOwed+string(c.Unit), numberValue(c.SeenOwed)
				as := fmt.Sprintf("#%s = :seen%s", owed, owed)
				if c.SeenOwed == 0 {
					as = fmt.Sprintf("(attribute_not_exists(#%s) OR %s)", owed, as)
				}
				conditions = append(conditions, as)
			}
		}
		writes = append(writes, update(l.Table, accountKey(string(account)), "ADD "+strings.Join(adds, ", "),
			condition{text: strings.Join(conditions, " AND "), names: names, values: values}))
	}
	return writes
}

// EffectEntries are the entries of an effect in the order in which they were posted. ErrNotFound if the book does not hold the
// effect.
func (l Ledger) EffectEntries(ctx context.Context, effect ledger.Effect) ([]ledger.Entry, error) {
	out, err := l.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &l.Table, Key: effectKey(effect.Kind, effect.ID).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", effect, err)
	}
	if len(out.Item) == 0 {
		return nil, fmt.Errorf("reading %s: %w", effect, ErrNotFound)
	}
	var entries []ledger.Entry
	if err := json.Unmarshal(bytesOf(out.Item, attrBody), &entries); err != nil {
		return nil, fmt.Errorf("reading %s: %w", effect, err)
	}
	return entries, nil
}

// Balances of one account by unit, with a consistent read; empty for an account that has never had an entry.
func (l Ledger) Balances(ctx context.Context, account ledger.Account) (map[ledger.Unit]ledger.Balance, error) {
	out, err := l.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &l.Table, Key: accountKey(string(account)).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("reading balances of %s: %w", account, err)
	}
	balances := map[ledger.Unit]ledger.Balance{}
	for name := range out.Item {
		if unit, ok := strings.CutPrefix(name, attrBalance); ok {
			balances[ledger.Unit(unit)] = ledger.Balance{
				Amount: numberOf(out.Item, name), Owed: numberOf(out.Item, attrOwed+unit), Lifetime: numberOf(out.Item, attrLifetime+unit),
			}
		}
	}
	return balances, nil
}

// Lots of one account, oldest first, also those with nothing left; a consistent read.
func (l Ledger) Lots(ctx context.Context, account ledger.Account) ([]ledger.Lot, error) {
	var lots []ledger.Lot
	in := l.under(string(account), "l#")
	for range maxLedgerPages {
		out, err := l.DB.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("reading lots of %s: %w", account, err)
		}
		for _, i := range out.Items {
			lot, err := lotOf(account, i)
			if err != nil {
				return nil, fmt.Errorf("reading lots of %s: %w", account, err)
			}
			lots = append(lots, lot)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			slices.SortFunc(lots, func(a, b ledger.Lot) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
			return lots, nil
		}
	}
	return nil, fmt.Errorf("reading lots of %s: more than %d MB of them", account, maxLedgerPages)
}

// Lot is one lot, with a consistent read. ErrNotFound if there is none.
func (l Ledger) Lot(ctx context.Context, account ledger.Account, id string) (ledger.Lot, error) {
	out, err := l.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &l.Table, Key: lotKey(string(account), id).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return ledger.Lot{}, fmt.Errorf("reading lot %s: %w", id, err)
	}
	if len(out.Item) == 0 {
		return ledger.Lot{}, fmt.Errorf("reading lot %s: %w", id, ErrNotFound)
	}
	return lotOf(account, out.Item)
}

// Entries reads a page of the entries of several accounts together, newest first: those of one person after merges, or of one
// house. An empty next says that this was the last page. A cursor that Entries did not give is ErrCursor.
func (l Ledger) Entries(ctx context.Context, accounts []ledger.Account, limit int, cursor string) (page []ledger.Entry, next string, err error) {
	before := ""
	if cursor != "" {
		if before, err = sortKeyOf(cursor, "e#"); err != nil {
			return nil, "", err
		}
	}
	for _, account := range accounts {
		for _, partition := range partitions(account) {
			in := l.under(partition, "e#")
			in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(int32(limit)+1)
			if before != "" {
				in.ExclusiveStartKey = Key{partition, before}.item()
			}
			out, err := l.DB.Query(ctx, in)
			if err != nil {
				return nil, "", fmt.Errorf("reading entries of %s: %w", account, err)
			}
			for _, i := range out.Items {
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
		next = cursorAfter(entrySortKey(page[limit-1]))
	}
	return page, next, nil
}

// partitions are where an account's entries stand: one for a person, several for a house, which takes part in every posting. The bare
// one holds what was written before they were spread.
func partitions(account ledger.Account) []string {
	all := []string{string(account)}
	if account.IsHouse() {
		for shard := range houseShards {
			all = append(all, housePartition(account, shard))
		}
	}
	return all
}

// houseShards spreads a house's entries: each partition takes about 500 of them a second.
const houseShards = 16

func houseShard(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % houseShards)
}

func entrySortKey(e ledger.Entry) string { return entryKey(e.Account, e.At, e.ID).SK }

func (l Ledger) under(partition, prefix string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName:                 &l.Table,
		KeyConditionExpression:    aws.String("#pk = :pk AND begins_with(#sk, :prefix)"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK, "#sk": attrSK},
		ExpressionAttributeValues: item{":pk": textValue(partition), ":prefix": textValue(prefix)},
		ConsistentRead:            aws.Bool(true),
	}
}

func entryItem(e ledger.Entry) item {
	i := entryKey(e.Account, e.At, e.ID).item()
	i[attrEntryID] = textValue(e.ID)
	i[attrUnit] = textValue(string(e.Unit))
	i[attrAmount] = numberValue(e.Amount)
	i[attrEntryKind] = textValue(string(e.Kind))
	i[attrAt] = timeValue(e.At)
	i[attrEffect] = textValue(e.Effect.Kind)
	i[attrEffectID] = textValue(e.Effect.ID)
	if e.Lot != "" {
		i[attrLot] = textValue(e.Lot)
	}
	return i
}

func entryOf(account ledger.Account, i item) (ledger.Entry, error) {
	at, err := timeOf(i, attrAt)
	return ledger.Entry{
		ID: textOf(i, attrEntryID), Account: account, Unit: ledger.Unit(textOf(i, attrUnit)), Amount: numberOf(i, attrAmount),
		Kind: ledger.Kind(textOf(i, attrEntryKind)), Lot: textOf(i, attrLot), At: at,
		Effect: ledger.Effect{Kind: textOf(i, attrEffect), ID: textOf(i, attrEffectID)},
	}, err
}

func lotItem(l ledger.Lot) item {
	i := lotKey(string(l.Account), l.ID).item()
	i[attrUnit] = textValue(string(l.Unit))
	i[attrAmount] = numberValue(l.Amount)
	i[attrRemaining] = numberValue(l.Remaining)
	i[attrAt] = timeValue(l.At)
	if !l.ExpiresAt.IsZero() {
		i[attrExpiresAt] = timeValue(l.ExpiresAt)
	}
	return i
}

func lotOf(account ledger.Account, i item) (ledger.Lot, error) {
	at, err := timeOf(i, attrAt)
	if err != nil {
		return ledger.Lot{}, err
	}
	expires, err := timeOf(i, attrExpiresAt)
	return ledger.Lot{
		ID: strings.TrimPrefix(textOf(i, attrSK), lotKey("", "").SK), Account: account, Unit: ledger.Unit(textOf(i, attrUnit)),
		Amount: numberOf(i, attrAmount), Remaining: numberOf(i, attrRemaining), At: at, ExpiresAt: expires,
	}, err
}
