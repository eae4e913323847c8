//go:build unix

package client

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// story is what befell a browser, line by line, each with the seconds since its start. The last thousand lines are kept.
type story struct {
	begun time.Time
	mu    sync.Mutex
	lines []string
}

const storyLines = 1000

func (s *story) tell(format string, arguments ...any) {
	line := fmt.Sprintf("%6.2f ", time.Since(s.begun).Seconds()) + fmt.Sprintf(format, arguments...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines = append(s.lines, line); len(s.lines) > storyLines {
		s.lines = s.lines[len(s.lines)-storyLines:]
	}
}

func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}
