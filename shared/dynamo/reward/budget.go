package reward

import (
	"context"
	"fmt"
	"strings"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Budgets counts what programs have spent.
type Budgets struct {
	DB    dynamo.API
	Table string // of referrals
}

// Spent is what a program has spent of each unit that had a budget when it was spent.
func (s Budgets) Spent(ctx context.Context, program string) (map[ledger.Unit]int64, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Budget(program))
	if err != nil {
		return nil, fmt.Errorf("reading the budget of %s: %w", program, err)
	}
	spent := map[ledger.Unit]int64{}
	for name := range found {
		if unit, ok := strings.CutPrefix(name, attrSpent); ok {
			spent[ledger.Unit(unit)] = dynamo.NumberOf(found, name)
		}
	}
	return spent, nil
}

// spend takes a cost from what the limits leave; ok is false where a limit is below the cost alone.
func (s Budgets) spend(program string, cost, limits []ledger.Quantity) (w dynamo.Write, ok bool) {
	names, values := map[string]string{}, dynamo.Item{}
	var adds, conditions []string
	for i, q := range cost {
		names[fmt.Sprintf("#u%d", i)], values[fmt.Sprintf(":u%d", i)] = attrSpent+string(q.Unit), dynamo.NumberValue(q.Amount)
		adds = append(adds, fmt.Sprintf("#u%d :u%d", i, i))
		for _, limit := range limits {
			if limit.Unit != q.Unit {
				continue
			}
			if q.Amount > limit.Amount {
				return dynamo.Write{}, false
			}
			values[fmt.Sprintf(":most%d", i)] = dynamo.NumberValue(limit.Amount - q.Amount)
			conditions = append(conditions, fmt.Sprintf("(attribute_not_exists(#u%d) OR #u%d <= :most%d)", i, i, i))
		}
	}
	return dynamo.Update(s.Table, key.Budget(program), "ADD "+strings.Join(adds, ", "), dynamo.Condition{Text: strings.Join(conditions, " AND "), Names: names, Values: values}), true
}
