package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// document is what a text says.
type document struct {
	valid bool // it is JSON
	clean bool // it is JSON and has none of the defects that only the scanner minds
	value any  // of clean ones; numbers as they were written
}

// scanned is what the scanner finds in a text.
func scanned(text []byte) (document, error) {
	s := newScanner(text)
	defer s.release()
	value, err := s.tree()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return document{}, err
	}
	if defect := s.take(); defect != "" {
		return document{valid: true}, nil
	}
	return document{true, true, value}, nil
}

// tree builds what the scanner passes.
func (s *scanner) tree() (value any, err error) {
	switch s.peek() {
	case '{':
		members := map[string]any{}
		return members, s.object(func(name []byte) error {
			key := string(name)
			members[key], err = s.tree()
			return err
		})
	case '[':
		elements := []any{}
		return elements, s.array(func(place int) error {
			if place != len(elements) {
				return errors.New("another place")
			}
			one, err := s.tree()
			elements = append(elements, one)
			return err
		})
	}
	at, err := s.span()
	if err != nil {
		return nil, err
	}
	switch raw := s.cut(at); raw[0] {
	case '"':
		text, reason := s.string(at)
		if reason != "" {
			return nil, errors.New(reason)
		}
		return text, nil
	case 't', 'f':
		return raw[0] == 't', nil
	case 'n':
		return nil, nil
	default:
		return json.Number(raw), nil
	}
}

// read is what encoding/json finds in a text.
func read(text []byte) document {
	if !json.Valid(text) {
		return document{}
	}
	var whole any
	outOfRange := json.Unmarshal(text, &whole) != nil // a float64 is its idea of a number
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if numbers.Decode(&whole) != nil || outOfRange || !utf8.Valid(text) || repeats(json.NewDecoder(bytes.NewReader(text))) {
		return document{valid: true}
	}
	return document{true, true, whole}
}

// repeats tells whether an object of the next value has a key twice.
func repeats(d *json.Decoder) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	keys, found := map[string]bool{}, false
	for token == json.Delim('{') && d.More() || token == json.Delim('[') && d.More() {
		if token == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return false
			}
			found = found || keys[key.(string)]
			keys[key.(string)] = true
		}
		found = repeats(d) || found
	}
	if _, open := token.(json.Delim); open {
		_, _ = d.Token()
	}
	return found
}

// compare holds the scanner to the library.
func compare(t *testing.T, text []byte) {
	t.Helper()
	want := read(text)
	got, err := scanned(text)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\nscanner %+v, %v\nlibrary %+v", text, got, err, want)
	}
	if !want.valid && err.(*Malformed).Index != -1 {
		t.Fatalf("%q names an event: %v", text, err)
	}
}

// writer writes any JSON in any of its spellings.
type writer struct {
	*rand.Rand
	bytes.Buffer
}

func (w *writer) one(of ...string) { w.WriteString(of[w.IntN(len(of))]) }

func (w *writer) blank() {
	for w.IntN(3) == 0 {
		w.one(" ", "\t", "\n", "\r")
	}
}

func (w *writer) text() {
	w.WriteByte('"')
	for range w.IntN(4) {
		w.one("a", "b", "Z", "~", " ", "0", "é", "未", "😀", "\u0080", "\x7f", `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0041`, `\u00e9`, `\uABCD`, `\uabcd`, `\u09Af`,
			`\ud83d\ude00`, `\uD83D\uDE00`, `\ud83d`, `\ude00`, `\ud83d\n`, `\ud83d\\ude00`, `\ud83dude00`, `\ud83d\ud83d\ude00`, `\ud83d\nde00`, `\ud83dxude00`)
	}
	w.WriteByte('"')
}

func (w *writer) value(levels int) {
	w.blank()
	switch kind := w.IntN(10); {
	case kind < 2 && levels > 0:
		w.WriteByte('{')
		for i := range w.IntN(4) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.blank()
			w.text()
			w.blank()
			w.WriteByte(':')
			w.value(levels - 1)
		}
		w.blank()
		w.WriteByte('}')
	case kind < 4 && levels > 0:
		w.WriteByte('[')
		for i := range w.IntN(4) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(levels - 1)
		}
		w.blank()
		w.WriteByte(']')
	case kind < 6:
		w.one("true", "false", "null")
	case kind < 8:
		w.one("", "-")
		w.one("0", "1", "9", "10", "90", "1234567890")
		w.one("", "", ".0", ".5", ".09")
		w.one("", "", "e0", "E9", "e+1", "E-10", "e300", "E999")
	default:
		w.text()
	}
	w.blank()
}

