package archive

import (
	"context"

	"github.com/userops/userops/shared/bucket"
)

// Objects are those of the archive's bucket. It reads consistently. What it writes is durable when it answers nil; an error leaves open whether it was written, but bucket.ErrConflict, which
// says that nothing was.
type Objects interface {
	Put(ctx context.Context, key string, body []byte) error
	// Replace writes an object that is as it was read with the tag, or is not there where the tag is empty.
	Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error)
	Reader
	// Delete may be called again, and for what is not there.
	Delete(ctx context.Context, keys ...string) error
}

// Bodies is what reads objects whole, consistently.
type Bodies interface {
	// Read answers bucket.ErrNotFound where there is no such object.
	Read(ctx context.Context, key string) (body []byte, tag string, err error)
}

// Reader reads objects of the archive's bucket, consistently.
type Reader interface {
	Bodies
	// ReadPart reads length bytes from an offset on, or the last ones where the offset is below zero; fewer where the object has no more. size is that of the object.
	ReadPart(ctx context.Context, key string, from, length int64) (part []byte, size int64, err error)
	List(ctx context.Context, prefix string) ([]bucket.Object, error)
}
