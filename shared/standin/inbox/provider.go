package inbox

import "time"

// desk is what a fake provider has of the inbox: where it puts messages, the clock, and how it is to behave.
type desk struct {
	add   func(...Message) error
	now   func() time.Time
	moods *moods
}
