// Package functiontest is the bench of the functions' tests: a shop with people, definitions, a clock and queues that fail as told, over the stand-in of DynamoDB; where no table is
// needed, the clock and the queues alone. It knows no function; what only one of them needs stands beside its tests. The surprising thing: what a test writes by the shop's stores is
// counted and broken like what its function writes, so order a fault after the shop is as the test wants it. Item alone goes past faults.
package functiontest

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
)

// Clock stands until it is told to go on. Many may read it at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Pass lets time go by.
func (c *Clock) Pass(d time.Duration) { c.mu.Lock(); c.now = c.now.Add(d); c.mu.Unlock() }

// Set puts the clock.
func (c *Clock) Set(to time.Time) { c.mu.Lock(); c.now = to; c.mu.Unlock() }

// Bench is a test at a time of its own.
type Bench struct {
	testing.TB
	*Clock
}

// At is a bench at a time.
func At(t testing.TB, at time.Time) Bench { return Bench{t, &Clock{now: at}} }

// Must ends the test at an error.
func (b Bench) Must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// Shop is a bench with a database, and with the stores by which tests make what functions find.
type Shop struct {
	Bench
	DB         *dynamotest.DB
	Profiles   people.Profiles
	Orders     people.Orders
	Timeline   people.Timeline
	Deliveries outreach.Deliveries
	Catalog    catalog.Catalog
	opened     time.Time
}

// Open is an empty shop at a time. Its tables have their logical names.
func Open(t testing.TB, at time.Time) *Shop {
	t.Helper()
	s := &Shop{Bench: At(t, at), opened: at.UTC()}
	s.DB = dynamotest.NewAt(t, s.Now)
	s.Profiles = people.Profiles{DB: s.DB, Table: "Profiles"}
	s.Orders = people.Orders{DB: s.DB, Table: "Profiles"}
	s.Timeline = people.Timeline{DB: s.DB, Table: "Timeline", Now: s.Now}
	s.Deliveries = outreach.Deliveries{DB: s.DB, Table: "Deliveries", Results: "Results", Now: s.Now}
	s.Catalog = catalog.Catalog{DB: s.DB, Table: "Catalog"}
	return s
}

// Define saves a definition as of when the shop was opened.
func (s *Shop) Define(kind, id, body string) {
	s.Helper()
	_, err := s.Catalog.Save(s.Context(), kind, id, json.RawMessage(body), nil, dynamotest.By(s.opened))
	s.Must(err)
}

// Person saves somebody who is known by a userId and was heard of when the shop was opened, as change leaves them.
func (s *Shop) Person(userID string, change func(*profile.Profile)) *profile.Profile {
	s.Helper()
	i := profile.Identifier{Kind: profile.UserID, Value: userID}
	p := &profile.Profile{ID: i.ID(), Identifiers: []profile.Identifier{i}, Memory: profile.Memory{FirstSeen: s.opened, LastSeen: s.opened}}
	if change != nil {
		change(p)
	}
	s.Must(s.Profiles.Save(s.Context(), p))
	return p
}

// Item writes an item as it is, past all faults.
func (s *Shop) Item(table string, i dynamo.Item) {
	s.Helper()
	s.Must(dynamo.Do(s.Context(), s.DB.Client, dynamo.Put(table, i, dynamo.Condition{})))
}
