package inbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTextMessagesAreVerified has what is refused before a signature is looked at; what is signed right is tried by who signs.
func TestTextMessagesAreVerified(t *testing.T) {
	b := open(t, t.TempDir())
	for name, c := range map[string]struct {
		authorization string
		status        int
		code          string
	}{
		"unsigned":     {"", 400, "IncompleteSignature"},
		"another way":  {"Basic abc", 400, "IncompleteSignature"},
		"another key":  {"ACS3-HMAC-SHA256 Credential=x,SignedHeaders=host,Signature=" + strings.Repeat("0", 64), 404, "InvalidAccessKeyId.NotFound"},
		"half signed":  {"ACS3-HMAC-SHA256 Credential=" + SMSKeyID + ",SignedHeaders=host,Signature=" + strings.Repeat("0", 64), 400, "IncompleteSignature"},
		"signed wrong": {"ACS3-HMAC-SHA256 Credential=" + SMSKeyID + ",SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=" + strings.Repeat("0", 64), 400, "SignatureDoesNotMatch"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/local/sms?PhoneNumbers=13900001111", nil)
		r.Header.Set("Authorization", c.authorization)
		r.Header.Set("x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, r)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), `"Code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	equal(t, "messages", len(list(t, b, "")), 0)
}

func TestMoodsAreJudged(t *testing.T) {
	b := open(t, t.TempDir())
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/local/mood/sms?slow=1s&refuse=x&lose=true", 200}, {"POST", "/local/mood/sms?slow=x", 400}, {"POST", "/local/mood/sms?slow=2m", 400}, {"POST", "/local/mood/sms?slow=-1s", 400},
		{"GET", "/local/mood/sms", 405}, {"PUT", "/local/sms/SMS_1", 400}, {"PUT", "/local/sms/welcome", 400},
	} {
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, httptest.NewRequest(c.method, c.path, nil))
		equal(t, c.method+" "+c.path, rec.Code, c.status)
	}
}
