package inbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What the fake push services know: a project of Firebase, and a key, a team and an app of Apple's.
const (
	FCMProject = "local-project"
	APNSKeyID  = "LOCALKEY01"
	APNSTeam   = "LOCALTEAM1"
	APNSTopic  = "example.shop.app"

	fcmAccount = "local@local-project.iam.gserviceaccount.com"
	fcmScope   = "https://www.googleapis.com/auth/firebase.messaging"
)

// googleKey and appleKey are drawn when they are first needed, and last as long as the process.
var (
	googleKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	appleKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the machine has no randomness
	}
	return v
}

func pkcs8(key any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}))
}

// FCMAccount is the file of the service account that the fake of Firebase knows; at is where the inbox is.
func FCMAccount(at string) string {
	return string(must(json.Marshal(map[string]string{
		"type": "service_account", "project_id": FCMProject, "private_key_id": "local", "private_key": pkcs8(googleKey()), "client_email": fcmAccount, "token_uri": at + "/local/fcm/token",
	})))
}

// APNSKey is the file of the key that the fake of Apple's service knows.
func APNSKey() string { return pkcs8(appleKey()) }

// pushProvider plays Firebase Cloud Messaging (HTTP v1, with the token endpoint of OAuth 2) and Apple's push service (by token).
type pushProvider struct {
	desk
	mu     sync.Mutex
	access map[string]time.Time // tokens that were given out, and until when they count
}

const (
	accessLife   = time.Hour
	maxPush      = 4096 // bytes of a notification
	providerAge  = time.Hour
	maxPushTaken = 64 << 10
)

