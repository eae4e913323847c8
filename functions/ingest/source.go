package ingest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/userops/userops/shared/domain/people/source"
)

// sourceOf is the source of a write key. An error means that it could not be found out.
func (p *Process) sourceOf(ctx context.Context, key string) (source.Source, bool, error) {
	hash := sha256.Sum256([]byte(key))
	standard := sha256.Sum256([]byte(p.DefaultKey))
	if subtle.ConstantTimeCompare(hash[:], standard[:]) == 1 && p.DefaultKey != "" {
		return source.Source{ID: source.Default, Kind: source.KindBrowser, RatePerSecond: p.DefaultRate}, true, nil
	}
	if !source.IsKey(key) {
		return source.Source{}, false, nil
	}
	now := p.Now()
	if a, ok := p.keys.recall(hash, now); ok {
		return a.source, a.known, nil
	}
	found, known, err := p.Sources.ByWriteKey(ctx, key)
	if err != nil {
		return source.Source{}, false, err
	}
	p.keys.remember(hash, keyAnswer{source: found, known: known, until: now.Add(keyAge)})
	return found, known, nil
}
