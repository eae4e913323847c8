package functions

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/functions/dispatch"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/standin/sam"
)

// TestParametersAreChecked: what would only show when somebody calls is refused before anything is deployed.
func TestParametersAreChecked(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range []struct{ name, bad, good string }{
		{"Issuer", "login.example", "https://login.example/"}, {"OperatorKeyHash", "demo-operator-key", hashed("x")}, {"ServerKeyHash", hashed("x")[1:], ""}, {"DefaultWriteKey", "short", "demo-write-key"},
		{"ShopTimeZone", "Asia/Shanghai ", "America/Argentina/Buenos_Aires"}, {"ShopCurrency", "RMB1", "EUR"},
		{"PublicUrl", "https://shop.example/?a", "https://shop.example/events"}, {"SmtpAddress", "smtp.example", "smtp.example:587"}, {"WebhookUrl", "shop.example", "https://shop.example/x?y=1"},
		{"FcmProject", "Tea shop", "tea-shop"}, {"FcmEndpoint", "fcm.googleapis.com", "https://fcm.googleapis.com"}, {"ApnsTopic", "a b", "example.shop.app"}, {"ApnsKeyId", "short", "ABCDE12345"},
		{"ApnsTeamId", "team123456", "TEAM123456"}, {"ApnsEndpoint", "api.push.apple.com", "https://api.sandbox.push.apple.com"},
		{"SmsKeyId", "a b", "LTAI5t-of-a-shop"}, {"SmsSignName", "【茶铺】", "茶铺"}, {"SmsEndpoint", "dysmsapi.aliyuncs.com", "https://dysmsapi.ap-southeast-1.aliyuncs.com"},
		// What sha256sum prints behind a hash would be a 401 for ever.
		{"OperatorKeyHash", hashed("x") + "  -", hashed("x") + "," + hashed("y")}, {"ServerKeyHash", hashed("x") + "  -", hashed("x") + "," + hashed("y")},
		{"OperatorKeys", "ann:editor:" + hashed("x") + "  -", "ann:editor:" + hashed("x") + ", bo lee:owner:" + hashed("y")},
		{"SecretsPath", "userops", "/shop/userops"}, {"ClientId", "a b", "console"}, {"PagesApi", "http://127.0.0.1:8080/", "http://127.0.0.1:8080"}, {"DynamoDBEndpoint", "127.0.0.1:8000", "http://127.0.0.1:8000"},
		{"SQSEndpoint", "127.0.0.1:9324", "http://127.0.0.1:9324"}, {"S3Endpoint", "127.0.0.1:9000", "http://127.0.0.1:9000"}, {"SSMEndpoint", "127.0.0.1:8000", "http://127.0.0.1:8000"},
		{"MailFrom", "shop", "Tea shop <shop@shop.example>"},
		{"NightlySchedule", "03:00", "cron(0 3 * * ? *)"}, {"ArchiveSchedule", "10 minutes", "rate(10 minutes)"}, {"AlarmTopic", "alarms", "arn:aws-cn:sns:cn-north-1:123456789012:alarms"}, {"ThrottleRate", "0", "1"},
		{"Commit", "1a2b3c4", strings.Repeat("1a", 20) + "-changed"},
	} {
		tried[c.name] = true
		for value, ok := range map[string]bool{c.bad: false, c.good: true} {
			all := map[string]string{"MailFrom": "shop@shop.example", "RoleClaim": "role", "SmsKeyId": "LTAI", "SmsSignName": "茶铺", "ApnsTopic": "shop.app", "ApnsKeyId": "KEY1234567", "ApnsTeamId": "TEAM123456", c.name: value} // what the rules ask of some
			_, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{Parameters: all})
			if (err == nil) != ok {
				t.Errorf("%s=%q: %v", c.name, value, err)
			}
		}
	}
	for _, p := range parse(t).Parameters {
		if p.Constraint != "" && !tried[p.Name] {
			t.Errorf("%s %s: add a value above that is refused, and one that is taken", p.Name, p.Constraint)
		}
	}
}

