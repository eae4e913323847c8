package outreach

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// ReadAhead reads whom a notification is for, their contact record, and what stands of this attempt.
func (s Deliveries) ReadAhead(ctx context.Context, a *dynamo.Ahead, profiles people.Profiles, n job.Notification) error {
	_, err := a.Ask(ctx, map[string]types.KeysAndAttributes{
		profiles.Table: {Keys: []map[string]types.AttributeValue{key.Profile(n.ProfileID).Item()}, ConsistentRead: aws.Bool(true)},
		s.Table: {Keys: []map[string]types.AttributeValue{key.Contact(n.ProfileID).Item(), key.Decision(n.ProfileID, n.At, n.ID).Item()},
			ConsistentRead: aws.Bool(true)},
	})
	return err
}
