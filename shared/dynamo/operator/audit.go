// Package operator stores the audit log: what operators did. It decides nothing about who may do what. The surprising thing: a line is not written after a change but in its
// transaction, so that no change is without its line.
package operator

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Audit keeps the lines of the audit log: each in the list of its month, of its operator and of its thing, so that each can be asked for without
// reading the others.
type Audit struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Signed is a line with the table that keeps it. Whatever must not change without a line takes one, and writes it in its own transaction.
type Signed struct {
	Table string
	audit.Line
}

// Signed is a line that goes into this log.
func (a Audit) Signed(l audit.Line) Signed {
	l.At = l.At.UTC().Truncate(time.Millisecond)
	return Signed{a.Table, l}
}

// Puts are the actions of a transaction that writes the line.
func (s Signed) Puts() ([]dynamo.Write, error) {
	body, err := json.Marshal(s.Line)
	if err != nil {
		return nil, fmt.Errorf("writing a line of the audit log: %w", err)
	}
	var all []dynamo.Write
	for _, list := range auditLists(s.Line) {
		i := key.Audit(list, s.At, s.ID).Item()
		i[dynamo.AttrBody], i[dynamo.AttrTTL] = dynamo.TextValue(string(body)), dynamo.NumberValue(s.Until().Unix())
		all = append(all, dynamo.Put(s.Table, i, dynamo.Condition{}))
	}
	return all, nil
}

// auditLists are the lists in which a line stands.
func auditLists(l audit.Line) []string {
	lists := []string{key.AuditMonth(l.At), key.AuditOperator(l.By.Name), key.AuditThing(l.Kind, l.Of)}
	if l.Asked != "" && l.Asked != l.Of {
		lists = append(lists, key.AuditThing(l.Kind, l.Asked))
	}
	return lists
}

// atOnce is how many lines go into one transaction: each stands in four lists at the most, and a transaction has a hundred actions.
const atOnce = 25

// Write keeps the lines of a deed that is no item of ours: it is called before the deed, which waits for it. Nil means that all of them are durable. Of an error each line stands in all of its
// lists or in none, of up to 25 lines all stand or none; writing them again changes nothing.
func (a Audit) Write(ctx context.Context, lines ...audit.Line) error {
	for some := range slices.Chunk(lines, atOnce) {
		var all []dynamo.Write
		for _, l := range some {
			puts, err := a.Signed(l).Puts()
			if err != nil {
				return err
			}
			all = append(all, puts...)
		}
		if err := dynamo.Do(ctx, a.DB, all...); err != nil {
			return fmt.Errorf("writing lines of the audit log: %w", err)
		}
	}
	return nil
}

// Line reads the line of a time and an id, consistently. ErrNotFound if there is none.
func (a Audit) Line(ctx context.Context, at time.Time, id string) (audit.Line, error) {
	found, err := dynamo.Get(ctx, a.DB, a.Table, key.Audit(key.AuditMonth(at), at, id))
	if err != nil {
		return audit.Line{}, fmt.Errorf("reading a line of the audit log: %w", err)
	}
	if found == nil {
		return audit.Line{}, dynamo.ErrNotFound
	}
	return lineOf(found)
}

func lineOf(i dynamo.Item) (l audit.Line, err error) {
	if err := json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &l); err != nil {
		return l, fmt.Errorf("reading a line of the audit log: %w", err)
	}
	return l, nil
}

const (
	// maxAuditReads bounds what one page looks through for lines that are wanted.
	maxAuditReads = 30
	auditRead     = 200
)

// List gives a page of the lines that a query wants, the newest first. A page may have fewer lines than its limit, or none, and not be the last:
// next says so. A cursor that List did not give for the query is ErrCursor.
func (a Audit) List(ctx context.Context, q audit.Query, limit int, cursor string) (page []audit.Line, next string, err error) {
	now := a.Now.Time()
	if oldest := audit.Oldest(now); q.From.Before(oldest) {
		q.From = oldest
	}
	if q.To.IsZero() || q.To.After(now) {
		q.To = now.Add(time.Minute) // a clock of another process may be ahead
	}
	if !q.From.Before(q.To) {
		return nil, "", nil
	}
	list, after, err := a.start(q, cursor)
	if err != nil {
		return nil, "", err
	}
	for range maxAuditReads {
		items, more, err := dynamo.Stretch{Table: a.Table, PK: list, From: key.Audit(list, q.From, "").SK, To: key.Audit(list, q.To, "").SK, After: after, Newest: true, Limit: auditRead}.Page(ctx, a.DB)
		if err != nil {
			return nil, "", fmt.Errorf("reading the audit log: %w", err)
		}
		for _, i := range items {
			l, err := lineOf(i)
			if err != nil {
				return nil, "", err
			}
			// TTL deletes late.
			if dynamo.NumberOf(i, dynamo.AttrTTL) > now.Unix() && q.Wants(l) {
				page = append(page, l)
			}
			after = dynamo.TextOf(i, dynamo.AttrSK)
			if len(page) == limit {
				return page, auditCursor(list, after), nil
			}
		}
		if more != "" {
			continue
		}
		if list, after = monthBefore(list, q.From), ""; list == "" {
			return page, "", nil
		}
	}
	return page, auditCursor(list, after), nil
}

// start is the list in which a query begins, and the key after which.
func (a Audit) start(q audit.Query, cursor string) (list, after string, err error) {
	switch {
	case q.Of != "" && q.Kind != "":
		list = key.AuditThing(q.Kind, q.Of)
	case q.Operator != "":
		list = key.AuditOperator(q.Operator)
	default:
		list = key.AuditMonth(q.To)
	}
	if cursor == "" {
		return list, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	from, after, found := strings.Cut(string(raw), "\n")
	byMonth := strings.HasPrefix(list, key.AuditMonths) && strings.HasPrefix(from, key.AuditMonths) && len(from) == len(list) && from <= list
	outside := after != "" && (after < key.Audit(list, q.From, "").SK || after > key.Audit(list, q.To, "").SK)
	if err != nil || !found || !utf8.Valid(raw) || len(after) > dynamo.MaxSortKey || outside || from != list && !byMonth {
		return "", "", dynamo.ErrCursor
	}
	return from, after, nil
}

func auditCursor(list, after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "\n" + after))
}

// monthBefore is the list before one of a month, empty if that is before all that is wanted, or if the list is of no month.
func monthBefore(list string, from time.Time) string {
	text, found := strings.CutPrefix(list, key.AuditMonths)
	month, err := time.Parse(key.AuditMonthForm, text)
	if err != nil || !found {
		return ""
	}
	before := key.AuditMonth(month.AddDate(0, -1, 0))
	if before < key.AuditMonth(from) {
		return ""
	}
	return before
}
