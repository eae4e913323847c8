package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

// Whatever a function answers, the caller gets a well-formed response, and whatever is asked for, the function gets valid JSON.
func FuzzGateway(f *testing.F) {
	f.Add(`{"statusCode":200,"headers":{"a":"b"},"cookies":["x=1"],"body":"aGk=","isBase64Encoded":true}`, "/a/b?x=1&x=%32", "text/plain", "hi")
	f.Add(`"text"`, "/%ff?%zz", "application/json", "\xff")
	f.Fuzz(func(t *testing.T, answer, target, kind, body string) {
		s := &stub{answer: answer}
		g := gate(t, s, sam.API{CORS: &sam.CORS{AllowOrigins: []string{"*"}}}, sam.Route{}, sam.Route{Method: "GET", Path: "/{a}/{rest+}"})
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("status %d", w.Code)
		}
		if w.Code == 500 && !json.Valid(w.Body.Bytes()) && !strings.Contains(answer, "statusCode") {
			t.Errorf("500 with %q", w.Body)
		}
	})
}
