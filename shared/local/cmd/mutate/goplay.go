package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// realGo is the variable that holds the path of the go command while this program stands in for it.
const realGo = "MUTATE_GO"

// notViable is the code of a test's end that gremlins takes for a change that does not compile.
const notViable = 2

// standIn makes a folder whose go is this program.
func standIn(folder string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(folder, "go"))
}

// environment puts the stand-in before the real go.
func environment(folder string) ([]string, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	return append(os.Environ(), realGo+"="+path, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH")), nil
}

// playGo runs the real go and answers its code.
func playGo(arguments []string) int {
	var seen bytes.Buffer
	cmd := exec.Command(os.Getenv(realGo), testArguments(arguments)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &seen, &seen
	err := cmd.Run()
	_, _ = os.Stdout.Write(seen.Bytes())
	var ended *exec.ExitError
	switch {
	case err == nil:
		if err := coverFiles(arguments); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	case !errors.As(err, &ended):
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code(ended.ExitCode(), seen.String())
}

// testArguments make a test's run count: one from the cache takes no time, and gremlins measures its patience by the first one. Vet has no
// say about a change.
func testArguments(arguments []string) []string {
	if len(arguments) == 0 || arguments[0] != "test" {
		return arguments
	}
	return slices.Insert(slices.Clone(arguments), 1, "-count=1", "-vet=off")
}

// coverFiles makes the profile of a test with coverage say that all of a file is covered if any of it is. The blocks of a profile leave out
// the conditions of a switch's cases, and gremlins tries nothing outside a covered block.
func coverFiles(arguments []string) error {
	at := slices.Index(arguments, "-coverprofile") + 1
	if at == 0 || at == len(arguments) {
		return nil
	}
	text, err := os.ReadFile(arguments[at])
	if err != nil {
		return err
	}
	return os.WriteFile(arguments[at], wholeFiles(text), 0o644)
}

func wholeFiles(profile []byte) []byte {
	var out bytes.Buffer
	done := map[string]bool{}
	for line := range strings.Lines(string(profile)) {
		file, _, block := strings.Cut(line, ".go:")
		switch {
		case !block:
			out.WriteString(line) // mode
		case !done[file] && !strings.HasSuffix(line, " 0\n"):
			done[file] = true
			fmt.Fprintf(&out, "%s.go:1.1,1000000.1 1 1\n", file)
		}
	}
	return out.Bytes()
}

func code(code int, output string) int {
	if code == 1 && (strings.Contains(output, "[build failed]") || strings.Contains(output, "[setup failed]")) {
		return notViable
	}
	return code
}
