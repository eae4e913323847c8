package refusals

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

var t0 = time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)

func tallyOf(at time.Time, n int) refusal.Tally {
	t := refusal.Tally{Hour: refusal.HourOf(at)}
	for range n {
		t.Add(refusal.Entry{At: at, What: "Order Completed", Field: "properties.total", Code: refusal.Amount})
	}
	return t
}

// warned is a tally of as many refusals with warnings beside them.
func warned(t refusal.Tally, n int) refusal.Tally {
	for range n {
		t.Warned.Add(refusal.Entry{At: t.Hour, What: "track", Field: "event", Code: refusal.Name})
	}
	return t
}

func counted(t *testing.T, r Refusals, of source.ID) (n int) {
	t.Helper()
	report, err := r.Of(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range report.Hours {
		n += h.Counts[refusal.Amount]
	}
	for _, h := range report.Warnings.Hours {
		n += 100 * h.Counts[refusal.Name]
	}
	return n
}

func TestPutAgain(t *testing.T) {
	now := t0
	db := dynamotest.NewAt(t, func() time.Time { return now })
	r := Refusals{DB: db, Table: "Refusals", Now: func() time.Time { return now }}
	for i, c := range []struct {
		instance string
		of       refusal.Tally
		want     int
	}{
		{"one", tallyOf(t0, 2), 2}, {"one", tallyOf(t0, 2), 2}, {"one", tallyOf(t0, 5), 5}, {"one", tallyOf(t0, 3), 5}, // a call that comes late
		{"two", tallyOf(t0, 1), 6}, {"one", tallyOf(t0.Add(-time.Hour), 1), 7}, {"one", tallyOf(t0.Add(-8*24*time.Hour), 1), 7}, // too long ago to be shown
		{"one", warned(tallyOf(t0, 5), 2), 207}, {"one", warned(tallyOf(t0, 5), 1), 207}, // less is a call that comes late, of warnings too
	} {
		if err := r.Put(t.Context(), "web", c.instance, c.of); err != nil {
			t.Fatal(i, err)
		}
		if got := counted(t, r, "web"); got != c.want {
			t.Errorf("after put %d, %d are counted, want %d", i, got, c.want)
		}
	}
	if report, err := r.Of(t.Context(), "we"); err != nil || len(report.Items)+len(report.Hours) > 0 {
		t.Errorf("of another source: %+v, %v", report, err)
	}
	if report, err := r.Of(t.Context(), "web"); err != nil || len(report.Items) != 7 || report.Partial ||
		report.Items[0] != (refusal.Entry{At: t0, What: "Order Completed", Field: "properties.total", Code: refusal.Amount}) {
		t.Errorf("%+v, %v", report, err)
	}
	// An hour goes with its time to live; a newer version's item is passed over.
	found, err := dynamo.Get(t.Context(), db, "Refusals", dynamo.At("s#web", "2026112108#one"))
	if ttl := dynamo.NumberOf(found, dynamo.AttrTTL); err != nil || ttl != time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("it ends at %d, %v", ttl, err)
	}
	newer := dynamo.At("s#web", "2026112108#three").Item()
	newer[dynamo.AttrBody] = dynamo.TextValue("2;...")
	if err := dynamo.Do(t.Context(), db, dynamo.Put("Refusals", newer, dynamo.Condition{})); err != nil || counted(t, r, "web") != 207 {
		t.Errorf("%v, %d counted", err, counted(t, r, "web"))
	}
}

// met answers the next write of an item as the service does while a transaction has it in hand.
type met struct {
	dynamo.API
	once bool
}

func (m *met) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if m.once = !m.once; m.once {
		return nil, &types.TransactionConflictException{}
	}
	return m.API.PutItem(ctx, in, o...)
}

// TestMeetingATransactionKeepsNothing: a write that met another transaction was not made, which is not the same as one that came late.
func TestMeetingATransactionKeepsNothing(t *testing.T) {
	r := Refusals{DB: &met{API: dynamotest.NewAt(t, func() time.Time { return t0 })}, Table: "Refusals", Now: func() time.Time { return t0 }}
	for i, want := range []struct {
		failed bool
		n      int
	}{{true, 0}, {false, 2}} {
		if err := r.Put(t.Context(), "web", "one", tallyOf(t0, 2)); (err != nil) != want.failed || counted(t, r, "web") != want.n {
			t.Errorf("put %d answers %v, and %d are counted", i, err, counted(t, r, "web"))
		}
	}
}

// TestAFloodIsReadInPart: of more than some pages the newest are told.
func TestAFloodIsReadInPart(t *testing.T) {
	db := dynamotest.NewAt(t, func() time.Time { return t0 })
	r := Refusals{DB: db, Table: "Refusals", Now: func() time.Time { return t0 }}
	const each = 80
	for hour := range 160 {
		for _, instance := range []string{"a", "b", "c", "d", "e"} {
			if err := r.Put(t.Context(), "web", instance, tallyOf(t0.Add(-time.Duration(hour)*time.Hour), each)); err != nil {
				t.Fatal(err)
			}
		}
	}
	report, err := r.Of(t.Context(), "web")
	if err != nil || !report.Partial || len(report.Items) != refusal.MaxLast || !report.Hours[0].Hour.Equal(refusal.HourOf(t0)) || report.Hours[0].Counts[refusal.Amount] != 5*each {
		t.Errorf("partial %v, %d hours, %v", report.Partial, len(report.Hours), err)
	}
	if n := len(report.Hours); n < 50 || n >= 160 {
		t.Errorf("%d of 160 hours are told", n)
	}
}
