package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// report tells what there is now.
func (d *deployment) report(ctx context.Context) error {
	var described struct{ Stacks []stack }
	if err := d.aws(ctx, &described, "cloudformation", "describe-stacks", "--stack-name", d.stack); err != nil || len(described.Stacks) != 1 {
		return fmt.Errorf("the stack is deployed, and cannot be looked at: %w", err)
	}
	outputs, parameters := map[string]string{}, map[string]string{}
	for _, o := range described.Stacks[0].Outputs {
		outputs[o.OutputKey] = o.OutputValue
	}
	for _, p := range described.Stacks[0].Parameters {
		parameters[p.ParameterKey] = p.ParameterValue
	}
	var text strings.Builder
	say := func(format string, a ...any) { _, _ = fmt.Fprintf(&text, format+"\n", a...) }
	say("\nAddresses")
	say("  API            %s", outputs["ApiUrl"])
	say("  console        %s", outputs["ConsoleUrl"])
	if at := outputs["OperatorApiUrl"]; at != "" {
		say("  operators      %s (with a token of %s)", at, parameters["Issuer"])
	}
	if commit := outputs[commitOf]; commit != "" {
		say("  commit         %s", commit)
	}
	say("\nKeys")
	places := map[string]string{}
	for _, holder := range []string{server, operator} {
		kept, at, err := d.keptAt(ctx, holder, parameters)
		if err != nil {
			return err
		}
		if kept != "" && at == 0 {
			places[holder] = kept
		}
		say("  %-14s %s", holder+" key", d.whereIs(holder, places[holder], parameters)+d.besides(kept, at))
	}
	say("  %-14s %s", "write key", orNone(parameters["DefaultWriteKey"], "none: define a source, docs/operators.md"))
	if user := d.secretName(userSecret); d.there[user] {
		say("  %-14s %s", "userHash", "the shop's back end signs userIds with the SecureString "+user)
	} else if d.secretName(rootSecret) != "" {
		say("  %-14s %s", "userHash", "the shop's back end signs userIds with a key derived of "+d.secretName(rootSecret)+" (docs/SECURITY.md, secrets)")
	}
	if hook := d.secretName(webhookSecret); d.made[hook] {
		say("  %-14s %s", "webhook", "what goes to WebhookUrl is signed with the SecureString "+hook)
	}
	text.WriteString(d.lines(outputs["ApiUrl"], parameters["DefaultWriteKey"], places))
	if parameters["AlarmTopic"] == "" {
		say("\nAlarms are shown in CloudWatch and go to nobody until AlarmTopic names a topic. docs/deploy.md has that, an alarm of costs, and a domain of your own.")
	}
	_, err := io.WriteString(d.out, text.String())
	return err
}

// keptAt is the full name under which a key is kept, and which of those in force it is: 0 the newest, 1 the one before, -1 none. The name is "" where no key is
// kept or that is not known here.
func (d *deployment) keptAt(ctx context.Context, holder string, parameters map[string]string) (string, int, error) {
	kept, hashes := d.keptKey(holder), strings.ToLower(parameters[hashIn[holder]])
	if kept == "" || !d.there[kept] || masked(hashes) {
		return "", 0, nil
	}
	key, err := d.value(ctx, kept)
	if err != nil {
		return "", 0, err
	}
	return kept, slices.Index(strings.Split(hashes, ","), hash(key)), nil
}

// besides says of a kept key that it is not the newest.
func (d *deployment) besides(kept string, at int) string {
	switch {
	case kept == "" || at == 0:
		return ""
	case at > 0:
		return "; that one is the SecureString " + kept
	}
	return fmt.Sprintf("; the SecureString %s is a key that opens nothing any more, delete it: aws ssm delete-parameter --region %s --name %s", kept, d.region, kept)
}

func (d *deployment) whereIs(holder, place string, parameters map[string]string) string {
	hashes := parameters[hashIn[holder]]
	var where string
	switch {
	case place != "" && d.made[place]:
		where = "drawn now, the SecureString " + place
	case place != "":
		where = "the SecureString " + place
	case hashes != "":
		where = "the one that was given; it is kept nowhere here"
	case holder == operator && (parameters["OperatorKeys"] != "" || parameters["Issuer"] != ""):
		return "none without a name; operators have keys or tokens of their own"
	default:
		return "none"
	}
	if strings.Contains(hashes, ",") {
		where += "; the one before is valid until RETIRE=" + holder
	}
	return where
}

// lines are calls that work as they stand.
func (d *deployment) lines(api, writeKey string, places map[string]string) string {
	var text strings.Builder
	text.WriteString("\nTry it\n  API=" + api + "\n")
	for _, holder := range []string{server, operator} {
		variable := strings.ToUpper(holder) + "_KEY"
		if places[holder] == "" {
			_, _ = fmt.Fprintf(&text, "  # %s is the key that you have\n", variable)
			continue
		}
		_, _ = fmt.Fprintf(&text, "  %s=$(aws ssm get-parameter --region %s --name %s --with-decryption --query Parameter.Value --output text)\n", variable, d.region, places[holder])
	}
	user := "-u " + writeKey + ":"
	if writeKey == "" {
		user = `-u "$SERVER_KEY:"`
	}
	text.WriteString("  curl " + user + ` "$API/v1/track" -d '{"anonymousId":"first-hour","event":"Product Viewed","properties":{"product_id":"tea-1","name":"Spring tea"}}'` + "\n")
	text.WriteString(`  curl -u "$SERVER_KEY:" "$API/v1/profiles/anonymous:first-hour"` + "\n")
	text.WriteString(`  curl -u "$OPERATOR_KEY:" "$API/v1/queues"` + "\n")
	return text.String()
}

func orNone(value, none string) string {
	if value == "" {
		return none
	}
	return value
}
