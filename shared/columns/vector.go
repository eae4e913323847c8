package columns

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A vector is a column of texts within a block. It is written in the shortest of three forms, of which each gives back every text as it was.
const (
	formPlain   = 0 // each text
	formDict    = 1 // each different text once, and which of them each is
	formDecimal = 2 // numbers, as integers with the point at the same place
)

// Of a decimal form: how its numbers were written.
const (
	decimalShort = 0 // without zeros behind the last digit, as JavaScript writes them
	decimalFixed = 1 // all with the same digits behind the point
)

// maxScale keeps a decimal within what a float64 holds exactly.
const maxScale = 15

// vector is one that was read. codes is which of texts each is; of decimals there are no texts.
type vector struct {
	texts  [][]byte
	codes  []uint32
	whole  []int64
	scale  int
	fixed  bool
	length int
}

// appendVector writes texts.
func appendVector(out []byte, texts [][]byte) []byte {
	if decimals, ok := parseDecimals(texts); ok {
		return decimals.append(out)
	}
	places := make(map[string]uint32)
	codes := make([]uint32, len(texts))
	var distinct [][]byte
	for i, text := range texts {
		code, known := places[string(text)]
		if !known {
			code = uint32(len(distinct))
			places[string(text)] = code
			distinct = append(distinct, text)
		}
		codes[i] = code
	}
	if len(distinct) > len(texts)-len(texts)/4 && len(texts) > 1 {
		return appendTexts(binary.AppendUvarint(append(out, formPlain), uint64(len(texts))), texts)
	}
	out = binary.AppendUvarint(append(out, formDict), uint64(len(texts)))
	out = appendTexts(binary.AppendUvarint(out, uint64(len(distinct))), distinct)
	return appendCodes(out, codes, len(distinct))
}

// appendTexts writes the lengths before the texts: each kind of byte beside its like is made smaller.
func appendTexts(out []byte, texts [][]byte) []byte {
	for _, text := range texts {
		out = binary.AppendUvarint(out, uint64(len(text)))
	}
	for _, text := range texts {
		out = append(out, text...)
	}
	return out
}

// width is how many bytes a code of so many texts has: one kind for a column, so that it is read without a branch.
func width(distinct int) int {
	switch {
	case distinct <= 1:
		return 0
	case distinct <= 1<<8:
		return 1
	case distinct <= 1<<16:
		return 2
	}
	return 4
}

func appendCodes(out []byte, codes []uint32, distinct int) []byte {
	for _, code := range codes {
		switch width(distinct) {
		case 1:
			out = append(out, byte(code))
		case 2:
			out = binary.LittleEndian.AppendUint16(out, uint16(code))
		case 4:
			out = binary.LittleEndian.AppendUint32(out, code)
		}
	}
	return out
}

