package delivery

import (
	"testing"

	"github.com/userops/userops/shared/domain/people/proof"
)

// keysOf are those of a deployment that has only the secret that its shop was given.
func keysOf(secret string) *proof.Keys { return proof.New(nil, []string{secret}) }

// What is stored or sent to people must stay what it is: these values were computed by another program.
func TestGoldenValues(t *testing.T) {
	for _, address := range []string{"mei@shop.example", " Mei@Shop.Example\t", "ｍｅｉ＠ｓｈｏｐ．ｅｘａｍｐｌｅ"} {
		if got := AddressHash(address); got != "0285a2237a8215da" {
			t.Errorf("the hash of %q is %s", address, got)
		}
	}
	const token = "PROFILE.email.N1.qXKX25ueJWwf0YqZgUoD3w"
	link := Unsubscribe{ProfileID: "PROFILE", Channel: Email, NotificationID: "N1"}
	if got := link.Token(keysOf("secret")); got != token {
		t.Errorf("the token is %s, want %s", got, token)
	}
	if got, err := ParseUnsubscribe(keysOf("secret"), token); err != nil || got != link {
		t.Errorf("the token of an old mail says %+v, %v", got, err)
	}
}
