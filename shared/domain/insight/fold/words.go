package fold

// Bounds of what people are told apart by: of the values in an answer, and of those that are met on the way to it.
const (
	maxGroups = 10_000
	maxWords  = 1 << 20
)

// tooMany tells whether rows have more different values than an answer may.
func tooMany[T any](rows []T, of func(*T) string) bool {
	if len(rows) <= maxGroups {
		return false
	}
	seen := map[string]bool{}
	for i := range rows {
		seen[of(&rows[i])] = true
	}
	return len(seen) > maxGroups
}

// words numbers the values of a column as they come, so that what is counted by them is a slice.
type words struct {
	column  int // of the question; absent without one
	slot    int // of a block's groups
	texts   []string
	numbers map[string]int
	over    bool
}

const absent = -2

// newWords begins with the empty text, which is what an event has that has no value.
func newWords(column, slot int) *words {
	return &words{column: column, slot: slot, texts: []string{""}, numbers: map[string]int{"": 0}}
}

// prepareGroups makes room in a block for what its values are numbered as.
func prepareGroups(b *Block, all ...*words) {
	b.groups = make([][]uint32, len(all))
	for _, w := range all {
		switch {
		case w.column == onName:
			b.groups[w.slot] = make([]uint32, len(b.Names))
		case w.column >= 0:
			b.groups[w.slot] = make([]uint32, len(b.Columns[w.column].Words))
		}
	}
}

// of is the number of an event's value, 0 where it has none; has is false then.
func (w *words) of(b *Block, i int) (number int, has bool) {
	if w.column == absent {
		return 0, false
	}
	var code uint32
	if w.column == onName {
		code = b.Events[i]
	} else {
		v := &b.Columns[w.column]
		from, to := v.span(i)
		if from == to {
			return 0, false
		}
		if v.Codes == nil {
			return w.number(v.at(to - 1).Text), true
		}
		code = v.Codes[to-1]
	}
	known := &b.groups[w.slot][code]
	if *known == 0 {
		text := ""
		if w.column == onName {
			text = b.Names[code].Name
		} else {
			text = b.Columns[w.column].Words[code].Text
		}
		*known = uint32(w.number(text)) + 1
	}
	number = int(*known) - 1
	return number, w.texts[number] != ""
}

// number is that of a text. Behind the last one that there is room for, all are the first.
func (w *words) number(text string) int {
	n, known := w.numbers[text]
	if known {
		return n
	}
	if len(w.texts) >= maxWords {
		w.over = true
		return 0
	}
	n = len(w.texts)
	w.numbers[text], w.texts = n, append(w.texts, text)
	return n
}
