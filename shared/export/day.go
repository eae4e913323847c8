package export

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Target is where days go: a folder, which has a folder a day. Currency is that of amounts that name none.
type Target struct {
	Folder   string
	Format   Format
	Currency money.Currency
}

// Day is a day that is written. Whoever begins one ends it, by Commit or Discard.
type Day struct {
	target    Target
	final     string // the folder that readers see
	made, old string // the one that is written, and the one before on its way out
	files     int
}

// files of a day are called so, and nothing else stands in its folder.
var fileName = regexp.MustCompile(`^\d{3,}of\d{3,}\.(parquet|ndjson)$`)

// Begin begins a day anew. What an export left that was ended in its midst goes.
func (t Target) Begin(day profile.Day) (*Day, error) {
	name := "day=" + day.Time().Format(time.DateOnly)
	d := &Day{target: t, final: filepath.Join(t.Folder, name), made: filepath.Join(t.Folder, "."+name+".new"), old: filepath.Join(t.Folder, "."+name+".old")}
	listed, err := os.ReadDir(d.final)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking at what is in the way of %s: %w", name, err)
	}
	for _, file := range listed {
		if !fileName.MatchString(file.Name()) {
			return nil, fmt.Errorf("%s holds %s, which no export has written: move it away, or choose another folder with OUT=", d.final, file.Name())
		}
	}
	if err := errors.Join(os.RemoveAll(d.made), os.RemoveAll(d.old), os.MkdirAll(d.made, 0o700)); err != nil {
		return nil, fmt.Errorf("beginning %s: %w", name, err)
	}
	return d, nil
}

// Shard writes the events of one shard of people, which come in the archive's order, as a file. The same events give the same bytes. Without events there is no file.
func (d *Day) Shard(shard, shards int, events columns.Sequence) (written int, err error) {
	path := filepath.Join(d.made, fmt.Sprintf("%03dof%03d.%s", shard, shards, d.target.Format))
	var f *os.File
	var out *bufio.Writer
	var w writer
	for e, failed := range events {
		if failed != nil {
			err = failed
			break
		}
		if f == nil {
			if f, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
				return 0, fmt.Errorf("writing a day: %w", err)
			}
			out = bufio.NewWriterSize(f, 1<<20)
			w = newWriter(d.target.Format, out, d.target.Currency)
		}
		if err = w.Add(&e); err != nil {
			break
		}
		written++
	}
	if f == nil {
		return 0, err
	}
	if err == nil {
		err = errors.Join(w.Close(), out.Flush(), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, fmt.Errorf("writing %s: %w", path, err)
	}
	d.files++
	return written, nil
}

// Commit puts the day in the place of the one before. A day without events has no folder.
func (d *Day) Commit() error {
	err := os.Rename(d.final, d.old)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && d.files > 0 {
		err = os.Rename(d.made, d.final)
	}
	if err != nil {
		return fmt.Errorf("putting %s in its place: %w", d.final, err)
	}
	return d.Discard()
}

// Discard leaves the day as it was before.
func (d *Day) Discard() error {
	if err := errors.Join(os.RemoveAll(d.made), os.RemoveAll(d.old)); err != nil {
		return fmt.Errorf("clearing up beside %s: %w", d.final, err)
	}
	return nil
}
