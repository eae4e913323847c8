package segmentation

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"sort"

	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/domain/people/profile"
)

// What a part answers is a head, with what somebody answers who has done nothing, and a line for each person who answers otherwise, in the order of people: the person's bytes, what is true of all that was
// ever said, and what is proven, a bit for each question. A part that was given up is empty.
const (
	answersVersion = 1
	headBytes      = 1 + 4 + 4
	lineBytes      = 16 + 4 + 4
	// maxLines is how many people a run holds the answers of: half a gigabyte. Where there are more, it is as if nobody had been asked.
	maxLines = 20_000_000
)

// answers are what a part answers, while it is being asked.
type answers struct {
	nobody fold.Recalled
	body   []byte
}

func answersOf(nobody fold.Recalled) *answers {
	a := &answers{nobody: nobody, body: []byte{answersVersion}}
	a.write(nobody)
	return a
}

func (a *answers) write(said fold.Recalled) {
	a.body = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(a.body, said.All), said.Proven)
}

// add takes the next person.
func (a *answers) add(who columns.Person, said fold.Recalled) {
	if said != a.nobody {
		a.body = append(a.body, who[:]...)
		a.write(said)
	}
}

// recalled is what everybody answers. It may be asked by many at once.
type recalled struct {
	asks           []json.RawMessage
	nobody         fold.Recalled
	shards, ranges int
	parts          [][]byte // the lines of each
	lines          int
}

var errAnswers = errors.New("the answers are not as they were written")

// take adds the next part; false for one that was given up, or is too much.
func (r *recalled) take(body []byte) (bool, error) {
	if len(body) == 0 {
		return false, nil
	}
	if body[0] != answersVersion || len(body) < headBytes || (len(body)-headBytes)%lineBytes != 0 {
		return false, errAnswers
	}
	r.nobody = saidIn(body[1:])
	lines := body[headBytes:]
	r.parts, r.lines = append(r.parts, lines), r.lines+len(lines)/lineBytes
	return r.lines <= maxLines, nil
}

func saidIn(line []byte) fold.Recalled {
	return fold.Recalled{All: binary.LittleEndian.Uint32(line), Proven: binary.LittleEndian.Uint32(line[4:])}
}

// of is what somebody answers.
func (r *recalled) of(id profile.ID) fold.Recalled {
	who, err := columns.PersonOf(id)
	if err != nil {
		return r.nobody
	}
	lines := r.parts[who.Shard(r.shards)*r.ranges+who.Range(r.ranges)]
	i := sort.Search(len(lines)/lineBytes, func(i int) bool { return bytes.Compare(lines[i*lineBytes:i*lineBytes+16], who[:]) >= 0 })
	if at := i * lineBytes; at < len(lines) && bytes.Equal(lines[at:at+16], who[:]) {
		return saidIn(lines[at+16:])
	}
	return r.nobody
}
