package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/local"
)

const tables = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Profiles: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}], KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]}}
  Timeline: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}], KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]}}
`

// TestShow writes a person, an order and a day into a running stack, and is shown the same by the stack, by an endpoint that is named, and by the folder that is left.
func TestShow(t *testing.T) {
	dir := t.TempDir()
	run := prepare(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "template.yaml"), []byte(tables), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(30*time.Second, func() { _ = run.Process.Kill() })
	defer guard.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ready in") {
	}
	addresses, err := local.ReadAddresses(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	into, err := local.OpenTables(local.Options{StackName: "userops"}, addresses.DynamoDB)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	mei := profile.Identifier{Kind: profile.UserID, Value: "mei"}
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "phone-1"}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Tagging: profile.Tagging{Words: map[string]profile.Tagged{"vip": {At: at}}}}
	p.FirstSeen, p.LastSeen = at, at
	q := &profile.Profile{ID: phone.ID(), Identifiers: []profile.Identifier{phone}}
	q.FirstSeen, q.LastSeen = at, at
	for _, one := range []*profile.Profile{p, q} {
		if err := (people.Profiles{DB: into.DB, Table: into.Name("Profiles")}).Save(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := (people.Orders{DB: into.DB, Table: into.Name("Profiles")}).Save(t.Context(), &order.Order{ID: "A-1", Owner: mei.ID(), Currency: "CNY", Total: 1050, CompletedAt: at}); err != nil {
		t.Fatal(err)
	}
	pack := people.Pack{Profile: mei.ID(), Day: profile.DayOf(at), Version: 1, Events: []people.PackedEvent{{Source: "web", Event: event.Event{MessageID: "m-1", Kind: event.Page, UserID: "mei", Timestamp: at, ReceivedAt: at}}}}
	if err := (people.Timeline{DB: into.DB, Table: into.Name("Timeline")}).Write(t.Context(), pack); err != nil {
		t.Fatal(err)
	}

	ask := func(environment string, args ...string) string {
		t.Helper()
		c := prepare(t, dir, append([]string{"show"}, args...)...)
		c.Env = append(c.Env, environment)
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("show %v: %v %s", args, err, text)
		}
		return string(text)
	}
	questions := [][]string{{"profile", "mei"}, {"profile", "anonymous:phone-1"}, {"profile", "profile:" + string(mei.ID())}, {"order", "A-1"}, {"timeline", "mei"}, {"timeline", "mei", "2026-03-01"}}
	answers := make([]string, len(questions))
	for i, q := range questions {
		answers[i] = ask("", q...)
		if same := ask("AWS_ENDPOINT_URL_DYNAMODB="+addresses.DynamoDB, append(q, "-template", "nowhere")...); same != answers[i] {
			t.Errorf("%v by its endpoint shows\n%s\nwant\n%s", q, same, answers[i])
		}
	}
	var shown []people.Shown
	for i, c := range []struct{ key, holds string }{
		{"p#" + string(mei.ID()), `"vip":{"at"`}, {"p#" + string(phone.ID()), `"phone-1"`}, {"p#" + string(mei.ID()), `"vip":{"at"`}, {"o#A-1", `"Total":1050`}, {string(mei.ID()), ``}, {string(mei.ID()), `"messageId":"m-1"`},
	} {
		if err := json.Unmarshal([]byte(answers[i]), &shown); err != nil || len(shown) != 1 || shown[0].PK != c.key || !strings.Contains(strings.Join(strings.Fields(answers[i]), ""), c.holds) {
			t.Errorf("%v shows %s (%v), want an item under %s that holds %s", questions[i], answers[i], err, c.key, c.holds)
		}
	}
	if text, err := prepare(t, dir, "show", "profile", "nobody").CombinedOutput(); err == nil || string(text) != "userops-local: nothing stands under the profile nobody in the tables of "+addresses.DynamoDB+"\n" {
		t.Errorf("of nobody it says %s", text)
	}

	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, q := range questions {
		if got := ask("", q...); got != answers[i] {
			t.Errorf("%v in the folder shows\n%s\nwant\n%s", q, got, answers[i])
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "addresses.json")); !os.IsNotExist(err) {
		t.Errorf("the folder says that a stack runs on it: %v", err)
	}
}
