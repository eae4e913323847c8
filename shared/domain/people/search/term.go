package search

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Kind says what a term is of.
type Kind string

// The kinds.
const (
	OfName  Kind = "n"
	OfPhone Kind = "t"
	OfEmail Kind = "m"
)

// Term is one thing under which a person is listed. A question finds those that begin with it.
type Term struct {
	Kind Kind
	Text string // of a name a folded ending; of a number its digits, the last first; of an address its hash
	// Rank orders those of one address: how far it is proven.
	Rank int
	// Of are the terms of the same name, by which a question of several words is answered.
	Of string
}

// Reading gives the pinyin of characters that stand together in a name, one syllable each, "" where there is none.
type Reading func(han []rune) []string

// maxTerm is how many characters of a term count.
const maxTerm = 40

// Terms are what facts are listed under, each once. There are no more than maxTerms.
func (f Facts) Terms(read Reading) (all []Term) {
	add := func(t Term) {
		if !slices.ContainsFunc(all, func(o Term) bool { return o.Kind == t.Kind && o.Text == t.Text }) {
			all = append(all, t)
		}
	}
	for _, name := range f.Names {
		terms := namesOf(name, read)
		for _, text := range terms {
			add(Term{Kind: OfName, Text: text, Of: strings.Join(terms, " ")})
		}
	}
	for _, text := range endingsOf(f.Phones) {
		add(Term{Kind: OfPhone, Text: text})
	}
	for _, e := range f.Emails {
		add(Term{Kind: OfEmail, Text: HashOf(e.Address), Rank: slices.Index(proofs, e.Proof)})
	}
	slices.SortFunc(all, func(a, b Term) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text)) })
	return all[:min(len(all), maxTerms)]
}

// maxTerms bounds the terms of a person: all of them are replaced with one transaction of at most a hundred actions.
const maxTerms = 48

// namesOf are the endings of a name: from each character or word on, in pinyin from the first and the second on, and the initials.
func namesOf(name string, read Reading) (terms []string) {
	parts := partsOf(name)
	add := func(text string) {
		if text = cut(text, maxTerm); text != "" && !slices.Contains(terms, text) {
			terms = append(terms, text)
		}
	}
	for i := range parts {
		add(strings.Join(parts[i:], ""))
	}
	if !strings.ContainsFunc(strings.Join(parts, ""), isHan) {
		return terms
	}
	spoken, initials := readingsOf(parts, read), ""
	for i := range min(len(spoken), 2) {
		add(strings.Join(spoken[i:], ""))
	}
	for _, syllable := range spoken {
		initials += cut(syllable, 1)
	}
	if utf8.RuneCountInString(initials) > 1 {
		add(initials)
	}
	return terms
}

// readingsOf are the parts with each character as it is read. What has no reading is left out.
func readingsOf(parts []string, read Reading) (spoken []string) {
	for at := 0; at < len(parts); {
		var han []rune
		for ; at < len(parts) && strings.ContainsFunc(parts[at], isHan); at++ {
			r, _ := utf8.DecodeRuneInString(parts[at])
			han = append(han, r)
		}
		if len(han) == 0 {
			spoken = append(spoken, parts[at])
			at++
			continue
		}
		spoken = append(spoken, read(han)...)
	}
	return slices.DeleteFunc(spoken, func(s string) bool { return s == "" })
}

// MinDigits and MaxDigits are how many of the last digits of a number a question has.
const (
	MinDigits = 4
	MaxDigits = 20
)

// endingsOf are the digits of numbers, the last first; of two spellings of one the longer.
func endingsOf(phones []string) (all []string) {
	for _, number := range phones {
		digits := Digits(number)
		if len(digits) < MinDigits {
			continue
		}
		text := backwards(digits)
		if slices.ContainsFunc(all, func(o string) bool { return strings.HasPrefix(o, text) }) {
			continue
		}
		all = append(slices.DeleteFunc(all, func(o string) bool { return strings.HasPrefix(text, o) }), text)
	}
	return all
}

// Digits are those of a text.
func Digits(text string) string {
	var b strings.Builder
	for _, r := range text {
		if folded, _ := fold(r); len(folded) == 1 && folded[0] >= '0' && folded[0] <= '9' {
			b.WriteString(folded)
		}
	}
	return b.String()
}

func backwards(digits string) string {
	b := []byte(digits)
	slices.Reverse(b)
	return string(b)
}

// HashOf stands for an address, so that none stands in a key.
func HashOf(email string) string {
	sum := sha256.Sum256([]byte(string(profile.Email) + ":" + email))
	return hex.EncodeToString(sum[:16])
}
