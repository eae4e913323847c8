package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/cloud"
	"github.com/userops/userops/shared/standin/s3"
)

// store is what functions ask of a bucket.
type store interface {
	Put(ctx context.Context, key string, body []byte) error
	Replace(ctx context.Context, key string, body []byte, tag string) (string, error)
	Read(ctx context.Context, key string) ([]byte, string, error)
	ReadPart(ctx context.Context, key string, from, length int64) ([]byte, int64, error)
	List(ctx context.Context, prefix string) ([]bucket.Object, error)
	Delete(ctx context.Context, keys ...string) error
}

// open is a bucket over the wire.
func open(t *testing.T, now func() time.Time) bucket.Bucket {
	t.Helper()
	e, err := s3.Open(s3.Options{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.MakeBucket("archive"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	config := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("me", "local", ""), HTTPClient: cloud.Client(), BaseEndpoint: &server.URL}
	return bucket.Bucket{Client: bucket.NewClient(config), Name: "archive"}
}

// TestBucket holds the bucket and the one of the tests to the same.
func TestBucket(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	ofTests := buckettest.New()
	ofTests.Now = now
	for name, b := range map[string]store{"over the wire": open(t, now), "of tests": ofTests} {
		t.Run(name, func(t *testing.T) {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := b.Read(t.Context(), "head"); !errors.Is(err, bucket.ErrNotFound) {
				t.Errorf("what is not there: %v", err)
			}
			first, err := b.Replace(t.Context(), "head", []byte("1"), "")
			must(err)
			if _, err := b.Replace(t.Context(), "head", []byte("2"), ""); !errors.Is(err, bucket.ErrConflict) {
				t.Errorf("made twice: %v", err)
			}
			body, tag, err := b.Read(t.Context(), "head")
			if err != nil || string(body) != "1" || tag != first {
				t.Errorf("%q, %s, %v; want 1 and %s", body, tag, err, first)
			}
			second, err := b.Replace(t.Context(), "head", []byte("2"), first)
			must(err)
			if _, err := b.Replace(t.Context(), "head", []byte("3"), first); !errors.Is(err, bucket.ErrConflict) || second == first {
				t.Errorf("replaced as it was: %v; %s, %s", err, first, second)
			}
			if _, err := b.Replace(t.Context(), "nowhere", []byte("3"), first); !errors.Is(err, bucket.ErrConflict) {
				t.Errorf("replaced where nothing is: %v", err)
			}
			must(b.Put(t.Context(), "parts", []byte("0123456789")))
			for _, of := range []struct {
				from, length int64
				want         string
			}{{0, 3, "012"}, {4, 2, "45"}, {8, 99, "89"}, {-1, 4, "6789"}, {-1, 99, "0123456789"}} {
				if got, size, err := b.ReadPart(t.Context(), "parts", of.from, of.length); err != nil || string(got) != of.want || size != 10 {
					t.Errorf("%d bytes from %d on are %q of %d, %v; want %q of 10", of.length, of.from, got, size, err, of.want)
				}
			}
			if _, _, err := b.ReadPart(t.Context(), "nowhere", 0, 1); !errors.Is(err, bucket.ErrNotFound) {
				t.Errorf("a part of what is not there: %v", err)
			}
			must(b.Delete(t.Context(), "parts"))
			var want []string
			for n := range 1003 {
				key := fmt.Sprintf("packs/%04d", n)
				must(b.Put(t.Context(), key, []byte(strings.Repeat("x", n%7))))
				want = append(want, fmt.Sprint(key, n%7))
			}
			list := func(prefix string) (all []string) {
				t.Helper()
				objects, err := b.List(t.Context(), prefix)
				must(err)
				for _, o := range objects {
					all = append(all, fmt.Sprint(o.Key, o.Size))
					if !o.Written.Equal(at) {
						t.Errorf("%s was written at %s", o.Key, o.Written)
					}
				}
				return all
			}
			if got := list("packs/"); !slices.Equal(got, want) {
				t.Errorf("%d are listed, want %d", len(got), len(want))
			}
			var keys []string
			for n := range 1002 {
				keys = append(keys, fmt.Sprintf("packs/%04d", n))
			}
			must(b.Delete(t.Context(), append(keys, "nobody")...))
			must(b.Delete(t.Context()))
			if got := list(""); !slices.Equal(got, []string{"head1", want[1002]}) {
				t.Errorf("left are %q", got)
			}
		})
	}
}
