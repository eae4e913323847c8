package secret

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/userops/userops/shared/cloud"
)

// Parameters reads secrets from the Parameter Store of Systems Manager, where they are below a path. It makes the one call that is needed by hand: the
// SDK's client of that service would make each program larger (ADR 21).
type Parameters struct {
	Path string // /userops: the secret of a name is /userops/<name>
	Now  func() time.Time

	once   sync.Once
	config aws.Config
	fault  error
}

// atOnce is how many names the service takes in a call.
const atOnce = 10

// maxAnswer bounds what is read of an answer: ten values of 8 KB.
const maxAnswer = 256 << 10

// Read reads the values of names, in as many calls as that takes.
func (p *Parameters) Read(ctx context.Context, names []string) (map[string]string, error) {
	values := map[string]string{}
	for some := range slices.Chunk(names, atOnce) {
		if err := p.read(ctx, some, values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// read adds the values of at most ten names.
func (p *Parameters) read(ctx context.Context, names []string, values map[string]string) error {
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = p.Path + "/" + name
	}
	body, err := json.Marshal(map[string]any{"Names": full, "WithDecryption": true})
	if err != nil {
		return err
	}
	answer, err := p.call(ctx, body)
	if err != nil {
		return err
	}
	var out struct {
		Parameters []struct{ Name, Value string }
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return errors.New("the answer is not JSON")
	}
	for _, one := range out.Parameters {
		values[strings.TrimPrefix(one.Name, p.Path+"/")] = strings.TrimRight(one.Value, "\r\n")
	}
	return nil
}

// call makes a GetParameters, twice where the service is away for a moment or asks to come again.
func (p *Parameters) call(ctx context.Context, body []byte) (answer []byte, err error) {
	for attempt := range 2 {
		if attempt > 0 {
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
				return nil, err
			}
		}
		var again bool
		if answer, again, err = p.ask(ctx, body); err == nil || !again {
			return answer, err
		}
	}
	return nil, err
}

func (p *Parameters) ask(ctx context.Context, body []byte) (answer []byte, again bool, err error) {
	p.once.Do(func() { p.config, p.fault = cloud.Config(ctx) })
	if p.fault != nil {
		return nil, false, p.fault
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint(), bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM.GetParameters")
	credentials, err := p.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("finding credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), "ssm", p.config.Region, p.Now()); err != nil {
		return nil, false, fmt.Errorf("signing: %w", err)
	}
	response, err := p.config.HTTPClient.Do(r)
	if err != nil {
		return nil, true, fmt.Errorf("asking the Parameter Store: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("reading the answer of the Parameter Store: %w", err)
	case response.StatusCode != http.StatusOK:
		var fault struct {
			Type string `json:"__type"`
		}
		_ = json.Unmarshal(answer, &fault) // without a name the status has to do
		name := fault.Type[strings.LastIndexByte(fault.Type, '#')+1:]
		return nil, response.StatusCode >= 500 || strings.HasPrefix(name, "Throttling"), fmt.Errorf("the Parameter Store answered %d %s", response.StatusCode, name)
	}
	return answer, false, nil
}

// endpoint is where the service is: elsewhere where AWS_ENDPOINT_URL_SSM says so, and under another domain in China.
func (p *Parameters) endpoint() string {
	if url := os.Getenv("AWS_ENDPOINT_URL_SSM"); url != "" {
		return url
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(p.config.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://ssm." + p.config.Region + "." + domain + "/"
}
