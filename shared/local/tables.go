package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/standin/dynamodb"
)

// Tables are a stack's tables for whoever reads them beside its functions.
type Tables struct {
	DB    *awsdynamodb.Client
	Where string // the endpoint, or the data folder
	stack string
	close []func() error
}

// OpenTables reaches the tables at an endpoint, or, where that is empty, those in the data folder, on which no stack runs then. Their error says what to do. The keys are
// those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the region that of AWS_REGION.
func OpenTables(o Options, endpoint string) (*Tables, error) {
	t := &Tables{Where: endpoint, stack: o.StackName}
	if endpoint == "" {
		var err error
		if endpoint, err = t.open(o); err != nil {
			return nil, errors.Join(err, t.Close())
		}
		t.Where = o.DataDir
	}
	key, secret := ownKeys()
	t.DB = awsdynamodb.New(awsdynamodb.Options{Region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"), BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, os.Getenv("AWS_SESSION_TOKEN"))})
	return t, nil
}

// open serves the folder's tables at a free port of this machine.
func (t *Tables) open(o Options) (endpoint string, err error) {
	if _, err := os.Stat((&folder{path: o.DataDir}).file(tablesFile)); o.DataDir == "" || errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there are no tables in the data folder %s; say which one by DATA=, or an endpoint by AWS_ENDPOINT_URL_DYNAMODB=", o.DataDir)
	}
	f, err := openFolder(o.DataDir)
	if err != nil {
		return "", err
	}
	t.close = append(t.close, f.Close)
	if err := f.expect(tablesFile, journalFile); err != nil {
		return "", err
	}
	// What is over is shown as long as it is there.
	e, err := dynamodb.Open(dynamodb.Options{Path: f.file(tablesFile), Clock: time.Now})
	if err != nil {
		return "", f.unopened("tables", err)
	}
	t.close = append(t.close, e.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("serving the tables: %w", err)
	}
	server := &http.Server{Handler: guard{next: e}, ReadHeaderTimeout: 10 * time.Second}
	t.close = append(t.close, func() error { return server.Shutdown(context.Background()) })
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// Name is what the table of a logical id is called.
func (t *Tables) Name(logical string) string { return t.stack + "-" + logical }

// Close gives the folder free.
func (t *Tables) Close() error {
	var all error
	for i := len(t.close) - 1; i >= 0; i-- {
		all = errors.Join(all, t.close[i]())
	}
	t.close = nil
	return all
}
