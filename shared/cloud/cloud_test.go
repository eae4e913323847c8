package cloud

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
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
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CA_BUNDLE", "")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	c, err := Config(context.Background())
	if err != nil || c.Region != "eu-central-1" {
		t.Fatalf("region %q, %v", c.Region, err)
	}
	if _, ours := c.HTTPClient.(HTTPClient); !ours {
		t.Errorf("the client is a %T", c.HTTPClient)
	}
}
