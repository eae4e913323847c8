package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Question is what somebody is looked for by: a beginning of terms.
type Question struct {
	Kind Kind
	// Whole is the beginning of a term; of several words, without what is between them.
	Whole string
	// Words are those of a name of several words, each of which begins a term of the name, in whatever order. One word is the whole.
	Words []string
}

// MinLetters is how many letters the longest word of a name has at least, but where its writing has a character a syllable or a word.
const MinLetters = 2

// ByName reads a name, or a part of one. false means that it would be everybody's.
func ByName(text string) (Question, bool) {
	q := Question{Kind: OfName, Words: words(text)}
	for i, w := range q.Words {
		q.Words[i] = cut(w, maxPart)
	}
	q.Whole = cut(strings.Join(q.Words, ""), maxTerm)
	return q, listed(q.Whole)
}

// ByDigits reads the last digits of a number.
func ByDigits(text string) (Question, bool) {
	digits := Digits(text)
	return Question{Kind: OfPhone, Whole: backwards(digits)}, len(digits) >= MinDigits && len(digits) <= MaxDigits
}

// ByEmail asks who has named an address.
func ByEmail(address string) Question { return Question{Kind: OfEmail, Whole: HashOf(address)} }

// listed says whether a beginning is long enough to be looked for.
func listed(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text != "" && (r >= utf8.RuneSelf || len(text) >= MinLetters)
}

// Longest is the word that leaves the fewest to be looked at, and false where no word does.
func (q Question) Longest() (string, bool) {
	if len(q.Words) < 2 {
		return "", false
	}
	longest := slices.MaxFunc(q.Words, func(a, b string) int { return utf8.RuneCountInString(a) - utf8.RuneCountInString(b) })
	return longest, listed(longest)
}

// Met says whether a name, by its terms, has each of the words, but not the whole, which is answered before.
func (q Question) Met(of string) bool {
	terms := strings.Fields(of)
	begins := func(word string) bool {
		return slices.ContainsFunc(terms, func(term string) bool { return strings.HasPrefix(term, word) })
	}
	return !begins(q.Whole) && !slices.ContainsFunc(q.Words, func(w string) bool { return !begins(w) })
}

// ProofOfDigits says how far a number is proven to be a person's that ends in the digits of a question.
func ProofOfDigits(p *profile.Profile, q Question) (best Proof) {
	for _, number := range Of(p).Phones {
		if !strings.HasPrefix(backwards(Digits(number)), q.Whole) {
			continue
		}
		if proof := ProofOf(p, []profile.Identifier{{Kind: profile.Phone, Value: number}}); best == "" || proof.Compare(best) < 0 {
			best = proof
		}
	}
	return best
}
