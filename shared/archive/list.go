package archive

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Erased is who was erased. What was received of them until At is left out of every answer. Gone says that no file holds it any more.
type Erased struct {
	ID    profile.ID `json:"id"`
	At    time.Time  `json:"at"`
	Until time.Time  `json:"until"` // when it was carried out: merges until then are none any more
	Since time.Time  `json:"since"` // since when it is listed
	Gone  bool       `json:"gone,omitempty"`
}

// LoadErased reads the list of who was erased.
func LoadErased(ctx context.Context, objects Bodies, h *Head) (map[profile.ID]Erased, error) {
	all := map[profile.ID]Erased{}
	if h.Erased == "" {
		return all, nil
	}
	body, _, err := objects.Read(ctx, h.Erased)
	if err != nil {
		return nil, err
	}
	var list []Erased
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("reading who was erased: %w", err)
	}
	for _, e := range list {
		all[e.ID] = e
	}
	return all, nil
}

// SaveErased writes the list anew, for the head to name.
func SaveErased(ctx context.Context, objects Objects, h *Head, at time.Time, all map[profile.ID]Erased) error {
	list := slices.SortedFunc(maps.Values(all), func(a, b Erased) int { return cmp.Compare(a.ID, b.ID) })
	body, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("writing who was erased: %w", err)
	}
	return put(ctx, objects, h, at, &h.Erased, "erased", body)
}

// put writes a list and lets the head name it.
func put(ctx context.Context, objects Objects, h *Head, at time.Time, place *string, kind string, body []byte) error {
	name := ListsPrefix + kind + "-" + digest(body)
	if name == *place {
		return nil
	}
	if err := objects.Put(ctx, name, body); err != nil {
		return err
	}
	h.Discard(at, *place)
	*place = name
	return nil
}

// Erasures are those of a list as files are read and made with them. An id that is none of a profile is nobody's in a file.
func Erasures(all map[profile.ID]Erased) columns.Erasures {
	out := columns.Erasures{}
	for id, e := range all {
		if p, err := columns.PersonOf(id); err == nil {
			out[p] = e.At
		}
	}
	return out
}

// MergeShards is how many lists of merges there are: by the shard of who people are now.
const MergeShards = 16

// Merge says into whom somebody was merged, and when.
type Merge struct {
	Into columns.Person
	At   time.Time
}

const mergeSize = 2*16 + 8

// Survivor is who somebody is by now. A circle ends where it began.
func Survivor(all map[columns.Person]Merge, p columns.Person) columns.Person {
	for range len(all) {
		next, merged := all[p]
		if !merged {
			break
		}
		p = next.Into
	}
	return p
}

// OpenFile reads a file whole.
func OpenFile(ctx context.Context, objects Bodies, name string) (*columns.File, error) {
	body, _, err := objects.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	f, err := columns.Open(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
