package ingest

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/source"
)

const (
	// keyAge is how long an answer about a key holds. Revoked means revoked everywhere within a minute.
	keyAge = 50 * time.Second
	// maxKeys bounds the memory for keys, known or not.
	maxKeys = 10_000
)

// keyring remembers which source a write key belongs to, and which keys are none, by the hash of the key.
type keyring struct {
	mu      sync.Mutex
	answers map[[sha256.Size]byte]keyAnswer
}

type keyAnswer struct {
	source  source.Source
	known   bool
	until   time.Time
	secrets []string // of the source's shop system, where it was asked for by its address
}

func (k *keyring) recall(hash [sha256.Size]byte, now time.Time) (keyAnswer, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.answers[hash]
	return a, ok && now.Before(a.until)
}

func (k *keyring) remember(hash [sha256.Size]byte, a keyAnswer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	// Starting over costs a few reads and needs no order of use.
	if k.answers == nil || len(k.answers) >= maxKeys {
		k.answers = make(map[[sha256.Size]byte]keyAnswer)
	}
	k.answers[hash] = a
}