// TestOperatorKeysAreReadAsTheyAreAllowed: what the template lets through, the functions read, and the reverse.
func TestOperatorKeysAreReadAsTheyAreAllowed(t *testing.T) {
	x, y := hashed("x"), hashed("y")
	for _, value := range []string{
		"", "ann:editor:" + x, "ann:viewer:" + x + ",bo:owner:" + y, "ann:approver:" + x + ", bo:owner:" + strings.ToUpper(y), "安:owner:" + x, "a b:owner:" + x,
		"ann:admin:" + x, "ann:editor:" + x[1:], "ann:editor:" + x + "0", ":editor:" + x, " ann :editor:" + x, "ann :editor:" + x, "ann:editor", "ann:editor:" + x + ":y", x, "ann:editor:" + x + ":bo:owner:" + y,
		"ann:editor:" + x + "  -", "ann:editor:" + x[:63] + "g",
	} {
		var keys access.Keys
		read := keys.UnmarshalText([]byte(value))
		_, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{Parameters: map[string]string{"OperatorKeys": value}})
		if (err == nil) != (read == nil) {
			t.Errorf("%q: the template says %v, the functions %v", value, err, read)
		}
	}
}

// TestChannelsThatLackSomethingAreRefused: dispatch would start without the channel and say so in its log alone.
func TestChannelsThatLackSomethingAreRefused(t *testing.T) {
	mail := map[string]string{"SmtpAddress": "smtp.shop.example:587", "MailFrom": "shop@shop.example"}
	with := func(more ...string) map[string]string {
		p := maps.Clone(mail)
		for i := 0; i < len(more); i += 2 {
			p[more[i]] = more[i+1]
		}
		return p
	}
	for _, c := range []struct {
		parameters map[string]string
		want       string // of the fault; "" for none
	}{
		{nil, ""}, {mail, ""}, {with("SmtpUser", "shop"), ""}, {map[string]string{"WebhookUrl": "https://shop.example/hook"}, ""}, {map[string]string{"SecretsPath": ""}, ""},
		{map[string]string{"SmtpAddress": "smtp.shop.example:587"}, "MailFrom is an address of the shop"},
		{with("SecretsPath", ""), "SecretsPath says where the secret is"},
		{map[string]string{"SmtpUser": "shop"}, "With SmtpUser, SmtpAddress says"},
		{map[string]string{"WebhookUrl": "https://shop.example/hook", "SecretsPath": ""}, "With WebhookUrl, SecretsPath says"},
		{map[string]string{"FcmProject": "tea-shop"}, ""}, {map[string]string{"FcmProject": "tea-shop", "SecretsPath": ""}, "With FcmProject, SecretsPath says"},
		{map[string]string{"ApnsTopic": "shop.app", "ApnsKeyId": "KEY1234567", "ApnsTeamId": "TEAM123456"}, ""},
		{map[string]string{"ApnsTopic": "shop.app", "ApnsKeyId": "KEY1234567"}, "ApnsTopic, ApnsKeyId and ApnsTeamId go together"},
		{map[string]string{"ApnsTeamId": "TEAM123456"}, "ApnsTopic, ApnsKeyId and ApnsTeamId go together"},
		{map[string]string{"ApnsTopic": "shop.app", "ApnsKeyId": "KEY1234567", "ApnsTeamId": "TEAM123456", "SecretsPath": ""}, "With ApnsTopic, SecretsPath says"},
		{map[string]string{"SmsKeyId": "LTAI", "SmsSignName": "茶铺"}, ""},
		{map[string]string{"SmsKeyId": "LTAI"}, "SmsKeyId and SmsSignName go together"},
		{map[string]string{"SmsSignName": "茶铺"}, "SmsKeyId and SmsSignName go together"},
		{map[string]string{"SmsKeyId": "LTAI", "SmsSignName": "茶铺", "SecretsPath": ""}, "With SmsKeyId, SecretsPath says"},
		{map[string]string{"Issuer": "https://login.example/"}, "With Issuer, RoleClaim says"},
		{map[string]string{"Issuer": "https://login.example/", "RoleClaim": "role"}, ""},
	} {
		_, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{Parameters: c.parameters})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.parameters, err, c.want)
		}
	}
}

