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
