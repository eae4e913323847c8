package cloud

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestDoSendsTheWholeBody(t *testing.T) {
	var got []byte
	var length int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		length = r.ContentLength
	}))
	defer server.Close()
	for _, want := range [][]byte{nil, []byte("{}"), bytes.Repeat([]byte("x"), 300_000)} {
		var body io.Reader
		if want != nil {
			body = bytes.NewReader(want)
		}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if !bytes.Equal(got, want) || length != int64(len(want)) {
			t.Errorf("%d bytes with length %d arrived, %d were sent", len(got), length, len(want))
		}
	}
}

func TestConfigTakesTheEnvironment(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("X-Amz-Target")+" "+r.Header.Get("X-Amz-Security-Token"))
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=id/") || !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/") {
			t.Errorf("signed as %s", r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	for name, value := range map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL_DYNAMODB": server.URL, "AWS_ENDPOINT_URL_SQS": ""} {
		t.Setenv(name, value)
	}
	c, err := Config(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dynamodb.NewFromConfig(c).ListTables(context.Background(), &dynamodb.ListTablesInput{}); err != nil {
		t.Error(err)
	}
	if want := "DynamoDB_20120810.ListTables token"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if url, found, err := (endpoints{os.Getenv}).GetServiceBaseEndpoint(context.Background(), "SQS"); url != "" || found || err != nil {
		t.Errorf("an empty variable is an endpoint: %q %v %v", url, found, err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := Config(context.Background()); err == nil || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("without a secret: %v", err)
	}
}
