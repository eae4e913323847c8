package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// put keeps a secret under its full name. The value goes by the standard input: arguments can be read by everybody on this machine.
func (d *deployment) put(ctx context.Context, name, value, description string, over bool) error {
	arguments := []string{"ssm", "put-parameter", "--region", d.region, "--output", "json", "--type", "SecureString", "--name", name, "--description", description}
	if over {
		arguments = append(arguments, "--overwrite")
	}
	// Not --cli-input-json: version 1 of the CLI reads the file of that twice, and finds the standard input empty then.
	if _, err := d.ask(ctx, []byte(value), "aws", append(arguments, "--value", "file:///dev/stdin")...); err != nil {
		return fmt.Errorf("keeping %s in the Parameter Store: %w", name, err)
	}
	d.there[name], d.made[name] = true, true
	return nil
}

// keptKey is where a drawn key is kept: of each stack its own, also where two have their secrets below one path. Functions have no right to it.
func (d *deployment) keptKey(holder string) string {
	return d.secretName("keys/" + d.stack + "/" + holder)
}

// nextKey is where a key that takes another's place is kept until the stack knows it.
func (d *deployment) nextKey(holder string) string {
	if kept := d.keptKey(holder); kept != "" {
		return kept + "-next"
	}
	return ""
}

// remove takes a secret away.
func (d *deployment) remove(ctx context.Context, name string) error {
	if _, err := d.ask(ctx, nil, "aws", "ssm", "delete-parameter", "--region", d.region, "--output", "json", "--name", name); err != nil {
		return fmt.Errorf("deleting %s: %w", name, err)
	}
	delete(d.there, name)
	return nil
}

// secretName is the full name of a secret in the Parameter Store, "" where the stack has no path there.
func (d *deployment) secretName(name string) string {
	if d.values["SecretsPath"] == "" {
		return ""
	}
	return d.values["SecretsPath"] + "/" + name
}

// byHand is the command that keeps a secret which somebody else has made.
func (d *deployment) byHand(name string) string {
	return fmt.Sprintf("read -rs P; aws ssm put-parameter --region %s --type SecureString --name %s --value \"$P\"", cmp.Or(d.region, "REGION"), name)
}

// masked is what CloudFormation shows of a parameter that the stack's template has as NoEcho.
func masked(value string) bool { return value != "" && strings.Trim(value, "*") == "" }
