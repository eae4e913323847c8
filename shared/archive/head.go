package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Head says which objects count. Whoever reads it reads the archive as it was at one moment; Number names that moment.
type Head struct {
	Version int   `json:"v"`
	Number  int64 `json:"number"`
	// At is when the bucket was looked into last: what stood below packs then is in the files.
	At   time.Time            `json:"at"`
	Days map[profile.Day]*Day `json:"days"`
	// Merges are the lists of who was merged into whom, by shard of who they are now, of MergeShards; Erased is the list of who was erased. "" is an empty one.
	Merges []string `json:"merges,omitempty"`
	Erased string   `json:"erased,omitempty"`
	// Taken are the objects of packs and erasures that the files and lists hold, as long as they are there; Waste is what nothing names any more. Both are deleted Rest after At.
	Taken []Named `json:"taken,omitempty"`
	Waste []Named `json:"waste,omitempty"`
	// Swept is when waste was looked for that no head has ever named.
	Swept time.Time `json:"swept,omitzero"`
}

// Day is what there is of one day of the shop.
type Day struct {
	Shards int    `json:"shards"`
	Files  []File `json:"files"`
	// At is when it was told of last. A day of long ago is kept as long as one of that time.
	At time.Time `json:"at"`
	// Closes is how often the day was closed, the last time at ClosedAt. Open says that it has got files since.
	Closes   int       `json:"closes,omitempty"`
	ClosedAt time.Time `json:"closedAt,omitzero"`
	Open     bool      `json:"open,omitempty"`
	// Queued is how many jobs were queued when it was closed last, Dead how many dead letters there were.
	Queued int `json:"queued,omitempty"`
	Dead   int `json:"dead,omitempty"`
}

// File is one file of a day.
type File struct {
	Name   string `json:"name"`
	Shard  int    `json:"shard"`
	Events int    `json:"events"`
	// Late says that no answer reads it before the day is closed again: it came more than LateDays after the day.
	Late bool `json:"late,omitempty"`
}

// Named is an object and when that became of it for which it is listed.
type Named struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

const (
	headVersion = 1
	// Rest is for how long an object stays that nobody needs any more, for those who read by an older head.
	Rest = 24 * time.Hour
	// LateDays is how long after a day it is closed again by itself.
	LateDays = 35
	// Months is how long a day is kept after it, and after it was told of last.
	Months = 13
)

// ErrNewer says that a newer version of the program has written the head.
var ErrNewer = errors.New("the archive's head is of a newer version")

// Load reads the head, and the tag by which it can be replaced. Where there is none, it answers an empty one.
func Load(ctx context.Context, objects Bodies) (*Head, string, error) {
	h := &Head{Version: headVersion, Days: map[profile.Day]*Day{}}
	body, tag, err := objects.Read(ctx, headKey)
	if errors.Is(err, bucket.ErrNotFound) {
		return h, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal(body, h); err != nil {
		return nil, "", fmt.Errorf("reading the archive's head: %w", err)
	}
	if h.Version > headVersion {
		return nil, "", ErrNewer
	}
	if h.Days == nil {
		h.Days = map[profile.Day]*Day{}
	}
	return h, tag, nil
}

// Save replaces the head by its next version. bucket.ErrConflict says that another run was quicker, or that an answer to this very write was lost.
func (h *Head) Save(ctx context.Context, objects Objects, tag string) (newTag string, err error) {
	h.Number++
	body, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("writing the archive's head: %w", err)
	}
	return objects.Replace(ctx, headKey, body, tag)
}

// Discard lists objects that nothing of the head names any more.
func (h *Head) Discard(at time.Time, names ...string) {
	for _, name := range names {
		if name != "" {
			h.Waste = append(h.Waste, Named{name, at})
		}
	}
}

// Fresh leaves of listed objects those that no file and no list holds yet.
func (h *Head) Fresh(listed []bucket.Object) []bucket.Object {
	taken := map[string]bool{}
	for _, t := range h.Taken {
		taken[t.Name] = true
	}
	return slices.DeleteFunc(listed, func(o bucket.Object) bool { return taken[o.Key] })
}