// TestScannerAgainstTheLibrary writes documents, breaks each in every place in turn, and has encoding/json say what each is.
func TestScannerAgainstTheLibrary(t *testing.T) {
	const bytesPut = "{}[]\",:\\/0189-+.eEutnz \n\r\x00\x1f\x7f\x80\xc3\xff"
	w := &writer{Rand: rand.New(rand.NewPCG(7, 6))}
	kinds := map[document]int{}
	for range 150 {
		w.Reset()
		w.value(4)
		text := bytes.Clone(w.Bytes())
		compare(t, text)
		for i := range text {
			put := bytesPut[w.IntN(len(bytesPut))]
			for _, broken := range [][]byte{
				text[:i],
				bytes.Join([][]byte{text[:i], text[i+1:]}, nil),
				bytes.Join([][]byte{text[:i], text[i+1:]}, []byte{put}),
				bytes.Join([][]byte{text[:i], text[i:]}, []byte{put}),
				bytes.Join([][]byte{text[:i], text[i:]}, text[i:]),
			} {
				compare(t, broken)
				kind := read(broken)
				kind.value = nil
				kinds[kind]++
			}
		}
	}
	for _, kind := range []document{{}, {valid: true}, {valid: true, clean: true}} {
		if kinds[kind] < 100 {
			t.Errorf("only %d documents %+v", kinds[kind], kind)
		}
	}
}

