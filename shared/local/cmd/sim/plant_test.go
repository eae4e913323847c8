package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaultsSleepSideBySide plants faults in a small file, and holds what it becomes.
func TestFaultsSleepSideBySide(t *testing.T) {
	const file = `package shop

type shop struct{ open bool }

const limit = 3

func (s *shop) price(n int, more ...int) (sum int, ok bool) {
	return n * 2, s.open
}

func (s *shop) shut() { s.open = false }

func nobody(int) bool { return true }
`
	row := func(name, before, after string) mutant {
		return mutant{Name: name, File: "shop.go", Old: before, New: after}
	}
	text, pkg, planted, err := sowFile("shop.go", file, []mutant{
		row("half-price", "n * 2", "n"), row("always-open", ", s.open", ", true"), row("never-shut", "s.open = false", ""),
		row("no-limit", "limit = 3", "limit = 9"), row("no-name", "return true", "return false"), row("signature", "more ...int) (sum int, ok bool) {", "x ...int) (sum int, ok bool) {"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"ok bool) {\n", "ok bool) { if planted_always_open { return s.planted_always_open_price(n, more...) }; if planted_half_price { return s.planted_half_price_price(n, more...) };\n",
		"shut() {", "shut() { if planted_never_shut { s.planted_never_shut_shut(); return };",
	).Replace(file) + `
func (s *shop) planted_half_price_price(n int, more ...int) (sum int, ok bool) {
	return n, s.open
}

func (s *shop) planted_always_open_price(n int, more ...int) (sum int, ok bool) {
	return n * 2, true
}

func (s *shop) planted_never_shut_shut() {  }
`
	if text != want || pkg != "shop" {
		t.Errorf("package %s:\n%s\nwant:\n%s", pkg, text, want)
	}
	names := []string{}
	for _, m := range planted {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "half-price always-open never-shut" {
		t.Errorf("planted are %q: what is outside of a function, or cannot be called again, needs a build of its own", got)
	}
	if _, _, _, err := sowFile("shop.go", file, []mutant{row("nowhere", "n * 3", "n")}); err == nil {
		t.Error("what has no place is no error")
	}
}

// TestBed plants all faults: nearly every one has a place in the one build.
func TestBed(t *testing.T) {
	all, err := mutants(root)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sow(root, all)
	if err != nil {
		t.Fatal(err)
	}
	if alone := len(all) - len(b.asleep); 10*alone > len(all) {
		t.Errorf("%d of %d faults need builds of their own", alone, len(all))
	}
	for file := range b.texts {
		_, err := os.Stat(filepath.Join(root, file))
		if generated := filepath.Base(file) == "planted.go"; generated == (err == nil) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
