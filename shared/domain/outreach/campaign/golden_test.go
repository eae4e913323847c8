package campaign

import "testing"

// A notification that was asked for before must have the id that it had: this one was computed by another program.
func TestGoldenNotificationID(t *testing.T) {
	if got := NotificationID("PROFILE", "thanks", "once"); got != "PCCQpWvotplkfRccXRgt1Q" {
		t.Errorf("the id is %s", got)
	}
}
