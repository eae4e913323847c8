package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest/client"
)

// called are the calls of a tool that begin with words.
func (c cloud) called(tool string, words ...string) []call {
	var out []call
	for _, one := range c.Calls {
		if one.Tool == tool && len(one.Arguments) >= len(words) && slices.Equal(one.Arguments[:len(words)], words) {
			out = append(out, one)
		}
	}
	return out
}

// untold fails where a text stands in what any child process could be seen with, or in what was printed.
func (b *bench) untold(out string, secrets ...string) {
	b.Helper()
	for _, s := range secrets {
		if strings.Contains(out, s) {
			b.Errorf("%q is printed", s)
		}
		for _, c := range b.cloud().Calls {
			if strings.Contains(strings.Join(append(c.Arguments, c.Visible...), "\n"), s) {
				b.Errorf("%s %v can be seen with %q", c.Tool, c.Arguments, s)
			}
		}
	}
}

func (b *bench) says(out string, status, want int, words ...string) {
	b.Helper()
	if status != want {
		b.Errorf("status %d, want %d: %s", status, want, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			b.Errorf("%q is not said: %s", w, out)
		}
	}
}

func TestFirstDeployment(t *testing.T) {
	b := newBench(t, nil)
	out, status := b.deployOutside("STACK=shop")
	c := b.cloud()
	s := c.Secrets
	serverKey, operatorKey, writeKey := s["/userops/keys/shop/server"], s["/userops/keys/shop/operator"], c.Parameters["DefaultWriteKey"]
	b.says(out, status, 0, "makes the stack shop in ap-northeast-1, account 123456789012", "API            https://api.example", "drawn now, the SecureString /userops/keys/shop/server",
		"drawn now, the SecureString /userops/keys/shop/operator", writeKey, "signs userIds with the SecureString /userops/user-hash")
	if hash(serverKey) != c.Parameters["ServerKeyHash"] || hash(operatorKey) != c.Parameters["OperatorKeyHash"] {
		t.Errorf("the hashes deployed are not those of the keys kept: %v, %v", s, c.Parameters)
	}
	for name, form := range map[string]string{"/userops/keys/shop/server": `^server-[\w-]{43}$`, "/userops/keys/shop/operator": `^operator-[\w-]{43}$`, "/userops/secret": `^[0-9a-f]{64}$`, "/userops/session": `^[0-9a-f]{64}$`, "/userops/user-hash": `^[0-9a-f]{64}$`} {
		if !regexp.MustCompile(form).MatchString(s[name]) {
			t.Errorf("%s is %q", name, s[name])
		}
	}
	if len(s) != 5 || s["/userops/session"] == s["/userops/secret"] || !regexp.MustCompile(`^write-[\w-]{43}$`).MatchString(writeKey) || s["/userops/secret"] == s["/userops/user-hash"] {
		t.Errorf("made %v, write key %q", slices.Sorted(maps.Keys(s)), writeKey)
	}
	b.untold(out, serverKey, operatorKey, s["/userops/secret"], s["/userops/user-hash"], s["/userops/session"])
	if c.Parameters["ShopName"] != "Shop" || c.Parameters["Issuer"] != "" {
		t.Errorf("samconfig.toml or the environment has a say: %v", c.Parameters)
	}
	if builds := c.called("make"); len(builds) != 1 || !slices.Equal(builds[0].Arguments, []string{"--no-print-directory", "build", "ARCH=arm64"}) {
		t.Errorf("built by %v", builds)
	}
	deployed := c.called("sam", "deploy")
	if len(deployed) != 2 { // the second one protects the tables
		t.Fatalf("sam was called %d times", len(deployed))
	}
	for _, option := range []string{"--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "CAPABILITY_IAM", "--stack-name", "shop", region} {
		if !slices.Contains(deployed[0].Arguments, option) {
			t.Errorf("sam is not told %s: %v", option, deployed[0].Arguments)
		}
	}
	if slices.Contains(deployed[0].Arguments, "--guided") {
		t.Error("sam asks")
	}
}

