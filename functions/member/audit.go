package member

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
)

// write keeps the line of what is about to be done to a person: without it, it is not done. What is done here is no item of ours, so a line may stand of
// something that failed after it; the caller sends the call again, which has a line of its own. The reason is the caller's, empty where none is asked for.
func (p *Process) write(r *http.Request, action audit.Action, person reward.Person, id, reason string) (audit.Line, error) {
	l := p.Audit.Signed(audit.Line{At: p.Now(), By: httpapi.Caller(r.Context()), From: httpapi.From(r.Context()), Reason: reason}).Done(action, audit.KindProfile, string(person.Keys[0]), id)
	if asked, fault := key(r.PathValue("id"), r.URL.Query()); fault == nil && string(asked.key) != l.Of {
		l.Asked = string(asked.key)
	}
	return l, p.Audit.Write(r.Context(), l)
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
func (p *Process) exporting(r *http.Request, s session, person reward.Person) (session, error) {
	if s.id != "" && len(s.id) <= maxSession {
		known, err := p.exportOf(r.Context(), s, person)
		if err != nil || known {
			return s, err
		}
	}
	id := p.NewID()
	l, err := p.write(r, audit.Export, person, id, "")
	return session{l.At, id}, err
}

func (p *Process) exportOf(ctx context.Context, s session, person reward.Person) (bool, error) {
	l, err := p.Audit.Line(ctx, s.at, string(audit.Export)+"#"+s.id)
	if errors.Is(err, dynamo.ErrNotFound) {
		return false, nil
	}
	return err == nil && l.By == httpapi.Caller(ctx) && l.Of == string(person.Keys[0]) && p.Now().Sub(l.At) < sessionLife, err
}
