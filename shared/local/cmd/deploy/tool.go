package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// tools runs sam, aws and make.
type tools struct {
	environment     []string
	out, complaints io.Writer
	start           func(*exec.Cmd) error
}

// patience bounds a question to aws or sam; a deployment has no bound.
const patience = time.Minute

// run runs a program whose words go to whoever deploys.
func (t tools) run(ctx context.Context, name string, arguments ...string) error {
	c := exec.CommandContext(ctx, name, arguments...)
	c.Env, c.Stdout, c.Stderr = t.environment, t.out, t.complaints
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // sam tells then that the change goes on without it
	c.WaitDelay = 10 * time.Second
	return t.start(c)
}

// ask runs a program for its answer. Its error is the last line that the program complained with.
func (t tools) ask(ctx context.Context, in []byte, name string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, arguments...)
	var out, complaint bytes.Buffer
	c.Env, c.Stdin, c.Stdout, c.Stderr = t.environment, bytes.NewReader(in), &out, &complaint
	c.WaitDelay = time.Second
	if err := t.start(c); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no answer within %v", patience)
		}
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
			return nil, errors.New(last)
		}
		return nil, err
	}
	return out.Bytes(), nil
}

// The versions from which on the tools do what is asked of them here.
var (
	leastSAM = []int{1, 103, 0} // provided.al2023
	leastAWS = []int{1, 32, 0}  // 1.32 and 2.15 came out together; every 2 is newer
)

var versionNumber = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+`)

// tool says what is wrong with a program, "" for nothing.
func (t tools) tool(ctx context.Context, name string, least []int, where string) string {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Sprintf("%s is not found on the PATH: install it, %s", name, where)
	}
	out, err := t.ask(ctx, nil, name, "--version")
	version := versionNumber.FindString(string(out))
	switch {
	case err != nil:
		return fmt.Sprintf("%s --version fails: %v", name, err)
	case version == "":
		return fmt.Sprintf("%s --version says no version", name)
	case older(version, least):
		return fmt.Sprintf("%s is of version %s, and %d.%d.%d or later is needed: %s", name, version, least[0], least[1], least[2], where)
	}
	return ""
}

func older(version string, least []int) bool {
	for i, part := range strings.SplitN(version, ".", 3) {
		if n, _ := strconv.Atoi(part); n != least[i] {
			return n < least[i]
		}
	}
	return false
}
