//go:build unix

package client

import "testing"

// Chromium is the path of a browser. The test is skipped where there is none.
func Chromium(t *testing.T) string {
	t.Helper()
	return Program(t, "chromium")
}

// Browse shows a page in a browser of its own, without a window, until the test is over. It knows nothing of pages before it.
func Browse(t *testing.T, chromium, address string) {
	t.Helper()
	Open(t, chromium, 1280, 800).Visit(address)
}
