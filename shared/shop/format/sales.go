package format

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readSales makes the events of each order once its last line is read. An order of which a line is refused is refused as a whole: half of it would be another order.
func readSales(s *sheet, style shopStyle, o Options) error {
	if !s.from.has("currency") && o.Currency == "" {
		return errors.New("the file names no currency: add currency:=CNY to MAP, or say CURRENCY=CNY")
	}
	in := &sales{sheet: s, style: style, o: o, seen: map[string]int{}, torn: map[string]*Refusal{}, told: map[string]bool{}, bought: map[[2]string]string{}}
	s.torn = func(l line, r *Refusal) {
		for _, column := range s.from[style.group].columns {
			if i := s.at[strings.ToLower(column)]; i < len(l.cells) {
				in.torn[plainCell(l.cells[i])] = r
			}
		}
	}
	for {
		l, err := s.next()
		if errors.Is(err, io.EOF) {
			return in.close()
		}
		if err != nil {
			return err
		}
		if err := in.add(l); err != nil {
			return err
		}
	}
}

func (in *sales) add(l line) error {
	key, column := l.field(in.style.group)
	l.cells = slices.Clone(l.cells)
	known := in.seen[key]
	switch {
	case key == "":
		in.refuse(l.fault(column, "", "is empty: which order it is cannot be told"))
		return nil
	case in.open != nil && in.open.key == key:
	case known != 0:
		in.refuse(l.fault(column, key, fmt.Sprintf("is that of an order whose lines ended above, which began in line %d: sort the file by it", known)))
		return nil
	default:
		if err := in.close(); err != nil {
			return err
		}
		in.open, in.seen[key] = &sale{key: key, fields: map[string]cell{}}, l.line
	}
	in.open.add(in, l, column)
	return nil
}

func (in *sales) refuse(r *Refusal) { in.sheet.sink.Refuse(*r) }

// close sends the open order, or refuses its lines.
func (in *sales) close() error {
	s := in.open
	in.open = nil
	if s == nil {
		return nil
	}
	if r := in.torn[s.key]; r != nil {
		s.faults = append(s.faults, r)
	}
	events, err := in.events(s)
	if len(s.faults) == 0 {
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := in.sheet.sink.Event(e); err != nil {
				return err
			}
		}
		return nil
	}
	slices.SortStableFunc(s.faults, func(a, b *Refusal) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	for _, l := range s.lines {
		own := slices.DeleteFunc(slices.Clone(s.faults), func(r *Refusal) bool { return r.Line != l.line })
		if len(own) == 0 {
			own = append(own, &Refusal{Line: l.line, Row: l.number, Reason: fmt.Sprintf("another line of its order is refused: line %d", s.faults[0].Line)})
		}
		in.refuse(joined(own))
	}
	return nil
}
