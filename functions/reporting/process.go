package reporting

import (
	"context"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
)

// Objects are those of the archive's bucket. It reads consistently. What it writes is durable when it answers nil; an error leaves open whether it was written, but bucket.ErrConflict, which says that nothing was.
type Objects interface {
	archive.Reader
	// Replace writes an object that is as it was read with the tag, or is not there where the tag is empty.
	Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error)
}

// Jobs sends jobs to the function's own queue. Those that it answers nil for are durable.
type Jobs interface {
	SendAll(ctx context.Context, bodies [][]byte) error
}

// People reads who a profile id stands for by now, consistently.
type People interface {
	Person(ctx context.Context, id profile.ID) (people.Person, error)
}

// Process is the function.
type Process struct {
	Auth     httpapi.Auth
	Objects  Objects
	Waiting  archive.Waiting
	Jobs     Jobs
	Consumer queue.Consumer
	Memory   answers.Store
	Audit    operator.Audit
	People   People
	Shop     profile.Shop
	Now      func() time.Time
	NewID    func() string // of lines of the audit log; never the same twice
}
