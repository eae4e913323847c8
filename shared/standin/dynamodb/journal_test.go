package dynamodb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// abandon leaves a store as the death of its process would: nothing is flushed, the file's lock goes.
func abandon(t *testing.T, e *Engine) {
	t.Helper()
	e.writer.close()
	close(e.stop)
	e.running.Wait()
	e.closeOnce.Do(func() {})
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.tx.Rollback()
	s.failed = errClosed
	if err := s.journal.file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
}

func openAt(t *testing.T, path string) *Engine {
	t.Helper()
	e, err := Open(Options{Path: path, SyncEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// allKeys are the keys of a table's items, sorted.
func allKeys(t *testing.T, e *Engine) string {
	t.Helper()
	got := pages(t, e, "Scan", `{"TableName":"tab"`, "pk")
	slices.Sort(got)
	return strings.Join(got, " ")
}

func TestJournalIsReplayed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := openAt(t, path)
	create(t, e, tableBody("tab", "pk:S", "gsi g:S ALL"))
	create(t, e, tableBody("gone", "pk:S"))
	put(t, e, "tab", `{"pk":{"S":"a"},"g":{"S":"g"}}`)
	put(t, e, "tab", `{"pk":{"S":"b"},"g":{"S":"g"}}`)
	runAll(t, e, []exchangeCase{
		{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, `{}`},
		{"DeleteTable", `{"TableName":"gone"}`, ""},
		{"UpdateTable", `{"TableName":"tab","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}}`, ""},
	})
	put(t, e, "tab", `{"pk":{"S":"c"}}`)
	abandon(t, e)

	e = openAt(t, path)
	runAll(t, e, []exchangeCase{
		{"ListTables", `{}`, `{"TableNames":["tab"]}`},
		{"Scan", `{"TableName":"tab","IndexName":"gsi"}`, `{"Items":[{"pk":{"S":"b"},"g":{"S":"g"}}],"Count":1,"ScannedCount":1}`},
	})
	if got := allKeys(t, e); got != "b c" {
		t.Errorf("the table has %s", got)
	}
	put(t, e, "tab", `{"pk":{"S":"d"}}`)
	records, _ := read(t, e, iteratorOf(t, e, "TRIM_HORIZON", ""), 10)
	if got := fmt.Sprint(records); got != `[INSERT {"pk":{"S":"c"}} > INSERT {"pk":{"S":"d"}} >]` {
		t.Errorf("the stream has %s", got)
	}
	create(t, e, tableBody("new", "pk:S"))
	if old, now := e.table("tab").ID, e.table("new").ID; now <= old {
		t.Errorf("a new table has the number %d, an older one %d", now, old)
	}
	abandon(t, e)
}

// A record that was cut off was never answered: it must vanish, and what comes before it must stay.
func TestJournalCutOffAnywhere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	e := openAt(t, path)
	create(t, e, tableBody("tab", "pk:S"))
	if err := e.store.flush(); err != nil {
		t.Fatal(err)
	}
	put(t, e, "tab", `{"pk":{"S":"first"}}`)
	first := int(e.store.journal.size)
	put(t, e, "tab", `{"pk":{"S":"second"}}`)
	abandon(t, e)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := os.ReadFile(path + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, journal []byte, want string) {
		t.Helper()
		path := filepath.Join(dir, "copy.db")
		for name, text := range map[string][]byte{path: file, path + ".journal": journal} {
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e := openAt(t, path)
		if got := allKeys(t, e); got != want {
			t.Errorf("%s: the table has %q, want %q", name, got, want)
		}
		put(t, e, "tab", `{"pk":{"S":"third"}}`)
		abandon(t, e)
		e = openAt(t, path)
		if got, want := allKeys(t, e), strings.TrimSpace(want+" third"); got != want {
			t.Errorf("%s: after another write and start the table has %q, want %q", name, got, want)
		}
		abandon(t, e)
	}
	check("whole", journal, "first second")
	for cut := first; cut < len(journal); cut += 7 {
		check(fmt.Sprintf("cut to %d of %d", cut, len(journal)), journal[:cut], "first")
	}
	check("cut into the first record", journal[:first-1], "")
	damaged := slices.Clone(journal)
	damaged[first+recordHead+20] ^= 1
	check("a bit of the second record flipped", damaged, "first")
	check("nothing but a head that is cut off", journal[:5], "")
	check("empty", nil, "")
	check("trailing zeros", append(slices.Clone(journal), make([]byte, 100)...), "first second")
}

func TestJournalOfAnotherState(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.db"), filepath.Join(dir, "two.db")
	for _, path := range []string{one, two} {
		e := openAt(t, path)
		create(t, e, tableBody("tab", "pk:S"))
		put(t, e, "tab", `{"pk":{"S":"a"}}`)
		abandon(t, e)
	}
	copyFile := func(from, to string) {
		t.Helper()
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := func(path string) {
		t.Helper()
		e, err := Open(Options{Path: path})
		if err == nil {
			_ = e.Close()
			t.Fatal("it was opened")
		}
		if want := "opening dynamodb store " + path + ": " + errForeignJournal.Error(); err.Error() != want {
			t.Errorf("refused with %q, want %q", err, want)
		}
	}
	copyFile(two+".journal", filepath.Join(dir, "kept"))
	copyFile(one+".journal", two+".journal")
	refused(two)
	copyFile(filepath.Join(dir, "kept"), two+".journal")

	// An older copy of the file with today's journal.
	copyFile(two, filepath.Join(dir, "old"))
	e := openAt(t, two)
	put(t, e, "tab", `{"pk":{"S":"b"}}`)
	abandon(t, e)
	copyFile(filepath.Join(dir, "old"), two)
	refused(two)

	// A later file with an older journal: what is in it is already in the file, and was perhaps changed since.
	e = openAt(t, one)
	runAll(t, e, []exchangeCase{{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}}}`, `{}`}})
	put(t, e, "tab", `{"pk":{"S":"b"}}`)
	copyFile(one+".journal", filepath.Join(dir, "older"))
	runAll(t, e, []exchangeCase{{"DeleteItem", `{"TableName":"tab","Key":{"pk":{"S":"b"}}}`, `{}`}})
	put(t, e, "tab", `{"pk":{"S":"c"}}`)
	if err := e.store.flush(); err != nil {
		t.Fatal(err)
	}
	abandon(t, e)
	copyFile(filepath.Join(dir, "older"), one+".journal")
	e = openAt(t, one)
	if got := allKeys(t, e); got != "c" {
		t.Errorf("the table has %q, want c", got)
	}
	abandon(t, e)
}

// A write that cannot be logged is not answered as done, and what was logged before stays.
func TestWriteThatCannotBeLogged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := openAt(t, path)
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", `{"pk":{"S":"a"}}`)
	s := e.store
	whole := s.journal.file
	readOnly, err := os.Open(path + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.journal.file = readOnly
	s.mu.Unlock()
	const token = `{"ClientRequestToken":"t","TransactItems":[{"Put":{"TableName":"tab","Item":{"pk":{"S":"b"}}}}]}`
	if status, got := send(e, "TransactWriteItems", token); status != 500 {
		t.Errorf("the write is answered %d %s", status, got)
	}
	s.mu.Lock()
	s.journal.file = whole
	s.failed = nil // the read-only file also failed to be shortened
	if err := s.restore(); err != nil {
		t.Fatal(err)
	}
	s.mu.Unlock()
	if got := allKeys(t, e); got != "a" {
		t.Errorf("after the failure the table has %q", got)
	}
	exchangeCase{"TransactWriteItems", token, `{}`}.run(t, e)
	abandon(t, e)
	e = openAt(t, path)
	if got := allKeys(t, e); got != "a b" {
		t.Errorf("after a start the table has %q", got)
	}
	abandon(t, e)
}

// A panic inside a group undoes the whole group, and only it.
func TestGroupThatPanics(t *testing.T) {
	e := openEngine(t, Options{SyncEvery: time.Hour})
	create(t, e, tableBody("tab", "pk:S"))
	put(t, e, "tab", `{"pk":{"S":"a"}}`)
	if err := e.commit(func(tx *txn) {
		tx.put(e.table("tab").bucket, []byte("half"), item{raw: []byte{}}.stored())
		panic("half-way")
	}); err == nil || !strings.Contains(err.Error(), "half-way") {
		t.Errorf("the commit gives %v", err)
	}
	put(t, e, "tab", `{"pk":{"S":"b"}}`)
	if got := allKeys(t, e); got != "a b" {
		t.Errorf("the table has %q", got)
	}
}

// Deleting leaves empty pages in the open transaction; walking backward over them must not end early.
func TestWalkingOverDeletedItems(t *testing.T) {
	e := openEngine(t, Options{SyncEvery: time.Hour})
	create(t, e, tableBody("tab", "pk:S sk:N"))
	const items = 400
	for i := range items {
		put(t, e, "tab", fmt.Sprintf(`{"pk":{"S":"p"},"sk":{"N":"%d"},"d":{"S":"%s"}}`, i, strings.Repeat("x", 100)))
	}
	if err := e.store.flush(); err != nil {
		t.Fatal(err)
	}
	for i := 50; i < 350; i++ {
		exchangeCase{"DeleteItem", fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"p"},"sk":{"N":"%d"}}}`, i), `{}`}.run(t, e)
	}
	for _, forward := range []bool{true, false} {
		got, _ := query(t, e, "Query", fmt.Sprintf(`{"TableName":"tab","ScanIndexForward":%v,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`, forward), "sk")
		if len(got) != 100 {
			t.Errorf("forward %v: %d items, want 100", forward, len(got))
		}
	}
}
