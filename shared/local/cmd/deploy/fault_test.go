package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/standin/sam"
)

// TestEverythingWrongIsSaidAtOnce, before anything is built.
func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	b := newBench(t, func(c *cloud) { c.Versions["sam"] = "SAM CLI, version 1.102.9\n" })
	out, status := b.deploy("STACK=1shop", "ServerKeyHash="+hash("x")+"  -", "SmtpAddress=smtp.shop.example:587", "SmtpUser=shop", "SmsKeyId=LTAI-shop", "SmsSignName=茶铺", "FcmProject=tea-shop", "ApnsKeyId=ABCDE12345", "ApnsTopic=example.shop.app", "ApnsTeamId=TEAM123456", "ShopNmae=Tea", "ThrottleRate=0", "ROTATE=me", "WRITE_KEY=short", "ARCH=arm64")
	b.says(out, status, 2, "Nothing was made or changed.",
		`STACK is "1shop"`,
		"sam is of version 1.102.9, and 1.103.0 or later is needed: https://",
		"ServerKeyHash is not as it has to be: it is the SHA-256 of a key as 64 hex digits alone, without the hyphen that sha256sum prints behind them",
		"With SmtpAddress, MailFrom is an address of the shop",
		"SmtpUser is shop, and there is no password: read -rs P; aws ssm put-parameter --region ap-northeast-1 --type SecureString --name /userops/smtp-password",
		"SmsKeyId is LTAI-shop, and there is no secret: read -rs P; aws ssm put-parameter --region ap-northeast-1 --type SecureString --name /userops/sms-secret",
		"FcmProject is tea-shop, and there is no account: read -rs P; aws ssm put-parameter", "ApnsKeyId is ABCDE12345, and there is no key: read -rs P; aws ssm put-parameter",
		`ShopNmae is no parameter of template.yaml: did you mean "ShopName"?`,
		`parameter ThrottleRate is "0", out of range: it is at least 1`,
		`ROTATE is "me"`, "WRITE_KEY has 5 characters", "ARCH is said by the parameter Architecture")
	if n := strings.Count(out, "\n  - "); n != 13 {
		t.Errorf("%d faults, want 13: %s", n, out)
	}
	b.nothingMade("faults")
}