func (r *reader) codes(n, distinct int) []uint32 {
	wide := width(distinct)
	raw := r.take(uint64(n) * uint64(wide))
	if r.err != nil || distinct == 0 && n > 0 {
		r.fail()
		return nil
	}
	codes := make([]uint32, n)
	switch wide {
	case 1:
		for i, b := range raw {
			codes[i] = uint32(b)
		}
	case 2:
		for i := range codes {
			codes[i] = uint32(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	case 4:
		for i := range codes {
			codes[i] = binary.LittleEndian.Uint32(raw[4*i:])
		}
	}
	greatest := uint32(0)
	for _, code := range codes {
		greatest = max(greatest, code)
	}
	if n > 0 && int(greatest) >= distinct {
		r.fail()
		return nil
	}
	return codes
}

func (r *reader) texts(n int) [][]byte {
	lengths := make([]uint64, n)
	for i := range lengths {
		lengths[i] = r.uint()
	}
	texts := make([][]byte, n)
	for i, length := range lengths {
		texts[i] = r.take(length)
	}
	return texts
}

// readVector reads what appendVector wrote. most bounds the values, which may take no bytes each.
func readVector(raw []byte, most int) (vector, error) {
	r := &reader{in: raw}
	form := r.take(1)
	n := r.uint()
	if r.err != nil || n > uint64(most) {
		return vector{}, errTorn
	}
	v := vector{length: int(n)}
	switch form[0] {
	case formPlain:
		if n > uint64(len(r.in)) {
			return vector{}, errTorn
		}
		v.texts = r.texts(int(n))
		v.codes = make([]uint32, len(v.texts))
		for i := range v.codes {
			v.codes[i] = uint32(i)
		}
	case formDict:
		distinct := r.count(1)
		v.texts = r.texts(distinct)
		v.codes = r.codes(int(n), distinct)
	case formDecimal:
		v.readDecimals(r)
	default:
		r.fail()
	}
	return v, r.end()
}

// appendAt appends the text of a place.
func (v *vector) appendAt(out []byte, i int) []byte {
	if v.whole == nil {
		return append(out, v.texts[v.codes[i]]...)
	}
	return appendDecimal(out, v.whole[i], v.scale, v.fixed)
}

// at is the text of a place of a vector that is not of decimals, else it is made.
func (v *vector) at(i int) []byte {
	if v.whole == nil {
		return v.texts[v.codes[i]]
	}
	return v.appendAt(nil, i)
}

type decimals struct {
	whole []int64
	scale int
	fixed bool
}

// parseDecimals reads texts that are all numbers written in one of two ways.
func parseDecimals(texts [][]byte) (decimals, bool) {
	if len(texts) < 8 {
		return decimals{}, false
	}
	d := decimals{fixed: true}
	scales := make([]int, len(texts))
	for i, text := range texts {
		_, scale, ok := parseDecimal(text)
		if !ok {
			return decimals{}, false
		}
		scales[i] = scale
		d.fixed = d.fixed && scale == scales[0]
		d.scale = max(d.scale, scale)
	}
	d.whole = make([]int64, len(texts))
	var room []byte
	for i, text := range texts {
		n, scale, _ := parseDecimal(text)
		for ; scale < d.scale; scale++ {
			n *= 10
		}
		d.whole[i] = n
		if room = appendDecimal(room[:0], n, d.scale, d.fixed); n > math.MaxInt64/1000 || n < -math.MaxInt64/1000 || string(room) != string(text) {
			return decimals{}, false
		}
	}
	return d, true
}

// parseDecimal reads an integer or a decimal of at most 15 digits.
func parseDecimal(text []byte) (n int64, scale int, ok bool) {
	if len(text) == 0 || len(text) > maxScale+2 {
		return 0, 0, false
	}
	digits, point := 0, -1
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int64(c-'0'), digits+1
		case c == '-' && i == 0:
		case c == '.' && point < 0:
			point = digits
		default:
			return 0, 0, false
		}
	}
	if digits == 0 || digits > maxScale {
		return 0, 0, false
	}
	if text[0] == '-' {
		n = -n
	}
	if point >= 0 {
		scale = digits - point
	}
	return n, scale, true
}

func appendDecimal(out []byte, n int64, scale int, fixed bool) []byte {
	if scale == 0 {
		return strconv.AppendInt(out, n, 10)
	}
	if n < 0 {
		out, n = append(out, '-'), -n
	}
	power := int64(1)
	for range scale {
		power *= 10
	}
	out = strconv.AppendInt(out, n/power, 10)
	rest := n % power
	if rest == 0 && !fixed {
		return out
	}
	out = append(out, '.')
	for power /= 10; power > 0 && (fixed || rest > 0); power /= 10 {
		out = append(out, byte('0'+rest/power))
		rest %= power
	}
	return out
}

func (d decimals) append(out []byte) []byte {
	out = binary.AppendUvarint(append(out, formDecimal), uint64(len(d.whole)))
	way := byte(decimalShort)
	if d.fixed {
		way = decimalFixed
	}
	out = append(out, way, byte(d.scale))
	for _, n := range d.whole {
		out = binary.AppendVarint(out, n)
	}
	return out
}

func (v *vector) readDecimals(r *reader) {
	head := r.take(2)
	if r.err != nil || head[0] > decimalFixed || head[1] > maxScale || v.length > len(r.in) {
		r.fail()
		return
	}
	v.fixed, v.scale = head[0] == decimalFixed, int(head[1])
	v.whole = make([]int64, v.length)
	for i := range v.whole {
		// No number that was written is so great, and its negative is none.
		if v.whole[i] = r.int(); v.whole[i] > math.MaxInt64/1000 || v.whole[i] < -math.MaxInt64/1000 {
			r.fail()
			return
		}
	}
}
