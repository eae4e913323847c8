package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/userops/userops/shared/job"
)

// ReadAhead reads whom a notification is for, their contact record, and what stands of this attempt.
func (s Deliveries) ReadAhead(ctx context.Context, a *Ahead, profiles Profiles, n job.Notification) error {
	_, err := a.Ask(ctx, map[string]types.KeysAndAttributes{
		profiles.Table: {Keys: []map[string]types.AttributeValue{profileKey(n.ProfileID).item()}, ConsistentRead: aws.Bool(true)},
		s.Table: {Keys: []map[string]types.AttributeValue{contactKey(n.ProfileID).item(), decisionKey(n.ProfileID, n.At, n.ID).item()},
			ConsistentRead: aws.Bool(true)},
	})
	return err
}
