package sqs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func TestReopen(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "VisibilityTimeout", "10", "MaximumMessageSize", "2048")
	for _, b := range []string{"taken", "deleted", "given-back", "ready"} {
		w.send(url, b)
	}
	w.send(url, "late", "DelaySeconds", 60)
	m := w.receive(url, "MaxNumberOfMessages", 3)
	w.delete(url, m[1].handle)
	w.do("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": m[2].handle, "VisibilityTimeout": 0})
	w.reopen()
	equal(t, "attribute", w.attribute(url, "MaximumMessageSize"), "2048")
	equal(t, "counts", w.counts(url), "2 1 1")
	equal(t, "ready", sorted(w.receive(url, "VisibilityTimeout", 100)), "given-back ready")
	w.step(10 * time.Second)
	back := w.receive(url)
	equal(t, "in flight before", bodies(back), "taken")
	equal(t, "count", back[0].attributes["ApproximateReceiveCount"], "2")
	w.reopen()
	w.delete(url, back[0].handle)
	w.reopen()
	w.step(50 * time.Second)
	equal(t, "delayed before", bodies(w.receive(url)), "late")
	equal(t, "counts", w.counts(url), "0 3 0")
}

func TestTemporaryStore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	e, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) != 1 {
		t.Errorf("files: %v, want one", left)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) != 0 {
		t.Errorf("files after Close: %v", left)
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	t.Run("a newer format", func(t *testing.T) {
		path := filepath.Join(folder, "newer")
		e, err := Open(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
		db, err := bolt.Open(path, 0o644, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, bigEndian(formatVersion+1)) }); err != nil {
			t.Fatal(err)
		}
		db.Close()
		_, err = Open(Options{Path: path})
		if err == nil || !strings.Contains(err.Error(), "format 2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("Open = %v", err)
		}
	})
	t.Run("no store at all", func(t *testing.T) {
		path := filepath.Join(folder, "junk")
		if err := os.WriteFile(path, []byte(strings.Repeat("no store\n", 2000)), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(Options{Path: path})
		if err == nil || !strings.Contains(err.Error(), path+" is damaged: neither of its first two pages is that of a store") {
			t.Errorf("Open = %v", err)
		}
	})
	t.Run("a file in use", func(t *testing.T) {
		path := filepath.Join(folder, "used")
		e, err := Open(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		_, err = Open(Options{Path: path})
		if err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("Open = %v", err)
		}
	})
	t.Run("another file", func(t *testing.T) {
		path := filepath.Join(folder, "text")
		if err := os.WriteFile(path, bytes.Repeat([]byte("no store\n"), 5000), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Path: path}); err == nil {
			t.Error("Open succeeded")
		}
	})
	t.Run("no folder to be had", func(t *testing.T) {
		if _, err := Open(Options{Path: filepath.Join(folder, "text", "sqs.db")}); err == nil {
			t.Error("Open succeeded")
		}
	})
}

// Once a write has failed nothing is answered from memory that may not be on disk.
func TestFailedWrite(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.e.db.Close()
	rec, _ := w.raw("SendMessage", object{"QueueUrl": url, "MessageBody": "x"})
	equal(t, "status", rec.Code, 500)
	rec, _ = w.raw("ReceiveMessage", object{"QueueUrl": url})
	equal(t, "status of the next", rec.Code, 500)
	if err := w.e.Close(); err == nil {
		t.Error("Close does not tell")
	}
}

const (
	childStore = "SQS_TEST_CHILD"
	childAhead = "SQS_TEST_AHEAD"
)

// TestMain serves a store instead of running tests when it is the child of TestKill.
func TestMain(m *testing.M) {
	path := os.Getenv(childStore)
	if path == "" {
		os.Exit(m.Run())
	}
	ahead, _ := time.ParseDuration(os.Getenv(childAhead))
	e, err := Open(Options{Path: path, Clock: func() time.Time { return time.Now().Add(ahead) }})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	_ = http.Serve(l, e)
}

// child is a process that serves a store.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

func startChild(t *testing.T, path string, ahead time.Duration) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childStore+"="+path, childAhead+"="+ahead.String())
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child did not start: %v", err)
	}
	c.url = "http://" + strings.TrimSpace(address)
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// call tells whether the operation was acknowledged.
func (c *child) call(action string, in object) (object, bool) {
	b, err := json.Marshal(in)
	if err != nil {
		c.t.Error(err)
		return nil, false
	}
	r, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(b))
	if err != nil {
		c.t.Error(err)
		return nil, false
	}
	r.Header.Set("X-Amz-Target", target+action)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, false
	}
	defer answer.Body.Close()
	var out object
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return nil, false
	}
	if answer.StatusCode != 200 {
		c.t.Errorf("%s = %d %v", action, answer.StatusCode, out)
		return nil, false
	}
	return out, true
}

// ledger is what the clients of TestKill know.
type ledger struct {
	mu      sync.Mutex
	sent    map[string]bool   // bodies of acknowledged sends
	tried   map[string]bool   // bodies whose deletion was tried
	deleted map[string]bool   // bodies whose deletion was acknowledged
	held    map[string]string // receipts by body
	next    int
}

