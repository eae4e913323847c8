package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// body is a request's body that is in memory already.
type body struct{ *strings.Reader }

func newBody(s string) io.ReadCloser { return body{strings.NewReader(s)} }

func (body) Close() error { return nil }

// ErrBodyTooLarge says that a body is over its limit.
var ErrBodyTooLarge = errors.New("body is over the limit")

// ReadBody reads a body of at most limit bytes.
func ReadBody(r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		return nil, ErrBodyTooLarge
	}
	size := limit
	if r.ContentLength >= 0 {
		size = int(r.ContentLength)
	}
	b := make([]byte, 0, min(size, limit)+1)
	for {
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return nil, ErrBodyTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("reading body: %w", err)
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// TooLarge answers 413 and names the limit.
func TooLarge(w http.ResponseWriter, limit int) {
	Problem(w, http.StatusRequestEntityTooLarge, "", fmt.Sprintf("a body here has at most %d bytes", limit))
}

// WholeBody reads a body of at most limit bytes and reports whether it could. Where it could not, the request is answered: 413 over the limit, else 400.
func WholeBody(w http.ResponseWriter, r *http.Request, limit int) (body []byte, ok bool) {
	body, err := ReadBody(r, limit)
	switch {
	case errors.Is(err, ErrBodyTooLarge):
		TooLarge(w, limit)
	case err != nil:
		Problem(w, http.StatusBadRequest, "Malformed request", "the body could not be read")
	}
	return body, err == nil
}

// ReadJSON is ParseJSON of a body of at most limit bytes; over the limit the request is answered with 413.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int, v any) bool {
	body, ok := WholeBody(w, r, limit)
	return ok && ParseJSON(w, body, v)
}

// ParseJSON decodes a body into v and reports whether it could. Where it could not, the request is answered: 400 when the body is not JSON or does not fit v.
// Fields that v does not have are refused, so that a misspelt one is noticed, and names that stand twice, since one of them would be dropped in silence; all
// that is wrong is told at once.
func ParseJSON(w http.ResponseWriter, body []byte, v any) bool {
	if reason := fault.Syntax(body); reason != "" {
		Problem(w, http.StatusBadRequest, "Malformed request", "the body "+reason)
		return false
	}
	if faults := append(fault.Repeated(body), fault.Decode(body, v)...); len(faults) > 0 {
		Problem(w, http.StatusBadRequest, "Malformed request", "", FieldErrors(faults)...)
		return false
	}
	return true
}

// Page is what a list request asks for. Cursor is what the answer before it gave as next, opaque to callers.
type Page struct {
	Limit  int
	Cursor string
}

// List is the answer to a list request; Next is empty on the last page.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// MarshalJSON writes a list without items as an empty array, never as null.
func (l List[T]) MarshalJSON() ([]byte, error) {
	type plain List[T]
	if l.Items == nil {
		l.Items = []T{}
	}
	return Marshal(plain(l))
}

// ParsePage reads ?limit=&cursor=. The limit is usual when absent, and must be between 1 and most; where it is not, the request is
// answered with 400 and ok is false.
func ParsePage(w http.ResponseWriter, r *http.Request, usual, most int) (page Page, ok bool) {
	query := r.URL.Query()
	page = Page{Limit: usual, Cursor: query.Get("cursor")}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			Problem(w, http.StatusBadRequest, "Malformed request", "",
				FieldError{Field: "limit", Reason: fmt.Sprintf("is not a whole number from 1 to %d", most)})
			return Page{}, false
		}
		page.Limit = n
	}
	return page, true
}