var (
	fcmToken  = regexp.MustCompile(`^[A-Za-z0-9_:-]{20,512}$`)
	apnsToken = regexp.MustCompile(`^([0-9a-f]{2}){32,128}$`)
	apnsID    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// grant answers the JWT grant of RFC 7523.
func (p *pushProvider) grant(w http.ResponseWriter, r *http.Request) {
	refuse := func(word string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error":%q}`, word)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxPushTaken)
	if r.Method != http.MethodPost || r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		refuse("unsupported_grant_type")
		return
	}
	now := p.now()
	var claims struct {
		Scope string `json:"scope"`
		jwt.RegisteredClaims
	}
	token, err := jwt.ParseWithClaims(r.PostFormValue("assertion"), &claims, func(*jwt.Token) (any, error) { return &googleKey().PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(fcmAccount), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(time.Minute), jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case err != nil || token.Header["kid"] != "local":
		refuse("invalid_grant")
		return
	case claims.Scope != fcmScope || len(claims.Audience) != 1 || !strings.HasSuffix(claims.Audience[0], "/local/fcm/token"):
		refuse("invalid_scope")
		return
	case claims.ExpiresAt.Sub(claims.IssuedAt.Time) > time.Hour:
		refuse("invalid_grant")
		return
	}
	access := "ya29." + rand.Text()
	p.mu.Lock()
	if p.access == nil {
		p.access = map[string]time.Time{}
	}
	p.access[access] = now.Add(accessLife)
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"expires_in":%d,"token_type":"Bearer"}`, access, int(accessLife/time.Second)-1)
}

// forget takes back every access token.
func (p *pushProvider) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.access = nil
}

// fcmStatuses are the statuses of Firebase's words.
var fcmStatuses = map[string]struct {
	code   int
	status string
}{
	"UNREGISTERED": {404, "NOT_FOUND"}, "SENDER_ID_MISMATCH": {403, "PERMISSION_DENIED"}, "QUOTA_EXCEEDED": {429, "RESOURCE_EXHAUSTED"}, "UNAVAILABLE": {503, "UNAVAILABLE"},
	"INTERNAL": {500, "INTERNAL"}, "THIRD_PARTY_AUTH_ERROR": {401, "UNAUTHENTICATED"}, "INVALID_ARGUMENT": {400, "INVALID_ARGUMENT"},
}

// fcm answers projects.messages.send.
func (p *pushProvider) fcm(w http.ResponseWriter, r *http.Request, path string) {
	m := p.moods.of(Push)
	if !m.wait(r) {
		return
	}
	refuse := func(code int, status, word, message string) {
		type detail struct {
			Type      string `json:"@type"`
			ErrorCode string `json:"errorCode,omitempty"`
		}
		var said struct {
			Error struct {
				Code    int      `json:"code"`
				Message string   `json:"message"`
				Status  string   `json:"status"`
				Details []detail `json:"details,omitempty"`
			} `json:"error"`
		}
		said.Error.Code, said.Error.Message, said.Error.Status = code, message, status
		if word != "" {
			said.Error.Details = []detail{{"type.googleapis.com/google.firebase.fcm.v1.FcmError", word}}
		}
		w.Header().Set("Content-Type", "application/json")
		if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "60")
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(said)
	}
	now := p.now().UTC()
	access, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	until, known := p.access[access]
	p.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPushTaken))
	var asked struct {
		Message struct {
			Token        string
			Notification struct{ Title, Body string }
			Data         map[string]string
		}
	}
	switch {
	case !bearer || !known || !now.Before(until):
		refuse(401, "UNAUTHENTICATED", "", "Request had invalid authentication credentials.")
	case r.Method != http.MethodPost || path != "v1/projects/"+FCMProject+"/messages:send":
		refuse(404, "NOT_FOUND", "", "Requested entity was not found.")
	case err != nil || json.Unmarshal(body, &asked) != nil:
		refuse(400, "INVALID_ARGUMENT", "", "Invalid JSON payload received.")
	case !fcmToken.MatchString(asked.Message.Token):
		refuse(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token")
	case len(body) > maxPush || reserved(asked.Message.Data):
		refuse(400, "INVALID_ARGUMENT", "", "Invalid data payload")
	case m.Refuse != "":
		s := fcmStatuses[m.Refuse]
		if s.code == 0 {
			s.code, s.status = 400, "INVALID_ARGUMENT"
		}
		refuse(s.code, s.status, m.Refuse, "as told")
	default:
		p.take(w, m, asked.Message.Token, FCMProject, asked.Message.Notification.Title, asked.Message.Notification.Body, asked.Message.Data, now,
			fmt.Sprintf(`{"name":"projects/%s/messages/0:%d"}`, FCMProject, now.UnixNano()))
	}
}

// reserved tells whether data has a name that Firebase keeps for itself.
func reserved(data map[string]string) bool {
	for name := range data {
		if name == "from" || name == "message_type" || strings.HasPrefix(name, "google.") || strings.HasPrefix(name, "gcm.") {
			return true
		}
	}
	return false
}

// apnsStatuses are the statuses of Apple's words.
var apnsStatuses = map[string]int{
	"BadDeviceToken": 400, "DeviceTokenNotForTopic": 400, "ExpiredProviderToken": 403, "InvalidProviderToken": 403, "Unregistered": 410, "ExpiredToken": 410, "PayloadTooLarge": 413,
	"TooManyRequests": 429, "TooManyProviderTokenUpdates": 429, "InternalServerError": 500, "ServiceUnavailable": 503, "Shutdown": 503,
}

// apns answers a notification for Apple's devices.
func (p *pushProvider) apns(w http.ResponseWriter, r *http.Request, token string) {
	m := p.moods.of(Push)
	if !m.wait(r) {
		return
	}
	refuse := func(status int, reason string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"reason":%q}`, reason)
	}
	now := p.now().UTC()
	var claims jwt.RegisteredClaims
	signed, _ := strings.CutPrefix(r.Header.Get("Authorization"), "bearer ")
	parsed, err := jwt.ParseWithClaims(signed, &claims, func(*jwt.Token) (any, error) { return &appleKey().PublicKey, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(APNSTeam), jwt.WithTimeFunc(func() time.Time { return now }))
	body, readErr := io.ReadAll(io.LimitReader(r.Body, maxPushTaken))
	var asked map[string]json.RawMessage
	var aps struct {
		Alert struct{ Title, Body string }
	}
	switch {
	case err != nil || parsed.Header["kid"] != APNSKeyID || claims.IssuedAt == nil:
		refuse(403, "InvalidProviderToken")
	case now.Sub(claims.IssuedAt.Time).Abs() > providerAge:
		refuse(403, "ExpiredProviderToken")
	case r.Method != http.MethodPost:
		refuse(405, "MethodNotAllowed")
	case !apnsToken.MatchString(token):
		refuse(400, "BadDeviceToken")
	case r.Header.Get("apns-topic") != APNSTopic:
		refuse(400, "TopicDisallowed")
	case !apnsID.MatchString(r.Header.Get("apns-id")):
		refuse(400, "BadMessageId")
	case !slices.Contains([]string{"alert", "background"}, r.Header.Get("apns-push-type")):
		refuse(400, "InvalidPushType")
	case len(body) > maxPush:
		refuse(413, "PayloadTooLarge")
	case readErr != nil || json.Unmarshal(body, &asked) != nil || json.Unmarshal(asked["aps"], &aps) != nil:
		refuse(400, "PayloadEmpty")
	case m.Refuse != "":
		status := apnsStatuses[m.Refuse]
		if status == 0 {
			status = 400
		}
		refuse(status, m.Refuse)
	default:
		data := map[string]string{}
		for name, raw := range asked {
			var value string
			if name != "aps" && json.Unmarshal(raw, &value) == nil {
				data[name] = value
			}
		}
		p.take(w, m, token, APNSTopic, aps.Alert.Title, aps.Alert.Body, data, now, "")
	}
}

// take keeps a notification as the device shows it.
func (p *pushProvider) take(w http.ResponseWriter, m mood, to, from, title, text string, data map[string]string, now time.Time, answer string) {
	if data == nil {
		data = map[string]string{}
	}
	if err := p.add(Message{Channel: Push, To: to, From: from, Subject: title, Text: text, Headers: data, ReceivedAt: now}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if m.Lose {
		lost(w)
		return
	}
	_, _ = io.WriteString(w, answer)
}
