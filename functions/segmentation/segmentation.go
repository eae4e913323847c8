// Package segmentation sorts everybody: it scores all profiles against each other, brings their memberships up to date, and lists
// who is in a segment. It works in shards over its own queue: plan, ask, collect, close, score. It does not define what a class or a
// rule means (package segment does) and sends nothing to anybody. The surprising thing: only collecting reads all profiles. It leaves
// behind what scoring needs to tell who changes, so that scoring loads those people alone.
package segmentation

import (
	"context"
	"sync"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
	"github.com/userops/userops/shared/queue"
)

// Settings is what the function reads from its environment.
type Settings struct {
	ProfilesTable      string         `env:"PROFILES_TABLE"`
	RunsTable          string         `env:"RUNS_TABLE"`
	ResultsTable       string         `env:"RESULTS_TABLE"`
	SearchTable        string         `env:"SEARCH_TABLE"` // its name alone: who stands in another one is not listed
	CatalogTable       string         `env:"CATALOG_TABLE"`
	LettersTable       string         `env:"DEAD_LETTERS_TABLE"`
	SegmentationQueue  string         `env:"SEGMENTATION_QUEUE_URL"`
	OrchestrationQueue string         `env:"ORCHESTRATION_QUEUE_URL"`
	SettlementQueue    string         `env:"SETTLEMENT_QUEUE_URL"`
	EventsQueue        string         `env:"EVENTS_QUEUE_URL"`
	Bucket             string         `env:"ARCHIVE_BUCKET"`
	DueTable           string         `env:"DUE_TABLE"` // where erasures wait for the archive
	Zone               *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency           money.Currency `env:"CURRENCY" default:"CNY"`
	Shards             int            `env:"SHARDS" default:"8"`
	// Months is how long the timeline is kept, and with it a device that nobody is known by.
	Months int `env:"TIMELINE_MONTHS" default:"13"`
}

// Profiles is what segmentation asks of the profiles' store.
type Profiles interface {
	// Load reads consistently and follows merges. Where nobody stands it answers a profile without identifiers. dynamo.ErrUnreadable is for what a scan gives as
	// unreadable.
	Load(context.Context, profile.ID) (*profile.Profile, error)
	// Save is durable when it answers nil. dynamo.ErrConflict says that the profile is not as it was loaded, and that nothing was written; any other error leaves
	// open whether it was.
	Save(context.Context, *profile.Profile) error
	// ScanShard reads eventually consistently. It visits each profile of a shard once while nothing is written, and answers the cursor behind the last page whose
	// visit returned nil, also beside an error.
	ScanShard(ctx context.Context, shard, shards int, cursor string, page func(people.ScanPage) error) (next string, err error)
}

// Runs keeps runs and what their shards leave behind. It reads consistently. What it writes is durable when it answers nil; an error leaves open whether it was
// written, and each write may be made again.
type Runs interface {
	// Create answers the run that stands under the id: this one, or one that was created before. It lists it, too, so that creating again mends what is missing.
	Create(context.Context, score.Run) (score.Run, error)
	// Load answers dynamo.ErrNotFound if there is none.
	Load(ctx context.Context, id string) (score.Run, error)
	// SaveDefinitions keeps what the run goes by unless it keeps some already, and answers what it keeps.
	SaveDefinitions(ctx context.Context, run string, createdAt time.Time, packed []byte) ([]byte, error)
	// Definitions answers dynamo.ErrNotFound where none are kept.
	Definitions(ctx context.Context, run string) ([]byte, error)
	// SavePart replaces nothing. dynamo.ErrConflict says that the shard has a part of that number, after which whoever collects goes on.
	SavePart(context.Context, score.Run, runs.RunPart) error
	// Part answers dynamo.ErrNotFound for one that was not collected.
	Part(ctx context.Context, run string, shard, number int) (runs.RunPart, error)
	// Parts visits those of all shards. Those that are saved meanwhile may be among them.
	Parts(ctx context.Context, run string, visit func(runs.RunPart) error) error
	// Mark puts a shard into the set of those that are done, and answers how many are in it then. dynamo.ErrNotFound if the run is gone.
	Mark(ctx context.Context, run string, done runs.RunDone, shard int) (int, error)
	// SaveFindings keeps the first findings, which later ones are like. dynamo.ErrNotFound if the run is gone.
	SaveFindings(ctx context.Context, run string, findings score.Findings) error
	// SaveResult replaces the result of the same shard.
	SaveResult(ctx context.Context, run score.Run, shard int, result runs.RunResult) error
	// Results are those of all shards that have one.
	Results(ctx context.Context, run string) ([]runs.RunResult, error)
	// SaveOutcome keeps the first outcome. dynamo.ErrNotFound if the run is gone.
	SaveOutcome(ctx context.Context, run string, outcome score.Outcome) error
}

