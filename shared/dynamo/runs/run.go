// Package runs stores the runs of segmentation: their state, columns, findings and results. It knows no rule. The surprising thing: what a shard has done is added to a set, so that
// many workers finish one run without a lock.
package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of the Runs table beside keys, body and ttl.
const (
	attrCollected = "collected" // set of shards
	attrGathered  = "gathered"  // set of shards whose columns are objects
	attrScored    = "scored"    // set of shards
	attrAnswered  = "answered"  // set of parts
	attrFindings  = "findings"
	attrOutcome   = "outcome"
	attrNext      = "next" // the cursor behind a part
	attrRunID     = "runId"
)

// How long a run is shown, and how long what it worked with is kept.
const (
	runLife     = 400 * 24 * time.Hour
	columnsLife = 30 * 24 * time.Hour
)

// maxRunPages bounds a reading of a run's columns or results: 1 MB each.
const maxRunPages = 10_000

// Runs stores runs of segmentation, the columns that their shards collect, and their results. A run's item never goes back: what
// it was asked is written once, the sets of finished shards only grow, its findings and its outcome are written once.
type Runs struct {
	DB    dynamo.API
	Table string
}

// RunDone names the set of shards that are done with a step.
type RunDone string

// The sets.
const (
	RunCollected RunDone = attrCollected
	RunGathered  RunDone = attrGathered // of a run whose columns are objects
	RunScored    RunDone = attrScored
	RunAsked     RunDone = attrAnswered
)

// Create stores a new run and lists it. Where there is one of that id already, that one is answered and listed, so that creating
// again after an error mends what is missing.
func (s Runs) Create(ctx context.Context, run score.Run) (score.Run, error) {
	body, err := json.Marshal(run)
	if err != nil {
		return score.Run{}, fmt.Errorf("creating run %s: %w", run.ID, err)
	}
	created := key.Run(run.ID).Item()
	created[dynamo.AttrBody] = dynamo.TextValue(string(body))
	created[dynamo.AttrTTL] = dynamo.NumberValue(run.CreatedAt.Add(runLife).Unix())
	if err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, created, dynamo.Absent())); err != nil {
		if !errors.Is(err, dynamo.ErrConflict) {
			return score.Run{}, fmt.Errorf("creating run %s: %w", run.ID, err)
		}
		if run, err = s.Load(ctx, run.ID); err != nil {
			return score.Run{}, err
		}
	}
	listed := key.RunList(run.CreatedAt, run.ID).Item()
	listed[attrRunID] = dynamo.TextValue(run.ID)
	listed[dynamo.AttrTTL] = dynamo.NumberValue(run.CreatedAt.Add(runLife).Unix())
	if _, err := s.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: listed}); err != nil {
		return score.Run{}, fmt.Errorf("listing run %s: %w", run.ID, err)
	}
	return run, nil
}

// Load reads a run with all that is known of its progress, consistently. ErrNotFound if there is none.
func (s Runs) Load(ctx context.Context, id string) (score.Run, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Run(id))
	if err != nil {
		return score.Run{}, fmt.Errorf("reading run %s: %w", id, err)
	}
	if found == nil {
		return score.Run{}, fmt.Errorf("reading run %s: %w", id, dynamo.ErrNotFound)
	}
	run, err := readRun(found)
	if err != nil {
		return score.Run{}, fmt.Errorf("reading run %s: %w", id, err)
	}
	return run, nil
}

