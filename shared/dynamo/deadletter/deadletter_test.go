package deadletter

import "testing"

// TestAPartIsNoItemTooLarge: DynamoDB takes items of 400 KB, names and keys included.
func TestAPartIsNoItemTooLarge(t *testing.T) {
	if size := letterPart + 200; size > 400<<10 {
		t.Errorf("a part of a dead letter can have %d bytes", size)
	}
}
