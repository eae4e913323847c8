package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// baseTree checks a commit out below work and puts the simulation and the stand-ins of this tree into it, which know nothing of the
// product: the same seeds on other functions.
func baseTree(root, work, commit string) (string, error) {
	tree := filepath.Join(work, "base")
	if err := export(root, commit, tree); err != nil {
		return "", err
	}
	for _, folder := range []string{"functions/simulation", "shared/local/dynamodb", "shared/local/sqs", "shared/local/template", "shared/local/schedule", "shared/local/pagefile", "shared/local/policy"} {
		if err := os.RemoveAll(filepath.Join(tree, folder)); err != nil {
			return "", err
		}
		if err := os.CopyFS(filepath.Join(tree, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(filepath.Join(tree, "functions", "redrive")); err != nil {
		if err := os.Remove(filepath.Join(tree, "functions", "simulation", "adapter_redrive_test.go")); err != nil {
			return "", err
		}
	}
	return tree, nil
}

// export writes the files of a commit into an empty folder.
func export(root, commit, folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	script := fmt.Sprintf("set -e; git cat-file -e %s^{commit}; git archive %s | tar -x -C %s", commit, commit, folder)
	c := exec.Command("sh", "-c", script)
	c.Dir, c.Stderr = root, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("commit %s is not in this copy's history (a shallow clone?): %w", commit, err)
	}
	return nil
}

// previousTree builds the functions of a commit into the simulation, under a module path of their own.
func previousTree(root, work, commit, overlay string) ([]string, error) {
	return nil, errors.New("not there yet")
}
