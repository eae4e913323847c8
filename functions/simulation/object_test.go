package simulation

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// readObjectRequest finds out what a call of S3 is about; object is nil for a call of another service.
func readObjectRequest(r *http.Request, body []byte) (q request, err error) {
	if r.URL.Host != "s3.sim" {
		return q, nil
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q = request{op: r.URL.Query().Get("x-id"), where: strings.TrimPrefix(bucket, stackName+"-"), key: key, body: body, object: r}
	switch {
	case q.op != "":
	case r.Method == http.MethodPost:
		q.op, q.key = "DeleteObjects", short(string(body))
	default:
		q.op, q.key = "ListObjects", r.URL.Query().Get("prefix")
	}
	q.effect = r.Method != http.MethodGet
	return q, nil
}

// s3 lets the stand-in do it. It is consistent, as the service is.
func (w *world) s3(inv *invocation, q request) *reply {
	r := q.object.Clone(q.object.Context())
	r.Body = http.NoBody
	if len(q.body) > 0 {
		r.Body = readCloser{bytes.NewReader(q.body)}
	}
	r.ContentLength = int64(len(q.body))
	r.Header.Set("Content-Length", strconv.Itoa(len(q.body))) // as a transport does
	answer := &reply{status: 200, header: http.Header{}}
	w.watch.shelves.works(w, inv, q)
	w.objects.ServeHTTP(answer, r)
	if q.effect {
		w.tell("%s: %s %s %s: %d", inv.name, q.op, q.where, q.key, answer.status)
		if q.op == "PutObject" && answer.status == 200 {
			w.watch.shelves.put(w, q.key)
		}
	}
	return answer
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// slowDown is how S3 answers who asks too much.
func slowDown() *reply {
	return &reply{status: http.StatusServiceUnavailable, header: http.Header{"Content-Type": {"application/xml"}},
		body: []byte("<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")}
}

// accessDenied is how S3 answers who has no right to an object, as after a deploy that went wrong.
func accessDenied() *reply {
	return &reply{status: http.StatusForbidden, header: http.Header{"Content-Type": {"application/xml"}}, body: []byte("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")}
}
