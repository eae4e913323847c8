package dynamo

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// ErrCursor says that a cursor did not come from the list that it was sent to.
var ErrCursor = errors.New("the cursor is not one that this list gave")

// maxSortKey is how many bytes DynamoDB takes as a sort key.
const maxSortKey = 1024

// cursorAfter is the text by which a caller goes on after a sort key. It gives no right: whose list it is, the request says anew.
func cursorAfter(sk string) string { return base64.RawURLEncoding.EncodeToString([]byte(sk)) }

// sortKeyOf reads a cursor of cursorAfter, of a list whose sort keys have a prefix. What can be none is ErrCursor, so that nobody's text becomes a call
// that DynamoDB refuses.
func sortKeyOf(cursor, prefix string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) == 0 || len(raw) > maxSortKey || !utf8.Valid(raw) || !strings.HasPrefix(string(raw), prefix) {
		return "", ErrCursor
	}
	return string(raw), nil
}
