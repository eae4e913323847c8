package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/userops/userops/shared/standin/s3"
)

const bucket = "archive"

// bench is an engine behind a server, and the SDK's client of it.
type bench struct {
	*awss3.Client
	t *testing.T
}

func newBench(t *testing.T, o s3.Options) *bench {
	t.Helper()
	e, err := s3.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.MakeBucket(bucket); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return &bench{t: t, Client: awss3.New(awss3.Options{Region: "us-east-1", BaseEndpoint: aws.String(server.URL), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("me", "local", "")})}
}

func (b *bench) put(key, body string, with ...func(*awss3.PutObjectInput)) error {
	in := &awss3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}
	for _, f := range with {
		f(in)
	}
	_, err := b.PutObject(b.t.Context(), in)
	return err
}

func (b *bench) get(key, part string) (body, etag string, err error) {
	in := &awss3.GetObjectInput{Bucket: aws.String(bucket), Key: &key}
	if part != "" {
		in.Range = &part
	}
	out, err := b.GetObject(b.t.Context(), in)
	if err != nil {
		return "", "", err
	}
	text, err := io.ReadAll(out.Body)
	return string(text), aws.ToString(out.ETag), err
}

// list is what is listed, in pages of two, groups with a star.
func (b *bench) list(prefix, delimiter string) (all []string) {
	b.t.Helper()
	in := &awss3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix, MaxKeys: aws.Int32(2)}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	pages := awss3.NewListObjectsV2Paginator(b.Client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		if len(page.Contents)+len(page.CommonPrefixes) > 2 {
			b.t.Errorf("a page of two has %d and %d", len(page.Contents), len(page.CommonPrefixes))
		}
		for _, o := range page.Contents {
			all = append(all, fmt.Sprintf("%s:%d", *o.Key, *o.Size))
		}
		for _, p := range page.CommonPrefixes {
			all = append(all, *p.Prefix+"*")
		}
	}
	return all
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestObjects(t *testing.T) {
	for name, path := range map[string]string{"in memory": "", "in a folder": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			b := newBench(t, s3.Options{Path: path, Clock: func() time.Time { return at }})
			odd := "odd/./../=x/ü ?%\\/" // ends in an empty part
			for key, body := range map[string]string{"a": "1", "a/b": "22", "a/b/c": "333", "a/d": "", "b": "4444", odd: "odd"} {
				if err := b.put(key, body); err != nil {
					t.Fatal(key, err)
				}
			}
			check := func() {
				t.Helper()
				if got, want := b.list("", ""), []string{"a:1", "a/b:2", "a/b/c:3", "a/d:0", "b:4", odd + ":3"}; !slices.Equal(got, want) {
					t.Errorf("all are %q, want %q", got, want)
				}
				if got, want := b.list("a/", "/"), []string{"a/b:2", "a/b/*", "a/d:0"}; !slices.Equal(got, want) {
					t.Errorf("below a/ are %q, want %q", got, want)
				}
				for part, want := range map[string]string{"": "333", "bytes=1-": "33", "bytes=0-0": "3", "bytes=-2": "33", "bytes=-99": "333", "bytes=2-99": "3"} {
					if got, etag, err := b.get("a/b/c", part); err != nil || got != want || etag != `"310dcbbf4cce62f762a2aaa148d556bd"` {
						t.Errorf("%s: %q, %s, %v; want %q", part, got, etag, err, want)
					}
				}
				if got, _, err := b.get(odd, ""); got != "odd" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			}
			check()
			if path != "" {
				b = newBench(t, s3.Options{Path: path})
				check()
			}
			out, err := b.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("a/b")})
			if err != nil || *out.ContentLength != 2 || !out.LastModified.Equal(at) {
				t.Errorf("%+v, %v", out, err)
			}
			if _, _, err := b.get("c", ""); code(err) != "NoSuchKey" {
				t.Errorf("what is not there: %v", err)
			}
			if _, _, err := b.get("a/b/c", "bytes=3-"); code(err) != "InvalidRange" {
				t.Errorf("behind the end: %v", err)
			}
			for range 2 {
				if _, err := b.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("a")}); err != nil {
					t.Error(err)
				}
			}
			if _, err := b.DeleteObjects(t.Context(), &awss3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("b")}, {Key: aws.String("a/b")}, {Key: aws.String("z")}}}}); err != nil {
				t.Error(err)
			}
			if path != "" {
				b = newBench(t, s3.Options{Path: path})
			}
			if got, want := b.list("", ""), []string{"a/b/c:3", "a/d:0", odd + ":3"}; !slices.Equal(got, want) {
				t.Errorf("left are %q, want %q", got, want)
			}
		})
	}
}

