package delivery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/userops/userops/shared/domain/profile"
)

// Unsubscribe is what the link in a notification says: who wants nothing more over which channel, and which notification it
// was that they had enough of.
type Unsubscribe struct {
	ProfileID      profile.ID
	Channel        Channel
	NotificationID string
}

// ErrToken says that a token was not made by Token with this secret.
var ErrToken = errors.New("the token is not one of ours")

// Token is the signed text of the link: safe in a URL path, without personal data, and valid for ever, since people unsubscribe
// from old mail too. An empty secret gives an empty token: there is no link without one.
func (u Unsubscribe) Token(secret string) string {
	if secret == "" {
		return ""
	}
	text := strings.Join([]string{string(u.ProfileID), string(u.Channel), u.NotificationID}, ".")
	return text + "." + signature(secret, text)
}

// ParseUnsubscribe checks a token of Token and reads it.
func ParseUnsubscribe(secret, token string) (Unsubscribe, error) {
	cut := strings.LastIndexByte(token, '.')
	if secret == "" || cut < 0 || !hmac.Equal([]byte(token[cut+1:]), []byte(signature(secret, token[:cut]))) {
		return Unsubscribe{}, ErrToken
	}
	parts := strings.Split(token[:cut], ".")
	if len(parts) != 3 {
		return Unsubscribe{}, ErrToken
	}
	return Unsubscribe{ProfileID: profile.ID(parts[0]), Channel: Channel(parts[1]), NotificationID: parts[2]}, nil
}

// signature covers the purpose too: the secret also signs a person's own calls.
func signature(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("unsubscribe\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
