package s3

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// backend is the store as the library asks it.
type backend struct{ store *store }

// maxObject is how large an object of one put may be.
const maxObject = 5 << 30

func (b *backend) bucket(name string) (*bucket, error) {
	if found := b.store.bucket(name); found != nil {
		return found, nil
	}
	return nil, gofakes3.BucketNotFound(name)
}

func (b *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) ListBucket(name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	of, err := b.bucket(name)
	if err != nil {
		return nil, err
	}
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	most := page.MaxKeys
	if most <= 0 || most > 1000 {
		most = 1000
	}
	list := gofakes3.NewObjectList()
	count, last := int64(0), ""
	seen := map[string]bool{}
	for _, key := range b.store.keys(of, prefix.Prefix, page.Marker) {
		group := ""
		if prefix.HasDelimiter {
			if i := strings.Index(key[len(prefix.Prefix):], prefix.Delimiter); i >= 0 {
				group = key[:len(prefix.Prefix)+i+len(prefix.Delimiter)]
			}
		}
		if group != "" && (seen[group] || strings.HasPrefix(page.Marker, group)) {
			last = key
			continue
		}
		if count == most {
			list.IsTruncated, list.NextMarker = true, last
			break
		}
		count, last = count+1, key
		if group != "" {
			seen[group] = true
			list.AddPrefix(group)
			continue
		}
		if m, there := b.store.meta(of, key); there {
			list.Add(&gofakes3.Content{Key: key, Size: m.size, ETag: gofakes3.FormatETag(m.sum[:]), LastModified: gofakes3.NewContentTime(m.written), StorageClass: gofakes3.StorageStandard})
		}
	}
	return list, nil
}

func (b *backend) CreateBucket(name string) error { return b.store.makeBucket(name) }

func (b *backend) BucketExists(name string) (bool, error) { return b.store.bucket(name) != nil, nil }

func (b *backend) DeleteBucket(string) error { return gofakes3.ErrNotImplemented }

func (b *backend) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

func (b *backend) GetObject(name, key string, part *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	of, err := b.bucket(name)
	if err != nil {
		return nil, err
	}
	content, m, err := b.store.open(of, key)
	if errors.Is(err, errMissing) {
		return nil, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, err
	}
	out := object(key, m)
	if part != nil && part.FromEnd {
		part.End = min(part.End, m.size) // of fewer bytes than are asked for, all are the last ones
	}
	if out.Range, err = part.Range(m.size); err != nil {
		_ = content.Close() // it was only opened
		return nil, err
	}
	from, size := int64(0), m.size
	if out.Range != nil {
		from, size = out.Range.Start, out.Range.Length
	}
	out.Contents = struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(content, from, size), content}
	return out, nil
}

func (b *backend) HeadObject(name, key string) (*gofakes3.Object, error) {
	of, err := b.bucket(name)
	if err != nil {
		return nil, err
	}
	m, there := b.store.meta(of, key)
	if !there {
		return nil, gofakes3.KeyNotFound(key)
	}
	return object(key, m), nil
}

func object(key string, m meta) *gofakes3.Object {
	return &gofakes3.Object{Name: key, Size: m.size, Hash: m.sum[:], Contents: io.NopCloser(bytes.NewReader(nil)),
		Metadata: map[string]string{"Last-Modified": m.written.UTC().Format(http.TimeFormat)}}
}

func (b *backend) DeleteObject(name, key string) (out gofakes3.ObjectDeleteResult, err error) {
	of, err := b.bucket(name)
	if err != nil {
		return out, err
	}
	return out, b.store.remove(of, key)
}

func (b *backend) DeleteMulti(name string, keys ...string) (out gofakes3.MultiDeleteResult, err error) {
	of, err := b.bucket(name)
	if err != nil {
		return out, err
	}
	for _, key := range keys {
		if err := b.store.remove(of, key); err != nil {
			out.Error = append(out.Error, gofakes3.ErrorResult{Key: key, Code: gofakes3.ErrInternal, Message: err.Error()})
			continue
		}
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: key})
	}
	return out, nil
}

func (b *backend) PutObject(name, key string, headers map[string]string, in io.Reader, size int64, conditions *gofakes3.PutConditions) (out gofakes3.PutObjectResult, err error) {
	of, err := b.bucket(name)
	if err != nil {
		return out, err
	}
	if size > maxObject {
		return out, gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument, "an object of one put has at most 5 GB")
	}
	content, err := gofakes3.ReadAll(in, size)
	if err != nil {
		return out, err
	}
	if told := headers["X-Amz-Checksum-Crc32"]; told != "" {
		sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(content))
		if base64.StdEncoding.EncodeToString(sum) != told {
			return out, gofakes3.ErrBadDigest
		}
	}
	return out, b.store.put(of, key, content, func(m meta, there bool) error {
		if conditions == nil {
			return nil
		}
		return gofakes3.CheckPutConditions(conditions, &gofakes3.ConditionalObjectInfo{Exists: there, Hash: m.sum[:]})
	})
}

func (b *backend) CopyObject(string, string, string, string, map[string]string) (out gofakes3.CopyObjectResult, err error) {
	return out, gofakes3.ErrNotImplemented
}
