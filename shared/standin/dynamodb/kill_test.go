package dynamodb

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var kills = flag.Int("kills", 10, "how often TestKilledProcessLosesNothing kills its child")

const (
	killWorkers = 4
	accounts    = 8
)

// writeUntilKilled is the child: workers write and print a line after each answer. A worker's writes are numbered: item "w-n",
// then a transaction that moves one from an account to another and records the number, then the deletion of item n-5.
func writeUntilKilled(path string) {
	// One half of the children commits and syncs all the time, so that some die in the midst of it.
	every := time.Hour
	if rand.IntN(2) == 0 {
		every = time.Millisecond
	}
	e, err := Open(Options{Path: path, SyncEvery: every})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var out sync.Mutex
	say := func(format string, args ...any) {
		out.Lock()
		defer out.Unlock()
		_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...)
	}
	must := func(action, body string) bool {
		status, got := send(e, action, body)
		if status == 200 {
			return true
		}
		if code, _ := errorOf(got); code != "TransactionCanceledException" {
			say("error %s %s", action, got)
			os.Exit(1)
		}
		return false
	}
	if e.table("tab") == nil {
		must("CreateTable", tableBody("tab", "pk:S", "gsi g:S ALL"))
		for i := range accounts {
			must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"pk":{"S":"account-%d"},"n":{"N":"100"}}}`, i))
		}
	}
	say("ready")
	run := time.Now().UnixNano()
	for w := range killWorkers {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d-%d", run, w, n)
				must("PutItem", fmt.Sprintf(`{"TableName":"tab","Item":{"pk":{"S":"item-%s"},"g":{"S":"g"},"d":{"S":"%s"}}}`, id, strings.Repeat("x", rand.IntN(5000))))
				say("put %s", id)
				from := rand.IntN(accounts)
				to := (from + 1 + rand.IntN(accounts-1)) % accounts
				if must("TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"%x","TransactItems":[`+
					`{"Update":{"TableName":"tab","Key":{"pk":{"S":"account-%d"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"-1"}}}},`+
					`{"Update":{"TableName":"tab","Key":{"pk":{"S":"account-%d"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}},`+
					`{"Put":{"TableName":"tab","Item":{"pk":{"S":"moved-%s"},"from":{"N":"%d"},"to":{"N":"%d"}}}}]}`, rand.Uint64(), from, to, id, from, to)) {
					say("moved %s", id)
				}
				if n >= 5 {
					gone := fmt.Sprintf("%d-%d-%d", run, w, n-5)
					say("deleting %s", gone)
					must("DeleteItem", fmt.Sprintf(`{"TableName":"tab","Key":{"pk":{"S":"item-%s"}}}`, gone))
					say("deleted %s", gone)
				}
			}
		}()
	}
	select {}
}

// TestKilledProcessLosesNothing kills a writing process at random moments and looks for what it had acknowledged.
func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	acknowledged := map[string]string{} // what must be: "put", "deleted"; "deleting" may be either
	for kill := range *kills {
		cmd := childCommand(t, "write", path)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(pipe)
		// The moment is a number of lines, so that a slow machine also gets to writing; the largest see several commits.
		limit := 1 + rand.IntN([]int{50, 500, 2500}[kill%3])
		text := ""
		for n := 0; n < limit; n++ {
			line, err := lines.ReadString('\n')
			text += line
			if err != nil {
				break
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(lines)
		_ = cmd.Wait()
		text += string(rest)
		for line := range strings.Lines(text) {
			verb, id, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case !strings.HasSuffix(line, "\n"): // cut off by the kill
			case verb == "error":
				t.Fatalf("kill %d: the child says %s", kill, line)
			case verb == "put":
				acknowledged["item-"+id] = "put"
			case verb == "moved":
				acknowledged["moved-"+id] = "put"
			case verb == "deleting" || verb == "deleted":
				acknowledged["item-"+id] = verb
			}
		}
		checkAfterKill(t, path, kill, acknowledged)
		if t.Failed() {
			return
		}
	}
	if len(acknowledged) < *kills {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
}

func checkAfterKill(t *testing.T, path string, kill int, acknowledged map[string]string) {
	t.Helper()
	e, err := Open(Options{Path: path})
	if err != nil {
		t.Fatalf("kill %d: %v", kill, err)
	}
	defer func() { _ = e.Close() }()
	if e.table("tab") == nil {
		if len(acknowledged) > 0 {
			t.Errorf("kill %d: the table is gone", kill)
		}
		return
	}
	type value struct{ S, N string }
	found := map[string]map[string]value{}
	indexed := map[string]bool{}
	collect := func(index string, f func(map[string]value)) {
		start := ""
		for {
			_, got := send(e, "Scan", `{"TableName":"tab"`+index+start+`}`)
			var page struct {
				Items            []map[string]value
				LastEvaluatedKey json.RawMessage
			}
			if err := json.Unmarshal([]byte(got), &page); err != nil {
				t.Fatal(err)
			}
			for _, it := range page.Items {
				f(it)
			}
			if page.LastEvaluatedKey == nil {
				return
			}
			start = `,"ExclusiveStartKey":` + string(page.LastEvaluatedKey)
		}
	}
	collect("", func(it map[string]value) { found[it["pk"].S] = it })
	collect(`,"IndexName":"gsi"`, func(it map[string]value) { indexed[it["pk"].S] = true })
	for id, state := range acknowledged {
		_, there := found[id]
		if state == "put" && !there {
			t.Errorf("kill %d: %s was acknowledged and is missing", kill, id)
		}
		if state == "deleted" && there {
			t.Errorf("kill %d: %s was deleted and is there", kill, id)
		}
	}
	balance := map[string]int{}
	for i := range accounts {
		balance[fmt.Sprint(i)] = 100
	}
	for id, it := range found {
		if strings.HasPrefix(id, "moved-") {
			balance[it["from"].N]--
			balance[it["to"].N]++
		}
		if strings.HasPrefix(id, "item-") != indexed[id] {
			t.Errorf("kill %d: %s in the index: %v", kill, id, indexed[id])
		}
	}
	for i, want := range balance {
		if account, ok := found["account-"+i]; ok && account["n"].N != fmt.Sprint(want) {
			t.Errorf("kill %d: account %s has %s, its movements say %d", kill, i, account["n"].N, want)
		}
	}
}
