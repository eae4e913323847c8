// Package session is how an operator who has signed in on the console's pages is known again: by a cookie that says who they are until when, and by passes, with which the pages call the API
// in their name for a minute. It knows no request and no storage. The surprising thing: a cookie is no pass. Each is signed with a key of its own, so what a browser holds opens
// pages alone, and what opens the API never leaves the deployment.
package session

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

const (
	// Life is how long a session lasts: a working day. Nothing makes it longer.
	Life = 8 * time.Hour
	// PassLife is how long a pass holds: longer than a page takes, and short beside what anybody could do with it.
	PassLife = time.Minute
	// attemptLife is how long somebody may take who signs in elsewhere.
	attemptLife = 10 * time.Minute
)

// Session is an operator's, from their signing in to their signing out, or to its end.
type Session struct {
	ID     string        `json:"id"` // of this signing in: another one has another
	Caller access.Caller `json:"caller"`
	// Issuer is who says so, where they signed in elsewhere; empty for a key.
	Issuer string    `json:"issuer,omitempty"`
	Until  time.Time `json:"until"`
}

// Pass is a session as the API takes it.
type Pass struct {
	Caller access.Caller `json:"caller"`
	Issuer string        `json:"issuer,omitempty"`
	From   string        `json:"from"` // the address that the operator called from
	Until  time.Time     `json:"until"`
}

// Attempt is what the pages remember of somebody, in a cookie, while they sign in elsewhere.
type Attempt struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Next     string    `json:"next"` // the page that they wanted
	Until    time.Time `json:"until"`
}

// Begin is a session that begins now.
func Begin(id string, who access.Caller, issuer string, now time.Time) Session {
	return Session{ID: id, Caller: who, Issuer: issuer, Until: now.Add(Life).UTC().Truncate(time.Second)}
}

// Pass is a pass of the session for calls that come from an address. It does not outlive the session.
func (s Session) Pass(from string, now time.Time) Pass {
	until := now.Add(PassLife)
	if s.Until.Before(until) {
		until = s.Until
	}
	return Pass{Caller: s.Caller, Issuer: s.Issuer, From: from, Until: until.UTC()}
}

// Trying is an attempt that begins now.
func Trying(state, nonce, verifier, next string, now time.Time) Attempt {
	return Attempt{State: state, Nonce: nonce, Verifier: verifier, Next: next, Until: now.Add(attemptLife).UTC()}
}

// The uses of keys. What is signed for one is nothing for another.
const (
	useCookie  = "console session"
	usePass    = "console pass"
	useAttempt = "console sign-in"
	useNetwork = "console network"
)

// Keys are derived of a deployment's secrets for this. Nil and no secret sign and accept nothing.
type Keys struct{ secrets []string }

// New makes the keys of secrets, the present one first; those before it are accepted still.
func New(secrets ...string) *Keys {
	k := &Keys{}
	for _, s := range secrets {
		if s != "" {
			k.secrets = append(k.secrets, s)
		}
	}
	return k
}

// CanSign says whether there is a secret to sign with.
func (k *Keys) CanSign() bool { return k != nil && len(k.secrets) > 0 }

// Seal is a session as a cookie holds it; empty where nothing can be signed. It is signed and not hidden: it says nothing that its bearer does not know.
func (k *Keys) Seal(s Session) string { return seal(k, useCookie, s) }

// Open is the session of a cookie, if it was sealed here and has not ended.
func (k *Keys) Open(text string, now time.Time) (Session, bool) {
	s, ok := open[Session](k, useCookie, text)
	return s, ok && s.ID != "" && now.Before(s.Until)
}

// passPrefix begins a pass, so that nobody asks of each key whether it is one.
const passPrefix = "userops-pass."

// Issue is a pass as a bearer token.
func (k *Keys) Issue(p Pass) string {
	if text := seal(k, usePass, p); text != "" {
		return passPrefix + text
	}
	return ""
}

// IsPass says whether a credential says that it is a pass.
func IsPass(credential string) bool { return strings.HasPrefix(credential, passPrefix) }

// Accept is the pass of a bearer token, if it was issued here and holds still.
func (k *Keys) Accept(token string, now time.Time) (Pass, bool) {
	text, is := strings.CutPrefix(token, passPrefix)
	p, ok := open[Pass](k, usePass, text)
	return p, is && ok && now.Before(p.Until)
}

// Remember is an attempt as a cookie holds it.
func (k *Keys) Remember(a Attempt) string { return seal(k, useAttempt, a) }

// Recall is the attempt of a cookie, if it was made here and has not ended.
func (k *Keys) Recall(text string, now time.Time) (Attempt, bool) {
	a, ok := open[Attempt](k, useAttempt, text)
	return a, ok && a.State != "" && now.Before(a.Until)
}

// Network names a network without telling which: those who try keys are counted by it.
func (k *Keys) Network(network string) string {
	if !k.CanSign() {
		return ""
	}
	return hex.EncodeToString(sign(k.secrets[0], useNetwork, network)[:12])
}

var encoding = base64.RawURLEncoding.Strict()

func seal(k *Keys, use string, v any) string {
	if !k.CanSign() {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only a type that JSON cannot hold
	}
	body := encoding.EncodeToString(text)
	return body + "." + encoding.EncodeToString(sign(k.secrets[0], use, body))
}

func open[T any](k *Keys, use, sealed string) (v T, ok bool) {
	body, signature, _ := strings.Cut(sealed, ".")
	given, err := encoding.DecodeString(signature)
	if k == nil || err != nil {
		return v, false
	}
	genuine := false
	for _, secret := range k.secrets {
		genuine = hmac.Equal(given, sign(secret, use, body)) || genuine
	}
	if !genuine {
		return v, false
	}
	text, err := encoding.DecodeString(body)
	if err != nil || json.Unmarshal(text, &v) != nil {
		var none T
		return none, false
	}
	return v, true
}

// sign is by the key that HKDF with SHA-256 (RFC 5869, without a salt) derives of a secret for one use.
func sign(secret, use, text string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "userops "+use, sha256.Size)
	if err != nil {
		panic(err) // only a longer key than HKDF can make
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
