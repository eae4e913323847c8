package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// baseTree checks a commit out below work and puts the simulation and the stand-ins of this tree into it, which know nothing of the
// product: the same seeds on other functions.
func baseTree(root, work, commit string) (string, error) {
	tree := filepath.Join(work, "base")
	if err := export(root, commit, tree); err != nil {
		return "", err
	}
	for _, folder := range []string{"functions/simulation", "shared/standin"} {
		if err := os.RemoveAll(filepath.Join(tree, folder)); err != nil {
			return "", err
		}
		if err := os.CopyFS(filepath.Join(tree, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			return "", err
		}
	}
	// The stand-ins become packages of the commit's own module, which may be older than their own is.
	if err := os.Remove(filepath.Join(tree, "shared", "standin", "go.mod")); err != nil {
		return "", err
	}
	if !exists(filepath.Join(tree, "functions", "redrive")) {
		if err := os.Remove(filepath.Join(tree, "functions", "simulation", "adapter_redrive_test.go")); err != nil {
			return "", err
		}
	}
	return tree, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
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

const (
	module   = "github.com/userops/userops"
	formerly = "github.com/userops/previous"
)

// previousTree exports a commit under a module path of its own, so that its functions are linked into the simulation beside these, and
// answers what go test needs for that: a go.mod that is not the project's, and an adapter that is in the overlay only.
func previousTree(root, work, commit, overlay string) ([]string, error) {
	tree := filepath.Join(work, "previous")
	if err := export(root, commit, tree); err != nil {
		return nil, err
	}
	rename := exec.Command("sh", "-c", fmt.Sprintf("grep -rlF %s --include=*.go --include=go.mod . | xargs sed -i 's#%s#%s#g'", module, module, formerly))
	rename.Dir, rename.Stderr = tree, os.Stderr
	if err := rename.Run(); err != nil {
		return nil, fmt.Errorf("renaming the module of %s: %w", commit, err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		if name == "go.mod" {
			text = fmt.Appendf(text, "\nrequire %s v0.0.0\n\nreplace %s => %s\n", formerly, formerly, tree)
			if standin := filepath.Join(tree, "shared", "standin"); exists(filepath.Join(standin, "go.mod")) {
				text = fmt.Appendf(text, "\nreplace %s/shared/standin => %s\n", formerly, standin)
			}
		}
		if err := os.WriteFile(filepath.Join(work, "previous"+filepath.Ext(name)), text, 0o644); err != nil {
			return nil, err
		}
	}
	adapter, err := os.ReadFile(filepath.Join(root, "functions", "simulation", "adapter_test.go"))
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer(module, formerly, "type sender ", "type previousSender ", "(s sender)", "(s previousSender)", "sender{", "previousSender{",
		"constructors", "previousConstructors", "makeProgram", "makePrevious").Replace(string(adapter)) + "\nconst havePrevious = true\n"
	copied := filepath.Join(work, "previous_test.go.txt")
	if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
		return nil, err
	}
	if err := addTo(overlay, filepath.Join(root, "functions", "simulation", "previous_test.go"), copied); err != nil {
		return nil, err
	}
	return []string{"-tags", "previous", "-modfile", filepath.Join(work, "previous.mod")}, nil
}

// addTo adds a file to an overlay.
func addTo(overlay, path, copied string) error {
	var known struct{ Replace map[string]string }
	body, err := os.ReadFile(overlay)
	if err == nil {
		err = json.Unmarshal(body, &known)
	}
	if err == nil {
		known.Replace[path] = copied
		body, err = json.Marshal(known)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(overlay, body, 0o644)
}
