package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/userops/userops/shared/standin/sam"
)

const templateFile = "template.yaml"

// check looks at everything that can be wrong before anything is made, and says all of it.
func (d *deployment) check(ctx context.Context) []string {
	var faults []string
	add := func(more ...string) {
		for _, f := range more {
			if f != "" {
				faults = append(faults, f)
			}
		}
	}
	add(d.tool(ctx, "sam", leastSAM, "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html"))
	noAWS := d.tool(ctx, "aws", leastAWS, "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html")
	add(noAWS)
	d.changes = maps.Clone(d.wish.values)
	if noAWS == "" {
		add(d.reach(ctx)...)
	}
	add(d.checkParameters()...)
	if d.who.Account != "" {
		add(d.checkSecrets(ctx)...)
	}
	add(d.checkKeys()...)
	d.checkProtection()
	d.checkCommit(ctx)
	add(d.checkDoubles()...)
	return faults
}

// reach finds the region, the account and the stack.
func (d *deployment) reach(ctx context.Context) []string {
	if d.region = d.wish.region; d.region == "" {
		for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
			for _, entry := range d.environment {
				if value, is := strings.CutPrefix(entry, name+"="); is && d.region == "" {
					d.region = value
				}
			}
		}
	}
	if d.region == "" {
		out, _ := d.ask(ctx, nil, "aws", "configure", "get", "region") // it fails where none is set
		d.region = strings.TrimSpace(string(out))
	}
	var faults []string
	if !regionName.MatchString(d.region) {
		faults = append(faults, fmt.Sprintf("the region is %q: say REGION=ap-northeast-1, or aws configure set region ap-northeast-1", d.region))
		d.region = ""
	}
	var who identity
	if err := d.aws(ctx, &who, "sts", "get-caller-identity"); err != nil {
		return append(faults, fmt.Sprintf("AWS does not know who calls (%v): sign in with aws configure or aws sso login, and choose a profile with AWS_PROFILE", err))
	}
	inChina := strings.HasPrefix(who.Arn, "arn:aws-cn:")
	if d.region == "" {
		return faults
	}
	if inChina != strings.HasPrefix(d.region, "cn-") {
		return append(faults, fmt.Sprintf("the region %s is not one of the account %s: accounts of mainland China have cn-north-1 and cn-northwest-1, and all others have none of these", d.region, who.Account))
	}
	d.who = who
	var described struct{ Stacks []stack }
	err := d.aws(ctx, &described, "cloudformation", "describe-stacks", "--stack-name", d.stack)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not exist"):
	case err != nil:
		faults = append(faults, fmt.Sprintf("the stack %s cannot be looked at: %v", d.stack, err))
	case len(described.Stacks) == 1 && described.Stacks[0].StackStatus != "REVIEW_IN_PROGRESS": // which a first try leaves that ended early
		d.before = &described.Stacks[0]
		faults = append(faults, unready(d.stack, d.region, d.before.StackStatus)...)
	}
	return faults
}

// unready says why a stack takes no change now.
func unready(name, region, status string) []string {
	command := func(verb string) string {
		return fmt.Sprintf("aws cloudformation %s --region %s --stack-name %s", verb, region, name)
	}
	switch {
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return []string{fmt.Sprintf("the stack %s is being changed (%s): wait until that has ended", name, status)}
	case status == "ROLLBACK_COMPLETE" || status == "ROLLBACK_FAILED" || status == "CREATE_FAILED":
		return []string{fmt.Sprintf("the stack %s was never made whole (%s): %s says why; then take it away with %s, and the empty tables by hand, if any stay (docs/deploy.md, a first try that failed)",
			name, status, command("describe-stack-events"), command("delete-stack"))}
	case status == "DELETE_FAILED":
		return []string{fmt.Sprintf("the stack %s was to be deleted, and that failed (%s). Its tables stay and may hold all customers: delete none of them for this. %s says what could not be deleted; "+
			"mend that and end the deletion with %s. A stack that is made then begins with empty tables", name, status, command("describe-stack-events"), command("delete-stack"))}
	case status == "UPDATE_ROLLBACK_FAILED":
		return []string{fmt.Sprintf("the stack %s could not be put back (%s): %s", name, status, command("continue-update-rollback"))}
	}
	return nil
}

