package segmentation

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// columnReader takes values off the front; after a fault it gives zeros.
type columnReader struct {
	rest []byte
	err  error
}

func (d *columnReader) bytes(n uint64) []byte {
	if d.err != nil || n > uint64(len(d.rest)) {
		d.err = errColumns
		return nil
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

func (d *columnReader) byte() byte {
	b := d.bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

func (d *columnReader) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if d.err != nil || n <= 0 {
		d.err = errColumns
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *columnReader) varint() int64 {
	v, n := binary.Varint(d.rest)
	if d.err != nil || n <= 0 {
		d.err = errColumns
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// classes reads a column of classes.
func (d *columnReader) classes(rows []row, c scoreCode, into func(*row) *string) {
	for i := range rows {
		name, err := c.decode(d.byte())
		if err != nil {
			d.err = err
		}
		*into(&rows[i]) = name
	}
}

// rows reads how many rows there are, with how many answers, and their ids.
func (d *columnReader) rows() (rows []row, members int, err error) {
	n, answers := d.uvarint(), d.uvarint()
	if d.err != nil || n > uint64(len(d.rest)/idBytes) || answers > segment.MaxDefinitions {
		return nil, 0, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	rows, members = make([]row, n), int(answers)
	yes := make([]bool, len(rows)*members)
	for i := range rows {
		rows[i].id = profile.ID(base64.RawURLEncoding.EncodeToString(d.bytes(idBytes)))
		rows[i].members = yes[i*members : (i+1)*members]
	}
	return rows, members, nil
}

// column reads what appendColumn wrote.
func (d *columnReader) column() []byte {
	size := d.uvarint()
	column := d.bytes(size >> 1)
	if size&1 == 0 || d.err != nil {
		return column
	}
	column, err := decompress(column)
	if err != nil {
		d.err = errColumns
	}
	return column
}

// end takes over the fault of a column that was read, or that something was left of.
func (d *columnReader) end(column columnReader) {
	if column.err != nil || len(column.rest) > 0 {
		d.err = errColumns
	}
}

// unpackWhole reads a part of the versions before.
func unpackWhole(packed []byte) (summary, []row, error) {
	text, err := decompress(packed)
	if err != nil {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", err)
	}
	d := columnReader{rest: text}
	version := d.byte()
	if version != columnsVersion && version != columnsWithoutBuys {
		return summary{}, nil, fmt.Errorf("unpacking columns: they are of an unknown version: %w", errColumns)
	}
	var s summary
	if err := json.Unmarshal(d.bytes(d.uvarint()), &s); err != nil {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	s.WithoutBuys = version == columnsWithoutBuys
	rows, members, err := d.rows()
	if err != nil {
		return summary{}, nil, err
	}
	d.numbers(rows, func(r *row, v uint64) { r.facts.R = int(v) })
	d.numbers(rows, func(r *row, v uint64) { r.facts.F = int(v) })
	d.numbers(rows, func(r *row, v uint64) { r.facts.M = int64(v) })
	if !s.WithoutBuys {
		d.numbers(rows, func(r *row, v uint64) { r.facts.Buys.Repeats = int(v) })
		d.numbers(rows, func(r *row, v uint64) { r.facts.Buys.First = int(v) })
		d.numbers(rows, func(r *row, v uint64) { r.facts.Buys.Last = int(v) })
		d.numbers(rows, func(r *row, v uint64) { r.facts.Buys.Spent = int64(v) })
	}
	d.classes(rows, codes15, func(r *row) *string { return &r.own.Class15 })
	d.classes(rows, codesLifecycle, func(r *row) *string { return &r.own.Lifecycle })
	if !s.WithoutBuys {
		d.classes(rows, codesActivity, func(r *row) *string { return &r.own.Activity })
		d.classes(rows, codesStage, func(r *row) *string { return &r.own.Stage })
	}
	for i := range rows {
		scores := int(d.byte())
		rows[i].old.R, rows[i].old.F, rows[i].old.M = scores/36, scores/6%6, scores%6
	}
	d.classes(rows, codes8, func(r *row) *string { return &r.old.Class8 })
	d.classes(rows, codes11, func(r *row) *string { return &r.old.Segment11 })
	d.classes(rows, codes15, func(r *row) *string { return &r.old.Class15 })
	d.classes(rows, codesLifecycle, func(r *row) *string { return &r.old.Lifecycle })
	if !s.WithoutBuys {
		d.classes(rows, codesActivity, func(r *row) *string { return &r.old.Activity })
		d.classes(rows, codesStage, func(r *row) *string { return &r.old.Stage })
		d.classes(rows, codesAlive, func(r *row) *string { return &r.old.Alive })
		for i := range rows {
			rows[i].old.ValueDecile = int(d.byte())
		}
	}
	for i := range rows {
		rows[i].differs = d.byte() == 1
	}
	for m := range members {
		for i := range rows {
			rows[i].members[m] = d.byte() == 1
		}
	}
	if d.err != nil || len(d.rest) > 0 {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	return s, rows, nil
}

// numbers reads a column of numbers.
func (d *columnReader) numbers(rows []row, into func(*row, uint64)) {
	for i := range rows {
		into(&rows[i], d.uvarint())
	}
}
