// Package realdata gives tests the purchases of real shops, which lie beside the repository where somebody has put them and are no part of it. It knows nothing of what
// is in them. The surprising thing: of some files a few lines are kept here, so that a test that recounts by itself has something to recount everywhere.
package realdata

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata
var samples embed.FS

// Path is where a file of the data lies, such as "cdnow/CDNOW_master.txt.gz". Where it is not there the test is skipped.
func Path(t testing.TB, name string) string {
	t.Helper()
	found, err := beside(name)
	if err != nil {
		t.Skipf("%s is not beside the repository: real data is no part of the project", name)
	}
	return found
}

// Open is the text of a file. Where it is not there the test is skipped.
func Open(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(Path(t, name))
	if err == nil && strings.HasSuffix(name, ".gz") {
		var plain io.Reader
		if plain, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
			text, err = io.ReadAll(plain)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each runs a test on the few lines that are kept of a file, and on the whole of it where it is there.
func Each(t *testing.T, name string, do func(t *testing.T, text []byte, whole bool)) {
	t.Run("a few lines", func(t *testing.T) {
		text, err := samples.ReadFile(path.Join("testdata", strings.TrimSuffix(name, ".gz")))
		if err != nil {
			t.Fatal(err)
		}
		do(t, text, false)
	})
	t.Run("whole", func(t *testing.T) { do(t, Open(t, name), true) })
}

// beside looks beside the root of the module, where go.mod is.
func beside(name string) (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(folder) == folder {
			return "", os.ErrNotExist
		}
		folder = filepath.Dir(folder)
	}
	found := filepath.Join(folder, "..", "shared", "data", filepath.FromSlash(name))
	_, err = os.Stat(found)
	return found, err
}
