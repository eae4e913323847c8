package shared

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// englishOnly are the pages of docs/ for those who build and run userops, which have no Chinese page.
var englishOnly = []string{"docs/SECURITY.md", "docs/RELIABILITY.md", "docs/DEPENDENCIES.md", "docs/channels.md", "docs/local.md"}

// section is a heading with what stands below it, up to the next one.
type section struct {
	level  int
	title  string
	blocks []code
	tables [][]string // rows, without the line below the head
	prose  []string
}

type code struct {
	language string
	lines    []string
}

// document is a page by its path from the root.
type document struct {
	path     string
	sections []section
}

var (
	heading  = regexp.MustCompile(`^(#+) +(.*)$`)
	ruler    = regexp.MustCompile(`^\|(?: ?:?-+:? ?\|)+$`)
	comment  = regexp.MustCompile(`(^|\s)(#|//)\s.*$`)
	spans    = regexp.MustCompile("`([^`]+)`")
	pictured = regexp.MustCompile(`\.(en|zh)\.png$`)
	links    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	figure   = regexp.MustCompile(`(\d[\d,]*(?:\.\d+)?)(?: ?(million|billion|万|亿))?`)
)

// read parses a page. Comments of code, which are in the page's language, and blank lines of code are left out.
func read(t *testing.T, name string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: name, sections: []section{{}}}
	open, indented, before := false, false, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		s := &d.sections[len(d.sections)-1]
		language, fence := strings.CutPrefix(line, "```")
		starts := !open && strings.HasPrefix(line, "    ") && (before == "" || indented)
		switch {
		case fence && !open:
			s.blocks, open = append(s.blocks, code{language: language}), true
		case fence:
			open = false
		case open || starts:
			if starts && !indented {
				s.blocks = append(s.blocks, code{})
			}
			if line = strings.TrimRight(comment.ReplaceAllString(line, ""), " "); strings.TrimSpace(line) != "" {
				last := &s.blocks[len(s.blocks)-1]
				last.lines = append(last.lines, line)
			}
		case heading.MatchString(line):
			m := heading.FindStringSubmatch(line)
			d.sections = append(d.sections, section{level: len(m[1]), title: m[2]})
		case ruler.MatchString(line):
		case strings.HasPrefix(line, "|"):
			if !strings.HasPrefix(before, "|") {
				s.tables = append(s.tables, nil)
			}
			last := &s.tables[len(s.tables)-1]
			*last = append(*last, line)
		default:
			s.prose = append(s.prose, line)
		}
		indented, before = starts, line
	}
	if open {
		t.Errorf("%s: a fence is not closed", name)
	}
	return d
}

// anchor is what GitHub makes of a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// place is which of a document's headings has an anchor, -1 if none has.
func (d document) place(wanted string) int {
	seen := map[string]int{}
	for i, s := range d.sections {
		own := anchor(s.title)
		seen[own]++
		if n := seen[own]; n > 1 {
			own += "-" + strconv.Itoa(n-1)
		}
		if s.level > 0 && own == wanted {
			return i
		}
	}
	return -1
}

// english is the path of a page's English side.
func english(name string) string {
	if name == "README.zh-CN.md" {
		return "README.md"
	}
	return strings.Replace(name, "docs/zh/", "docs/", 1)
}

// leads is where a link goes, the same for both languages: a host, a file, or the number of a heading of a page.
func (d document) leads(t *testing.T, target string) string {
	if strings.Contains(target, "://") {
		return strings.Split(target, "/")[2]
	}
	file, fragment, _ := strings.Cut(target, "#")
	name := d.path
	if file != "" {
		name = path.Join(path.Dir(d.path), file)
	}
	if fragment == "" {
		return english(name)
	}
	return english(name) + "#" + strconv.Itoa(read(t, name).place(fragment))
}

// isChinese is a letter or a mark of Chinese text.
func isChinese(r rune) bool {
	return unicode.Is(unicode.Han, r) || strings.ContainsRune("，。：；！？、“”‘’（）《》", r)
}

var (
	quoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	chinese = regexp.MustCompile(`[\p{Han}，。：；！？、“”‘’（）《》](?:[^"'<>|{}\[\]()]*[\p{Han}，。：；！？、“”‘’（）《》])?`)
)

