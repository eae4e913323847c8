package archive

import (
	"context"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
)

// Later keeps who was erased until archive has taken it. An entry stays until it was handed to each without an error; each may be given an entry twice.
type Later interface {
	Ready(ctx context.Context, owner string, each func(context.Context, due.Entry) (again time.Time, err error)) error
}

// Gauge measures how full a queue is.
type Gauge interface {
	Depth(ctx context.Context, url string) (queue.Depth, error)
}

// Letters counts the dead letters that are kept of a queue.
type Letters interface {
	Count(ctx context.Context, queue string) (int, error)
}

// Timeline has the packs that were there before the archive.
type Timeline interface {
	Scan(ctx context.Context, from people.Place) (packs []people.StoredPack, next people.Place, err error)
}

// Process is the function.
type Process struct {
	Objects  archive.Objects
	Consumer queue.Consumer
	Later    Later
	Gauge    Gauge
	Queues   []string // the queues in which an event is before it is in the bucket, in the order of its way
	Letters  Letters
	Timeline Timeline
	Shop     profile.Shop
	Shards   int // of a day that begins
	Little   int // as long as no day has more events, they do not wait for an hour
	Now      func() time.Time
}
