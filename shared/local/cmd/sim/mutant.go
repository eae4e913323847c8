package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// mutantFolder holds the tables of planted faults, a file for each part of the product.
const mutantFolder = "functions/simulation/testdata/mutants"

// mutant is one planted fault: a text of the product that is another one, and what is to notice.
type mutant struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Old    string `json:"old"` // there exactly once
	New    string `json:"new"`
	Plants string `json:"plants"` // what goes wrong then
	// Promise is the fault of the past that it stands for: its section, and the words that its line begins with. Empty for a fault that a mend could have had.
	Promise string `json:"promise,omitempty"`
	// Seeds are known to notice: they are tried first. Whoever changes what a seed plays looks for others: make mutants SEEDS=n RECORD=1.
	Seeds []uint64 `json:"seeds,omitempty"`
	// By names who notices where the simulation does not: a package and a pattern of tests.
	By struct {
		Package string `json:"package"`
		Run     string `json:"run"`
	} `json:"by"`
}

func (m mutant) change() change { return change{m.File, m.Old, m.New} }

// mutants reads all tables.
func mutants(root string) ([]mutant, error) {
	files, err := tables(root)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		rows, err := table(file)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func tables(root string) ([]string, error) {
	return filepath.Glob(filepath.Join(root, mutantFolder, "*.json")) // in the order of their names
}

func table(file string) ([]mutant, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []mutant
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rows, nil
}

// record writes the seeds that notice a mutant into its row. No seeds takes those away that did.
func record(root, name string, seeds []uint64) error {
	files, err := tables(root)
	if err != nil {
		return err
	}
	for _, file := range files {
		rows, err := table(file)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(m mutant) bool { return m.Name == name })
		if i < 0 || slices.Equal(rows[i].Seeds, seeds) {
			continue
		}
		rows[i].Seeds = seeds
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(rows); err != nil {
			return err
		}
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