func readRun(found dynamo.Item) (score.Run, error) {
	// The numbers of shards are no part of what was asked: they come from the sets.
	var asked struct {
		score.Run
		Collected json.RawMessage `json:"shardsCollected"`
		Scored    json.RawMessage `json:"shardsScored"`
		Asked     json.RawMessage `json:"archivePartsAsked"`
	}
	if err := json.Unmarshal([]byte(dynamo.TextOf(found, dynamo.AttrBody)), &asked); err != nil {
		return score.Run{}, fmt.Errorf("its body: %w", err)
	}
	run := asked.Run
	run.Collected, run.Scored, run.Asked = shardsOf(found, attrCollected), shardsOf(found, attrScored), shardsOf(found, attrAnswered)
	if run.InBucket {
		run.Collected = shardsOf(found, attrGathered)
	}
	run.State = score.StateCollecting
	if text := dynamo.TextOf(found, attrFindings); text != "" {
		run.State = score.StateScoring
		if err := json.Unmarshal([]byte(text), &run.Findings); err != nil {
			return score.Run{}, fmt.Errorf("its findings: %w", err)
		}
	}
	if text := dynamo.TextOf(found, attrOutcome); text != "" {
		run.State = score.StateFinished
		if err := json.Unmarshal([]byte(text), &run.Outcome); err != nil {
			return score.Run{}, fmt.Errorf("its outcome: %w", err)
		}
	}
	return run, nil
}

func shardsOf(found dynamo.Item, name string) score.ShardSet {
	set, ok := found[name].(*types.AttributeValueMemberNS)
	if !ok {
		return nil
	}
	var shards score.ShardSet
	for _, text := range set.Value {
		if n, err := strconv.Atoi(text); err == nil {
			shards = append(shards, n)
		}
	}
	slices.Sort(shards)
	return shards
}

// List reads a page of runs, newest first. An empty next says that this was the last page. A cursor that List did not give is
// ErrCursor.
func (s Runs) List(ctx context.Context, limit int, cursor string) (page []score.Run, next string, err error) {
	of := dynamo.Stretch{Table: s.Table, PK: key.RunList(time.Time{}, "").PK, Newest: true, Stale: true, Limit: limit}
	if of.After, err = dynamo.SortKeyOf(cursor, ""); err != nil {
		return nil, "", err
	}
	items, last, err := of.Page(ctx, s.DB)
	if err != nil {
		return nil, "", fmt.Errorf("listing runs: %w", err)
	}
	for _, listed := range items {
		run, err := s.Load(ctx, dynamo.TextOf(listed, attrRunID))
		if errors.Is(err, dynamo.ErrNotFound) {
			continue // expired a moment before its place in the list
		}
		if err != nil {
			return nil, "", err
		}
		page = append(page, run)
	}
	return page, dynamo.CursorAfter(last), nil
}

// SaveDefinitions keeps the definitions that a run goes by, unless it keeps some already, and answers those that it keeps.
func (s Runs) SaveDefinitions(ctx context.Context, run string, createdAt time.Time, packed []byte) ([]byte, error) {
	i := key.RunDefinitions(run).Item()
	i[dynamo.AttrBody] = dynamo.BytesValue(packed)
	i[dynamo.AttrTTL] = dynamo.NumberValue(createdAt.Add(columnsLife).Unix())
	err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, i, dynamo.Absent()))
	if err == nil {
		return packed, nil
	}
	if !errors.Is(err, dynamo.ErrConflict) {
		return nil, fmt.Errorf("saving the definitions of run %s: %w", run, err)
	}
	return s.Definitions(ctx, run)
}

// Definitions reads what SaveDefinitions kept. ErrNotFound if there is nothing.
func (s Runs) Definitions(ctx context.Context, run string) ([]byte, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.RunDefinitions(run))
	if err != nil {
		return nil, fmt.Errorf("reading the definitions of run %s: %w", run, err)
	}
	if found == nil {
		return nil, fmt.Errorf("reading the definitions of run %s: %w", run, dynamo.ErrNotFound)
	}
	return dynamo.BytesOf(found, dynamo.AttrBody), nil
}

// RunPart is a part of a shard's columns: what lies between two cursors of its scan. Next is empty in the last part.
type RunPart struct {
	Shard, Number int
	Next          string
	Body          []byte
}

