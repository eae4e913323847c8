package dispatch

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/functiontest"
)

// units counts write units of items of at most 1 KB: one a write, and two a write of a transaction.
type units struct {
	dynamo.API
	mu      sync.Mutex
	written int
}

func (u *units) add(n int) {
	u.mu.Lock()
	u.written += n
	u.mu.Unlock()
}

func (u *units) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	u.add(1)
	return u.API.PutItem(ctx, in, o...)
}

func (u *units) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	u.add(1)
	return u.API.UpdateItem(ctx, in, o...)
}

func (u *units) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	u.add(2 * len(in.TransactItems))
	return u.API.TransactWriteItems(ctx, in, o...)
}

// TestWriteUnitsOfANotification: of an invocation with ten full messages, each takes 3.3 at most, its part of today's figures and with a rate of two hundred a second its part of that included.
func TestWriteUnitsOfANotification(t *testing.T) {
	for name, house := range map[string]string{"without a rate": `{"caps":[]}`, "with a rate": `{"caps":[],"rates":[{"channel":"email","perSecond":200}]}`} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, welcome)
			b.house(house)
			b.provider.answer = func(int) error { time.Sleep(100 * time.Millisecond); return nil }
			bodies := b.crowd(10, 10)
			db := &units{API: b.DB}
			p := New(Settings{ProfilesTable: "Profiles", TimelineTable: "Timeline", CatalogTable: "Catalog", DeliveriesTable: "Deliveries", ResultsTable: "Results", LiveTable: "Live", DueTable: "Due",
				TimeZone: shanghai, Currency: "CNY", ShopName: "Teahouse", PublicURL: "https://shop.example/"}, db, nil, time.Now)
			p.Secrets, p.Senders[delivery.Email] = linkSecrets, b.provider
			if failed := functiontest.Deliver(t.Context(), b, p.Handle, bodies...); len(failed) > 0 || len(b.provider.taken) != 100 {
				t.Fatalf("%s: %d come again, %d sent", name, len(failed), len(b.provider.taken))
			}
			if db.written > 330 {
				t.Errorf("%s: a hundred notifications take %d write units", name, db.written)
			}
			t.Logf("%s: %d write units for a hundred notifications", name, db.written)
		})
	}
}
