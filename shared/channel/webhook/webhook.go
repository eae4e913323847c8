// Package webhook posts notifications to an address of the shop's own: the social channel. It is not the shop's incoming
// webhooks. The surprising thing: it follows no redirect and sends no header that would make Go's client repeat a request by
// itself, because a request that is repeated is a notification that arrives twice.
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
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/userops/userops/shared/channel"
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
	return &Sender{Settings: s, Secret: m.Credential, Timeout: m.Timeout, Now: m.Now, Client: NewClient()}
}

// Sender posts to one address. It is safe for concurrent use.
type Sender struct {
	Settings
	// Secret is asked for with each call, since it may change. An error means that it is not known now; so does an empty one.
	Secret  func(context.Context) (string, error)
	Timeout time.Duration
	Now     func() time.Time
	// Client is the HTTP client; its CheckRedirect must not follow. NewClient makes one.
	Client *http.Client
}

// maxIdle is how many connections are kept for the next calls: as many as dispatch has side by side.
const maxIdle = 32

// NewClient is an HTTP client that follows no redirect and keeps its connections.
func NewClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxIdle
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
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
	var written atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodPost, s.URL, bytes.NewReader(body))
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
	answer, err := s.Client.Do(request)
	if err != nil {
		if written.Load() {
			return &channel.Error{Class: channel.Uncertain, Code: "no answer"}
		}
		return &channel.Error{Class: channel.Retry, Code: "connect"}
	}
	defer func() { _ = answer.Body.Close() }()
	// Reading the rest lets the connection be used again; a long answer is not worth it.
	_, _ = io.CopyN(io.Discard, answer.Body, 16<<10)
	return s.classify(answer)
}

// Sign is the v1 part of the signature of a body sent at a time in seconds since 1970.
func Sign(secret string, at int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.", at)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// classify reads the status. A gateway's time-out is the one status of the 500s that does not say whether the notification
// arrived behind it.
func (s *Sender) classify(answer *http.Response) error {
	code := strconv.Itoa(answer.StatusCode)
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		return nil
	case answer.StatusCode == http.StatusGatewayTimeout:
		return &channel.Error{Class: channel.Uncertain, Code: code}
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= 500:
		return &channel.Error{Class: channel.Retry, Code: code, After: s.retryAfter(answer.Header.Get("Retry-After"))}
	}
	return &channel.Error{Class: channel.Reject, Code: code}
}

// retryAfter reads seconds or a date; anything else is nothing.
func (s *Sender) retryAfter(header string) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(s.Now()), 0)
	}
	return 0
}