// SavePart keeps a part of a run's columns. A part is never written again: ErrConflict says that there is one of that number, and
// who collects goes on from where that one ends, so that the parts of a shard are a chain without gap or overlap however many
// collected it at once.
func (s Runs) SavePart(ctx context.Context, run score.Run, part RunPart) error {
	i := key.Columns(run.ID, part.Shard, part.Number).Item()
	i[dynamo.AttrBody] = dynamo.BytesValue(part.Body)
	i[attrNext] = dynamo.TextValue(part.Next)
	i[dynamo.AttrTTL] = dynamo.NumberValue(run.CreatedAt.Add(columnsLife).Unix())
	if err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, i, dynamo.Absent())); err != nil {
		return fmt.Errorf("saving part %d of shard %d of run %s: %w", part.Number, part.Shard, run.ID, err)
	}
	return nil
}

// Part reads one part of a shard's columns. ErrNotFound if it was not collected.
func (s Runs) Part(ctx context.Context, run string, shard, number int) (RunPart, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Columns(run, shard, number))
	if err != nil {
		return RunPart{}, fmt.Errorf("reading part %d of shard %d of run %s: %w", number, shard, run, err)
	}
	if found == nil {
		return RunPart{}, fmt.Errorf("reading part %d of shard %d of run %s: %w", number, shard, run, dynamo.ErrNotFound)
	}
	return RunPart{Shard: shard, Number: number, Next: dynamo.TextOf(found, attrNext), Body: dynamo.BytesOf(found, dynamo.AttrBody)}, nil
}

// Parts reads the columns of all shards, one part after the other.
func (s Runs) Parts(ctx context.Context, run string, visit func(RunPart) error) error {
	return s.items(ctx, run, key.ColumnsPrefix, func(found dynamo.Item) error {
		part := RunPart{Next: dynamo.TextOf(found, attrNext), Body: dynamo.BytesOf(found, dynamo.AttrBody)}
		shard, number, ok := strings.Cut(strings.TrimPrefix(dynamo.TextOf(found, dynamo.AttrSK), key.ColumnsPrefix), "#")
		var errs [2]error
		part.Shard, errs[0] = strconv.Atoi(shard)
		part.Number, errs[1] = strconv.Atoi(number)
		if err := errors.Join(errs[:]...); err != nil || !ok {
			return fmt.Errorf("a part of its columns has no number: %w", err)
		}
		return visit(part)
	})
}

// items visits the items of a run whose sort keys begin with a prefix, in their order.
func (s Runs) items(ctx context.Context, run, prefix string, visit func(dynamo.Item) error) error {
	if err := (dynamo.Stretch{Table: s.Table, PK: key.Run(run).PK, Prefix: prefix}).All(ctx, s.DB, maxRunPages, visit); err != nil {
		return fmt.Errorf("reading run %s: %w", run, err)
	}
	return nil
}

// Mark puts a shard into a set of those that are done and answers how many are in it then. ErrNotFound if the run is gone.
func (s Runs) Mark(ctx context.Context, run string, done RunDone, shard int) (int, error) {
	out, err := s.DB.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.Table, Key: key.Run(run).Item(),
		UpdateExpression:          aws.String("ADD #done :shard"),
		ConditionExpression:       aws.String("attribute_exists(pk)"),
		ExpressionAttributeNames:  map[string]string{"#done": string(done)},
		ExpressionAttributeValues: dynamo.Item{":shard": &types.AttributeValueMemberNS{Value: []string{strconv.Itoa(shard)}}},
		ReturnValues:              types.ReturnValueUpdatedNew,
	})
	if err = dynamo.LossOf(err, dynamo.Write{}.Or(dynamo.ErrNotFound)); err != nil {
		return 0, fmt.Errorf("marking shard %d of run %s as %s: %w", shard, run, done, err)
	}
	return len(shardsOf(out.Attributes, string(done))), nil
}

// SaveFindings writes what the columns said, once: later findings are dropped, being the same.
func (s Runs) SaveFindings(ctx context.Context, run string, findings score.Findings) error {
	return s.once(ctx, run, attrFindings, findings)
}

