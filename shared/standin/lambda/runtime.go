package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	runtimeVersion = "2018-06-01"
	invokeVersion  = "2015-03-31"
)

// ServeHTTP answers the Runtime API below /<function>/<process>/, and Lambda's own Invoke, so that `aws lambda invoke --endpoint-url`
// works. Anything else is not found.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 5 && parts[2] == runtimeVersion && parts[3] == "runtime":
		h.serveRuntime(w, r, parts[0], parts[1], parts[4:])
	case len(parts) == 4 && parts[0] == invokeVersion && parts[1] == "functions" && parts[3] == "invocations" && r.Method == http.MethodPost:
		h.serveInvoke(w, r, parts[2])
	default:
		answerError(w, http.StatusNotFound, "UnknownOperationException", "this endpoint serves the Runtime API and Invoke only")
	}
}

func (h *Host) serveRuntime(w http.ResponseWriter, r *http.Request, function, id string, call []string) {
	h.mu.Lock()
	p := h.pools[function]
	h.mu.Unlock()
	var q *process
	if p != nil {
		p.mu.Lock()
		q = p.processes[id]
		p.mu.Unlock()
	}
	if q == nil {
		answerError(w, http.StatusForbidden, "InvalidProcess", "no process "+id+" of function "+function)
		return
	}
	switch {
	case r.Method == http.MethodGet && len(call) == 2 && call[0] == "invocation" && call[1] == "next":
		q.serveNext(w, r)
	case r.Method == http.MethodPost && len(call) == 3 && call[0] == "invocation" && call[2] == "response":
		q.serveResponse(w, r, call[1])
	case r.Method == http.MethodPost && len(call) == 3 && call[0] == "invocation" && call[2] == "error":
		q.serveError(w, r, call[1])
	case r.Method == http.MethodPost && len(call) == 2 && call[0] == "init" && call[1] == "error":
		body, _ := io.ReadAll(io.LimitReader(r.Body, MaxPayload))
		p.mu.Lock()
		if !q.asked {
			q.initial = body
		}
		p.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
	default:
		answerError(w, http.StatusNotFound, "UnknownOperation", r.Method+" "+r.URL.Path)
	}
}

// serveNext holds the process until there is work for it.
func (q *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p := q.pool
	p.mu.Lock()
	if q.task != nil {
		p.mu.Unlock()
		answerError(w, http.StatusForbidden, "InvalidState", "the last invocation has not been answered")
		return
	}
	if !q.asked {
		q.asked = true
		q.timer.Stop()
		if q.only == nil {
			p.starting--
		}
	}
	switch {
	case q.only != nil && q.tasks == 0:
		p.assign(q, q.only)
	case q.only != nil:
		q.kill()
	case len(p.pending) > 0:
		p.assign(q, p.pop())
	default:
		p.idle = append(p.idle, q)
		q.timer.Stop()
		q.timer = afterIdle(q)
	}
	p.mu.Unlock()
	var t *task
	select {
	case t = <-q.next:
	case <-q.gone:
		return
	case <-r.Context().Done():
		// A process hangs up only when it ends, and its end is settled elsewhere.
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", t.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(t.started.Add(p.function.Timeout).UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", p.host.arn(p.function.Name))
	header.Set("Lambda-Runtime-Trace-Id", trace(t))
	header.Set("Content-Length", strconv.Itoa(len(t.payload)))
	_, _ = w.Write(t.payload)
}

// trace is an X-Ray header made from the request id: the time, then 24 hex digits.
func trace(t *task) string {
	digits := strings.ReplaceAll(t.id, "-", "")
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", t.started.Unix(), digits[:24], digits[16:])
}

// take ends the process's current task when it is the one named.
func (q *process) take(id string) *task {
	q.pool.mu.Lock()
	defer q.pool.mu.Unlock()
	t := q.task
	if t == nil || t.id != id {
		return nil
	}
	q.task = nil
	q.timer.Stop()
	return t
}

func (q *process) serveResponse(w http.ResponseWriter, r *http.Request, id string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload+1))
	if err != nil {
		answerError(w, http.StatusBadRequest, "InvalidBody", err.Error())
		return
	}
	size := len(body)
	if size > MaxPayload {
		rest, _ := io.Copy(io.Discard, r.Body)
		size += int(rest)
	}
	t := q.take(id)
	if t == nil {
		answerError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	if size > MaxPayload {
		q.settle(t, Result{FunctionError: "Unhandled", Payload: responseTooLarge(size)})
		answerError(w, http.StatusRequestEntityTooLarge, "Function.ResponseSizeTooLarge", "Exceeded maximum allowed payload size")
		return
	}
	// A handler that fails while its answer is on the way says so behind the body.
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		payload, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
		if err != nil || len(payload) == 0 {
			payload = errorPayload(kind, "")
		}
		q.settle(t, Result{FunctionError: "Unhandled", Payload: payload})
	} else {
		q.settle(t, Result{Payload: body})
	}
	w.WriteHeader(http.StatusAccepted)
}

func (q *process) serveError(w http.ResponseWriter, r *http.Request, id string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload))
	if err != nil {
		answerError(w, http.StatusBadRequest, "InvalidBody", err.Error())
		return
	}
	t := q.take(id)
	if t == nil {
		answerError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	if !json.Valid(body) {
		body = errorPayload(r.Header.Get("Lambda-Runtime-Function-Error-Type"), string(body))
	}
	q.settle(t, Result{FunctionError: "Unhandled", Payload: body})
	w.WriteHeader(http.StatusAccepted)
}

func (h *Host) serveInvoke(w http.ResponseWriter, r *http.Request, function string) {
	payload, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload+1))
	if err != nil {
		return
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if !json.Valid(payload) {
		answerError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
		return
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "Event":
		err = h.Enqueue(function, payload)
		if err == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
	case "DryRun":
		if _, err = h.pool(function); err == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	case "", "RequestResponse":
		var result Result
		if result, err = h.Invoke(r.Context(), function, payload); err == nil {
			w.Header().Set("X-Amzn-Requestid", result.RequestID)
			w.Header().Set("X-Amz-Executed-Version", "$LATEST")
			if result.FunctionError != "" {
				w.Header().Set("X-Amz-Function-Error", result.FunctionError)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(result.Payload)
			return
		}
	default:
		answerError(w, http.StatusBadRequest, "InvalidParameterValueException", "unknown invocation type "+kind)
		return
	}
	switch {
	case errors.Is(err, ErrUnknown):
		answerError(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+h.arn(function))
	case errors.Is(err, ErrTooLarge):
		answerError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", err.Error())
	case errors.Is(err, ErrThrottled):
		answerError(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	default:
		answerError(w, http.StatusInternalServerError, "ServiceException", err.Error())
	}
}

func answerError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "errorType": kind, "message": message, "errorMessage": message})
}
