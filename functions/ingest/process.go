package ingest

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/httpapi"
)

// Sources reads definitions of sources consistently: as they are now. An error says nothing of the source.
type Sources interface {
	// ByWriteKey gives a disabled source, too; false where no source lists the key.
	ByWriteKey(ctx context.Context, key string) (source.Source, bool, error)
	// Source answers false where there is none.
	Source(ctx context.Context, id source.ID) (source.Source, bool, error)
	// HookSecrets are those by which the source's shop system may sign, of a source that says that it has any.
	HookSecrets(ctx context.Context, id source.ID) ([]string, error)
}

// Secrets knows the keys of userHashes. An error means that they are not known now.
type Secrets interface {
	Keys(ctx context.Context) (*proof.Keys, error)
}

// Queue makes all bodies durable, or answers an error that leaves open which of them are.
type Queue interface {
	SendAll(ctx context.Context, bodies [][]byte) error
}

// Process is the function. Its exported fields are set once.
type Process struct {
	Auth       httpapi.Auth
	Sources    Sources
	Queue      Queue
	DefaultKey string // write key of the built-in browser source, empty for none
	// DefaultRate is how many events a second the built-in source may send, 0 for no limit.
	DefaultRate float64
	// NewPerAddress is how many new identifiers a minute one network address may name by public keys, 0 for no limit.
	NewPerAddress float64
	Secrets       Secrets          // without one nobody can prove to be somebody
	Currency      money.Currency   // of order events that name none
	Zone          *time.Location   // of times that name none; nil is UTC
	Refusals      Refusals         // without one, refusals are logged and counted alone
	Instance      string           // names this process among those that keep refusals
	Now           func() time.Time // receivedAt, and the clock of the caches
	NewID         func() string    // messageId for events without one; never the same twice

	refused refused
	keys    keyring
	hooks   keyring // by source id
	buckets buckets
	quotas  quotas
}
