package format

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// looked is how much of a file is looked at to tell how it is written.
const looked = 1 << 20

// encodings by the names that a person may give. GB18030 holds all that GBK does.
var encodings = map[string]encoding.Encoding{
	"utf-8": nil, "utf8": nil, "gbk": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030, "gb2312": simplifiedchinese.GB18030,
	"windows-1252": charmap.Windows1252, "latin-1": charmap.Windows1252, "latin1": charmap.Windows1252, "iso-8859-1": charmap.Windows1252,
}

// decode gives a text as UTF-8 without its byte order mark, and says as what it was taken. A byte order mark tells more than a name.
func decode(r io.Reader, name string) (*bufio.Reader, string, error) {
	b := bufio.NewReaderSize(r, looked)
	head, err := b.Peek(looked)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	from, known := encodings[strings.ToLower(name)]
	if name != "" && !known {
		return nil, "", fmt.Errorf("there is no encoding %q: use utf-8, gbk or windows-1252", name)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := b.Discard(3)
		return b, "UTF-8", err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return recoded(b, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)), "UTF-16", nil
	case name == "":
		name, from = guess(head)
	}
	if from == nil {
		return b, "UTF-8", nil
	}
	return recoded(b, from), strings.ToUpper(name), nil
}

func recoded(r io.Reader, from encoding.Encoding) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(r, from.NewDecoder()), looked)
}

// guess tells how a text is written. What is no UTF-8 is GBK if its bytes above ASCII come in pairs, as Chinese has them, and Windows-1252 if they mostly stand
// alone between letters.
func guess(head []byte) (string, encoding.Encoding) {
	whole := head
	for i := 0; i < utf8.UTFMax && len(whole) > 0 && len(head) == looked && !utf8.Valid(whole); i++ {
		whole = whole[:len(whole)-1] // what is looked at may end inside a letter
	}
	if utf8.Valid(whole) {
		return "utf-8", nil
	}
	pairs, alone := 0, 0
	for i := 0; i < len(head); i++ {
		if head[i] < 0x80 {
			continue
		}
		if i+1 < len(head) && head[i+1] >= 0x80 {
			pairs++
			i++
		} else {
			alone++
		}
	}
	if pairs >= alone {
		return "gbk", simplifiedchinese.GB18030
	}
	return "windows-1252", charmap.Windows1252
}

// separator is what parts the cells of a header: the one of comma, semicolon and tab that stands there most often outside of quotes.
func separator(header []byte) rune {
	counts := map[byte]int{}
	quoted := false
	for _, c := range header {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' || c == '\r':
			return most(counts)
		default:
			counts[c]++
		}
	}
	return most(counts)
}

func most(counts map[byte]int) rune {
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}
