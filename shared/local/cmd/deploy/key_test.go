package main

import (
	"slices"
	"strings"
	"testing"
)

// TestTheVersionThatRuns is the commit, which the stack tells; of a folder that git does not know none is told, and not the one before.
func TestTheVersionThatRuns(t *testing.T) {
	one, two := strings.Repeat("1a", 20), strings.Repeat("2b", 20)
	b := newBench(t, func(c *cloud) { c.Commit = one })
	play := func(commit, changed, want string, words ...string) {
		t.Helper()
		c := b.cloud()
		c.Commit, c.Changed = commit, changed
		b.set(c)
		out, status := b.deploy("STACK=shop")
		b.says(out, status, 0, words...)
		if got := b.cloud().Parameters["Commit"]; got != want {
			t.Errorf("%s is deployed, want %s", got, want)
		}
	}
	play(one, "", one, "The commit is "+one+".\n", "  commit         "+one+"\n")
	play(one, "", one, "All parameters stay as they are.\nThe commit stays "+one+".\n")
	play(two, "", two, "The commit is "+two+", in place of "+one+".\n")
	play(two, " M template.yaml\n", two+"-changed", "in place of "+two+".\n", "  commit         "+two+"-changed\n")
	play("", "", "", "The commit is not known, in place of "+two+"-changed.\n")
	if out, status := b.deploy("STACK=shop", "Commit="+one); status != 0 || b.cloud().Parameters["Commit"] != one {
		t.Errorf("one that is named: %d %s", status, out)
	}
}

// TestTablesAreProtectedOnceTheStackIsWhole: those of a first try that fails can be taken away by CloudFormation, and a second step that fails comes again.
func TestTablesAreProtectedOnceTheStackIsWhole(t *testing.T) {
	b := newBench(t, func(c *cloud) { c.Fails = "deploy" })
	if out, status := b.deploy("STACK=shop"); status != 1 || !strings.Contains(strings.Join(b.cloud().called("sam", "deploy")[0].Arguments, " "), `ProtectTables="false"`) {
		t.Errorf("%d: %s", status, out)
	}
	c := b.cloud()
	c.Fails, c.Calls = "", nil
	b.set(c)
	out, status := b.deploy("STACK=shop")
	b.says(out, status, 0)
	calls := b.cloud().called("sam", "deploy")
	if last := calls[len(calls)-1].Arguments; len(calls) != 2 || !slices.Equal(last[len(last)-2:], []string{"--parameter-overrides", `ProtectTables="true"`}) || b.cloud().Parameters["ProtectTables"] != "true" {
		t.Errorf("sam was told %v", calls)
	}
	c = b.cloud()
	c.Parameters["ProtectTables"] = "false" // the second step failed
	b.set(c)
	if out, status = b.deploy("STACK=shop"); status != 0 || b.cloud().Parameters["ProtectTables"] != "true" {
		t.Errorf("%d: %s", status, out)
	}
	if out, status = b.deploy("STACK=shop", "ProtectTables=false"); status != 0 || b.cloud().Parameters["ProtectTables"] != "false" {
		t.Errorf("whoever names it: %d: %s", status, out)
	}
}

// TestAChangeOfAKeyThatFails at any step leaves the key that opens the stack in its place, and the next try ends it with the key that was drawn.
func TestAChangeOfAKeyThatFails(t *testing.T) {
	const kept, next = "/userops/keys/shop/server", "/userops/keys/shop/server-next"
	for _, c := range []struct {
		fails  string
		says   string
		opens  string // the place of the key that is the stack's newest after the failure
		placed bool   // whether the new key is in its place then
		again  string // ends it, as any other deployment does
	}{
		{"putserver-next", "keeping " + next + " in the Parameter Store", kept, false, "ROTATE=server"},
		{"deploy", "sam deploy: exit status 254", kept, false, "ROTATE=server"},
		{"putserver", "the stack knows the new key of the server, which is " + next + "; deploy again", next, false, "RETIRE=server"},
		{"delete", "is in its place, and stands twice; deploy again", kept, true, "RETIRE=server"},
	} {
		for _, again := range [][]string{{c.again}, {}} {
			b := newBench(t, nil)
			_, _ = b.deploy("STACK=shop")
			failing := func(what string) {
				t.Helper()
				state := b.cloud()
				state.Fails = what
				b.set(state)
			}
			old := b.cloud().Secrets[kept]
			failing(c.fails)
			out, status := b.deploy("STACK=shop", "ROTATE=server")
			b.says(out, status, 1, c.says)
			after := b.cloud()
			newest, _, _ := strings.Cut(after.Parameters["ServerKeyHash"], ",")
			if hash(after.Secrets[c.opens]) != newest || (after.Secrets[kept] != old) != c.placed || !strings.Contains(after.Parameters["ServerKeyHash"], hash(old)) {
				t.Errorf("%s: the stack has %s, kept are %v", c.fails, after.Parameters["ServerKeyHash"], after.Secrets)
			}
			drawn := after.Secrets[next]
			failing("")
			out, status = b.deploy(append([]string{"STACK=shop"}, again...)...)
			if len(again) == 0 && c.again == "ROTATE=server" { // the stack does not know the new key
				if end := b.cloud(); status != 0 || end.Secrets[kept] != old || end.Parameters["ServerKeyHash"] != hash(old) || end.Secrets[next] != drawn {
					t.Errorf("%s, and another change: %d, kept are %v", c.fails, status, end.Secrets)
				}
				continue
			}
			end := b.cloud()
			newest, before, _ := strings.Cut(end.Parameters["ServerKeyHash"], ",")
			_, twice := end.Secrets[next]
			if key := end.Secrets[kept]; status != 0 || hash(key) != newest || key == old || drawn != "" && key != drawn || twice || (before == hash(old)) == (len(again) == 1 && again[0] == "RETIRE=server") {
				t.Errorf("%s, then %v: %d, the stack has %s, kept are %v: %s", c.fails, again, status, end.Parameters["ServerKeyHash"], end.Secrets, out)
			}
			b.untold(out, end.Secrets[kept])
		}
	}
}
