// Package client has the public clients that storefronts use, and a browser for those that run in pages, for tests that let them talk to the real thing. It is no client of
// ours. The surprising thing: it installs packages, once a machine, and skips the test where they cannot be had.
package client

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// clients are the public clients that tests run, each at the version with which it was last seen to work, and what makes a page's script of a module.
var clients = []string{"@segment/analytics-node@3.1.0", "@rudderstack/rudder-sdk-node@3.0.13", "@segment/analytics-next@1.84.3", "@rudderstack/analytics-js@3.34.1", "esbuild@0.28.2"}

// axe judges whether a page can be used by everybody.
const axe = "axe-core@4.14.1"

// Clients are the public clients that tests run, as npm is asked for them: name@version.
func Clients() []string { return slices.Clone(clients) }

// Installed is a folder whose node_modules has the public clients, installed once per machine. The test is skipped where that cannot be done.
func Installed(t *testing.T) string {
	t.Helper()
	return installed(t, clients)
}

// Axe is the script of axe-core, empty where it cannot be had, which a test of its own says by being skipped: all else of the test that asks goes on.
func Axe(t *testing.T) (script string) {
	t.Helper()
	t.Run("axe-core", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(installed(t, []string{axe}), "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			t.Fatal(err)
		}
		script = string(text)
	})
	return script
}

func installed(t *testing.T, clients []string) string {
	t.Helper()
	if testing.Short() {
		skip(t, "it installs packages for node")
	}
	npm := Program(t, "npm")
	Program(t, "node")
	cache, err := os.UserCacheDir()
	if err != nil {
		skip(t, "no folder for the clients: %v", err)
	}
	name := strings.NewReplacer("@", "-", "/", "-").Replace(strings.Join(clients, ""))
	cache = filepath.Join(cache, "userops")
	folder := filepath.Join(cache, "installed"+name)
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		skip(t, "no folder for the clients: %v", err)
	}
	// Tests of several packages install at once, each in a folder of its own: the first that is whole becomes the one for all.
	own, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		skip(t, "no folder for the clients: %v", err)
	}
	defer func() { _ = os.RemoveAll(own) }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := append([]string{"install", "--prefix", own, "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline",
		"--fetch-retries=0", "--fetch-timeout=10000"}, clients...)
	if out, err := exec.CommandContext(ctx, npm, args...).CombinedOutput(); err != nil {
		skip(t, "the clients cannot be had: %v\n%s", err, out)
	}
	if err := os.Rename(own, folder); err != nil {
		if _, there := os.Stat(folder); there != nil {
			t.Fatal(err)
		}
	}
	return folder
}
