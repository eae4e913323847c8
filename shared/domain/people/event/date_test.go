package event

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const r = "2026-11-21T08:00:00Z"
	for name, tc := range map[string]struct{ fields, timestamp, original, reason string }{
		"nothing":                         {``, r, "", ""},
		"null and empty":                  {`"timestamp":null,"originalTimestamp":"","sentAt":null,`, r, "", ""},
		"timestamp only":                  {`"timestamp":"2026-11-21T07:59:00.123456Z",`, "2026-11-21T07:59:00.123Z", "2026-11-21T07:59:00.123Z", ""},
		"months late":                     {`"timestamp":"2026-02-01T00:00:00Z",`, "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", ""},
		"clock an hour ahead":             {`"timestamp":"2026-11-21T08:50:00Z","sentAt":"2026-11-21T09:00:00Z",`, "2026-11-21T07:50:00Z", "2026-11-21T08:50:00Z", ""},
		"clock years behind":              {`"timestamp":"1999-01-01T00:00:00Z","sentAt":"1999-01-01T00:10:00Z",`, "2026-11-21T07:50:00Z", "1999-01-01T00:00:00Z", ""},
		"clock before 1970":               {`"timestamp":"1969-12-31T16:00:00Z","sentAt":"1969-12-31T16:00:05Z",`, "2026-11-21T07:59:55Z", "1969-12-31T16:00:00Z", ""},
		"originalTimestamp wins":          {`"timestamp":"2026-11-21T01:00:00Z","originalTimestamp":"2026-11-21T07:00:00Z",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"sentAt only":                     {`"sentAt":"2026-11-21T01:00:00Z",`, r, "", ""},
		"24 h ahead":                      {`"timestamp":"2026-11-22T08:00:00Z",`, "2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z", ""},
		"24 h and 1 ms ahead":             {`"timestamp":"2026-11-22T08:00:00.001Z",`, r, "2026-11-22T08:00:00.001Z", ""},
		"the year 9999":                   {`"timestamp":"9999-12-31T23:59:59Z",`, r, "9999-12-31T23:59:59Z", ""},
		"beyond 9999":                     {`"timestamp":"9999-12-31T23:59:59-01:00",`, "", "", notATime},
		"beyond the year 0":               {`"timestamp":"0000-01-01T00:00:00+01:00",`, "", "", notATime},
		"the first instant of the year 0": {`"timestamp":"0000-01-01T00:00:00Z",`, "", "", "is before 1970"},
		"sent centuries before":           {`"timestamp":"2026-11-21T07:00:00Z","sentAt":"0001-01-02T00:00:00Z",`, r, "2026-11-21T07:00:00Z", ""},
		"sent centuries later":            {`"timestamp":"2026-11-21T07:00:00Z","sentAt":"9999-01-01T00:00:00Z",`, "", "", "is before 1970"},
		"the first instant of 1970":       {`"timestamp":"1970-01-01T00:00:00Z",`, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""},
		"the last millisecond of 1969":    {`"timestamp":"1969-12-31T23:59:59.999Z",`, "", "", "is before 1970"},
		"an offset":                       {`"timestamp":"2026-11-21T15:00:00+08:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"an offset without a colon":       {`"timestamp":"2026-11-21T15:00:00.5+0800",`, "2026-11-21T07:00:00.5Z", "2026-11-21T07:00:00.5Z", ""},
		"no zone":                         {`"timestamp":"2026-11-21T07:00:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"small letters":                   {`"timestamp":"2026-11-21t07:00:00.5z",`, "2026-11-21T07:00:00.5Z", "2026-11-21T07:00:00.5Z", ""},
		"small t, an offset":              {`"timestamp":"2026-11-21t15:00:00+08:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"seconds since 1970 as text":      {`"timestamp":"1763712000",`, "", "", notATime},
		"a blank instead of T":            {`"timestamp":"2026-11-21 07:00:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"no seconds":                      {`"timestamp":"2026-11-21T07:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"no seconds, a blank":             {`"timestamp":"2026-11-21 07:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"no seconds, an offset":           {`"timestamp":"2026-11-21T15:00+08:00",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"no seconds, a blank, Z":          {`"timestamp":"2026-11-21 07:00z",`, "2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z", ""},
		"slashes":                         {`"timestamp":"2026/11/21 07:00",`, "", "", notATime},
		"the month first":                 {`"timestamp":"11/12/2026 07:00",`, "", "", notATime},
		"no minutes":                      {`"timestamp":"2026-11-21T07",`, "", "", notATime},
		"a date":                          {`"timestamp":"2026-11-20",`, "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z", ""},
		"30 February":                     {`"timestamp":"2026-02-30T00:00:00Z",`, "", "", notATime},
		"a number":                        {`"timestamp":1763712000000,`, "", "", notATime},
		"an object":                       {`"timestamp":{},`, "", "", notATime},
		"the server's time is not asked":  {`"receivedAt":"2001-01-01T00:00:00Z",`, r, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, refused := one(t, Page, `{`+tc.fields+`"userId":"u"}`)
			if refused.Reason != tc.reason {
				t.Fatalf("refused %+v, want %q", refused, tc.reason)
			}
			if tc.reason != "" {
				return
			}
			if want := at(tc.timestamp); !e.Timestamp.Equal(want) || e.Timestamp.Location() != time.UTC {
				t.Errorf("timestamp %s, want %s", e.Timestamp, want)
			}
			if tc.original == "" && !e.OriginalTimestamp.IsZero() || tc.original != "" && !e.OriginalTimestamp.Equal(at(tc.original)) {
				t.Errorf("original %s, want %s", e.OriginalTimestamp, tc.original)
			}
			if !e.ReceivedAt.Equal(at(r)) {
				t.Errorf("received %s", e.ReceivedAt)
			}
		})
	}
}

// TestTheFormsThatAreNamedAreTaken reads each form that the reason names, in Shanghai. They are one moment, but for the date alone.
func TestTheFormsThatAreNamedAreTaken(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	forms := regexp.MustCompile(`\d{4}-\d\d-\d\d([T ][\d:.]+(Z|\+\d\d:\d\d)?)?`).FindAllString(notATime, -1)
	for _, form := range forms {
		b, err := ParseBatch([]byte(`{"batch":[{"type":"page","userId":"u","timestamp":"`+form+`"}]}`), Arrival{ReceivedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Zone: shanghai, NewID: func() string { return "m" }})
		if err != nil || len(b.Events) != 1 {
			t.Fatalf("%s: %v, %+v", form, err, b.Refused)
		}
		want := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
		if len(form) == len("2026-11-21") {
			want = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
		}
		zoned := strings.HasSuffix(form, "Z") || strings.Contains(form, "+")
		if !b.Events[0].Timestamp.Equal(want) || len(b.Warnings()) == 0 != zoned {
			t.Errorf("%s is %s, warnings %v", form, b.Events[0].Timestamp, b.Warnings())
		}
	}
	if len(forms) != 7 {
		t.Errorf("the reason names %d forms: %q", len(forms), forms)
	}
}

// TestLatestIsTheLaterOfTwo: of equal times the first, in its zone; a zero time is before any other.
func TestLatestIsTheLaterOfTwo(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	later, inShanghai := noon.Add(time.Nanosecond), noon.In(time.FixedZone("CST", 8*3600))
	for _, c := range [][3]time.Time{{noon, later, later}, {later, noon, later}, {noon, inShanghai, noon}, {inShanghai, noon, inShanghai}, {{}, noon, noon}, {noon, {}, noon}} {
		if got := Latest(c[0], c[1]); got != c[2] {
			t.Errorf("of %v and %v: %v, want %v", c[0], c[1], got, c[2])
		}
	}
}
