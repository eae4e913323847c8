package profile

import (
	"fmt"
	"strings"
	"testing"
)

func TestWritten(t *testing.T) {
	for text, want := range map[string]string{
		"email| Mei@Shop.Example ": "email mei@shop.example", "email|mei": "", "phone|138 0000-1111": "phone 13800001111", "phone|0086 13800001111": "phone +8613800001111", "phone|12": "", "phone|call me": "",
		"user|0": "user 0", "user| a ": "user  a ", "user| ": "", "anonymous|null": "anonymous null", "anonymous|": "",
	} {
		kind, value, _ := strings.Cut(text, "|")
		got := ""
		if i, ok := Written(IdentifierKind(kind), value); ok {
			got = fmt.Sprint(i.Kind, " ", i.Value)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestSpellings(t *testing.T) {
	for value, want := range map[string]string{
		"13800001111": "[13800001111 +8613800001111]", "+8613800001111": "[+8613800001111 13800001111]", "8613800001111": "[8613800001111 13800001111 +8613800001111]",
		"+13800001111": "[+13800001111]", "+4915112345678": "[+4915112345678]", "03012345": "[03012345]", "23800001111": "[23800001111]", "1380000111": "[1380000111]",
	} {
		var all []string
		for _, i := range (Identifier{Phone, value}).Spellings() {
			if i.Kind != Phone {
				t.Errorf("%s has the spelling %v", value, i)
			}
			all = append(all, i.Value)
		}
		if got := fmt.Sprint(all); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	if got := (Identifier{UserID, "13800001111"}).Spellings(); len(got) != 1 {
		t.Errorf("a userId has the spellings %v", got)
	}
}
