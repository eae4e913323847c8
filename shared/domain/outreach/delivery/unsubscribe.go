package delivery

import (
	"errors"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

// Unsubscribe is what the link in a notification says: who wants nothing more over which channel, and which notification it
// was that they had enough of.
type Unsubscribe struct {
	ProfileID      profile.ID
	Channel        Channel
	NotificationID string
}

// ErrToken says that a token was not made by Token with one of these keys.
var ErrToken = errors.New("the token is not one of ours")

// Token is the signed text of the link: safe in a URL path, without personal data, and valid for ever, since people unsubscribe
// from old mail too. Without a secret it is empty: there is no link.
func (u Unsubscribe) Token(keys *proof.Keys) string {
	if !keys.CanSign() {
		return ""
	}
	text := strings.Join([]string{string(u.ProfileID), string(u.Channel), u.NotificationID}, ".")
	return text + "." + keys.Sign(proof.Unsubscribe, text)
}

// ParseUnsubscribe checks a token of Token and reads it.
func ParseUnsubscribe(keys *proof.Keys, token string) (Unsubscribe, error) {
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || !keys.Signed(proof.Unsubscribe, token[:cut], token[cut+1:]) {
		return Unsubscribe{}, ErrToken
	}
	parts := strings.Split(token[:cut], ".")
	if len(parts) != 3 {
		return Unsubscribe{}, ErrToken
	}
	return Unsubscribe{ProfileID: profile.ID(parts[0]), Channel: Channel(parts[1]), NotificationID: parts[2]}, nil
}
