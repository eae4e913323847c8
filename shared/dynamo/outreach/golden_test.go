package outreach

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// frozenContact is a contact record as the first version wrote it.
const frozenContact = "" +
	"011c016ef6e9d2e7c014c6f9d2e7c014016805656d61696c010201610162022405656d61696c06626f756e6365f6e9d2e7c01410303238" +
	"35613232333761383231356461"

func fullContact() delivery.Contact {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return delivery.Contact{ProfileID: "p",
		Intents:      []delivery.Intent{{ID: "n", Asked: t0, At: t0.Add(time.Second), Holder: "h", Channel: delivery.Email, Counted: true, Tags: []string{"a", "b"}}},
		Suppressions: map[delivery.Channel]delivery.Suppression{delivery.Email: {Reason: "bounce", At: t0, Address: "0285a2237a8215da"}}}
}

func TestFrozenContact(t *testing.T) {
	body, err := hex.DecodeString(frozenContact)
	if err != nil {
		t.Fatal(err)
	}
	got, want := delivery.Contact{ProfileID: "p"}, fullContact()
	if err := unpackContact(body, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

// FuzzUnpackContact reads any bytes as a contact record: a fault, or one that is written the same after it was written and read again.
func FuzzUnpackContact(f *testing.F) {
	full := fullContact()
	f.Add(packContact(&full, time.Unix(1764000000, 0)))
	f.Fuzz(func(t *testing.T, body []byte) {
		var c, again delivery.Contact
		if unpackContact(body, &c) != nil {
			return
		}
		text := packContact(&c, time.Unix(1764000000, 0))
		if err := unpackContact(text, &again); err != nil || !bytes.Equal(packContact(&again, time.Unix(1764000000, 0)), text) {
			t.Fatalf("%+v comes back as %+v, %v", c, again, err)
		}
	})
}
