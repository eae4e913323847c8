package local

import (
	"strings"

	"github.com/userops/userops/shared/standin/sam"
)

// load reads the template of a stack as it is, or will be, at the addresses.
func load(o Options, a Addresses) (*sam.Template, error) {
	env := sam.Environment{StackName: o.StackName, Parameters: o.Parameters, QueueBase: strings.TrimSuffix(a.SQS, "/"), APIBase: a.Gateway}
	if o.Defaults != nil {
		env.Defaults = o.Defaults(a)
	}
	return sam.Load(a.Template, env)
}

// Variables are the environment of every function, by logical id, with which a program outside of a running stack uses its tables and queues:
// what `sam local` takes as --env-vars, which on its own would take the logical ids of tables and queues for their names.
func Variables(o Options, a Addresses) (map[string]map[string]string, error) {
	t, err := load(o, a)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for _, f := range t.Functions {
		env := map[string]string{}
		for name, value := range f.Environment {
			env[name] = value
		}
		env["AWS_ENDPOINT_URL_DYNAMODB"], env["AWS_ENDPOINT_URL_SQS"], env["AWS_ENDPOINT_URL_SSM"] = a.DynamoDB, a.SQS, a.SSM
		out[f.LogicalID] = env
	}
	return out, nil
}
