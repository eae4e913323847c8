// Package functions holds the functions in folders; here are only the tests that look at all of them together.
package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/userops/userops/functions/archive"
	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/functions/dispatch"
	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/functions/orchestration"
	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/projection"
	"github.com/userops/userops/functions/redrive"
	"github.com/userops/userops/functions/reporting"
	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/functions/settlement"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/functiontest/client"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/settings"
	"github.com/userops/userops/shared/standin/policy"
	"github.com/userops/userops/shared/standin/sam"
)

// settingsOf are what each function reads from its environment.
var settingsOf = map[string]any{
	"archive": archive.Settings{}, "console": console.Settings{}, "dispatch": dispatch.Settings{}, "ingest": ingest.Settings{}, "member": member.Settings{},
	"orchestration": orchestration.Settings{}, "projection": projection.Settings{}, "pages": pages.Settings{}, "redrive": redrive.Settings{}, "reporting": reporting.Settings{}, "segmentation": segmentation.Settings{},
	"settlement": settlement.Settings{},
}

// everywhere are variables that every function has and no Settings names: the SDK, the logger and Go itself read them.
var everywhere = []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSM", "LOG_LEVEL", "GOGC", "GOMEMLIMIT"}

func parse(t *testing.T) *sam.Template {
	t.Helper()
	parsed, err := sam.Load(filepath.Join("..", "template.yaml"), sam.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestEveryFolderIsAFunctionAndTheReverse(t *testing.T) {
	var folders, functions []string
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "simulation" { // drives them all, and is made of tests only
			folders = append(folders, e.Name())
		}
	}
	for _, f := range parse(t).Functions {
		functions = append(functions, f.Folder)
		if f.Handler != "bootstrap" || f.Runtime != "provided.al2023" || f.Architecture != "arm64" {
			t.Errorf("%s: handler %s, runtime %s, architecture %s", f.LogicalID, f.Handler, f.Runtime, f.Architecture)
		}
		if _, err := os.Stat(filepath.Join(f.Folder, "bootstrap", "main.go")); err != nil {
			t.Errorf("%s has no main: %v", f.LogicalID, err)
		}
		if f.LogicalID != strings.ToUpper(f.Folder[:1])+f.Folder[1:] {
			t.Errorf("folder %s is resource %s", f.Folder, f.LogicalID)
		}
	}
	slices.Sort(functions)
	if !slices.Equal(folders, functions) {
		t.Errorf("folders %v, functions in the template %v", folders, functions)
	}
}

func TestEverySettingIsSetAndTheReverse(t *testing.T) {
	for _, f := range parse(t).Functions {
		s, known := settingsOf[f.Folder]
		if !known {
			t.Errorf("the test does not know the settings of %s", f.Folder)
			continue
		}
		read := slices.Clone(everywhere)
		for _, name := range settings.Names(s) {
			read = append(read, name)
			if _, set := f.Environment[name]; !set {
				t.Errorf("%s reads %s, which the template does not set", f.Folder, name)
			}
		}
		for name := range f.Environment {
			if !slices.Contains(read, name) {
				t.Errorf("the template sets %s for %s, which does not read it", name, f.Folder)
			}
		}
	}
}

// wildcards are the resources with a wildcard that a role may have, each with the actions and the reason.
var wildcards = map[string]struct {
	actions []string
	why     string
}{
	"arn:aws:logs:us-east-1:000000000000:log-group:local-{function}Logs:*": {
		[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, "the streams of the function's own log group, which Lambda names when it starts an environment"},
	"arn:aws:s3:::local-archivebucket/files/*":   {[]string{"s3:GetObject"}, "the files that questions are asked of, which are named by what is in them"},
	"arn:aws:s3:::local-archivebucket/lists/*":   {[]string{"s3:GetObject"}, "the lists of who was merged and erased, which are named by what is in them"},
	"arn:aws:s3:::local-archivebucket/erased/*":  {[]string{"s3:GetObject"}, "who was erased and is in no list yet"},
	"arn:aws:s3:::local-archivebucket/answers/*": {[]string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, "answers, which are named by their questions, and claims of parts, which are struck off"},
	"arn:aws:s3:::local-archivebucket/columns/*": {[]string{"s3:GetObject", "s3:PutObject"}, "what runs collect of people, which is named by the run"},
	"arn:aws:s3:::local-archivebucket/matches/*": {[]string{"s3:GetObject", "s3:PutObject"}, "what runs ask the archive and are answered, which is named by the run"},
	"arn:aws:s3:::local-archivebucket/*":         {[]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, "the objects of the archive, which are named by what is in them"},
}

// TestRolesAreWrittenOut holds every function to a role of its own in the template, every schedule to a role that starts what has one, and all roles to rights
// that name actions and resources. SAM would else make roles with policies of AWS whose resources are *.
func TestRolesAreWrittenOut(t *testing.T) {
	parsed := parse(t)
	roles, taken := map[string]sam.Role{}, map[string]string{}
	for _, r := range parsed.Roles {
		roles[r.ARN] = r
	}
	scheduled := map[string]bool{}
	for _, f := range parsed.Functions {
		r := roles[f.RoleARN]
		if r.LogicalID != f.LogicalID+"Role" || !slices.Equal(r.Services, []string{"lambda.amazonaws.com"}) {
			t.Errorf("%s has the role %q, which %v take", f.LogicalID, r.LogicalID, r.Services)
		}
		taken[f.RoleARN] = f.LogicalID
		logs := "arn:aws:logs:us-east-1:000000000000:log-group:local-" + f.LogicalID + "Logs:*"
		if !slices.ContainsFunc(r.Statements, func(s policy.Statement) bool { return slices.Contains(s.Resources, logs) }) {
			t.Errorf("%s may not write its own log", f.LogicalID)
		}
		for _, x := range f.Schedules {
			if taken[x.RoleARN] = "schedules"; roles[x.RoleARN].LogicalID == "" {
				t.Errorf("the schedule %s has no role of the template", x.Name)
			}
			scheduled["arn:aws:lambda:us-east-1:000000000000:function:"+f.Name] = true
		}
	}
	for _, r := range parsed.Roles {
		by := taken[r.ARN]
		if by == "" {
			t.Errorf("nobody takes the role %s", r.LogicalID)
		}
		for _, s := range r.Statements {
			for _, action := range s.Actions {
				if s.Effect != policy.Allow || strings.ContainsAny(action, "*?") {
					t.Errorf("%s has %s %s", r.LogicalID, s.Effect, action)
				}
			}
			for _, resource := range s.Resources {
				listed := wildcards[strings.Replace(resource, "-"+by+"Logs", "-{function}Logs", 1)]
				if strings.ContainsAny(resource, "*?") && (listed.why == "" || !slices.Equal(s.Actions, listed.actions)) {
					t.Errorf("%s may %v on %s", r.LogicalID, s.Actions, resource)
				}
				if by == "schedules" && (!scheduled[resource] || !slices.Equal(s.Actions, []string{"lambda:InvokeFunction"})) {
					t.Errorf("%s may %v on %s, which has no schedule", r.LogicalID, s.Actions, resource)
				}
			}
		}
	}
	// As the text has it, with what the stack has no use of.
	for id, r := range resourcesOf[struct {
		Type       string         `yaml:"Type"`
		Condition  string         `yaml:"Condition"`
		Properties map[string]any `yaml:"Properties"`
	}](t) {
		switch {
		case r.Type == "AWS::IAM::Role" && (r.Condition != "" || r.Properties["ManagedPolicyArns"] != nil):
			t.Errorf("the role %s has policies that AWS keeps, or is there on a condition and was not looked at", id)
		case r.Type == "AWS::Serverless::Function" && r.Properties["Policies"] != nil, r.Type == "AWS::IAM::Policy", r.Type == "AWS::IAM::ManagedPolicy":
			t.Errorf("%s has rights that stand beside the roles", id)
		}
	}
}

func TestEveryTableIsDeclaredWithItsKeysAndTheReverse(t *testing.T) {
	declared := map[string]sam.Table{}
	for _, table := range parse(t).Tables {
		declared[table.LogicalID] = table
	}
	for _, table := range dynamo.Tables() {
		d, found := declared[table.Name]
		if !found {
			t.Errorf("table %s is not in the template", table.Name)
			continue
		}
		delete(declared, table.Name)
		if d.Key != (sam.Key{Partition: "pk", Sort: "sk"}) {
			t.Errorf("table %s has the key %+v", table.Name, d.Key)
		}
		if want := map[bool]string{true: "ttl"}[table.TTL]; d.TTLAttribute != want {
			t.Errorf("table %s expires by %q, want %q", table.Name, d.TTLAttribute, want)
		}
		if d.DeletionProtection != table.Kept || d.PointInTime != table.Kept {
			t.Errorf("table %s: deletion protection %v, point-in-time recovery %v, want %v", table.Name, d.DeletionProtection, d.PointInTime, table.Kept)
		}
	}
	for name := range declared {
		t.Errorf("table %s is in the template and not in the code", name)
	}
}

// What a stack takes along when it goes is no more than runs, which can be made again.
func TestTablesStayWhenTheStackGoes(t *testing.T) {
	resources := resourcesOf[struct {
		DeletionPolicy      string `yaml:"DeletionPolicy"`
		UpdateReplacePolicy string `yaml:"UpdateReplacePolicy"`
	}](t)
	for _, table := range dynamo.Tables() {
		// What a first deployment has made and could not end goes again; all that was ever live stays.
		want, replaced := "Delete", "Delete"
		if table.Kept {
			want, replaced = "RetainExceptOnCreate", "Retain"
		}
		if got := resources[table.Name]; got.DeletionPolicy != want || got.UpdateReplacePolicy != replaced {
			t.Errorf("table %s: %+v, want %s and %s", table.Name, got, want, replaced)
		}
	}
	if due := dynamo.Tables()[slices.IndexFunc(dynamo.Tables(), func(t dynamo.Table) bool { return t.Name == "Due" })]; !due.Kept {
		t.Error("Due holds waits, holds and who was taken, which nothing else knows; it is not kept")
	}
}

// handlers serve the routes.
func handlers() map[string]*httpapi.Router {
	routers := map[string]*httpapi.Router{}
	for folder, h := range map[string]http.Handler{
		"ingest": (&ingest.Process{}).Handler(), "member": (&member.Process{}).Handler(), "console": (&console.Process{}).Handler(), "pages": (&pages.Process{}).Handler(),
		"redrive": (&redrive.Process{}).Handler(), "reporting": (&reporting.Process{}).Handler(),
	} {
		routers[folder], _ = h.(*httpapi.Router)
	}
	return routers
}

func TestEveryRouteIsServedAndTheReverse(t *testing.T) {
	served := map[string][]string{}
	for folder, router := range handlers() {
		served[folder] = router.Patterns()
	}
	for _, f := range parse(t).Functions {
		var routes []string
		for _, r := range f.Routes {
			routes = append(routes, r.Key())
		}
		slices.Sort(routes)
		if once := len(slices.Compact(slices.Clone(routes))); once != len(routes) {
			t.Errorf("%s: a route stands twice in the template: %v", f.Folder, routes)
		}
		for _, route := range routes {
			if !slices.Contains(served[f.Folder], route) {
				t.Errorf("%s does not serve %s, which the template routes to it", f.Folder, route)
			}
		}
		for _, route := range served[f.Folder] {
			if !slices.Contains(routes, route) {
				t.Errorf("%s serves %s, which the template does not route; among its Events:%s", f.Folder, route, eventOf(route))
			}
		}
	}
}

// eventOf is how the template routes a call: GET /v1/segments/{id} is GetSegmentsId.
func eventOf(route string) string {
	method, path, _ := strings.Cut(route, " ")
	name := method[:1] + strings.ToLower(method[1:])
	for _, part := range strings.FieldsFunc(strings.TrimPrefix(path, "/v1"), func(r rune) bool { return strings.ContainsRune("/{}", r) }) {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return fmt.Sprintf("\n        %s:\n          Type: HttpApi\n          Properties: {ApiId: !Ref Api, Method: %s, Path: %q}", name, method, path)
}

// onceByItself says of the POSTs that do not honour an Idempotency-Key why they need none.
var onceByItself = func() map[string]string {
	why := map[string]string{
		"POST /v1/m":                          "it does nothing",
		"POST /console/{rest+}":               "each form carries a key of its own, with which the page calls the API",
		"POST /v1/hooks/shopify/{source}":     "the messageIds of its events are made of what the shop's system calls the order or the customer, and of the state",
		"POST /v1/hooks/woocommerce/{source}": "as shopify's",
		"POST /v1/unsubscribe/{token}":        "a mail program presses the button (RFC 8058) and sends no such header; who has withdrawn has withdrawn, however often",
		"POST /v1/confirm/{token}":            "the messageId of its event is made of the token",
	}
	for _, call := range []string{"v1/track", "v1/identify", "v1/page", "v1/screen", "v1/group", "v1/alias", "v1/batch", "v1/import", "v1/t", "v1/i", "v1/p", "v1/s", "v1/g", "v1/a", "v1/b",
		"beacon/v1/batch"} {
		why["POST /"+call] = "an event is known again by its messageId"
	}
	return why
}()

// TestEveryPostHappensOnce holds every POST of the template to the layer of httpapi, or to a reason.
func TestEveryPostHappensOnce(t *testing.T) {
	once, posts := map[string]bool{}, 0
	for _, router := range handlers() {
		for _, pattern := range router.Once() {
			once[pattern] = true
		}
	}
	unseen := maps.Clone(onceByItself)
	for _, f := range parse(t).Functions {
		for _, r := range f.Routes {
			if !strings.HasPrefix(r.Key(), "POST ") {
				continue
			}
			posts++
			if _, reasoned := onceByItself[r.Key()]; reasoned == once[r.Key()] {
				t.Errorf("%s honours an Idempotency-Key: %v; needs none for a reason: %v", r.Key(), once[r.Key()], reasoned)
			}
			delete(unseen, r.Key())
		}
	}
	if len(unseen) > 0 || posts < 20 {
		t.Errorf("of %d POSTs, none is %v", posts, unseen)
	}
}

func TestLint(t *testing.T) {
	path := client.Program(t, "cfn-lint")
	if out, err := exec.Command(path, filepath.Join("..", "template.yaml")).CombinedOutput(); err != nil {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
}

// TestAccessLogsNameNobody holds the access logs of every API to what says nothing of a person: no path, query, address, agent or claim.
func TestAccessLogsNameNobody(t *testing.T) {
	resources := resourcesOf[struct {
		Type       string `yaml:"Type"`
		Properties struct {
			AccessLogSettings struct {
				Format string `yaml:"Format"`
			} `yaml:"AccessLogSettings"`
		} `yaml:"Properties"`
	}](t)
	allowed := []string{"$context.requestTime", "$context.requestId", "$context.routeKey", "$context.status", "$context.responseLength", "$context.responseLatency",
		"$context.integrationLatency", "$context.integration.status", "$context.error.responseType"}
	apis := 0
	for name, r := range resources {
		if r.Type != "AWS::Serverless::HttpApi" && r.Type != "AWS::ApiGatewayV2::Stage" {
			continue
		}
		apis++
		var fields map[string]string
		if err := json.Unmarshal([]byte(r.Properties.AccessLogSettings.Format), &fields); err != nil || fields["route"] != "$context.routeKey" || fields["status"] != "$context.status" {
			t.Errorf("%s logs %q: %v", name, r.Properties.AccessLogSettings.Format, err)
		}
		for field, variable := range fields {
			if !slices.Contains(allowed, variable) {
				t.Errorf("%s logs %s as %s", name, variable, field)
			}
		}
	}
	if apis != 2 {
		t.Errorf("%d APIs, want 2", apis)
	}
}

// resourcesOf reads the template's resources as YAML has them, for what the stack has no use of.
func resourcesOf[R any](t *testing.T) map[string]R {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Resources map[string]R `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	return raw.Resources
}