// TestNothingIsMasked: a parameter that CloudFormation masks cannot be kept beside a new one, nor be told apart from an empty one. Secrets are no parameters.
func TestNothingIsMasked(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "template.yaml"))
	if err != nil || strings.Contains(string(text), "NoEcho:") {
		t.Errorf("a parameter is NoEcho: %v", err)
	}
}

// TestSAMAsksAboutNoRoute: a guided deployment asks of each route whether it is meant to have no authorizer, and stops unless it is answered yes. It asks
// about none whose API says anything under Auth (samcli/commands/deploy/auth_utils.py).
func TestSAMAsksAboutNoRoute(t *testing.T) {
	apis := resourcesOf[struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Auth map[string]any `yaml:"Auth"`
		} `yaml:"Properties"`
	}](t)
	routes := 0
	for _, f := range parse(t).Functions {
		for _, r := range f.Routes {
			if routes++; apis[r.API].Type != "AWS::Serverless::HttpApi" || len(apis[r.API].Properties.Auth) == 0 {
				t.Errorf("SAM asks about %s of %s", r.Key(), r.API)
			}
			if r.Authorizer != "" {
				t.Errorf("%s has the authorizer %s", r.Key(), r.Authorizer)
			}
		}
	}
	if routes < 70 {
		t.Errorf("%d routes", routes)
	}
}

func TestEveryParameterHasADefaultAndASentence(t *testing.T) {
	for _, p := range parse(t).Parameters {
		if !strings.HasSuffix(p.Description, ".") || len(p.Description) < 20 {
			t.Errorf("parameter %s is described as %q", p.Name, p.Description)
		}
	}
}

// TestNoSecretIsInTheEnvironment: whoever may look at a function's configuration reads its variables. Hashes of keys, which are long and random, tell nothing.
func TestNoSecretIsInTheEnvironment(t *testing.T) {
	for _, f := range parse(t).Functions {
		for name := range f.Environment {
			if strings.Contains(name, "PASSWORD") || strings.Contains(name, "SECRET") && name != "SECRETS_PATH" || strings.HasSuffix(name, "_KEY") && name != "DEFAULT_WRITE_KEY" {
				t.Errorf("%s has %s", f.LogicalID, name)
			}
		}
	}
}

// TestRolesMayReadTheirSecrets: a name more than a role may read is a refusal of all of them, so that an e-mail would wait for another channel's credential; a name less
// is a right that nobody uses.
func TestRolesMayReadTheirSecrets(t *testing.T) {
	parsed := parse(t)
	signs := secret.All(secret.Root, secret.UserHash)
	want := map[string][]string{"ingest": signs, "member": slices.Concat(signs, secret.All(secret.Session)), "console": secret.All(secret.Session), "redrive": secret.All(secret.Session), "reporting": secret.All(secret.Session), "pages": secret.All(secret.Session, secret.Client), "dispatch": secret.All(dispatch.SecretNames()...)}
	for _, f := range parsed.Functions {
		var may []string
		for _, r := range parsed.Roles {
			for _, s := range r.Statements {
				if r.ARN == f.RoleARN && slices.Equal(s.Actions, []string{"ssm:GetParameters"}) {
					may = append(may, s.Resources...)
				}
			}
		}
		var needs []string
		for _, name := range want[f.Folder] {
			needs = append(needs, "arn:aws:ssm:us-east-1:000000000000:parameter/userops/"+name)
		}
		slices.Sort(may)
		slices.Sort(needs)
		if !slices.Equal(may, needs) {
			t.Errorf("%s may read %q, and asks for %q", f.LogicalID, may, needs)
		}
	}
}
