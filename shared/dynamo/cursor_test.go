package dynamo

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// FuzzCursors reads any text as a cursor: ErrCursor, or a sort key whose own cursor leads to the same, and that DynamoDB takes.
func FuzzCursors(f *testing.F) {
	for _, cursor := range []string{"", CursorAfter("e#1"), CursorAfter("d#2026"), "x", "====", "gg", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe")), CursorAfter(strings.Repeat("e#", 600))} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, prefix := range []string{"", "e#", "d#"} {
			key, err := SortKeyOf(cursor, prefix)
			if cursor == "" && key == "" && err == nil {
				continue // the beginning
			}
			if err != nil {
				if !errors.Is(err, ErrCursor) || key != "" {
					t.Fatalf("%q: %q, %v", cursor, key, err)
				}
				continue
			}
			if again, err := SortKeyOf(CursorAfter(key), prefix); err != nil || again != key || !strings.HasPrefix(key, prefix) || len(key) == 0 || len(key) > MaxSortKey {
				t.Fatalf("%q leads to %q, and its cursor to %q, %v", cursor, key, again, err)
			}
		}
	})
}
