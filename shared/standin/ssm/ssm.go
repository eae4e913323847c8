// Package ssm stands in for the Parameter Store of AWS Systems Manager: it answers GetParameters with what a file holds, or with what it was given.
//
// It is not all of the service: parameters are written into the file by hand, and every other call is refused. The surprising thing: the file is read anew
// for each call, so that a secret can be changed while everything runs.
package ssm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// Call is one request: by whom, and for which parameter.
type Call struct {
	AccessKeyID string
	Action      string
	Name        string
	ErrorCode   string
}

// Options are the settings of a Store.
type Options struct {
	// Path is a file with a JSON object of names and values. It need not be there.
	Path string
	// Values are those of names that the file does not have.
	Values map[string]string
	// Authorize says whether a caller may read a parameter; Observe hears of every one that was asked for.
	Authorize func(Call) error
	Observe   func(Call)
}

// Store answers the wire protocol of the service.
type Store struct{ options Options }

// New is a store. What the file holds must be such an object now; later it is told to who asks.
func New(o Options) (*Store, error) {
	s := &Store{o}
	if s.options.Authorize == nil {
		s.options.Authorize = func(Call) error { return nil }
	}
	if s.options.Observe == nil {
		s.options.Observe = func(Call) {}
	}
	_, err := s.values()
	return s, err
}

// values are all parameters as they are now.
func (s *Store) values() (map[string]string, error) {
	all := map[string]string{}
	maps.Copy(all, s.options.Values)
	if s.options.Path == "" {
		return all, nil
	}
	text, err := os.ReadFile(s.options.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading secrets: %w", err)
	}
	var own map[string]string
	if json.Unmarshal(text, &own) != nil {
		// The decoder's own words would show a part of the file.
		return nil, fmt.Errorf("%s is no JSON object of names and texts; write {\"/userops/secret\": \"...\"}", s.options.Path)
	}
	maps.Copy(all, own)
	return all, nil
}

const (
	mostNames = 10
	maxWire   = 64 << 10
)

var credential = regexp.MustCompile(`Credential=([^/]+)/`)

// ServeHTTP answers one request of the AWS JSON protocol.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
	if !ok || action != "GetParameters" {
		refuse(w, "UnknownOperationException", "only GetParameters is answered here")
		return
	}
	call := Call{Action: action}
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		call.AccessKeyID = m[1]
	}
	var in struct {
		Names          []string
		WithDecryption bool
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWire))
	if err != nil || json.Unmarshal(body, &in) != nil {
		refuse(w, "SerializationException", "the body is not of this call")
		return
	}
	if len(in.Names) == 0 || len(in.Names) > mostNames {
		refuse(w, "ValidationException", fmt.Sprintf("Names has %d members, and may have 1 to %d", len(in.Names), mostNames))
		return
	}
	for _, name := range in.Names {
		call.Name = name
		if err := s.options.Authorize(call); err != nil {
			call.ErrorCode = "AccessDeniedException"
			s.options.Observe(call)
			refuse(w, call.ErrorCode, err.Error())
			return
		}
		s.options.Observe(call)
	}
	values, err := s.values()
	if err != nil {
		w.Header().Set("Content-Type", wireType)
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(fault{"InternalServerError", err.Error()})
		return
	}
	type parameter struct {
		Name, Type, Value string
		Version           int
	}
	out := struct {
		Parameters        []parameter
		InvalidParameters []string
	}{[]parameter{}, []string{}}
	for _, name := range in.Names {
		value, found := values[name]
		switch {
		case !found:
			out.InvalidParameters = append(out.InvalidParameters, name)
		case !in.WithDecryption:
			out.Parameters = append(out.Parameters, parameter{name, "SecureString", "encrypted", 1})
		default:
			out.Parameters = append(out.Parameters, parameter{name, "SecureString", value, 1})
		}
	}
	w.Header().Set("Content-Type", wireType)
	_ = json.NewEncoder(w).Encode(out)
}

const wireType = "application/x-amz-json-1.1"

type fault struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", wireType)
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(fault{code, message})
}
