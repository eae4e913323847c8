package segmentation

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
)

// A part is one item: maxPartBytes is what its rows should have before they are compressed, and what it may have in the end. maxItemBytes is what the
// definitions of a run may have; an item may have 400 KB.
const (
	maxPartBytes = 300_000
	maxItemBytes = 380_000
)

// row is what collecting leaves behind of one profile: every buyer, and of the others those who change.
type row struct {
	id profile.ID
	// facts has R, F, M and Buys only.
	facts score.Facts
	// own are the parts of the new scores that need nothing of the other buyers: the lifecycle, and class15 of who is none.
	own profile.Scores
	// old are the scores that the profile had.
	old profile.Scores
	// differs says that memberships change by the old scores already.
	differs bool
	// members are the answers of the scored definitions by the old scores, in the order of Set.Scored.
	members []bool
}

// keyOf is the id of a profile as bytes, which are of a hash.
func keyOf(id profile.ID) (key [idBytes]byte, err error) {
	if !packable(id) {
		return key, fmt.Errorf("%.32q is no profile id", id)
	}
	_, err = base64.RawURLEncoding.Decode(key[:], []byte(id))
	return key, err
}

// summary is what collecting says of a part's profiles beside the rows.
type summary struct {
	Profiles    int          `json:"profiles"`
	Approximate int          `json:"approximate,omitempty"`
	Unreadable  int          `json:"unreadable,omitempty"`
	Refused     int          `json:"refused,omitempty"`
	Counts      score.Counts `json:"counts"`
	// Segments counts members as far as scoring cannot change them: of live definitions all, of scored ones those who are no buyers.
	Segments map[string]int `json:"segments,omitempty"`
	// Worths are what those members bring.
	Worths map[string]score.Worth `json:"worths,omitempty"`
	// Values is nil of a part that the version before collected.
	Values *score.Values `json:"values,omitempty"`
	// Likenesses are what the members of segments are like, those who buy by the old scores; Quality counts what is lacking of profiles, and Cohorts when people came and came back. A part of the version before has none.
	Likenesses *score.Likenesses `json:"likenesses,omitempty"`
	Quality    score.Quality     `json:"quality,omitempty"`
	Cohorts    *score.Cohorts    `json:"cohorts,omitempty"`
	// WithoutBuys says that the rows do not know on what days people buy. The form of a part says it.
	WithoutBuys bool `json:"-"`
}

// columnsVersion is the first byte of an unpacked part. Those of columnsWithoutBuys were collected by the version before, which did not know on what days people buy.
const (
	columnsVersion     = 2
	columnsWithoutBuys = 1
)

const idBytes = 16

// packable says that an id is one of those that identifiers have. A profile under any other is counted as unreadable.
func packable(id profile.ID) bool {
	var room [2 * idBytes]byte
	if len(id) != base64.RawURLEncoding.EncodedLen(idBytes) {
		return false
	}
	_, err := base64.RawURLEncoding.Decode(room[:], []byte(id))
	return err == nil
}

// scoreCode numbers classes, 0 for none; what a newer version calls otherwise is none too, and so differs from every new class.
type scoreCode struct{ names []string }

func (c scoreCode) encode(name string) byte { return byte(slices.Index(c.names, name) + 1) }

func (c scoreCode) decode(code byte) (string, error) {
	if int(code) > len(c.names) {
		return "", errColumns
	}
	if code == 0 {
		return "", nil
	}
	return c.names[code-1], nil
}

var (
	codes8         = scoreCode{score.Classes8()}
	codes11        = scoreCode{score.Segments11()}
	codes15        = scoreCode{score.Classes15()}
	codesLifecycle = scoreCode{score.Lifecycles()}
	codesActivity  = scoreCode{score.ActivityBands()}
	codesStage     = scoreCode{score.Stages()}
	codesAlive     = scoreCode{prediction.Bands()}

	errColumns = errors.New("the columns are not as they were packed")
)

