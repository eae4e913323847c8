package push

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
)

// apple is an app at Apple's service.
type apple struct {
	topic, endpoint string
	client          *http.Client
	now             func() time.Time
	provider        provider
}

// provider signs the tokens by which Apple knows whose calls they are.
type provider struct {
	team, keyID string

	secret func(context.Context) (string, error)
	now    func() time.Time

	mu    sync.Mutex
	of    string // the key's file
	token string
	until time.Time
}

// providerLife is how long a token is used: Apple refuses one that is older than an hour, and a new one more often than every 20 minutes.
const providerLife = 40 * time.Minute

func (p *provider) signed(ctx context.Context) (string, error) {
	file, err := p.secret(ctx)
	if err != nil || file == "" {
		return "", &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == file && p.token != "" && p.now().Before(p.until) {
		return p.token, nil
	}
	key, err := ecKey(file)
	if err != nil {
		return "", &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	token, err := es256(map[string]any{"iss": p.team, "iat": p.now().Unix()}, p.keyID, key)
	if err != nil {
		return "", &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	p.of, p.token, p.until = file, token, p.now().Add(providerLife)
	return token, nil
}

func (p *provider) forget(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == token {
		p.token = ""
	}
}

func (a *apple) send(ctx context.Context, n channel.Notification, data map[string]string) error {
	payload := map[string]any{"aps": map[string]any{"alert": shown{n.Content.Subject, n.Content.Text}, "sound": "default"}}
	for name, value := range data {
		payload[name] = value
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return &channel.Error{Class: channel.Reject, Code: "payload"}
	}
	for attempt := range 2 {
		token, err := a.provider.signed(ctx)
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint+"/3/device/"+strings.ToLower(n.Address), bytes.NewReader(body))
		if err != nil {
			return &channel.Error{Class: channel.Retry, Code: "settings"}
		}
		for name, value := range map[string]string{
			"authorization": "bearer " + token, "apns-topic": a.topic, "apns-push-type": "alert", "apns-priority": "10", "apns-id": uuid(n.ID), "content-type": "application/json",
		} {
			request.Header.Set(name, value)
		}
		answer, err := call.Do(ctx, a.client, request)
		if err != nil {
			return err
		}
		refusal, stale := a.judge(answer)
		if refusal == nil {
			return nil
		}
		if !stale || attempt > 0 {
			return refusal
		}
		a.provider.forget(token)
	}
	return nil
}

// uuid names a notification at Apple's, as which an error of it is looked up there.
func uuid(id string) string {
	sum := sha256.Sum256([]byte(id))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// judge sorts what Apple said. stale says that the provider's token counts no more.
func (a *apple) judge(answer *call.Answer) (refusal *channel.Error, stale bool) {
	if refusal = answer.Refusal(a.now()); refusal == nil {
		return nil, false
	}
	var said struct{ Reason string }
	_ = json.Unmarshal(answer.Body, &said) // without a word the status has to do
	refusal.Code = cmp.Or(call.Code(said.Reason), refusal.Code)
	switch {
	case answer.Status == http.StatusGone:
		refusal.Bounce = true // Unregistered, ExpiredToken
	case said.Reason == "ExpiredProviderToken":
		refusal.Class, stale = channel.Retry, true
	case answer.Status == http.StatusForbidden, said.Reason == "MissingTopic", said.Reason == "BadTopic", said.Reason == "TopicDisallowed":
		refusal.Class = channel.Retry // a key or a topic of the deployment's
	}
	return refusal, stale
}

func ecKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errKey
	}
	return key, nil
}

// es256 signs with the two numbers one behind the other, 32 bytes each (RFC 7518, 3.4).
func es256(claims map[string]any, keyID string, key *ecdsa.PrivateKey) (string, error) {
	text, err := signing(map[string]any{"alg": "ES256", "kid": keyID}, claims)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	r, t, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