// SaveOutcome writes what the run did, once.
func (s Runs) SaveOutcome(ctx context.Context, run string, outcome score.Outcome) error {
	return s.once(ctx, run, attrOutcome, outcome)
}

func (s Runs) once(ctx context.Context, run, name string, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("saving the %s of run %s: %w", name, run, err)
	}
	stands := dynamo.Present()
	stands.Names["#name"], stands.Values = name, dynamo.Item{":body": dynamo.TextValue(string(body))}
	if err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.Run(run), "SET #name = if_not_exists(#name, :body)", stands).Or(dynamo.ErrNotFound)); err != nil {
		return fmt.Errorf("saving the %s of run %s: %w", name, run, err)
	}
	return nil
}

// RunResult is what the scoring of a shard came to.
type RunResult struct {
	Changed    int            `json:"changed"`
	PassedOver int            `json:"passedOver,omitempty"` // could not be read
	Segments   map[string]int `json:"segments,omitempty"`
	// Worths are what the members of segments bring.
	Worths map[string]score.Worth `json:"worths,omitempty"`
	// Values are those that people have of some fields; Classes are what the buyers of each class bring, and Moves who went from one class to another since the run before. They stand with the result that closing writes alone.
	Values  map[string][]score.Valued `json:"values,omitempty"`
	Classes score.Worths              `json:"classes,omitempty"`
	Moves   map[string][]score.Move   `json:"moves,omitempty"`
	// Likenesses are what the members of segments are like: what closing wrote and what the shards add to it, which may be below zero, are one sum. TagUse, Quality and Cohorts stand with what closing wrote alone. A run of the version before
	// has none of them.
	Likenesses *score.Likenesses `json:"likenesses,omitempty"`
	TagUse     *score.TagUse     `json:"tagUse,omitempty"`
	Quality    score.Quality     `json:"quality,omitempty"`
	Cohorts    *score.Cohorts    `json:"cohorts,omitempty"`
}

// SaveResult keeps the result of a shard; a later one for the same shard replaces it.
func (s Runs) SaveResult(ctx context.Context, run score.Run, shard int, result RunResult) error {
	body, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("saving the result of shard %d of run %s: %w", shard, run.ID, err)
	}
	i := key.Result(run.ID, shard).Item()
	i[dynamo.AttrBody] = dynamo.TextValue(string(body))
	i[dynamo.AttrTTL] = dynamo.NumberValue(run.CreatedAt.Add(columnsLife).Unix())
	if _, err := s.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: i}); err != nil {
		return fmt.Errorf("saving the result of shard %d of run %s: %w", shard, run.ID, err)
	}
	return nil
}

// Values are the values that people had of some fields when a run counted them; none of a run that counted none, or is long ago.
func (s Runs) Values(ctx context.Context, run score.Run) (map[string][]score.Valued, error) {
	result, err := s.Closing(ctx, run)
	return result.Values, err
}

// Closing is the result that closing wrote, consistently; an empty one of a run that is not closed, or is long ago.
func (s Runs) Closing(ctx context.Context, run score.Run) (RunResult, error) {
	var result RunResult
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Result(run.ID, run.Shards))
	if err == nil && found != nil {
		err = json.Unmarshal([]byte(dynamo.TextOf(found, dynamo.AttrBody)), &result)
	}
	if err != nil {
		return RunResult{}, fmt.Errorf("reading what closing run %s found: %w", run.ID, err)
	}
	return result, nil
}

// Results reads the results of all shards that have one.
func (s Runs) Results(ctx context.Context, run string) ([]RunResult, error) {
	var results []RunResult
	err := s.items(ctx, run, key.ResultPrefix, func(found dynamo.Item) error {
		var one RunResult
		if err := json.Unmarshal([]byte(dynamo.TextOf(found, dynamo.AttrBody)), &one); err != nil {
			return fmt.Errorf("a shard's result: %w", err)
		}
		results = append(results, one)
		return nil
	})
	return results, err
}