// packColumns writes a summary and rows, a column after the other: like stands beside like and compresses.
func packColumns(s summary, rows []row) ([]byte, error) {
	head, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("packing columns: %w", err)
	}
	out := []byte{columnsVersion}
	out = binary.AppendUvarint(out, uint64(len(head)))
	out = append(out, head...)
	out = binary.AppendUvarint(out, uint64(len(rows)))
	members := 0
	if len(rows) > 0 {
		members = len(rows[0].members)
	}
	out = binary.AppendUvarint(out, uint64(members))
	for _, r := range rows {
		if !packable(r.id) {
			return nil, fmt.Errorf("packing columns: %.32q is no profile id", r.id)
		}
		if out, err = base64.RawURLEncoding.AppendDecode(out, []byte(r.id)); err != nil {
			return nil, fmt.Errorf("packing columns: %w", err)
		}
	}
	for _, column := range [...]func(row) uint64{
		func(r row) uint64 { return uint64(r.facts.R) },
		func(r row) uint64 { return uint64(r.facts.F) },
		func(r row) uint64 { return uint64(r.facts.M) },
		func(r row) uint64 { return uint64(r.facts.Buys.Repeats) },
		func(r row) uint64 { return uint64(r.facts.Buys.First) },
		func(r row) uint64 { return uint64(r.facts.Buys.Last) },
		func(r row) uint64 { return uint64(r.facts.Buys.Spent) },
	} {
		for _, r := range rows {
			out = binary.AppendUvarint(out, column(r))
		}
	}
	for _, column := range [...]func(row) byte{
		func(r row) byte { return codes15.encode(r.own.Class15) },
		func(r row) byte { return codesLifecycle.encode(r.own.Lifecycle) },
		func(r row) byte { return codesActivity.encode(r.own.Activity) },
		func(r row) byte { return codesStage.encode(r.own.Stage) },
		func(r row) byte { return byte(r.old.R*36 + r.old.F*6 + r.old.M) },
		func(r row) byte { return codes8.encode(r.old.Class8) },
		func(r row) byte { return codes11.encode(r.old.Segment11) },
		func(r row) byte { return codes15.encode(r.old.Class15) },
		func(r row) byte { return codesLifecycle.encode(r.old.Lifecycle) },
		func(r row) byte { return codesActivity.encode(r.old.Activity) },
		func(r row) byte { return codesStage.encode(r.old.Stage) },
		func(r row) byte { return codesAlive.encode(r.old.Alive) },
		func(r row) byte { return byte(r.old.ValueDecile) },
		func(r row) byte { return bit(r.differs) },
	} {
		for _, r := range rows {
			out = append(out, column(r))
		}
	}
	for i := range members {
		for _, r := range rows {
			out = append(out, bit(r.members[i]))
		}
	}
	return compress(out), nil
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// unpackColumns reads what packColumns wrote.
func unpackColumns(packed []byte) (summary, []row, error) {
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
	n, members := d.uvarint(), d.uvarint()
	if n > uint64(len(d.rest)/idBytes) || members > segment.MaxDefinitions {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	rows := make([]row, n)
	for i := range rows {
		rows[i].id = profile.ID(base64.RawURLEncoding.EncodeToString(d.bytes(idBytes)))
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
	answers := make([]bool, int(n)*int(members))
	for i := range rows {
		rows[i].members = answers[i*int(members) : (i+1)*int(members)]
	}
	for m := range int(members) {
		for i := range rows {
			rows[i].members[m] = d.byte() == 1
		}
	}
	if d.err != nil || len(d.rest) > 0 {
		return summary{}, nil, fmt.Errorf("unpacking columns: %w", errColumns)
	}
	return s, rows, nil
}

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

// numbers reads a column of numbers.
func (d *columnReader) numbers(rows []row, into func(*row, uint64)) {
	for i := range rows {
		into(&rows[i], d.uvarint())
	}
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

// maxUnpacked bounds what a packed part may grow to.
const maxUnpacked = 64 << 20

var coders = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constants
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		panic(err)
	}
	return encoder, decoder
})

func compress(text []byte) []byte {
	encoder, _ := coders()
	return encoder.EncodeAll(text, nil)
}

func decompress(packed []byte) ([]byte, error) {
	_, decoder := coders()
	return decoder.DecodeAll(packed, nil)
}