func TestFaults(t *testing.T) {
	deployed := func(status string, change func(map[string]string)) func(*cloud) {
		return func(c *cloud) {
			c.Status, c.Parameters = status, map[string]string{"ServerKeyHash": hash("x"), "OperatorKeyHash": hash("y"), "DefaultWriteKey": "public-key-of-the-shop", "SecretsPath": "/userops", "Gone": "x"}
			c.Secrets["/userops/secret"] = "s"
			if change != nil {
				change(c.Parameters)
			}
		}
	}
	for _, c := range []struct {
		name      string
		change    func(*cloud)
		variables []string
		want      string // "" for none
	}{
		{"all is well", deployed("UPDATE_COMPLETE", nil), nil, ""},
		{"rolled back", deployed("UPDATE_ROLLBACK_COMPLETE", nil), nil, ""},
		{"looked at and never made", deployed("REVIEW_IN_PROGRESS", nil), nil, ""},
		{"AWS CLI 1", func(c *cloud) { c.Versions["aws"] = "aws-cli/1.32.0 Python/3.11.7" }, nil, ""},
		{"AWS CLI 1, old", func(c *cloud) { c.Versions["aws"] = "aws-cli/1.31.99 Python/3.11.7" }, nil, "aws is of version 1.31.99"},
		{"a tool that says nothing", func(c *cloud) { c.Versions["sam"] = "" }, nil, "sam --version says no version"},
		{"nobody", func(c *cloud) { c.Arn = "" }, nil, "AWS does not know who calls (Unable to locate credentials."},
		{"no region", func(c *cloud) { c.Configured = "" }, nil, `the region is ""`},
		{"a region of make", func(c *cloud) { c.Configured = "" }, []string{"REGION=eu-west-1"}, ""},
		{"a region of the environment", func(c *cloud) { c.Configured = "" }, []string{"AWS_DEFAULT_REGION=eu-west-1"}, "AWS_DEFAULT_REGION is no parameter"}, // the test says it to make
		{"no region at all", nil, []string{"REGION=tokyo"}, `the region is "tokyo"`},
		{"elsewhere's account", nil, []string{"REGION=cn-north-1"}, "the region cn-north-1 is not one of the account 123456789012"},
		{"an account of China", func(c *cloud) { c.Arn = "arn:aws-cn:iam::123456789012:user/ann" }, nil, "the region ap-northeast-1 is not one of the account"},
		{"China", func(c *cloud) { c.Arn = "arn:aws-cn:iam::123456789012:user/ann" }, []string{"REGION=cn-northwest-1"}, ""},
		{"being changed", deployed("UPDATE_IN_PROGRESS", nil), nil, "is being changed (UPDATE_IN_PROGRESS)"},
		{"never whole", deployed("ROLLBACK_COMPLETE", nil), nil, "aws cloudformation delete-stack --region ap-northeast-1 --stack-name shop, and the empty tables"},
		{"neither here nor there", deployed("UPDATE_ROLLBACK_FAILED", nil), nil, "aws cloudformation continue-update-rollback --region ap-northeast-1 --stack-name shop"},
		{"live, and not deleted", deployed("DELETE_FAILED", nil), nil, "may hold all customers: delete none of them for this. aws cloudformation describe-stack-events --region ap-northeast-1"},
		{"a zone of elsewhere", nil, []string{"ShopTimeZone=Mars/Phobos"}, "ShopTimeZone is Mars/Phobos, and tzdata has no such zone"},
		{"this machine's zone", nil, []string{"ShopTimeZone=Local"}, "ShopTimeZone is Local, and tzdata has no such zone"},
		{"a zone", nil, []string{"ShopTimeZone=America/Argentina/Ushuaia"}, ""},
		{"a currency's name", nil, []string{"ShopCurrency=RMB"}, "ShopCurrency is RMB, which is not a currency of ISO 4217, such as CNY"},
		{"a stack's currency", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["ShopCurrency"] = "RMB" }), nil, "ShopCurrency is RMB"},
		{"a currency", nil, []string{"ShopCurrency=EUR"}, ""},
		{"one key for two", nil, []string{"SERVER_KEY=" + given, "OPERATOR_KEY=" + given}, "OPERATOR_KEY and SERVER_KEY have one key"},
		{"a key that pages send", nil, []string{"SERVER_KEY=" + given, "WRITE_KEY=" + given}, "SERVER_KEY and WRITE_KEY have one key"},
		{"a key that the stack's pages send", deployed("UPDATE_COMPLETE", nil), []string{"SERVER_KEY=public-key-of-the-shop"}, "SERVER_KEY and DefaultWriteKey have one key"},
		{"pages with the owner's key", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["OperatorKeyHash"] = hash(given) }), []string{"DefaultWriteKey=" + given}, "OperatorKeyHash and DefaultWriteKey have one key"},
		{"pages with an operator's key", nil, []string{"OperatorKeys=ann:viewer:" + strings.ToUpper(hash(given)), "WRITE_KEY=" + given}, "WRITE_KEY and OperatorKeys have one key"},
		{"changed away", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["ServerKeyHash"] = hash(p["DefaultWriteKey"]) }), []string{"ROTATE=server"}, ""},
		{"a parameter that became a secret", nil, []string{"UserHashSecret=s", "SecretsPath=/tea"}, "UserHashSecret is no parameter of template.yaml, but the secret /tea/user-hash: read -rs P; aws ssm put-parameter --region ap-northeast-1"},
		{"a secret, and no region", func(c *cloud) { c.Configured = "" }, []string{"WebhookSecret=s"}, "put-parameter --region REGION --type SecureString --name /userops/webhook-secret"},
		{"a misspelt variable", nil, []string{"REGOIN=eu-west-1"}, `REGOIN is no parameter of template.yaml: did you mean "REGION"?`},
		{"a name near none", nil, []string{"Colour=red"}, "Colour is no parameter of template.yaml\n"},
		{"too long a timeline", nil, []string{"TimelineMonths=121"}, `parameter TimelineMonths is "121", out of range: it is 1 to 120`},
		{"no https", nil, []string{"PublicUrl=shop.example"}, "PublicUrl is not as it has to be: it is an address that begins with https://"},
		{"a stack's value that is refused now", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["SmtpAddress"] = "smtp.shop.example:25" }), nil, "With SmtpAddress, MailFrom is an address of the shop"},
		{"and mended", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["SmtpAddress"] = "smtp.shop.example:25" }), []string{"MailFrom=shop@shop.example"}, ""},
		{"a path without a secret", deployed("UPDATE_COMPLETE", nil), []string{"SecretsPath=/tea"}, "SecretsPath moves from /userops to /tea, where there is no secret"},
		{"demo key", nil, []string{"OPERATOR_KEY=demo-operator-key"}, "OPERATOR_KEY is a key that everybody knows"},
		{"short key", nil, []string{"SERVER_KEY=" + given[:19]}, "SERVER_KEY has 19 characters: a key has 20 to 200"},
		{"key long enough", nil, []string{"SERVER_KEY=" + given[:20]}, ""},
		{"key with a colon", nil, []string{"SERVER_KEY=" + given + ":"}, "SERVER_KEY has a blank, a colon"},
		{"key with a blank", nil, []string{"SERVER_KEY=" + given + " x"}, "SERVER_KEY has a blank, a colon"},
		{"key and hash", nil, []string{"SERVER_KEY=" + given, "ServerKeyHash=" + hash("x")}, "of SERVER_KEY, ServerKeyHash, ROTATE=server and RETIRE=server, one at a time"},
		{"rotate and retire", deployed("UPDATE_COMPLETE", nil), []string{"ROTATE=operator", "RETIRE=operator"}, "of OPERATOR_KEY, OperatorKeyHash, ROTATE=operator"},
		{"nothing to rotate", nil, []string{"ROTATE=server"}, "ROTATE=server: there is no key to change"},
		{"nothing to retire", deployed("UPDATE_COMPLETE", nil), []string{"RETIRE=server"}, "RETIRE=server: there is no key before"},
		{"nowhere to keep it", deployed("UPDATE_COMPLETE", func(p map[string]string) { p["SecretsPath"] = "" }), []string{"ROTATE=server"}, "without SecretsPath there is no place to keep it"},
		{"masked", func(c *cloud) {
			deployed("UPDATE_COMPLETE", nil)(c)
			c.Masked = []string{"ServerKeyHash", "OperatorKeyHash"}
		}, []string{"SERVER_KEY=" + given}, "ServerKeyHash of the stack is masked by the template before"},
		{"masked, and let be", func(c *cloud) {
			deployed("UPDATE_COMPLETE", nil)(c)
			c.Masked = []string{"ServerKeyHash", "OperatorKeyHash"}
		}, nil, ""},
		{"another write key", deployed("UPDATE_COMPLETE", nil), []string{"WRITE_KEY=another-key-of-the-shop"}, "WRITE_KEY is another key than the stack's"},
		{"another write key at once", deployed("UPDATE_COMPLETE", nil), []string{"DefaultWriteKey=another-key-of-the-shop"}, ""},
		{"the same write key", deployed("UPDATE_COMPLETE", nil), []string{"WRITE_KEY=public-key-of-the-shop"}, ""},
		{"a line break", nil, []string{"ShopName=a\nb"}, "ShopName has a backslash or a line break"},
	} {
		b := newBench(t, c.change)
		out, status := b.deploy(append([]string{"STACK=shop", "CHECK=1"}, c.variables...)...)
		if c.want == "" && status != 0 || c.want != "" && (status != 2 || !strings.Contains(out, c.want)) {
			t.Errorf("%s: %d, want %q: %s", c.name, status, c.want, out)
		}
		b.nothingMade(c.name)
	}
}

