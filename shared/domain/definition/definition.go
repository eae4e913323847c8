// Package definition is what operators write, by kind: how a document is read when it is saved and ever after, how it is checked, what it refers to, and
// whose audience a preview of it estimates. It stores nothing, which is the catalog's, and lets nobody save, which is console's. The surprising thing: a
// document is read strictly once, when it is saved, and leniently ever after, so that what was accepted stays valid and what a newer program has written
// is no fault; kinds.go is the whole table.
package definition

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

// Document is one version of a definition. Version counts from 1 and is never used twice for the same kind and id, not even after a deletion, so that
// (kind, id, version) always means the same body.
type Document struct {
	Kind, ID  string
	Version   int
	Body      json.RawMessage
	UpdatedAt time.Time
	By        access.Caller // who saved it; empty for what was saved before that was written down

	reading *reading
}

// reading is what a document was read as.
type reading struct {
	once  sync.Once
	value any
	err   error
}

// Held is the document for whoever keeps it in memory: it is read once, however often it is asked for. Who asks gets the same value and does not change it.
func (d Document) Held() Document {
	d.reading = new(reading)
	return d
}

// read is what decode makes of the document's body, made once where the document is held.
func read[T any](d Document, decode func([]byte) (T, error)) (T, error) {
	made := func() (T, error) {
		value, err := decode(d.Body)
		if err != nil {
			err = fmt.Errorf("reading version %d of %s %s: %w", d.Version, d.Kind, d.ID, err)
		}
		return value, err
	}
	if d.reading == nil {
		return made()
	}
	d.reading.once.Do(func() { d.reading.value, d.reading.err = made() })
	return d.reading.value.(T), d.reading.err
}

// Saved is a document with what it says.
type Saved[T any] struct {
	Document
	Value T
	// Err says that this program cannot read the document, which a newer one may have saved. Value then holds what could be read, and the id.
	Err error
}

// lenient reads what was saved before: what is unknown is passed over.
func lenient[T any](body []byte) (T, error) {
	var value T
	err := json.Unmarshal(body, &value)
	return value, err
}
