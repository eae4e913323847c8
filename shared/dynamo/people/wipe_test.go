package people_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// halting does one delete of every batch and leaves the others undone, as the service may.
type halting struct{ *dynamotest.DB }

func (h halting) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	rest := map[string][]types.WriteRequest{}
	for table, requests := range in.RequestItems {
		if len(requests) > 1 {
			rest[table] = requests[1:]
		}
		in.RequestItems[table] = requests[:1]
	}
	out, err := h.DB.BatchWriteItem(ctx, in, o...)
	if err == nil {
		out.UnprocessedItems = rest
	}
	return out, err
}

// TestWipeOfATimeline wipes what is not newer than the tombstone, page by page, also where the service leaves deletes undone.
func TestWipeOfATimeline(t *testing.T) {
	const bound = 1000
	db := dynamotest.New(t)
	s := people.Timeline{DB: db, Table: "Timeline"}
	for n := range 12 {
		e := packed(fmt.Sprint("m", n), midday)
		e.Event.Properties = noise(uint64(n), 200<<10)
		// Two of each day: one of before, up to the tombstone's own version, and one of since.
		version := int64(bound - n/2)
		if n%2 == 1 {
			version = int64(bound + 1 + n/2)
		}
		if err := s.Write(t.Context(), people.Pack{Profile: "p", Day: profile.DayOf(midday) + profile.Day(n/2), Version: version, Events: []people.PackedEvent{e}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []profile.ID{"q", "p1"} {
		if err := s.Write(t.Context(), people.Pack{Profile: id, Day: profile.DayOf(midday), Version: 1, Part: "r1", Events: []people.PackedEvent{packed(string(id), midday)}}); err != nil {
			t.Fatal(err)
		}
	}
	s.DB = halting{db}
	for _, want := range []int{6, 0} {
		found, pages := 0, 0
		for cursor := ""; pages == 0 || cursor != ""; pages++ {
			n, next, err := s.Wipe(t.Context(), people.Gone{Key: "p", Version: bound, Until: midday}, cursor)
			if err != nil || pages > 9 {
				t.Fatal(pages, err)
			}
			found, cursor = found+n, next
		}
		if found != want || want > 0 && pages < 3 {
			t.Errorf("found %d packs on %d pages, want %d", found, pages, want)
		}
	}
	var left []string
	for _, id := range []profile.ID{"p", "q", "p1"} {
		list, _, err := people.Timeline{DB: db, Table: "Timeline"}.Events(t.Context(), []profile.ID{id}, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			left = append(left, e.MessageID)
		}
	}
	slices.Sort(left)
	if want := []string{"m1", "m11", "m3", "m5", "m7", "m9", "p1", "q"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}
