package format

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/money"
)

// table reads a CSV file by the names of its columns. A line of another width is refused and the reading goes on.
type table struct {
	rows    *csv.Reader
	columns map[string]int
	names   []string
	sink    Sink
	read    int
}

// openTable reads the header. Each wanted column is a list of names of which one must be there; the first is what cell takes.
func openTable(r io.Reader, sink Sink, wanted ...[]string) (*table, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	rows.LazyQuotes = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	t := &table{rows: rows, columns: map[string]int{}, sink: sink}
	at := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		t.names = append(t.names, name)
		at[strings.ToLower(name)] = i
	}
	for _, aliases := range wanted {
		found := false
		for _, name := range aliases {
			if i, ok := at[strings.ToLower(name)]; ok {
				t.columns[aliases[0]], found = i, true
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("the header has no column %s: the file has another layout", aliases[0])
		}
	}
	return t, nil
}

// row is one line: where it stands in the file and its cells.
type row struct {
	line   int
	number int // without the header
	cells  []string
	t      *table
}

// next is io.EOF at the end. Lines that are no row go to the sink.
func (t *table) next() (row, error) {
	for {
		cells, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			return row{}, io.EOF
		}
		t.read++
		if t.sink.Line != nil {
			t.sink.Line(t.read)
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			t.sink.Refuse(Refusal{Line: syntax.StartLine, Row: t.read, Reason: syntax.Err.Error()})
			continue
		}
		if err != nil {
			return row{}, fmt.Errorf("reading after %d lines: %w", t.read-1, err)
		}
		line, _ := t.rows.FieldPos(0)
		switch {
		case len(cells) < len(t.names):
			t.sink.Refuse(Refusal{Line: line, Row: t.read, Reason: fmt.Sprintf("the line is torn in %s: it has %d of %d columns", t.names[len(cells)-1], len(cells), len(t.names))})
		case len(cells) > len(t.names):
			t.sink.Refuse(Refusal{Line: line, Row: t.read, Reason: fmt.Sprintf("the line has %d columns, the header %d", len(cells), len(t.names))})
		default:
			return row{line, t.read, cells, t}, nil
		}
	}
}

// each gives every row to take; one at which take finds a fault is refused.
func (t *table) each(take func(row) error) error {
	for {
		one, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(one); err != nil {
			one.refuse(err)
		}
	}
}

// cell is the text of a column; a byte sequence that is no UTF-8 is taken for Latin-1, in which older exports are written.
func (r row) cell(column string) string {
	s := strings.TrimSpace(r.cells[r.t.columns[column]])
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// text is a cell that must hold something.
func (r row) text(column string) (string, error) {
	s := r.cell(column)
	if s == "" {
		return "", fmt.Errorf("%s is empty", column)
	}
	return s, nil
}

// minor is a cell of money in the currency's minor units.
func (r row) minor(column string, c money.Currency) (int64, error) {
	a, err := money.ParseDecimal(r.cell(column), c)
	if err != nil {
		return 0, fmt.Errorf("%s %w", column, err)
	}
	return a.Minor, nil
}

// time is a cell in one of the layouts, in the zone given where the layout has none.
func (r row) time(column string, zone *time.Location, layouts ...string) (time.Time, error) {
	s := r.cell(column)
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, s, zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time like %s", column, layouts[0])
}

// refuse passes the row to the sink with its reason.
func (r row) refuse(err error) {
	r.t.sink.Refuse(Refusal{Line: r.line, Row: r.number, Reason: err.Error()})
}

// decimal is a cell as JSON writes numbers, empty when it is none.
func (r row) decimal(column string) json.Number {
	s := r.cell(column)
	if s == "" || !json.Valid([]byte(s)) || (s[0] != '-' && (s[0] < '0' || s[0] > '9')) {
		return ""
	}
	return json.Number(strings.TrimSuffix(s, ".0"))
}

func decimal(minor int64, c money.Currency) json.Number {
	return json.Number(money.Amount{Minor: minor, Currency: c}.Decimal())
}

// some is empty for nothing, so that it is left out of the event.
func some(minor int64, c money.Currency) json.Number {
	if minor == 0 {
		return ""
	}
	return decimal(minor, c)
}

// plainNumber writes digits as JSON does: without leading zeros.
func plainNumber(digits string) json.Number {
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0"
	}
	return json.Number(digits)
}

func quantityOf(r row) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(r.cell("Quantity"), ".0"), 10, 32)
	if err != nil {
		return 0, errors.New("the quantity is no whole number")
	}
	return n, nil
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// oneLine joins the faults of a row into one line.
func oneLine(err error) error { return errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")) }