// TestScannerAtItsBorders puts side by side what is just JSON and what is just none, as a whole text and within one.
func TestScannerAtItsBorders(t *testing.T) {
	for _, text := range []string{
		"", " ", "\r", "\v1", "\f1", "\u00a01", "0", "-0", "-", "--1", "+1", "00", "-01", "01", "0.", ".1", "1.e1", "1e", "1E", "1e+", "1E-", "1e+-1", "1e5.", "1.5E+05", "0e0", "1.0.0", "1:", "1/", "9", "/", ":",
		"1e308", "1e309", "-1e309", "1e-400", strings.Repeat("9", 299), strings.Repeat("9", 300), strings.Repeat("9", 301), strings.Repeat("9", 308), strings.Repeat("9", 309), "-" + strings.Repeat("9", 309),
		strings.Repeat("9", 310) + ".0", "0." + strings.Repeat("0", 400) + "1",
		"t", "tru", "true", "truex", "True", "f", "false", "falze", "n", "null", "nul", "nulL", "nulll",
		`"`, `""`, `"\`, `"\"`, `"\""`, `"\a"`, `"\u"`, `"\u1"`, `"\u12"`, `"\u123"`, `"\u1234"`, `"\u123`, `"\U1234"`, `"\u/123"`, `"\u:123"`, `"\u` + "`" + `123"`, `"\ug123"`, `"\u@123"`, `"\uG123"`, `"\uaFaF"`, `"\uAfAf"`, `"\u00fF"`,
		`"\ud83d\ude0"`, `"\ud83d\ude00`, `"\ude00\ud83d"`, "\"\x1f\"", "\"\x20\"", "\"\x7f\"", "\"\x80\"", "\"\xc2\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"a\xff", "\"\\n\xff\"", "{\"\xff\":1}",
		"[", "]", "[]", "[,]", "[1,]", "[,1]", "[1 1]", "[1,1]", "[1,1}", "[1", "[1,", "[[]]", "[[]", "[]]",
		"{", "}", "{}", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1`, `{"a":1,`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1]`, `{a:1}`, `{1:1}`, `{"a":{}}`, `{"a":{}`, `{"a":1}}`, `{"a"::1}`, `{"a":1,,"b":1}`,
		`{"a":1,"a":1}`, `{"a":1,"b":{"a":1}}`, `{"a":{"b":1,"c":1,"b":1}}`, `{"a":1,"\u0061":1}`, `{"\u0062":1,"\u0061":1,"c":1}`, `{"":1,"":2}`, `{"a":{"\u0062":1},"\u0063":1,"b":1}`,
		"1 2", "{}{}", "[] []", "1\x00", "\x00", "null,",
	} {
		compare(t, []byte(text))
		compare(t, []byte("["+text+"]"))
		compare(t, []byte("[ "+text+" ,1]"))
		compare(t, []byte(`{"k":`+text+`}`))
	}
}

// TestAKeyTwiceAmongMany finds the one repetition wherever it lies, and none where there is none.
func TestAKeyTwiceAmongMany(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	object := func(keys string) []byte {
		var b bytes.Buffer
		for i, key := range keys {
			b.WriteByte("{,"[min(i, 1)])
			b.WriteString(`"key ` + string(key) + `":1`)
		}
		b.WriteByte('}')
		return b.Bytes()
	}
	for _, n := range []int{1, 2, 11, 12, 13, 14, 50} {
		compare(t, object(letters[:n]))
		for first := range n {
			for second := first + 1; second < n; second++ {
				repeated := []byte(letters[:n])
				repeated[second] = repeated[first]
				s := newScanner(object(string(repeated)))
				if _, err := s.span(); err != nil || s.take() != `has the key "key `+letters[first:first+1]+`" twice` {
					t.Fatalf("%d keys, %d and %d are one: %v", n, first, second, err)
				}
				s.release()
			}
		}
	}
}

// TestSyntaxErrorsSayWhere has each kind of error as a whole body, in an event and behind the events. The place is that of the token that
// cannot be, counted in bytes from 0.
func TestSyntaxErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]struct {
		at     int
		reason string
	}{
		`x`:             {0, "unexpected character"},
		`[1,x]`:         {3, "unexpected character"},
		`[nul]`:         {1, "unexpected character"},
		`[fals]`:        {1, "unexpected character"},
		`[1 2]`:         {3, "a comma or bracket is missing"},
		`[[1}]`:         {3, "a comma or bracket is missing"},
		`{"a":1 "b":2}`: {7, "a comma or brace is missing"},
		`{"a":[1]]`:     {8, "a comma or brace is missing"},
		`{"a":1,}`:      {7, "a key is missing"},
		`{a`:            {1, "a key is missing"},
		`{"a" "b"}`:     {5, "a colon is missing"},
		`[-]`:           {1, "malformed number"},
		`[1, -01]`:      {4, "malformed number"},
		`[1.]`:          {1, "malformed number"},
		`[12.5e+]`:      {1, "malformed number"},
		`["ab\qc"]`:     {4, "unknown escape"},
		`["\u00"]`:      {2, "unknown escape"},
		`["\ud83d\u"]`:  {8, "unknown escape"},
		"[\"ab\tc\"]":   {4, "bare control character in a string"},
		"{\"a\n\":1}":   {3, "bare control character in a string"},
	} {
		for _, around := range []struct {
			before, after string
			index         int
		}{{`{"writeKey":`, `}`, -1}, {`{"batch":[{"type":"page","userId":"u"},`, `]}`, 1}, {`{"batch":[7,{"context":{"traits":`, `}}]}`, 1},
			{`{"batch":[{"a":`, `}]}`, 0}, {`{"batch":[{"type":"page","userId":"u"}],"q":`, `}`, -1}} {
			_, err := ParseBatch([]byte(around.before+text+around.after), arrival())
			var bad *Malformed
			if !errors.As(err, &bad) {
				t.Errorf("%s in %s is taken", text, around.before)
				continue
			}
			s := scanner{place: around.index, pos: len(around.before) + want.at}
			if *bad != *s.syntax(want.reason).(*Malformed) {
				t.Errorf("%s in %s: %+v, want %s at %d", text, around.before, *bad, want.reason, s.pos)
			}
		}
	}
	// What does not end, ends with the body.
	for text, reason := range map[string]string{`{"batch":[{"a":"x`: "a string does not end", `["\n`: "a string does not end", `["\u0041`: "a string does not end", `{"a":`: "it ends too early", `{`: "a key is missing", `{"a"`: "a colon is missing",
		`{"a":1`: "a comma or brace is missing", `{"batch":[{}`: "a comma or bracket is missing", `[`: "it ends too early", ``: "it ends too early"} {
		_, err := ParseBatch([]byte(text), arrival())
		var bad *Malformed
		want := scanner{pos: len(text)}
		if !errors.As(err, &bad) || bad.Reason != want.syntax(reason).(*Malformed).Reason {
			t.Errorf("%s: %v, want %s", text, err, reason)
		}
	}
}

// FuzzScan looks for a text that the scanner and the library take for different things.
func FuzzScan(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5E+3,"\ud83d\ude00\n",{"b":null}],"\u0061":true}`, "[[[false]]]", "\"\xff", "1e999"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("[")) > maxDepth || bytes.Count(text, []byte("{")) > maxDepth || bytes.HasPrefix(text, []byte("\ufeff")) {
			return // stricter and laxer than the library on purpose
		}
		compare(t, text)
	})
}
