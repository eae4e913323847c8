package campaign

import "time"

const (
	shortPause = time.Minute
	longPause  = 30 * time.Minute
)

// AskAgain is how long something is left alone that waits for a paused campaign, by how late it is: a short pause costs a minute, and a
// long one is not asked about every minute.
func AskAgain(late time.Duration) time.Duration {
	return min(max(late/4, shortPause), longPause)
}
