package dynamo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/ledger"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/domain/referral"
)

// Settlement is what paying both sides of a referral writes at once.
type Settlement struct {
	Referral referral.Referral // as it will be; its Version is the one that was read
	Posting  *ledger.Posting   // nil when nobody gets anything
	Budget   []ledger.Quantity // the program's limits
	// Friend are all keys of the friend and Others the referrals that stand under them beside this one, as they were read: none
	// of them may have moved, so that one person is paid for once.
	Friend []profile.ID
	Others []referral.Referral
	// Advocate are all keys of the advocate, the present id first, and Standings what stands under them, as it was read: the
	// count decides what is paid.
	Advocate  []profile.ID
	Standings []referral.Standing
}

// Settle writes a settlement, all of it or nothing. paid is false when the budget does not allow it: then nothing is written.
// ErrConflict says that something is not as it was read, which it also is when the referral is settled already; any other error
// leaves open whether the settlement was written, and reading the referral tells.
func (s Referrals) Settle(ctx context.Context, st Settlement) (paid bool, err error) {
	r := st.Referral
	update, err := s.update(r)
	if err != nil {
		return false, err
	}
	actions := []types.TransactWriteItem{{Update: update}}
	budget := -1
	if len(r.Charged) > 0 {
		spend, ok := s.spend(r.Program, r.Charged, st.Budget)
		if !ok {
			return false, nil
		}
		budget = len(actions)
		actions = append(actions, spend)
	}
	versions := map[profile.ID]int64{}
	for _, other := range st.Others {
		versions[other.Friend] = other.Version
	}
	for _, id := range st.Friend[:min(len(st.Friend), maxGuards)] {
		if id != r.Friend {
			actions = append(actions, s.referralAt(id, r.Program, versions[id]))
		}
	}
	counts := map[profile.ID]int{}
	for _, standing := range st.Standings {
		counts[standing.Advocate] = standing.Settled
	}
	for i, id := range st.Advocate[:min(len(st.Advocate), maxGuards)] {
		count, known := counts[id]
		actions = append(actions, s.stand(r.Program, id, count, known, i == 0, r.SettledAt))
	}
	if st.Posting != nil {
		post, err := s.Ledger.actions(*st.Posting)
		if err != nil {
			return false, fmt.Errorf("settling the referral of %s in %s: %w", r.Friend, r.Program, err)
		}
		actions = append(actions, post...)
	}
	_, err = s.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return true, nil
	}
	codes := cancellation(err)
	if budget >= 0 && len(codes) > budget && codes[budget] == lostCondition && codes[0] == "None" {
		return false, nil
	}
	if conditionLost(err) {
		err = ErrConflict
	}
	return false, fmt.Errorf("settling the referral of %s in %s: %w", r.Friend, r.Program, err)
}

// spend takes a cost from what the limits leave; ok is false where a limit is below the cost alone.
func (s Referrals) spend(program string, cost, limits []ledger.Quantity) (action types.TransactWriteItem, ok bool) {
	names, values := map[string]string{}, item{}
	var adds, conditions []string
	for i, q := range cost {
		names[fmt.Sprintf("#u%d", i)], values[fmt.Sprintf(":u%d", i)] = attrSpent+string(q.Unit), numberValue(q.Amount)
		adds = append(adds, fmt.Sprintf("#u%d :u%d", i, i))
		for _, limit := range limits {
			if limit.Unit != q.Unit {
				continue
			}
			if q.Amount > limit.Amount {
				return types.TransactWriteItem{}, false
			}
			values[fmt.Sprintf(":most%d", i)] = numberValue(limit.Amount - q.Amount)
			conditions = append(conditions, fmt.Sprintf("(attribute_not_exists(#u%d) OR #u%d <= :most%d)", i, i, i))
		}
	}
	update := &types.Update{
		TableName: &s.Table, Key: budgetKey(program).item(), UpdateExpression: aws.String("ADD " + strings.Join(adds, ", ")),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}
	if len(conditions) > 0 {
		update.ConditionExpression = aws.String(strings.Join(conditions, " AND "))
	}
	return types.TransactWriteItem{Update: update}, true
}

// stand holds while an advocate's count is as it was read, and adds one friend to it where one is to be added.
func (s Referrals) stand(program string, id profile.ID, count int, known, add bool, at time.Time) types.TransactWriteItem {
	key := standingKey(program, standingShard(id), id).item()
	condition, names, values := "attribute_not_exists(#pk)", map[string]string{"#pk": attrPK}, item(nil)
	if known {
		condition, names, values = "#settled = :seen", map[string]string{"#settled": attrSettled}, item{":seen": numberValue(int64(count))}
	}
	if !add {
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.Table, Key: key, ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}
	}
	if values == nil {
		values = item{}
	}
	names["#settled"], names["#at"] = attrSettled, attrAt
	values[":one"], values[":at"] = numberValue(1), timeValue(at)
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &s.Table, Key: key, UpdateExpression: aws.String("SET #at = :at ADD #settled :one"), ConditionExpression: &condition,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}

// Reverse takes back what a settlement wrote: the referral, its place in the count and in the budget, and the posting that
// reverses the rewards (nil when there were none). ErrConflict says that something is not as it was read; any other error leaves
// open whether the reversal was written, and reading the referral tells.
func (s Referrals) Reverse(ctx context.Context, r referral.Referral, posting *ledger.Posting) error {
	update, err := s.update(r)
	if err != nil {
		return err
	}
	actions := []types.TransactWriteItem{
		{Update: update},
		{Update: &types.Update{
			TableName: &s.Table, Key: standingKey(r.Program, standingShard(r.SettledFor), r.SettledFor).item(),
			UpdateExpression: aws.String("ADD #settled :less"), ExpressionAttributeNames: map[string]string{"#settled": attrSettled},
			ExpressionAttributeValues: item{":less": numberValue(-1)},
		}},
	}
	if len(r.Charged) > 0 {
		back := make([]ledger.Quantity, len(r.Charged))
		for i, q := range r.Charged {
			back[i] = ledger.Quantity{Unit: q.Unit, Amount: -q.Amount}
		}
		give, _ := s.spend(r.Program, back, nil)
		actions = append(actions, give)
	}
	if posting != nil {
		post, err := s.Ledger.actions(*posting)
		if err != nil {
			return fmt.Errorf("reversing the referral of %s in %s: %w", r.Friend, r.Program, err)
		}
		actions = append(actions, post...)
	}
	_, err = s.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err != nil && conditionLost(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("reversing the referral of %s in %s: %w", r.Friend, r.Program, err)
	}
	return nil
}

// Spent is what a program has spent of each unit that had a budget when it was spent.
func (s Referrals) Spent(ctx context.Context, program string) (map[ledger.Unit]int64, error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: budgetKey(program).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("reading the budget of %s: %w", program, err)
	}
	spent := map[ledger.Unit]int64{}
	for name := range out.Item {
		if unit, ok := strings.CutPrefix(name, attrSpent); ok {
			spent[ledger.Unit(unit)] = numberOf(out.Item, name)
		}
	}
	return spent, nil
}

// unchanged holds while a profile is as it was loaded; with Version 0, while there is none.
func (s Profiles) unchanged(p *profile.Profile) types.TransactWriteItem {
	c := unchanged(p)
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &s.Table, Key: profileKey(p.ID).item(), ConditionExpression: &c.text,
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
	}}
}