const (
	workURL   = "http://h/000000000000/work"
	poisonURL = "http://h/000000000000/poison"
	deadURL   = "http://h/000000000000/dead"
)

// work sends, receives, deletes and dead-letters until the child dies.
func (l *ledger) work(c *child, acknowledged *atomic.Int64) {
	for {
		l.mu.Lock()
		var entries, poison []object
		for range 3 {
			entries = append(entries, object{"Id": strconv.Itoa(l.next), "MessageBody": fmt.Sprint("m", l.next)})
			poison = append(poison, object{"Id": strconv.Itoa(l.next), "MessageBody": fmt.Sprint("p", l.next)})
			l.next++
		}
		l.mu.Unlock()
		for url, batch := range map[string][]object{workURL: entries, poisonURL: poison} {
			if _, ok := c.call("SendMessageBatch", object{"QueueUrl": url, "Entries": batch}); !ok {
				return
			}
			acknowledged.Add(1)
			l.mu.Lock()
			for _, e := range batch {
				l.sent[e["MessageBody"].(string)] = true
			}
			l.mu.Unlock()
		}
		if _, ok := c.call("ReceiveMessage", object{"QueueUrl": poisonURL, "MaxNumberOfMessages": 2, "VisibilityTimeout": 0}); !ok {
			return
		}
		out, ok := c.call("ReceiveMessage", object{"QueueUrl": workURL, "MaxNumberOfMessages": 2, "VisibilityTimeout": 40000})
		if !ok {
			return
		}
		acknowledged.Add(1)
		for i, m := range messages(out) {
			l.mu.Lock()
			l.held[m.body] = m.handle
			l.mu.Unlock()
			if i == 0 && !l.delete(c, m.body) {
				return
			}
			acknowledged.Add(1)
		}
	}
}

// delete uses a receipt that is held.
func (l *ledger) delete(c *child, body string) bool {
	l.mu.Lock()
	handle := l.held[body]
	delete(l.held, body)
	l.tried[body] = true
	l.mu.Unlock()
	if _, ok := c.call("DeleteMessage", object{"QueueUrl": workURL, "ReceiptHandle": handle}); !ok {
		return false
	}
	l.mu.Lock()
	l.deleted[body] = true
	l.mu.Unlock()
	return true
}

// TestKill kills the process under load, again and again: what was acknowledged is there, what was deleted stays away,
// receipts work on, and a dead-lettered message is in exactly one of the two queues. SQS_TEST_KILLS sets how often.
func TestKill(t *testing.T) {
	kills := 10
	if s := os.Getenv("SQS_TEST_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	path := filepath.Join(t.TempDir(), "sqs.db")
	l := &ledger{sent: map[string]bool{}, tried: map[string]bool{}, deleted: map[string]bool{}, held: map[string]string{}}
	c := startChild(t, path, 0)
	for _, q := range []object{{"QueueName": "work"}, {"QueueName": "dead"}, {"QueueName": "poison", "Attributes": object{"RedrivePolicy": redrivePolicy("dead", 1)}}} {
		if _, ok := c.call("CreateQueue", q); !ok {
			t.Fatal("creating the queues")
		}
	}
	byReceipt := 0
	for range kills {
		var acknowledged atomic.Int64
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { l.work(c, &acknowledged) })
		}
		enough := int64(20 + rand.IntN(150))
		for acknowledged.Load() < enough {
			time.Sleep(50 * time.Microsecond)
		}
		c.kill()
		group.Wait()
		c = startChild(t, path, 0)
		for body := range l.held {
			if rand.IntN(2) == 0 {
				byReceipt++
				if !l.delete(c, body) {
					t.Fatal("deleting by a receipt from before the kill")
				}
			}
		}
	}
	c.kill()

	// By now every visibility timeout has passed.
	c = startChild(t, path, 13*time.Hour)
	defer c.kill()
	found := map[string]string{}
	for _, url := range []string{workURL, poisonURL, deadURL} {
		for {
			out, ok := c.call("ReceiveMessage", object{"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600})
			if !ok {
				t.Fatal("draining")
			}
			all := messages(out)
			for _, m := range all {
				if before := found[m.body]; before != "" {
					t.Errorf("%s is in %s and in %s", m.body, before, url)
				}
				found[m.body] = url
			}
			if len(all) == 0 {
				break
			}
		}
		if url == deadURL && !slices.Contains(slices.Collect(maps.Values(found)), deadURL) {
			t.Error("nothing was dead-lettered")
		}
	}
	for body := range l.sent {
		if found[body] == "" && !l.tried[body] {
			t.Errorf("%s was acknowledged and is missing", body)
		}
	}
	for body := range l.deleted {
		if found[body] != "" {
			t.Errorf("%s was deleted and is back", body)
		}
	}
	t.Logf("%d kills, %d messages acknowledged, %d deleted, %d of them by a receipt from before a kill", kills, len(l.sent), len(l.deleted), byReceipt)
}
