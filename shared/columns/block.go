package columns

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/event"
)

// source is where the events of a fold's block are in a file.
type source struct {
	file  *File
	block int
	rows  []uint32 // of the file's block, where not all were taken
	ids   []string // read once two events of a person happened at once
}

// id is the messageId of a block's event, and its source behind it.
func (s *source) id(i int) (string, error) {
	if s.ids == nil {
		ids, err := s.file.messageIDs(s.block)
		if err != nil {
			return "", err
		}
		sources, err := s.file.vector(colSource, s.block, len(ids))
		if err != nil {
			return "", err
		}
		for i := range ids {
			ids[i] += "\x00" + string(sources.at(i))
		}
		s.ids = ids
	}
	if s.rows != nil {
		return s.ids[s.rows[i]], nil
	}
	return s.ids[i], nil
}

// loaded is a block of a file with the columns that a question asks.
type loaded struct {
	*fold.Block
	source   *source
	people   []Person
	ends     []uint32
	received []int64 // where somebody in it was erased
}

// load reads a block. Received times are read only for who was erased.
func (f *File) load(block int, columns []string, erased Erasures) (*loaded, error) {
	people, ends, err := f.people(block)
	if err != nil {
		return nil, err
	}
	l := &loaded{Block: &fold.Block{Day: f.Day}, source: &source{file: f, block: block}, people: people, ends: ends}
	if l.Times, err = f.times(block, ends); err != nil {
		return nil, err
	}
	if len(erased) > 0 {
		for _, p := range people {
			if _, is := erased[p]; !is {
				continue
			}
			if l.received, err = f.received(block, l.Times); err != nil {
				return nil, err
			}
			break
		}
	}
	events, err := f.vector(colEvent, block, f.stats[block].events)
	if err != nil {
		return nil, err
	}
	for _, text := range events.texts {
		kind, name, ok := strings.Cut(string(text), "\x00")
		if !ok {
			return nil, torn(colEvent, block, errTorn)
		}
		l.Names = append(l.Names, fold.Name{Kind: event.Kind(kind), Name: name})
	}
	if l.Block.Events = events.codes; events.whole != nil {
		return nil, torn(colEvent, block, errTorn)
	}
	shapes := map[string]*vector{}
	for _, name := range columns {
		values, err := f.values(name, block, shapes)
		if err != nil {
			return nil, err
		}
		l.Columns = append(l.Columns, values)
	}
	return l, nil
}

// values reads what a question asks of the events of a block: a text that each has, or the values of a path.
func (f *File) values(name string, block int, shapes map[string]*vector) (fold.Values, error) {
	n := f.stats[block].events
	if name == fold.FieldSource || name == fold.FieldTrust {
		v, err := f.vector(name, block, n)
		if err != nil {
			return fold.Values{}, err
		}
		v.spell()
		out := fold.Values{Codes: v.codes}
		for _, text := range v.texts {
			word := fold.Value{}
			if len(text) > 0 {
				word = fold.Value{Kind: fold.Text, Text: string(text)}
			}
			out.Words = append(out.Words, word)
		}
		return out, nil
	}
	part, _, _ := strings.Cut(name, ".")
	if f.places[part] == nil || !strings.Contains(name, ".") {
		return fold.Values{}, fmt.Errorf("column %.128s cannot be asked", name)
	}
	if shapes[part] == nil {
		v, err := f.vector(part, block, n)
		if err != nil {
			return fold.Values{}, err
		}
		v.spell()
		shapes[part] = &v
	}
	v := vector{}
	if places := f.places[name]; places != nil && places[block].size > 0 {
		var err error
		if v, err = f.vector(name, block, -1); err != nil {
			return fold.Values{}, err
		}
	}
	out, err := lay(shapes[part], part, name, v)
	if err != nil {
		return fold.Values{}, torn(name, block, err)
	}
	return out, nil
}

