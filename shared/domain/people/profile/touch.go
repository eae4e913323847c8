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

func (m *Memory) touch(c *eventContext, at time.Time) {
	last := m.Touch["last"]
	t := Touch{At: at, Campaign: same(last.Campaign, c.campaign), Source: same(last.Source, c.source), Medium: same(last.Medium, c.medium), Referrer: same(last.Referrer, c.referrer)}
	if t.Campaign == "" && t.Source == "" && t.Medium == "" && t.Referrer == "" {
		return
	}
	if m.Touch == nil {
		m.Touch = map[string]Touch{}
	}
	m.Touch["first"] = earliestTouch(m.Touch["first"], t)
	m.Touch["last"] = latestTouch(m.Touch["last"], t)
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
