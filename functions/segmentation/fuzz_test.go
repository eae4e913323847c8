package segmentation

import (
	"fmt"
	"testing"
)

// FuzzPartCursor: a cursor of a part names its number and where it begins, or is an error.
func FuzzPartCursor(f *testing.F) {
	for _, cursor := range []string{"", "1|p#x", "0|p", "-1|p", "1|", "1", "+1|p", "01|p", "9223372036854775808|p", "1|a|b"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		number, from, err := parsePartCursor(cursor)
		switch {
		case err != nil:
			if from != "" && number != 0 && cursor == "" {
				t.Fatalf("%q: %d, %q, %v", cursor, number, from, err)
			}
		case cursor == "":
			if number != 0 || from != "" {
				t.Fatalf("the first part is %d from %q", number, from)
			}
		default:
			if again, at, err := parsePartCursor(fmt.Sprintf("%d|%s", number, from)); err != nil || again != number || at != from || number < 1 || from == "" {
				t.Fatalf("%q is part %d from %q, and that %d from %q, %v", cursor, number, from, again, at, err)
			}
		}
	})
}
