package inbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPushesAreVerified has what is refused of callers whom neither service knows; what is signed right is tried by who signs.
func TestPushesAreVerified(t *testing.T) {
	b := open(t, t.TempDir())
	device := strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		path, authorization, body string
		status                    int
		says                      string
	}{
		"Firebase, by nobody":  {"/local/fcm/v1/projects/" + FCMProject + "/messages:send", "", "{}", 401, `"status":"UNAUTHENTICATED"`},
		"Firebase, by a guess": {"/local/fcm/v1/projects/" + FCMProject + "/messages:send", "Bearer ya29.x", "{}", 401, `"status":"UNAUTHENTICATED"`},
		"a grant of nothing":   {"/local/fcm/token", "", "grant_type=client_credentials", 400, "unsupported_grant_type"},
		"a grant to nobody":    {"/local/fcm/token", "", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c", 400, "invalid_grant"},
		"Apple, by nobody":     {"/local/apns/3/device/" + device, "", "{}", 403, "InvalidProviderToken"},
		"Apple, by a guess":    {"/local/apns/3/device/" + device, "bearer a.b.c", "{}", 403, "InvalidProviderToken"},
	} {
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, r)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	equal(t, "messages", len(list(t, b, "")), 0)
}

// TestTheFilesAreOfOneProcess: whoever is given them is known as long as it lasts.
func TestTheFilesAreOfOneProcess(t *testing.T) {
	var file map[string]string
	if err := json.Unmarshal([]byte(FCMAccount("http://here")), &file); err != nil || file["token_uri"] != "http://here/local/fcm/token" || !strings.Contains(file["private_key"], "PRIVATE KEY") {
		t.Errorf("the account is %v, %v", file["token_uri"], err)
	}
	equal(t, "the account", FCMAccount("x"), FCMAccount("x"))
	equal(t, "the key", APNSKey(), APNSKey())
}
