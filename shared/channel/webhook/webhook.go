// Package webhook posts notifications to an address of the shop's own: the social channel. It is not the shop's incoming
// webhooks. The surprising thing: a call that got no answer is never made again, since the shop may have had it.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/channel/call"
	"github.com/userops/userops/shared/domain/people/profile"
)

// SignatureHeader carries t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>" with the secret>.
const SignatureHeader = "X-Userops-Signature"

// Credential is the name of the secret that calls are signed with.
const Credential = "webhook-secret"

// Settings are of one receiver.
type Settings struct {
	URL string `env:"WEBHOOK_URL" default:""`
}

// Wanted is by the receiver's address.
func (s Settings) Wanted() bool { return s.URL != "" }

// Open makes a sender, which calls nobody yet.
func (s Settings) Open(m channel.Means) channel.Sender {
	return &Sender{Settings: s, Secret: m.Named(Credential), Timeout: m.Timeout, Now: m.Now, Client: call.NewClient()}
}

// Sender posts to one address. It is safe for concurrent use.
type Sender struct {
	Settings
	// Secret is asked for with each call, since it may change. An error means that it is not known now; so does an empty one.
	Secret  func(context.Context) (string, error)
	Timeout time.Duration
	Now     func() time.Time
	// Client is the HTTP client; its CheckRedirect must not follow. call.NewClient makes one.
	Client *http.Client
}

// Body is what the receiver gets. Payload is the rendered template.
type Body struct {
	NotificationID string          `json:"notificationId"`
	CampaignID     string          `json:"campaignId"`
	ProfileID      profile.ID      `json:"profileId"`
	UserID         string          `json:"userId,omitempty"`
	Payload        json.RawMessage `json:"payload"`
}

// Check says whether the settings can be used at all, naming the environment's variables.
func (s *Sender) Check() error {
	if !call.IsAddress(s.URL) {
		return errors.New("WEBHOOK_URL is not an http or https address")
	}
	return nil
}

// Send posts one notification. Its errors are *channel.Error.
func (s *Sender) Send(ctx context.Context, n channel.Notification) error {
	body, err := json.Marshal(Body{n.ID, n.CampaignID, n.ProfileID, n.UserID, n.Content.Payload})
	if err != nil {
		return &channel.Error{Class: channel.Reject, Code: "payload"}
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return &channel.Error{Class: channel.Retry, Code: "settings"}
	}
	secret, err := s.Secret(ctx)
	if err != nil || secret == "" {
		return &channel.Error{Class: channel.Retry, Code: "secret"}
	}
	at := s.Now().Unix()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(SignatureHeader, fmt.Sprintf("t=%d,v1=%s", at, Sign(secret, at, body)))
	answer, err := call.Do(ctx, s.Client, request)
	if err != nil {
		return err
	}
	if refusal := answer.Refusal(s.Now()); refusal != nil {
		return refusal
	}
	return nil
}

// Sign is the v1 part of the signature of a body sent at a time in seconds since 1970.
func Sign(secret string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.", at)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
