package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

type figure struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type figures map[string]figure

func (f figures) set(name, unit string, value float64) {
	f[name] = figure{value, unit}
	fmt.Fprintf(os.Stderr, "  %-55s %12.6g %s\n", name, value, unit)
}

func output(name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w\n%s", name, strings.Join(args, " "), err, text)
	}
	return string(text), nil
}

// programs are the names of the functions that were built for a folder of build.
func programs(folder string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no programs in %s; build them with `make build build-local` (%s/%s)", folder, runtime.GOOS, runtime.GOARCH)
	}
	for i, path := range paths {
		paths[i] = filepath.Base(filepath.Dir(path))
	}
	return paths, nil
}
