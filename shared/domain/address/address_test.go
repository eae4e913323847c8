package address

import "testing"

func TestPhone(t *testing.T) {
	for want, spellings := range map[string][]string{
		"13800001111": {"13800001111", "+86 138 0000 1111", "0086 138-0000-1111", "008613800001111", "8613800001111", "86 138 0000 1111",
			"＋８６　１３８００００１１１１", "(+86) 138 0000 1111", "+86 (0)138 0000 1111", " 138.0000.1111 "},
		"01088888888":   {"+86 10 8888 8888", "0086 10 88888888", "010-88888888", "+86 (0)10 8888 8888"},
		"16502530000":   {"+1 650 253 0000", "001 650 253 0000", "1 (650) 253-0000"},
		"0000001":       {"0000001", "000-0001"},
		"8612345678":    {"8612345678"}, // eight digits behind 86: a number of its own
		"8623800001":    {"8623800001"},
		"23800001111":   {"23800001111"},
		"8623800001111": {"8623800001111"},
		"":              {"", "0", "110", "000000", "123456", "a138"},
	} {
		for _, text := range spellings {
			if got := Phone(text); got != want {
				t.Errorf("%q is %q, want %q", text, got, want)
			}
		}
	}
}

func TestEmail(t *testing.T) {
	for text, want := range map[string]string{
		" Ann@Example.COM ": "ann@example.com", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ": "ann@example.com", "": "", " ": "",
		"\u212aate@example.com": "\u212aate@example.com", "ÄNN@example.com": "Änn@example.com",
	} {
		if got := Email(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestMailbox(t *testing.T) {
	for text, want := range map[string]string{
		"A.N.N+shop@GoogleMail.com": "ann@gmail.com", "ann@gmail.com": "ann@gmail.com", "a.nn@example.com": "a.nn@example.com",
		"ann+shop@example.com": "ann@example.com", "+ann@example.com": "+ann@example.com", "ann": "", "": "",
	} {
		if got := Mailbox(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
