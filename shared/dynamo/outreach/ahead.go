package outreach

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/job"
)

// Ahead is a client of profiles, contact records and decisions that were read ahead for one attempt.
type Ahead struct {
	dynamo.Ahead
	profiles, deliveries string // the tables
}

// NewAhead answers for two tables.
func NewAhead(db dynamo.API, profiles, deliveries string) *Ahead {
	return &Ahead{Ahead: dynamo.Ahead{API: db}, profiles: profiles, deliveries: deliveries}
}

// Read reads with one call whom a notification is for, their contact record, and what stands of this attempt. What the service leaves out is read when
// it is asked for.
func (a *Ahead) Read(ctx context.Context, n job.Notification) error {
	_, err := a.Ask(ctx, map[string]types.KeysAndAttributes{
		a.profiles: {Keys: []map[string]types.AttributeValue{key.Profile(n.ProfileID).Item()}, ConsistentRead: aws.Bool(true)},
		a.deliveries: {Keys: []map[string]types.AttributeValue{key.Contact(n.ProfileID).Item(), key.Decision(n.ProfileID, n.At, n.ID).Item()},
			ConsistentRead: aws.Bool(true)},
	})
	return err
}
