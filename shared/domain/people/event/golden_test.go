package event

import "testing"

// Hashes are stored in windows and packs: these were computed by another program.
func TestGoldenFingerprints(t *testing.T) {
	for _, c := range []struct {
		source, id string
		want       Hash
	}{{"web", "m-1", 0x939f9f945800e129}, {"", "", 0x6e340b9cffb37a98}} {
		if got := Fingerprint(c.source, c.id); got != c.want {
			t.Errorf("%q %q: %016x, want %016x", c.source, c.id, uint64(got), uint64(c.want))
		}
	}
}

// The limits stand in docs/events.md, and clients cut their batches by them.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct{ got, want int }{
		"bytes of a body": {MaxBody, 512_000}, "bytes of an event": {MaxBytes, 32_768}, "bytes of an event of a back end": {MaxMoneyBytes, 262_144},
		"members": {MaxProperties, 10_000}, "events": {MaxEvents, 2500}, "characters of a messageId": {MaxMessageID, 100}, "characters of a name": {MaxName, 512},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}
