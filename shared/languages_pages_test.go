package shared

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// markdown are all documents, by their paths from the root.
func markdown(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := fs.Glob(os.DirFS(".."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 40 {
		t.Fatalf("there are %d documents", len(all))
	}
	return all
}

// TestBothLanguagesSayTheSame, as far as a machine can tell: a page in English and its Chinese side have the same headings, the same code but for texts, the same rows, and in
// each row and below each heading the same spans of code, the same numbers and the same links.
func TestBothLanguagesSayTheSame(t *testing.T) {
	all := markdown(t)
	pairs := 0
	for _, name := range all {
		other := filepath.ToSlash(filepath.Join("docs/zh", filepath.Base(name)))
		if name == "README.md" {
			other = "README.zh-CN.md"
		}
		if name != "README.md" && filepath.ToSlash(filepath.Dir(name)) != "docs" || slices.Contains(englishOnly, name) {
			continue
		}
		if !slices.Contains(all, other) {
			t.Errorf("%s has no Chinese side %s", name, other)
			continue
		}
		pairs++
		t.Run(name, func(t *testing.T) { compare(t, read(t, name), read(t, other)) })
	}
	if pairs < 9 {
		t.Errorf("there are %d pages in both languages", pairs)
	}
}

func compare(t *testing.T, en, zh document) {
	if len(en.sections) != len(zh.sections) {
		var titles [2][]string
		for i, d := range []document{en, zh} {
			for _, s := range d.sections {
				titles[i] = append(titles[i], s.title)
			}
		}
		t.Fatalf("%d headings in English, %d in Chinese:\n%q\n%q", len(en.sections), len(zh.sections), titles[0], titles[1])
	}
	for i, e := range en.sections {
		z := zh.sections[i]
		at := fmt.Sprintf("%q (%q)", e.title, z.title)
		if e.level != z.level || len(e.blocks) != len(z.blocks) || len(e.tables) != len(z.tables) {
			t.Errorf("%s: level, blocks of code and tables are %d, %d, %d in English, %d, %d, %d in Chinese", at, e.level, len(e.blocks), len(e.tables), z.level, len(z.blocks), len(z.tables))
			continue
		}
		for j, block := range e.blocks {
			sameCode(t, at, block, z.blocks[j])
		}
		for j, rows := range e.tables {
			if len(rows) != len(z.tables[j]) {
				t.Errorf("%s: a table has %d rows in English, %d in Chinese", at, len(rows), len(z.tables[j]))
				continue
			}
			for k, row := range rows {
				if a, b := strings.Count(row, "|"), strings.Count(z.tables[j][k], "|"); a != b {
					t.Errorf("%s: row %d has %d columns in English, %d in Chinese", at, k+1, a, b)
				}
				differ(t, at+": "+row, en.facts(t, row), zh.facts(t, z.tables[j][k]))
			}
		}
		differ(t, at, en.facts(t, e.title+"\n"+strings.Join(e.prose, "\n")), zh.facts(t, z.title+"\n"+strings.Join(z.prose, "\n")))
	}
}

// elsewhere are commands that a shop in China gives with other values, which are no texts.
var elsewhere = map[string]string{
	`make deploy STACK=shop ShopName="Tea shop" ShopTimeZone=Europe/Berlin ShopCurrency=EUR`:                                                     `make deploy STACK=shop ShopName="茶铺" ShopTimeZone=Asia/Shanghai ShopCurrency=CNY`,
	`make deploy STACK=shop SmtpAddress=email-smtp.eu-central-1.amazonaws.com:587 SmtpUser=AKIA-OF-SMTP MailFrom="Tea shop <shop@shop.example>"`: `make deploy STACK=shop SmtpAddress=smtpdm.aliyun.com:465 SmtpUser=shop@mail.shop.example MailFrom="茶铺 <shop@mail.shop.example>"`,
}

func sameCode(t *testing.T, at string, e, z code) {
	t.Helper()
	if e.language != z.language || len(e.lines) != len(z.lines) {
		t.Errorf("%s: a block of %q has %d lines in English, one of %q %d in Chinese:\n%s", at, e.language, len(e.lines), z.language, len(z.lines), strings.Join(e.lines, "\n"))
		return
	}
	for i, line := range e.lines {
		if !translates(line, z.lines[i]) && elsewhere[line] != z.lines[i] {
			t.Errorf("%s: the line\n%s\nis in Chinese\n%s", at, line, z.lines[i])
		}
	}
}

func TestTranslates(t *testing.T) {
	for _, c := range []struct {
		one, other string
		want       bool
	}{
		{`"name": "Web shop", "kind": "browser"`, `"name": "网店", "kind": "browser"`, true},
		{`"name": "Web shop", "kind": "browser"`, `"name": "网店", "kind": "app"`, false},
		{`"name": "Spent 3,000"`, `"name": "消费满 3,000 元"`, true},
		{`<button>Subscribe</button>`, `<button>订阅 一下</button>`, true},
		{`"a": 1`, `"a": 2`, false}, {`"a": 1`, `"a": 1`, true}, {`"a": "x"`, `"a": "y"`, false}, {`"a": "x", "b": 1`, `"a": "甲"`, false},
	} {
		if translates(c.one, c.other) != c.want {
			t.Errorf("%s and %s: want %v", c.one, c.other, c.want)
		}
	}
}

// TestLinksOfDocumentsResolve: each leads to a file that is there, and to a heading of it. A Chinese page leads to Chinese pages where there are any.
func TestLinksOfDocumentsResolve(t *testing.T) {
	all := markdown(t)
	for _, name := range all {
		d := read(t, name)
		for _, s := range d.sections {
			for _, m := range links.FindAllStringSubmatch(strings.Join(append(slices.Concat(s.tables...), s.prose...), "\n"), -1) {
				target := m[1]
				if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
					continue
				}
				file, fragment, _ := strings.Cut(target, "#")
				to := name
				if file != "" {
					to = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
				}
				if _, err := os.Stat(filepath.Join("..", to)); err != nil {
					t.Errorf("%s links to %s: %v", name, target, err)
					continue
				}
				if fragment != "" && read(t, to).place(fragment) < 0 {
					t.Errorf("%s links to %s, which has no such heading", name, target)
				}
				foreign := english(name) != name && english(to) == to && to != english(name)
				if foreign && slices.ContainsFunc(all, func(other string) bool { return other != to && english(other) == to }) {
					t.Errorf("%s links to %s, which has a Chinese side", name, target)
				}
			}
		}
	}
}

// TestChinesePagesKeepToTheGlossary: none has a word that docs/zh/glossary.md gives up, in the last column of its tables.
func TestChinesePagesKeepToTheGlossary(t *testing.T) {
	const glossary = "docs/zh/glossary.md"
	var given []string
	for _, s := range read(t, glossary).sections {
		for _, row := range slices.Concat(s.tables...) {
			cells := strings.Split(row, "|")
			for _, word := range strings.FieldsFunc(cells[len(cells)-2], func(r rune) bool { return r == '、' || r == ' ' }) {
				if word != "不用" { // the head
					given = append(given, word)
				}
			}
		}
	}
	if len(given) < 10 {
		t.Fatalf("%s gives up %q", glossary, given)
	}
	for _, name := range markdown(t) {
		if name == glossary || name != "README.zh-CN.md" && !strings.HasPrefix(name, "docs/zh/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range given {
			if strings.Contains(string(text), word) {
				t.Errorf("%s says %s, which %s gives up", name, word, glossary)
			}
		}
	}
}
