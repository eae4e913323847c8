package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// deployment is a wish and what there is to it in AWS.
type deployment struct {
	wish
	tools

	region  string
	who     identity
	before  *stack            // nil where it is yet to be made
	values  map[string]string // every parameter as it will be
	changes map[string]string // what sam is told
	there   map[string]bool   // full names of secrets that there are
	made    map[string]bool   // of them, those that this run has made
}

// identity is whom AWS takes the caller for.
type identity struct{ Account, Arn string }

// stack is a stack as CloudFormation describes it.
type stack struct {
	StackStatus string
	Parameters  []struct{ ParameterKey, ParameterValue string }
	Outputs     []struct{ OutputKey, OutputValue string }
}

// aws asks AWS and reads its answer into one of the answer's shape.
func (d *deployment) aws(ctx context.Context, into any, arguments ...string) error {
	if d.region != "" {
		arguments = append(arguments, "--region", d.region)
	}
	out, err := d.ask(ctx, nil, "aws", append(arguments, "--output", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("aws %s %s: its answer is not JSON", arguments[0], arguments[1])
	}
	return nil
}
