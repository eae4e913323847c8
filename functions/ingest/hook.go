package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/storefront"
)

// hook takes a shop's webhook. The messageIds are made of the shop's own ids, so the shop may send a notice as often as it likes.
func (p *Process) hook(system storefront.System) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := httpapi.ReadBody(r, httpapi.MaxBody)
		if err != nil {
			httpapi.TooLarge(w, httpapi.MaxBody)
			return
		}
		topic := r.Header.Get(system.Topic)
		if topic == "" && bytes.HasPrefix(body, []byte("webhook_id=")) {
			// WooCommerce tries a new webhook's address so, unsigned.
			httpapi.JSON(w, http.StatusOK, accepted{Success: true})
			return
		}
		if topic == "" {
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", "the header "+system.Topic+" is missing, which says what the notice is about")
			return
		}
		from, secrets, err := p.hookSource(r.Context(), source.ID(r.PathValue("source")))
		switch {
		case err != nil:
			httpapi.Failed(w, r, err)
			return
		case from.Disabled || !storefront.Signed(secrets, body, r.Header.Get(system.Signature)):
			if from.ID != "" && !from.Disabled {
				p.refuse(r.Context(), from, "", refusal.Signature)
			}
			// One answer for all, so that nobody learns which sources there are.
			httpapi.Problem(w, http.StatusUnauthorized, "", "the source is not known or the signature is not its own")
			return
		}
		keys, err := p.Secrets.Keys(r.Context())
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		calls, err := system.Events(topic, body, keys.Owns)
		if err != nil {
			p.refuse(r.Context(), from, "", refusal.Malformed)
			httpapi.Problem(w, http.StatusBadRequest, "Malformed request", err.Error())
			return
		}
		batch, err := parseCalls(calls, p.arrival())
		if err != nil {
			p.malformed(w, r, from, err)
			return
		}
		levels := map[string]trust.Level{}
		for _, c := range calls {
			if c.Level != "" {
				levels[c.MessageID] = c.Level
			}
		}
		p.take(w, r, from, batch, trust.Shop, levels)
	}
}

func parseCalls(calls []storefront.Call, arrival event.Arrival) (*event.Batch, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if calls == nil {
		calls = []storefront.Call{}
	}
	if err := enc.Encode(map[string][]storefront.Call{"batch": calls}); err != nil {
		return nil, storefront.ErrNotice
	}
	return event.ParseBatch(b.Bytes(), arrival)
}

// hookSource is the source of a webhook's address with the secrets by which its shop system may sign; there are none of a source that nobody knows.
func (p *Process) hookSource(ctx context.Context, id source.ID) (source.Source, []string, error) {
	if !id.Valid() {
		return source.Source{}, nil, nil // no key is made of what anybody may write
	}
	hash, now := sha256.Sum256([]byte(id)), p.Now()
	if a, ok := p.hooks.recall(hash, now); ok {
		return a.source, a.secrets, nil
	}
	found, known, err := p.Sources.Source(ctx, id)
	if err != nil {
		return source.Source{}, nil, err
	}
	var secrets []string
	switch {
	case known && found.HookSecretSet:
		if secrets, err = p.Sources.HookSecrets(ctx, id); err != nil {
			return source.Source{}, nil, err
		}
	case known && found.HookSecret != "":
		secrets = []string{found.HookSecret} // as older versions have stored it
	}
	p.hooks.remember(hash, keyAnswer{source: found, known: known, until: now.Add(keyAge), secrets: secrets})
	return found, secrets, nil
}
