package functiontest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/userops/userops/shared/httpapi"
)

// Golden hands what AWS hands a function, one file of its folder below events after the other, to each, with what is wanted of it. Files and wants have the same names.
func Golden[W any](t *testing.T, function string, want map[string]W, each func(t *testing.T, name string, raw []byte, want W)) {
	t.Helper()
	folder := filepath.Join("..", "..", "events", function)
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), folder, err)
	}
	left := map[string]bool{}
	for name := range want {
		left[name] = true
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		wanted, known := want[name]
		if !known {
			t.Errorf("nobody says what is wanted of %s", file)
			continue
		}
		delete(left, name)
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			each(t, name, raw, wanted)
		})
	}
	for name := range left {
		t.Errorf("%s has no %s.json", folder, name)
	}
}

// Ask hands what the gateway hands over to a handler, and gives the answer. A problem names the request.
func Ask(t *testing.T, handler http.Handler, raw []byte) events.APIGatewayV2HTTPResponse {
	t.Helper()
	var in events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(raw, &in); err != nil {
		t.Fatal(err)
	}
	out, err := httpapi.Lambda(handler)(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if instance := `"instance":"/requests/` + in.RequestContext.RequestID + `"`; strings.Contains(out.Headers["content-type"], "problem") && !strings.Contains(out.Body, instance) {
		t.Errorf("the problem %s has no %s", out.Body, instance)
	}
	return out
}

// Call asks a handler by HTTP. Headers are names and values in turn.
func Call(t testing.TB, handler http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
