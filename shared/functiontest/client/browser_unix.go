//go:build unix

package client

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Chromium is the path of a browser. The test is skipped where there is none.
func Chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium is installed")
	return ""
}

// Browse shows a page in a browser of its own, without a window, until the test is over or ninety seconds have passed. It knows nothing of pages before it.
func Browse(t *testing.T, chromium, address string) {
	t.Helper()
	// Some of the browser's processes outlive the first and still write, so the folder goes as far as it can.
	home, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	run := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+home, "--remote-debugging-port=0", address)
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	if err := run.Start(); err != nil {
		cancel()
		t.Skipf("the browser does not start: %v", err)
	}
	t.Cleanup(func() { cancel(); _ = run.Wait(); _ = os.RemoveAll(home) })
}
