package archive_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/bucket/buckettest"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// frozen is a head as the first version writes it. It is never changed: a bucket holds it.
const frozen = `{"v":1,"number":7,"at":"2026-03-01T12:00:00Z","days":{"20513":{"shards":4,"files":[{"name":"files/a","shard":3,"events":12},{"name":"files/b","shard":0,"events":1,"late":true}],` +
	`"at":"2026-03-01T12:00:00Z","closes":2,"closedAt":"2026-03-01T12:00:00Z","open":true,"queued":1,"dead":2}},"merges":["","lists/m"],"erased":"lists/e",` +
	`"taken":[{"name":"packs/a","at":"2026-03-01T12:00:00Z"}],"waste":[{"name":"files/c","at":"2026-03-01T12:00:00Z"}],"swept":"2026-03-01T12:00:00Z"}`

func TestTheFrozenHeadIsReadAndWritten(t *testing.T) {
	b := buckettest.New()
	if err := b.Put(t.Context(), "head.json", []byte(frozen)); err != nil {
		t.Fatal(err)
	}
	h, tag, err := archive.Load(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	want := &archive.Head{Version: 1, Number: 7, At: noon, Merges: []string{"", "lists/m"}, Erased: "lists/e", Taken: []archive.Named{{Name: "packs/a", At: noon}}, Waste: []archive.Named{{Name: "files/c", At: noon}}, Swept: noon,
		Days: map[profile.Day]*archive.Day{20513: {Shards: 4, At: noon, Closes: 2, ClosedAt: noon, Open: true, Queued: 1, Dead: 2, Files: []archive.File{{Name: "files/a", Shard: 3, Events: 12}, {Name: "files/b", Events: 1, Late: true}}}}}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("%+v, want %+v", h, want)
	}
	h.Number--
	if _, err := h.Save(t.Context(), b, tag); err != nil || string(b.All()["head.json"]) != frozen {
		t.Errorf("%v; %s", err, b.All()["head.json"])
	}
	if _, err := h.Save(t.Context(), b, "another"); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("written over another: %v", err)
	}
	if err := b.Put(t.Context(), "head.json", []byte(`{"v":2}`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := archive.Load(t.Context(), b); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("of a newer version: %v", err)
	}
}

// TestListsOfMerges are by the shard of who people are now, through others too, and only those are written anew that are others.
func TestListsOfMerges(t *testing.T) {
	b := buckettest.New()
	h, _, err := archive.Load(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	who := func(name string) columns.Person {
		p, err := columns.PersonOf(profile.Identifier{Kind: profile.UserID, Value: name}.ID())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	all := map[columns.Person]archive.Merge{who("a"): {Into: who("b"), At: noon}, who("b"): {Into: who("c"), At: noon.Add(time.Minute)}, who("x"): {Into: who("y"), At: noon}}
	apart := map[columns.Person]time.Time{}
	save := func() {
		t.Helper()
		lists, err := archive.LoadAllMerges(t.Context(), b, h)
		if err != nil {
			t.Fatal(err)
		}
		lists.Change(all, apart)
		if err := lists.Save(t.Context(), b, h, noon); err != nil {
			t.Fatal(err)
		}
	}
	save()
	if got, err := archive.LoadMerges(t.Context(), b, h); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("%v, %v; want %v", got, err, all)
	}
	shard := who("c").Shard(archive.MergeShards)
	got, err := archive.LoadMerges(t.Context(), b, h, shard)
	if err != nil || archive.Survivor(got, who("a")) != who("c") || archive.Survivor(got, who("b")) != who("c") {
		t.Errorf("shard %d has %v, %v", shard, got, err)
	}
	writes := b.Writes()
	save()
	if b.Writes() != writes || len(h.Waste) != 0 {
		t.Errorf("%d lists are written anew, %v is waste", b.Writes()-writes, h.Waste)
	}
	apart[who("x")], apart[who("b")] = noon, noon // b was merged later
	save()
	if left, err := archive.LoadMerges(t.Context(), b, h); err != nil || len(left) != 2 || len(h.Waste) != 1 {
		t.Errorf("%v, %v; waste %v", left, err, h.Waste)
	}
}
