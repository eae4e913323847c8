package profile

import "time"

// Stamped is a text with the time of its last change.
type Stamped struct {
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// later takes a text that was said later; of two of the same time the greater.
func (s *Stamped) later(t Stamped) {
	if t.At.After(s.At) || t.At.Equal(s.At) && t.Value > s.Value {
		*s = t
	}
}
