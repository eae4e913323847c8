package due_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// TestALongWaitGoesWithItsPerson: what waits for longer than a quarter of an hour is taken away with who was erased, and nobody else's.
func TestALongWaitGoesWithItsPerson(t *testing.T) {
	db := dynamotest.New(t)
	now := noon
	later := due.Due{DB: db, Table: "Due", Now: func() time.Time { return now }}
	for _, w := range []struct {
		person profile.ID
		id     string
		in     time.Duration
	}{{"ann", "short", 15 * time.Minute}, {"ann", "long", 15*time.Minute + time.Second}, {"ann", "longer", 90 * 24 * time.Hour}, {"bob", "his", 48 * time.Hour}} {
		for range 2 {
			if err := later.Wait(t.Context(), due.OwnerOrchestration, w.person, noon.Add(w.in), w.id, []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	waits := func() map[string]int {
		left := map[string]int{}
		db.Each(t, "Due", func(i map[string]types.AttributeValue) {
			left[i["sk"].(*types.AttributeValueMemberS).Value]++
		})
		return left
	}
	s := due.Waits{DB: db, Table: "Due"}
	for _, c := range []struct {
		in   time.Duration
		want []due.Waiting
	}{
		{0, []due.Waiting{{"long", noon.Add(16 * time.Minute)}, {"longer", noon.Add(90 * 24 * time.Hour)}}},
		{17*time.Minute - time.Nanosecond, []due.Waiting{{"long", noon.Add(16 * time.Minute)}, {"longer", noon.Add(90 * 24 * time.Hour)}}},
		{17 * time.Minute, []due.Waiting{{"longer", noon.Add(90 * 24 * time.Hour)}}},
	} {
		if got, err := s.Of(t.Context(), []profile.ID{"ann", "none"}, noon.Add(c.in)); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("after %v: %v, %v; want %v", c.in, got, err, c.want)
		}
	}
	if found, _, err := s.Wipe(t.Context(), people.Gone{Key: "ann", Back: true}, ""); err != nil || found != 0 || len(waits()) != 7 {
		t.Errorf("of somebody who is back: %d, %v, left %v", found, err, waits())
	}
	db.Fail("BatchWriteItem", 2, dynamotest.NotPersisted)
	if _, _, err := s.Wipe(t.Context(), people.Gone{Key: "ann"}, ""); !errors.Is(err, dynamotest.ErrInjected) {
		t.Errorf("the fault is lost: %v", err)
	}
	if found, next, err := s.Wipe(t.Context(), people.Gone{Key: "ann"}, ""); err != nil || found != 2 || next != "" {
		t.Errorf("found %d, next %q, %v", found, next, err)
	}
	left := waits()
	if len(left) != 3 || left["short"] != 1 || left["his"] != 1 {
		t.Errorf("left: %v", left)
	}
	if found, _, err := s.Wipe(t.Context(), people.Gone{Key: "ann"}, ""); err != nil || found != 0 {
		t.Errorf("again: %d, %v", found, err)
	}
}
