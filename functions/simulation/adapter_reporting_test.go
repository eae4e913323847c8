package simulation

import "github.com/userops/userops/functions/reporting"

// A version that has no such function is driven without this file.
func init() { constructors["reporting"] = reporting.New }
