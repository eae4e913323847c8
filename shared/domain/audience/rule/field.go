package rule

import "time"

// field is one entry of the registry. read gives what the profile holds, false for nothing; key is the part in angle brackets.
type field struct {
	name    string
	kind    Kind
	unit    Unit // of a number that counts no things
	meaning string
	scored  bool
	// unlisted fields are read where a rule names them, and offered to none.
	unlisted bool
	values   func() []string
	// newestDays fields count what happened on the newest profile.MaxRecentDays days on which anything of the kind did, of a longer time.
	newestDays bool
	// concluded fields do not tell what somebody did or said, but what follows from it: a habit, a liking, an expectation. With those of a run, which
	// are classes, they are what profiling comes to; see docs/privacy.md.
	concluded bool
	// judge says why no profile has the field with such a key; empty for one that a profile can have. Without it any key will do.
	judge func(key string) string
	read  func(s *Subject, key string) (value, bool)
}

// counts is the unit of a number.
func (f *field) counts() Unit {
	if f.kind == Number && f.unit == "" {
		return Count
	}
	return f.unit
}

// profiles tells whether the field may not be asked of somebody who refuses profiling.
func (f *field) profiles() bool { return f.concluded || f.scored }

func of(names ...string) func() []string { return func() []string { return names } }

// text, moment, amount and list make the read of a field that needs no key.
func text(read func(*Subject) string) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return textOf(read(s)) }
}

func moment(read func(*Subject) time.Time) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return timeOf(read(s)) }
}

func since(read func(*Subject) time.Time) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return s.daysSince(read(s)) }
}

func amount(read func(*Subject) int) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return count(read(s)) }
}

func yes(read func(*Subject) bool) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return flagOf(read(s)) }
}

func many(read func(*Subject) []string) func(*Subject, string) (value, bool) {
	return func(s *Subject, _ string) (value, bool) { return listOf(read(s)) }
}
