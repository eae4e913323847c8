package format

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// sheet is a shop's table as CSV, read by a mapping. A line that is none goes to the sink, and the reading goes on.
type sheet struct {
	rows   *csv.Reader
	names  []string
	at     map[string]int // by the name in lower case
	from   mapping
	sink   Sink
	coding string
	read   int
	torn   func(line, *Refusal) // is told of lines that are none, too; nil: nobody is
}

// longest is how many lines of a file one line of a table may take: a quote that nobody closes would take all of them.
const longest = 500

// openSheet reads the header. The mapping is set after it: presets choose by the columns that there are.
func openSheet(r io.Reader, o Options, sink Sink) (*sheet, error) {
	text, coding, err := decode(r, o.Encoding)
	if err != nil {
		return nil, err
	}
	head, err := text.Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	rows := csv.NewReader(text)
	rows.Comma = separator(head)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	rows.LazyQuotes = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) || err == nil && len(bytes.TrimSpace(head)) == 0 {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	s := &sheet{rows: rows, at: map[string]int{}, sink: sink, coding: coding}
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(plainCell(name), "\ufeff"))
		if !utf8.ValidString(name) || strings.ContainsRune(name, utf8.RuneError) {
			return nil, fmt.Errorf("the header is no %s: say ENCODING=", coding)
		}
		if _, twice := s.at[strings.ToLower(name)]; twice && name != "" {
			s.at[strings.ToLower(name)] = -1
		} else {
			s.at[strings.ToLower(name)] = i
		}
		s.names = append(s.names, name)
	}
	if sink.Note != nil {
		sink.Note(fmt.Sprintf("read as %s, %d columns parted by %s", coding, len(s.names), map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[rows.Comma]))
	}
	return s, nil
}

// has tells whether the header has a column.
func (s *sheet) has(column string) bool {
	_, is := s.at[strings.ToLower(column)]
	return is
}

// use sets the mapping, whose columns must be there, each of them once.
func (s *sheet) use(m mapping) error {
	var lacking, twice []string
	for _, from := range m {
		for _, column := range from.columns {
			if i, is := s.at[strings.ToLower(column)]; !is {
				lacking = append(lacking, column)
			} else if i < 0 {
				twice = append(twice, column)
			}
		}
	}
	slices.Sort(lacking)
	slices.Sort(twice)
	switch {
	case len(lacking) > 0:
		return fmt.Errorf("the header has no column %s; it has %s", strings.Join(lacking, ", "), strings.Join(s.names, ", "))
	case len(twice) > 0:
		return fmt.Errorf("the header has the column %s twice: which one is meant cannot be told", strings.Join(twice, ", "))
	}
	s.from = m
	return nil
}

// line is one line of a sheet.
type line struct {
	s            *sheet
	line, number int // in the file, and without the header
	cells        []string
}

// next is io.EOF at the end. Empty lines are passed over; lines that are none go to the sink.
func (s *sheet) next() (line, error) {
	for {
		cells, err := s.rows.Read()
		if errors.Is(err, io.EOF) {
			return line{}, io.EOF
		}
		s.read++
		if s.sink.Line != nil {
			s.sink.Line(s.read)
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			s.sink.Refuse(Refusal{Line: syntax.StartLine, Row: s.read, Reason: syntax.Err.Error()})
			continue
		}
		if err != nil {
			return line{}, fmt.Errorf("reading after %d lines: %w", s.read-1, err)
		}
		at, _ := s.rows.FieldPos(0)
		if last, _ := s.rows.FieldPos(len(cells) - 1); last+strings.Count(cells[len(cells)-1], "\n")-at > longest {
			return line{}, fmt.Errorf("a quote that opens in line %d is not closed within %d lines", at, longest)
		}
		for len(cells) > len(s.names) && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1] // a separator at the end
		}
		l := line{s, at, s.read, cells}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		if fault := l.fits(); fault != nil {
			if s.torn != nil {
				s.torn(l, fault)
			}
			s.sink.Refuse(*fault)
			continue
		}
		return l, nil
	}
}

// fits says what is wrong with the line as a whole, if anything is.
func (l line) fits() *Refusal {
	fault := &Refusal{Line: l.line, Row: l.number}
	n, names := len(l.cells), l.s.names
	bad := slices.IndexFunc(l.cells, func(c string) bool { return !utf8.ValidString(c) || strings.ContainsRune(c, utf8.RuneError) })
	switch {
	case n < len(names):
		fault.Reason = fmt.Sprintf("the line is torn in %s: it has %d of %d columns", names[n-1], n, len(names))
	case n > len(names):
		fault.Reason = fmt.Sprintf("the line has %d columns, the header %d: a cell with a %q in it needs quotes", n, len(names), string(l.s.rows.Comma))
	case bad >= 0:
		fault.Column, fault.Reason = names[bad], fmt.Sprintf("is no %s, as the file is read: say ENCODING=", l.s.coding)
	default:
		return nil
	}
	return fault
}

// field is what stands in a field of the line, and the column that it stands in.
func (l line) field(name string) (text, column string) {
	from := l.s.from[name]
	for _, c := range from.columns {
		i := l.s.at[strings.ToLower(c)]
		column = l.s.names[i]
		if text = plainCell(l.cells[i]); text != "" {
			return text, column
		}
	}
	if from.text != "" {
		return from.text, "MAP's " + name
	}
	return "", column
}

// fault is a refusal of the line for what stands in a column.
func (l line) fault(column, cell, reason string) *Refusal {
	if r := []rune(cell); len(r) > maxCell {
		cell = string(r[:maxCell]) + "…"
	}
	return &Refusal{Line: l.line, Row: l.number, Column: column, Cell: cell, Reason: reason}
}

// maxCell bounds what is shown of a cell.
const maxCell = 40
