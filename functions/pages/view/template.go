package view

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"sync"

	"github.com/userops/userops/functions/pages/text"
)

//go:embed *.html
var own embed.FS

// frame holds what the frame itself shows.
var frame = Parse(own)

// layout and parts are in every set.
const (
	layoutFile = "layout.html"
	partsFile  = "parts.html"
)

// Templates are the files of a screen. Each file but parts.html is a page, which defines content, and may define parts of itself; what parts.html defines, all of them have.
type Templates struct {
	files  fs.FS
	shared []fs.FS
	mu     sync.Mutex
	sets   map[string]*template.Template
}

// Parse is the templates of a screen, with parts that several screens share. They are read when one is first shown: a start reads none.
func Parse(files fs.FS, shared ...fs.FS) *Templates {
	return &Templates{files: files, shared: shared, sets: map[string]*template.Template{}}
}

// set is a page's templates in a language.
func (t *Templates) set(lang text.Lang, name string) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := string(lang) + " " + name
	if s := t.sets[id]; s != nil {
		return s, nil
	}
	s, err := template.New("").Funcs(functions(lang)).ParseFS(own, layoutFile, partsFile)
	if err != nil {
		return nil, fmt.Errorf("reading the layout: %w", err)
	}
	if _, err := fs.Stat(t.files, partsFile); err == nil && t != frame {
		if s, err = s.ParseFS(t.files, partsFile); err != nil {
			return nil, fmt.Errorf("reading the parts of %s: %w", name, err)
		}
	}
	for _, parts := range t.shared {
		if s, err = s.ParseFS(parts, "*.html"); err != nil {
			return nil, fmt.Errorf("reading what %s shares: %w", name, err)
		}
	}
	if s, err = s.ParseFS(t.files, name+".html"); err != nil {
		return nil, fmt.Errorf("reading the page %s: %w", name, err)
	}
	t.sets[id] = s
	return s, nil
}

// render writes a page, or what is in its main part alone, for a script that puts it into the page.
func (t *Templates) render(lang text.Lang, name string, part bool, about any) ([]byte, error) {
	s, err := t.set(lang, name)
	if err != nil {
		return nil, err
	}
	entry := "layout"
	if part {
		entry = "content"
	}
	var out bytes.Buffer
	if err := s.ExecuteTemplate(&out, entry, about); err != nil {
		return nil, fmt.Errorf("writing the page %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Plain writes a page of a visitor who has not signed in, by its own layout: the file defines door.
func (t *Templates) Plain(lang text.Lang, name string, about any) ([]byte, error) {
	s, err := t.set(lang, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := s.ExecuteTemplate(&out, "door", about); err != nil {
		return nil, fmt.Errorf("writing the page %s: %w", name, err)
	}
	return out.Bytes(), nil
}
