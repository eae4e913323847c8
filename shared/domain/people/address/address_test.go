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
		"":              {"", "0", "110", "000000", "123456", "a138", "12:3456", "00999999"},
		"9999999":       {"999:9999", "99/99999", "009999999"}, // what stands beside the digits in ASCII is none
		"0099999":       {"0099999"},                           // too few are left behind the zeros to have a country
		"009999999":     {"+009999999"},                        // behind a plus the zeros are no prefix
		"09999999":      {"+86 9999999"},                       // exactly as many as make a number
		"86999999":      {"+86 999999"},                        // one too few
		"013800001111":  {"013800001111"},                      // a zero is cut off behind a country only
		"10987654321":   {"10987654321"},                       // as long as a mobile number, and of no country
	} {
		for _, text := range spellings {
			if got := Phone(text); got != want {
				t.Errorf("%q is %q, want %q", text, got, want)
			}
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{
		"13812345678": "13812345678", " 138-1234.5678 ": "13812345678", "(0)30/123456": "030123456",
		"+86 (138) 1234-5678": "+8613812345678", "0086 138 1234 5678": "+8613812345678", "＋８６　１３８１２３４５６７８": "+8613812345678", "００８６１３８１２３４５６７８": "+8613812345678",
		"12345": "", "123456": "123456", "123456789012345": "123456789012345", "1234567890123456": "",
		"+12345": "", "+123456": "+123456", "0012345": "", "00123456": "+123456", "+123456789012345": "+123456789012345",
		"000000000": "", "11111111111": "", "1111111112": "1111111112", "+11111111": "", "86+13812345678": "", "(+86) 13812345678": "",
		"138 1234 5678 ext. 4": "", "1381234567x": "", "138,12345678": "", "": "", "+": "",
	} {
		if got := Number(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestNarrow has the first and the last form that stands for ASCII, and those beside them.
func TestNarrow(t *testing.T) {
	for text, want := range map[string]string{
		"！～": "!~", "\uff00\uff5f": "\uff00\uff5f", "a\u3000b": "a b", "\u2fff\u3001": "\u2fff\u3001", "Ａ０ｚ": "A0z", "é中!~": "é中!~", "": "",
	} {
		if got := Narrow(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := Lower("@AZ[`az{À\u212a"); got != "@az[`az{À\u212a" {
		t.Errorf("in lower case it is %q", got)
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
		"ann+shop@example.com": "ann@example.com", "+ann@example.com": "+ann@example.com", "ann+@example.com": "ann@example.com", "ann": "", "": "",
	} {
		if got := Mailbox(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
