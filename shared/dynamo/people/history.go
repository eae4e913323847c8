package people

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// Bounds of one page of a person's events. A day ends a page; it is torn apart only where it is over them.
const (
	// maxPageBytes keeps a page well below the 6 MB that a function may answer.
	maxPageBytes = 3 << 20
	// maxRunBytes is how much of a day is held at once to be sorted.
	maxRunBytes = 16 << 20
)

// position is where a page of events ended: before a day, or within one.
type position struct {
	day    string // YYYYMMDD
	within bool
	// run begins behind this pack of this id; at the newest pack of the first id when empty.
	id   profile.ID
	pack string
	// last is the last event that was given of the run; none when its time is zero.
	last listed
}

// listed is an event with what makes its place in a list unique.
type listed struct {
	event event.Event
	hash  event.Hash
	// of is under which id it stands. A message that two profiles have counted before they became one is there twice, as in the sums.
	of profile.ID
}

// compareListed sorts newest first.
func compareListed(a, b listed) int {
	if c := b.event.Timestamp.Compare(a.event.Timestamp); c != 0 {
		return c
	}
	if c := cmp.Compare(a.event.MessageID, b.event.MessageID); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.of, b.of))
}

// String is the position as a cursor.
func (p position) String() string {
	text := p.day
	if p.within {
		at := ""
		if !p.last.event.Timestamp.IsZero() {
			at = strconv.FormatInt(p.last.event.Timestamp.UnixNano(), 10)
		}
		text = strings.Join([]string{p.day, string(p.id), p.pack, at, strconv.FormatUint(uint64(p.last.hash), 16) + "." + string(p.last.of), p.last.event.MessageID}, "|")
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

var dayForm = regexp.MustCompile(`^[0-9]{8}$`)

func parsePosition(cursor string) (position, error) {
	if cursor == "" {
		return position{day: ":"}, nil // sorts behind every digit
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.SplitN(string(text), "|", 6)
	// DynamoDB refuses a key that is no UTF-8: the caller's fault would look like ours.
	if err != nil || !utf8.Valid(text) || !dayForm.MatchString(parts[0]) || len(parts) != 1 && len(parts) != 6 {
		return position{}, dynamo.ErrCursor
	}
	p := position{day: parts[0]}
	if len(parts) == 1 {
		return p, nil
	}
	p.within, p.id, p.pack = true, profile.ID(parts[1]), parts[2]
	if p.pack != "" && !strings.HasPrefix(p.pack, p.day+"#") || len(text) > 2*dynamo.MaxSortKey || len(p.pack) > dynamo.MaxSortKey {
		return position{}, dynamo.ErrCursor
	}
	if parts[3] != "" {
		at, err := strconv.ParseInt(parts[3], 10, 64)
		if err != nil {
			return position{}, dynamo.ErrCursor
		}
		p.last.event.Timestamp = time.Unix(0, at).UTC()
	}
	digits, of, _ := strings.Cut(parts[4], ".")
	hash, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return position{}, dynamo.ErrCursor
	}
	p.last.hash, p.last.of, p.last.event.MessageID = event.Hash(hash), profile.ID(of), parts[5]
	return p, nil
}

// Events lists a person's events newest first, at most limit of them and no more than a page may hold. Of a day with more than 16 MB of events, those of newer commits come first. ids are all ids under which
// packs of the person may stand. The cursor says where to go on; "" ends the list.
func (s Timeline) Events(ctx context.Context, ids []profile.ID, limit int, cursor string) ([]event.Event, string, error) {
	at, err := parsePosition(cursor)
	if err != nil {
		return nil, "", err
	}
	var events []event.Event
	size := 0
	for {
		if !at.within {
			day, err := s.newestDay(ctx, ids, at.day)
			if err != nil || day == "" {
				return events, "", err
			}
			at = position{day: day, within: true}
		}
		run, next, err := s.run(ctx, ids, at)
		if err != nil {
			return nil, "", err
		}
		for _, e := range run {
			if !at.last.event.Timestamp.IsZero() && compareListed(e, at.last) <= 0 {
				continue
			}
			n := jsonSize(&e.event)
			if len(events) == limit || len(events) > 0 && size+n > maxPageBytes {
				return events, at.String(), nil
			}
			events, size, at.last = append(events, e.event), size+n, e
		}
		if at = next; len(events) >= limit {
			return events, at.String(), nil
		}
	}
}

// usualEvent is about what an event takes beside its raw parts.
const usualEvent = 400

// jsonSize is about what an event takes as JSON.
func jsonSize(e *event.Event) int {
	return len(e.Properties) + len(e.Traits) + len(e.Context) + len(e.Integrations) + usualEvent
}

// newestDay is the newest day before another on which any of the ids has a pack, or "".
func (s Timeline) newestDay(ctx context.Context, ids []profile.ID, before string) (string, error) {
	newest := ""
	for _, id := range ids {
		items, _, err := dynamo.Stretch{Table: s.Table, PK: string(id), To: before, Only: []string{dynamo.AttrSK}, Newest: true, Stale: true, Limit: 1}.Page(ctx, s.DB)
		if err != nil {
			return "", fmt.Errorf("reading a timeline: %w", err)
		}
		if len(items) > 0 {
			day, _, _ := strings.Cut(dynamo.TextOf(items[0], dynamo.AttrSK), "#")
			newest = max(newest, day)
		}
	}
	return newest, nil
}

// run reads a day of the person from a position on, as much as is held at once, newest first, each event once under each id. next is where the
// following run begins, or the end of the day.
func (s Timeline) run(ctx context.Context, ids []profile.ID, from position) (events []listed, next position, err error) {
	size := 0
	first := max(slices.Index(ids, from.id), 0)
	for _, id := range ids[first:] {
		seen := map[event.Hash]bool{}
		of := dynamo.Stretch{PK: string(id), Prefix: from.day + "#", Newest: true, Stale: true}
		if id == from.id {
			of.After = from.pack
		}
		err := s.all(ctx, of, func(i dynamo.Item) error {
			if s.expired(i) {
				return nil
			}
			packed, err := unpackEvents(i)
			if err != nil {
				return err
			}
			for _, e := range packed {
				if h := event.Fingerprint(e.Source, e.Event.MessageID); !seen[h] {
					seen[h] = true
					e.Event.Source = e.Source
					events = append(events, listed{e.Event, h, id})
					size += jsonSize(&e.Event)
				}
			}
			if size >= maxRunBytes {
				next = position{day: from.day, within: true, id: id, pack: dynamo.TextOf(i, dynamo.AttrSK)}
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return nil, position{}, err
		}
		if next.within {
			break
		}
	}
	if !next.within {
		next = position{day: from.day}
	}
	slices.SortStableFunc(events, compareListed)
	return events, next, nil
}
