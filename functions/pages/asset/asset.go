// Package asset holds the files that the console's pages load: one style sheet, one script, one icon. The surprising thing: a file's address holds a hash of what is in it, so that browsers may keep it for
// ever, and what another version of the program has is another address.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed console.css htmx.js icon.svg
var files embed.FS

// Root is what the addresses of files begin with, below the one of the pages.
const Root = "asset/"

type file struct {
	kind   string
	plain  []byte
	packed func() []byte // made once, when somebody first asks
}

// all are the files by their address: 1f3a9c0b77e2/console.css
var all, addresses = func() (map[string]file, map[string]string) {
	all, addresses := map[string]file{}, map[string]string{}
	names, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	for _, entry := range names {
		body, err := files.ReadFile(entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		address := hex.EncodeToString(sum[:6]) + "/" + entry.Name()
		all[address] = file{kind: kinds[path.Ext(entry.Name())], plain: body, packed: sync.OnceValue(func() []byte { return pack(body) })}
		addresses[entry.Name()] = address
	}
	return all, addresses
}()

// kinds are not asked of the system, which may know others.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func pack(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // a level that there is not
	}
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// Address is where a file is, below the root of the pages.
func Address(name string) string { return Root + addresses[name] }

// Serve answers with the file of an address below Root, or 404.
func Serve(w http.ResponseWriter, r *http.Request, address string) {
	f, ok := all[address]
	if !ok {
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.packed()
	}
	_, _ = w.Write(body)
}

// takesGzip reads what a browser can unpack; one that gives it no weight cannot.
func takesGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		kind, parameters, err := mime.ParseMediaType("x/" + strings.TrimSpace(one))
		if err == nil && kind == "x/gzip" {
			return strings.Trim(parameters["q"], "0.") != "" || parameters["q"] == ""
		}
	}
	return false
}
