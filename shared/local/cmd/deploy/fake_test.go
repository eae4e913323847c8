package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/standin/sam"
)

// TestMain plays sam, aws and make where the program is called by one of these names, and the program itself as deploy.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); name {
	case "sam", "aws", "make", "git":
		os.Exit(play(filepath.Join(os.Getenv("PLAYED"), "cloud.json"), exec.Cmd{Args: append([]string{name}, os.Args[1:]...), Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
	case "deploy":
		main()
	}
	os.Exit(m.Run())
}

// cloud is what the played tools know: an account with a stack and secrets, and what they were asked.
type cloud struct {
	Versions   map[string]string // of sam and aws
	Arn        string            // "" where nobody is signed in
	Configured string            // the region of aws configure
	Status     string            // of the stack; "" where there is none
	Parameters map[string]string // of the stack
	Masked     []string          // parameters that CloudFormation shows as asterisks
	Secrets    map[string]string
	Fails      string // what fails: "build", "deploy", "put" (and behind it the end of a name), "delete"; "blind" finds no secret
	Commit     string // "" where the folder is none of git's
	Changed    string // files that were changed since
	Calls      []call
}

type call struct {
	Tool      string
	Arguments []string
	Input     string
	Visible   []string // variables of the environment
}

const region, account = "ap-northeast-1", "123456789012"

func load(path string) (c cloud, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c, err
}

func (c cloud) save(path string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// play does what a tool would, and answers its exit status. What the played cloud is like stands in a file.
func play(state string, asked exec.Cmd) int {
	c, err := load(state)
	if err != nil {
		panic(err)
	}
	tool, arguments, in := asked.Args[0], asked.Args[1:], ""
	if slices.Contains(arguments, "file:///dev/stdin") {
		text, _ := io.ReadAll(asked.Stdin)
		in = string(text)
	}
	c.Calls = append(c.Calls, call{tool, arguments, in, asked.Env})
	var out, complaint string
	switch tool {
	case "make":
		if c.Fails == "build" {
			complaint = "compile error"
		}
	case "git":
		switch {
		case c.Commit == "":
			complaint = "fatal: not a git repository (or any of the parent directories): .git"
		case arguments[0] == "rev-parse":
			out = c.Commit + "\n"
		default:
			out = c.Changed
		}
	case "sam":
		out, complaint = c.sam(arguments)
	case "aws":
		out, complaint = c.aws(arguments, in)
	}
	if err := c.save(state); err != nil {
		panic(err)
	}
	_, _ = fmt.Fprint(asked.Stdout, out)
	if complaint != "" {
		_, _ = fmt.Fprintln(asked.Stderr, "\n"+complaint)
		return 254
	}
	return 0
}

// after is what stands behind an option.
func after(arguments []string, option string) string {
	if i := slices.Index(arguments, option); i >= 0 && i+1 < len(arguments) {
		return arguments[i+1]
	}
	return ""
}

func (c *cloud) aws(arguments []string, in string) (out, complaint string) {
	answer := func(v any) string { text, _ := json.Marshal(v); return string(text) }
	switch strings.Join(arguments[:min(2, len(arguments))], " ") {
	case "--version":
		return c.Versions["aws"], ""
	case "configure get":
		if c.Configured == "" {
			return "", "not set"
		}
		return c.Configured + "\n", ""
	case "sts get-caller-identity":
		if c.Arn == "" {
			return "", "Unable to locate credentials. You can configure credentials by running \"aws configure\"."
		}
		return answer(map[string]string{"Account": account, "Arn": c.Arn}), ""
	case "cloudformation describe-stacks":
		if c.Status == "" {
			return "", "An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id " + after(arguments, "--stack-name") + " does not exist"
		}
		type pair struct{ ParameterKey, ParameterValue string }
		parameters := []pair{}
		for name, value := range c.Parameters {
			if slices.Contains(c.Masked, name) {
				value = "****"
			}
			parameters = append(parameters, pair{name, value})
		}
		return answer(map[string]any{"Stacks": []any{map[string]any{"StackStatus": c.Status, "Parameters": parameters,
			"Outputs": []any{map[string]string{"OutputKey": "ApiUrl", "OutputValue": "https://api.example"}, map[string]string{"OutputKey": "Commit", "OutputValue": c.Parameters["Commit"]}}}}}), ""
	case "ssm delete-parameter":
		if c.Fails == "delete" {
			return "", "An error occurred (AccessDeniedException) when calling the DeleteParameter operation: no right"
		}
		delete(c.Secrets, after(arguments, "--name"))
		return "", ""
	case "ssm get-parameters":
		names := []string{}
		for _, name := range arguments {
			if _, there := c.Secrets[name]; there && c.Fails != "blind" {
				names = append(names, name)
			}
		}
		return answer(names), ""
	case "ssm get-parameter":
		value, there := c.Secrets[after(arguments, "--name")]
		if !there {
			return "", "An error occurred (ParameterNotFound) when calling the GetParameter operation:"
		}
		return answer(value), ""
	case "ssm put-parameter":
		name := after(arguments, "--name")
		if in == "" || after(arguments, "--type") != "SecureString" || strings.HasPrefix(c.Fails, "put") && strings.HasSuffix(name, strings.TrimPrefix(c.Fails, "put")) {
			return "", "An error occurred (AccessDeniedException) when calling the PutParameter operation: no right"
		}
		if _, there := c.Secrets[name]; there && !slices.Contains(arguments, "--overwrite") {
			return "", "An error occurred (ParameterAlreadyExists) when calling the PutParameter operation: it exists"
		}
		c.Secrets[name] = in
		return `{"Version": 1, "Tier": "Standard"}`, ""
	}
	return "", "aws: error: argument command: Invalid choice " + strings.Join(arguments, " ")
}

// overridden is how sam reads an override (samcli/cli/types.py): the value in quotation marks, in which a backslash stands before one.
var overridden = regexp.MustCompile(`^([A-Za-z0-9]+)=("(?:\\.|[^"\\]+)*"|(?:\\.|[^ "\\]+)+)$`)

func (c *cloud) sam(arguments []string) (out, complaint string) {
	if arguments[0] == "--version" {
		return c.Versions["sam"], ""
	}
	file, err := os.ReadFile(after(arguments, "--config-file"))
	if err != nil || strings.TrimSpace(string(file)) != "version = 0.1" {
		return "", fmt.Sprintf("Error: the settings are %q: %v", file, err)
	}
	if c.Fails == "deploy" {
		return "", "Error: Failed to create/update the stack: shop"
	}
	values := map[string]string{}
	// What is not overridden keeps its value (UsePreviousValue); a stack that is new takes the defaults.
	for name, value := range c.Parameters {
		values[name] = value
	}
	if i := slices.Index(arguments, "--parameter-overrides"); i >= 0 {
		for _, a := range arguments[i+1:] {
			m := overridden.FindStringSubmatch(a)
			if m == nil {
				return "", "Error: " + a + " is not in valid format."
			}
			value := m[2]
			if strings.HasPrefix(value, `"`) {
				value = value[1 : len(value)-1]
			}
			values[m[1]] = strings.NewReplacer(`\ `, " ", `\"`, `"`, `\'`, "'").Replace(value)
		}
	}
	text, err := os.ReadFile(after(arguments, "--template-file"))
	if err != nil {
		return "", err.Error()
	}
	parameters, refused, err := sam.Check("template.yaml", text, sam.Environment{Parameters: values})
	if err != nil || len(refused) > 0 {
		return "", fmt.Sprintf("Error: Failed to create changeset: %v %v", refused, err)
	}
	c.Parameters, c.Masked, c.Status = map[string]string{}, nil, "CREATE_COMPLETE"
	for _, p := range parameters {
		c.Parameters[p.Name] = p.Value
	}
	return "Successfully created/updated stack\n", ""
}

// bench is a folder with the template, the played tools on the PATH, and the account that they play.
type bench struct {
	*testing.T
	folder, tools string
}

func newBench(t *testing.T, change func(*cloud)) *bench {
	t.Helper()
	b := &bench{t, t.TempDir(), t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sam", "aws", "make", "git", "deploy"} {
		if err := os.Symlink(self, filepath.Join(b.tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("../../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b.write("template.yaml", string(text))
	// An earlier guided deployment has left it.
	b.write("samconfig.toml", "version = 0.1\n[default.deploy.parameters]\nparameter_overrides = \"ShopName=\\\"Old\\\"\"\n")
	c := cloud{Versions: map[string]string{"sam": "SAM CLI, version 1.160.1\n", "aws": "aws-cli/2.27.0 Python/3.13.2 Linux/6.1\n"}, Arn: "arn:aws:iam::" + account + ":user/ann",
		Configured: region, Secrets: map[string]string{}}
	if change != nil {
		change(&c)
	}
	b.set(c)
	return b
}

func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.folder, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) cloud() cloud {
	b.Helper()
	c, err := load(filepath.Join(b.tools, "cloud.json"))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (b *bench) set(c cloud) {
	b.Helper()
	if err := c.save(filepath.Join(b.tools, "cloud.json")); err != nil {
		b.Fatal(err)
	}
}

// environment is that of the program with variables as make hands them on: those of the command line also in MAKEFLAGS.
func (b *bench) environment(variables []string) []string {
	flags := " --"
	for _, v := range variables {
		flags += " " + strings.NewReplacer(`\`, `\\`, " ", `\ `, "$", "$$").Replace(v)
	}
	return append([]string{"PATH=" + b.tools, "PLAYED=" + b.tools, "MAKEFLAGS=" + flags, "Issuer=https://chance.example/"}, variables...)
}

// exited is the status with which a played tool ends.
type exited int

func (e exited) Error() string { return fmt.Sprint("exit status ", int(e)) }

// deploy runs the program, and plays the tools, in the process of the test: a process for each takes longer than all else.
func (b *bench) deploy(variables ...string) (out string, status int) {
	b.Helper()
	home, err := os.Getwd()
	if err != nil {
		b.Fatal(err)
	}
	if err := os.Chdir(b.folder); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := os.Chdir(home); err != nil {
			b.Fatal(err)
		}
	}()
	b.Setenv("PATH", b.tools)
	var said bytes.Buffer
	status = command(b.Context(), nil, b.environment(variables), &said, &said, func(c *exec.Cmd) error {
		if c.Err != nil {
			return c.Err
		}
		if status := play(filepath.Join(b.tools, "cloud.json"), *c); status != 0 {
			return exited(status)
		}
		return nil
	})
	return said.String(), status
}

// deployOutside runs the program and the tools as processes of their own.
func (b *bench) deployOutside(variables ...string) (out string, status int) {
	b.Helper()
	c := exec.Command(filepath.Join(b.tools, "deploy"))
	c.Dir, c.Env = b.folder, b.environment(variables)
	text, err := c.CombinedOutput()
	if c.ProcessState == nil {
		b.Fatal(err)
	}
	return string(text), c.ProcessState.ExitCode()
}
