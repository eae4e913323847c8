package client

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// duckdb is the database that reads exports, with its program for this machine.
const duckdb = "@duckdb/node-api@1.5.6-r.1"

// duckdbScript runs the statements that it reads as a list, one after the other, and writes the rows of the last one as JSON.
const duckdbScript = `import { DuckDBInstance } from '@duckdb/node-api';
import { readFileSync } from 'node:fs';
const connection = await (await DuckDBInstance.create(':memory:')).connect();
let rows = [];
for (const statement of JSON.parse(readFileSync(0, 'utf8'))) rows = (await connection.runAndReadAll(statement)).getRowObjectsJson();
process.stdout.write(JSON.stringify(rows));
`

// DuckDB runs statements in a database in memory and reads the rows of the last one. The test is skipped where it cannot be installed.
func DuckDB(t *testing.T, rows any, statements ...string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(installed(t, []string{duckdb}), "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(folder, "query.mjs")
	if err := os.WriteFile(script, []byte(duckdbScript), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(statements)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var complaint bytes.Buffer
	run := exec.CommandContext(ctx, "node", script)
	run.Stdin, run.Stderr = bytes.NewReader(input), &complaint
	out, err := run.Output()
	if err != nil {
		t.Fatalf("DuckDB: %v\n%s\n%s", err, complaint.String(), strings.Join(statements, ";\n"))
	}
	if err := json.Unmarshal(out, rows); err != nil {
		t.Fatalf("DuckDB answers %.200s: %v", out, err)
	}
}
