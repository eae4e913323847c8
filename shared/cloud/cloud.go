// Package cloud is how the programs reach AWS: region, credentials, endpoints and the HTTP client, the same for all. It wraps no
// service. The surprising thing: requests carry a copy of their body, because the SDK closes a body as soon as the answer's head
// is there, and a server on the same machine answers while the transport still looks at it; a long answer is torn then.
package cloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Connections is how many connections to one service are kept open: as many as one invocation works on people at once.
const Connections = 64

// Config is the SDK's configuration from the environment of a function.
func Config(ctx context.Context) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(transport()))
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	c.HTTPClient = HTTPClient{c.HTTPClient}
	return c, nil
}

// HTTPClient makes requests of the SDK.
type HTTPClient struct{ client aws.HTTPClient }

// Client is a client for the SDK without a configuration from the environment. It is safe for concurrent use.
func Client() HTTPClient { return HTTPClient{transport()} }

func transport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(time.Minute).WithTransportOptions(func(t *http.Transport) {
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
