// Package cloud is how the programs reach AWS: region, credentials, endpoints and the HTTP client, the same for all. It wraps no
// service. The surprising thing: requests carry a copy of their body, because the SDK closes a body as soon as the answer's head
// is there, and a server on the same machine answers while the transport still looks at it; a long answer is torn then.
package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Connections is how many connections to one service are kept open: as many as one invocation works on people at once.
const Connections = 64

// Config is what a function needs of the SDK's configuration, from the variables that Lambda sets for the process.
func Config(context.Context) (aws.Config, error) { return From(os.Getenv) }

// From is Config from an environment, which is asked by name and has empty what is not set. The SDK's own loader looks in
// many more places (shared files, single sign-on, instance metadata), none of which a function has; leaving it out makes every
// program half a megabyte smaller and its start a tenth faster.
func From(environment func(name string) string) (aws.Config, error) {
	region, id, secret := environment("AWS_REGION"), environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY")
	if region == "" || id == "" || secret == "" {
		return aws.Config{}, errors.New("AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda does")
	}
	return aws.Config{
		Region:        region,
		Credentials:   credentials.NewStaticCredentialsProvider(id, secret, environment("AWS_SESSION_TOKEN")),
		HTTPClient:    Client(),
		ConfigSources: []any{endpoints{environment}},
	}, nil
}

// endpoints tells a service's client of another endpoint, from AWS_ENDPOINT_URL_DYNAMODB and its like.
type endpoints struct{ environment func(string) string }

// GetServiceBaseEndpoint is how a client asks.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	url := e.environment("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(sdkID, " ", "_")))
	return url, url != "", nil
}

// HTTPClient makes requests of the SDK.
type HTTPClient struct{ client aws.HTTPClient }

// Client is a client for the SDK without a configuration from the environment. It is safe for concurrent use.
func Client() HTTPClient { return HTTPClient{transport()} }

// callTime is how long one attempt of a call may take. The SDK makes three, and all of them fit into the shortest invocation of a queue's
// function, so that a service that does not answer is noticed while there is time to put the work off.
const callTime = 10 * time.Second

func transport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(callTime).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = Connections
		t.MaxIdleConns = 2 * Connections
	})
}

// Do sends the request with a copy of its body.
func (c HTTPClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return c.client.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading a request's body: %w", err)
	}
	clone := r.Clone(r.Context())
	clone.Body = io.NopCloser(bytes.NewReader(body))
	clone.ContentLength = int64(len(body))
	return c.client.Do(clone)
}
