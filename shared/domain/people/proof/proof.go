// Package proof is how a word is known again: a person's call by its userHash, a link of ours by its signature. It knows the keys and no storage of
// them. The surprising thing: of every secret there may be two, the present and the one before, so that what was signed yesterday holds while
// everybody changes over; and each use has a key of its own, so that what is signed for one can never pass for another.
package proof

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Purpose is what a signature is for.
type Purpose string

// The purposes that there are: the link to unsubscribe, which is signed, and that of a confirmation, which is sealed.
const (
	Unsubscribe  Purpose = "unsubscribe"
	Confirmation Purpose = "confirmation"
)

// label of the key with which the shop's back end makes userHashes.
const userHashLabel = "userHash"

// signatureBytes is the length of a signature in a link: beyond guessing, and short.
const signatureBytes = 16

// Keys are made of a deployment's secrets. Nil and no secret at all prove nothing and sign nothing.
type Keys struct {
	userHash []string
	root     []string
	direct   []string
}

// New makes the keys of secrets, the newest first: root ones, of which every key is derived, and those that were given to the shop's back end as
// they are, which sign userHashes directly and, where there is no root, links as they always did.
func New(root, direct []string) *Keys {
	k := &Keys{root: present(root), direct: present(direct)}
	for _, secret := range k.root {
		k.userHash = append(k.userHash, UserHashSecret(secret))
	}
	k.userHash = append(k.userHash, k.direct...)
	return k
}

func present(secrets []string) (all []string) {
	for _, s := range secrets {
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// derive is the key of a root secret for one use, by HKDF with SHA-256 (RFC 5869) without a salt: 32 bytes in hex, so that it can be copied.
func derive(root, label string) string {
	key, err := hkdf.Key(sha256.New, []byte(root), nil, "userops "+label, sha256.Size)
	if err != nil {
		panic(err) // only a longer key than HKDF can make
	}
	return hex.EncodeToString(key)
}

// UserHashSecret is what the shop's back end signs userIds with where the deployment has a root secret.
func UserHashSecret(root string) string { return derive(root, userHashLabel) }

// UserHash is the proof of a person's own call: hex HMAC-SHA256 of the userId with the secret of the shop's back end.
func UserHash(secret, userID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(userID))
	return hex.EncodeToString(mac.Sum(nil))
}

// Owns says in constant time whether hash is the userHash of userID.
func (k *Keys) Owns(userID, hash string) bool {
	if k == nil || userID == "" {
		return false
	}
	owns := 0
	for _, secret := range k.userHash {
		owns |= subtle.ConstantTimeCompare([]byte(strings.ToLower(hash)), []byte(UserHash(secret, userID)))
	}
	return owns == 1
}

// CanSign says whether there is a secret to sign with.
func (k *Keys) CanSign() bool { return k != nil && len(k.root)+len(k.direct) > 0 }

// Sign signs a text for a purpose with the present secret; empty without one.
func (k *Keys) Sign(p Purpose, text string) string {
	if all := k.signatures(p, text); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Signed says in constant time whether a signature of a text is one of Sign, by any secret that is known.
func (k *Keys) Signed(p Purpose, text, signature string) bool {
	signed := 0
	for _, s := range k.signatures(p, text) {
		signed |= subtle.ConstantTimeCompare([]byte(s), []byte(signature))
	}
	return signed == 1
}

// signatures are those that hold, the one to sign with first. Links are valid for ever, so what an older program signed with the direct secret itself
// holds as long as that secret is known; and while there is no other secret it goes on signing so, since the version before reads nothing else.
func (k *Keys) signatures(p Purpose, text string) (all []string) {
	if k == nil {
		return nil
	}
	for _, secret := range k.root {
		all = append(all, sign(derive(secret, string(p)), text))
	}
	for _, secret := range k.direct {
		all = append(all, sign(secret, string(p)+"\x00"+text))
	}
	return all
}

// Secrets are those of which the keys of a purpose are made that is not signed but sealed, the one to seal with first: derived ones, then the direct
// ones as they are, by the rule of signatures.
func (k *Keys) Secrets(p Purpose) (all []string) {
	if k == nil {
		return nil
	}
	for _, secret := range k.root {
		all = append(all, derive(secret, string(p)))
	}
	return append(all, k.direct...)
}

func sign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:signatureBytes])
}
