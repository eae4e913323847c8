package segmentation

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// packColumns writes a summary and rows, a column after the other: like stands beside like and compresses.
func packColumns(s summary, rows []row) ([]byte, error) {
	head, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("packing columns: %w", err)
	}
	members := 0
	if len(rows) > 0 {
		members = len(rows[0].members)
	}
	out := appendColumn([]byte{columnsApart}, head)
	out = binary.AppendUvarint(out, uint64(len(rows)))
	out = binary.AppendUvarint(out, uint64(members))
	for _, r := range rows {
		if !packable(r.id) {
			return nil, fmt.Errorf("packing columns: %.32q is no profile id", r.id)
		}
		if out, err = base64.RawURLEncoding.AppendDecode(out, []byte(r.id)); err != nil {
			return nil, fmt.Errorf("packing columns: %w", err)
		}
	}
	column := make([]byte, 0, binary.MaxVarintLen64*len(rows))
	for _, c := range numberColumns {
		column = column[:0]
		for i := range rows {
			column = binary.AppendVarint(column, c.of(&rows[i]))
		}
		out = appendColumn(out, column)
	}
	for _, c := range classColumns {
		column = column[:0]
		for i := range rows {
			column = append(column, c.codes.encode(*c.in(&rows[i])))
		}
		out = appendColumn(out, column)
	}
	for m := range 1 + members {
		column = append(column[:0], make([]byte, (len(rows)+7)/8)...)
		for i, r := range rows {
			if yes := m == 0 && r.differs || m > 0 && r.members[m-1]; yes {
				column[i/8] |= 1 << (i % 8)
			}
		}
		out = appendColumn(out, column)
	}
	return out, nil
}

// appendColumn appends a column with its length, as it is or compressed, whichever is shorter.
func appendColumn(out, column []byte) []byte {
	packed := compress(column)
	if len(packed) < len(column) {
		out = binary.AppendUvarint(out, uint64(len(packed))<<1|1)
		return append(out, packed...)
	}
	out = binary.AppendUvarint(out, uint64(len(column))<<1)
	return append(out, column...)
}

// numberColumn is a number of a row, and classColumn a class.
type numberColumn struct {
	of   func(*row) int64
	into func(*row, int64)
}

type classColumn struct {
	codes scoreCode
	in    func(*row) *string
}

// numberColumns and classColumns are what a part has of each row beside its id and answers, in this order. Most people's last order is the last paid one, and who has ordered on one day has the same first and last one:
// so a difference is 0 where a number would be as many as there are days.
var (
	numberColumns = [...]numberColumn{
		{func(r *row) int64 { return int64(r.facts.R) }, func(r *row, v int64) { r.facts.R = int(v) }},
		{func(r *row) int64 { return int64(r.facts.F) }, func(r *row, v int64) { r.facts.F = int(v) }},
		{func(r *row) int64 { return r.facts.M }, func(r *row, v int64) { r.facts.M = v }},
		{func(r *row) int64 { return int64(r.facts.Buys.Repeats) }, func(r *row, v int64) { r.facts.Buys.Repeats = int(v) }},
		{func(r *row) int64 { return int64(r.facts.Buys.Last - r.facts.R) }, func(r *row, v int64) { r.facts.Buys.Last = r.facts.R + int(v) }},
		{func(r *row) int64 { return int64(r.facts.Buys.First - r.facts.Buys.Last) }, func(r *row, v int64) { r.facts.Buys.First = r.facts.Buys.Last + int(v) }},
		{func(r *row) int64 { return r.facts.Buys.Spent }, func(r *row, v int64) { r.facts.Buys.Spent = v }},
		{func(r *row) int64 { return int64(r.old.R) }, func(r *row, v int64) { r.old.R = int(v) }},
		{func(r *row) int64 { return int64(r.old.F) }, func(r *row, v int64) { r.old.F = int(v) }},
		{func(r *row) int64 { return int64(r.old.M) }, func(r *row, v int64) { r.old.M = int(v) }},
		{func(r *row) int64 { return int64(r.old.ValueDecile) }, func(r *row, v int64) { r.old.ValueDecile = int(v) }},
	}
	classColumns = [...]classColumn{
		{codes15, func(r *row) *string { return &r.own.Class15 }},
		{codesLifecycle, func(r *row) *string { return &r.own.Lifecycle }},
		{codesActivity, func(r *row) *string { return &r.own.Activity }},
		{codesStage, func(r *row) *string { return &r.own.Stage }},
		{codes8, func(r *row) *string { return &r.old.Class8 }},
		{codes11, func(r *row) *string { return &r.old.Segment11 }},
		{codes15, func(r *row) *string { return &r.old.Class15 }},
		{codesLifecycle, func(r *row) *string { return &r.old.Lifecycle }},
		{codesActivity, func(r *row) *string { return &r.old.Activity }},
		{codesStage, func(r *row) *string { return &r.old.Stage }},
		{codesAlive, func(r *row) *string { return &r.old.Alive }},
	}
)

// unpackColumns reads what packColumns wrote, also that of the versions before.
func unpackColumns(packed []byte) (summary, []row, error) {
	if len(packed) == 0 || packed[0] != columnsApart {
		return unpackWhole(packed)
	}
	d := columnReader{rest: packed[1:]}
	var s summary
	if err := json.Unmarshal(d.column(), &s); err != nil {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	rows, members, err := d.rows()
	if err != nil {
		return summary{}, nil, err
	}
	for _, c := range numberColumns {
		column := columnReader{rest: d.column()}
		for i := range rows {
			c.into(&rows[i], column.varint())
		}
		d.end(column)
	}
	for _, c := range classColumns {
		column := columnReader{rest: d.column()}
		column.classes(rows, c.codes, c.in)
		d.end(column)
	}
	for m := range 1 + members {
		column := columnReader{rest: d.column()}
		bits := column.bytes(uint64(len(rows)+7) / 8)
		for i := range bits {
			for at := i * 8; at < min(i*8+8, len(rows)); at++ {
				yes := bits[i]>>(at%8)&1 == 1
				if m == 0 {
					rows[at].differs = yes
				} else {
					rows[at].members[m-1] = yes
				}
			}
		}
		d.end(column)
	}
	if d.err != nil || len(d.rest) > 0 {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	return s, rows, nil
}