// spell makes texts of a vector of decimals.
func (v *vector) spell() {
	if v.whole == nil {
		return
	}
	places := map[int64]uint32{}
	v.codes = make([]uint32, v.length)
	for i, n := range v.whole {
		code, known := places[n]
		if !known {
			code = uint32(len(v.texts))
			places[n], v.texts = code, append(v.texts, appendDecimal(nil, n, v.scale, v.fixed))
		}
		v.codes[i] = code
	}
	v.whole = nil
}

// holeCode is a value that the column has; others stand in the shape, at a place behind the column's own texts.
const holeCode = math.MaxUint32

// lay gives the values of a path to the events that have them. Where they are the shapes say: most are in the column, and rare ones in the shapes themselves.
func lay(shapes *vector, part, path string, v vector) (fold.Values, error) {
	items := make([][]uint32, len(shapes.texts))
	var literals [][]byte
	for i, shape := range shapes.texts {
		// Of a part that was kept as it is, no value is known.
		leaves(shape, part, func(l leaf) {
			if string(l.path) != path {
				return
			}
			code := uint32(holeCode)
			if shape[l.from] != hole {
				code = uint32(len(literals))
				literals = append(literals, shape[l.from:l.to])
			}
			items[i] = append(items[i], code)
		})
	}
	if len(literals) > 0 {
		v.spell()
	}
	out := fold.Values{Starts: make([]uint32, len(shapes.codes)+1), Power: math.Pow10(v.scale)}
	used := 0
	for i, code := range shapes.codes {
		for _, item := range items[code] {
			switch {
			case item != holeCode:
				out.Codes = append(out.Codes, uint32(len(v.texts))+item)
				continue
			case used == v.length:
				return fold.Values{}, errTorn
			case len(literals) > 0:
				out.Codes = append(out.Codes, v.codes[used])
			}
			used++
		}
		total := used
		if len(literals) > 0 {
			total = len(out.Codes)
		}
		out.Starts[i+1] = uint32(total)
	}
	if used != v.length {
		return fold.Values{}, errTorn
	}
	if len(literals) == 0 {
		out.Codes, out.Whole = v.codes, v.whole
	}
	if v.whole != nil {
		return out, nil
	}
	out.Words = make([]fold.Value, 0, len(v.texts)+len(literals))
	for _, text := range v.texts {
		out.Words = append(out.Words, fold.ValueOf(text))
	}
	for _, text := range literals {
		out.Words = append(out.Words, fold.ValueOf(bytes.TrimSpace(text)))
	}
	if out.Codes == nil {
		out.Codes = []uint32{}
	}
	return out, nil
}

// pick is some events of a block as a block of its own, which holds nothing of the others.
func (l *loaded) pick(rows []uint32) *loaded {
	out := &loaded{Block: &fold.Block{Day: l.Day, Names: l.Names}, source: &source{file: l.source.file, block: l.source.block, rows: rows}}
	for _, i := range rows {
		out.Times = append(out.Times, l.Times[i])
		out.Block.Events = append(out.Block.Events, l.Block.Events[i])
	}
	for n := range l.Columns {
		out.Columns = append(out.Columns, pickValues(&l.Columns[n], rows))
	}
	return out
}

func pickValues(v *fold.Values, rows []uint32) fold.Values {
	out := fold.Values{Power: v.Power, Starts: []uint32{0}}
	if v.Codes != nil {
		out.Codes = []uint32{}
	}
	words := map[uint32]uint32{}
	n := uint32(0)
	for _, i := range rows {
		from, to := i, i+1
		if v.Starts != nil {
			from, to = v.Starts[i], v.Starts[i+1]
		}
		for ; from < to; from++ {
			n++
			if v.Codes == nil {
				out.Whole = append(out.Whole, v.Whole[from])
				continue
			}
			code, known := words[v.Codes[from]]
			if !known {
				code = uint32(len(out.Words))
				words[v.Codes[from]], out.Words = code, append(out.Words, v.Words[v.Codes[from]])
			}
			out.Codes = append(out.Codes, code)
		}
		out.Starts = append(out.Starts, n)
	}
	return out
}
