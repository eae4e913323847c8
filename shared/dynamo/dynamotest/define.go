package dynamotest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/operator"
)

// By is the line of a change that a test makes as an owner.
func By(at time.Time) operator.Signed {
	return operator.Signed{Table: "Audit", Line: audit.Line{At: at, By: access.Caller{Name: "a test", Role: access.Owner}, From: "192.0.2.1"}}
}

// Define saves a definition over whatever there is.
func (db *DB) Define(t testing.TB, kind, id, body string, at time.Time) definition.Document {
	t.Helper()
	d, err := catalog.Catalog{DB: db, Table: "Catalog"}.Save(t.Context(), kind, id, json.RawMessage(body), nil, By(at))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Undefine deletes a definition.
func (db *DB) Undefine(t testing.TB, kind, id string, at time.Time) {
	t.Helper()
	catalog := catalog.Catalog{DB: db, Table: "Catalog"}
	d, err := catalog.Definition(t.Context(), kind, id)
	if err == nil {
		err = catalog.Delete(t.Context(), kind, id, d.Version, By(at))
	}
	if err != nil {
		t.Fatal(err)
	}
}
