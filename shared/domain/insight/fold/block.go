// Package fold is questions about what people did: each is a pure function of one person's events in order, and the answers of people add up. It reads no file: whoever has the events
// hands them over as columns, of which a question names those that it needs. The surprising thing: a person is folded once, whole, so that how many people did something is a sum and exact.
package fold

import (
	"math"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Name is what an event is: its call, and the name that track, page and screen have.
type Name struct {
	Kind event.Kind
	Name string
}

// Block is events that lie together, of people one after the other, and of each person in order.
type Block struct {
	Day     profile.Day // the shop's, under which they are filed
	Times   []int64     // when each happened, in milliseconds since 1970
	Names   []Name      // all that occur
	Events  []uint32    // which of Names each is
	Columns []Values    // those that the question named, in its sequence

	apart  []bool     // of each word of who speaks, whether it is a public one
	marks  []uint32   // which of the question's matches each event meets, by bits
	each   []*Block   // where several questions are asked at once, the block of each
	groups [][]uint32 // of each split and listing, its groups by the code of a value, one more than the group; 0 is not known yet
}

// Stretch is events of one person in a block: from one place to before another.
type Stretch struct {
	Block    *Block
	From, To int
}

// ValueKind is what a value is.
type ValueKind byte

// The kinds of values. None is null, or a text that no reader understands.
const (
	None ValueKind = iota
	Text
	Number
	Flag
)

// Value is one value of JSON that holds no others.
type Value struct {
	Kind   ValueKind
	Text   string
	Number float64
	Flag   bool
}

// ValueOf reads a value as it is written in JSON.
func ValueOf(raw []byte) Value {
	switch text := string(raw); {
	case text == "":
	case text[0] == '"':
		return Value{Kind: Text, Text: rawjson.Text(raw)}
	case text == "true" || text == "false":
		return Value{Kind: Flag, Text: text, Flag: text == "true"}
	case text[0] == '-' || text[0] >= '0' && text[0] <= '9':
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return numberOf(f, text)
		}
	}
	return Value{}
}

// Values is a column of a block: of each event one value, or any number of them.
type Values struct {
	// Starts is where the values of each event begin, and where those of the last one end. Without it each event has one value.
	Starts []uint32
	// Words are all values that occur, Codes which of them each is. Where Codes is nil the values are Whole over Power, a power of ten.
	Words []Value
	Codes []uint32
	Whole []int64
	Power float64
}

// span is where the values of an event are.
func (v *Values) span(i int) (from, to int) {
	if v.Starts == nil {
		if v.Codes == nil && v.Whole == nil {
			return 0, 0
		}
		return i, i + 1
	}
	return int(v.Starts[i]), int(v.Starts[i+1])
}

// at is the value at a place.
func (v *Values) at(place int) Value {
	if v.Codes != nil {
		return v.Words[v.Codes[place]]
	}
	return numberOf(float64(v.Whole[place])/v.Power, "")
}

// exact is up to where every integer is a float64 of its own.
const exact = 1 << 53

// numberOf is a number. Its text does not tell how it was written, 12.50 or 12.5, since a column may not know; but of one that is too great for a float64, such as an id, it is what was written.
func numberOf(f float64, written string) Value {
	if math.Abs(f) < exact || written == "" {
		written = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return Value{Kind: Number, Text: written, Number: f}
}

// Fields that are no paths.
const (
	fieldName   = "name"
	FieldSource = "source"
	FieldTrust  = "trust"
)

// roots are what a path begins with.
var roots = []string{"properties.", "traits.", "context.", "integrations."}

// known says whether a field can be asked.
func known(field string) bool {
	if field == FieldSource || field == FieldTrust || field == fieldName {
		return true
	}
	for _, root := range roots {
		if strings.HasPrefix(field, root) && len(field) > len(root) && len(field) <= maxField {
			return true
		}
	}
	return false
}

const maxField = 200
