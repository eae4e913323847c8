package dynamodb

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

type createInput struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	BillingMode               string
	ProvisionedThroughput     *throughput
	GlobalSecondaryIndexes    []indexDefinition
	LocalSecondaryIndexes     []indexDefinition
	StreamSpecification       *streamSpecification
	DeletionProtectionEnabled bool
	TableClass                string
	Tags                      []tag
}

func (x *exchange) createTable() error {
	var in createInput
	if err := x.decode(&in); err != nil {
		return err
	}
	in.TableName = tableName(in.TableName)
	if err := x.authorize(x.action, in.TableName, ""); err != nil {
		return err
	}
	d := definition{
		TableName: in.TableName, Created: x.e.now().UTC(), AttributeDefinitions: in.AttributeDefinitions, KeySchema: in.KeySchema,
		BillingMode: in.BillingMode, ProvisionedThroughput: in.ProvisionedThroughput,
		GlobalSecondaryIndexes: in.GlobalSecondaryIndexes, LocalSecondaryIndexes: in.LocalSecondaryIndexes,
		StreamSpecification: in.StreamSpecification, DeletionProtectionEnabled: in.DeletionProtectionEnabled,
		TableClass: in.TableClass, Tags: in.Tags,
		ARN: "arn:aws:dynamodb:" + x.region + ":" + account + ":table/" + in.TableName,
	}
	if d.BillingMode == "" {
		d.BillingMode = "PROVISIONED"
	}
	if err := d.check(); err != nil {
		return err
	}
	d.applyStream(d.Created)
	for _, list := range [][]indexDefinition{d.GlobalSecondaryIndexes, d.LocalSecondaryIndexes} {
		for i := range list {
			d.NextIndex++
			list[i].Number, list[i].Building = d.NextIndex, false
		}
	}
	var failure error
	err := x.e.commit(func(tx *txn) {
		if tx.table(x.e, d.TableName) != nil {
			failure = newFault("ResourceInUseException", "Table already exists: %s", d.TableName)
			return
		}
		d.ID = uint32(tx.sequence(bucketMeta))
		t := d.ready(nil)
		tx.create(t.bucket)
		for _, i := range t.indexes {
			tx.create(i.bucket)
		}
		if t.stream != nil {
			tx.create(t.stream)
		}
		x.e.replaceTable(tx, d.TableName, t)
	})
	if err != nil {
		return internal(err)
	}
	if failure != nil {
		return failure
	}
	return x.answer(map[string]any{"TableDescription": x.e.describe(d.ready(nil), "CREATING", nil)})
}

// applyStream gives a newly enabled stream its label.
func (d *definition) applyStream(now time.Time) {
	if d.StreamSpecification != nil && d.StreamSpecification.StreamEnabled {
		d.StreamLabel = now.UTC().Format("2006-01-02T15:04:05.000")
	}
}

