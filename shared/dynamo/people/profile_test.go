package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

var mei = profile.Identifier{Kind: profile.UserID, Value: "mei"}

// put changes attributes of a profile's item in place, or takes them away where the value is nil.
func put(t *testing.T, db *dynamotest.DB, id profile.ID, attributes map[string]types.AttributeValue) {
	t.Helper()
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(id)}, "sk": &types.AttributeValueMemberS{Value: "p"}}
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new("Profiles"), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	item := out.Item
	if item == nil {
		item = key
	}
	for name, value := range attributes {
		if delete(item, name); value != nil {
			item[name] = value
		}
	}
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new("Profiles"), Item: item}); err != nil {
		t.Fatal(err)
	}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// TestEveryConditionOfAProfileWrite changes one thing at a time between reading a profile and writing it, in every way in which one is
// written or asked for. Each write is made with a changed profile, which must not matter.
func TestEveryConditionOfAProfileWrite(t *testing.T) {
	ctx := context.Background()
	erased := midday.Add(-time.Hour)
	stored := func(back bool) func(*testing.T, people.Profiles) {
		return func(t *testing.T, s people.Profiles) {
			p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Memory: profile.Memory{FirstSeen: midday}}
			if back {
				p.RememberErasure(mei.ID(), erased)
			}
			if err := s.Save(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	buried := func(t *testing.T, s people.Profiles) {
		p := &profile.Profile{ID: mei.ID()}
		if err := s.Erase(ctx, p, erased, p.TombstoneVersion(erased)); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, people.Profiles) {}
	for name, c := range map[string]struct {
		before func(*testing.T, people.Profiles)
		change map[string]types.AttributeValue
	}{
		"a profile, unchanged":                   {before: stored(false)},
		"a profile, written since":               {stored(false), map[string]types.AttributeValue{"v": number(2)}},
		"a profile, a pointer since":             {stored(false), map[string]types.AttributeValue{"to": text("q")}},
		"a profile, erased and back since":       {stored(false), map[string]types.AttributeValue{"erased": number(erased.UnixMilli())}},
		"one who came back, unchanged":           {before: stored(true)},
		"one who came back, written since":       {stored(true), map[string]types.AttributeValue{"v": number(2)}},
		"one who came back, a pointer since":     {stored(true), map[string]types.AttributeValue{"to": text("q")}},
		"one who came back, erased again since":  {stored(true), map[string]types.AttributeValue{"erased": number(midday.UnixMilli())}},
		"one who came back, the erasure is gone": {stored(true), map[string]types.AttributeValue{"erased": nil}},
		"a tombstone, unchanged":                 {before: buried},
		"a tombstone, somebody since":            {buried, map[string]types.AttributeValue{"v": number(1 << 40), "b": &types.AttributeValueMemberB{Value: []byte{}}}},
		"a tombstone, a pointer since":           {buried, map[string]types.AttributeValue{"to": text("q")}},
		"a tombstone, a later one since":         {buried, map[string]types.AttributeValue{"erased": number(midday.UnixMilli())}},
		"nothing, unchanged":                     {before: nothing},
		"nothing, somebody since":                {nothing, map[string]types.AttributeValue{"v": number(1)}},
	} {
		for how, write := range map[string]func(people.Profiles, *profile.Profile) error{
			"saved": func(s people.Profiles, p *profile.Profile) error { return s.Save(ctx, p) },
			"committed": func(s people.Profiles, p *profile.Profile) error {
				return s.Commit(ctx, people.Change{Profile: p, Orders: []*order.Order{{ID: "A"}}})
			},
			"attached": func(s people.Profiles, p *profile.Profile) error {
				return s.Commit(ctx, people.Change{Profile: &profile.Profile{ID: "other", Memory: profile.Memory{FirstSeen: midday}}, Attach: []*profile.Profile{p}})
			},
			"merged": func(s people.Profiles, p *profile.Profile) error {
				return s.Merge(ctx, p, &profile.Profile{ID: "other"}, people.Pack{})
			},
			"absorbed": func(s people.Profiles, p *profile.Profile) error {
				return s.Merge(ctx, &profile.Profile{ID: "other"}, p, people.Pack{})
			},
			"erased": func(s people.Profiles, p *profile.Profile) error {
				return s.Erase(ctx, p, midday, p.TombstoneVersion(midday))
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				db := dynamotest.New(t)
				s := people.Profiles{DB: db, Table: "Profiles"}
				c.before(t, s)
				p, err := s.Load(ctx, mei.ID())
				if err != nil {
					t.Fatal(err)
				}
				if c.change != nil {
					put(t, db, mei.ID(), c.change)
				}
				p.RememberErasure("x", midday.Add(time.Hour))
				p.Tagging.Say("changed", profile.Tagged{At: time.Unix(1, 0)})
				err = write(s, p)
				if c.change != nil && !errors.Is(err, dynamo.ErrConflict) || c.change == nil && err != nil {
					t.Errorf("the write answers %v", err)
				}
			})
		}
	}
}

// TestErasuresOfTheVersionBefore reads what the version before has stored: an erasure without a key counts for all keys, whatever else is
// known.
func TestErasuresOfTheVersionBefore(t *testing.T) {
	ctx := context.Background()
	s := people.Profiles{DB: dynamotest.New(t), Table: "Profiles"}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Parts: []profile.ID{"part"}, Memory: profile.Memory{FirstSeen: midday}}
	p.RememberErasure("part", midday.Add(-time.Hour))
	for name, c := range map[string]struct {
		raised time.Time
		want   map[profile.ID]time.Time
	}{
		"as this version wrote it":                {p.ErasedAt, map[profile.ID]time.Time{"part": midday.Add(-time.Hour)}},
		"raised by a merge of the version before": {midday, map[profile.ID]time.Time{"part": midday, mei.ID(): midday}},
	} {
		t.Run(name, func(t *testing.T) {
			one := *p
			one.ErasedAt = c.raised
			if err := s.Save(ctx, &one); err != nil {
				t.Fatal(err)
			}
			got, err := s.Load(ctx, mei.ID())
			if err != nil || fmt.Sprint(got.Erasures) != fmt.Sprint(c.want) {
				t.Errorf("%v, %v; want %v", got.Erasures, err, c.want)
			}
			if err := s.Save(ctx, got); err != nil {
				t.Error(err)
			}
			p.Stored(got.Mark())
		})
	}
}

