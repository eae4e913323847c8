// Package spelling finds what a name that nobody knows was meant to be. It corrects nothing: a misspelt name stays refused, and whoever wrote it is told
// the likely one. The surprising thing: letters' case, blanks, hyphens and underscores count for nothing, so "as_of" is no misspelling of "asOf" but the same
// letters.
package spelling

import (
	"strconv"
	"strings"
)

const (
	// maxLetters bounds what is compared; no name that is known has more.
	maxLetters = 64
	// lettersPerSlip is how many letters a name has for each slip that is forgiven. Of shorter names one slip is forgiven.
	lettersPerSlip = 4
	maxSlips       = 3
)

// Hint is the end of a sentence that refuses a word: `: did you mean "name"?`, empty where none of the known ones is near.
func Hint(word string, known ...string) string {
	near, _ := Nearest(word, known...)
	return Meant(near)
}

// Meant is the end of a sentence that asks whether a word was meant, or which of several; empty for none.
func Meant(words ...string) string {
	var quoted []string
	for _, word := range words {
		if word != "" {
			quoted = append(quoted, strconv.Quote(word))
		}
	}
	if quoted == nil {
		return ""
	}
	return ": did you mean " + strings.Join(quoted, " or ") + "?"
}

// Nearest is the known word with the fewest slips from a word, of several the first that begins with the same letter, else the first, and how many these are: a letter too many, too few, another one, or two next to each other
// in the wrong order. It is empty where all are further than a slip for every four letters.
func Nearest(word string, known ...string) (near string, slips int) {
	letters := fold(word)
	if len(letters) == 0 || len(letters) > maxLetters {
		return "", 0
	}
	slips = min(max(len(letters)/lettersPerSlip, 1), maxSlips) + 1
	sameStart := true // the first that is near has fewer slips than this
	for _, one := range known {
		other := fold(one)
		if len(other)-len(letters) > slips || len(letters)-len(other) > slips {
			continue
		}
		// What differs in every letter was not misspelt.
		n := distance(letters, other)
		if n >= len(letters) || n >= len(other) {
			continue
		}
		alike := other[0] == letters[0]
		if n < slips || n == slips && alike && !sameStart {
			near, slips, sameStart = one, n, alike
		}
	}
	if near == "" {
		return "", 0
	}
	return near, slips
}

// fold is a word without what does not count.
func fold(word string) []rune {
	if len(word) > 4*maxLetters {
		return []rune(word) // too long by any count
	}
	return []rune(marks.Replace(strings.ToLower(word)))
}

var marks = strings.NewReplacer("_", "", "-", "", " ", "")

// distance counts the slips between two words: V. I. Levenshtein (1966) with F. J. Damerau's transpositions (1964), in its restricted form, in which no letter is part of two.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
