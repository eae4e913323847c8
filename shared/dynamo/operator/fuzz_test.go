package operator

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// FuzzAuditCursors reads any text as the cursor of a list of the audit log: ErrCursor, or a place whose own cursor leads to the same place, and a key that DynamoDB takes.
func FuzzAuditCursors(f *testing.F) {
	month := key.AuditMonth(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	for _, cursor := range []string{
		"", auditCursor(month, ""), auditCursor(month, "2026"), "x", "====", base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe")),
		auditCursor(month, "001764000000000#\xff"), auditCursor(month, "001764000000000#"+strings.Repeat("a", 1024)),
	} {
		f.Add(cursor)
	}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, q := range []audit.Query{{From: now.AddDate(0, -13, 0), To: now}, {From: now.AddDate(0, -1, 0), To: now, Kind: "profile", Of: "p"}, {From: now.AddDate(0, -1, 0), To: now, Operator: "ann"}} {
			list, after, err := Audit{}.start(q, cursor)
			if err != nil {
				if !errors.Is(err, dynamo.ErrCursor) || list != "" {
					t.Fatalf("%q: %q, %v", cursor, list, err)
				}
				continue
			}
			first, _, err := Audit{}.start(q, "")
			if err != nil || !strings.HasPrefix(list, key.AuditMonths) && list != first || after != "" && after < key.Audit(list, q.From, "").SK || !utf8.ValidString(list+after) || len(after) > dynamo.MaxSortKey {
				t.Fatalf("%q leads for %+v into %q after %q", cursor, q, list, after)
			}
			if again, behind, err := (Audit{}).start(q, auditCursor(list, after)); err != nil || again != list || behind != after {
				t.Fatalf("%q leads to %q after %q, and its cursor to %q after %q, %v", cursor, list, after, again, behind, err)
			}
		}
	})
}
