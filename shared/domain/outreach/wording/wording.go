// Package wording looks at the words of a template: those that advertising law forbids or restricts, and a promotion that does not say its terms. It does not judge: what a word means hangs on what
// stands around it, so all that it finds are doubts, which whoever saves the template is told. The surprising thing: it looks at the source, without anybody's values, and so a word that a trait puts in is not seen.
package wording

import (
	_ "embed"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
)

// laws say why a word is doubtful, by their name in words.tsv. Sources: the Advertising Law of the People's Republic of China (2021), articles 9, 17, 18, 24 and 25; the Interim Provisions on Regulating Promotion Activities
// (2020), which make the lowest price of the seven days before the one that a reduction is measured by.
var laws = map[string]string{
	"degree": "says %q: the Advertising Law of China (article 9) forbids words of the highest degree about goods and services",
	"state":  "says %q: the Advertising Law of China (article 9) forbids to speak of bodies of the state and of what is made for them",
	"cure":   "says %q: the Advertising Law of China (articles 17 and 18) lets medicine alone speak of curing or preventing an illness",
	"exam":   "says %q: the Advertising Law of China (article 24) forbids to promise that somebody passes",
	"gain":   "says %q: the Advertising Law of China (article 25) forbids to promise a gain, or that nothing can be lost",
	"price":  "says %q: in China a price to compare with is the lowest one that was paid in the seven days before",
}

// word is a row of the list.
type word struct {
	law, text string
	except    []string // what holds the word and says something else
}

//go:embed words.tsv
var list string

// words are the rows.
var words = sync.OnceValue(func() (all []word) {
	for line := range strings.Lines(list) {
		if line = strings.TrimRight(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		w := word{law: cells[0], text: cells[1]}
		if cells[2] != "" {
			w.except = strings.Split(cells[2], ",")
		}
		all = append(all, w)
	}
	return all
})

var (
	// promises speak of a reduction, and terms of until when or under which conditions it is to be had.
	promises = regexp.MustCompile(`优惠|折扣|满减|满 ?[0-9]+元? ?[减送]|立减|特价|秒杀|红包|返现|买.送|赠券|[0-9一二三四五六七八九]折|coupon|voucher|discount|% off|\bsale\b|free shipping`)
	terms    = regexp.MustCompile(`有效|截止|截至|为止|期间|之前|天内|日内|小时内|到期|规则|条款|条件|详情|适用|限[^时]|[0-9]日|until|\bends?\b|expires?|valid|terms|conditions|within`)
	// code is Liquid, and tags are those of HTML: nobody reads them.
	code = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)
	tags = regexp.MustCompile(`(?s)<style.*?</style>|<!--.*?-->|<[^>]*>`)
	// dates is Liquid that prints a time.
	dates = regexp.MustCompile(`\{\{[^}]*\|\s*date\b`)
	// width are the letters that have a broad form.
	width = strings.NewReplacer("％", "%", "．", ".", "１", "1", "０", "0", "ＮＯ", "no", "ＴＯＰ", "top")
)

// Doubts are what is doubtful of a template's words, part by part, in the order of its locales.
func Doubts(d template.Definition) (doubts fault.Faults) {
	for _, name := range d.LocaleNames() {
		content := d.Locales[name]
		promised, said := "", false
		for _, p := range template.Parts() {
			source := content.Source(p)
			if source == "" {
				continue
			}
			field := "locales." + name + "." + string(p)
			text := read(source, p)
			for _, w := range words() {
				if w.in(text) {
					doubts.Addf(field, laws[w.law], strings.TrimSpace(w.text))
				}
			}
			if promised == "" && promises.MatchString(text) {
				promised = field
			}
			said = said || terms.MatchString(text) || dates.MatchString(source)
		}
		if promised != "" && !said {
			doubts.Add(promised, "speaks of a promotion, and nothing of the message says until when it lasts or under which terms")
		}
	}
	return doubts
}

// read is what somebody reads of a part, in small letters: text between what is put in, without the tags of HTML.
func read(source string, p delivery.Part) string {
	text := code.ReplaceAllString(source, " ")
	if p == delivery.HTML {
		text = html.UnescapeString(tags.ReplaceAllString(text, " "))
	}
	return strings.ToLower(width.Replace(text))
}

// in tells whether a text says the word anywhere but in what is excepted.
func (w word) in(text string) bool {
	if !strings.Contains(text, w.text) {
		return false
	}
	for _, other := range w.except {
		text = strings.ReplaceAll(text, other, " ")
	}
	return strings.Contains(text, w.text)
}
