package rule

// Language is one in which fields are named to operators.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Languages lists the languages, the default first.
func Languages() []Language { return []Language{English, Chinese} }

// word is what a field is called. What it means in English stands in the registry.
type word struct{ en, zh, meaning string }
