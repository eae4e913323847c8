package email

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/userops/userops/shared/channel"
)

// What is refused here, no server has seen: a mail that breaks the form of mail, and one to a text that is no address. Only the latter is laid to the
// address.

const (
	maxAddress = 254 // bytes, RFC 5321 4.5.3.1.3 without the brackets
	// maxLine is what a header line may have, RFC 5322 2.1.1. Lines are folded at blanks only.
	maxLine = 998
)

// encodedWord is what a reader of mail decodes, RFC 2047, also to a line break.
var encodedWord = regexp.MustCompile(`=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=`)

// envelope is an address as a server takes it: the domain in letters of ASCII. What stands before the @ has no such form. Servers that
// take it as it is are few (SMTPUTF8), and it is not known here whether this is one; so it is refused, and is no fault of the address.
func envelope(address string) (string, *channel.Error) {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > maxAddress {
		return "", &channel.Error{Class: channel.Reject, Code: "address", Bounce: true}
	}
	at := strings.LastIndexByte(address, '@')
	local, domain := address[:at], address[at+1:]
	if !ascii(local) {
		return "", &channel.Error{Class: channel.Reject, Code: "smtputf8"}
	}
	if encodedWord.MatchString(address) {
		return "", &channel.Error{Class: channel.Reject, Code: "header"}
	}
	if ascii(domain) {
		return address, nil
	}
	domain, err = idna.Lookup.ToASCII(domain)
	if err != nil || len(local)+1+len(domain) > maxAddress {
		return "", &channel.Error{Class: channel.Reject, Code: "domain"}
	}
	return local + "@" + domain, nil
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// checkHeaders refuses a subject that could make headers of its own, and lines that cannot be folded.
func checkHeaders(n channel.Notification) *channel.Error {
	subject := n.Content.Subject
	long := len("Subject: ")+longestWord(subject) > maxLine || len("List-Unsubscribe: <>")+longestWord(n.UnsubscribeURL) > maxLine
	if long || strings.ContainsFunc(subject+n.UnsubscribeURL, unicode.IsControl) || encodedWord.MatchString(subject) {
		return &channel.Error{Class: channel.Reject, Code: "header"}
	}
	return nil
}

func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		longest = max(longest, len(word))
	}
	return longest
}
