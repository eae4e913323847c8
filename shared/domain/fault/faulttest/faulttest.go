// Package faulttest holds what fuzz targets of parsers ask alike.
package faulttest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
)

// Refused tells whether a body was refused. It must have been with faults, each of which has a reason.
func Refused(t *testing.T, body []byte, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	var faults fault.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("%q is refused with %v", body, err)
	}
	for _, one := range faults {
		if one.Reason == "" {
			t.Fatalf("%q is refused without a reason for %q", body, one.Field)
		}
	}
	return true
}

// ReadBack writes what a parser has read, reads that, and wants it written the same. It answers the text and what was read of it.
func ReadBack[T any](t *testing.T, body []byte, v T, parse func([]byte) (T, error)) (text []byte, again T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%+v cannot be written: %v", v, err)
	}
	if again, err = parse(text); err != nil {
		t.Fatalf("%s was read, and its own writing %s is refused: %v", body, text, err)
	}
	if other, err := json.Marshal(again); err != nil || string(other) != string(text) {
		t.Fatalf("%s is written again as %s, %v", text, other, err)
	}
	return text, again
}
