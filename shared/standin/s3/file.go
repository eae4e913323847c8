package s3

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A key is a path of folders. The file at its end begins with an equals sign, so that both "a" and "a/b" can be keys, and whatever a file system could misunderstand is escaped.

const leaf = "="

// fileOf is where an object is in the folder of its bucket.
func fileOf(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = escape(part)
	}
	last := len(parts) - 1
	parts[last] = leaf + strings.TrimPrefix(parts[last], "%00")
	return filepath.Join(parts...)
}

// keyOf is the key of a file.
func keyOf(file string) (string, error) {
	parts := strings.Split(filepath.ToSlash(file), "/")
	last := len(parts) - 1
	name, is := strings.CutPrefix(parts[last], leaf)
	if !is {
		return "", fmt.Errorf("%q is not the name of an object's file", parts[last])
	}
	parts[last] = name
	for i, part := range parts {
		plain, err := unescape(part)
		if err != nil {
			return "", err
		}
		parts[i] = plain
	}
	return strings.Join(parts, "/"), nil
}

// storable tells whether a file system takes the parts of a key.
func storable(key string) bool {
	for _, part := range strings.Split(key, "/") {
		if len(escape(part)) > 200 {
			return false
		}
	}
	return true
}

// escape writes a part of a key with letters, digits, hyphens, underscores and dots alone; an empty part is %00, and what begins with a dot is escaped.
func escape(part string) string {
	if part == "" {
		return "%00"
	}
	var out strings.Builder
	for i := range len(part) {
		c := part[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 {
			out.WriteByte(c)
			continue
		}
		fmt.Fprintf(&out, "%%%02X", c)
	}
	return out.String()
}

func unescape(part string) (string, error) {
	if part == "%00" {
		return "", nil
	}
	var out strings.Builder
	for i := 0; i < len(part); i++ {
		if part[i] != '%' {
			out.WriteByte(part[i])
			continue
		}
		var c byte
		if i+2 >= len(part) {
			return "", fmt.Errorf("%q ends within an escape", part)
		}
		if _, err := fmt.Sscanf(part[i+1:i+3], "%02X", &c); err != nil {
			return "", fmt.Errorf("%q has an odd escape", part)
		}
		out.WriteByte(c)
		i += 2
	}
	return out.String(), nil
}

// writeFile writes an object with its trailer, and syncs it.
func writeFile(path string, body []byte, m meta) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := f.Write(body); err != nil {
		return err
	}
	trailer := append(binary.LittleEndian.AppendUint64(m.sum[:len(m.sum):len(m.sum)], uint64(m.written.UnixMilli())), mark...)
	if _, err := f.Write(trailer); err != nil {
		return err
	}
	return f.Sync()
}

// moveInto gives a file its name in a folder, and makes the folders that it takes.
func moveInto(root, from, name string) error {
	to := filepath.Join(root, name)
	if err := makeFolder(root, filepath.Dir(to)); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// makeFolder makes a folder below a root that is there, and syncs every one in which one is new.
func makeFolder(root, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if path != root {
		if err := makeFolder(root, filepath.Dir(path)); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}