// TestMaskedKeysStay: a stack of the template before shows asterisks for its keys' hashes, also where there is none; neither is drawn anew.
func TestMaskedKeysStay(t *testing.T) {
	b := newBench(t, func(c *cloud) {
		c.Status, c.Masked = "UPDATE_COMPLETE", []string{"ServerKeyHash", "OperatorKeyHash"}
		c.Parameters = map[string]string{"ServerKeyHash": hash("x"), "OperatorKeyHash": hash("y"), "SecretsPath": "/userops"}
		c.Secrets["/userops/secret"], c.Secrets["/userops/session"] = "s", "t"
	})
	out, status := b.deploy("STACK=shop")
	b.says(out, status, 0, "server key     the one that was given")
	if c := b.cloud(); c.Parameters["ServerKeyHash"] != hash("x") || c.Parameters["OperatorKeyHash"] != hash("y") || len(c.Secrets) != 2 {
		t.Errorf("got %v, %v", c.Parameters, c.Secrets)
	}
}

func TestToolsThatAreNotThere(t *testing.T) {
	b := newBench(t, nil)
	for _, name := range []string{"sam", "aws"} {
		if err := os.Remove(filepath.Join(b.tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	out, status := b.deploy("STACK=shop")
	b.says(out, status, 2, "sam is not found on the PATH: install it, https://docs.aws.amazon.com/", "aws is not found on the PATH: install it, https://docs.aws.amazon.com/")
}

// TestArguments: without make, parameters stand among the arguments, and keys do not.
func TestArguments(t *testing.T) {
	w, faults := read([]string{"STACK=shop", "ShopName=Tea = shop"}, []string{"SERVER_KEY=" + given, "ShopName=by chance", "REGION=eu-west-1"})
	if len(faults) > 0 || w.stack != "shop" || w.values["ShopName"] != "Tea = shop" || w.keys[server] != given || w.region != "eu-west-1" || len(w.values) != 1 {
		t.Errorf("got %+v, %v", w, faults)
	}
	if _, faults := read([]string{"STACK=shop", "SERVER_KEY=" + given, "ShopName"}, nil); len(faults) != 2 || !strings.Contains(faults[0], "SERVER_KEY stands among the arguments") || faults[1] != `"ShopName" is not Name=value` {
		t.Errorf("got %v", faults)
	}
	if w, _ := read([]string{"-h"}, nil); !w.help {
		t.Error("no help")
	}
}

// TestMakeHandsOn asks the make of this machine what it hands on: names and values of its command line, and nothing of the environment's.
func TestMakeHandsOn(t *testing.T) {
	program, err := exec.LookPath("make")
	if err != nil {
		t.Skip("make is not installed")
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "Makefile"), []byte("all:\n\t@env\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-s", "STACK=shop", "ShopName=Tea = \\shop", "SERVER_KEY="+given, "NightlySchedule=cron(0 4 * * ? *)", "WebhookUrl=")
	c.Dir, c.Env = folder, []string{"PATH=" + os.Getenv("PATH"), "Issuer=https://chance.example/"}
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	w, faults := read(nil, strings.Split(strings.TrimSpace(string(out)), "\n"))
	_, empty := w.values["WebhookUrl"]
	if w.stack != "shop" || w.values["ShopName"] != `Tea = \shop` || w.values["NightlySchedule"] != "cron(0 4 * * ? *)" || w.keys[server] != given || !empty || len(w.values) != 3 ||
		len(faults) != 1 || !strings.Contains(faults[0], "ShopName has a backslash") {
		t.Errorf("got %+v, %v of %s", w, faults, out)
	}
	cleaned := strings.Join(clean(strings.Split(string(out), "\n"), w), "\n")
	if strings.Contains(cleaned, given) || strings.Contains(cleaned, "NightlySchedule") || !strings.Contains(cleaned, "PATH=") {
		t.Errorf("children get %s", cleaned)
	}
}

// TestSecretsHaveTheirNames: functions have a right to every secret that is made, by its name, and to no key that is kept.
func TestSecretsHaveTheirNames(t *testing.T) {
	template, err := sam.Load("../../../../template.yaml", sam.Environment{Parameters: map[string]string{"SecretsPath": "/tea"}})
	if err != nil {
		t.Fatal(err)
	}
	may := map[string]bool{}
	for _, f := range template.Functions {
		for _, s := range f.Statements {
			for _, r := range s.Resources {
				may[r[strings.LastIndex(r, ":")+1:]] = true
			}
		}
	}
	d := &deployment{wish: wish{stack: "shop"}, values: map[string]string{"SecretsPath": "/tea"}}
	for _, name := range []string{rootSecret, userSecret, smtpPassword, smsSecret, fcmAccount, apnsKey, webhookSecret} {
		if full := d.secretName(name); !may["parameter"+full] {
			t.Errorf("no function may read %s", full)
		}
	}
	for _, holder := range []string{server, operator} {
		if full := d.keptKey(holder); may["parameter"+full] {
			t.Errorf("a function may read %s", full)
		}
	}
}

// TestTheCallsWork: each of the printed calls is a route of the template that the key opens.
func TestTheCallsWork(t *testing.T) {
	template, err := sam.Load("../../../../template.yaml", sam.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, f := range template.Functions {
		for _, r := range f.Routes {
			routes = append(routes, r.Key())
		}
	}
	d := &deployment{region: region}
	for _, writeKey := range []string{"public-key-of-the-shop", ""} {
		text := d.lines("https://api.example", writeKey, map[string]string{server: "/userops/keys/shop/server"})
		calls := 0
		for line := range strings.Lines(text) {
			words := strings.Fields(strings.ReplaceAll(line, `"`, ""))
			if len(words) == 0 || words[0] != "curl" {
				continue
			}
			calls++
			method := map[bool]string{true: "POST ", false: "GET "}[slices.Contains(words, "-d")]
			route := method + strings.TrimPrefix(strings.Replace(words[3], "anonymous:first-hour", "{id}", 1), "$API")
			row, known := access.Of(route)
			opens := map[string]bool{"$SERVER_KEY:": row.Server, "$OPERATOR_KEY:": row.Least != "", "public-key-of-the-shop:": row.Write}[words[2]]
			if !slices.Contains(routes, route) || !known || !opens {
				t.Errorf("%s with %s opens nothing: %+v", route, words[2], row)
			}
		}
		if calls != 3 || !strings.Contains(text, "SERVER_KEY=$(aws ssm get-parameter --region ap-northeast-1 --name /userops/keys/shop/server --with-decryption") || !strings.Contains(text, "# OPERATOR_KEY is the key that you have") {
			t.Errorf("got %s", text)
		}
	}
}
