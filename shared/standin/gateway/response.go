package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	g.addCORS(w, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message)
}

type response struct {
	StatusCode      json.RawMessage            `json:"statusCode"`
	Headers         map[string]json.RawMessage `json:"headers"`
	Cookies         []string                   `json:"cookies"`
	Body            *string                    `json:"body"`
	IsBase64Encoded bool                       `json:"isBase64Encoded"`
}

// respond turns a function's answer into HTTP: an object with a statusCode is a response; any other JSON is the body of a 200.
func (g *Gateway) respond(w http.ResponseWriter, r *http.Request, payload []byte) {
	status, header, body, ok := parse(payload)
	if !ok {
		g.refuse(w, r, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for name, values := range header {
		if g.api.CORS != nil && strings.HasPrefix(name, "Access-Control-") {
			continue
		}
		switch name {
		case "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer":
			continue
		}
		w.Header()[name] = values
	}
	g.addCORS(w, r)
	if status != http.StatusNoContent && status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified {
		_, _ = w.Write(body)
	}
}

func parse(payload []byte) (status int, header http.Header, body []byte, ok bool) {
	header = http.Header{}
	var probe struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	trimmed := bytes.TrimSpace(payload)
	if len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(trimmed, &probe) != nil || probe.StatusCode == nil {
		if len(trimmed) > 0 && !json.Valid(trimmed) {
			return 0, nil, nil, false
		}
		header.Set("Content-Type", "application/json")
		var text string
		if json.Unmarshal(trimmed, &text) == nil && len(trimmed) > 0 && trimmed[0] == '"' {
			return http.StatusOK, header, []byte(text), true
		}
		return http.StatusOK, header, trimmed, true
	}
	var out response
	if json.Unmarshal(trimmed, &out) != nil {
		return 0, nil, nil, false
	}
	status, err := strconv.Atoi(strings.Trim(string(out.StatusCode), `"`))
	if err != nil || status < 200 || status > 599 {
		return 0, nil, nil, false
	}
	for name, raw := range out.Headers {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw)
			if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
				return 0, nil, nil, false
			}
		}
		header.Set(name, value)
	}
	for _, c := range out.Cookies {
		header.Add("Set-Cookie", c)
	}
	if out.Body != nil {
		body = []byte(*out.Body)
		if out.IsBase64Encoded {
			if body, err = base64.StdEncoding.DecodeString(*out.Body); err != nil {
				return 0, nil, nil, false
			}
		}
	}
	if header.Get("Content-Type") == "" && len(body) > 0 {
		header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	return status, header, body, true
}