// TestAgain: nothing is drawn, made or set that there is, and what is not named stays.
func TestAgain(t *testing.T) {
	b := newBench(t, nil)
	_, _ = b.deploy("STACK=shop", "ShopName=Tea \"No. 1\" shop", "LogLevel=WARN")
	first := b.cloud()
	out, status := b.deploy("STACK=shop", "LogLevel=ERROR")
	c := b.cloud()
	b.says(out, status, 0, "changes the stack shop", "Parameters that are set: LogLevel. All others stay as they are.", "the SecureString /userops/keys/shop/server\n")
	want := maps.Clone(first.Parameters)
	want["LogLevel"] = "ERROR"
	if !maps.Equal(c.Parameters, want) || !maps.Equal(c.Secrets, first.Secrets) || want["ShopName"] != `Tea "No. 1" shop` {
		t.Errorf("got %v, want %v", c.Parameters, want)
	}
	if last := c.called("sam", "deploy"); !slices.Equal(last[2].Arguments[len(last[2].Arguments)-2:], []string{"--parameter-overrides", `LogLevel="ERROR"`}) {
		t.Errorf("sam was told %v", last[2].Arguments)
	}
	out, status = b.deploy("STACK=shop")
	if b.says(out, status, 0, "All parameters stay as they are."); slices.Contains(b.cloud().called("sam", "deploy")[3].Arguments, "--parameter-overrides") {
		t.Error("sam is told parameters that nobody named")
	}
}

const given = "k3y-of-the-shops-own-choice"

// TestKeysThatAreGiven are known to nobody but this program: not to a list of processes, not to make's variables, not to what is kept or printed.
func TestKeysThatAreGiven(t *testing.T) {
	b := newBench(t, nil)
	out, status := b.deploy("STACK=shop", "SERVER_KEY="+given, "OPERATOR_KEY="+given+"-2", "WRITE_KEY=public-key-of-the-shop")
	b.says(out, status, 0, "server key     the one that was given; it is kept nowhere here", "# SERVER_KEY is the key that you have", "curl -u public-key-of-the-shop: ")
	c := b.cloud()
	if c.Parameters["ServerKeyHash"] != hash(given) || c.Parameters["OperatorKeyHash"] != hash(given+"-2") || c.Parameters["DefaultWriteKey"] != "public-key-of-the-shop" {
		t.Errorf("deployed %v", c.Parameters)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(c.Secrets)), []string{"/userops/secret", "/userops/session", "/userops/user-hash"}) {
		t.Errorf("kept %v", c.Secrets)
	}
	b.untold(out, given)
}

// TestChangeOfAKey: a drawn one and a given one, each with the one before beside it until that is ended.
func TestChangeOfAKey(t *testing.T) {
	b := newBench(t, nil)
	_, _ = b.deploy("STACK=shop")
	first := b.cloud().Parameters
	out, status := b.deploy("STACK=shop", "ROTATE=server", "CHECK=1")
	b.says(out, status, 0, "Parameters that are set: ServerKeyHash. All others stay as they are.\nIt draws a new server key; the one before stays valid until RETIRE=server.\n")
	out, status = b.deploy("STACK=shop", "ROTATE=server,operator")
	c := b.cloud()
	b.says(out, status, 0, "drawn now, the SecureString /userops/keys/shop/server; the one before is valid until RETIRE=server")
	for holder, name := range hashIn {
		key := c.Secrets["/userops/keys/shop/"+holder]
		if want := hash(key) + "," + first[name]; c.Parameters[name] != want || hash(key) == first[name] {
			t.Errorf("%s is %s, want %s", name, c.Parameters[name], want)
		}
		b.untold(out, key)
	}
	out, status = b.deploy("STACK=shop", "ROTATE=server")
	b.says(out, status, 2, "two keys of the server are in force already: end the one before first, RETIRE=server")
	out, status = b.deploy("STACK=shop", "RETIRE=server")
	if b.says(out, status, 0, "The server key before ends; the newer one stays.\n", "the SecureString /userops/keys/shop/server\n"); b.cloud().Parameters["ServerKeyHash"] != hash(c.Secrets["/userops/keys/shop/server"]) {
		t.Errorf("left is %s", b.cloud().Parameters["ServerKeyHash"])
	}
	drawnHash := b.cloud().Parameters["ServerKeyHash"]
	out, status = b.deploy("STACK=shop", "SERVER_KEY="+given)
	if b.says(out, status, 0, "the one that was given; it is kept nowhere here; the one before is valid until RETIRE=server; that one is the SecureString /userops/keys/shop/server\n"); b.cloud().Parameters["ServerKeyHash"] != hash(given)+","+drawnHash {
		t.Errorf("got %s", b.cloud().Parameters["ServerKeyHash"])
	}
	// The same key again is no change, also while there are two.
	if out, status = b.deploy("STACK=shop", "SERVER_KEY="+given); status != 0 || b.cloud().Parameters["ServerKeyHash"] != hash(given)+","+drawnHash {
		t.Errorf("%d %s: %s", status, out, b.cloud().Parameters["ServerKeyHash"])
	}
	// The drawn one that stays in the Parameter Store opens nothing then.
	out, status = b.deploy("STACK=shop", "RETIRE=server")
	b.says(out, status, 0, "the one that was given; it is kept nowhere here; the SecureString /userops/keys/shop/server is a key that opens nothing any more, delete it: "+
		"aws ssm delete-parameter --region ap-northeast-1 --name /userops/keys/shop/server\n", "# SERVER_KEY is the key that you have")
}

