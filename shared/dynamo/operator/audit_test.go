package operator_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/idempotency"
)

var morning = time.Date(2026, 11, 21, 8, 0, 0, 123456789, time.UTC)

// shelf is an audit log at a time of the test's own.
type shelf struct {
	operator.Audit
	db  *dynamotest.DB
	now time.Time
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{now: morning}
	s.db = dynamotest.NewAt(t, func() time.Time { return s.now })
	s.Audit = operator.Audit{DB: s.db, Table: "Audit", Now: func() time.Time { return s.now }}
	return s
}

// all are the ids that a query finds, page after page.
func (s *shelf) all(t *testing.T, q audit.Query, limit int) string {
	t.Helper()
	var found []string
	for cursor, pages := "", 0; ; pages++ {
		page, next, err := s.List(t.Context(), q, limit, cursor)
		if err != nil || len(page) > limit || pages > 500 {
			t.Fatalf("page %d has %d lines, %v", pages, len(page), err)
		}
		for _, l := range page {
			_, id, _ := strings.Cut(l.ID, "#")
			found = append(found, id)
		}
		if cursor = next; next == "" {
			return strings.Join(found, " ")
		}
	}
}

func TestTheAuditLogIsReadByTimeOperatorAndThing(t *testing.T) {
	s := newShelf(t)
	for i, l := range []struct {
		ago      time.Duration
		by       string
		kind, of string
		action   audit.Action
		asked    string
	}{
		{ago: 0, by: "Ann", kind: "segment", of: "vip", action: audit.Save},
		{ago: time.Hour, by: "Bo", kind: "segment", of: "vip", action: audit.Save},
		{ago: 30 * 24 * time.Hour, by: "Ann", kind: "profile", of: "P", action: audit.Export, asked: "Q"},
		{ago: 200 * 24 * time.Hour, by: "Ann", kind: "segment", of: "vip#x", action: audit.Delete},
		{ago: 380 * 24 * time.Hour, by: "Bo", kind: "campaign", of: "vip", action: audit.Save},
	} {
		line := audit.Line{At: s.now.Add(-l.ago), By: access.Caller{Name: l.by, Role: access.Owner, Key: "0a0a0a0a"}, From: "203.0.113.9", Asked: l.asked}
		if err := s.Write(t.Context(), line.Done(l.action, l.kind, l.of, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		q    audit.Query
		want string
	}{
		"all":                      {audit.Query{}, "0 1 2 3 4"},
		"an operator's":            {audit.Query{Operator: "Ann"}, "0 2 3"},
		"nobody's":                 {audit.Query{Operator: "An"}, ""},
		"a thing's":                {audit.Query{Kind: "segment", Of: "vip"}, "0 1"},
		"a thing's by an operator": {audit.Query{Kind: "segment", Of: "vip", Operator: "Bo"}, "1"},
		"a kind's":                 {audit.Query{Kind: "segment"}, "0 1 3"},
		"an action's":              {audit.Query{Action: audit.Delete}, "3"},
		"a person's":               {audit.Query{Kind: "profile", Of: "P"}, "2"},
		"by whom they were asked":  {audit.Query{Kind: "profile", Of: "Q"}, "2"},
		"from":                     {audit.Query{From: s.now.Add(-time.Hour).Truncate(time.Millisecond)}, "0 1"},
		"to":                       {audit.Query{To: s.now.Add(-time.Hour).Truncate(time.Millisecond)}, "2 3 4"},
		"between":                  {audit.Query{From: s.now.AddDate(0, -8, 0), To: s.now.AddDate(0, 0, -2), Operator: "Ann"}, "2 3"},
		"backwards":                {audit.Query{From: s.now, To: s.now.AddDate(0, -1, 0)}, ""},
	} {
		for _, limit := range []int{1, 2, 200} {
			if got := s.all(t, c.q, limit); got != c.want {
				t.Errorf("%s, %d at a time: %q, want %q", name, limit, got, c.want)
			}
		}
	}
	one, err := s.Line(t.Context(), s.now, "save#0")
	want := audit.Line{ID: "save#0", At: s.now.UTC().Truncate(time.Millisecond), By: access.Caller{Name: "Ann", Role: "owner", Key: "0a0a0a0a"}, From: "203.0.113.9", Action: "save", Kind: "segment", Of: "vip"}
	if err != nil || fmt.Sprint(one) != fmt.Sprint(want) {
		t.Errorf("the line is %+v, %v, want %+v", one, err, want)
	}
	if _, err := s.Line(t.Context(), s.now, "save#9"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a line that is not there: %v", err)
	}
	// Thirteen months later only what is younger is left, and TTL knows the moment.
	s.now = morning.AddDate(0, 13, 0).Add(-time.Minute)
	if got := s.all(t, audit.Query{}, 10); got != "0" {
		t.Errorf("a minute before the end there are %q", got)
	}
	s.now = s.now.Add(2 * time.Minute)
	if got := s.all(t, audit.Query{Operator: "Ann"}, 10); got != "" {
		t.Errorf("after it there are %q", got)
	}
	s.db.Each(t, "Audit", func(i map[string]types.AttributeValue) {
		if strings.Contains(i["sk"].(*types.AttributeValueMemberS).Value, "save#0") && i["ttl"].(*types.AttributeValueMemberN).Value != fmt.Sprint(morning.AddDate(0, 13, 0).Unix()) {
			t.Errorf("it expires at %v", i["ttl"])
		}
	})
}

// TestAPageOfTheAuditLogIsBounded looks for one line among many that are not wanted.
// TestManyLinesAtOnce go in few transactions, of which each writes all of its lines in all their lists, or none.
func TestManyLinesAtOnce(t *testing.T) {
	const many = 60
	for _, c := range []struct {
		fails int // which transaction, 0 for none
		how   dynamotest.How
		calls int
		stand int
	}{{0, "", 3, many}, {1, dynamotest.NotPersisted, 1, 0}, {1, dynamotest.Persisted, 1, 25}, {2, dynamotest.NotPersisted, 2, 25}, {3, dynamotest.Persisted, 3, many}} {
		s := newShelf(t)
		var lines []audit.Line
		for n := range many {
			by := audit.Line{At: s.now, By: access.Caller{Name: "Ann"}, Asked: fmt.Sprint("Q", n)}
			lines = append(lines, by.Done(audit.Reveal, audit.KindProfile, fmt.Sprint("P", n), fmt.Sprintf("%02d", n)))
		}
		if c.fails > 0 {
			s.db.Fail("TransactWriteItems", c.fails, c.how)
		}
		err := s.Write(t.Context(), lines...)
		if calls := s.db.Calls("TransactWriteItems"); (err != nil) != (c.fails > 0) || calls != c.calls {
			t.Errorf("%+v: %v after %d transactions", c, err, calls)
		}
		check := func(stand int) {
			t.Helper()
			if n, own := len(strings.Fields(s.all(t, audit.Query{}, 200))), len(strings.Fields(s.all(t, audit.Query{Operator: "Ann"}, 200))); n != stand || own != stand {
				t.Errorf("%+v: %d lines of the month stand and %d of the operator, want %d", c, n, own, stand)
			}
			for n := range many {
				want := map[bool]string{true: fmt.Sprintf("%02d", n)}[n < stand]
				for _, of := range []string{"P", "Q"} {
					if got := s.all(t, audit.Query{Kind: audit.KindProfile, Of: fmt.Sprint(of, n)}, 200); got != want {
						t.Errorf("%+v: %s%d has the lines %q, want %q", c, of, n, got, want)
					}
				}
			}
		}
		check(c.stand)
		if err := s.Write(t.Context(), lines...); err != nil {
			t.Errorf("%+v, again: %v", c, err)
		}
		check(many)
	}
	if err := newShelf(t).Write(t.Context()); err != nil {
		t.Errorf("no line at all: %v", err)
	}
}

func TestAPageOfTheAuditLogIsBounded(t *testing.T) {
	s := newShelf(t)
	for i := range 450 {
		l := audit.Line{At: s.now.Add(-time.Duration(i) * time.Minute), By: access.Caller{Name: "Ann"}}
		if err := s.Write(t.Context(), l.Done(map[bool]audit.Action{true: audit.Erase, false: audit.Save}[i == 430], "k", "x", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	before := s.db.Calls("Query")
	if got := s.all(t, audit.Query{Action: audit.Erase, From: s.now.AddDate(0, 0, -1)}, 10); got != "430" {
		t.Errorf("found %q", got)
	}
	if n := s.db.Calls("Query") - before; n > 4 {
		t.Errorf("%d queries", n)
	}
	if n := len(strings.Fields(s.all(t, audit.Query{}, 7))); n != 450 {
		t.Errorf("%d lines in pages of seven", n)
	}
}

func TestForeignCursorsOfTheAuditLogAreRefused(t *testing.T) {
	s := newShelf(t)
	for i := range 3 {
		l := audit.Line{At: s.now.Add(-time.Duration(i) * time.Minute), By: access.Caller{Name: "Ann"}}
		if err := s.Write(t.Context(), l.Done(audit.Save, "k", "x", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	_, byOperator, err := s.List(t.Context(), audit.Query{Operator: "Ann"}, 1, "")
	if err != nil || byOperator == "" {
		t.Fatal(byOperator, err)
	}
	_, byTime, _ := s.List(t.Context(), audit.Query{}, 1, "")
	within := func(id string) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "t#%s\n%015d#%s", s.now.Format("200601"), s.now.UnixMilli(), id))
	}
	if _, _, err := s.List(t.Context(), audit.Query{}, 1, within("save#k#x")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q      audit.Query
		cursor string
	}{
		"no letters":        {audit.Query{}, within("\xff")},
		"too long a key":    {audit.Query{}, within(strings.Repeat("x", 1024))},
		"no base64":         {audit.Query{}, "%"},
		"nothing in it":     {audit.Query{}, "AAAA"},
		"another list's":    {audit.Query{}, byOperator},
		"another's":         {audit.Query{Operator: "Bo"}, byOperator},
		"by time":           {audit.Query{Operator: "Ann"}, byTime},
		"outside the times": {audit.Query{To: s.now.Add(-time.Minute)}, byTime},
	} {
		if _, _, err := s.List(t.Context(), c.q, 1, c.cursor); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("%s: %v, want ErrCursor", name, err)
		}
	}
}

// TestNoChangeIsWithoutItsLine breaks each change both ways, and the line's part of it: what stands has one line, and what does not has none.
func TestNoChangeIsWithoutItsLine(t *testing.T) {
	by := func(s *shelf) operator.Signed {
		return s.Signed(audit.Line{At: s.now, By: access.Caller{Name: "Ann", Role: access.Editor, Key: "0a0a0a0a"}, From: "203.0.113.9", Fields: []string{"name"}})
	}
	for name, change := range map[string]func(*shelf, operator.Signed) error{
		"save": func(s *shelf, by operator.Signed) error {
			_, err := catalog.Catalog{DB: s.db, Table: "Catalog"}.Save(t.Context(), definition.Segment, "vip", json.RawMessage(`{"name":"two"}`), nil, by)
			return err
		},
		"delete": func(s *shelf, by operator.Signed) error {
			return catalog.Catalog{DB: s.db, Table: "Catalog"}.Delete(t.Context(), definition.Segment, "vip", 1, by)
		},
		"start": func(s *shelf, by operator.Signed) error {
			by.Line = by.Done(audit.Start, audit.KindRun, "run-1", "run-1")
			return answers.Store{DB: s.db, Table: "Runs"}.RememberSigned(t.Context(), by, idempotency.Answer{Scope: "run", Key: "run-1", Request: "r", Body: []byte("{}"), At: s.now})
		},
	} {
		for _, how := range []dynamotest.How{"", dynamotest.NotPersisted, dynamotest.Persisted} {
			t.Run(name+" "+string(how), func(t *testing.T) {
				s := newShelf(t)
				s.db.Define(t, definition.Segment, "vip", `{"name":"one"}`, morning)
				if how != "" {
					s.db.Fail("TransactWriteItems", 1, how)
				}
				if err := change(s, by(s)); (err == nil) != (how == "") {
					t.Fatalf("answered %v", err)
				}
				lines, _, err := s.List(t.Context(), audit.Query{Operator: "Ann"}, 10, "")
				if want := map[bool]int{true: 0, false: 1}[how == dynamotest.NotPersisted]; err != nil || len(lines) != want {
					t.Fatalf("%d lines, %v, want %d", len(lines), err, want)
				}
				if len(lines) == 0 {
					return
				}
				want := map[string]string{
					"save":   "{save#segment#vip#2 2026-11-21 08:00:00.123 +0000 UTC {Ann editor 0a0a0a0a} 203.0.113.9 save segment vip  1 2 [name] }",
					"delete": "{delete#segment#vip#1 2026-11-21 08:00:00.123 +0000 UTC {Ann editor 0a0a0a0a} 203.0.113.9 delete segment vip  1 0 [name] }",
					"start":  "{start#run-1 2026-11-21 08:00:00.123 +0000 UTC {Ann editor 0a0a0a0a} 203.0.113.9 start run run-1  0 0 [name] }",
				}[name]
				if got := fmt.Sprint(lines[0]); got != want {
					t.Errorf("the line is %s\nwant %s", got, want)
				}
			})
		}
		// A log that is not there stops the change.
		t.Run(name+" without a log", func(t *testing.T) {
			s := newShelf(t)
			s.db.Define(t, definition.Segment, "vip", `{"name":"one"}`, morning)
			signed := by(s)
			signed.Table = "Nowhere"
			if change(s, signed) == nil {
				t.Error("the change was made")
			}
			if d, err := (catalog.Catalog{DB: s.db, Table: "Catalog"}).Definition(t.Context(), definition.Segment, "vip"); err != nil || d.Version != 1 {
				t.Errorf("version %d, %v", d.Version, err)
			}
		})
	}
}

func TestVersionsTellWhoSavedThem(t *testing.T) {
	s := newShelf(t)
	c := catalog.Catalog{DB: s.db, Table: "Catalog"}
	// The first version was saved before anybody's name was kept.
	old := map[string]types.AttributeValue{"sk": &types.AttributeValueMemberS{Value: "00000001"}, "v": &types.AttributeValueMemberN{Value: "1"},
		"b": &types.AttributeValueMemberS{Value: `{}`}, "updatedAt": &types.AttributeValueMemberS{Value: "2026-01-02T03:04:05Z"}}
	for pk, sk := range map[string]string{"v#segment#vip": "00000001", "d#segment": "vip"} {
		old["pk"], old["sk"] = &types.AttributeValueMemberS{Value: pk}, &types.AttributeValueMemberS{Value: sk}
		if _, err := s.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("Catalog"), Item: old}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := c.Definition(t.Context(), definition.Segment, "vip")
	if err != nil || first.By != (access.Caller{}) || first.Version != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, name := range []string{"Ann", "Bo"} {
		if _, err := c.Save(t.Context(), definition.Segment, "vip", json.RawMessage(`{"name":"`+name+`"}`), nil, s.Signed(audit.Line{At: s.now, By: access.Caller{Name: name, Role: access.Editor, Key: "k"}})); err != nil {
			t.Fatal(err)
		}
	}
	now, err := c.Definition(t.Context(), definition.Segment, "vip")
	if err != nil || now.By != (access.Caller{Name: "Bo", Role: access.Editor, Key: "k"}) {
		t.Errorf("the current one is by %+v, %v", now.By, err)
	}
	if err := c.Delete(t.Context(), definition.Segment, "vip", 3, s.Signed(audit.Line{At: s.now})); err != nil {
		t.Fatal(err)
	}
	var names []string
	for cursor := ""; ; {
		page, next, err := c.Versions(t.Context(), definition.Segment, "vip", 2, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			names = append(names, fmt.Sprintf("%d by %s", d.Version, d.By.Name))
		}
		if cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(names, []string{"3 by Bo", "2 by Ann", "1 by "}) {
		t.Errorf("the versions are by %q", names)
	}
	for _, cursor := range []string{"x", "0", "-1"} {
		if _, _, err := c.Versions(t.Context(), definition.Segment, "vip", 2, cursor); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("cursor %s: %v", cursor, err)
		}
	}
}
