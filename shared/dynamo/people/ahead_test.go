package people_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// half leaves the last key of every call unprocessed, once.
type half struct {
	*dynamotest.DB
	done bool
}

func (h *half) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	ask := in.RequestItems["Profiles"]
	if h.done || len(ask.Keys) < 2 {
		return h.DB.BatchGetItem(ctx, in, o...)
	}
	h.done = true
	last := len(ask.Keys) - 1
	rest := ask
	rest.Keys = ask.Keys[last:]
	ask.Keys = ask.Keys[:last]
	out, err := h.DB.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"Profiles": ask}}, o...)
	if err == nil {
		out.UnprocessedKeys = map[string]types.KeysAndAttributes{"Profiles": rest}
	}
	return out, err
}

// Everything is answered as without it, with one call for all, and once: what is asked for again is read again.
func TestAhead(t *testing.T) {
	for name, open := range map[string]func(*dynamotest.DB) dynamo.API{
		"whole": func(db *dynamotest.DB) dynamo.API { return db },
		"half":  func(db *dynamotest.DB) dynamo.API { return &half{DB: db} },
	} {
		t.Run(name, func(t *testing.T) {
			db := dynamotest.New(t)
			ahead := people.NewAhead(open(db), "Profiles", "")
			plain, read := people.Profiles{DB: db, Table: "Profiles"}, people.Profiles{DB: ahead, Table: "Profiles"}
			var ids []profile.ID
			for _, user := range []string{"a", "b", "nobody"} {
				i := profile.Identifier{Kind: profile.UserID, Value: user}
				ids = append(ids, i.ID())
				if user == "nobody" {
					continue
				}
				p := &profile.Profile{ID: i.ID(), Identifiers: []profile.Identifier{i}, Memory: profile.Memory{FirstSeen: time.Unix(1, 0).UTC(), LastSeen: time.Unix(1, 0).UTC()}}
				if err := plain.Save(t.Context(), p); err != nil {
					t.Fatal(err)
				}
				if user == "a" {
					if err := plain.Commit(t.Context(), people.Change{Profile: p, Orders: []*order.Order{{ID: "o", Owner: p.ID}}}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := ahead.Read(t.Context(), ids, []string{"o", "none"}, unseen); err != nil {
				t.Fatal(err)
			}
			before := db.Calls("GetItem") + db.Calls("BatchGetItem")
			for _, id := range ids {
				want, err := plain.Load(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := read.Load(t.Context(), id); err != nil || got.Version != want.Version || len(got.Identifiers) != len(want.Identifiers) {
					t.Errorf("%s: %+v %v, want %+v", id, got, err, want)
				}
			}
			orders, err := people.Orders{DB: ahead, Table: "Profiles"}.LoadAll(t.Context(), []string{"o", "none"})
			if err != nil || orders["o"].Owner != ids[0] || orders["none"].Version != 0 {
				t.Errorf("orders %+v %v", orders, err)
			}
			calls := db.Calls("GetItem") + db.Calls("BatchGetItem") - before - len(ids) // those of plain
			if want := map[string]int{"whole": 0, "half": 1}[name]; calls != want {
				t.Errorf("%d calls besides, want %d", calls, want)
			}
			a, err := plain.Load(t.Context(), ids[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := plain.Save(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if got, err := read.Load(t.Context(), ids[0]); err != nil || got.Version != a.Version {
				t.Errorf("asked again, it answers version %d, the table has %d: %v", got.Version, a.Version, err)
			}
		})
	}
}

func TestAheadForgets(t *testing.T) {
	db := dynamotest.New(t)
	ahead := people.NewAhead(db, "Profiles", "")
	id := profile.Identifier{Kind: profile.UserID, Value: "a"}.ID()
	if err := ahead.Read(t.Context(), []profile.ID{id}, nil, unseen); err != nil {
		t.Fatal(err)
	}
	ahead.Forget()
	before := db.Calls("GetItem")
	if _, err := (people.Profiles{DB: ahead, Table: "Profiles"}).Load(t.Context(), id); err != nil || db.Calls("GetItem") != before+1 {
		t.Errorf("%v, %d reads", err, db.Calls("GetItem")-before)
	}
	db.Fail("BatchGetItem", 1, dynamotest.NotPersisted)
	if err := ahead.Read(t.Context(), []profile.ID{id}, nil, unseen); err == nil {
		t.Error("a failing read says nothing")
	}
}

func unseen(profile.ID, int64) bool { return false }

// TestOwedPacksAreReadAhead asks of commits whether their packs were written: of those that are in one piece, or not there, of those in parts, and
// of one that its reader has seen written before.
func TestOwedPacksAreReadAhead(t *testing.T) {
	db := dynamotest.New(t)
	ahead := people.NewAhead(db, "Profiles", "Timeline")
	plain, read := people.Timeline{DB: db, Table: "Timeline"}, people.Timeline{DB: ahead, Table: "Timeline"}
	day := profile.DayOf(midday)
	id := profile.Identifier{Kind: profile.UserID, Value: "a"}.ID()
	p := &profile.Profile{ID: id, Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: "a"}}}
	commit := func(version int64, part profile.ID, days ...profile.Day) {
		p.Window.Record(profile.Commit{Version: version, Part: part, At: midday, Owed: days, Hashes: []event.Hash{event.Hash(version)}})
	}
	write := func(id profile.ID, day profile.Day, version int64, part, message string) {
		if err := plain.Write(t.Context(), people.Pack{Profile: id, Day: day, Version: version, Part: part, Events: []people.PackedEvent{packed(message, midday)}}); err != nil {
			t.Fatal(err)
		}
	}
	commit(1, "", day, day+1)
	write(id, day, 1, "", "1")
	write(id, day+1, 1, "", "2")
	commit(2, "part", day)
	write("part", day, 2, "", "3")
	commit(3, "", day)
	write(id, day, 3, "a", "4")
	write(id, day, 3, "b", "5")
	commit(4, "", day)
	commit(5, "", day)
	write(id, day, 5, "", "6")
	commit(6, "")
	if err := (people.Profiles{DB: db, Table: "Profiles"}).Save(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	calls := func() int { return db.Calls("BatchGetItem") + db.Calls("Query") }
	before := calls()
	if err := ahead.Read(t.Context(), []profile.ID{id}, nil, func(of profile.ID, version int64) bool { return of == id && version == 5 }); err != nil {
		t.Fatal(err)
	}
	if got := calls() - before; got != 2 {
		t.Errorf("%d calls, want one for profiles and one for packs", got)
	}
	for _, c := range []struct {
		name    string
		id      profile.ID
		version int64
		days    []profile.Day
		want    []string
		calls   int
	}{
		{"of two days", id, 1, []profile.Day{day, day + 1}, []string{"1", "2"}, 0},
		{"of one who was merged", "part", 2, []profile.Day{day}, []string{"3"}, 0},
		{"in parts", id, 3, []profile.Day{day}, []string{"4", "5"}, 1},
		{"not written", id, 4, []profile.Day{day}, nil, 1},
		{"seen before, and asked for all the same", id, 5, []profile.Day{day}, []string{"6"}, 1},
		{"asked again", id, 1, []profile.Day{day, day + 1}, []string{"1", "2"}, 1},
	} {
		before := calls()
		got, err := read.Written(t.Context(), c.id, c.version, c.days)
		if err != nil || len(got) != len(c.want) || calls()-before != c.calls {
			t.Errorf("%s: %v %v with %d calls, want %v with %d", c.name, got, err, calls()-before, c.want, c.calls)
		}
		for _, m := range c.want {
			if e := packed(m, midday); !got[event.Fingerprint(e.Source, e.Event.MessageID)] {
				t.Errorf("%s: %s is not there", c.name, m)
			}
		}
	}
}