// TestTriesThatFail leave nothing half done: a build that fails makes nothing, and a deployment that fails leaves keys that the next one uses.
func TestTriesThatFail(t *testing.T) {
	b := newBench(t, func(c *cloud) { c.Fails = "build" })
	out, status := b.deploy("STACK=shop")
	if b.says(out, status, 1, "building: exit status 254"); len(b.cloud().Secrets) > 0 || len(b.cloud().called("sam", "deploy")) > 0 {
		t.Errorf("made %v", b.cloud().Secrets)
	}
	failing := func(what string) {
		c := b.cloud()
		c.Fails = what
		b.set(c)
	}
	failing("put")
	out, status = b.deploy("STACK=shop")
	if b.says(out, status, 1, "keeping /userops/user-hash in the Parameter Store: An error occurred (AccessDeniedException)"); len(b.cloud().called("sam", "deploy")) > 0 {
		t.Error("deployed without a secret")
	}
	failing("deploy")
	out, status = b.deploy("STACK=shop")
	b.says(out, status, 1, "Error: Failed to create/update the stack", "are used by the next try")
	kept := b.cloud().Secrets
	failing("")
	out, status = b.deploy("STACK=shop")
	c := b.cloud()
	b.says(out, status, 0, "It uses the secret that is there, /userops/secret.", "the SecureString /userops/keys/shop/server\n")
	if len(kept) != 5 || !maps.Equal(kept, c.Secrets) || c.Parameters["ServerKeyHash"] != hash(kept["/userops/keys/shop/server"]) {
		t.Errorf("kept %v, then %v with %v", kept, c.Secrets, c.Parameters)
	}
}

// TestSomebodyWasFaster: a secret that came after the check is not written over.
func TestSomebodyWasFaster(t *testing.T) {
	b := newBench(t, func(c *cloud) { c.Fails, c.Secrets["/userops/secret"] = "blind", "s" })
	out, status := b.deploy("STACK=shop")
	if b.says(out, status, 1, "keeping /userops/secret in the Parameter Store: An error occurred (ParameterAlreadyExists)"); b.cloud().Secrets["/userops/secret"] != "s" {
		t.Error("the secret was written over")
	}
}

// TestTheRealCLI hands on a secret as it is kept: the whole of it, without a line break, and not among the arguments.
func TestTheRealCLI(t *testing.T) {
	client.Program(t, "aws")
	type put struct {
		Name, Value, Type string
		Overwrite         bool
	}
	var got []put
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p put
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.PutParameter" {
			t.Errorf("%s: %v", r.Header.Get("X-Amz-Target"), err)
		}
		got = append(got, p)
		_, _ = w.Write([]byte(`{"Version": 1, "Tier": "Standard"}`))
	}))
	defer at.Close()
	d := &deployment{region: region, there: map[string]bool{}, made: map[string]bool{}, tools: tools{environment: append(os.Environ(),
		"AWS_ENDPOINT_URL_SSM="+at.URL, "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_PAGER="), start: (*exec.Cmd).Run}}
	for _, over := range []bool{false, true} {
		if err := d.put(t.Context(), "/userops/secret", given, "of a test", over); err != nil {
			t.Fatal(err)
		}
	}
	if want := []put{{"/userops/secret", given, "SecureString", false}, {"/userops/secret", given, "SecureString", true}}; !slices.Equal(got, want) || !d.made["/userops/secret"] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestSecretsThatThereAre are not written over, and none is made beside them that would refuse what they have signed.
