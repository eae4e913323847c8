package dynamo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// shelved puts numbered items of two kinds into one partition, one into another, and answers the sort keys of the first in their order.
func shelved(t *testing.T, db *dynamotest.DB) (keys []string) {
	t.Helper()
	for _, kind := range []string{"a#", "b#"} {
		for n := range 12 {
			keys = append(keys, fmt.Sprintf("%s%02d", kind, n))
		}
	}
	table := "Catalog"
	for n, sk := range append(slices.Clone(keys), "elsewhere") {
		i := dynamo.At("shelf", sk).Item()
		if sk == "elsewhere" {
			i = dynamo.At("other", "a#00").Item()
		}
		i["n"], i["text"] = dynamo.NumberValue(int64(n)), dynamo.TextValue(sk)
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: i}); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// TestAStretchIsWhatLiesWithin asks in every way, in pages of three and in one, and compares with what a loop over all keys finds.
func TestAStretchIsWhatLiesWithin(t *testing.T) {
	db := dynamotest.New(t)
	keys := shelved(t, db)
	for name, c := range map[string]struct {
		of     dynamo.Stretch
		within func(sk string) bool
	}{
		"all":                  {dynamo.Stretch{}, func(string) bool { return true }},
		"a prefix":             {dynamo.Stretch{Prefix: "b#"}, func(sk string) bool { return strings.HasPrefix(sk, "b#") }},
		"between, both within": {dynamo.Stretch{From: "a#03", To: "b#01"}, func(sk string) bool { return sk >= "a#03" && sk <= "b#01" }},
		"up to":                {dynamo.Stretch{To: "a#05"}, func(sk string) bool { return sk <= "a#05" }},
		"behind a key":         {dynamo.Stretch{Prefix: "a#", After: "a#04"}, func(sk string) bool { return strings.HasPrefix(sk, "a#") && sk > "a#04" }},
		"nothing":              {dynamo.Stretch{Prefix: "c#"}, func(string) bool { return false }},
		"newest first":         {dynamo.Stretch{Prefix: "b#", Newest: true, Stale: true}, func(sk string) bool { return strings.HasPrefix(sk, "b#") }},
	} {
		for _, limit := range []int{0, 3} {
			of := c.of
			of.Table, of.PK, of.Limit = "Catalog", "shelf", limit
			var want, got []string
			for _, sk := range keys {
				if c.within(sk) {
					want = append(want, sk)
				}
			}
			if of.Newest {
				slices.Reverse(want)
			}
			err := of.All(t.Context(), db, 9, func(i dynamo.Item) error {
				got = append(got, dynamo.TextOf(i, "text"))
				return nil
			})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, pages of %d: %v, %v; want %v", name, limit, got, err, want)
			}
		}
	}
}

func TestAReadingEndsWhereItMay(t *testing.T) {
	db := dynamotest.New(t)
	shelved(t, db)
	of := dynamo.Stretch{Table: "Catalog", PK: "shelf", Limit: 6, Only: []string{"n"}}
	for _, c := range []struct {
		pages, left, items int
		want               error
	}{{3, 0, 18, dynamo.ErrTooMuch}, {4, 0, 24, dynamo.ErrTooMuch}, {5, 0, 24, nil}, {7, 2, 24, nil}} {
		n, left := 0, c.pages
		err := of.Each(t.Context(), db, &left, func(i dynamo.Item) error {
			if len(i) != 1 || dynamo.NumberOf(i, "n") != int64(n) {
				t.Errorf("item %d is %v", n, i)
			}
			n++
			return nil
		})
		// The stand-in says of a page that ends with the last item that there may be more, as the service does.
		if !errors.Is(err, c.want) || c.want == nil && err != nil || n != c.items || left != c.left {
			t.Errorf("%d pages: %d items, %d pages left, %v; want %d, %d, %v", c.pages, n, left, err, c.items, c.left, c.want)
		}
	}
	enough := errors.New("enough")
	if err := of.All(t.Context(), db, 9, func(dynamo.Item) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a visit that fails ends a reading with %v", err)
	}
}

// TestAllKeysAreRead: more than one call takes, and some that are not there.
func TestAllKeysAreRead(t *testing.T) {
	db := dynamotest.New(t)
	sks := shelved(t, db)
	var keys []dynamo.Key
	for _, sk := range sks {
		keys = append(keys, dynamo.At("shelf", sk))
	}
	for n := range 150 {
		keys = append(keys, dynamo.At("nowhere", fmt.Sprint(n)))
	}
	found, err := dynamo.GetAll(t.Context(), db, "Catalog", keys)
	var got []string
	for _, i := range found {
		got = append(got, dynamo.TextOf(i, "text"))
	}
	if slices.Sort(got); err != nil || !slices.Equal(got, sks) || db.Calls("BatchGetItem") != 2 {
		t.Errorf("%v with %d calls, %v", got, db.Calls("BatchGetItem"), err)
	}
	if one, err := dynamo.Get(t.Context(), db, "Catalog", keys[3]); err != nil || dynamo.TextOf(one, "text") != sks[3] {
		t.Errorf("%v, %v", one, err)
	}
	if none, err := dynamo.Get(t.Context(), db, "Catalog", keys[len(keys)-1]); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
}
