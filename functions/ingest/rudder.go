package ingest

import (
	"net/http"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/httpapi"
)

// What RudderStack's clients for browsers and apps ask for beside the calls that all clients share.

// publicKey is the key of a call that a page makes: a write key, in the header or, where a browser sends none, in the query. It answers the request of whoever
// has another. The server key is none of them: it has no business in a page, and least of all in an address.
func (p *Process) publicKey(w http.ResponseWriter, r *http.Request) (string, bool) {
	key := httpapi.Key(r)
	if key == "" {
		key = r.URL.Query().Get("writeKey")
	}
	switch {
	case key == "":
		httpapi.Unauthorized(w, aWriteKey+", as HTTP Basic user, bearer token or writeKey in the query")
	case httpapi.Matches(key, p.Auth.ServerKeyHash):
		p.Auth.Refuse(w, r, key, aWriteKey)
	default:
		return key, true
	}
	return "", false
}

// beacon takes a batch that navigator.sendBeacon sends, which has no headers, so that the key stands in the query.
func (p *Process) beacon(w http.ResponseWriter, r *http.Request) {
	if key, ok := p.publicKey(w, r); ok {
		p.postBy(w, r, key, event.ParseBatch)
	}
}

// sourceConfig answers the clients' question how a source is set up: it is enabled, has no destinations of its own in the page, and nothing is told to
// RudderStack of errors and metrics. It says nothing that the page does not know: in place of the source's id and name stands the key. It names no address
// either, since the page has told the client where its events go.
func (p *Process) sourceConfig(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("rest") != "" {
		httpapi.Problem(w, http.StatusNotFound, "", "")
		return
	}
	key, ok := p.publicKey(w, r)
	if !ok {
		return
	}
	if _, ok := p.source(w, r, key, aWriteKey); !ok {
		return
	}
	type object = map[string]any
	off := object{"enabled": false}
	httpapi.JSON(w, http.StatusOK, object{"source": object{
		"id": key, "name": key, "writeKey": key, "workspaceId": "userops", "enabled": true, "destinations": []object{},
		"config": object{"statsCollection": object{"errors": off, "metrics": off}},
	}})
}
