package simulation

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// A canary is a text of the traffic that stands for one person: an id, a name, an address, a phone. None is the beginning of another.

// canaries are the texts that an event holds.
func (s *said) canaries() []string {
	var all []string
	add := func(text string) {
		if (strings.Contains(strings.ToLower(text), "canary") || strings.HasPrefix(text, "1395555")) && text != sharedID {
			all = append(all, text)
		}
	}
	add(s.User)
	add(s.Anon)
	add(s.Prev)
	for _, v := range s.Traits {
		if text, ok := v.(string); ok {
			add(text)
		}
	}
	return all
}

// unpacked are all texts in some bytes: as they are, and where packed bytes begin within them, those too. It knows what compressed bytes begin
// with, and nothing of how the product lays them out.
func unpacked(b []byte) [][]byte {
	all := [][]byte{b}
	for i := range b {
		var r io.Reader
		var err error
		switch {
		case bytes.HasPrefix(b[i:], []byte{0x28, 0xb5, 0x2f, 0xfd}):
			r, err = zstd.NewReader(bytes.NewReader(b[i:]), zstd.WithDecoderConcurrency(1))
		case bytes.HasPrefix(b[i:], []byte{0x1f, 0x8b, 8}):
			r, err = gzip.NewReader(bytes.NewReader(b[i:]))
		default:
			continue
		}
		if err != nil {
			continue
		}
		if inner, _ := io.ReadAll(r); len(inner) > 0 { // what comes before the first fault
			all = append(all, unpacked(inner)...)
		}
	}
	return all
}

// base64Text is what may be bytes within a text.
var base64Text = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`)

// texts are all that an item holds.
func (i item) texts() [][]byte {
	var all [][]byte
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for kind, inner := range v {
				text, isText := inner.(string)
				if kind == "B" && isText {
					b, err := base64.StdEncoding.DecodeString(text)
					check(err)
					all = append(all, unpacked(b)...)
					continue
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case string:
			all = append(all, []byte(v))
			for _, part := range base64Text.FindAllString(v, -1) {
				for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
					if b, err := coding.DecodeString(part); err == nil {
						all = append(all, unpacked(b)...)
					}
				}
			}
		}
	}
	for name, v := range i {
		all = append(all, []byte(name))
		walk(map[string]any(v))
	}
	return all
}

// found tells where texts stand: in which items of the tables, and in what the functions have written.
func (w *world) found(s *state, texts []string) map[string]string {
	where := map[string]string{}
	look := func(b []byte, place string) {
		lower := bytes.ToLower(b)
		if !bytes.Contains(lower, []byte("canary")) && !bytes.Contains(lower, []byte("1395555")) {
			return
		}
		for _, text := range texts {
			if where[text] == "" && bytes.Contains(lower, []byte(strings.ToLower(text))) {
				where[text] = place
			}
		}
	}
	for _, table := range slices.Sorted(maps.Keys(s.raw)) {
		for _, i := range s.raw[table] {
			for _, b := range i.texts() {
				look(b, table+" "+i.text("pk")+" / "+i.text("sk"))
			}
		}
	}
	look(w.log.Bytes(), "the log")
	look(w.counted(), "the counts")
	return where
}

// checkTraces holds that nothing is left of what only who was erased has said, in no byte of any table, count or log line. The queues are
// empty by now, and so is the table of dead letters. What is certainly stored must be found in the same way.
func checkTraces(w *world, s *state, broken func(string, string, ...any)) {
	joined := w.model.joins()
	gone, stays := map[string]string{}, map[string]bool{} // by text: who was erased
	kept := map[string]bool{}
	for _, c := range w.model.claims {
		kept[c.Friend], kept[c.Advocate] = true, true // what a program asks for makes a person too
	}
	typed := ""
	for _, e := range w.model.said {
		if e.forged { // what an attacker says of one person stands with another
			text, err := json.Marshal([]any{e.Context, e.Traits, e.Prev})
			check(err)
			typed += string(text)
		}
		if number, has := w.cast.numberOf(e.User); has && e.hook { // a shop system's customer has the same address
			kept[w.cast.people[number].email()] = true
		}
		if e.Refused {
			continue
		}
		f := w.model.fateOf(e, joined)
		for _, text := range e.canaries() {
			if f == mustBeGone {
				gone[text] = e.id()
			} else {
				kept[text] = true
			}
			if f == mustStand && !e.hook {
				stays[text] = true
			}
		}
	}
	maps.DeleteFunc(gone, func(text, _ string) bool { return kept[text] || strings.Contains(typed, text) })
	where := w.found(s, slices.Concat(slices.Sorted(maps.Keys(gone)), slices.Sorted(maps.Keys(stays))))
	for _, text := range slices.Sorted(maps.Keys(gone)) {
		if place := where[text]; place != "" {
			broken(gone[text], "%q is of nobody but who was erased, and stands in %s", text, place)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(stays)) {
		if where[text] == "" {
			w.surprise("%q is stored, and the search for canaries does not find it", text)
		}
	}
}
