package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test program plays the command itself, so that signals, exit codes and the standard error are those of a process.
func TestMain(m *testing.M) {
	if os.Getenv("PLAY_COMMAND") == "" {
		os.Exit(m.Run())
	}
	main()
}

const queues = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Work: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}}}
  Dead: {Type: AWS::SQS::Queue}
`

// prepare makes the program with a template of two queues, free ports and a data folder of its own.
func prepare(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "template.yaml"), []byte(queues), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "PLAY_COMMAND=1", "DATA=data", "GATEWAY_ADDR=127.0.0.1:0", "DYNAMODB_ADDR=127.0.0.1:0", "SQS_ADDR=127.0.0.1:0", "SMTP_ADDR=127.0.0.1:0")
	return c
}

func TestRunAndStop(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			c := prepare(t, dir)
			var complaint bytes.Buffer
			c.Stderr = &complaint
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			guard := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
			defer guard.Stop()
			lines := bufio.NewScanner(out)
			shown := ""
			for lines.Scan() {
				shown += lines.Text() + "\n"
				if strings.HasPrefix(lines.Text(), "ready in") {
					break
				}
			}
			if !strings.Contains(shown, "2 queues") || !strings.Contains(shown, "write demo-write-key, server demo-server-key, operator demo-operator-key") {
				t.Errorf("it shows\n%s%s", shown, complaint.String())
			}
			// A running stack is found by its folder.
			if text, err := prepare(t, dir, "redrive", "Work").CombinedOutput(); err != nil || string(text) != "0 dead letters of Work are on their way again\n" {
				t.Errorf("redrive: %v %s", err, text)
			}
			if text, err := prepare(t, dir, "env").CombinedOutput(); err != nil || string(text) != "{}\n" {
				t.Errorf("env of a stack without functions: %v %s", err, text)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Wait(); err != nil || !strings.Contains(string(rest), "everything is on disk") || complaint.Len() > 0 {
				t.Errorf("it ends with %v\n%s%s", err, rest, complaint.String())
			}
		})
	}
}

func TestFaultsAreOneLine(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no such command", []string{"dance"}, "no command dance; there are run, invoke, redrive, show and env"},
		{"no such flag", []string{"run", "-fast"}, "userops-local -h lists the flags"},
		{"argument too many", []string{"run", "now"}, `run takes no argument, and got "now"`},
		{"flags before the command", []string{"-template", "nowhere.yaml", "run"}, "nowhere.yaml: the template cannot be read"},
		{"flags around the arguments", []string{"-concurrency", "2", "redrive", "Work", "-template=x"}, "no stack runs on the data folder data"},
		{"flag without value at the end", []string{"run", "-template"}, "flag needs an argument: -template"},
		{"no concurrency", []string{"-concurrency", "0"}, "-concurrency is 0; give a whole number from 1 on"},
		{"concurrency below zero", []string{"run", "-concurrency=-1"}, "-concurrency is -1; give"},
		{"behind two dashes", []string{"invoke", "--", "-x", "-y"}, "the event -y cannot be read: no such file or directory"},
		{"bad parameter", []string{"run", "--param", "Stage"}, `"Stage" is not Name=Value`},
		{"unknown parameter", []string{"run", "--param", "Stage=prod"}, "no parameter Stage is declared; check the name after -param"},
		{"no template", []string{"run", "-template", "nowhere.yaml"}, "nowhere.yaml: the template cannot be read"},
		{"invoke without event", []string{"invoke", "ingest"}, "make invoke FUNCTION=ingest EVENT="},
		{"invoke without file", []string{"invoke", "ingest", "nowhere.json"}, "the event nowhere.json cannot be read: no such file or directory"},
		{"invoke nobody", []string{"invoke", "ingest", "template.yaml"}, "has no function ingest"},
		{"redrive without queue", []string{"redrive"}, "make redrive QUEUE="},
		{"env without stack", []string{"env"}, "no stack runs on the data folder data; start one with `make run`"},
		{"env with an argument", []string{"env", "x"}, `env takes no argument, and got "x"`},
		{"show without anything", []string{"show"}, "show wants what and whose: make show ID=u-1001"},
		{"show without tables", []string{"show", "profile", "x"}, "there are no tables in the data folder data; say which one by DATA=, or an endpoint by AWS_ENDPOINT_URL_DYNAMODB="},
		{"show a day of an order", []string{"show", "order", "x", "2026-11-29"}, "show wants what and whose"},
		{"redrive without stack", []string{"redrive", "Work"}, "no stack runs on the data folder data; start one with `make run`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := prepare(t, t.TempDir(), c.args...)
			var complaint bytes.Buffer
			command.Stderr = &complaint
			err := command.Run()
			if command.ProcessState.ExitCode() != 1 {
				t.Errorf("exit %v, want 1", err)
			}
			if text := complaint.String(); !strings.Contains(text, c.want) || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "userops-local: ") {
				t.Errorf("it says\n%s, want one line with %q", text, c.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"run", "-h"}, {"--help"}} {
		text, err := prepare(t, t.TempDir(), args...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v", args, err)
		}
		for _, want := range []string{"GATEWAY_ADDR ", "DYNAMODB_ADDR ", "SQS_ADDR ", "SMTP_ADDR ", "LAMBDA_ADDR ", "DATA ", "-param", "-template", "redrive QUEUE", "show timeline"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%v shows no %s:\n%s", args, want, text)
			}
		}
	}
}