func TestSecretsThatThereAre(t *testing.T) {
	for _, c := range []struct {
		name      string
		there     map[string]string
		variables []string
		want      []string // names that there are then
		says      string
	}{
		{"a secret alone", map[string]string{"/userops/secret": "s"}, nil, []string{"/userops/keys/shop/operator", "/userops/keys/shop/server", "/userops/secret", "/userops/session"}, "with a key derived of /userops/secret"},
		{"a user-hash alone", map[string]string{"/userops/user-hash": "u"}, nil, []string{"/userops/keys/shop/operator", "/userops/keys/shop/server", "/userops/secret", "/userops/session", "/userops/user-hash"}, "SecureString /userops/user-hash"},
		{"a path of its own", map[string]string{"/userops/secret": "s"}, []string{"SecretsPath=/tea", "WebhookUrl=https://shop.example/hook"},
			[]string{"/tea/keys/shop/operator", "/tea/keys/shop/server", "/tea/secret", "/tea/session", "/tea/user-hash", "/tea/webhook-secret", "/userops/secret"}, "is signed with the SecureString /tea/webhook-secret"},
		{"no path", nil, []string{"SecretsPath="}, nil, "server key     none"},
		{"operators by name", nil, []string{"OperatorKeys=ann:owner:" + hash("x")}, []string{"/userops/keys/shop/server", "/userops/secret", "/userops/session", "/userops/user-hash"}, "operators have keys or tokens of their own"},
		{"no keys", nil, []string{"ServerKeyHash=", "OperatorKeyHash=", "DefaultWriteKey="}, []string{"/userops/secret", "/userops/session", "/userops/user-hash"}, "write key      none"},
		{"mail", map[string]string{"/userops/smtp-password": "p", "/userops/secret": "s"}, []string{"SmtpAddress=smtp.shop.example:587", "SmtpUser=shop", "MailFrom=Tea shop <shop@shop.example>"},
			[]string{"/userops/keys/shop/operator", "/userops/keys/shop/server", "/userops/secret", "/userops/session", "/userops/smtp-password"}, "makes the stack"},
		{"text messages", map[string]string{"/userops/sms-secret": "p", "/userops/secret": "s"}, []string{"SmsKeyId=LTAI-shop", "SmsSignName=茶铺"},
			[]string{"/userops/keys/shop/operator", "/userops/keys/shop/server", "/userops/secret", "/userops/session", "/userops/sms-secret"}, "makes the stack"},
	} {
		b := newBench(t, func(w *cloud) { maps.Copy(w.Secrets, c.there) })
		out, status := b.deploy(append([]string{"STACK=shop"}, c.variables...)...)
		b.says(out, status, 0, c.says)
		got := b.cloud().Secrets
		if !slices.Equal(slices.Sorted(maps.Keys(got)), c.want) {
			t.Errorf("%s: there are %v, want %v", c.name, slices.Sorted(maps.Keys(got)), c.want)
		}
		for name, value := range c.there {
			if got[name] != value {
				t.Errorf("%s: %s was written over", c.name, name)
			}
		}
	}
}

func TestFileOfParameters(t *testing.T) {
	b := newBench(t, nil)
	b.write("shop.parameters", "# the shop\n\nShopName = Tea shop\nNightlySchedule=cron(0 4 * * ? *)\nLogLevel=WARN\n")
	out, status := b.deploy("STACK=shop", "PARAMETERS=shop.parameters", "LogLevel=DEBUG", "Architecture=x86_64")
	b.says(out, status, 0)
	got := b.cloud().Parameters
	if got["ShopName"] != "Tea shop" || got["NightlySchedule"] != "cron(0 4 * * ? *)" || got["LogLevel"] != "DEBUG" {
		t.Errorf("got %v", got)
	}
	if builds := b.cloud().called("make"); !slices.Contains(builds[0].Arguments, "ARCH=amd64") {
		t.Errorf("built by %v", builds)
	}
	b.write("bad.parameters", "SERVER_KEY="+given+"\nshop name=x\nLogLevel=WARN\nLogLevel=INFO\n")
	out, status = b.deploy("STACK=shop", "PARAMETERS=bad.parameters")
	b.says(out, status, 2, "bad.parameters:1: SERVER_KEY does not belong into a file", "bad.parameters:2: is not Name=value", "bad.parameters:4: LogLevel is given twice")
	b.untold(out, given)
	out, status = b.deploy("STACK=shop", "PARAMETERS=none")
	b.says(out, status, 2, "the file of parameters is not read")
}

// TestOnlyACheck makes nothing.
func TestOnlyACheck(t *testing.T) {
	b := newBench(t, nil)
	out, status := b.deploy("STACK=shop", "CHECK=1")
	b.says(out, status, 0, "This makes the stack shop", "Parameters that are set: DefaultWriteKey, OperatorKeyHash, ProtectTables, ServerKeyHash. All others have", "The server key is drawn.\nThe operator key is drawn.\n")
	b.nothingMade(fmt.Sprint("a check: ", out))
}

func (b *bench) nothingMade(when string) {
	b.Helper()
	c := b.cloud()
	if n := len(c.called("make")) + len(c.called("sam", "deploy")) + len(c.called("aws", "ssm", "put-parameter")); n > 0 {
		b.Errorf("%s: %d calls make something", when, n)
	}
}