// TestConditions lets many write one object under the condition that it is as they have read it: each number is written once.
func TestConditions(t *testing.T) {
	b := newBench(t, s3.Options{Path: t.TempDir()})
	none := func(in *awss3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	if err := b.put("head", "0", none); err != nil {
		t.Fatal(err)
	}
	if err := b.put("head", "x", none); code(err) != "PreconditionFailed" {
		t.Errorf("written over: %v", err)
	}
	if err := b.put("other", "x", func(in *awss3.PutObjectInput) { in.IfMatch = aws.String(`"310dcbbf4cce62f762a2aaa148d556bd"`) }); code(err) != "PreconditionFailed" {
		t.Errorf("written where there was nothing: %v", err)
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	won := map[int]int{}
	for range 8 {
		work.Go(func() {
			for range 20 {
				body, etag, err := b.get("head", "")
				if err != nil {
					t.Error(err)
					return
				}
				var n int
				_, _ = fmt.Sscan(body, &n)
				if err := b.put("head", fmt.Sprint(n+1), func(in *awss3.PutObjectInput) { in.IfMatch = &etag }); err == nil {
					mu.Lock()
					won[n+1]++
					mu.Unlock()
				} else if code(err) != "PreconditionFailed" {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	body, _, err := b.get("head", "")
	if err != nil || body != fmt.Sprint(len(won)) {
		t.Errorf("the last is %q of %d, %v", body, len(won), err)
	}
	for n, times := range won {
		if times != 1 {
			t.Errorf("%d was written %d times", n, times)
		}
	}
}

func TestWhatIsNotWholeIsToldOrGone(t *testing.T) {
	path := t.TempDir()
	b := newBench(t, s3.Options{Path: path})
	if err := b.put("x/y", "whole"); err != nil {
		t.Fatal(err)
	}
	// What the process was killed over was never answered.
	if err := os.WriteFile(filepath.Join(path, "new", "7"), []byte("hal"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newBench(t, s3.Options{Path: path}).list("", ""); !slices.Equal(got, []string{"x/y:5"}) {
		t.Errorf("%q", got)
	}
	file := filepath.Join(path, "bucket-archive", "x", "=y")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 5, len(raw) - 1} {
		if err := os.WriteFile(file, raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s3.Open(s3.Options{Path: path}); err == nil || !strings.Contains(err.Error(), file+" is damaged") {
			t.Errorf("of %d bytes: %v", n, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	var seen []s3.Call
	b := newBench(t, s3.Options{Observe: func(c s3.Call) { seen = append(seen, c) }, Authorize: func(c s3.Call) error {
		if c.Key == "secret" {
			return errors.New("not you")
		}
		return nil
	}})
	ctx := context.Background()
	for name, c := range map[string]struct {
		do   func() error
		want string
	}{
		"no right": {func() error { return b.put("secret", "x") }, "AccessDenied"},
		"no right to one of many": {func() error {
			_, err := b.DeleteObjects(ctx, &awss3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("secret")}}}})
			return err
		}, "AccessDenied"},
		"no bucket": {func() error {
			_, err := b.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: aws.String("other")})
			return err
		}, "NoSuchBucket"},
		"a copy": {func() error {
			_, err := b.CopyObject(ctx, &awss3.CopyObjectInput{Bucket: aws.String(bucket), Key: aws.String("b"), CopySource: aws.String("archive/a")})
			return err
		}, "NotImplemented"},
		"parts": {func() error {
			_, err := b.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: aws.String("b")})
			return err
		}, "NotImplemented"},
		"tags": {func() error {
			_, err := b.GetObjectTagging(ctx, &awss3.GetObjectTaggingInput{Bucket: aws.String(bucket), Key: aws.String("b")})
			return err
		}, "NotImplemented"},
		"a long part": {func() error { return b.put(strings.Repeat("x", 201), "x") }, "KeyTooLongError"},
		"a wrong check": {func() error {
			return b.put("a", "x", func(in *awss3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") })
		}, "BadDigest"},
	} {
		if err := c.do(); code(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	seen = nil
	if err := b.put("k", "four"); err != nil {
		t.Fatal(err)
	}
	if want := (s3.Call{AccessKeyID: "me", Action: "PutObject", Bucket: bucket, Key: "k", Bytes: 4}); len(seen) != 1 || seen[0] != want {
		t.Errorf("seen is %+v", seen)
	}
	if _, err := b.DeleteObjects(ctx, &awss3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("k")}}}}); err != nil || seen[1].Action != "DeleteObject" {
		t.Errorf("%v, %+v", err, seen)
	}
}
