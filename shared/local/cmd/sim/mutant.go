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
	// By names who notices where the simulation does not: a package and a pattern of tests.
	By struct {
		Package string `json:"package"`
		Run     string `json:"run"`
	} `json:"by"`
}

func (m mutant) change() change { return change{m.File, m.Old, m.New} }

// mutants reads all tables.
func mutants(root string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(root, mutantFolder, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all []mutant
	for _, file := range files {
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
		all = append(all, rows...)
	}
	return all, nil
}
