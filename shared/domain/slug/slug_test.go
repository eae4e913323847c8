package slug

import (
	"regexp"
	"strings"
	"testing"
)

func TestFault(t *testing.T) {
	for _, id := range []string{"a", "z", "A", "Z", "0", "9", "-", "_", "big-spenders", "Tea_2026", strings.Repeat("x", Most)} {
		if reason := Fault(id); reason != "" {
			t.Errorf("%q %s", id, reason)
		}
	}
	for _, id := range []string{"", strings.Repeat("x", Most+1), "a b", "a.b", "a/b", "a:b", "a#b", "茶", "a\n", "\xff"} {
		if reason := Fault(id); reason != "must be 1 to 64 of a-z, A-Z, 0-9, - and _" {
			t.Errorf("%q: %q", id, reason)
		}
	}
}

// TestEveryByte asks each byte, and lengths at both borders, of a pattern that says the same.
func TestEveryByte(t *testing.T) {
	pattern := regexp.MustCompile(`\A[\w-]{3,5}\z`)
	for c := range 256 {
		text := string([]byte{'a', byte(c), 'z'})
		if got, want := Fits(text, 3, 5), pattern.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for n := range 8 {
		text := strings.Repeat("k", n)
		if got, want := Fits(text, 3, 5), pattern.MatchString(text); got != want {
			t.Errorf("%d bytes: %v, want %v", n, got, want)
		}
	}
}

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"Win back": "win-back", "  50 % off!! ": "50-off", "A/B-Test_2": "a-b-test-2", "双11 sale": "", "Çava": "", "": "", "—": "", "离开的客户": "",
		strings.Repeat("ab ", 40): strings.Repeat("ab-", 15) + "ab", // one more would take the room of a number
	} {
		if got := Of(name); got != want {
			t.Errorf("%q reads like %q, want %q", name, got, want)
		}
		if got := Of(name); got != "" && Fault(got+"-99999999999999") != "" {
			t.Errorf("%q leaves no room for a number", got)
		}
	}
}
