package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// FieldError is one thing that is wrong with a request. Index is its place in a batch, nil outside one.
type FieldError struct {
	Index  *int   `json:"index,omitempty"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// problem is an answer by RFC 9457.
type problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"`
	Errors   []FieldError `json:"errors,omitempty"`
}

// Problem answers with application/problem+json by RFC 9457. The type is "about:blank" when title is empty or the status's own
// phrase, and otherwise /problems/ and the title in lower case with hyphens; the instance names the gateway's request id, if
// w has a method RequestID that tells it.
func Problem(w http.ResponseWriter, status int, title, detail string, errs ...FieldError) {
	p := problem{Type: "about:blank", Title: title, Status: status, Detail: detail, Errors: errs}
	if phrase := http.StatusText(status); title == "" {
		p.Title = phrase
	} else if title != phrase {
		p.Type = "/problems/" + slug(title)
	}
	if a, ok := w.(interface{ RequestID() string }); ok && a.RequestID() != "" {
		p.Instance = "/requests/" + a.RequestID()
	}
	write(w, status, contentProblem, p)
}

// Invalid answers 422 with the faults that a Validate found, or with the error's text where it is not made of faults.
func Invalid(w http.ResponseWriter, title string, err error) {
	var faults fault.Faults
	if !errors.As(err, &faults) {
		Problem(w, http.StatusUnprocessableEntity, title, err.Error())
		return
	}
	Problem(w, http.StatusUnprocessableEntity, title, "", FieldErrors(faults)...)
}

// FieldErrors are faults as an answer has them.
func FieldErrors(faults fault.Faults) []FieldError {
	errs := make([]FieldError, len(faults))
	for i, f := range faults {
		errs[i] = FieldError{Field: f.Field, Reason: f.Reason}
	}
	return errs
}

// Failed logs an error that the caller did not cause and answers 503 with Retry-After: the same request may work later. The error's
// text is not shown.
func Failed(w http.ResponseWriter, r *http.Request, err error) {
	slog.ErrorContext(r.Context(), "request failed", "route", r.Pattern, "error", err.Error())
	w.Header().Set("Retry-After", "1")
	Problem(w, http.StatusServiceUnavailable, "", "try again")
}

// ListFailed answers an error of a list. One that is foreign says that the caller's cursor is not the list's: that is 400.
func ListFailed(w http.ResponseWriter, r *http.Request, err, foreign error) {
	if errors.Is(err, foreign) {
		Problem(w, http.StatusBadRequest, "Malformed request", "", FieldError{Field: "cursor", Reason: "is not one that this list gave"})
		return
	}
	Failed(w, r, err)
}

// KeyReused answers 422: the Idempotency-Key was used with another body.
func KeyReused(w http.ResponseWriter) {
	Problem(w, http.StatusUnprocessableEntity, "Idempotency-Key reused", "",
		FieldError{Field: "Idempotency-Key", Reason: "was used with another body"})
}

// What the answers of this package are made of.
const (
	contentJSON    = "application/json"
	contentProblem = "application/problem+json"
)

// JSON answers with v as JSON, without the escaping of HTML.
func JSON(w http.ResponseWriter, status int, v any) { write(w, status, contentJSON, v) }

func write(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := Marshal(v)
	if err != nil {
		// Only a type that JSON cannot hold gets here: the program's fault.
		panic(err)
	}
	writeBody(w, status, contentType, append(body, '\n'))
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Marshal writes v as json.Marshal does, but leaves <, > and & as they are.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func slug(title string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
