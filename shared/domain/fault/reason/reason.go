// Package reason says in Chinese why a document is refused. A fault is an English sentence, which is what programs and the API speak; people who read Chinese read
// this. It knows the sentences as the code writes them, with the places where something is put in, and a test holds it to the code. The surprising thing: what a template's
// language has to say of a template is not here: it speaks of the words of that language, and stands as it is.
package reason

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// sentence is a row that was made ready: a form of the English, and what it is in Chinese, with {1} for what was put in first.
type sentence struct {
	form    *regexp.Regexp
	fixed   int // how many letters of the form are its own
	chinese string
}

// verb is a place in a sentence where something is put in, as package fmt has it.
var verb = regexp.MustCompile(`%\.?\d*[a-z]`)

var sentences = sync.OnceValue(func() []sentence {
	all := make([]sentence, 0, len(rows))
	for english, chinese := range rows {
		parts := verb.Split(english, -1)
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		all = append(all, sentence{regexp.MustCompile(`(?s)^` + strings.Join(parts, `(.*?)`) + `$`), len(verb.ReplaceAllString(english, "")), chinese})
	}
	return all
})

// meant is the end of a reason that asks what was meant, and quoted is each of the words that it asks about.
var (
	meant  = regexp.MustCompile(`^(.*): did you mean ("(?:[^"\\]|\\.)*"(?: or "(?:[^"\\]|\\.)*")*)\?$`)
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// Chinese is a reason in Chinese; false where it has none.
func Chinese(english string) (string, bool) {
	if parts := meant.FindStringSubmatch(english); parts != nil {
		said, has := Chinese(parts[1])
		return said + "，是不是想写 " + strings.Join(quoted.FindAllString(parts[2], -1), " 或 ") + "？", has
	}
	var found sentence
	var put []string
	for _, s := range sentences() {
		// Of two that fit, the one with more letters of its own says more.
		if in := s.form.FindStringSubmatch(english); in != nil && (found.form == nil || s.fixed > found.fixed) {
			found, put = s, in[1:]
		}
	}
	if found.form == nil {
		return "", false
	}
	said := found.chinese
	for i, one := range put {
		said = strings.ReplaceAll(said, "{"+strconv.Itoa(i+1)+"}", inner(one))
	}
	return said, true
}

// inner is what was put into a sentence: a sentence itself, a word that has another in Chinese, or what it is.
func inner(text string) string {
	if said, has := things[text]; has {
		return said
	}
	if said, has := Chinese(text); has && isSentence(text) {
		return said
	}
	return text
}

// isSentence says whether what was put in is a sentence itself, and not a name that happens to fit one.
func isSentence(text string) bool {
	return strings.HasPrefix(text, "is ") || strings.HasPrefix(text, "must ")
}