// checkParameters holds the values as they will be to the template: the stack's, and over them those that are named.
func (d *deployment) checkParameters() []string {
	text, err := os.ReadFile(templateFile)
	if err != nil {
		return []string{fmt.Sprintf("the template is not read (%v): run it in the folder that holds %s", err, templateFile)}
	}
	declared, _, err := sam.Check(templateFile, text, sam.Environment{})
	if err != nil {
		return []string{err.Error()}
	}
	values := map[string]string{}
	if d.before != nil {
		for _, p := range d.before.Parameters {
			// What the template no longer has goes with this deployment.
			if !masked(p.ParameterValue) && slices.ContainsFunc(declared, func(o sam.Parameter) bool { return o.Name == p.ParameterKey }) {
				values[p.ParameterKey] = p.ParameterValue
			}
		}
	}
	maps.Copy(values, d.wish.values)
	parameters, refused, err := sam.Check(templateFile, text, sam.Environment{Region: d.region, Parameters: values})
	if err != nil {
		return []string{err.Error()}
	}
	d.values = map[string]string{}
	for _, p := range parameters {
		d.values[p.Name] = p.Value
	}
	var faults []string
	for _, r := range refused {
		switch {
		case r.Parameter == "":
			faults = append(faults, r.What)
		case !slices.ContainsFunc(declared, func(p sam.Parameter) bool { return p.Name == r.Parameter }):
			faults = append(faults, d.unknown(r, declared))
		case strings.HasPrefix(r.What, "is "):
			faults = append(faults, fmt.Sprintf("%s is not as it has to be: it %s", r.Parameter, r.What))
		default:
			faults = append(faults, r.What)
		}
	}
	return append(faults, d.checkShop(refused)...)
}

// checkSecrets looks which secrets there are, by their names alone.
func (d *deployment) checkSecrets(ctx context.Context) []string {
	d.there, d.made = map[string]bool{}, map[string]bool{}
	if d.values["SecretsPath"] == "" {
		return nil
	}
	names := []string{d.keptKey(server), d.keptKey(operator), d.nextKey(server), d.nextKey(operator)}
	for _, name := range []string{rootSecret, userSecret, sessionSecret, webhookSecret} {
		names = append(names, d.secretName(name))
	}
	for _, g := range givenByHand {
		names = append(names, d.secretName(g.secret))
	}
	const atOnce = 10 // names that the service takes in a call
	for some := range slices.Chunk(names, atOnce) {
		var found []string
		err := d.aws(ctx, &found, append([]string{"ssm", "get-parameters", "--query", "Parameters[].Name", "--names"}, some...)...)
		if err != nil {
			return []string{fmt.Sprintf("the Parameter Store cannot be asked: %v", err)}
		}
		for _, name := range found {
			d.there[name] = true
		}
	}
	var faults []string
	if before := d.present("SecretsPath"); before != "" && before != d.values["SecretsPath"] && !d.there[d.secretName(rootSecret)] {
		faults = append(faults, fmt.Sprintf("SecretsPath moves from %s to %s, where there is no secret: copy what there is first, else the links in mails that were sent end", before, d.values["SecretsPath"]))
	}
	for _, g := range givenByHand {
		if secret := d.secretName(g.secret); d.values[g.parameter] != "" && !d.there[secret] {
			faults = append(faults, fmt.Sprintf("%s is %s, and there is no %s: %s", g.parameter, d.values[g.parameter], g.noun, d.byHand(secret)))
		}
	}
	return faults
}

// overrides are the changes as sam reads them: Name="value", with a backslash before a quotation mark.
func (d *deployment) overrides() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(d.changes)) {
		out = append(out, fmt.Sprintf(`%s="%s"`, name, strings.ReplaceAll(d.changes[name], `"`, `\"`)))
	}
	return out
}
