package rule

import "encoding/json"

// Recall is a condition of a rule that a run asks of the archive, for all people at once. Two that ask the same have the same Ask.
type Recall struct {
	Path string
	// Ask is the question: a definition of the kind performed, as package fold reads it, always written alike.
	Ask json.RawMessage
	// Place is which of the answers that somebody has is this one's, of all that are known of them; below zero where none is.
	Place int
}

// Guess is what is taken of conditions that nobody can answer before a run has asked the archive.
type Guess string

// The guesses: what is met for sure, whatever the archive says, and what may be met.
const (
	Surely  Guess = "surely"
	Perhaps Guess = "perhaps"
)
