package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

func TestForgetAPointer(t *testing.T) {
	c := Contact{ProfileID: "ann", MovedTo: "bob"}
	if !c.Forget(time.Unix(0, 0), time.Unix(0, 0), spareNone) || c.MovedTo != "" {
		t.Errorf("%+v", c)
	}
	if c.Forget(time.Unix(0, 0), time.Unix(0, 0), spareNone) {
		t.Error("there is nothing more to forget")
	}
}

// TestForgetByTheTimeOfTheIntent: what was asked for may lie before the erasure by the client's own clock, and be of who came after it.
func TestForgetByTheTimeOfTheIntent(t *testing.T) {
	erased := time.Unix(1000, 0)
	c := Contact{Intents: []Intent{
		{ID: "before", Asked: erased.Add(time.Hour), At: erased},
		{ID: "after", Asked: erased.Add(-time.Hour), At: erased.Add(time.Millisecond)},
	}}
	if !c.Forget(erased, erased, spareNone) || len(c.Intents) != 1 || c.Intents[0].ID != "after" {
		t.Errorf("%+v", c.Intents)
	}
}

func spareNone(Intent) bool { return false }

// TestASuppressionOfTheVersionBeforeHolds: it was hashed with letters of any script folded, and full-width forms as they were.
func TestASuppressionOfTheVersionBeforeHolds(t *testing.T) {
	for _, address := range []string{"Ann@Example.com", "ÉMILIE@example.com", "ａｎｎ@example.com", " ann@example.com "} {
		sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
		for name, hash := range map[string]string{"before": hex.EncodeToString(sum[:8]), "now": AddressHash(address), "of all addresses": ""} {
			contact := &Contact{}
			contact.Suppress(Email, Suppression{Reason: "bounce", Address: hash})
			if got := (Case{Channel: Email, Address: address, Contacts: []*Contact{contact}}).suppressed(); got != "bounce" {
				t.Errorf("%q, as it was hashed %s: %q", address, name, got)
			}
		}
		contact := &Contact{}
		contact.Suppress(Email, Suppression{Reason: "bounce", Address: AddressHash("other@example.com")})
		if got := (Case{Channel: Email, Address: address, Contacts: []*Contact{contact}}).suppressed(); got != "" {
			t.Errorf("%q is barred by another one's: %q", address, got)
		}
	}
}

// TestANumberIsOneInAllItsSpellings: who is called dead as 139... is not called as +86 139..., and nobody else is taken for them.
func TestANumberIsOneInAllItsSpellings(t *testing.T) {
	dead := Suppression{Reason: "bounce", Address: AddressHash("13900001111")}
	for text, want := range map[string]bool{
		"13900001111": true, "+8613900001111": true, "0086 139-0000-1111": true, "+86 139 0000 1111": true, " 139 0000 1111": true,
		"13900001112": false, "+85213900001111": false, "113900001111": false, "13900001111@example.com": false, "139": false, "": false,
	} {
		if dead.bars(text) != want {
			t.Errorf("%q is barred: %v, want %v", text, !want, want)
		}
	}
	if AddressHash(strings.Repeat("12", 32)) == AddressHash(strings.Repeat("12", 32)[:15]) {
		t.Error("a token of digits is taken for a number")
	}
}