// Audiences keeps how far audiences are listed. What it notes is durable when it answers nil, and may be noted again.
type Audiences interface {
	// Begin notes into how many shards a listing is divided.
	Begin(ctx context.Context, campaign, run string, shards int) error
	// Read notes how many members a shard had; of two readings the later holds.
	Read(ctx context.Context, campaign, run string, shard, shards, listed int) error
}

// Lists keeps the lists of members that operators ask for. It reads consistently; what it writes is durable when it answers nil, and may be written again.
type Lists interface {
	// Waiting are the lists that no reading has taken up, and those that this one has and that are not read.
	Waiting(ctx context.Context, scan string) ([]listing.List, error)
	// Take gives a list to a reading; dynamo.ErrConflict says that another one has it.
	Take(ctx context.Context, id, scan string, shards int) error
	// Load answers dynamo.ErrNotFound for a list that is not kept any more.
	Load(ctx context.Context, id string) (listing.List, error)
	// SavePart replaces nothing and answers the part that stands.
	SavePart(context.Context, listing.List, runs.ListPart) (runs.ListPart, error)
	// Done notes that a shard was read, and how many members it has.
	Done(ctx context.Context, id string, shard, members int) error
}

// Catalog lists the current definitions of a kind, by their ids, each page consistently. Each says by itself whether this program can read it.
type Catalog interface {
	All(ctx context.Context, kind string) ([]definition.Document, error)
}

// Sender puts jobs on a queue; when it answers nil they are durable.
type Sender interface {
	Send(ctx context.Context, v any) error
	SendAll(ctx context.Context, bodies [][]byte) error
}

// Process is the function. Its fields are set once.
type Process struct {
	Profiles      Profiles
	Runs          Runs
	Catalog       Catalog
	Audiences     Audiences
	Lists         Lists
	Jobs          Sender // segmentation's own queue
	Orchestration Sender // for lists of audiences
	Objects       Objects
	Waiting       archive.Waiting
	Events        Sender // projection's, for those who are to be listed for who looks for them
	List          string // what the list is called that they are to stand in
	Outbox        outbox.Queues
	Shop          profile.Shop
	Shards        int
	Now           func() time.Time
	// Late says that the invocation should hand over what is left. It is asked between steps, after at least one.
	Late  func(context.Context) bool
	Queue queue.Consumer

	mu    sync.Mutex // guards known
	known struct {
		name string
		*recalled
	}
}

// New wires the process to its tables and queues.
func New(s Settings, db dynamo.API, objects bucket.API, sqs queue.Client, now func() time.Time) *Process {
	return &Process{
		Profiles:      people.Profiles{DB: db, Table: s.ProfilesTable, Months: s.Months, Skim: true},
		Runs:          runs.Runs{DB: db, Table: s.RunsTable},
		Catalog:       catalog.Catalog{DB: db, Table: s.CatalogTable},
		Audiences:     outreach.Audiences{DB: db, Table: s.ResultsTable, Now: now},
		Lists:         runs.Lists{DB: db, Table: s.RunsTable, Now: now},
		Objects:       bucket.Bucket{Client: objects, Name: s.Bucket},
		Waiting:       due.Due{DB: db, Table: s.DueTable, Now: now},
		Jobs:          queue.Sender{Client: sqs, URL: s.SegmentationQueue},
		Orchestration: queue.Sender{Client: sqs, URL: s.OrchestrationQueue},
		Events:        queue.Sender{Client: sqs, URL: s.EventsQueue},
		List:          s.SearchTable,
		Outbox: outbox.Queues{
			job.ToSettlement:    queue.Sender{Client: sqs, URL: s.SettlementQueue},
			job.ToOrchestration: queue.Sender{Client: sqs, URL: s.OrchestrationQueue},
		},
		Shop:   profile.Shop{Zone: s.Zone, Currency: s.Currency},
		Shards: max(s.Shards, 1),
		Now:    now,
		Late:   nearDeadline,
		Queue:  queue.NewConsumer(sqs, s.SegmentationQueue, deadletter.Witness{DB: db, Table: s.LettersTable, Queue: "segmentation", Now: now}),
	}
}

// reserve is how long before its deadline an invocation hands over: longer than a step takes.
const reserve = 20 * time.Second

func nearDeadline(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return bounded && time.Until(deadline) < reserve
}

// sendJobs puts jobs on the function's own queue.
func (p *Process) sendJobs(ctx context.Context, jobs []job.Segmentation) error {
	bodies := make([][]byte, len(jobs))
	for i, j := range jobs {
		body, err := queue.Encode(j)
		if err != nil {
			return err
		}
		bodies[i] = body
	}
	if len(bodies) == 0 {
		return nil
	}
	return p.Jobs.SendAll(ctx, bodies)
}

// Objects are those of the archive's bucket. It reads consistently.
type Objects interface {
	archive.Reader
	// Replace writes an object that is not there, where the tag is empty. bucket.ErrConflict says that one is; any other error leaves open whether it was written.
	Replace(ctx context.Context, key string, body []byte, tag string) (newTag string, err error)
}
