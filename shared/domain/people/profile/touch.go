package profile

import (
	"strings"
	"time"
)

// Touch is what brought the person here.
type Touch struct {
	At       time.Time `json:"at"`
	Campaign string    `json:"campaign,omitempty"`
	Source   string    `json:"source,omitempty"`
	Medium   string    `json:"medium,omitempty"`
	Referrer string    `json:"referrer,omitempty"`
}

func touchKey(t Touch) string {
	return strings.Join([]string{t.Campaign, t.Source, t.Medium, t.Referrer}, "\x00")
}

func earliestTouch(a, b Touch) Touch {
	if a.At.IsZero() || !b.At.IsZero() && (b.At.Before(a.At) || b.At.Equal(a.At) && touchKey(b) > touchKey(a)) {
		return b
	}
	return a
}

func latestTouch(a, b Touch) Touch {
	if a.At.IsZero() || b.At.After(a.At) || b.At.Equal(a.At) && touchKey(b) > touchKey(a) {
		return b
	}
	return a
}
