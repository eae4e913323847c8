package delivery

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
)

// Confirmation is what the link in a confirmation says: that whoever reads at an address uses a device of a profile.
type Confirmation struct {
	ProfileID profile.ID // of the device that named the address
	Channel   Channel
	Address   string
	Sent      time.Time // to the second; the link holds until Until
}

// confirmationLife is how long the link of a confirmation holds: as long as nobody else can have one for the address.
const confirmationLife = profile.AskAgain

// Until is when the link ends.
func (c Confirmation) Until() time.Time { return c.Sent.Add(confirmationLife) }

const (
	// ConfirmationTag marks intents of confirmations.
	ConfirmationTag = "confirmation"
	deviceADay      = 3
)

// The caps of confirmations in place of the house's: one a week to an address, whoever names it, and few a day of one profile, whatever
// addresses its devices name.
var (
	CapOfAddress = Cap{Limit: 1, Channel: Email, Tag: ConfirmationTag, Per: int(profile.AskAgain / time.Minute), Unit: Minutes}
	CapOfDevice  = Cap{Limit: deviceADay, Channel: Email, Tag: ConfirmationTag, Per: 1, Unit: Days}
)

// Confirming are the settings by which a confirmation is judged: the house's with a cap of its own.
func (s Settings) Confirming(c Cap) Settings {
	s.Caps, s.Transactional = []Cap{c}, Transactional{CountCaps: true}
	return s
}

// Token is the sealed text of the link: safe in a URL path, and the address in it is read by nobody who sees the link in a log. The same
// confirmation has the same token. Without a secret it is empty: there is no link.
func (c Confirmation) Token(keys *proof.Keys) string {
	if !keys.CanSign() {
		return ""
	}
	secret := keys.Secrets(proof.Confirmation)[0]
	text := []byte(strings.Join([]string{string(c.ProfileID), string(c.Channel), strconv.FormatInt(c.Sent.Unix(), 10), c.Address}, "."))
	seal := sealOf(secret)
	nonce := keyed(secret, "confirmation nonce", text)[:seal.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(seal.Seal(nonce, nonce, text, nil))
}

// ParseConfirmation opens a token of Token. Whether its time is over is for the caller to ask.
func ParseConfirmation(keys *proof.Keys, token string) (Confirmation, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return Confirmation{}, ErrToken
	}
	for _, secret := range keys.Secrets(proof.Confirmation) {
		if c, err := openConfirmation(secret, sealed); err == nil {
			return c, nil
		}
	}
	return Confirmation{}, ErrToken
}

func openConfirmation(secret string, sealed []byte) (Confirmation, error) {
	seal := sealOf(secret)
	if len(sealed) < seal.NonceSize() {
		return Confirmation{}, ErrToken
	}
	text, err := seal.Open(nil, sealed[:seal.NonceSize()], sealed[seal.NonceSize():], nil)
	parts := strings.SplitN(string(text), ".", 4)
	if err != nil || len(parts) != 4 {
		return Confirmation{}, ErrToken
	}
	sent, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Confirmation{}, ErrToken
	}
	return Confirmation{ProfileID: profile.ID(parts[0]), Channel: Channel(parts[1]), Address: parts[3], Sent: time.Unix(sent, 0).UTC()}, nil
}

// sealOf is the cipher of a secret: its key is derived, since the secret signs other things too.
func sealOf(secret string) cipher.AEAD {
	block, err := aes.NewCipher(keyed(secret, "confirmation key", nil))
	if err != nil {
		panic(err) // a key of 32 bytes is one
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the blocks that it needs
	}
	return seal
}

// keyed is 32 bytes that follow from a secret for one purpose.
func keyed(secret, purpose string, text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(purpose + "\x00"))
	mac.Write(text)
	return mac.Sum(nil)
}
