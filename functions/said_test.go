package functions

import (
	"strings"
	"sync"
)

// said is what the functions inside this program log: a test that fails shows what has come since its stack began, of stacks of other tests too that ran at the time.
var said saidLines

// saidMost is how many lines are kept.
const saidMost = 2000

type saidLines struct {
	mu    sync.Mutex
	gone  int
	lines []string
}

// Write keeps a line.
func (s *saidLines) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines = append(s.lines, string(p)); len(s.lines) > saidMost {
		s.gone, s.lines = s.gone+1, s.lines[1:]
	}
	return len(p), nil
}

// now is where the next line will be.
func (s *saidLines) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone + len(s.lines)
}

// since are the lines from there on that are kept.
func (s *saidLines) since(at int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines[max(at-s.gone, 0):], "")
}
