// Package export writes a day's events for readers that are not ours, such as DuckDB, Athena and Spark: as Parquet, or as JSON a line. It reads no archive; whoever has the events hands them over, with
// merges and erasures applied. The surprising thing: a day is a folder that is made beside the old one and takes its place whole, so that a reader never sees half a day, nor two of them.
package export

import (
	"fmt"
	"io"
	"strings"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Format is how events are written. Its text is the ending of the files' names.
type Format string

// The formats.
const (
	Parquet Format = "parquet"
	NDJSON  Format = "ndjson"
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case Parquet, NDJSON:
		return f, nil
	}
	return "", fmt.Errorf("the format %q is none of %s and %s", name, Parquet, NDJSON)
}

// writer writes the events of one file. What it was given is in the file when Close answers nil.
type writer interface {
	Add(e *columns.Event) error
	Close() error
}

func newWriter(f Format, out io.Writer, shop money.Currency) writer {
	if f == Parquet {
		return newTable(out, shop)
	}
	return &lines{out: out}
}

// lines is JSON a line: the event as the API shows it, behind whose it is and by which source it came.
type lines struct {
	out  io.Writer
	room []byte
}

func (l *lines) Add(e *columns.Event) error {
	l.room = rawjson.AppendText(append(l.room[:0], `{"profileId":`...), string(e.Person.ID()))
	l.room = rawjson.AppendText(append(l.room, `,"source":`...), e.Source)
	begin := len(l.room)
	l.room = append(e.AppendJSON(l.room), '\n')
	l.room[begin] = ',' // the event's members go on in the same object
	_, err := l.out.Write(l.room)
	return err
}

func (l *lines) Close() error { return nil }
