package clip

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTo(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"漢字", 6, "漢字"}, {"漢字", 5, "漢"}, {"漢字", 3, "漢"}, {"漢字", 2, ""}, {"a漢", 3, "a"}, {"é", 1, ""}, {"😀", 3, ""}, {"x😀", 4, "x"}, {"\x80\x80\x80", 2, ""},
	} {
		if got := To(c.text, c.n); got != c.want {
			t.Errorf("%d bytes of %q are %q, want %q", c.n, c.text, got, c.want)
		}
	}
}

// TestToIsTheLongest: of all whole beginnings that fit it is the longest.
func TestToIsTheLongest(t *testing.T) {
	const text = "aé漢😀b漢"
	for n := range len(text) + 2 {
		want := ""
		for i := range text {
			if i <= n {
				want = text[:i]
			}
		}
		if n >= len(text) {
			want = text
		}
		if got := To(text, n); got != want || !utf8.ValidString(got) {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
}

func TestShown(t *testing.T) {
	long := strings.Repeat("x", 64)
	for text, want := range map[string]string{"": "", long: long, long + "x": long + "...", long[:62] + "漢": long[:62] + "..."} {
		if got := Shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
