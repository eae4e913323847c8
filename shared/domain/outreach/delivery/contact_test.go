package delivery

import (
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
