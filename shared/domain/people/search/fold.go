package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain are letters beyond ASCII as they are typed without their marks.
var plain = func() map[rune]string {
	m := map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'þ': "th", 'ĳ': "ij"}
	for to, from := range map[string]string{
		"a": "àáâãäåāăąǎạảấầẩẫậắằẳẵặ", "c": "çćĉċč", "d": "ďđð", "e": "èéêëēĕėęěẹẻẽếềểễệ", "g": "ĝğġģ", "h": "ĥħ", "i": "ìíîïĩīĭįıǐỉị", "j": "ĵ", "k": "ķ", "l": "ĺļľłŀ",
		"n": "ñńņňŉŋ", "o": "òóôõöøōŏőǒơọỏốồổỗộớờởỡợ", "r": "ŕŗř", "s": "śŝşšș", "t": "ţťŧț", "u": "ùúûüũūŭůűųǔǖǘǚǜưụủứừửữự", "w": "ŵ", "y": "ýÿŷỳỵỷỹ", "z": "źżž",
	} {
		for _, r := range from {
			m[r] = to
		}
	}
	return m
}()

// fold gives a letter or a digit as it is compared, "" for a mark that counts nothing, and false for what parts words.
func fold(r rune) (text string, within bool) {
	if r >= '！' && r <= '～' { // as wide as a character
		r -= '！' - '!'
	}
	r = unicode.ToLower(r)
	switch to, marked := plain[r]; {
	case marked:
		return to, true
	case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		return "", true
	}
	return string(r), unicode.IsLetter(r) || unicode.IsDigit(r)
}

// words are the words of a text, folded.
func words(text string) (all []string) {
	var w strings.Builder
	end := func() {
		if w.Len() > 0 {
			all = append(all, w.String())
			w.Reset()
		}
	}
	for _, r := range text {
		if folded, within := fold(r); within {
			w.WriteString(folded)
		} else {
			end()
		}
	}
	end()
	return all
}

// maxParts bounds what of a name is listed: a trait may be a page of text.
const maxParts = 8

// maxPart is how many characters of a part count.
const maxPart = 32

// partsOf are the characters and the other words of a name, in its order.
func partsOf(name string) (parts []string) {
	for _, word := range words(name) {
		for word != "" && len(parts) < maxParts {
			n := strings.IndexFunc(word, isHan)
			switch {
			case n < 0:
				n = len(word)
			case n == 0:
				_, n = utf8.DecodeRuneInString(word)
			}
			parts = append(parts, cut(word[:n], maxPart))
			word = word[n:]
		}
	}
	return parts
}

func cut(text string, most int) string {
	n := 0
	for at := range text {
		if n++; n > most {
			return text[:at]
		}
	}
	return text
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
