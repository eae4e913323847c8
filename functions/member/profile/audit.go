package profile

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// write keeps the line of what is about to be done to a person: without it, it is not done. What is done here is no item of ours, so a line may stand of
// something that failed after it; the caller sends the call again, which has a line of its own. The reason is the caller's, empty where none is asked for.
func (h *Handler) write(r *http.Request, action audit.Action, person people.Person, id, reason string, fields ...string) (audit.Line, error) {
	l := httpapi.Line(r, h.Now(), reason).Done(action, audit.KindProfile, string(person.Keys[0]), id)
	l.Fields = fields
	if asked := string(subject.Asked(r)); asked != l.Of {
		l.Asked = asked
	}
	return l, h.Audit.Write(r.Context(), l)
}

const (
	// sessionMark begins a cursor that names the line of its export.
	sessionMark = "x"
	// maxSession bounds the id of a session in bytes: it becomes part of a key. Ours are shorter.
	maxSession = 128
	// sessionLife is how long a page may come after the first one with no line of its own.
	sessionLife = 24 * time.Hour
)

// session is one export, in however many pages: the line that tells of it.
type session struct {
	at time.Time
	id string
}

func (s session) cursor(section int, rest string) string {
	return fmt.Sprintf("%s%d.%s:%d:%s", sessionMark, s.at.UnixMilli(), s.id, section, rest)
}

// readSession takes what is before a page's own cursor off it. A cursor without a session is one that was made up, or given by the version before.
func readSession(cursor string) (s session, rest string) {
	name, rest, found := strings.Cut(strings.TrimPrefix(cursor, sessionMark), ":")
	at, id, _ := strings.Cut(name, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !strings.HasPrefix(cursor, sessionMark) || !found || err != nil {
		return session{}, cursor
	}
	return session{time.UnixMilli(ms).UTC(), id}, rest
}

// exporting is the session that a page belongs to: the one that its cursor names, if that was begun by the same caller for the same person not
// long ago, else a new one. So no page is handed out without a line, whatever the cursor says.
func (h *Handler) exporting(r *http.Request, s session, person people.Person) (session, error) {
	if s.id != "" && len(s.id) <= maxSession {
		begun, err := h.exportOf(r.Context(), s, person)
		if err != nil || begun {
			return s, err
		}
	}
	id := h.NewID()
	l, err := h.write(r, audit.Export, person, id, "")
	return session{l.At, id}, err
}

func (h *Handler) exportOf(ctx context.Context, s session, person people.Person) (bool, error) {
	l, err := h.Audit.Line(ctx, s.at, string(audit.Export)+"#"+s.id)
	if errors.Is(err, dynamo.ErrNotFound) {
		return false, nil
	}
	return err == nil && l.By == httpapi.Caller(ctx) && l.Of == string(person.Keys[0]) && h.Now().Sub(l.At) < sessionLife, err
}
