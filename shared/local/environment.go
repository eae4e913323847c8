package local

import (
	"os"
	"strings"

	"github.com/userops/userops/shared/standin/lambda"
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
		env["AWS_ENDPOINT_URL_DYNAMODB"], env["AWS_ENDPOINT_URL_SQS"], env["AWS_ENDPOINT_URL_S3"], env["AWS_ENDPOINT_URL_SSM"] = a.DynamoDB, a.SQS, a.S3, a.SSM
		out[f.LogicalID] = env
	}
	return out, nil
}

// Environment is what a function sees of the template and of this stack, credentials included: what a handler inside this program makes
// its clients from.
func (s *Stack) Environment(f sam.Function) map[string]string {
	env := map[string]string{}
	for k, v := range f.Environment {
		env[k] = v
	}
	env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_REGION"] = lambda.FunctionKey(f.Name), "local", s.tmpl.Region
	env["AWS_LAMBDA_FUNCTION_NAME"] = f.Name
	for k, v := range s.overrides() {
		env[k] = v
	}
	return env
}

// overrides are the variables that this machine sets over the template's.
func (s *Stack) overrides() map[string]string {
	env := map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": s.addresses.DynamoDB, "AWS_ENDPOINT_URL_SQS": s.addresses.SQS, "AWS_ENDPOINT_URL_S3": s.addresses.S3, "AWS_ENDPOINT_URL_SSM": s.addresses.SSM}
	if s.o.DynamoDBEndpoint != "" || s.o.SQSEndpoint != "" {
		// Elsewhere nobody knows the keys of single processes, and DynamoDB Local even keeps apart what is written with different keys.
		key, secret := ownKeys()
		env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"] = key, secret
		if token := os.Getenv("AWS_SESSION_TOKEN"); token != "" {
			env["AWS_SESSION_TOKEN"] = token
		}
	}
	return env
}

func ownKeys() (key, secret string) {
	if key, secret = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"); key != "" && secret != "" {
		return key, secret
	}
	return "operator", "local"
}
