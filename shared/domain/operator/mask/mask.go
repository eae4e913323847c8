// Package mask shortens what is told of people for those who need not know who they are: a***@example.com, 138****1234, M***. It knows no role and no
// route; whoever answers somebody says by Rules what of the answer stays. The surprising thing: rules name what is shown, and not what is hidden. A field that
// is new, or that somebody else's document brings along, is masked until a rule says otherwise.
package mask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/address"
)

// Whole stands for what is not shown at all, however long it is.
const Whole = "***"

// Email shows the domain of an e-mail address and the first of several letters before it. What is none is not shown.
func Email(text string) string {
	if !emailShaped.MatchString(text) {
		return Hidden(text)
	}
	local, domain, _ := strings.Cut(text, "@")
	return Name(local) + "@" + domain
}

// emailShaped is narrower than what mail servers take: with a quoted part or a second @ nobody can tell where the domain begins.
var emailShaped = regexp.MustCompile(`^[^@\s"<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)

// Phone shows the last four digits of a number, and of one of nine or more up to three of the first. What has fewer than eight digits, or more than phone
// numbers have, is not shown.
func Phone(text string) string {
	number := address.Phone(text)
	if !phoneShaped.MatchString(address.Narrow(text)) || len(number) < minPhone || len(number) > maxPhone {
		return Hidden(text)
	}
	return number[:min(3, len(number)-minPhone)] + "****" + number[len(number)-4:]
}

// How many digits a number has of which some are shown. E.164 has at most fifteen.
const (
	minPhone = 8
	maxPhone = 15
)

var phoneShaped = regexp.MustCompile(`^[0-9+()./\s-]+$`)

// Name shows the first letter of a name that has more than one.
func Name(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError || strings.TrimSpace(text[size:]) == "" {
		return Hidden(text)
	}
	return string(first) + Whole
}

// Identifier shows what Email and Phone show where an id is an address, and nothing of any other.
func Identifier(text string) string {
	if shown := Email(text); shown != Whole {
		return shown
	}
	return Phone(text)
}

// Word shows what reads like a word of a programmer's, as names of events, traits and properties do, and hides what may be somebody's address or number.
func Word(text string) string {
	if !wordShaped.MatchString(text) || manyDigits.MatchString(text) {
		return Hidden(text)
	}
	return text
}

var (
	wordShaped = regexp.MustCompile(`^[\p{L}$_][\p{L}\p{N} $_.:/-]{0,63}$`)
	manyDigits = regexp.MustCompile(`(\p{N}[ _./:-]*){5}`)
)

// Goods shows what a shop calls what it sells, and hides what may be somebody's address or number.
func Goods(text string) string {
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits++
		case r == '@' || unicode.IsControl(r) || r == utf8.RuneError:
			return Hidden(text)
		}
	}
	if digits >= minPhone || len(text) > maxGoods {
		return Hidden(text)
	}
	return text
}

// maxGoods bounds what a thing is called, in bytes.
const maxGoods = 300

// City shows the name of a city, a province or a country: letters, and few of them. What has a number or a part of a street's address is none.
func City(text string) string {
	letters := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(streets, r), !unicode.IsLetter(r) && !strings.ContainsRune(" '.·-", r):
			return Hidden(text)
		case unicode.Is(unicode.Han, r):
			letters += hanWide
		default:
			letters++
		}
	}
	if letters > maxCity {
		return Hidden(text)
	}
	return text
}

const (
	streets = "路街巷弄号栋幢室楼@"
	maxCity = 24 // letters, of which one of Chinese is as good as two
	hanWide = 2
)

// Hidden shows nothing but whether there is something.
func Hidden(text string) string {
	if text == "" {
		return ""
	}
	return Whole
}
