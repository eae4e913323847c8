package segmentation

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
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

// columnsApart is the first byte of a part. Its columns are compressed each by itself: one that nothing compresses, as the ids are, would spoil the rest.
// The versions before compressed a part as a whole; columnsVersion and columnsWithoutBuys are the first byte of theirs when it is unpacked. The latter did not know on what days people buy.
const (
	columnsApart       = 3
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
