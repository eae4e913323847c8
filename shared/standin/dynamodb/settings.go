package dynamodb

import (
	"slices"
	"strings"
)

// Settings of a table that change nothing about its items: point-in-time recovery, tags; and what an account is told.

func (x *exchange) updateBackups() error {
	var in struct {
		TableName                        string
		PointInTimeRecoverySpecification *struct{ PointInTimeRecoveryEnabled bool }
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	t, err := x.named(in.TableName)
	if err != nil {
		return err
	}
	if in.PointInTimeRecoverySpecification == nil {
		return invalid("1 validation error detected: Value null at 'pointInTimeRecoverySpecification' failed to satisfy constraint: Member must not be null")
	}
	edited, err := x.edit(t, func(_ *txn, d *definition) error {
		d.PointInTimeRecovery = in.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled
		return nil
	})
	if err != nil {
		return err
	}
	return x.answer(backups(edited))
}

func (x *exchange) describeBackups() error {
	t, err := x.asked()
	if err != nil {
		return err
	}
	return x.answer(backups(t))
}

func backups(t *table) any {
	status := "DISABLED"
	if t.PointInTimeRecovery {
		status = "ENABLED"
	}
	return map[string]any{"ContinuousBackupsDescription": map[string]any{"ContinuousBackupsStatus": "ENABLED",
		"PointInTimeRecoveryDescription": map[string]any{"PointInTimeRecoveryStatus": status}}}
}

type tagInput struct {
	ResourceArn string
	Tags        []tag
	TagKeys     []string
}

func (x *exchange) tagged(in *tagInput) (*table, error) {
	if err := x.decode(in); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(in.ResourceArn, "arn:") {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", in.ResourceArn)
	}
	return x.named(in.ResourceArn)
}

func (x *exchange) tagResource() error {
	var in tagInput
	t, err := x.tagged(&in)
	if err != nil {
		return err
	}
	_, err = x.edit(t, func(_ *txn, d *definition) error {
		for _, n := range in.Tags {
			if n.Key == "" || len(n.Key) > 128 || len(n.Value) > 256 {
				return invalid("A tag's key has 1 to 128 characters, its value up to 256: %s", n.Key)
			}
			d.Tags = append(slices.DeleteFunc(d.Tags, func(o tag) bool { return o.Key == n.Key }), n)
		}
		if len(d.Tags) > 50 {
			return newFault("LimitExceededException", "A resource has at most 50 tags")
		}
		return nil
	})
	return err
}

func (x *exchange) untagResource() error {
	var in tagInput
	t, err := x.tagged(&in)
	if err != nil {
		return err
	}
	_, err = x.edit(t, func(_ *txn, d *definition) error {
		d.Tags = slices.DeleteFunc(d.Tags, func(o tag) bool { return slices.Contains(in.TagKeys, o.Key) })
		return nil
	})
	return err
}

func (x *exchange) listTags() error {
	var in tagInput
	t, err := x.tagged(&in)
	if err != nil {
		return err
	}
	tags := t.Tags
	if tags == nil {
		tags = []tag{}
	}
	return x.answer(map[string]any{"Tags": tags})
}

func (x *exchange) describeLimits() error {
	if err := x.authorize(x.action, "", ""); err != nil {
		return err
	}
	return x.answer(map[string]any{"AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000,
		"TableMaxReadCapacityUnits": 40000, "TableMaxWriteCapacityUnits": 40000})
}

func (x *exchange) describeEndpoints() error {
	return x.answer(map[string]any{"Endpoints": []any{map[string]any{"Address": "dynamodb." + x.region + ".amazonaws.com", "CachePeriodInMinutes": 1440}}})
}
