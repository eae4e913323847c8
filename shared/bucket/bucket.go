// Package bucket is the only code that speaks S3: it puts, reads, lists and deletes objects of one bucket. It does not know what they hold. The surprising thing: an object can be
// replaced under the condition that it is still as it was read, so that one small object makes many writers one after the other, without a table.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// API is what Bucket calls of the SDK's client.
type API interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// NewClient is a client of S3. Another endpoint has its buckets in the path: no name below it leads anywhere.
func NewClient(config aws.Config) *s3.Client {
	return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// Bucket is one bucket.
type Bucket struct {
	Client API
	Name   string
}

var (
	// ErrNotFound says that there is no such object.
	ErrNotFound = errors.New("there is no such object")
	// ErrConflict says that an object is not as it was read, and that nothing was written.
	ErrConflict = errors.New("the object is not as it was read")
)

// Object is one that is listed.
type Object struct {
	Key     string
	Size    int64
	Written time.Time
}

// Put writes an object, over one that may be there. It is durable when it answers nil; an error leaves open whether it was written.
func (b Bucket) Put(ctx context.Context, key string, body []byte) error {
	_, err := b.put(ctx, &s3.PutObjectInput{Key: &key}, body)
	return err
}

// Replace writes an object that is as it was read, or, where tag is empty, one that is not there. ErrConflict says that it is not; any other error leaves open whether it was written.
// Where the answer to a write was lost, the SDK's second attempt finds its own write, and ErrConflict is answered all the same: who replaces must be content with either.
func (b Bucket) Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error) {
	in := &s3.PutObjectInput{Key: &key}
	if tag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &tag
	}
	out, err := b.put(ctx, in, body)
	// A conflict is 412, or 409 where another write is under way; where the object was taken away meanwhile it is 404.
	if status := statusOf(err); status == http.StatusPreconditionFailed || status == http.StatusConflict || status == http.StatusNotFound {
		return "", fmt.Errorf("replacing %s: %w", key, ErrConflict)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

func (b Bucket) put(ctx context.Context, in *s3.PutObjectInput, body []byte) (*s3.PutObjectOutput, error) {
	in.Bucket, in.Body = &b.Name, bytes.NewReader(body)
	out, err := b.Client.PutObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("writing object %s: %w", *in.Key, err)
	}
	return out, nil
}

func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// Read reads a whole object, as it was last written, and its tag.
func (b Bucket) Read(ctx context.Context, key string) (body []byte, tag string, err error) {
	return b.read(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key})
}

// ReadPart reads a part of an object, from an offset on, or, where the offset is below zero, its last bytes: up to length of them, fewer at its end. It says how large the object is.
func (b Bucket) ReadPart(ctx context.Context, key string, from, length int64) (part []byte, size int64, err error) {
	asked := fmt.Sprintf("bytes=%d-%d", from, from+length-1)
	if from < 0 {
		asked = fmt.Sprintf("bytes=-%d", length)
	}
	out, err := b.get(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key, Range: &asked})
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = out.Body.Close() }() // it was read
	if part, err = io.ReadAll(out.Body); err != nil {
		return nil, 0, fmt.Errorf("reading object %s: %w", key, err)
	}
	// "bytes 0-99/1234"; without it the part is all that there is.
	_, whole, ranged := strings.Cut(aws.ToString(out.ContentRange), "/")
	if !ranged {
		return part, int64(len(part)), nil
	}
	if size, err = strconv.ParseInt(whole, 10, 64); err != nil {
		return nil, 0, fmt.Errorf("reading object %s: its size %.40q is no number", key, whole)
	}
	return part, size, nil
}

func (b Bucket) get(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	out, err := b.Client.GetObject(ctx, in)
	if statusOf(err) == http.StatusNotFound {
		return nil, fmt.Errorf("reading object %s: %w", *in.Key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading object %s: %w", *in.Key, err)
	}
	return out, nil
}

func (b Bucket) read(ctx context.Context, in *s3.GetObjectInput) (body []byte, tag string, err error) {
	out, err := b.get(ctx, in)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = out.Body.Close() }() // it was read
	if body, err = io.ReadAll(out.Body); err != nil {
		return nil, "", fmt.Errorf("reading object %s: %w", *in.Key, err)
	}
	return body, aws.ToString(out.ETag), nil
}

// List are the objects whose keys begin with a prefix, in the order of their keys, as they are when it is asked.
func (b Bucket) List(ctx context.Context, prefix string) (all []Object, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix}
	for {
		out, err := b.Client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing objects of %s: %w", prefix, err)
		}
		for _, o := range out.Contents {
			all = append(all, Object{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), Written: aws.ToTime(o.LastModified).UTC()})
		}
		if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
			return all, nil
		}
	}
}

// perDelete is how many objects one call deletes.
const perDelete = 1000

// Delete takes objects away; those that are not there are gone already. An error leaves open which of them are left.
func (b Bucket) Delete(ctx context.Context, keys ...string) error {
	for chunk := range slices.Chunk(keys, perDelete) {
		in := &s3.DeleteObjectsInput{Bucket: &b.Name, Delete: &types.Delete{Quiet: aws.Bool(true)}}
		for _, key := range chunk {
			in.Delete.Objects = append(in.Delete.Objects, types.ObjectIdentifier{Key: &key})
		}
		out, err := b.Client.DeleteObjects(ctx, in)
		if err != nil {
			return fmt.Errorf("deleting %d objects: %w", len(chunk), err)
		}
		if len(out.Errors) > 0 {
			return fmt.Errorf("deleting object %s: %s", aws.ToString(out.Errors[0].Key), aws.ToString(out.Errors[0].Code))
		}
	}
	return nil
}
