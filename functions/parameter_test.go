package functions

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

// TestParametersAreChecked: what would only show when somebody calls is refused before anything is deployed.
func TestParametersAreChecked(t *testing.T) {
	for _, c := range []struct{ name, bad, good string }{
		{"OperatorKeyHash", "demo-operator-key", hashed("x")}, {"ServerKeyHash", hashed("x")[1:], ""}, {"DefaultWriteKey", "short", "demo-write-key"},
		{"Issuer", "login.example", "https://login.example/"}, {"ShopTimeZone", "Asia/Shanghai ", "America/Argentina/Buenos_Aires"}, {"ShopCurrency", "RMB1", "EUR"},
		{"PublicUrl", "https://shop.example/?a", "https://shop.example/events"}, {"SmtpAddress", "smtp.example", "smtp.example:587"}, {"WebhookUrl", "shop.example", "https://shop.example/x?y=1"},
		{"NightlySchedule", "03:00", "cron(0 3 * * ? *)"}, {"AlarmTopic", "alarms", "arn:aws-cn:sns:cn-north-1:123456789012:alarms"}, {"ThrottleRate", "0", "1"},
	} {
		for value, ok := range map[string]bool{c.bad: false, c.good: true} {
			_, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{Parameters: map[string]string{c.name: value}})
			if (err == nil) != ok {
				t.Errorf("%s=%q: %v", c.name, value, err)
			}
		}
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
