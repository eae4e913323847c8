package dynamo

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// ErrCursor says that a cursor did not come from the list that it was sent to.
var ErrCursor = errors.New("the cursor is not one that this list gave")

// MaxSortKey is how many bytes DynamoDB takes as a sort key.
const MaxSortKey = 1024

// CursorAfter is the text by which a caller goes on after a sort key. It gives no right: whose list it is, the request says anew.
func CursorAfter(sk string) string { return base64.RawURLEncoding.EncodeToString([]byte(sk)) }

// SortKeyOf reads a cursor of CursorAfter, of a list whose sort keys have a prefix; the empty one is the beginning. What can be none is ErrCursor, so that nobody's text becomes a call
// that DynamoDB refuses.
func SortKeyOf(cursor, prefix string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) == 0 || len(raw) > MaxSortKey || !utf8.Valid(raw) || !strings.HasPrefix(string(raw), prefix) {
		return "", ErrCursor
	}
	return string(raw), nil
}
