// Package upload reads what operators upload about many people at once: lines that each name a person, and may carry tags. It knows nobody and changes nothing. The surprising thing: a line
// that cannot be read is no error. It stands among the others with its reason, since whoever uploads a thousand lines wants an account of each.
package upload

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Bounds of one part of an upload. A greater file comes in several parts.
const (
	MaxLines = 2000
	MaxBytes = 1 << 20
)

// Form is how lines are written.
type Form string

// The forms: a table whose first line names the columns, or an object a line.
const (
	CSV   Form = "csv"
	Lines Form = "ndjson"
)

// column is what a line may name somebody by, the surest first: where it has several, the first counts.
type column struct {
	name string
	kind profile.IdentifierKind // empty of a profileId
}

var columns = []column{{"profileId", ""}, {"userId", profile.UserID}, {"anonymousId", profile.AnonymousID}, {"email", profile.Email}, {"phone", profile.Phone}}

const tagsColumn = "tags"

// Line is one line of an upload: whom it names, by a profile or an identifier, and the tags that it carries. One with a reason cannot be read.
type Line struct {
	Number  int // in the part, as programs for texts count
	Profile profile.ID
	Who     profile.Identifier
	Tags    []string
	Reason  string
}

// Read reads a part. The error says why it is none, for whoever sent it.
func Read(form Form, body []byte, tagged bool) ([]Line, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	read := readTable
	if form == Lines {
		read = readObjects
	}
	lines, err := read(body, tagged)
	switch {
	case err != nil:
		return nil, err
	case len(lines) == 0:
		return nil, errors.New("has no line that names somebody")
	case len(lines) > MaxLines:
		return nil, fmt.Errorf("has %d lines, at most %d: send it in parts", len(lines), MaxLines)
	}
	return lines, nil
}

// names are the columns that there may be.
func names(tagged bool) (all []string) {
	for _, c := range columns {
		all = append(all, c.name)
	}
	if tagged {
		all = append(all, tagsColumn)
	}
	return all
}

func readTable(body []byte, tagged bool) (lines []Line, err error) {
	r := csv.NewReader(bytes.NewReader(body))
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, errors.New("has no first line that names the columns")
	}
	known := names(tagged)
	for i, name := range head {
		head[i] = strings.TrimSpace(name)
		if !slices.Contains(known, head[i]) {
			return nil, fmt.Errorf("has the column %q, which is none of %s", head[i], strings.Join(known, ", "))
		}
		if slices.Contains(head[:i], head[i]) {
			return nil, fmt.Errorf("has the column %s twice", head[i])
		}
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return lines, nil
		}
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			if lines = append(lines, Line{Number: broken.StartLine, Reason: "cannot be read as a line of a table with the columns that the first line names"}); !errors.Is(err, csv.ErrFieldCount) {
				return lines, nil // nobody knows where the next line begins
			}
			continue
		case err != nil:
			return nil, errors.New("cannot be read")
		}
		cells := map[string]string{}
		for i, text := range row {
			cells[head[i]] = strings.TrimSpace(text)
		}
		line := whom(cells)
		line.Number, _ = r.FieldPos(0)
		if tagged {
			line.tag(strings.FieldsFunc(cells[tagsColumn], func(r rune) bool { return r == ',' || r == ';' || r == '，' || r == '；' || r == '、' }))
		}
		lines = append(lines, line)
	}
}

func readObjects(body []byte, tagged bool) (lines []Line, err error) {
	number := 0
	for text := range bytes.Lines(body) {
		number++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		line := objectOf(text, tagged)
		line.Number = number
		lines = append(lines, line)
	}
	return lines, nil
}

// objectOf reads one line of objects.
func objectOf(text []byte, tagged bool) Line {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil || object == nil {
		return Line{Reason: "is not a JSON object"}
	}
	cells, tags, known := map[string]string{}, []string(nil), names(tagged)
	for name, value := range object {
		var cell string
		switch {
		case !slices.Contains(known, name):
			return Line{Reason: fmt.Sprintf("has %q, which is none of %s", name, strings.Join(known, ", "))}
		case name == tagsColumn:
			if json.Unmarshal(value, &tags) != nil {
				return Line{Reason: "has tags that are not a list of texts"}
			}
			continue
		case json.Unmarshal(value, &cell) != nil:
			return Line{Reason: name + " is not a text"}
		}
		cells[name] = strings.TrimSpace(cell)
	}
	line := whom(cells)
	if tagged {
		line.tag(tags)
	}
	return line
}

// whom reads whom a line names.
func whom(cells map[string]string) (line Line) {
	for _, c := range columns {
		text := cells[c.name]
		if text == "" {
			continue
		}
		if c.kind == "" {
			if line.Profile = profile.ID(text); !line.Profile.Valid() {
				line.Reason = "has no profileId that can be one"
			}
			return line
		}
		means := false
		if line.Who, means = profile.Written(c.kind, text); !means {
			line.Reason = fmt.Sprintf("has no %s that can be one", c.name)
		}
		return line
	}
	line.Reason = "names nobody"
	return line
}

// tag gives the line its tags.
func (l *Line) tag(tags []string) {
	for i, tag := range tags {
		tags[i] = strings.TrimSpace(tag)
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == "" })
	slices.Sort(tags)
	if l.Tags = slices.Compact(tags); l.Reason != "" {
		return
	}
	if len(l.Tags) == 0 {
		l.Reason = "has no tag"
	} else if _, reason := (profile.TagChange{Add: l.Tags}).Judge(""); reason != "" {
		l.Reason = "has what is no tag"
	}
}