// translates says whether a line or a span of code is the other but for texts that are Chinese.
func translates(one, other string) bool {
	if one == other {
		return true
	}
	if !strings.ContainsFunc(other, isChinese) {
		return false
	}
	const anything = "\x00"
	other = quoted.ReplaceAllStringFunc(other, func(text string) string {
		if strings.ContainsFunc(text, isChinese) {
			return `"` + anything + `"`
		}
		return text
	})
	pattern := strings.ReplaceAll(regexp.QuoteMeta(chinese.ReplaceAllString(other, anything)), anything, ".+")
	return regexp.MustCompile("^" + pattern + "$").MatchString(one)
}

var numerals = map[string]float64{"one": 1, "once": 1, "two": 2, "twice": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "thirteen": 13, "fifteen": 15,
	"twenty": 20, "thirty": 30, "hundred": 100, "thousand": 1000, "tenth": 10, "half": 0.5}

// written are numbers in Chinese figures, up to 百.
var written = regexp.MustCompile(`[一二两三四五六七八九十百半]+`)

func ofWritten(text string) (n float64) {
	digit := 0.0
	for _, r := range text {
		switch r {
		case '半':
			return 0.5
		case '十':
			n, digit = n+max(digit, 1)*10, 0
		case '百':
			n, digit = n+max(digit, 1)*100, 0
		default:
			digit = map[rune]float64{'一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}[r]
		}
	}
	return n + digit
}

// facts are what a text says in either language: its spans of code, its numbers and its links. Words are the numbers that it writes out, which the other language may write in digits.
type facts struct {
	spans, links   []string
	numbers, words []float64
}

func (d document) facts(t *testing.T, text string) facts {
	var f facts
	for _, m := range links.FindAllStringSubmatch(text, -1) {
		if to := d.leads(t, m[1]); to != english(d.path) && to != "docs/glossary.md" { // the page's other language; the words of the Chinese pages
			f.links = append(f.links, pictured.ReplaceAllString(to, ".png")) // each language shows its own picture of a screen
		}
	}
	text = regexp.MustCompile(`\]\([^)\s]+\)`).ReplaceAllString(text, "]")
	for _, m := range spans.FindAllStringSubmatch(text, -1) {
		f.spans = append(f.spans, strings.Join(strings.Fields(m[1]), " "))
	}
	text = regexp.MustCompile(`<https?://[^>]*>`).ReplaceAllString(spans.ReplaceAllString(text, " "), " ")
	for _, m := range figure.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
		f.numbers = append(f.numbers, n*map[string]float64{"": 1, "million": 1e6, "billion": 1e9, "万": 1e4, "亿": 1e8}[m[2]])
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if n, ok := numerals[word]; ok {
			f.words = append(f.words, n)
		}
	}
	for _, m := range written.FindAllString(text, -1) {
		f.words = append(f.words, ofWritten(m))
	}
	return f
}

// without are the elements of a that no element of b stands for.
func without[E any](a, b []E, same func(E, E) bool) []E {
	return slices.DeleteFunc(slices.Clone(a), func(x E) bool { return slices.ContainsFunc(b, func(y E) bool { return same(x, y) }) })
}

func equal[E comparable](a, b E) bool { return a == b }

// differ reports what one language says of a passage and the other does not.
func differ(t *testing.T, at string, en, zh facts) {
	t.Helper()
	if lost, added := without(en.spans, zh.spans, translates), without(zh.spans, en.spans, func(z, e string) bool { return translates(e, z) }); len(lost)+len(added) > 0 {
		t.Errorf("%s: English alone has the code %q, Chinese alone %q", at, lost, added)
	}
	if lost, added := without(en.numbers, slices.Concat(zh.numbers, zh.words), equal), without(zh.numbers, slices.Concat(en.numbers, en.words), equal); len(lost)+len(added) > 0 {
		t.Errorf("%s: English alone has the numbers %v, Chinese alone %v", at, lost, added)
	}
	if lost, added := without(en.links, zh.links, equal), without(zh.links, en.links, equal); len(lost)+len(added) > 0 {
		t.Errorf("%s: English alone has links to %q, Chinese alone to %q", at, lost, added)
	}
}