// check judges a table's definition as a whole.
func (d *definition) check() error {
	if err := checkTableName(d.TableName); err != nil {
		return err
	}
	types := map[string]string{}
	for _, a := range d.AttributeDefinitions {
		if err := oneOf("attributeDefinitions.member.attributeType", a.AttributeType, "B", "N", "S"); err != nil {
			return err
		}
		if a.AttributeName == "" || a.AttributeType == "" {
			return badParameter("An AttributeDefinition needs AttributeName and AttributeType")
		}
		if types[a.AttributeName] != "" {
			return badParameter("Cannot have two attributes with the same name: %s", a.AttributeName)
		}
		types[a.AttributeName] = a.AttributeType
	}
	switch d.BillingMode {
	case "PROVISIONED":
		if d.ProvisionedThroughput == nil {
			return badParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
		}
		if d.ProvisionedThroughput.ReadCapacityUnits < 1 || d.ProvisionedThroughput.WriteCapacityUnits < 1 {
			return constraint(0, "provisionedThroughput", "Member must have value greater than or equal to 1")
		}
	case "PAY_PER_REQUEST":
		if d.ProvisionedThroughput != nil && (d.ProvisionedThroughput.ReadCapacityUnits > 0 || d.ProvisionedThroughput.WriteCapacityUnits > 0) {
			return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
	default:
		return oneOf("billingMode", d.BillingMode, "PROVISIONED", "PAY_PER_REQUEST")
	}
	used := map[string]bool{}
	if err := checkSchema(d.KeySchema, types, used); err != nil {
		return err
	}
	names := map[string]bool{}
	if len(d.GlobalSecondaryIndexes) > 20 {
		return badParameter("GlobalSecondaryIndex count exceeds the per-table limit of 20")
	}
	if len(d.LocalSecondaryIndexes) > 5 {
		return badParameter("Number of LocalSecondaryIndexes exceeds per-table limit of 5")
	}
	for i, list := range [][]indexDefinition{d.GlobalSecondaryIndexes, d.LocalSecondaryIndexes} {
		for _, x := range list {
			if err := checkName("indexName", x.IndexName); err != nil {
				return err
			}
			if names[x.IndexName] {
				return badParameter("Duplicate index name: %s", x.IndexName)
			}
			names[x.IndexName] = true
			if err := checkSchema(x.KeySchema, types, used); err != nil {
				return err
			}
			if err := x.checkProjection(); err != nil {
				return err
			}
			if i == 0 {
				continue
			}
			if len(d.KeySchema) != 2 {
				return badParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
			}
			if len(x.KeySchema) != 2 {
				return badParameter("Index KeySchema does not have a range key for index: %s", x.IndexName)
			}
			if x.KeySchema[0].AttributeName != d.KeySchema[0].AttributeName {
				return badParameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s",
					x.IndexName, x.KeySchema[0].AttributeName, d.KeySchema[0].AttributeName)
			}
		}
	}
	if len(used) != len(types) {
		keys := make([]string, 0, len(types))
		for k := range types {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		return badParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions: [%s]", strings.Join(keys, ", "))
	}
	if s := d.StreamSpecification; s != nil {
		if s.StreamEnabled && s.StreamViewType == "" {
			return badParameter("StreamViewType is required when StreamEnabled is true")
		}
		if !s.StreamEnabled && s.StreamViewType != "" {
			return badParameter("StreamViewType can not be given when StreamEnabled is false")
		}
		if err := oneOf("streamSpecification.streamViewType", s.StreamViewType, "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"); err != nil {
			return err
		}
	}
	return oneOf("tableClass", d.TableClass, "STANDARD", "STANDARD_INFREQUENT_ACCESS")
}

func checkSchema(schema []keyElement, types map[string]string, used map[string]bool) error {
	if len(schema) == 0 || len(schema) > 2 {
		return constraint(fmt.Sprintf("[%d elements]", len(schema)), "keySchema", "Member must have length between 1 and 2")
	}
	if schema[0].KeyType != "HASH" {
		return badParameter("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if len(schema) == 2 && schema[1].KeyType != "RANGE" {
		return badParameter("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	if len(schema) == 2 && schema[0].AttributeName == schema[1].AttributeName {
		return badParameter("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	}
	for _, k := range schema {
		if types[k.AttributeName] == "" {
			return badParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]", k.AttributeName, joinKeys(types))
		}
		used[k.AttributeName] = true
	}
	return nil
}

func joinKeys(m map[string]string) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return strings.Join(keys, ", ")
}

func (x *indexDefinition) checkProjection() error {
	if x.Projection == nil || x.Projection.ProjectionType == "" {
		return badParameter("Unknown ProjectionType: null")
	}
	if err := oneOf("projection.projectionType", x.Projection.ProjectionType, "ALL", "INCLUDE", "KEYS_ONLY"); err != nil {
		return err
	}
	n := len(x.Projection.NonKeyAttributes)
	switch {
	case x.Projection.ProjectionType == "INCLUDE" && n == 0:
		return badParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	case x.Projection.ProjectionType != "INCLUDE" && n > 0:
		return badParameter("ProjectionType is %s, but NonKeyAttributes is specified", x.Projection.ProjectionType)
	case n > 100:
		return badParameter("Too many NonKeyAttributes")
	}
	return nil
}
