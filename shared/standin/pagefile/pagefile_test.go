package pagefile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// filled makes a file with branches, overflowing values, inline and nested buckets and deletions.
func filled(t *testing.T, options *bbolt.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := bbolt.Open(path, 0o600, options)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"a", "b", "small"} {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			if err != nil {
				return err
			}
			for i := range map[string]int{"a": 3000, "b": 40, "small": 3}[name] {
				value := bytes.Repeat([]byte("v"), map[string]int{"a": 60, "b": 9000, "small": 4}[name])
				if err := b.Put([]byte(fmt.Sprintf("key %06d", i)), value); err != nil {
					return err
				}
			}
			inner, err := b.CreateBucket([]byte("inner"))
			if err == nil {
				err = inner.Put([]byte("k"), nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}), db.Update(func(tx *bbolt.Tx) error {
		for i := 100; i < 2900; i += 3 {
			if err := tx.Bucket([]byte("a")).Delete([]byte(fmt.Sprintf("key %06d", i))); err != nil {
				return err
			}
		}
		return nil
	}), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhole(t *testing.T) {
	for name, o := range map[string]*bbolt.Options{"list of free pages": nil, "no list": {NoFreelistSync: true}, "large pages": {PageSize: 16384}} {
		if err := Check(filled(t, o)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(dir, "nowhere")} {
		if err := Check(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	fresh := filepath.Join(dir, "fresh")
	db, err := bbolt.Open(fresh, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(fresh); !errors.Is(err, ErrInUse) {
		t.Errorf("an open file: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Check(fresh); err != nil {
		t.Errorf("a store without buckets: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	path := filled(t, &bbolt.Options{NoFreelistSync: true, PageSize: 4096})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		want   string
	}{
		{"cut off", func(b []byte) []byte { return b[:20000] }, "its end at byte 20000"},
		{"cut off in the first pages", func(b []byte) []byte { return b[:100] }, "its end at byte 100"},
		{"no store", func(b []byte) []byte { return bytes.Repeat([]byte("no store\n"), 2000) }, "neither of its first two pages is that of a store"},
		{"zeros after the first pages", func(b []byte) []byte { clear(b[8192:]); return b }, "says that it is page 0"},
		{"a page of another place", func(b []byte) []byte {
			for at := 8192; at+4096 <= len(b); at += 4096 {
				copy(b[at:at+8], b[len(b)-4096:])
			}
			return b
		}, "says that it is page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.change(bytes.Clone(whole))
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			err := Check(path)
			var d *Damage
			if !errors.As(err, &d) || !strings.HasPrefix(err.Error(), path+" is damaged: ") || !strings.Contains(d.Why, c.want) || strings.Contains(d.Why, "\n") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, b) {
				t.Error("the file was changed")
			}
		})
	}
}

// What Check lets pass is what bbolt opens and walks without a word, wherever the bytes are hit.
func TestRandomDamage(t *testing.T) {
	path := filled(t, &bbolt.Options{NoFreelistSync: true, PageSize: 4096})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 300 {
		b := bytes.Clone(whole)
		page := 4096 * random.IntN(len(b)/4096)
		for range 1 + random.IntN(40) {
			b[page+random.IntN(200)] = byte(random.Uint32())
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if Check(path) != nil {
			found++
			continue
		}
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { return read(b) })
		}), db.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 50 {
		t.Errorf("damage was found in %d of 300 files", found)
	}
}

func read(b *bbolt.Bucket) error {
	return b.ForEach(func(k, _ []byte) error {
		if inner := b.Bucket(k); inner != nil {
			return read(inner)
		}
		return nil
	})
}

func TestGuard(t *testing.T) {
	if err := Guard("x.db", func() error { panic("odd") }); err == nil || err.Error() != "x.db is damaged: odd" {
		t.Errorf("got %v", err)
	}
	want := errors.New("other")
	if err := Guard("x.db", func() error { return want }); err != want {
		t.Errorf("got %v", err)
	}
}
