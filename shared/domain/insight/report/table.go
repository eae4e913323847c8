// Package report is what a question's answer looks like: tables of rows, each figure with its name, as JSON and as CSV. It asks nothing and adds nothing up; package fold does. The surprising thing: an answer
// from a sample is the same tables, with an interval beside each figure that is estimated, so that whoever reads the one reads the other.
package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/userops/userops/shared/domain/sheet"
)

// Answer is the tables of an answer, the main one first.
type Answer []Table

// Table is rows of the same columns.
type Table struct {
	Name    string
	Columns []string
	Rows    []Row
	// Over says that there are too many values or pages to be told apart; then there are no rows.
	Over bool
}

// Row is the values of a row, as its table has columns: a text, a flag, an integer, a share as float64, or nil where there is none to be told.
type Row struct {
	Values []any
	// Intervals are, of a sample, those of the figures that are estimated: each of 95 %.
	Intervals map[string]Interval
}

// Interval is within which a figure is.
type Interval [2]any

// MarshalJSON writes an object of a list for each table, in their order.
func (a Answer) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, t := range a {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:", t.Name)
		if err := t.write(&out); err != nil {
			return nil, err
		}
		if t.Over {
			fmt.Fprintf(&out, ",%q:true", t.Name+"Over")
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (t Table) write(out *bytes.Buffer) error {
	out.WriteByte('[')
	for i, r := range t.Rows {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('{')
		for n, v := range r.Values {
			if n > 0 {
				out.WriteByte(',')
			}
			raw, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("writing %s of a row: %w", t.Columns[n], err)
			}
			fmt.Fprintf(out, "%q:%s", t.Columns[n], raw)
		}
		if len(r.Intervals) > 0 {
			raw, err := json.Marshal(r.Intervals)
			if err != nil {
				return fmt.Errorf("writing intervals of a row: %w", err)
			}
			fmt.Fprintf(out, `,"interval":%s`, raw)
		}
		out.WriteByte('}')
	}
	out.WriteByte(']')
	return nil
}

// Table finds one by its name.
func (a Answer) Table(name string) (Table, bool) {
	for _, t := range a {
		if t.Name == name {
			return t, true
		}
	}
	return Table{}, false
}

// Cut leaves of a table the rows from one on, so many at most; left says how many are behind them.
func (t Table) Cut(from, most int) (out Table, left int) {
	from = min(from, len(t.Rows))
	to := min(from+most, len(t.Rows))
	out, left = t, len(t.Rows)-to
	out.Rows = t.Rows[from:to]
	return out, left
}

// CSV writes a table with its names at the top, as RFC 4180 has it. Of a sample the two ends of each interval stand behind the figure. A text that a spreadsheet would take for a formula gets a quotation mark before it.
func (t Table) CSV() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	estimated := map[string]bool{}
	for _, r := range t.Rows {
		for name := range r.Intervals {
			estimated[name] = true
		}
	}
	var line []string
	for _, name := range t.Columns {
		line = append(line, name)
		if estimated[name] {
			line = append(line, name+" low", name+" high")
		}
	}
	_ = w.Write(line) // a buffer takes all
	for _, r := range t.Rows {
		line = line[:0]
		for n, name := range t.Columns {
			line = append(line, cell(r.Values[n]))
			if estimated[name] {
				i := r.Intervals[name]
				line = append(line, cell(i[0]), cell(i[1]))
			}
		}
		_ = w.Write(line)
	}
	w.Flush()
	return out.Bytes()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return sheet.Text(v)
	}
	return fmt.Sprint(v)
}
