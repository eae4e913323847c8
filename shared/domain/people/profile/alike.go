package profile

import (
	"math/bits"
	"strings"
)

// alikeName is a standard name as others are compared with it.
type alikeName struct {
	name, folded, stem string
	letters            uint32
}

var alikeNames = func() (all []alikeName) {
	for _, name := range StandardEvents {
		words := strings.Fields(name)
		if name == OtherEvents || len(words) == 1 && name != "Unsubscribed" {
			continue // page and screen are calls
		}
		text := bare(name)
		for i := range words {
			words[i] = strings.TrimSuffix(words[i], "ed")
		}
		all = append(all, alikeName{name, text, bare(strings.Join(words, "")), lettersOf(text)})
	}
	return all
}()

const (
	// longestAlike bounds the names that are compared, in bytes; the longest standard name has 28.
	longestAlike = 40
	// shortAlike is up to how many letters one edit makes another name; of longer ones two.
	shortAlike = 12
)

// Alike is the standard event that a name, which is none, was probably meant to be: written in other letters or with other marks between its words, with
// its words in another sequence, in another tense, or with a letter or two amiss. It is empty where there is none.
func Alike(name string) string {
	if len(name) > longestAlike {
		return ""
	}
	text := bare(name)
	if text == "" {
		return ""
	}
	letters, best, least := lettersOf(text), "", 3
	for i := range alikeNames {
		a := &alikeNames[i]
		far := len(a.folded) - len(text)
		if text[0] == a.folded[0] && (a.stem == text || far > 0 && far <= 3 && a.tense(text)) || far == 0 && a.letters == letters && a.turned(text) {
			return a.name
		}
		limit := 2
		if len(a.folded) <= shortAlike {
			limit = 1
		}
		// Each letter that one of them alone has is an edit.
		if far > limit || far < -limit || bits.OnesCount32(letters&^a.letters) > limit || bits.OnesCount32(a.letters&^letters) > limit {
			continue
		}
		if n := distance(a.folded, text); n <= limit && n < least {
			best, least = a.name, n
		}
	}
	return best
}

// tense tells whether only the ending of the past is missing.
func (a *alikeName) tense(text string) bool {
	rest, is := strings.CutPrefix(a.folded, text)
	return is && (rest == "d" || rest == "ed" || rest == "led")
}

// turned tells whether the text is the name begun at another letter, as "Completed Order" is.
func (a *alikeName) turned(text string) bool {
	for head := range a.folded {
		if a.folded[head:] == text[:len(text)-head] && a.folded[:head] == text[len(text)-head:] {
			return true
		}
	}
	return false
}

// bare are the letters and digits of a name in lower case, and nothing of a name that has others than those of ASCII.
func bare(name string) string {
	var buffer [longestAlike]byte
	dst := buffer[:0]
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			dst = append(dst, c)
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c-'A'+'a')
		case c >= 0x80:
			return ""
		}
	}
	return string(dst)
}

// lettersOf has a bit for each letter of a folded text.
func lettersOf(text string) (set uint32) {
	for i := range len(text) {
		if c := text[i]; c >= 'a' {
			set |= 1 << (c - 'a')
		}
	}
	return set
}

// distance is how many letters are put in, left out or replaced between two texts of at most longestAlike bytes (Levenshtein).
func distance(a, b string) int {
	var row [longestAlike + 1]int
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
