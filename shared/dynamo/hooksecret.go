package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/source"
)

// What a shop system signs with is kept beside the source's definition, so that no version and no answer has it.
const (
	attrSecret   = "secret"
	attrPrevious = "previous"
)

// HookSecrets reads the secrets of a source's shop system, consistently: the present one, then the one before it. None if there is none.
func (s Sources) HookSecrets(ctx context.Context, id source.ID) ([]string, error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: hookSecretKey(string(id)).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("reading the hook secret of source %s: %w", id, err)
	}
	var all []string
	for _, name := range []string{attrSecret, attrPrevious} {
		if secret := textOf(out.Item, name); secret != "" {
			all = append(all, secret)
		}
	}
	return all, nil
}

// PutHookSecret makes a secret the present one, and what was that the one before. The present one again changes nothing. Call it before the
// definition that says that there is one is saved.
func (s Sources) PutHookSecret(ctx context.Context, id source.ID, secret string) error {
	have, err := s.HookSecrets(ctx, id)
	if err != nil || len(have) > 0 && have[0] == secret {
		return err
	}
	entry := hookSecretKey(string(id)).item()
	entry[attrSecret] = textValue(secret)
	in := &dynamodb.PutItemInput{TableName: &s.Table, Item: entry, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if len(have) > 0 {
		entry[attrPrevious] = textValue(have[0])
		in.ConditionExpression = aws.String("#secret = :present")
		in.ExpressionAttributeNames = map[string]string{"#secret": attrSecret}
		in.ExpressionAttributeValues = item{":present": textValue(have[0])}
	}
	if _, err = s.DB.PutItem(ctx, in); conditionLost(err) {
		return ErrConflict
	}
	if err != nil {
		return fmt.Errorf("storing the hook secret of source %s: %w", id, err)
	}
	return nil
}

// RemoveHookSecrets takes the secrets of a source away. Call it after the definition without one is saved, or deleted.
func (s Sources) RemoveHookSecrets(ctx context.Context, id source.ID) error {
	if _, err := s.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: hookSecretKey(string(id)).item()}); err != nil {
		return fmt.Errorf("removing the hook secret of source %s: %w", id, err)
	}
	return nil
}
