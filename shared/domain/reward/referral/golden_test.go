package referral

import "testing"

// Codes are printed and given away: these were computed by another program.
func TestGoldenCodes(t *testing.T) {
	for attempt, want := range []string{"MESKJCLD", "H6MJPV7M"} {
		if got := Code("spring", "PROFILE", attempt); got != want {
			t.Errorf("code %d is %s, want %s", attempt, got, want)
		}
	}
}
