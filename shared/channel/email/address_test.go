package email

import (
	"bytes"
	"mime"
	"strings"
	"testing"

	"github.com/userops/userops/shared/channel"
)

func TestDomainsGoOutInASCII(t *testing.T) {
	for address, want := range map[string]string{
		"info@bücher.example":       "info@xn--bcher-kva.example",
		"info@BÜCHER.example":       "info@xn--bcher-kva.example",
		"info@bu\u0308cher.example": "info@xn--bcher-kva.example", // the same, decomposed
		"li@例子.测试":                  "li@xn--fsqu00a.xn--0zwm56d",
		"li@例子。测试":                  "li@xn--fsqu00a.xn--0zwm56d", // an ideographic stop is a dot
		"info@straße.example":       "info@xn--strae-oqa.example",
		"zhang@Example.com":         "zhang@Example.com",
		"zhang@under_score.example": "zhang@under_score.example",
	} {
		s := listen(t, nil)
		n := notification()
		n.Address = address
		if err := sender(t, s).Send(t.Context(), n); err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := s.only(t); got.to != want || got.message.Header.Get("To") != "<"+want+">" {
			t.Errorf("%s: to %s in the envelope and %s in the header, want %s", address, got.to, got.message.Header.Get("To"), want)
		}
	}
}

func TestWhatWeCannotSendIsNoBounce(t *testing.T) {
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "xample"
	for name, c := range map[string]struct {
		address, subject, link string
		want                   channel.Error
	}{
		"a local part in Chinese":                {address: "用户@example.com", want: channel.Error{Class: channel.Reject, Code: "smtputf8"}},
		"a local part with an umlaut":            {address: "jürgen@bücher.example", want: channel.Error{Class: channel.Reject, Code: "smtputf8"}},
		"a domain that has no such form":         {address: "a@-bücher.example", want: channel.Error{Class: channel.Reject, Code: "domain"}},
		"a domain too long in ASCII":             {address: strings.Repeat("a", 60) + "@" + strings.Repeat("ü.", 60) + "example", want: channel.Error{Class: channel.Reject, Code: "domain"}},
		"an encoded word in the address":         {address: "=?utf-8?q?=0D=0ABcc?=@example.com", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"an encoded word in the subject":         {subject: "Hello =?utf-8?q?=0D=0ABcc:x@example.com?=", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"another, in base64":                     {subject: "=?UTF-8?B?DQpCY2M6eA==?=", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"a line break in the subject":            {subject: "Hello\r\nBcc: x@example.com", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"a bare line feed in the subject":        {subject: "Hello\nBcc: x@example.com", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"a line break in the link":               {link: "https://shop.example/u\r\nBcc: x@example.com", want: channel.Error{Class: channel.Reject, Code: "header"}},
		"a word longer than a line":              {subject: strings.Repeat("x", 990), want: channel.Error{Class: channel.Reject, Code: "header"}},
		"a link longer than a line":              {link: "https://shop.example/" + strings.Repeat("x", 960), want: channel.Error{Class: channel.Reject, Code: "header"}},
		"an address that is too long is none":    {address: long + "x", want: channel.Error{Class: channel.Reject, Code: "address", Bounce: true}},
		"a line break in the address, then none": {address: "a@example.com\nBcc: b@example.com", want: channel.Error{Class: channel.Reject, Code: "address", Bounce: true}},
	} {
		s := listen(t, nil)
		n := notification()
		if c.address != "" {
			n.Address = c.address
		}
		if c.subject != "" {
			n.Content.Subject = c.subject
		}
		if c.link != "" {
			n.UnsubscribeURL = c.link
		}
		if got := channel.Classify(sender(t, s).Send(t.Context(), n)); *got != c.want {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
		if s.sessions != 0 {
			t.Errorf("%s: the server was asked", name)
		}
	}
	if len(long) != maxAddress {
		t.Errorf("the longest address has %d bytes", len(long))
	}
}

// TestHeaderLinesFit sends what is just short enough, and looks at every line of what goes out.
func TestHeaderLinesFit(t *testing.T) {
	for name, subject := range map[string]string{
		"one word":           strings.Repeat("x", 989),
		"many words":         strings.Repeat("offer of the day ", 50),
		"in Chinese":         strings.Repeat("今日特惠", 80),
		"a question and a =": "2 + 2 =? 4 ?= yes",
	} {
		s := listen(t, nil)
		n := notification()
		n.Content.Subject = strings.TrimSpace(subject)
		n.UnsubscribeURL = "https://shop.example/" + strings.Repeat("x", 957)
		m, err := sender(t, s).compose(n)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var text bytes.Buffer
		if _, err := m.WriteTo(&text); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(text.String(), "\r\n") {
			if len(line) > maxLine {
				t.Errorf("%s: a line of %d bytes: %.60s", name, len(line), line)
			}
		}
		if err := sender(t, s).Send(t.Context(), n); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := new(mime.WordDecoder).DecodeHeader(s.only(t).message.Header.Get("Subject"))
		if err != nil || got != n.Content.Subject {
			t.Errorf("%s: the subject arrived as %.80q, %v", name, got, err)
		}
	}
}
