package operator_test

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/operator"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func sessions(t *testing.T) (operator.Sessions, *dynamotest.DB, *clock) {
	t.Helper()
	c := &clock{noon}
	db := dynamotest.NewAt(t, func() time.Time { return c.now })
	return operator.Sessions{DB: db, Table: "Sessions", Now: func() time.Time { return c.now }}, db, c
}

// TestEnding is of one session, may come again, and is durable or said not to be. The mark outlives the session.
func TestEnding(t *testing.T) {
	s, db, _ := sessions(t)
	until := noon.Add(8 * time.Hour)
	ended := func(id string) bool {
		t.Helper()
		was, err := s.Ended(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return was
	}
	for how, want := range map[dynamotest.How]bool{dynamotest.NotPersisted: false, dynamotest.Persisted: true} {
		id := "session of " + string(how)
		db.Fail("PutItem", 1, how)
		if err := s.End(t.Context(), id, until); err == nil || ended(id) != want {
			t.Errorf("%s: %v, ended %v", how, err, !want)
		}
		for range 2 {
			if err := s.End(t.Context(), id, until); err != nil || !ended(id) {
				t.Errorf("%s, again: %v", how, err)
			}
		}
	}
	if ended("another") {
		t.Error("another session is ended")
	}
	i, err := dynamo.Get(t.Context(), db, "Sessions", dynamo.At("e#session of "+string(dynamotest.Persisted), "e"))
	if ttl := dynamo.NumberOf(i, dynamo.AttrTTL); err != nil || ttl != until.Add(time.Minute).Unix() {
		t.Errorf("the mark goes at %d, %v", ttl, err)
	}
	db.Fail("GetItem", 1, dynamotest.NotPersisted)
	if _, err := s.Ended(t.Context(), "another"); err == nil {
		t.Error("what could not be asked is answered")
	}
}

// TestTries are counted before they are made: five for nothing, then each waits twice as long as the one before, five minutes at most; after a quarter of an hour all is forgotten.
func TestTries(t *testing.T) {
	s, _, c := sessions(t)
	try := func(want time.Duration) {
		t.Helper()
		if wait, err := s.Try(t.Context(), "net"); err != nil || wait != want {
			t.Fatalf("it waits %s, %v, want %s", wait, err, want)
		}
	}
	for range 5 {
		try(0)
	}
	for _, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		try(wait * time.Second)
		c.now = c.now.Add(wait*time.Second - time.Millisecond)
		try(time.Millisecond)
		c.now = c.now.Add(time.Millisecond)
		try(0)
	}
	if wait, err := s.Try(t.Context(), "other"); wait != 0 || err != nil {
		t.Errorf("another network waits %s, %v", wait, err)
	}
	c.now = c.now.Add(15 * time.Minute)
	for range 5 {
		try(0)
	}
	try(time.Second)
	if err := s.Forgive(t.Context(), "net"); err != nil {
		t.Fatal(err)
	}
	try(0)
}

// TestTriesAtOnce each count: who is faster than another makes that one look again, and who never wins waits.
func TestTriesAtOnce(t *testing.T) {
	s, db, _ := sessions(t)
	for n := range 4 {
		db.Interrupt("PutItem", 1, func() {
			if wait, err := s.Try(t.Context(), "net"); wait != 0 || err != nil {
				t.Errorf("round %d: the faster one waits %s, %v", n, wait, err)
			}
		})
		want := time.Duration(0)
		if n >= 2 {
			want = time.Second // the fifth was the other's
		}
		if wait, err := s.Try(t.Context(), "net"); err != nil || wait != want {
			t.Errorf("round %d: it waits %s, %v, want %s", n, wait, err, want)
		}
		if want > 0 {
			break
		}
	}
	db.Fail("PutItem", 1, dynamotest.NotPersisted)
	if _, err := s.Try(t.Context(), "another"); err == nil {
		t.Error("a try that is not counted is let through")
	}
	db.Fail("PutItem", 1, dynamotest.Persisted)
	if _, err := s.Try(t.Context(), "another"); err == nil {
		t.Error("a try that may not be counted is let through")
	}
}
