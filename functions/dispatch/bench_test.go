package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// memory is a dynamo.API without a wire: it keeps items by key and judges no condition, so that a benchmark measures the
// program and neither the SDK nor a server.
type memory struct {
	dynamo.API
	items map[string]map[string]types.AttributeValue
}

func (m *memory) key(key map[string]types.AttributeValue) string {
	return key["pk"].(*types.AttributeValueMemberS).Value + "\x00" + key["sk"].(*types.AttributeValueMemberS).Value
}

func (m *memory) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: m.items[m.key(in.Key)]}, nil
}

func (m *memory) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for table, ask := range in.RequestItems {
		for _, key := range ask.Keys {
			if item := m.items[m.key(key)]; item != nil {
				out.Responses[table] = append(out.Responses[table], item)
			}
		}
	}
	return out, nil
}

func (m *memory) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out := &dynamodb.QueryOutput{}
	for key, item := range m.items {
		if strings.HasPrefix(key, in.ExpressionAttributeValues[":pk"].(*types.AttributeValueMemberS).Value+"\x00") {
			out.Items = append(out.Items, item)
		}
	}
	return out, nil
}

func (m *memory) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m.items[m.key(in.Item)] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (m *memory) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, w := range in.TransactItems {
		if w.Put != nil {
			m.items[m.key(w.Put.Item)] = w.Put.Item
		}
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// forget drops the items whose sort key begins with a text.
func (m *memory) forget(sk string) {
	maps.DeleteFunc(m.items, func(key string, _ map[string]types.AttributeValue) bool {
		_, of, _ := strings.Cut(key, "\x00")
		return strings.HasPrefix(of, sk)
	})
}

type nowhere struct{}

func (nowhere) Send(context.Context, channel.Notification) error { return nil }

// BenchmarkDispatch decides, renders and records one notification an operation, each for another person with five earlier ones.
func BenchmarkDispatch(b *testing.B) {
	const crowd = 500
	db := &memory{items: map[string]map[string]types.AttributeValue{}}
	for kind, body := range map[string]string{definition.Campaign: welcome, definition.Template: greeting} {
		id := map[string]string{definition.Campaign: "welcome", definition.Template: "hello"}[kind]
		if _, err := (catalog.Catalog{DB: db, Table: "Catalog"}).Save(b.Context(), kind, id, json.RawMessage(body), nil, dynamotest.By(noon)); err != nil {
			b.Fatal(err)
		}
	}
	p := New(Settings{TimeZone: shanghai, Currency: "CNY", ShopName: "Teahouse", PublicURL: "https://shop.example"}, db, nil, func() time.Time { return noon })
	p.Secrets = linkSecrets
	p.Senders[delivery.Email] = nowhere{}
	notifications := make([]job.Notification, crowd)
	contacts := make([]*delivery.Contact, crowd)
	for i := range crowd {
		id := profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint("u", i)}
		ann := &profile.Profile{ID: id.ID(), Identifiers: []profile.Identifier{id}, Memory: profile.Memory{FirstSeen: noon, LastSeen: noon, Traits: map[string]profile.Trait{"email": {Value: fmt.Sprintf("u%d@example.com", i)}, "name": {Value: "Ann"}}},

			Reach: profile.Reach{Consent: map[string]profile.Consent{"email": {Granted: true}}}}
		if err := (people.Profiles{DB: db}).Save(b.Context(), ann); err != nil {
			b.Fatal(err)
		}
		contacts[i] = &delivery.Contact{ProfileID: ann.ID}
		for n := range 5 {
			contacts[i].Add(delivery.Intent{ID: campaign.NotificationID(ann.ID, "welcome", fmt.Sprint("old", n)), At: noon.AddDate(0, 0, n-9), Asked: noon, Holder: "ABCDEFGHIJ", Channel: delivery.Email, Counted: true})
		}
		notifications[i] = job.Notification{ID: campaign.NotificationID(ann.ID, "welcome", "s"), ProfileID: ann.ID, CampaignID: "welcome", Step: "s", At: noon, Since: noon, NotAfter: noon.Add(time.Hour)}
	}
	sent := 0
	for i := 0; b.Loop(); i++ {
		if i%crowd == 0 {
			b.StopTimer()
			db.forget("d#") // what the round before has decided is not decided again
			for _, c := range contacts {
				again := *c
				if err := p.Deliveries.SaveContact(b.Context(), &again); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
		if err := p.Dispatch(b.Context(), notifications[i%crowd]); err != nil {
			b.Fatal(err)
		}
		sent++
	}
	if got := p.ends[ending{delivery.Email, delivery.Sent, ""}]; got != sent {
		b.Fatalf("%d of %d were sent", got, sent)
	}
}
