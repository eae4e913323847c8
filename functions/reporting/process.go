package reporting

import (
	"context"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/deadletter"
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
	// Delete may be called again, and for what is not there.
	Delete(ctx context.Context, keys ...string) error
}

// Jobs sends jobs to the function's own queue. Those that it answers nil for are durable.
type Jobs interface {
	SendAll(ctx context.Context, bodies [][]byte) error
}

// People reads who a profile id stands for by now, consistently.
type People interface {
	Person(ctx context.Context, id profile.ID) (people.Person, error)
}

// Letters are the jobs that failed too often. They are read consistently.
type Letters interface {
	// List is a page, the newest first.
	List(ctx context.Context, queue string, limit int, cursor string) (letters []deadletter.Letter, next string, err error)
	// Body answers dynamo.ErrNotFound for a letter that was sent again and of which only the entry is left.
	Body(context.Context, deadletter.Letter) ([]byte, error)
	// Why is what the function said whose job failed, nil where it said nothing.
	Why(context.Context, deadletter.Letter) (*deadletter.Why, error)
}

// queueName is what dead letters call the function's queue.
const queueName = "reporting"

// Process is the function.
type Process struct {
	Auth     httpapi.Auth
	Objects  Objects
	Waiting  archive.Waiting
	Jobs     Jobs
	Consumer queue.Consumer
	Letters  Letters
	Memory   answers.Store
	Audit    operator.Audit
	People   People
	Shop     profile.Shop
	Now      func() time.Time
	NewID    func() string // of lines of the audit log; never the same twice
}