// TestScanShowsWhoCameBack hands over everybody who is somebody: neither pointers, nor tombstones, nor orders.
func TestScanShowsWhoCameBack(t *testing.T) {
	ctx := context.Background()
	s := people.Profiles{DB: dynamotest.New(t), Table: "Profiles"}
	person := func(name string) *profile.Profile {
		i := profile.Identifier{Kind: profile.UserID, Value: name}
		return &profile.Profile{ID: i.ID(), Identifiers: []profile.Identifier{i}, Memory: profile.Memory{FirstSeen: midday}}
	}
	stays, gone, back := person("stays"), person("gone"), person("back")
	back.RememberErasure(back.ID, midday)
	for _, p := range []*profile.Profile{stays, gone, back} {
		if err := s.Commit(ctx, people.Change{Profile: p, Orders: []*order.Order{{ID: string(p.ID)}}, Attach: []*profile.Profile{{ID: "device-" + p.ID}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Erase(ctx, gone, midday, gone.TombstoneVersion(midday)); err != nil {
		t.Fatal(err)
	}
	var got []profile.ID
	next, err := s.ScanShard(ctx, 0, 1, "", func(page people.ScanPage) error {
		for _, p := range page.Profiles {
			got = append(got, p.ID)
		}
		got = append(got, page.Unreadable...) // an order is nobody who cannot be read
		return nil
	})
	want := []profile.ID{stays.ID, back.ID}
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || next != "" || !slices.Equal(got, want) {
		t.Errorf("got %v, %q, %v; want %v", got, next, err, want)
	}
}

// TestWhomOnlyPagesKnowIsSomebody as far as readers go.
func TestWhomOnlyPagesKnowIsSomebody(t *testing.T) {
	s := people.Profiles{DB: dynamotest.New(t), Table: "Profiles"}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Unproven: profile.Memory{FirstSeen: midday, LastSeen: midday}}
	if err := s.Save(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Resolve(t.Context(), mei.ID()); err != nil || got == nil || got.ID != mei.ID() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestWhereAKeyLeadsWhileItChanges reads the key of a phone that points to mei, and lets what it leads to change before that is read: who is answered is whom the
// key leads to now, and nobody is who stands where it led before.
func TestWhereAKeyLeadsWhileItChanges(t *testing.T) {
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}
	li := profile.Identifier{Kind: profile.UserID, Value: "li"}
	asked := midday.Add(time.Hour)
	erase := func(t *testing.T, s people.Profiles) {
		p, err := s.Load(t.Context(), mei.ID())
		if err == nil {
			err = s.Erase(t.Context(), p, asked, p.TombstoneVersion(asked))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	founds := func(t *testing.T, s people.Profiles, i profile.Identifier) {
		p, err := s.Load(t.Context(), i.ID())
		if err == nil {
			p.Attach(i)
			p.FirstSeen = asked
			err = s.Save(t.Context(), p)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		happens func(*testing.T, *dynamotest.DB, people.Profiles)
		id      profile.ID
		is      []profile.Identifier
		erased  bool // the key
	}{
		"nothing":                 {func(*testing.T, *dynamotest.DB, people.Profiles) {}, mei.ID(), []profile.Identifier{mei, phone}, false},
		"mei is erased":           {func(t *testing.T, _ *dynamotest.DB, s people.Profiles) { erase(t, s) }, phone.ID(), nil, true},
		"mei is erased, and back": {func(t *testing.T, _ *dynamotest.DB, s people.Profiles) { erase(t, s); founds(t, s, mei) }, phone.ID(), nil, true},
		"both are back": {func(t *testing.T, _ *dynamotest.DB, s people.Profiles) {
			erase(t, s)
			founds(t, s, mei)
			founds(t, s, phone)
		},
			phone.ID(), []profile.Identifier{phone}, true},
		"mei is erased, and the phone is li's": {func(t *testing.T, db *dynamotest.DB, s people.Profiles) {
			erase(t, s)
			founds(t, s, li)
			put(t, db, phone.ID(), map[string]types.AttributeValue{"to": text(string(li.ID())), "v": nil, "erased": nil})
		}, li.ID(), []profile.Identifier{li}, false},
		"the key is left out of her tombstones": {func(t *testing.T, db *dynamotest.DB, s people.Profiles) {
			erase(t, s)
			put(t, db, phone.ID(), map[string]types.AttributeValue{"to": text(string(mei.ID())), "v": nil, "erased": nil})
		}, mei.ID(), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			db := dynamotest.New(t)
			s := people.Profiles{DB: db, Table: "Profiles"}
			if err := s.Save(t.Context(), &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei, phone}, Memory: profile.Memory{FirstSeen: midday}}); err != nil {
				t.Fatal(err)
			}
			put(t, db, phone.ID(), map[string]types.AttributeValue{"to": text(string(mei.ID()))})
			db.Interrupt("GetItem", 2, func() { c.happens(t, db, s) })
			p, err := s.Load(t.Context(), phone.ID())
			if err != nil || p.ID != c.id || !slices.Equal(p.Identifiers, c.is) || p.Erased(phone.ID(), asked) != c.erased {
				t.Errorf("the phone leads to %s, %v, erased %v, %v; want %s, %v, %v", p.ID, p.Identifiers, p.Erased(phone.ID(), asked), err, c.id, c.is, c.erased)
			}
		})
	}
}
