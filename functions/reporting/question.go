package reporting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/queue"
)

// question is what is asked and what it is asked of, as it is stored: whoever works on it reads the same. It names nobody: who was erased is looked up whenever the archive is read.
type question struct {
	Version    int             `json:"version"` // of definitions and partials
	Kind       fold.Kind       `json:"kind"`
	Definition json.RawMessage `json:"definition"`
	AsOf       profile.Day     `json:"asOf"`
	Zone       string          `json:"zone"`
	Currency   money.Currency  `json:"currency"`
	// View is the archive of the days that are read, without who was erased.
	View   *archive.View `json:"view"`
	Shards int           `json:"shards"`
	// Ranges is into how many ranges of ids each shard is divided, where that is more than one: a job has to end in its time.
	Ranges int `json:"ranges,omitempty"`
	// Personal are the fields that it asks of people themselves.
	Personal []string `json:"personal,omitempty"`
}

// asking is a question with its id.
type asking struct {
	question
	id string
}

// plan makes the question of a definition, asked of the archive as it is now. Its error is fault.Faults where the definition has faults.
func (p *Process) plan(ctx context.Context, definition []byte, asOf *profile.Day) (a asking, err error) {
	canonical, kind, err := fold.Canonical(definition)
	if err != nil {
		return a, err
	}
	view, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return a, err
	}
	a.question = question{Version: fold.Version, Kind: kind, Definition: canonical, AsOf: p.closed(view), Zone: p.Shop.Zone.String(), Currency: p.Shop.Currency, Personal: personal(canonical)}
	if asOf != nil {
		a.AsOf = *asOf
	}
	q, err := a.compile()
	if err != nil {
		return a, err
	}
	reads := q.Reads()
	if reads.Beginning {
		reads.From = earliest(view)
	}
	erased := view.Erasures()
	a.View = view.Between(reads.From, reads.To).Public()
	a.Shards = a.View.Shards()
	if n := a.View.Ranges(a.Shards); n > 1 {
		a.Ranges = n
	}
	a.id, err = a.identity(erased)
	return a, err
}

// closed is the last day that is known whole: the last one that was closed, and yesterday where none was.
func (p *Process) closed(v *archive.View) profile.Day {
	yesterday := p.Shop.Day(p.Now()) - 1
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(v.Days))) {
		if v.Days[day].Closes > 0 && day <= yesterday {
			return day
		}
	}
	return yesterday
}

func earliest(v *archive.View) profile.Day {
	first := profile.Day(0)
	for day := range v.Days {
		first = min(first, day)
	}
	return first
}

// identity names the question by all that its answer depends on: what is asked, and the files, merges and erasures that it is asked of. The number of the head is not among it, since a head may be another and hold the same.
func (q *question) identity(erased string) (string, error) {
	of := *q
	view := *q.View
	view.Number, view.At = 0, time.Time{}
	view.Days = map[profile.Day]*archive.Day{}
	for n, d := range q.View.Days {
		files := slices.SortedFunc(slices.Values(d.Files), func(a, b archive.File) int { return strings.Compare(a.Name, b.Name) })
		view.Days[n] = &archive.Day{Shards: d.Shards, Files: files}
	}
	of.View = &view
	raw, err := json.Marshal(struct {
		question
		Erased string
	}{of, erased})
	if err != nil {
		return "", fmt.Errorf("naming a question: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), nil
}

// shop is the shop as it was when the question was asked.
func (q *question) shop() (profile.Shop, error) {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		return profile.Shop{}, fmt.Errorf("reading the zone of a question: %w", err)
	}
	return profile.Shop{Zone: zone, Currency: q.Currency}, nil
}

// compile makes the question's fold.
func (q *question) compile() (fold.Fold, error) {
	shop, err := q.shop()
	if err != nil {
		return nil, err
	}
	return fold.Compile(q.Definition, shop, q.AsOf)
}

// The objects of a question, all below one prefix.
func (a *asking) key(name string) string { return archive.AnswersPrefix + a.id + "/" + name }

const (
	questionName = "question.json"
	askedName    = "asked"       // an exact answer was asked for; with a number behind it, anew since it had failed
	failedName   = "failed"      // a job of it does not come again; with the number of the asking
	answerName   = "answer.json" // the merged partial
	goneName     = "gone"        // files that it was asked of are not there any more
	partsName    = "parts/"
)

// parts is how many parts the people of a question are divided into: each shard into ranges of ids.
func (q *question) parts() int { return q.Shards * max(q.Ranges, 1) }

// within is the shard of a part, and whom of it the part begins and ends with.
func (q *question) within(part int) (shard int, from, before columns.Person) {
	return columns.Within(part, max(q.Ranges, 1))
}

func (a *asking) part(n int) string {
	return a.key(fmt.Sprintf("%s%04dof%04d", partsName, n, a.parts()))
}

// numbered is the key of an object of the n-th asking, from 0.
func (a *asking) numbered(name string, n int) string {
	if n == 0 {
		return a.key(name)
	}
	return a.key(fmt.Sprintf("%s-%04d", name, n))
}

// save stores the question where it is not stored yet. Which of two that are saved at once stays does not matter: they differ in the number of the head alone.
func (a *asking) save(ctx context.Context, objects Objects) error {
	body, err := json.Marshal(a.question)
	if err != nil {
		return fmt.Errorf("writing a question: %w", err)
	}
	return once(ctx, objects, a.key(questionName), body)
}

// once writes an object that is not there; where one is, it stays as it is. Nil means that one is there.
func once(ctx context.Context, objects Objects, key string, body []byte) error {
	if _, err := objects.Replace(ctx, key, body, ""); err != nil && !errors.Is(err, bucket.ErrConflict) {
		return err
	} else if err == nil {
		return nil
	}
	// S3 answers the same where another write is under way, which may come to nothing.
	_, _, err := objects.Read(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return fmt.Errorf("writing %s while somebody else does: %w", key, queue.ErrNotYet)
	}
	return err
}

// idLength is how long an id is.
const idLength = 32

// load reads a question; bucket.ErrNotFound where there is none, or none any more.
func load(ctx context.Context, objects Objects, id string) (a asking, err error) {
	if raw, err := hex.DecodeString(id); err != nil || len(raw)*2 != idLength || strings.ToLower(id) != id {
		return a, bucket.ErrNotFound
	}
	a.id = id
	body, _, err := objects.Read(ctx, a.key(questionName))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a.question); err != nil {
		return a, fmt.Errorf("reading a question: %w", err)
	}
	return a, nil
}
