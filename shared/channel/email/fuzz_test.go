package email

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"github.com/userops/userops/shared/channel"
)

// FuzzEnvelope reads any text as an address: refused with a code, or an address of one line in ASCII that is one to net/mail too.
func FuzzEnvelope(f *testing.F) {
	for _, text := range []string{"ann@example.com", " ann@example.com ", "Ann <ann@example.com>", "ann@例子.中国", "李@example.com", `"a b"@example.com`, "a@b\r\nRCPT TO:<x@y>", "=?utf-8?q?a?=@example.com", "a@" + strings.Repeat("b", 300), "", "@", "a@[1.2.3.4]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, refused := envelope(text)
		if refused != nil {
			if address != "" || refused.Class != channel.Reject || refused.Code == "" {
				t.Fatalf("%q: %q, %+v", text, address, refused)
			}
			return
		}
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address || len(address) > maxAddress || !ascii(address) || strings.ContainsFunc(address, unicode.IsControl) {
			t.Fatalf("%q is the address %q, %v", text, address, err)
		}
		if again, refused := envelope(address); refused != nil || again != address {
			t.Fatalf("%q is the address %q, and that %q, %+v", text, address, again, refused)
		}
	})
}
