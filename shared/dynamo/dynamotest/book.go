package dynamotest

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Book is what the Ledger table holds, summed from its entries.
type Book struct {
	Entries int
	// Accounts sums the entries by account and unit: Accounts["p#..."]["points"].
	Accounts map[string]map[string]int64
}

// CheckBook reads the whole Ledger table and fails the test where sums disagree: all entries of a unit with zero, an account's
// entries with its balance, a lot's with what remains of it, those without a lot with what is owed; where a lot is below zero; or
// where an effect's entries are not in the book, once each.
func (db *DB) CheckBook(t testing.TB) Book {
	t.Helper()
	book := Book{Accounts: map[string]map[string]int64{}}
	total, owed, lots, stored := map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
	byEffect, effects := map[string]int{}, map[string]bool{}
	balances, debts := map[string]int64{}, map[string]int64{}
	db.Each(t, "Ledger", func(item map[string]types.AttributeValue) {
		pk, sk := textOf(item["pk"]), textOf(item["sk"])
		if parts := strings.Split(pk, "#"); parts[0] == "h" && len(parts) == 3 {
			pk = "h#" + parts[1] // a house's entries are spread over partitions
		}
		switch {
		case strings.HasPrefix(sk, "e#"):
			unit, amount := textOf(item["unit"]), numberOf(t, item["amount"])
			book.Entries++
			if book.Accounts[pk] == nil {
				book.Accounts[pk] = map[string]int64{}
			}
			book.Accounts[pk][unit] += amount
			total[unit] += amount
			byEffect["x#"+textOf(item["effect"])+"#"+textOf(item["effectId"])]++
			if strings.HasPrefix(pk, "h#") {
				return
			}
			if lot := textOf(item["lot"]); lot != "" {
				lots[pk+" "+lot] += amount
			} else {
				owed[pk+" "+unit] -= amount
			}
		case strings.HasPrefix(sk, "l#"):
			remaining, amount := numberOf(t, item["remaining"]), numberOf(t, item["amount"])
			if remaining < 0 || remaining > amount {
				t.Errorf("lot %s %s holds %d of %d", pk, sk, remaining, amount)
			}
			stored[pk+" "+strings.TrimPrefix(sk, "l#")] = remaining
		case sk == "account":
			for name, value := range item {
				if unit, ok := strings.CutPrefix(name, "balance#"); ok {
					balances[pk+" "+unit] = numberOf(t, value)
				}
				if unit, ok := strings.CutPrefix(name, "owed#"); ok {
					debts[pk+" "+unit] = numberOf(t, value)
				}
			}
		case strings.HasPrefix(pk, "x#"):
			effects[pk] = true
		default:
			t.Errorf("the book holds an item %s / %s", pk, sk)
		}
	})
	for unit, sum := range total {
		if sum != 0 {
			t.Errorf("the book sums to %d %s", sum, unit)
		}
	}
	sums := map[string]int64{}
	for account, units := range book.Accounts {
		if strings.HasPrefix(account, "p#") {
			for unit, sum := range units {
				sums[account+" "+unit] = sum
			}
		}
	}
	same(t, "balance", sums, balances)
	same(t, "debt", owed, debts)
	same(t, "lot", lots, stored)
	for effect := range effects {
		if byEffect[effect] == 0 {
			t.Errorf("%s has no entries", effect)
		}
	}
	for effect := range byEffect {
		if !effects[effect] {
			t.Errorf("entries of %s stand without it", effect)
		}
	}
	return book
}

func same(t testing.TB, what string, entries, stored map[string]int64) {
	t.Helper()
	for key, sum := range entries {
		if stored[key] != sum {
			t.Errorf("%s %s is %d, its entries sum to %d", what, key, stored[key], sum)
		}
	}
	for key, n := range stored {
		if _, ok := entries[key]; !ok && n != 0 {
			t.Errorf("%s %s is %d without an entry", what, key, n)
		}
	}
}

// Each shows every item of a table.
func (db *DB) Each(t testing.TB, table string, show func(map[string]types.AttributeValue)) {
	t.Helper()
	pages := dynamodb.NewScanPaginator(db.Client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatalf("scanning %s: %v", table, err)
		}
		for _, item := range page.Items {
			show(item)
		}
	}
}

func textOf(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func numberOf(t testing.TB, v types.AttributeValue) int64 {
	n, _ := v.(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		t.Errorf("the book holds the number %s", n.Value)
	}
	return i
}
