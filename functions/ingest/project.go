package ingest

import (
	"net/http"

	"github.com/userops/userops/shared/httpapi"
)

// project answers the browser clients' question how a write key's project is set up: events go to this host, nowhere else, by the protocol that the
// question came by, and every event is wanted. A client that is told no protocol takes https, which one machine does not speak.
func (p *Process) project(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("writeKey")
	from, known, err := p.sourceOf(r.Context(), key)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if !known || from.Disabled {
		httpapi.Problem(w, http.StatusNotFound, "", "the key is not known")
		return
	}
	protocol := "https"
	if r.Header.Get("X-Forwarded-Proto") == "http" { // the gateway's word: it replaces a caller's
		protocol = "http"
	}
	type object = map[string]any
	everything := object{"__default": object{"enabled": true, "integrations": object{}}}
	httpapi.JSON(w, http.StatusOK, object{
		"integrations": object{"Segment.io": object{
			"apiKey": key, "apiHost": r.Host + "/v1", "protocol": protocol, "unbundledIntegrations": []string{}, "addBundledMetadata": false,
			"maybeBundledConfigIds": object{}, "versionSettings": object{"version": "4.4.7", "componentTypes": []string{"browser"}},
		}},
		"plan":                      object{"track": everything, "identify": everything, "group": everything},
		"enabledMiddleware":         object{},
		"edgeFunction":              object{},
		"analyticsNextEnabled":      true,
		"metrics":                   object{"sampleRate": 0},
		"legacyVideoPluginsEnabled": false,
		"remotePlugins":             []string{},
	})
}
