package main

// protectTables is the parameter that protects tables from being deleted. CloudFormation could not take away protected ones of a stack that it fails to make, so they are protected once it is
// whole.
const protectTables = "ProtectTables"

// checkProtection decides whether the tables are protected by this change.
func (d *deployment) checkProtection() {
	_, named := d.wish.values[protectTables]
	switch {
	case named:
	case d.before == nil:
		d.changes[protectTables] = "false"
	case d.present(protectTables) == "false":
		d.changes[protectTables] = "true"
	}
}

// unprotected says that a stack was made whose tables are to be protected now.
func (d *deployment) unprotected() bool {
	_, named := d.wish.values[protectTables]
	return d.before == nil && !named
}
