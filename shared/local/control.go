package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
)

// front puts this machine's own pages, below /local/, before the API. Where the API listens beyond this machine they do not: an event that is handed to
// a function may say whose token was verified, and the inbox is people's mail.
func (s *Stack) front(api http.Handler) http.Handler {
	doors := map[string]http.Handler{}
	if s.o.Doors != nil {
		doors = s.o.Doors(s.addresses)
	}
	own := s.guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/local/"), "/")
		switch {
		case doors[name] != nil:
			doors[name].ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/local/invoke/"):
			s.serveInvoke(w, r, strings.TrimPrefix(r.URL.Path, "/local/invoke/"))
		case r.URL.Path == "/local/usage":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(s.Usage())
		case s.inbox != nil:
			s.inbox.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/local/"):
			api.ServeHTTP(w, r)
		case !fromHere(r):
			http.Error(w, "what is below /local/ is for programs of this machine", http.StatusForbidden)
		default:
			own.ServeHTTP(w, r)
		}
	})
}

// Alone is an invocation that was run by itself, with all it did.
type Alone struct {
	RequestID  string          `json:"requestId"`
	Answer     json.RawMessage `json:"answer"`
	Failed     bool            `json:"failed"`
	DurationMS float64         `json:"durationMs"`
	Log        []string        `json:"log"`
	Calls      []Usage         `json:"calls"`
}

// InvokeAlone runs one event of a function, named by folder, logical id or name, in a process of its own.
func (s *Stack) InvokeAlone(ctx context.Context, function string, event []byte) (Alone, error) {
	f, ok := s.tmpl.Function(function)
	if !ok {
		var names []string
		for _, f := range s.tmpl.Functions {
			names = append(names, f.Folder)
		}
		return Alone{}, fmt.Errorf("%s has no function %s; it has %s", s.tmpl.File, function, strings.Join(names, ", "))
	}
	if !json.Valid(event) {
		return Alone{}, errors.New("the event is not JSON; write it as AWS would hand it to the function")
	}
	var calls func() []Usage
	result, lines, err := s.host.InvokeAlone(ctx, f.Name, event, func(key string) { calls = s.meter.watch(key) })
	var out Alone
	if calls != nil {
		out.Calls = calls()
	}
	if err != nil {
		return out, fmt.Errorf("invoking %s: %w", f.LogicalID, err)
	}
	out.RequestID, out.Failed, out.DurationMS = result.RequestID, result.FunctionError != "", float64(result.Duration)/float64(time.Millisecond)
	out.Answer = result.Payload
	if !json.Valid(out.Answer) {
		out.Answer, _ = json.Marshal(string(result.Payload))
	}
	for _, l := range lines {
		if text, ok := formatLine(l, f.Folder); ok {
			out.Log = append(out.Log, text)
		}
	}
	return out, nil
}

func (s *Stack) serveInvoke(w http.ResponseWriter, r *http.Request, function string) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		http.Error(w, "POST the event as application/json", http.StatusMethodNotAllowed)
		return
	}
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, lambda.MaxPayload))
	if err != nil {
		http.Error(w, "the event is too large", http.StatusRequestEntityTooLarge)
		return
	}
	out, err := s.InvokeAlone(r.Context(), function, event)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// Print writes an invocation for people: the log, the calls with what they consumed, and the answer.
func (a Alone) Print(w io.Writer) {
	for _, l := range a.Log {
		_, _ = fmt.Fprintln(w, l)
	}
	var read, write, requests float64
	for _, c := range a.Calls {
		line := fmt.Sprintf("call  %s %s %s", c.Service, c.Action, c.Resource)
		if c.Service == "dynamodb" {
			line += fmt.Sprintf("  %g read, %g write units", c.ReadUnits, c.WriteUnits)
		} else if c.Service == "sqs" {
			line += fmt.Sprintf("  %g requests", c.Requests)
		}
		if c.Error != "" {
			line += "  " + c.Error
		}
		_, _ = fmt.Fprintln(w, line)
		read, write, requests = read+c.ReadUnits, write+c.WriteUnits, requests+c.Requests
	}
	_, _ = fmt.Fprintf(w, "%s in %.1f ms: %s, %g read and %g write units, %g SQS requests\n", a.RequestID, a.DurationMS, count(len(a.Calls), "call"), read, write, requests)
	var text any
	if json.Unmarshal(a.Answer, &text) == nil {
		if pretty, err := json.MarshalIndent(text, "", "  "); err == nil {
			_, _ = fmt.Fprintln(w, string(pretty))
		}
	}
}
