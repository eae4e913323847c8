package local

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/sam"
)

// provision makes the tables, queues and buckets of the template that are not there yet, and leaves those that are.
func (s *Stack) provision(ctx context.Context) error {
	faults := make([]error, len(s.tmpl.Tables)+1)
	var work sync.WaitGroup
	for i, t := range s.tmpl.Tables {
		work.Go(func() { faults[i] = s.table(ctx, t) })
	}
	work.Go(func() { faults[len(s.tmpl.Tables)] = s.queues(ctx) })
	work.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	for _, b := range s.tmpl.Buckets {
		if err := s.s3.MakeBucket(b.Name); err != nil {
			return fmt.Errorf("making bucket %s: %w", b.LogicalID, err)
		}
	}
	return nil
}

func (s *Stack) table(ctx context.Context, t sam.Table) error {
	out, err := s.db.DescribeTable(ctx, &awsdynamodb.DescribeTableInput{TableName: &t.Name})
	var missing *dbtypes.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		created, err := s.db.CreateTable(ctx, createTable(t))
		if err != nil {
			return fmt.Errorf("making table %s at %s: %w", t.LogicalID, s.addresses.DynamoDB, err)
		}
		if created.TableDescription.TableStatus != dbtypes.TableStatusActive {
			err := awsdynamodb.NewTableExistsWaiter(s.db).Wait(ctx, &awsdynamodb.DescribeTableInput{TableName: &t.Name}, 30*time.Second)
			if err != nil {
				return fmt.Errorf("waiting for table %s: %w", t.LogicalID, err)
			}
		}
	case err != nil:
		return fmt.Errorf("asking %s for table %s: %w", s.addresses.DynamoDB, t.LogicalID, err)
	case !reflect.DeepEqual(keyOf(out.Table.KeySchema), t.Key):
		return fmt.Errorf("table %s in %s has another key than in %s:%d; move the folder away or choose another with DATA=", t.Name, s.folder.path, s.tmpl.File, t.Line)
	}
	return s.timeToLive(ctx, t)
}

func (s *Stack) timeToLive(ctx context.Context, t sam.Table) error {
	out, err := s.db.DescribeTimeToLive(ctx, &awsdynamodb.DescribeTimeToLiveInput{TableName: &t.Name})
	if err != nil {
		return fmt.Errorf("asking for the expiry of table %s: %w", t.LogicalID, err)
	}
	has := ""
	if d := out.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == dbtypes.TimeToLiveStatusEnabled || d.TimeToLiveStatus == dbtypes.TimeToLiveStatusEnabling) {
		has = aws.ToString(d.AttributeName)
	}
	if has == t.TTLAttribute {
		return nil
	}
	enable, attribute := t.TTLAttribute != "", t.TTLAttribute
	if !enable {
		attribute = has
	}
	_, err = s.db.UpdateTimeToLive(ctx, &awsdynamodb.UpdateTimeToLiveInput{TableName: &t.Name,
		TimeToLiveSpecification: &dbtypes.TimeToLiveSpecification{AttributeName: &attribute, Enabled: &enable}})
	if err != nil {
		return fmt.Errorf("setting the expiry of table %s: %w", t.LogicalID, err)
	}
	return nil
}

func createTable(t sam.Table) *awsdynamodb.CreateTableInput {
	in := &awsdynamodb.CreateTableInput{
		TableName: &t.Name, KeySchema: keySchema(t.Key), BillingMode: dbtypes.BillingModeProvisioned, ProvisionedThroughput: throughput(t.Throughput),
		DeletionProtectionEnabled: &t.DeletionProtection, TableClass: dbtypes.TableClass(t.Class),
	}
	if t.OnDemand {
		in.BillingMode = dbtypes.BillingModePayPerRequest
	}
	for _, a := range t.Attributes {
		in.AttributeDefinitions = append(in.AttributeDefinitions, dbtypes.AttributeDefinition{AttributeName: &a.Name, AttributeType: dbtypes.ScalarAttributeType(a.Type)})
	}
	for _, i := range t.GlobalIndexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, dbtypes.GlobalSecondaryIndex{
			IndexName: &i.Name, KeySchema: keySchema(i.Key), Projection: projection(i), ProvisionedThroughput: throughput(i.Throughput)})
	}
	for _, i := range t.LocalIndexes {
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, dbtypes.LocalSecondaryIndex{IndexName: &i.Name, KeySchema: keySchema(i.Key), Projection: projection(i)})
	}
	if t.StreamView != "" {
		in.StreamSpecification = &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dbtypes.StreamViewType(t.StreamView)}
	}
	return in
}

func keySchema(k sam.Key) []dbtypes.KeySchemaElement {
	out := []dbtypes.KeySchemaElement{{AttributeName: &k.Partition, KeyType: dbtypes.KeyTypeHash}}
	if k.Sort != "" {
		out = append(out, dbtypes.KeySchemaElement{AttributeName: &k.Sort, KeyType: dbtypes.KeyTypeRange})
	}
	return out
}

func keyOf(schema []dbtypes.KeySchemaElement) sam.Key {
	var k sam.Key
	for _, e := range schema {
		if e.KeyType == dbtypes.KeyTypeHash {
			k.Partition = aws.ToString(e.AttributeName)
		} else {
			k.Sort = aws.ToString(e.AttributeName)
		}
	}
	return k
}

func projection(i sam.Index) *dbtypes.Projection {
	return &dbtypes.Projection{ProjectionType: dbtypes.ProjectionType(i.Projection), NonKeyAttributes: i.Include}
}

func throughput(t sam.Throughput) *dbtypes.ProvisionedThroughput {
	if t == (sam.Throughput{}) {
		return nil
	}
	return &dbtypes.ProvisionedThroughput{ReadCapacityUnits: &t.Read, WriteCapacityUnits: &t.Write}
}

// queues makes dead-letter queues before the queues that name them.
func (s *Stack) queues(ctx context.Context) error {
	made := map[string]bool{}
	for len(made) < len(s.tmpl.Queues) {
		before := len(made)
		for _, q := range s.tmpl.Queues {
			if made[q.Name] || q.DeadLetter != "" && q.DeadLetter != q.Name && !made[q.DeadLetter] {
				continue
			}
			if err := s.queueOf(ctx, q); err != nil {
				return err
			}
			made[q.Name] = true
		}
		if len(made) == before {
			return fmt.Errorf("%s: dead-letter queues point at each other; let one of them have none", s.tmpl.File)
		}
	}
	return nil
}

func (s *Stack) queueOf(ctx context.Context, q sam.Queue) error {
	_, err := s.queue.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: &q.Name})
	var missing *sqstypes.QueueDoesNotExist
	switch {
	case errors.As(err, &missing):
		if _, err = s.queue.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: &q.Name, Attributes: q.Attributes}); err != nil {
			return fmt.Errorf("making queue %s at %s: %w", q.LogicalID, s.addresses.SQS, err)
		}
	case err != nil:
		return fmt.Errorf("asking %s for queue %s: %w", s.addresses.SQS, q.LogicalID, err)
	case len(q.Attributes) > 0:
		attributes := map[string]string{}
		for k, v := range q.Attributes {
			if k != "FifoQueue" {
				attributes[k] = v
			}
		}
		if _, err = s.queue.SetQueueAttributes(ctx, &awssqs.SetQueueAttributesInput{QueueUrl: &q.URL, Attributes: attributes}); err != nil {
			return fmt.Errorf("setting queue %s to what %s says: %w", q.LogicalID, s.tmpl.File, err)
		}
	}
	return nil
}
