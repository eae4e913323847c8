package s3

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
)

const temporary = "new"

var errMissing = errors.New("there is no such object")

// store is all buckets. What is known of each object is in memory, and the objects are, where there is no folder.
type store struct {
	path string
	now  func() time.Time

	mu      sync.RWMutex
	buckets map[string]*bucket
	number  int
}

type bucket struct {
	name    string
	objects map[string]meta
	sorted  []string // keys; nil where it has to be made anew
}

func openStore(path string, now func() time.Time) (*store, error) {
	s := &store{path: path, now: now, buckets: map[string]*bucket{}}
	if path == "" {
		return s, nil
	}
	// What was not renamed was not answered.
	if err := os.RemoveAll(filepath.Join(path, temporary)); err != nil {
		return nil, fmt.Errorf("clearing %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Join(path, temporary), 0o700); err != nil {
		return nil, fmt.Errorf("making %s: %w", path, err)
	}
	folders, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	for _, f := range folders {
		name, is := strings.CutPrefix(f.Name(), "bucket-")
		if !is || !f.IsDir() {
			continue
		}
		b := &bucket{name: name, objects: map[string]meta{}}
		if err := s.read(b); err != nil {
			return nil, err
		}
		s.buckets[name] = b
	}
	return s, nil
}

// read finds the objects of a bucket.
func (s *store) read(b *bucket) error {
	root := s.folder(b)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		key, err := keyOf(inside)
		if err != nil {
			return fmt.Errorf("%s is no object; move it away", path)
		}
		m, err := readMeta(path)
		if err != nil {
			return fmt.Errorf("%s is damaged (%w); restore it, or move it away to go on without it", path, err)
		}
		b.objects[key] = m
		return nil
	})
}

func (s *store) folder(b *bucket) string { return filepath.Join(s.path, "bucket-"+b.name) }

func (s *store) bucket(name string) *bucket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name]
}

func (s *store) makeBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return nil
	}
	b := &bucket{name: name, objects: map[string]meta{}}
	if s.path != "" {
		if err := makeFolder(s.path, s.folder(b)); err != nil {
			return fmt.Errorf("making a bucket: %w", err)
		}
	}
	s.buckets[name] = b
	return nil
}

// keys are those with a prefix that come after another one, in order.
func (s *store) keys(b *bucket, prefix, after string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.sorted == nil {
		b.sorted = make([]string, 0, len(b.objects))
		for key := range b.objects {
			b.sorted = append(b.sorted, key)
		}
		slices.Sort(b.sorted)
	}
	from, _ := slices.BinarySearch(b.sorted, prefix)
	if after >= prefix {
		var is bool
		if from, is = slices.BinarySearch(b.sorted, after); is {
			from++
		}
	}
	to := from
	for to < len(b.sorted) && strings.HasPrefix(b.sorted[to], prefix) {
		to++
	}
	return slices.Clone(b.sorted[from:to])
}

func (s *store) meta(b *bucket, key string) (meta, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, there := b.objects[key]
	return m, there
}

// content is an object's bytes while they are read. A file that is replaced meanwhile is read as it was.
type content interface {
	io.ReaderAt
	io.Closer
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (s *store) open(b *bucket, key string) (content, meta, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, there := b.objects[key]
	if !there {
		return nil, m, errMissing
	}
	if s.path == "" {
		return inMemory{bytes.NewReader(m.content)}, m, nil
	}
	f, err := os.Open(filepath.Join(s.folder(b), fileOf(key)))
	if err != nil {
		return nil, m, fmt.Errorf("opening an object: %w", err)
	}
	return f, m, nil
}

// put writes an object durably, if may has nothing against it; no other is written between the two.
func (s *store) put(b *bucket, key string, body []byte, may func(now meta, there bool) error) error {
	if !storable(key) {
		return gofakes3.ErrorMessage(gofakes3.ErrKeyTooLong, "a part of a key between two slashes has at most 200 bytes on this machine, escaped")
	}
	m := meta{size: int64(len(body)), sum: md5.Sum(body), written: s.now().UTC()}
	if s.path == "" {
		m.content = body
	}
	s.mu.Lock()
	s.number++
	fresh := filepath.Join(s.path, temporary, fmt.Sprint(s.number))
	s.mu.Unlock()
	if s.path != "" {
		if err := writeFile(fresh, body, m); err != nil {
			return errors.Join(fmt.Errorf("writing an object: %w", err), os.Remove(fresh))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was, there := b.objects[key]
	if err := may(was, there); err != nil {
		if s.path != "" {
			_ = os.Remove(fresh) // the next start does
		}
		return err
	}
	if s.path != "" {
		if err := moveInto(s.folder(b), fresh, fileOf(key)); err != nil {
			return fmt.Errorf("writing an object: %w", err)
		}
	}
	if !there {
		b.sorted = nil
	}
	b.objects[key] = m
	return nil
}

// remove takes an object away, durably. One that is not there is gone.
func (s *store) remove(b *bucket, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := b.objects[key]; !there {
		return nil
	}
	if s.path != "" {
		file := filepath.Join(s.folder(b), fileOf(key))
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing an object: %w", err)
		}
		if err := syncFolder(filepath.Dir(file)); err != nil {
			return fmt.Errorf("removing an object: %w", err)
		}
	}
	delete(b.objects, key)
	b.sorted = nil
	return nil
}
