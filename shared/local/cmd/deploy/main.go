// Command deploy makes a stack in AWS from the template, or changes one, and asks nothing. It says everything that is wrong before it builds or makes
// anything; it draws the keys and secrets that are not there; and at the end it prints the addresses, where the keys are, and three calls that work.
//
// It is no deployment tool of its own: sam uploads and deploys, and aws asks and keeps. The surprising thing: a parameter that is not named keeps the value
// that the stack has, also where samconfig.toml of an earlier guided deployment says another; that file is not read.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

const usage = `usage: make deploy STACK=name [Name=value ...]
  STACK         the stack's name
  REGION        the region; without it, the one that the AWS CLI is set up for
  PARAMETERS    a file of parameters, a line Name=value each
  SERVER_KEY    the shop back end's key, OPERATOR_KEY an owner's, WRITE_KEY the first public one; what is not given is drawn when the stack is made
  ROTATE        server or operator: draws another key; the one before stays valid until RETIRE=server or operator
  CHECK=1       says what is wrong, and makes nothing
docs/deploy.md says more.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, (*exec.Cmd).Run))
}

// command is the whole program, with what runs the programs that it needs; it returns the exit status.
func command(ctx context.Context, arguments, environment []string, out, complaints io.Writer, start func(*exec.Cmd) error) int {
	w, faults := read(arguments, environment)
	if w.help {
		_, _ = fmt.Fprint(out, usage)
		return 0
	}
	d := &deployment{wish: w, tools: tools{environment: clean(environment, w), out: out, complaints: complaints, start: start}}
	faults = append(faults, d.check(ctx)...)
	if len(faults) > 0 {
		_, _ = fmt.Fprintf(complaints, "Nothing was made or changed. To mend first:\n  - %s\n", strings.Join(faults, "\n  - "))
		return 2
	}
	d.announce()
	if w.only {
		return 0
	}
	if err := d.carryOut(ctx); err != nil {
		if !errors.Is(err, context.Canceled) {
			_, _ = fmt.Fprintln(complaints, "deploy: "+err.Error())
		}
		return 1
	}
	return 0
}

// carryOut builds, makes what keys and secrets are missing, deploys, and tells what there is now. What is made before something fails is found and used by the
// next try.
func (d *deployment) carryOut(ctx context.Context) error {
	if err := d.run(ctx, "make", "--no-print-directory", "build", "ARCH="+d.processor()); err != nil {
		return fmt.Errorf("building: %w", err)
	}
	if err := d.makeSecrets(ctx); err != nil {
		return err
	}
	if err := d.makeKeys(ctx); err != nil {
		return err
	}
	if err := d.deploy(ctx); err != nil {
		return err
	}
	if d.unprotected() {
		d.changes = map[string]string{protectTables: "true"}
		if err := d.deploy(ctx); err != nil {
			return fmt.Errorf("the stack is made, and its tables are not protected from being deleted yet, which the next try does: %w", err)
		}
	}
	if err := d.settleKeys(ctx); err != nil {
		return err
	}
	return d.report(ctx)
}

// processor is GOARCH of the parameter Architecture.
func (d *deployment) processor() string {
	if d.values["Architecture"] == "x86_64" {
		return "amd64"
	}
	return "arm64"
}

// deploy has sam upload the programs and the template and change the stack. sam keeps the value of every parameter that it is not told.
func (d *deployment) deploy(ctx context.Context) error {
	// Without a file of its own sam would read a samconfig.toml, whose parameters may be those of long ago.
	file, err := os.CreateTemp("", "userops-samconfig-*.toml")
	if err != nil {
		return fmt.Errorf("writing sam's settings: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if _, err = file.WriteString("version = 0.1\n"); err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("writing sam's settings: %w", err)
	}
	arguments := []string{"deploy", "--template-file", templateFile, "--stack-name", d.wish.stack, "--region", d.region, "--config-file", file.Name(), "--resolve-s3",
		"--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"}
	if overrides := d.overrides(); len(overrides) > 0 {
		arguments = append(append(arguments, "--parameter-overrides"), overrides...)
	}
	if err := d.run(ctx, "sam", arguments...); err != nil {
		return fmt.Errorf("sam deploy: %w; what CloudFormation says is above, and a change that failed is rolled back by it. The keys and secrets that were made stay and are used by the next try", err)
	}
	return nil
}
